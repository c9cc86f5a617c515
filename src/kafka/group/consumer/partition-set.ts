/**
 * Sets of partitions by topic id, as values: never changed once made, and equal sets look the same.
 *
 * Topics ascend by id and partitions by number, no topic is empty: so what is written to the log, and every order in
 * which a coordinator goes through partitions, depends on nothing but the content.
 */
import type { TopicId } from "../../ids.ts";
import type { PartitionsOfTopic } from "../coordinator-records.ts";

export type PartitionSet = readonly PartitionsOfTopic[];

export const NO_PARTITIONS: PartitionSet = Object.freeze([]);

export function partitionSet(topics: Iterable<PartitionsOfTopic>): PartitionSet {
  const byTopic = new Map<TopicId, Set<number>>();
  for (const { topicId, partitions } of topics) {
    const known = byTopic.get(topicId) ?? new Set<number>();
    for (const partition of partitions) known.add(partition);
    if (known.size > 0) byTopic.set(topicId, known);
  }
  if (byTopic.size === 0) return NO_PARTITIONS;
  return Object.freeze(
    [...byTopic]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([topicId, partitions]) =>
        Object.freeze({ topicId, partitions: Object.freeze([...partitions].sort((a, b) => a - b)) }),
      ),
  );
}

export function union(a: PartitionSet, b: PartitionSet): PartitionSet {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  return partitionSet([...a, ...b]);
}

export function intersection(a: PartitionSet, b: PartitionSet): PartitionSet {
  const other = indexed(b);
  return filtered(a, (topicId, partition) => other.get(topicId)?.has(partition) === true);
}

export function difference(a: PartitionSet, b: PartitionSet): PartitionSet {
  const other = indexed(b);
  return filtered(a, (topicId, partition) => other.get(topicId)?.has(partition) !== true);
}

export function filtered(set: PartitionSet, keep: (topicId: TopicId, partition: number) => boolean): PartitionSet {
  return partitionSet(
    set.map(({ topicId, partitions }) => ({ topicId, partitions: partitions.filter((partition) => keep(topicId, partition)) })),
  );
}

export function isSubset(part: PartitionSet, whole: PartitionSet): boolean {
  return difference(part, whole).length === 0;
}

export function samePartitions(a: PartitionSet, b: PartitionSet): boolean {
  return (
    a.length === b.length &&
    a.every(({ topicId, partitions }, i) => {
      const other = b[i];
      return (
        other?.topicId === topicId &&
        other.partitions.length === partitions.length &&
        partitions.every((partition, j) => partition === other.partitions[j])
      );
    })
  );
}

export function sizeOf(set: PartitionSet): number {
  return set.reduce((sum, { partitions }) => sum + partitions.length, 0);
}

function indexed(set: PartitionSet): Map<TopicId, Set<number>> {
  return new Map(set.map(({ topicId, partitions }) => [topicId, new Set(partitions)]));
}
