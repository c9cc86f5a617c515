/** Kafka's identifiers, as plain numbers and strings under their Kafka names. */

export type BrokerId = number;
/** A node id of the metadata quorum: a controller's, or a broker's that observes. */
export type ReplicaId = number;
/** The id of a ZooKeeper server: `myid`. */
export type ZkServerId = number;
export type Offset = number;
export type LeaderEpoch = number;
export type PartitionEpoch = number;
/** Names one incarnation of a broker: the metadata offset of its registration record, or the czxid of its znode (KIP-380). */
export type BrokerEpoch = number;
/** A topic's unique id, 22 characters as Kafka's tools print it. */
export type TopicId = string;

/** "No leader", "no epoch", "no offset". */
export const NONE = -1;

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** `orders-0`. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}
