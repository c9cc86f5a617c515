/**
 * What there is to divide: the partitions of all topics that some member subscribes to, each as one object, so that sets and
 * maps know it again whoever speaks of it. Source: AbstractPartitionAssignor.
 */
import { fail } from "../../../base/assert.ts";
import type { TopicPartition } from "../../ids.ts";
import type { MemberSubscription, SubscribedTopic } from "./assignor.ts";

/** Who gets what, by member id. */
export type Assignment = Map<string, TopicPartition[]>;

/** By code units, as Java compares strings. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By topic, then by number. */
export function byTopic(a: TopicPartition, b: TopicPartition): number {
  return byText(a.topic, b.topic) || a.partition - b.partition;
}

/** By number, then by topic: the first of each topic come first. */
export function byNumber(a: TopicPartition, b: TopicPartition): number {
  return a.partition - b.partition || byText(a.topic, b.topic);
}

/** Static members first, by instance id; then the others, by member id. */
export function inAssignmentOrder(members: readonly MemberSubscription[]): MemberSubscription[] {
  return [...members].sort((a, b) => {
    if (a.groupInstanceId === null || b.groupInstanceId === null) {
      if (a.groupInstanceId !== b.groupInstanceId) return a.groupInstanceId === null ? 1 : -1;
      return byText(a.memberId, b.memberId);
    }
    return byText(a.groupInstanceId, b.groupInstanceId);
  });
}

/** Nothing for anybody yet. */
export function emptyAssignment(members: readonly MemberSubscription[]): Assignment {
  return new Map(members.map(({ memberId }) => [memberId, []]));
}

export function add(assignment: Assignment, memberId: string, partitions: readonly TopicPartition[]): void {
  const given = assignment.get(memberId) ?? fail(`${memberId} is no member`);
  for (const partition of partitions) given.push(partition);
}

export class SubscribedPartitions {
  /** Ascending by name. */
  readonly topics: readonly string[];
  readonly count: number;
  private readonly byTopic = new Map<string, readonly TopicPartition[]>();
  private readonly racks = new Map<TopicPartition, ReadonlySet<string>>();

  constructor(members: readonly MemberSubscription[], topics: readonly SubscribedTopic[]) {
    const wanted = new Set(members.flatMap((member) => member.topics));
    let count = 0;
    for (const { topic, replicaRacks } of topics) {
      if (!wanted.has(topic) || replicaRacks.length === 0) continue;
      const partitions = replicaRacks.map((racks, partition) => {
        const made: TopicPartition = { topic, partition };
        this.racks.set(made, new Set(racks.filter((rack) => rack !== null)));
        return made;
      });
      this.byTopic.set(topic, partitions);
      count += partitions.length;
    }
    this.topics = [...this.byTopic.keys()].sort(byText);
    this.count = count;
  }

  /** Ascending; none if the topic does not exist or nobody wants it. */
  of(topic: string): readonly TopicPartition[] {
    return this.byTopic.get(topic) ?? [];
  }

  /** The one object that stands for it; undefined if it is not to be divided. */
  find({ topic, partition }: TopicPartition): TopicPartition | undefined {
    return this.byTopic.get(topic)?.[partition];
  }

  /** By topic, then by number. */
  all(): TopicPartition[] {
    return this.topics.flatMap((topic) => this.of(topic));
  }

  /** Of all its replicas, whether or not they are alive or in sync. */
  racksOf(partition: TopicPartition): ReadonlySet<string> {
    return this.racks.get(partition) ?? fail(`${partition.topic}-${partition.partition} is not to be divided`);
  }
}
