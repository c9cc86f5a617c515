/**
 * What the active controller takes for true: everything committed, and on top of it what it has decided itself.
 *
 * A decision is applied at once and answered only when it has committed (KIP-631). The state is made when the controller
 * becomes active and thrown away when it stops being it, so an uncommitted decision can't survive.
 * Source: QuorumController (its timeline structures), ClusterControlManager.registerBrokerRecordOffsets.
 */
import type { BrokerId, Offset } from "../ids.ts";
import type { MetadataImage } from "../metadata/image.ts";
import type { MetadataRecord } from "../metadata/records.ts";
import { PartitionIndex } from "./partition-index.ts";

export class ControllerState {
  readonly image: MetadataImage;
  readonly index = new PartitionIndex();
  private readonly registrationOffsets: Map<BrokerId, Offset>;

  /** Starts as a copy of what is committed. */
  constructor(committed: MetadataImage, registrationOffsets: ReadonlyMap<BrokerId, Offset>) {
    this.image = committed.copy();
    this.registrationOffsets = new Map(registrationOffsets);
    for (const topic of committed.topics()) {
      for (const [partition, registration] of topic.partitions.entries()) {
        this.index.update(topic.id, partition, undefined, registration);
      }
    }
  }

  /** Of the broker's latest registration record; undefined if it has none. */
  registrationOffset(broker: BrokerId): Offset | undefined {
    return this.registrationOffsets.get(broker);
  }

  apply(record: MetadataRecord, offset: Offset): void {
    trackRegistration(this.registrationOffsets, record, offset);
    if (record.type === "Partition" || record.type === "PartitionChange") {
      const { topicId, partitionId } = record;
      const before = this.image.topicById(topicId)?.partitions[partitionId];
      this.image.apply(record, offset);
      this.index.update(topicId, partitionId, before, this.image.topicById(topicId)?.partitions[partitionId]);
      return;
    }
    if (record.type === "RemoveTopic") {
      for (const [partition, registration] of (this.image.topicById(record.topicId)?.partitions ?? []).entries()) {
        this.index.update(record.topicId, partition, registration, undefined);
      }
    }
    this.image.apply(record, offset);
  }
}

/** A broker that registers again in the same incarnation keeps its epoch, but must catch up with the newer record. */
export function trackRegistration(offsets: Map<BrokerId, Offset>, record: MetadataRecord, offset: Offset): void {
  if (record.type === "RegisterBroker") offsets.set(record.brokerId, offset);
  else if (record.type === "UnregisterBroker") offsets.delete(record.brokerId);
}
