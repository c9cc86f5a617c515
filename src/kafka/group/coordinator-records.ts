/**
 * What a group coordinator writes to __consumer_offsets, decoded: a key, and a value or a tombstone.
 *
 * Everything that a coordinator knows of a group beyond timers can be made anew from these, in the order of the log.
 * Source: GroupCoordinatorRecordHelpers and the schemas of group-coordinator (OffsetCommitKey, GroupMetadataKey, ConsumerGroup*).
 */
import type { LeaderEpoch, Offset, TopicId, TopicPartition } from "../ids.ts";
import type { ConsumerAssignment, ConsumerSubscription } from "../messages/groups.ts";

export type CoordinatorRecord =
  | OffsetCommitRecord
  | GroupMetadataRecord
  | ConsumerGroupEpochRecord
  | ConsumerGroupMemberRecord
  | ConsumerGroupTargetEpochRecord
  | ConsumerGroupTargetMemberRecord
  | ConsumerGroupCurrentMemberRecord;

/** `value` null is a tombstone. */
interface Keyed<T extends string, K, V> {
  readonly type: T;
  readonly key: K;
  readonly value: V | null;
}

export type OffsetCommitRecord = Keyed<"OffsetCommit", TopicPartition & { readonly group: string }, OffsetCommitValue>;

export interface OffsetCommitValue {
  readonly offset: Offset;
  readonly leaderEpoch: LeaderEpoch;
  readonly metadata: string;
  /** Milliseconds on the coordinator's clock. */
  readonly commitTimestamp: number;
  /** Milliseconds, or -1 for the default; only in records of version 1 (KAFKA-8069). Undefined in every other. */
  readonly expireTimestamp?: number;
  /** Who committed it. Not in Kafka's record: the checks tell commits apart by it. */
  readonly member: string;
  readonly generation: number;
}

interface GroupKey {
  readonly group: string;
}
interface MemberKey extends GroupKey {
  readonly member: string;
}

/** A classic group as it was when its assignment was stored, or when it became empty. */
export type GroupMetadataRecord = Keyed<"GroupMetadata", GroupKey, GroupMetadataValue>;

export interface GroupMetadataValue {
  readonly protocolType: string;
  readonly generation: number;
  readonly protocol: string | null;
  readonly leader: string | null;
  /** When the state last changed, in milliseconds on the coordinator's clock. */
  readonly currentStateTimestamp: number;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly clientId: string;
    readonly rebalanceTimeoutMs: number;
    readonly sessionTimeoutMs: number;
    readonly subscription: ConsumerSubscription;
    readonly assignment: ConsumerAssignment;
  }[];
}

/** The group epoch of a KIP-848 group. */
export type ConsumerGroupEpochRecord = Keyed<"ConsumerGroupMetadata", GroupKey, ConsumerGroupEpochValue>;

export interface ConsumerGroupEpochValue {
  readonly epoch: number;
  /** Condenses the topics that the group subscribes to, as they were for this epoch; 0 if none exists. 32 bits (Kafka: 64, KIP-1101). */
  readonly metadataHash: number;
}

export type ConsumerGroupMemberRecord = Keyed<"ConsumerGroupMemberMetadata", MemberKey, ConsumerGroupMemberValue>;

export interface ConsumerGroupMemberValue {
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly subscribedTopicNames: readonly string[];
  readonly rebalanceTimeoutMs: number;
  readonly serverAssignor: string | null;
  /** What a member that speaks the classic protocol joined with; null for one that speaks the new one. */
  readonly classicMember: {
    readonly sessionTimeoutMs: number;
    readonly protocols: readonly { readonly name: string; readonly metadata: ConsumerSubscription }[];
  } | null;
}

export type ConsumerGroupTargetEpochRecord = Keyed<
  "ConsumerGroupTargetAssignmentMetadata",
  GroupKey,
  { readonly assignmentEpoch: number }
>;

export interface PartitionsOfTopic {
  readonly topicId: TopicId;
  readonly partitions: readonly number[];
}

export type ConsumerGroupTargetMemberRecord = Keyed<
  "ConsumerGroupTargetAssignmentMember",
  MemberKey,
  { readonly topicPartitions: readonly PartitionsOfTopic[] }
>;

export type ConsumerGroupCurrentMemberRecord = Keyed<
  "ConsumerGroupCurrentMemberAssignment",
  MemberKey,
  {
    readonly memberEpoch: number;
    readonly previousMemberEpoch: number;
    readonly state: "STABLE" | "UNREVOKED_PARTITIONS" | "UNRELEASED_PARTITIONS";
    readonly assignedPartitions: readonly PartitionsOfTopic[];
    readonly partitionsPendingRevocation: readonly PartitionsOfTopic[];
  }
>;
