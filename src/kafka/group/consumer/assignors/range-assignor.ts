/**
 * Contiguous ranges of each topic, one per subscriber: static members first, by instance id, then the others by member id.
 *
 * Members with equal subscriptions to topics of equal size get the same partition numbers of each (co-partitioning).
 * Nothing is sticky about it but the order. Source: org.apache.kafka.coordinator.group.assignor.RangeAssignor.
 */
import type { TopicId } from "../../../ids.ts";
import { type PartitionSet, partitionSet } from "../partition-set.ts";
import type { AssignmentSpec, AssignorMember, ServerAssignor, TargetAssignment } from "./server-assignor.ts";

export const RANGE_ASSIGNOR: ServerAssignor = Object.freeze({ name: "range", assign });

/** How far a topic has been dealt out. */
interface Deal {
  readonly quota: number;
  /** So many of the next members get one more. */
  extra: number;
  next: number;
}

function assign(spec: AssignmentSpec): TargetAssignment {
  const deals = new Map<TopicId, Deal>();
  for (const { topicId, numPartitions } of spec.topics) {
    const subscribers = spec.members.filter(({ subscribedTopicIds }) => subscribedTopicIds.includes(topicId)).length;
    if (subscribers === 0) continue;
    deals.set(topicId, { quota: Math.floor(numPartitions / subscribers), extra: numPartitions % subscribers, next: 0 });
  }
  return new Map([...spec.members].sort(staticFirst).map((member) => [member.memberId, rangesFor(member, deals)]));
}

function rangesFor(member: AssignorMember, deals: ReadonlyMap<TopicId, Deal>): PartitionSet {
  return partitionSet(
    member.subscribedTopicIds.map((topicId) => {
      const deal = deals.get(topicId);
      return { topicId, partitions: deal === undefined ? [] : nextRange(deal) };
    }),
  );
}

function nextRange(deal: Deal): number[] {
  const count = deal.extra > 0 ? deal.quota + 1 : deal.quota;
  if (deal.extra > 0) deal.extra--;
  const start = deal.next;
  deal.next += count;
  return Array.from({ length: count }, (_, i) => start + i);
}

function staticFirst(a: AssignorMember, b: AssignorMember): number {
  if (a.instanceId !== null && b.instanceId !== null) return a.instanceId < b.instanceId ? -1 : 1;
  if (a.instanceId !== null) return -1;
  if (b.instanceId !== null) return 1;
  return a.memberId < b.memberId ? -1 : 1;
}
