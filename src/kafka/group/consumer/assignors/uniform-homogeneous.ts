/**
 * The uniform assignment when all members subscribe to the same topics: each has a quota, keeps what it had up to that,
 * and the rest fills up those below theirs. Balance first, then stickiness.
 *
 * The members with one more than the others are the first ones, whatever they had: so when members come and go, a partition may move that
 * need not. Source: UniformHomogeneousAssignmentBuilder.
 */
import { assert } from "../../../../base/assert.ts";
import type { TopicId } from "../../../ids.ts";
import type { PartitionsOfTopic } from "../../coordinator-records.ts";
import { type PartitionSet, partitionSet, sizeOf, union } from "../partition-set.ts";
import type { AssignmentSpec, TargetAssignment } from "./server-assignor.ts";

interface Share {
  readonly memberId: string;
  readonly kept: PartitionSet;
  /** So many it may still get. */
  readonly space: number;
}

export function assignHomogeneous(spec: AssignmentSpec): TargetAssignment {
  const existing = new Map(spec.topics.map(({ topicId, numPartitions }) => [topicId, numPartitions]));
  const total = spec.topics.reduce((sum, { numPartitions }) => sum + numPartitions, 0);
  const quota = Math.floor(total / spec.members.length);
  const withOneMore = total % spec.members.length;
  const shares = spec.members.map(({ memberId, target }, index): Share => {
    const limit = index < withOneMore ? quota + 1 : quota;
    const kept = upTo(limit, target, existing);
    return { memberId, kept, space: limit - sizeOf(kept) };
  });
  const unassigned = partitionsNotIn(
    spec,
    shares.map(({ kept }) => kept),
  );
  let next = 0;
  const result = new Map<string, PartitionSet>();
  for (const { memberId, kept, space } of shares) {
    result.set(memberId, union(kept, partitionSet(unassigned.slice(next, next + space))));
    next += space;
  }
  assert(next >= unassigned.length, "partitions were left unassigned");
  return result;
}

/** The first `limit` partitions of `target` that still exist. */
function upTo(limit: number, target: PartitionSet, existing: ReadonlyMap<TopicId, number>): PartitionSet {
  let left = limit;
  return partitionSet(
    target.map(({ topicId, partitions }) => {
      const kept = partitions.filter((partition) => partition < (existing.get(topicId) ?? 0)).slice(0, left);
      left -= kept.length;
      return { topicId, partitions: kept };
    }),
  );
}

/** One entry for each partition: those that nobody had come before those that somebody has to give up. */
function partitionsNotIn(spec: AssignmentSpec, kept: readonly PartitionSet[]): PartitionsOfTopic[] {
  const keptByTopic = byTopic(kept);
  const hadByTopic = byTopic(spec.members.map(({ target }) => target));
  const fresh: PartitionsOfTopic[] = [];
  const given: PartitionsOfTopic[] = [];
  for (const { topicId, numPartitions } of spec.topics) {
    for (let partition = 0; partition < numPartitions; partition++) {
      if (keptByTopic.get(topicId)?.has(partition) === true) continue;
      (hadByTopic.get(topicId)?.has(partition) === true ? given : fresh).push({ topicId, partitions: [partition] });
    }
  }
  return [...fresh, ...given];
}

function byTopic(sets: readonly PartitionSet[]): Map<TopicId, Set<number>> {
  const result = new Map<TopicId, Set<number>>();
  for (const { topicId, partitions } of sets.flat()) {
    const known = result.get(topicId) ?? new Set<number>();
    for (const partition of partitions) known.add(partition);
    result.set(topicId, known);
  }
  return result;
}
