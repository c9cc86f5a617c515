/**
 * Reports what the metadata log has decided for good, as the leader of the quorum sees it commit.
 *
 * The image goes from before to after the record here, so that an event can name both sides. A leader that takes over, or
 * starts anew, reports what commits before its eyes even if an earlier one may have seen it too: `metadataOffset` tells.
 */
import type { Host } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { IsrChanged, KafkaEvent, LeaderElected, PartitionChanged } from "../events.ts";
import { NONE, type Offset } from "../ids.ts";
import type { MetadataImage, PartitionRegistration } from "../metadata/image.ts";
import type {
  BrokerRegistrationChangeRecord,
  MetadataRecord,
  PartitionChangeRecord,
  PartitionRecord,
} from "../metadata/records.ts";
import { sameList } from "./partition-change-builder.ts";
import { effectiveMinIsr, uncleanElectionEnabled } from "./topic-settings.ts";

export interface Reporter {
  readonly host: Host;
  readonly config: BrokerConfig;
}

/** Applies the committed `record` to `image` and emits what it decided. */
export function applyAndReport(reporter: Reporter, image: MetadataImage, record: MetadataRecord, offset: Offset): void {
  switch (record.type) {
    case "Partition":
    case "PartitionChange":
      reportPartition(reporter, image, record, offset);
      return;
    case "BrokerRegistrationChange":
      reportRegistrationChange(reporter, image, record, offset);
      return;
    case "RegisterBroker": {
      const before = image.broker(record.brokerId);
      image.apply(record, offset);
      if (before?.epoch === record.brokerEpoch) return;
      emit(reporter, {
        kind: "BrokerRegistered",
        broker: record.brokerId,
        brokerEpoch: record.brokerEpoch,
        metadataOffset: offset,
      });
      return;
    }
    case "Topic":
      image.apply(record, offset);
      emit(reporter, { kind: "TopicCreated", topic: record.name, topicId: record.topicId, metadataOffset: offset });
      return;
    default:
      image.apply(record, offset);
  }
}

function emit({ host }: Reporter, event: KafkaEvent): void {
  host.emit(event);
}

/** Being fenced twice is being fenced once. */
function reportRegistrationChange(
  reporter: Reporter,
  image: MetadataImage,
  record: BrokerRegistrationChangeRecord,
  metadataOffset: Offset,
): void {
  const broker = record.brokerId;
  const before = image.broker(broker);
  image.apply(record, metadataOffset);
  if (record.fenced !== undefined && record.fenced !== before?.fenced) {
    emit(reporter, { kind: record.fenced ? "BrokerFenced" : "BrokerUnfenced", broker, metadataOffset });
  }
  if (record.inControlledShutdown === true && before?.inControlledShutdown !== true) {
    emit(reporter, { kind: "BrokerInControlledShutdown", broker, metadataOffset });
  }
}

function reportPartition(
  reporter: Reporter,
  image: MetadataImage,
  record: PartitionRecord | PartitionChangeRecord,
  metadataOffset: Offset,
): void {
  const partition = record.partitionId;
  const before = image.topicById(record.topicId)?.partitions[partition];
  image.apply(record, metadataOffset);
  const topic = image.topicById(record.topicId);
  const after = topic?.partitions[partition];
  if (topic === undefined || after === undefined) return;

  const event: PartitionChanged = {
    kind: "PartitionChanged",
    topic: topic.name,
    partition,
    ...after,
    minIsr: effectiveMinIsr(image, reporter.config, topic.name),
    uncleanElection: uncleanElectionEnabled(image, reporter.config, topic.name),
    metadataOffset,
  };
  emit(reporter, event);
  if (before === undefined) return;
  const on = { topic: topic.name, partition, metadataOffset };
  if (!sameList(before.isr, after.isr)) emit(reporter, isrChanged(on, before, after));
  if (before.leaderEpoch !== after.leaderEpoch) emit(reporter, leaderElected(on, before, after));
}

interface OnPartition {
  readonly topic: string;
  readonly partition: number;
  readonly metadataOffset: Offset;
}

function isrChanged(on: OnPartition, before: PartitionRegistration, after: PartitionRegistration): IsrChanged {
  const { isr, leader, partitionEpoch } = after;
  return { kind: "IsrChanged", ...on, from: before.isr, isr, leader, partitionEpoch };
}

function leaderElected(on: OnPartition, before: PartitionRegistration, after: PartitionRegistration): LeaderElected {
  const { leader, leaderEpoch, isr } = after;
  const unclean = leader !== NONE && !before.isr.includes(leader) && !before.elr.includes(leader);
  return { kind: "LeaderElected", ...on, from: before.leader, leader, leaderEpoch, isr, unclean };
}
