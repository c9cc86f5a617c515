/** Groups as assignors see them, written short: `t0p1` is partition 1 of topic t0. */
import type { Assignor, MemberSubscription, SubscribedTopic } from "../../../../src/kafka/consumer/assignors/assignor.ts";
import { assignorNamed } from "../../../../src/kafka/consumer/assignors/assignors.ts";
import type { TopicPartition } from "../../../../src/kafka/ids.ts";

/** What each member gets: `{ C0: "t0p0 t0p1" }`. */
export type Shares = Record<string, string>;

export interface MemberOptions {
  readonly owns?: string;
  readonly generation?: number;
  readonly instance?: string;
  readonly rack?: string;
}

export function named(name: string): Assignor {
  const assignor = assignorNamed(name);
  if (assignor === undefined) throw new Error(`no assignor ${name}`);
  return assignor;
}

export function member(memberId: string, topics: string, options: MemberOptions = {}): MemberSubscription {
  return {
    memberId,
    groupInstanceId: options.instance ?? null,
    topics: topics.split(" ").filter((topic) => topic !== ""),
    ownedPartitions: partitions(options.owns ?? ""),
    generationId: options.generation ?? -1,
    rackId: options.rack ?? null,
  };
}

function partitions(text: string): TopicPartition[] {
  return text
    .split(" ")
    .filter((name) => name !== "")
    .map((name) => {
      const at = name.lastIndexOf("p");
      return { topic: name.slice(0, at), partition: Number(name.slice(at + 1)) };
    });
}

/** Topics with so many partitions; their brokers name no racks. */
export function topics(counts: Record<string, number>): SubscribedTopic[] {
  return Object.entries(counts).map(([topic, count]) => ({ topic, replicaRacks: Array.from({ length: count }, () => []) }));
}

/** Racks of the replicas of each partition: `ab bc` for two partitions. */
export function racked(topic: string, racks: string): SubscribedTopic {
  return { topic, replicaRacks: racks.split(" ").map((letters) => [...letters]) };
}

export function shares(
  assignor: Assignor,
  members: readonly MemberSubscription[],
  subscribed: readonly SubscribedTopic[],
  usesGeneration = true,
): Shares {
  return written(assignor.assign(members, subscribed, { usesGeneration }));
}

export function written(assignment: ReadonlyMap<string, readonly TopicPartition[]>): Shares {
  return Object.fromEntries([...assignment].map(([memberId, given]) => [memberId, given.map(nameOf).join(" ")]));
}

export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}p${partition}`;
}
