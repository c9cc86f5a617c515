/** Who is part of the cluster, as every node's configuration says it: fixed for the length of a run. */
import type { NodeName } from "../../sim/host.ts";
import type { BrokerId, ReplicaId, ZkServerId } from "../ids.ts";

export interface ClusterTopology {
  readonly clusterId: string;
  /** The voters of the metadata quorum (`controller.quorum.voters`), by ascending id. None in ZooKeeper mode. */
  readonly voters: readonly { readonly id: ReplicaId; readonly node: NodeName }[];
  /** The ensemble (`zookeeper.connect`, `server.N`), by ascending id. None in KRaft mode. */
  readonly zookeeper: readonly { readonly id: ZkServerId; readonly node: NodeName }[];
  /** By ascending id. A combined node is listed here and among the voters, under one id. */
  readonly brokers: readonly { readonly id: BrokerId; readonly node: NodeName; readonly rack: string | null }[];
}
