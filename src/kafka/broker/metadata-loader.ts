/**
 * How a broker follows the cluster: committed metadata records become an image, and what changed is published.
 *
 * Nothing is published until the broker has caught up with the high watermark that it found at its start; from then on each
 * delivery of committed batches is one change. Source: MetadataLoader, BrokerMetadataPublisher.
 */
import type { Offset, TopicId } from "../ids.ts";
import { MetadataImage } from "../metadata/image.ts";
import type { MetadataRecord } from "../metadata/records.ts";
import type { RecordBatch } from "../records.ts";

export interface ChangedPartition {
  readonly topic: string;
  readonly topicId: TopicId;
  readonly partition: number;
}

export interface MetadataPublisher {
  onMetadata(image: MetadataImage, changed: readonly ChangedPartition[]): void;
}

export class MetadataLoader {
  readonly image = new MetadataImage();
  private readonly publisher: MetadataPublisher;
  /** In order of first change; a key per partition keeps each once. */
  private changed = new Map<string, ChangedPartition>();
  private caughtUp = false;

  constructor(publisher: MetadataPublisher) {
    this.publisher = publisher;
  }

  /** True once the first image has been published. */
  get hasPublished(): boolean {
    return this.caughtUp;
  }

  load(batches: readonly RecordBatch<MetadataRecord>[], highWatermark: Offset): void {
    for (const batch of batches) {
      let offset = batch.baseOffset;
      for (const record of batch.records) this.apply(record, offset++);
    }
    if (!this.caughtUp && this.image.nextOffset < highWatermark) return;
    this.caughtUp = true;
    const changed = [...this.changed.values()];
    this.changed = new Map();
    this.publisher.onMetadata(this.image, changed);
  }

  private apply(record: MetadataRecord, offset: Offset): void {
    if (record.type === "Partition" || record.type === "PartitionChange") {
      this.note(this.image.topicById(record.topicId)?.name, record.topicId, record.partitionId);
    } else if (record.type === "RemoveTopic") {
      const topic = this.image.topicById(record.topicId);
      for (let partition = 0; partition < (topic?.partitions.length ?? 0); partition++) {
        this.note(topic?.name, record.topicId, partition);
      }
    } else if (record.type === "Config" && record.resourceType === "TOPIC") {
      const topic = this.image.topicByName(record.resourceName);
      topic?.partitions.forEach((_, partition) => {
        this.note(topic.name, topic.id, partition);
      });
    }
    this.image.apply(record, offset);
  }

  private note(topic: string | undefined, topicId: TopicId, partition: number): void {
    if (topic !== undefined) this.changed.set(`${topicId}/${partition}`, { topic, topicId, partition });
  }
}
