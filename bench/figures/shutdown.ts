/** How long a controlled shutdown takes: a broker hands over what it leads, and stops. */
import { elsewhereTheController, FAST_MACHINES, play, scenarioOf, slowZooKeeper, topicsOf } from "./experiment.ts";

/** What the work costs, in microseconds. */
export interface Costs {
  /** The way to ZooKeeper, and back. */
  readonly oneWayUs: number;
  /** To bring a transaction to a server's disk, on top of a fast one's time. */
  readonly logUs: number;
  readonly zookeeperReadUs: number;
  readonly zookeeperWriteUs: number;
  readonly controllerPartitionUs: number;
  /** KRaft. */
  readonly metadataRecordUs: number;
}

export interface Cluster {
  readonly mode: "zookeeper" | "kraft";
  readonly partitions: number;
  /** Replicas of each partition; 2 as in the measurements for 1.1. */
  readonly replicas?: number;
  readonly costs: Costs;
  /** `controller.pipelineZkRequests`. */
  readonly pipelined?: boolean;
  /** `zookeeper.max.in.flight.requests`. */
  readonly inFlight?: number;
}

/** Five brokers, as in the measurements for 1.1. */
export function clusterText({ mode, partitions, replicas = 2, costs, pipelined = true, inFlight = 10 }: Cluster): string {
  const { zookeeperReadUs, zookeeperWriteUs, controllerPartitionUs, metadataRecordUs } = costs;
  return `
name: many partitions
cluster:
  mode: ${mode}
  brokers: 5
  zookeeper: 5
  zookeeper-config: { tickTime: 2000 }
  # A request that waits for thousands of elections is not to be given up.
  config: { request.timeout.ms: 3600000, zookeeper.max.in.flight.requests: ${inFlight} }
  costs:
    zookeeper-read: ${zookeeperReadUs}us
    zookeeper-write: ${zookeeperWriteUs}us
    controller-partition: ${controllerPartitionUs}us
    metadata-record: ${metadataRecordUs}us
${mode === "zookeeper" ? `dials: { controller.pipelineZkRequests: ${pipelined ? "on" : "off"} }` : ""}
${FAST_MACHINES}
${topicsOf(partitions, replicas)}
`;
}

/** Seconds from when the broker asks to be relieved until it is let go. It is not the controller. */
export function controlledShutdownSeconds(cluster: Cluster, seed: number): number {
  const preparation =
    cluster.mode === "zookeeper" ? elsewhereTheController("broker-3") + slowZooKeeper("50s", cluster.costs) : "";
  const scenario = scenarioOf(`
${clusterText(cluster)}
faults:
${preparation}
  - { at: 60s, stop: broker-3 }
run: { for: 2000s }
`);
  let [from, to] = [0, 0];
  play({
    scenario,
    seed,
    measure: {
      onEvent({ at, event }) {
        if (event.kind !== "BrokerStateChanged" || event.broker !== 3) return false;
        if (event.state === "PENDING_CONTROLLED_SHUTDOWN") from = at;
        if (event.state === "SHUTTING_DOWN") to = at;
        return to > 0;
      },
    },
  });
  return to - from;
}
