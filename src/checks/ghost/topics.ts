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
  readonly partitions: GhostPartition[] = [];
  private readonly byTopic = new Map<string, GhostPartition[]>();
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
      partitions[partition] = found;
      this.partitions.push(found);
    }
    return found;
  }

  onCreated({ topic, topicId, metadataOffset }: TopicCreated): void {
    const before = this.known.get(topic);
    if (before !== undefined && before.metadataOffset >= metadataOffset) return;
    this.known.set(topic, { topicId, metadataOffset, deleted: false });
    if (before !== undefined && !before.deleted && before.topicId !== topicId) this.forget(topic);
  }

  onDeleted(topic: string, metadataOffset: Offset): void {
    const before = this.known.get(topic);
    if (before === undefined || before.deleted || before.metadataOffset >= metadataOffset) return;
    this.known.set(topic, { topicId: before.topicId, metadataOffset, deleted: true });
    this.forget(topic);
  }

  /** Nothing is promised any more of what was in the topic. */
  private forget(topic: string): void {
    for (const partition of this.byTopic.get(topic) ?? []) {
      this.partitions.splice(this.partitions.indexOf(partition), 1);
      partition.forgotten = true;
      for (const { broker } of partition.replicas) {
        broker.replicas.splice(
          broker.replicas.findIndex((replica) => replica.partition === partition),
          1,
        );
      }
    }
    this.byTopic.delete(topic);
  }
}
