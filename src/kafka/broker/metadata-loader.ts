/**
 * How a broker follows the cluster: committed metadata records become an image, and what changed is published.
 *
 * Nothing is published until the broker has caught up with the high watermark that it found at its start; from then on each
 * delivery of committed batches is one change. Where it takes a broker time to make a replica lead or follow, a delivery is
 * taken up as a whole when that time is over, and the next ones wait: Kafka shows clients the new metadata a little earlier.
 * Source: MetadataLoader, BrokerMetadataPublisher.
 */
import type { Micros } from "../../base/units.ts";
import type { Host, Timer, TimerTarget } from "../../sim/host.ts";
import type { BrokerId, Offset, TopicId } from "../ids.ts";
import { MetadataImage } from "../metadata/image.ts";
import type { MetadataRecord, PartitionChangeRecord, PartitionRecord } from "../metadata/records.ts";
import type { RecordBatch } from "../records.ts";

export interface ChangedPartition {
  readonly topic: string;
  readonly topicId: TopicId;
  readonly partition: number;
}

export interface MetadataPublisher {
  onMetadata(image: MetadataImage, changed: readonly ChangedPartition[]): void;
}

interface Delivery {
  readonly batches: readonly RecordBatch<MetadataRecord>[];
  readonly highWatermark: Offset;
}

export class MetadataLoader implements TimerTarget {
  readonly image = new MetadataImage();
  private readonly host: Host;
  private readonly brokerId: BrokerId;
  private readonly replicaCost: Micros;
  private readonly publisher: MetadataPublisher;
  /** The first is being worked at. */
  private readonly waiting: Delivery[] = [];
  /** In order of first change; a key per partition keeps each once. */
  private changed = new Map<string, ChangedPartition>();
  private caughtUp = false;

  constructor(options: {
    readonly host: Host;
    readonly brokerId: BrokerId;
    /** What each replica takes that is told to lead, to follow or to stop. */
    readonly replicaCost: Micros;
    readonly publisher: MetadataPublisher;
  }) {
    this.host = options.host;
    this.brokerId = options.brokerId;
    this.replicaCost = options.replicaCost;
    this.publisher = options.publisher;
  }

  /** True once the first image has been published. */
  get hasPublished(): boolean {
    return this.caughtUp;
  }

  load(batches: readonly RecordBatch<MetadataRecord>[], highWatermark: Offset): void {
    const delivery: Delivery = { batches, highWatermark };
    if (this.replicaCost === 0) this.takeUp(delivery);
    else if (this.waiting.push(delivery) === 1) this.work();
  }

  onTimer(_timer: Timer): void {
    this.takeUp(this.waiting.shift() as Delivery);
    this.work();
  }

  /** Takes up what takes no time, and begins with the first that does. */
  private work(): void {
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      const replicas = this.ownReplicas(next);
      if (replicas > 0) {
        this.host.setTimer(this.replicaCost * replicas, { kind: "broker.metadata", target: this });
        return;
      }
      this.waiting.shift();
      this.takeUp(next);
    }
  }

  private takeUp({ batches, highWatermark }: Delivery): void {
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

  /** How many replicas of this broker are told to lead, to follow or to stop, each counted once. */
  private ownReplicas({ batches }: Delivery): number {
    const own = new Set<string>();
    for (const { records } of batches) {
      for (const record of records) {
        if (record.type === "RemoveTopic") this.noteRemoved(record.topicId, own);
        else if ((record.type === "Partition" || record.type === "PartitionChange") && this.isOrder(record))
          own.add(`${record.topicId}/${record.partitionId}`);
      }
    }
    return own.size;
  }

  /** A change of the ISR alone is none. */
  private isOrder(record: PartitionRecord | PartitionChangeRecord): boolean {
    if (record.leader === undefined && record.replicas === undefined) return false;
    const before = this.image.topicById(record.topicId)?.partitions[record.partitionId];
    return [...(record.replicas ?? []), ...(before?.replicas ?? [])].includes(this.brokerId);
  }

  private noteRemoved(topicId: TopicId, own: Set<string>): void {
    const partitions = this.image.topicById(topicId)?.partitions ?? [];
    for (const [index, { replicas }] of partitions.entries())
      if (replicas.includes(this.brokerId)) own.add(`${topicId}/${index}`);
  }

  private note(topic: string | undefined, topicId: TopicId, partition: number): void {
    if (topic !== undefined) this.changed.set(`${topicId}/${partition}`, { topic, topicId, partition });
  }
}
