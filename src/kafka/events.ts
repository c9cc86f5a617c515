/**
 * Domain events: what the processes of a cluster report about themselves, as typed facts.
 *
 * Checks, scenario triggers, coverage, the timeline and the explanation all read this one stream. The kernel adds
 * step, time, node and cause. An event is emitted at the moment of the change, before anything is sent because of it.
 */
import type { Host } from "../sim/host.ts";
import type { ErrorCode } from "./errors.ts";
import type { GroupEvent } from "./group-events.ts";
import type { BrokerEpoch, BrokerId, LeaderEpoch, Offset, PartitionEpoch } from "./ids.ts";
import type { LeaderRecoveryState } from "./messages/broker-lifecycle.ts";
import type {
  ControllerActivated,
  ControllerRenounced,
  MetadataApplied,
  RaftHighWatermarkAdvanced,
  RaftLeaderElected,
  RaftLeaderResigned,
  RaftLogLoaded,
  RaftLogTruncated,
  RaftRecordsAppended,
  RaftStateChanged,
} from "./quorum-events.ts";
import type { KafkaRecord, RecordBatch } from "./records.ts";
import type { ZkError } from "./zookeeper/client-protocol.ts";
import type { ZooKeeperModeEvent } from "./zookeeper-events.ts";

interface OnPartition {
  readonly topic: string;
  readonly partition: number;
}

interface OnReplica extends OnPartition {
  readonly broker: BrokerId;
}

export interface EpochEntry {
  readonly epoch: LeaderEpoch;
  readonly startOffset: Offset;
}

// ---- a replica's log ----

/** A replica's log was opened at start-up (or created). What is listed is what survived. */
export interface LogLoaded extends OnReplica {
  readonly kind: "LogLoaded";
  /** How the last incarnation stopped, as the recovery found it. */
  readonly shutdown: "clean" | "unclean" | "new";
  readonly logStartOffset: Offset;
  readonly logEndOffset: Offset;
  readonly highWatermark: Offset;
  readonly batches: readonly RecordBatch[];
  readonly epochs: readonly EpochEntry[];
}

export interface RecordsAppended extends OnReplica {
  readonly kind: "RecordsAppended";
  readonly role: "leader" | "follower";
  /** The appending replica's current leader epoch; the batch carries the epoch that it was first appended in. */
  readonly leaderEpoch: LeaderEpoch;
  readonly batch: RecordBatch;
}

export interface LogTruncated extends OnReplica {
  readonly kind: "LogTruncated";
  readonly leaderEpoch: LeaderEpoch;
  readonly from: Offset;
  /** The new log end offset. */
  readonly to: Offset;
  /** True when everything went and the log starts anew at `to`. */
  readonly fully: boolean;
}

/** The log's start moved up (retention, DeleteRecords, or a leader's log start). */
export interface LogStartOffsetAdvanced extends OnReplica {
  readonly kind: "LogStartOffsetAdvanced";
  readonly to: Offset;
}

/** The cleaner has been over this log: below `cleanTo` each key is there once at most. */
export interface LogCompacted extends OnReplica {
  readonly kind: "LogCompacted";
  readonly cleanTo: Offset;
  readonly removedRecords: number;
}

/** On a follower, and on a new leader, `to` may be below `from`; see HighWatermarkMonotonic for what may not. */
export interface HighWatermarkAdvanced extends OnReplica {
  readonly kind: "HighWatermarkAdvanced";
  readonly role: "leader" | "follower";
  readonly leaderEpoch: LeaderEpoch;
  readonly from: Offset;
  readonly to: Offset;
}

export interface LeaderEpochCacheChanged extends OnReplica {
  readonly kind: "LeaderEpochCacheChanged";
  readonly epochs: readonly EpochEntry[];
}

/** Records below `to` are on the platter. */
export interface LogFlushed extends OnReplica {
  readonly kind: "LogFlushed";
  readonly to: Offset;
}

/** The log directory answered with an I/O error and is offline. */
export interface LogDirFailed {
  readonly kind: "LogDirFailed";
  readonly broker: BrokerId;
}

// ---- roles and the ISR ----

/** This broker acts as the partition's leader from now on. */
export interface BecameLeader extends OnReplica {
  readonly kind: "BecameLeader";
  readonly leaderEpoch: LeaderEpoch;
  readonly partitionEpoch: PartitionEpoch;
  readonly epochStartOffset: Offset;
  readonly highWatermark: Offset;
  readonly isr: readonly BrokerId[];
}

/** This broker follows `leader` (-1: nobody) from now on. */
export interface BecameFollower extends OnReplica {
  readonly kind: "BecameFollower";
  readonly leader: BrokerId;
  readonly leaderEpoch: LeaderEpoch;
}

/** The replica is gone from this broker. */
export interface ReplicaStopped extends OnReplica {
  readonly kind: "ReplicaStopped";
}

/** A leader wants another ISR: it asks the controller, or, in ZooKeeper mode before 2.7, writes it to the store itself. */
export interface IsrChangeProposed extends OnReplica {
  readonly kind: "IsrChangeProposed";
  readonly change: "shrink" | "expand";
  readonly leaderEpoch: LeaderEpoch;
  readonly partitionEpoch: PartitionEpoch;
  readonly isr: readonly BrokerId[];
}

/** The answer to a proposal, the controller's or the store's, reached the leader. */
export interface IsrChangeAnswered extends OnReplica {
  readonly kind: "IsrChangeAnswered";
  readonly error: ErrorCode;
}

/** What the leader itself takes for the ISR changed: `isr` is what it believes committed, `maximalIsr` what it waits for. */
export interface LeaderIsrUpdated extends OnReplica {
  readonly kind: "LeaderIsrUpdated";
  readonly leaderEpoch: LeaderEpoch;
  readonly isr: readonly BrokerId[];
  readonly maximalIsr: readonly BrokerId[];
}

// ---- committed decisions of the controller; `metadataOffset` names the record (or is the zxid), and each is reported once ----

interface Committed {
  readonly metadataOffset: Offset;
}

export interface TopicCreated extends Committed {
  readonly kind: "TopicCreated";
  readonly topic: string;
  readonly topicId: string;
}

/** The whole committed state of a partition after a change of any of it. */
export interface PartitionChanged extends OnPartition, Committed {
  readonly kind: "PartitionChanged";
  readonly replicas: readonly BrokerId[];
  readonly isr: readonly BrokerId[];
  readonly elr: readonly BrokerId[];
  readonly lastKnownElr: readonly BrokerId[];
  readonly leader: BrokerId;
  readonly leaderEpoch: LeaderEpoch;
  readonly partitionEpoch: PartitionEpoch;
  readonly leaderRecoveryState: LeaderRecoveryState;
  readonly minIsr: number;
  readonly uncleanElection: boolean;
}

export interface IsrChanged extends OnPartition, Committed {
  readonly kind: "IsrChanged";
  readonly from: readonly BrokerId[];
  readonly isr: readonly BrokerId[];
  readonly leader: BrokerId;
  readonly partitionEpoch: PartitionEpoch;
}

/** Leader -1 when nobody may lead. */
export interface LeaderElected extends OnPartition, Committed {
  readonly kind: "LeaderElected";
  readonly from: BrokerId;
  readonly leader: BrokerId;
  readonly leaderEpoch: LeaderEpoch;
  readonly isr: readonly BrokerId[];
  /** True when it was not in the ISR or ELR. */
  readonly unclean: boolean;
}

export interface BrokerRegistered extends Committed {
  readonly kind: "BrokerRegistered";
  readonly broker: BrokerId;
  readonly brokerEpoch: BrokerEpoch;
}

export interface BrokerFenced extends Committed {
  readonly kind: "BrokerFenced";
  readonly broker: BrokerId;
}

export interface BrokerUnfenced extends Committed {
  readonly kind: "BrokerUnfenced";
  readonly broker: BrokerId;
}

export interface BrokerInControlledShutdown extends Committed {
  readonly kind: "BrokerInControlledShutdown";
  readonly broker: BrokerId;
}

// ---- brokers ----

export type BrokerState = "NOT_RUNNING" | "STARTING" | "RECOVERY" | "RUNNING" | "PENDING_CONTROLLED_SHUTDOWN" | "SHUTTING_DOWN";

export interface BrokerStateChanged {
  readonly kind: "BrokerStateChanged";
  readonly broker: BrokerId;
  readonly state: BrokerState;
}

/** The broker answers a Produce with success: from here on its promise holds. */
export interface ProduceSatisfied extends OnReplica {
  readonly kind: "ProduceSatisfied";
  readonly leaderEpoch: LeaderEpoch;
  readonly acks: number;
  readonly baseOffset: Offset;
  readonly nextOffset: Offset;
  /** The maximal ISR, as the leader knows it, when it found the records committed; with acks 1 and 0 when it answers. */
  readonly isr: readonly BrokerId[];
  readonly minIsr: number;
}

// ---- clients ----

interface OfClient {
  readonly client: string;
}

/** The application handed a record to its producer. */
export interface RecordSent extends OfClient {
  readonly kind: "RecordSent";
  readonly record: KafkaRecord;
  readonly topic: string;
}

/** The producer told the application that these records are written. With acks=0 the offset is -1. */
export interface ProduceAcknowledged extends OfClient, OnPartition {
  readonly kind: "ProduceAcknowledged";
  readonly acks: number;
  readonly baseOffset: Offset;
  readonly records: readonly KafkaRecord[];
  /** The slowest of them: microseconds from send() to this. */
  readonly latencyUs: number;
}

/** The producer gave up and told the application so. The records may still be in the log. */
export interface ProduceFailed extends OfClient, OnPartition {
  readonly kind: "ProduceFailed";
  readonly error: ErrorCode | "TIMEOUT";
  readonly records: readonly KafkaRecord[];
  readonly latencyUs: number;
}

/** An attempt failed and will be made again. */
export interface ProduceRetried extends OfClient, OnPartition {
  readonly kind: "ProduceRetried";
  readonly error: ErrorCode;
  readonly attempts: number;
}

/** A consumer handed batches to its application. */
export interface RecordsRead extends OfClient, OnPartition {
  readonly kind: "RecordsRead";
  /** The broker that answered. */
  readonly from: BrokerId;
  /** The high watermark in the answer. */
  readonly highWatermark: Offset;
  /** The first offset that the consumer wanted; a batch may start below it. */
  readonly position: Offset;
  /** Where the consumer goes on: at the end of the last batch, or within it (max.poll.records). */
  readonly nextPosition: Offset;
  readonly batches: readonly RecordBatch[];
}

export interface ConsumerPositionReset extends OfClient, OnPartition {
  readonly kind: "ConsumerPositionReset";
  readonly reason: "initial" | "out-of-range" | "truncation";
  readonly from: Offset;
  readonly to: Offset;
}

/** A ListOffsets answer reached a client. */
export interface OffsetsListed extends OfClient, OnPartition {
  readonly kind: "OffsetsListed";
  readonly timestamp: number;
  readonly offset: Offset;
  readonly leaderEpoch: LeaderEpoch;
}

/** What an administrator asked for was refused for good, or not answered in time. */
export interface AdminRequestFailed extends OfClient {
  readonly kind: "AdminRequestFailed";
  readonly api:
    | "CreateTopics"
    | "CreatePartitions"
    | "ElectLeaders"
    | "DeleteTopics"
    | "AlterPartitionReassignments"
    | "zookeeper-shell";
  readonly error: ErrorCode | ZkError | "TIMEOUT";
  /** What it was about, and why it was refused. */
  readonly message: string;
}

export type KafkaEvent =
  | LogLoaded
  | RecordsAppended
  | LogTruncated
  | LogStartOffsetAdvanced
  | LogCompacted
  | HighWatermarkAdvanced
  | LeaderEpochCacheChanged
  | LogFlushed
  | LogDirFailed
  | BecameLeader
  | BecameFollower
  | ReplicaStopped
  | IsrChangeProposed
  | IsrChangeAnswered
  | LeaderIsrUpdated
  | TopicCreated
  | PartitionChanged
  | IsrChanged
  | LeaderElected
  | BrokerRegistered
  | BrokerFenced
  | BrokerUnfenced
  | BrokerInControlledShutdown
  | RaftStateChanged
  | RaftLeaderElected
  | RaftLeaderResigned
  | RaftLogLoaded
  | RaftRecordsAppended
  | RaftLogTruncated
  | RaftHighWatermarkAdvanced
  | MetadataApplied
  | ControllerActivated
  | ControllerRenounced
  | BrokerStateChanged
  | ProduceSatisfied
  | RecordSent
  | ProduceAcknowledged
  | ProduceFailed
  | ProduceRetried
  | RecordsRead
  | ConsumerPositionReset
  | OffsetsListed
  | AdminRequestFailed
  | GroupEvent
  | ZooKeeperModeEvent;

export type KafkaEventKind = KafkaEvent["kind"];

/** Reports a fact about the process that runs on `host`. Triggers run at once: the process may be dead afterwards. */
export function report(host: Host, event: KafkaEvent): void {
  host.emit(event);
}
