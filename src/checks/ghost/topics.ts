/** Which partitions there are, by topic; a topic that is deleted, or made anew under another id, begins from nothing. */
import type { TopicCreated } from "../../kafka/events.ts";
import type { Offset } from "../../kafka/ids.ts";
import { GhostPartition } from "./ghost-partition.ts";

interface KnownTopic {
  readonly topicId: string;
  /** Of the last decision about it. */
  readonly metadataOffset: Offset;
  readonly deleted: boolean;
}

export class GhostTopics {
  /** In order of first appearance. */
  readonly partitions = new Set<GhostPartition>();
  private readonly byTopic = new Map<string, GhostPartition[]>();
  private readonly forgotten = new Set<string>();
  private readonly known = new Map<string, KnownTopic>();

  partition(topic: string, partition: number): GhostPartition {
    let partitions = this.byTopic.get(topic);
    if (partitions === undefined) {
      partitions = [];
      this.byTopic.set(topic, partitions);
    }
    let found = partitions[partition];
    if (found === undefined) {
      found = new GhostPartition(topic, partition);
      found.hasNamesake = this.forgotten.has(topic);
      partitions[partition] = found;
      this.partitions.add(found);
    }
    return found;
  }

  /** Undefined where nobody has heard of it. */
  find(topic: string, partition: number): GhostPartition | undefined {
    return this.byTopic.get(topic)?.[partition];
  }

  /** How many partitions of `topic` have been heard of. */
  count(topic: string): number {
    return this.byTopic.get(topic)?.length ?? 0;
  }

  /** Whether there was a topic of this name that was deleted, or made anew. */
  wasDeleted(topic: string): boolean {
    return this.forgotten.has(topic) || this.known.get(topic)?.deleted === true;
  }

  /** Whether a decision is one about an earlier topic of this name, told by somebody who lags behind. */
  isPast(topic: string, metadataOffset: Offset): boolean {
    const known = this.known.get(topic);
    return known !== undefined && metadataOffset < known.metadataOffset;
  }

  /** The partitions of an earlier topic of this name, of which nothing is promised any more. */
  onCreated({ topic, topicId, metadataOffset }: TopicCreated): readonly GhostPartition[] {
    const before = this.known.get(topic);
    if (before !== undefined && before.metadataOffset >= metadataOffset) return [];
    this.known.set(topic, { topicId, metadataOffset, deleted: false });
    return before !== undefined && !before.deleted && before.topicId !== topicId ? this.forget(topic) : [];
  }

  onDeleted(topic: string, metadataOffset: Offset): readonly GhostPartition[] {
    const before = this.known.get(topic);
    if (before === undefined || before.deleted || before.metadataOffset >= metadataOffset) return [];
    this.known.set(topic, { topicId: before.topicId, metadataOffset, deleted: true });
    return this.forget(topic);
  }

  private forget(topic: string): readonly GhostPartition[] {
    const gone = this.byTopic.get(topic) ?? [];
    this.forgotten.add(topic);
    for (const partition of gone) {
      this.partitions.delete(partition);
      partition.forgotten = true;
      for (const replica of partition.replicas) replica.broker.replicas.delete(replica);
    }
    this.byTopic.delete(topic);
    return gone;
  }
}
