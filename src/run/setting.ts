/** What a run was about, in a few words. */
import { MODE_NAMES } from "../kafka/releases.ts";
import type { ClusterSpec, ScenarioSpec } from "../scenario/spec.ts";

/** `Kafka 4.1 · KRaft, 3 brokers, 3 controllers`; `Kafka 3.9 · ZooKeeper, 3 brokers, 3 servers`. */
export function describeSetting({ release, cluster, turnedDials, dials, switched }: ScenarioSpec): string {
  const turned = turnedDials.filter((dial) => dial !== switched?.key).map((dial) => `${dial}=${position(dials[dial])}`);
  if (switched !== undefined) turned.push(`${switched.key}=${switched.value}`);
  return [`Kafka ${release}`, `${MODE_NAMES[cluster.mode]}, ${serversInWords(cluster)}`, ...turned].join(" · ");
}

function serversInWords({ mode, nodes, combined, zookeeper }: ClusterSpec): string {
  const brokers = counted(nodes.filter((node) => node.broker).length, "broker");
  if (mode === "zookeeper") return `${brokers}, ${counted(zookeeper.length, "server")}`;
  if (combined) return `${brokers} that are controllers too`;
  return `${brokers}, ${counted(nodes.filter((node) => node.controller).length, "controller")}`;
}

/** `orders: 3 partitions × 3, min ISR 2 · checkout: 100/s, acks=all`. */
export function describeWorkload({ topics, producers, cluster }: ScenarioSpec): string {
  const clusterMinIsr = cluster.config["min.insync.replicas"] ?? 1;
  const told = topics.map(({ name, partitions, replicationFactor, config }) => {
    const minIsr = config["min.insync.replicas"] ?? clusterMinIsr;
    return `${name}: ${counted(partitions, "partition")} × ${replicationFactor}, min ISR ${minIsr}`;
  });
  const writers = producers.map(({ name, config, rate }) => {
    const perSecond = Math.round((rate.records * 1_000_000) / rate.perUs);
    return `${name}: ${perSecond}/s, acks=${config.acks === "-1" ? "all" : config.acks}`;
  });
  return [...told, ...writers].join(" · ");
}

/** As it is written in a scenario. */
function position(value: boolean | string): string {
  if (typeof value === "string") return value;
  return value ? "on" : "off";
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
