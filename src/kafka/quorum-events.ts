/** Domain events of the metadata quorum: roles, elections, logs, and how far brokers have followed. Part of {@link KafkaEvent}. */
import type { LeaderEpoch, Offset, ReplicaId } from "./ids.ts";
import type { MetadataRecord } from "./metadata/records.ts";
import type { RecordBatch } from "./records.ts";

export type RaftRole = "Unattached" | "Prospective" | "Candidate" | "Leader" | "Follower" | "Resigned" | "Observer";

export interface RaftStateChanged {
  readonly kind: "RaftStateChanged";
  readonly replica: ReplicaId;
  readonly epoch: LeaderEpoch;
  readonly role: RaftRole;
  readonly leaderId: ReplicaId;
  readonly votedFor: ReplicaId;
}

/** A voter is the leader of an epoch from now on. */
export interface RaftLeaderElected {
  readonly kind: "RaftLeaderElected";
  readonly replica: ReplicaId;
  readonly epoch: LeaderEpoch;
  readonly epochStartOffset: Offset;
}

export interface RaftLeaderResigned {
  readonly kind: "RaftLeaderResigned";
  readonly replica: ReplicaId;
  readonly epoch: LeaderEpoch;
  readonly reason: "check-quorum" | "shutdown" | "restart";
}

export interface RaftLogLoaded {
  readonly kind: "RaftLogLoaded";
  readonly replica: ReplicaId;
  readonly voter: boolean;
  readonly epoch: LeaderEpoch;
  readonly batches: readonly RecordBatch<MetadataRecord>[];
  readonly highWatermark: Offset;
}

export interface RaftRecordsAppended {
  readonly kind: "RaftRecordsAppended";
  readonly replica: ReplicaId;
  readonly epoch: LeaderEpoch;
  readonly batch: RecordBatch<MetadataRecord>;
}

export interface RaftLogTruncated {
  readonly kind: "RaftLogTruncated";
  readonly replica: ReplicaId;
  readonly epoch: LeaderEpoch;
  readonly to: Offset;
}

export interface RaftHighWatermarkAdvanced {
  readonly kind: "RaftHighWatermarkAdvanced";
  readonly replica: ReplicaId;
  readonly epoch: LeaderEpoch;
  readonly role: "leader" | "follower";
  readonly to: Offset;
}

/** A broker's own picture of the cluster has reached metadata offset `to` (exclusive). */
export interface MetadataApplied {
  readonly kind: "MetadataApplied";
  readonly replica: ReplicaId;
  readonly to: Offset;
}

/** A controller became the active one, or stopped being it. */
export interface ControllerActivated {
  readonly kind: "ControllerActivated";
  readonly replica: ReplicaId;
  readonly epoch: LeaderEpoch;
}

export interface ControllerRenounced {
  readonly kind: "ControllerRenounced";
  readonly replica: ReplicaId;
  readonly epoch: LeaderEpoch;
}
