/** The partitions of a cluster as seen from the outside, and how many of them are as they should be: counted, so that nobody has to look. */
import type { BecameLeader, PartitionChanged } from "../../kafka/events.ts";
import { type LeaderEpoch, NONE } from "../../kafka/ids.ts";

interface ObservedPartition {
  /** As last committed; undefined before that. */
  state: PartitionChanged | undefined;
  /** Of the broker that acts as leader. */
  actingEpoch: LeaderEpoch;
}

class ObservedTopic {
  readonly partitions: ObservedPartition[] = [];
  /** Those without a leader, or with replicas that are not in the ISR. */
  lacking = 0;
  /** Those of the others that a broker acts as leader of. */
  serving = 0;
}

export class ObservedPartitions {
  private readonly topics = new Map<string, ObservedTopic>();
  /** Of all topics. */
  private lacking = 0;

  /** The committed state of a partition; undefined before it exists. */
  state(topic: string, partition: number): PartitionChanged | undefined {
    return this.topics.get(topic)?.partitions[partition]?.state;
  }

  /** Whether every partition has a leader, and an ISR of all its replicas. */
  get areFull(): boolean {
    return this.lacking === 0;
  }

  /** Whether `topic` has `partitions` partitions, each with a full ISR and a broker that acts as its leader. */
  areServing(topic: string, partitions: number): boolean {
    const observed = this.topics.get(topic);
    return observed !== undefined && observed.serving === observed.partitions.length && observed.serving >= partitions;
  }

  observe(event: PartitionChanged | BecameLeader): void {
    let topic = this.topics.get(event.topic);
    if (topic === undefined) {
      topic = new ObservedTopic();
      this.topics.set(event.topic, topic);
    }
    while (topic.partitions.length <= event.partition) topic.partitions.push({ state: undefined, actingEpoch: NONE });
    const partition = topic.partitions[event.partition] as ObservedPartition;
    this.tally(topic, partition, -1);
    if (event.kind === "PartitionChanged") partition.state = event;
    else partition.actingEpoch = event.leaderEpoch;
    this.tally(topic, partition, 1);
  }

  delete(topic: string): void {
    this.lacking -= this.topics.get(topic)?.lacking ?? 0;
    this.topics.delete(topic);
  }

  private tally(topic: ObservedTopic, { state, actingEpoch }: ObservedPartition, by: 1 | -1): void {
    if (state === undefined) return;
    if (state.leader === NONE || state.isr.length < state.replicas.length) {
      topic.lacking += by;
      this.lacking += by;
    } else if (actingEpoch === state.leaderEpoch) topic.serving += by;
  }
}
