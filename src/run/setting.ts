/** What a run was about, in a few words. */
import type { ConsumerConfig } from "../kafka/config/client-config.ts";
import { MODE_NAMES } from "../kafka/releases.ts";
import type { ClusterSpec, GroupSpec, ScenarioSpec } from "../scenario/spec.ts";

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

/** `orders: 3 partitions × 3, min ISR 2 · checkout: 100/s, acks=all · billing: 3 members, cooperative-sticky, at-least-once`. */
export function describeWorkload({ topics, producers, groups, cluster }: ScenarioSpec): string {
  const clusterMinIsr = cluster.config["min.insync.replicas"] ?? 1;
  const told = topics.map(({ name, partitions, replicationFactor, config }) => {
    const minIsr = config["min.insync.replicas"] ?? clusterMinIsr;
    return `${name}: ${counted(partitions, "partition")} × ${replicationFactor}, min ISR ${minIsr}`;
  });
  const writers = producers.map(({ name, config, rate }) => {
    const perSecond = Math.round((rate.records * 1_000_000) / rate.perUs);
    return `${name}: ${perSecond}/s, acks=${config.acks === "-1" ? "all" : config.acks}`;
  });
  return [...told, ...writers, ...groups.map(groupInWords)].join(" · ");
}

function groupInWords({ group, members, contract }: GroupSpec): string {
  const assigned = [...new Set(members.map(({ config }) => assignmentInWords(config)))].join(" and ");
  const commits = [...new Set(members.map(({ handler }) => handler.commit))].map((commit) => `commit ${commit}`).join(" and ");
  return `${group}: ${counted(members.length, "member")}, ${assigned}, ${contract.delivery ?? commits}`;
}

function assignmentInWords(config: ConsumerConfig): string {
  if (config["group.protocol"] === "consumer") return `KIP-848 (${config["group.remote.assignor"]})`;
  // The first one is used, unless members differ; then one that all of them have.
  return config["partition.assignment.strategy"].split(",")[0] as string;
}

/** As it is written in a scenario. */
function position(value: boolean | string): string {
  if (typeof value === "string") return value;
  return value ? "on" : "off";
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
