/**
 * The uniform assignment when members subscribe to different topics: who has a partition of a topic it subscribes to keeps it, what
 * nobody has goes to the least loaded subscriber, and then, topic by topic, the most loaded subscriber gives to the least
 * loaded one, for as long as that evens out anything. Balance first, then stickiness; a chain of overlapping subscriptions may
 * end a little out of balance. Source: UniformHeterogeneousAssignmentBuilder.
 */
import { assert } from "../../../../base/assert.ts";
import { NONE, type TopicId } from "../../../ids.ts";
import type { PartitionsOfTopic } from "../../coordinator-records.ts";
import { type PartitionSet, partitionSet } from "../partition-set.ts";
import type { AssignmentSpec, TargetAssignment } from "./server-assignor.ts";

/** Kafka's own limit: each round about halves what is out of balance. */
const MAX_ROUNDS = 16;

interface Topic {
  readonly topicId: TopicId;
  /** Indices of members. */
  readonly subscribers: readonly number[];
  /** Index of the member that has it, by partition; -1 for nobody. */
  readonly owners: number[];
}

/** How many partitions each member has, by index. */
type Loads = number[];

export function assignHeterogeneous(spec: AssignmentSpec): TargetAssignment {
  const topics = spec.topics.map((topic) => withOwners(topic, spec)).sort(mostPerSubscriberFirst);
  const loads: Loads = spec.members.map(() => 0);
  for (const owner of topics.flatMap(({ owners }) => owners)) if (owner !== NONE) add(loads, owner, 1);
  for (const topic of topics) fill(topic, loads);
  balance(
    topics.filter(({ subscribers }) => subscribers.length > 1),
    loads,
  );
  return new Map(spec.members.map(({ memberId }, index) => [memberId, ownedBy(index, topics)]));
}

function withOwners({ topicId, numPartitions }: AssignmentSpec["topics"][number], spec: AssignmentSpec): Topic {
  const owners = new Array<number>(numPartitions).fill(NONE);
  const subscribers: number[] = [];
  for (const [index, { subscribedTopicIds, target }] of spec.members.entries()) {
    if (!subscribedTopicIds.includes(topicId)) continue;
    subscribers.push(index);
    for (const partition of target.find((of) => of.topicId === topicId)?.partitions ?? []) {
      if (partition < numPartitions) owners[partition] = index;
    }
  }
  return { topicId, subscribers, owners };
}

function mostPerSubscriberFirst(a: Topic, b: Topic): number {
  const perSubscriber = b.owners.length / b.subscribers.length - a.owners.length / a.subscribers.length;
  if (perSubscriber !== 0) return perSubscriber;
  return a.subscribers.length - b.subscribers.length;
}

function fill(topic: Topic, loads: Loads): void {
  const order = byLoad(topic.subscribers, loads);
  for (const [partition, owner] of topic.owners.entries()) {
    if (owner !== NONE) continue;
    const least = leastLoaded(order, loads);
    topic.owners[partition] = least;
    add(loads, least, 1);
  }
}

function balance(topics: readonly Topic[], loads: Loads): void {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let moved = 0;
    for (const topic of topics) moved += balanceTopic(topic, loads);
    if (moved === 0) return;
  }
}

/** Returns how many partitions moved. */
function balanceTopic(topic: Topic, loads: Loads): number {
  const order = byLoad(topic.subscribers, loads);
  // What each may give up: the highest number goes first, and what it gets meanwhile stays with it.
  const toGive = new Map<number, number[]>(order.map((member) => [member, []]));
  for (const [partition, owner] of topic.owners.entries()) toGive.get(owner)?.push(partition);
  for (let moved = 0; ; moved++) {
    const most = mostLoaded(
      order.filter((member) => (toGive.get(member)?.length ?? 0) > 0),
      loads,
    );
    const least = leastLoaded(order, loads);
    if (most === undefined || load(loads, most) - load(loads, least) <= 1) return moved;
    const partition = toGive.get(most)?.pop();
    assert(partition !== undefined, "who gives has something to give");
    topic.owners[partition] = least;
    add(loads, most, -1);
    add(loads, least, 1);
  }
}

function byLoad(members: readonly number[], loads: Loads): number[] {
  return [...members].sort((a, b) => load(loads, a) - load(loads, b) || a - b);
}

/** Of equals the first. */
function leastLoaded(order: readonly number[], loads: Loads): number {
  return order.reduce((best, member) => (load(loads, member) < load(loads, best) ? member : best));
}

/** Of equals the last. */
function mostLoaded(order: readonly number[], loads: Loads): number | undefined {
  if (order.length === 0) return undefined;
  return order.reduce((best, member) => (load(loads, member) >= load(loads, best) ? member : best));
}

function load(loads: Loads, member: number): number {
  return loads[member] ?? 0;
}

function add(loads: Loads, member: number, count: number): void {
  loads[member] = load(loads, member) + count;
}

function ownedBy(member: number, topics: readonly Topic[]): PartitionSet {
  return partitionSet(
    topics.map(
      ({ topicId, owners }): PartitionsOfTopic => ({
        topicId,
        partitions: owners.flatMap((owner, partition) => (owner === member ? [partition] : [])),
      }),
    ),
  );
}
