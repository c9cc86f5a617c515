/**
 * Who divides the partitions of a KIP-848 group: the coordinator, by a strategy that its members may ask for by name.
 *
 * Pure functions: members in the order of their ids, topics in the order of their names. None looks at racks: Kafka's own don't
 * since 4.0. Source: ConsumerGroupPartitionAssignor, GroupSpec, SubscribedTopicDescriber.
 */
import type { TopicId } from "../../../ids.ts";
import type { PartitionSet } from "../partition-set.ts";

export interface AssignorMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  /** Those that exist, in the order of the spec's topics. */
  readonly subscribedTopicIds: readonly TopicId[];
  /** Its last target assignment. */
  readonly target: PartitionSet;
}

export interface AssignorTopic {
  readonly topicId: TopicId;
  readonly numPartitions: number;
}

export interface AssignmentSpec {
  readonly members: readonly AssignorMember[];
  /** Every topic that any of them subscribes to and that exists. */
  readonly topics: readonly AssignorTopic[];
  /** All members subscribe to the same topics. */
  readonly homogeneous: boolean;
}

/** By member id; every member is there. */
export type TargetAssignment = ReadonlyMap<string, PartitionSet>;

export interface ServerAssignor {
  readonly name: string;
  assign(spec: AssignmentSpec): TargetAssignment;
}
