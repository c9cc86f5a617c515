/** The states that the controller keeps partitions and replicas in. Source: PartitionState, ReplicaState. */
import type { BrokerId, TopicPartition } from "../ids.ts";

export type PartitionState =
  | "NonExistentPartition"
  /** Has replicas, but neither leader nor ISR yet. */
  | "NewPartition"
  | "OnlinePartition"
  /** Its leader is not alive. */
  | "OfflinePartition";

export type ReplicaState =
  | "NonExistentReplica"
  /** Told only that it follows, so far. */
  | "NewReplica"
  | "OnlineReplica"
  | "OfflineReplica"
  | "ReplicaDeletionStarted"
  | "ReplicaDeletionSuccessful"
  | "ReplicaDeletionIneligible";

/** One replica of a partition. Source: PartitionAndReplica. */
export interface PartitionReplica extends TopicPartition {
  readonly replica: BrokerId;
}

const PARTITION_STATES_BEFORE: { readonly [S in PartitionState]: readonly PartitionState[] } = {
  NonExistentPartition: ["OfflinePartition"],
  NewPartition: ["NonExistentPartition"],
  OnlinePartition: ["NewPartition", "OnlinePartition", "OfflinePartition"],
  OfflinePartition: ["NewPartition", "OnlinePartition", "OfflinePartition"],
};

const REPLICA_STATES_BEFORE: { readonly [S in ReplicaState]: readonly ReplicaState[] } = {
  NonExistentReplica: ["ReplicaDeletionSuccessful"],
  NewReplica: ["NonExistentReplica"],
  OnlineReplica: ["NewReplica", "OnlineReplica", "OfflineReplica", "ReplicaDeletionIneligible"],
  OfflineReplica: ["NewReplica", "OnlineReplica", "OfflineReplica", "ReplicaDeletionIneligible"],
  ReplicaDeletionStarted: ["OfflineReplica"],
  ReplicaDeletionSuccessful: ["ReplicaDeletionStarted"],
  ReplicaDeletionIneligible: ["OfflineReplica", "ReplicaDeletionStarted"],
};

export function canPartitionBecome(target: PartitionState, current: PartitionState): boolean {
  return PARTITION_STATES_BEFORE[target].includes(current);
}

export function canReplicaBecome(target: ReplicaState, current: ReplicaState): boolean {
  return REPLICA_STATES_BEFORE[target].includes(current);
}
