/**
 * An assignment of KIP-848 as a member holds it: by topic ids, and counted, so that the same partitions given a second time are
 * another assignment, which is acknowledged again. Values: a change makes another one. Source: AbstractMembershipManager.LocalAssignment.
 */
import type { TopicId, TopicPartition } from "../ids.ts";

interface PartitionsOfTopic {
  readonly topicId: TopicId;
  readonly partitions: readonly number[];
}

export interface LocalAssignment {
  /** Counts the assignments since the member joined; -1 before the first. */
  readonly localEpoch: number;
  /** By ascending topic id, each with ascending partitions, none without any. */
  readonly topics: readonly PartitionsOfTopic[];
}

export const NO_ASSIGNMENT: LocalAssignment = Object.freeze({ localEpoch: -1, topics: Object.freeze([]) });

export function isNone({ localEpoch }: LocalAssignment): boolean {
  return localEpoch === NO_ASSIGNMENT.localEpoch;
}

/** What the coordinator has sent, after `before`: the same value if it is the same assignment. */
export function updatedAssignment(before: LocalAssignment, sent: readonly PartitionsOfTopic[]): LocalAssignment {
  const topics = inOrder(sent);
  if (!isNone(before) && samePartitions(before.topics, topics)) return before;
  return Object.freeze({ localEpoch: before.localEpoch + 1, topics });
}

/** The part of it whose topics are in `names`, by id. */
export function resolvedPart({ localEpoch, topics }: LocalAssignment, names: ReadonlyMap<TopicId, string>): LocalAssignment {
  return Object.freeze({ localEpoch, topics: topics.filter(({ topicId }) => names.has(topicId)) });
}

export function sameAssignment(a: LocalAssignment, b: LocalAssignment): boolean {
  return a.localEpoch === b.localEpoch && samePartitions(a.topics, b.topics);
}

export function samePartitions(a: readonly PartitionsOfTopic[], b: readonly PartitionsOfTopic[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ topicId, partitions }, place) => {
      const other = b[place];
      return other?.topicId === topicId && partitions.join() === other.partitions.join();
    })
  );
}

/** By name. All its topics are in `names`. */
export function namedPartitions({ topics }: LocalAssignment, names: ReadonlyMap<TopicId, string>): TopicPartition[] {
  return topics.flatMap(({ topicId, partitions }) => {
    const topic = names.get(topicId) ?? "";
    return partitions.map((partition) => ({ topic, partition }));
  });
}

/** Those of `some` that are not among `others`. */
export function without(some: readonly TopicPartition[], others: readonly TopicPartition[]): TopicPartition[] {
  return some.filter((one) => !others.some(({ topic, partition }) => topic === one.topic && partition === one.partition));
}

function inOrder(sent: readonly PartitionsOfTopic[]): readonly PartitionsOfTopic[] {
  return sent
    .filter(({ partitions }) => partitions.length > 0)
    .map(({ topicId, partitions }) => ({ topicId, partitions: [...partitions].sort((a, b) => a - b) }))
    .sort((a, b) => (a.topicId < b.topicId ? -1 : 1));
}
