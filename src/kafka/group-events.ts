/**
 * What happens in consumer groups, as facts: what coordinators decide, what members believe, and what applications do.
 *
 * A coordinator reports a decision at the moment it is made, and again, where it matters (offsets), when it is committed. A
 * member reports what it believes to own; the two differ for a while, and what is wrong about that the checks decide.
 */
import type { ErrorCode } from "./errors.ts";
import type { BrokerId, LeaderEpoch, Offset, TopicPartition } from "./ids.ts";
import type { KafkaRecord } from "./records.ts";

export type GroupProtocol = "classic" | "consumer";

interface OfGroup {
  readonly group: string;
}

// ---- the coordinator ----

interface AtCoordinator extends OfGroup {
  readonly broker: BrokerId;
}

/** This broker has read a partition of __consumer_offsets and coordinates its groups from now on. */
export interface CoordinatorLoaded {
  readonly kind: "CoordinatorLoaded";
  readonly broker: BrokerId;
  /** Of __consumer_offsets. */
  readonly partition: number;
  /** The leader epoch, which is the coordinator's epoch. */
  readonly epoch: LeaderEpoch;
  /** Ids of the groups found there. */
  readonly groups: readonly string[];
}

export interface CoordinatorUnloaded {
  readonly kind: "CoordinatorUnloaded";
  readonly broker: BrokerId;
  readonly partition: number;
  readonly epoch: LeaderEpoch;
}

/** Classic: Empty, PreparingRebalance, CompletingRebalance, Stable, Dead. KIP-848: Empty, Assigning, Reconciling, Stable, Dead. */
export type GroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Assigning" | "Reconciling" | "Stable" | "Dead";

/** Also reported when a group is loaded, with `from` equal to `to`. */
export interface GroupStateChanged extends AtCoordinator {
  readonly kind: "GroupStateChanged";
  readonly protocol: GroupProtocol;
  readonly from: GroupState;
  readonly to: GroupState;
  /** The generation, or the group epoch. */
  readonly generation: number;
  /** Why: `member billing-1-… joins`. */
  readonly reason: string;
  /** Of a group that was loaded: who is in it. What its predecessor decided about members, and did not get written, is forgotten. */
  readonly members?: readonly { readonly member: string; readonly client: string }[];
}

/** A member is in the group from now on. A static member that comes back under a new id replaces the one of its old id. */
export interface MemberAdded extends AtCoordinator {
  readonly kind: "MemberAdded";
  readonly member: string;
  readonly instanceId: string | null;
  /** The node that it is: its client id. */
  readonly client: string;
  /** The member id that it takes the place of. */
  readonly replaces: string | null;
}

export interface MemberRemoved extends AtCoordinator {
  readonly kind: "MemberRemoved";
  readonly member: string;
  readonly reason:
    | "left"
    | "session-expired"
    | "did-not-rejoin"
    | "did-not-sync"
    | "rebalance-timeout"
    | "replaced"
    | "join-never-completed"
    | "group-is-full";
}

/**
 * Who is to own what: the leader's assignment as the coordinator takes it from SyncGroup (classic), or the target assignment that
 * it has computed (KIP-848).
 */
export interface TargetAssignmentChosen extends AtCoordinator {
  readonly kind: "TargetAssignmentChosen";
  readonly protocol: GroupProtocol;
  /** The generation, or the assignment epoch. */
  readonly epoch: number;
  readonly assignor: string;
  readonly members: readonly {
    readonly member: string;
    readonly instanceId: string | null;
    readonly subscribedTopics: readonly string[];
    readonly partitions: readonly TopicPartition[];
  }[];
}

/** KIP-848: what a member may own has changed. */
export interface MemberReconciled extends AtCoordinator {
  readonly kind: "MemberReconciled";
  readonly member: string;
  readonly memberEpoch: number;
  readonly state: "STABLE" | "UNREVOKED_PARTITIONS" | "UNRELEASED_PARTITIONS";
  readonly assigned: readonly TopicPartition[];
  readonly pendingRevocation: readonly TopicPartition[];
}

/** A committed offset of the group has changed: its record is below the high watermark. */
export interface GroupOffsetChanged extends AtCoordinator, TopicPartition {
  readonly kind: "GroupOffsetChanged";
  /** Of the next record to be read. */
  readonly offset: Offset;
  readonly leaderEpoch: LeaderEpoch;
  /** Empty for a consumer that was no member. */
  readonly member: string;
  /** -1 for a consumer that was no member. */
  readonly generation: number;
}

/** The coordinator has forgotten a committed offset. */
export interface GroupOffsetRemoved extends AtCoordinator, TopicPartition {
  readonly kind: "GroupOffsetRemoved";
  readonly offset: Offset;
  readonly reason: "expired" | "topic-deleted";
  /** The state of the group at that moment. */
  readonly state: GroupState;
}

// ---- the member ----

interface OfMember extends OfGroup {
  /** The node. */
  readonly client: string;
  /** Empty before it has one. */
  readonly member: string;
  /** The generation or the member epoch that it believes in. */
  readonly generation: number;
}

/** It knows its generation (classic) or its first member epoch (KIP-848). */
export interface ConsumerJoined extends OfMember {
  readonly kind: "ConsumerJoined";
  readonly protocol: GroupProtocol;
  readonly instanceId: string | null;
  /** Classic: it is the one that assigns. */
  readonly leader: boolean;
}

/** It takes itself for a member no longer: by its own will, or because it was told so. */
export interface ConsumerLeft extends OfMember {
  readonly kind: "ConsumerLeft";
  readonly reason: "closed" | "max.poll.interval.ms" | "session-timeout" | ErrorCode;
}

/** It owns these, too, from now on; `owned` is all that it owns then. Reported before the application's callback. */
export interface PartitionsAssigned extends OfMember {
  readonly kind: "PartitionsAssigned";
  readonly partitions: readonly TopicPartition[];
  readonly owned: readonly TopicPartition[];
}

/** It has given these up, by its own will; `owned` is what is left. Reported after the application's callback. */
export interface PartitionsRevoked extends OfMember {
  readonly kind: "PartitionsRevoked";
  readonly partitions: readonly TopicPartition[];
  readonly owned: readonly TopicPartition[];
}

/** It has learnt that these are not its own any more, perhaps for a long time. */
export interface PartitionsLost extends OfMember {
  readonly kind: "PartitionsLost";
  readonly partitions: readonly TopicPartition[];
  readonly owned: readonly TopicPartition[];
}

export type CommitOccasion = "auto" | "sync" | "async" | "before-rebalance" | "close";

export interface CommittedOffset extends TopicPartition {
  readonly offset: Offset;
  readonly leaderEpoch: LeaderEpoch;
}

/** The application has been told that these are committed. */
export interface OffsetsCommitted extends OfMember {
  readonly kind: "OffsetsCommitted";
  readonly occasion: CommitOccasion;
  readonly offsets: readonly CommittedOffset[];
}

/** A commit was refused, or given up. It may have been written all the same. */
export interface OffsetCommitFailed extends OfMember {
  readonly kind: "OffsetCommitFailed";
  readonly occasion: CommitOccasion;
  readonly error: ErrorCode | "TIMEOUT";
  readonly offsets: readonly CommittedOffset[];
}

/** The consumer goes on at `offset`: where the group had committed, or where the application wants it. */
export interface ConsumerPositionSet extends OfMember, TopicPartition {
  readonly kind: "ConsumerPositionSet";
  readonly source: "committed" | "seek";
  readonly offset: Offset;
  readonly leaderEpoch: LeaderEpoch;
}

// ---- the application ----

/**
 * The application has processed these records of one partition, and written their effects to the world outside. One after another:
 * the first has offset `baseOffset`, and after the last the next one has `nextOffset` (gaps only where the log has them).
 */
export interface RecordsProcessed extends OfMember, TopicPartition {
  readonly kind: "RecordsProcessed";
  readonly baseOffset: Offset;
  readonly nextOffset: Offset;
  readonly records: readonly KafkaRecord[];
  /** False when the store outside refused the effects, since they came with an older generation than it has seen (fencing token). */
  readonly accepted: boolean;
}

/** The application has given up on a record and goes on behind it. */
export interface RecordGivenUp extends OfMember, TopicPartition {
  readonly kind: "RecordGivenUp";
  readonly offset: Offset;
  readonly attempts: number;
}

export type GroupEvent =
  | CoordinatorLoaded
  | CoordinatorUnloaded
  | GroupStateChanged
  | MemberAdded
  | MemberRemoved
  | TargetAssignmentChosen
  | MemberReconciled
  | GroupOffsetChanged
  | GroupOffsetRemoved
  | ConsumerJoined
  | ConsumerLeft
  | PartitionsAssigned
  | PartitionsRevoked
  | PartitionsLost
  | OffsetsCommitted
  | OffsetCommitFailed
  | ConsumerPositionSet
  | RecordsProcessed
  | RecordGivenUp;
