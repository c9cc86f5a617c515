/**
 * What a broker's coming and going does to the partitions.
 *
 * Going (fenced, shutting down, registered anew): it leaves every ISR, and somebody else leads. Coming: partitions without a
 * leader may have one again. Each is one list of records, written as one unit.
 * Source: ReplicationControlManager.generateLeaderAndIsrUpdates, handleBrokerFenced, handleBrokerUnfenced,
 * handleBrokerInControlledShutdown, handleBrokerShutdown; KIP-841, KIP-966, KAFKA-18106.
 */
import { assert } from "../../base/assert.ts";
import type { BrokerId } from "../ids.ts";
import type { BrokerRegistration, PartitionRegistration, TopicImage } from "../metadata/image.ts";
import type { MetadataRecord, PartitionChangeRecord } from "../metadata/records.ts";
import type { ControllerContext } from "./controller-context.ts";
import { buildPartitionChange, type Election } from "./partition-change-builder.ts";
import type { TopicIdPartition } from "./partition-index.ts";
import { effectiveMinIsr, uncleanElectionEnabled } from "./topic-settings.ts";

/** The partition leaves first and the registration change comes last, so that no reader sees a fenced broker in an ISR. */
export function fenceBroker(context: ControllerContext, broker: BrokerRegistration): MetadataRecord[] {
  const { index } = context.state;
  return [
    ...leaderAndIsrUpdates(context, index.partitionsWithBrokerInIsr(broker.id), { remove: broker.id }),
    { type: "BrokerRegistrationChange", brokerId: broker.id, brokerEpoch: broker.epoch, fenced: true },
  ];
}

export function unfenceBroker(context: ControllerContext, broker: BrokerRegistration): MetadataRecord[] {
  const { index } = context.state;
  return [
    { type: "BrokerRegistrationChange", brokerId: broker.id, brokerEpoch: broker.epoch, fenced: false },
    ...leaderAndIsrUpdates(context, index.partitionsWithNoLeader(), { add: broker.id }),
  ];
}

export function beginControlledShutdown(context: ControllerContext, broker: BrokerRegistration): MetadataRecord[] {
  const { index } = context.state;
  const updates = leaderAndIsrUpdates(context, index.partitionsWithBrokerInIsr(broker.id), { remove: broker.id });
  if (broker.inControlledShutdown) return updates;
  const { id: brokerId, epoch: brokerEpoch } = broker;
  return [{ type: "BrokerRegistrationChange", brokerId, brokerEpoch, inControlledShutdown: true }, ...updates];
}

/**
 * A new incarnation says that the old one is gone. With eligible leader replicas an unclean end costs it its places in ISRs and
 * ELRs, because it may have lost what it had not flushed; otherwise it is as if the old one had been fenced, which
 * without them leaves the last ISR member in place, lost tail or not (kip-966-last-replica-standing).
 */
export function endIncarnation(context: ControllerContext, broker: BrokerId, cleanShutdown: boolean): MetadataRecord[] {
  const { index } = context.state;
  const inIsr = index.partitionsWithBrokerInIsr(broker);
  if (cleanShutdown || !context.dials["election.eligibleLeaderReplicas"]) {
    return leaderAndIsrUpdates(context, inIsr, { remove: broker });
  }
  // A partition has a broker in its ISR or in its ELR, never in both.
  const inElr = index.partitionsWithBrokerInElr(broker);
  return [
    ...leaderAndIsrUpdates(context, inIsr, { uncleanShutdown: broker }),
    ...leaderAndIsrUpdates(context, inElr, { uncleanShutdown: broker }),
  ];
}

/** What happens to a broker; the image still shows it as it was. */
interface BrokerChange {
  /** Leaves ISR and leadership. */
  readonly remove?: BrokerId;
  /** May lead from now on. */
  readonly add?: BrokerId;
  /** Leaves ISR, ELR and leadership. */
  readonly uncleanShutdown?: BrokerId;
}

function leaderAndIsrUpdates(
  context: ControllerContext,
  partitions: readonly TopicIdPartition[],
  { remove, add, uncleanShutdown }: BrokerChange,
): PartitionChangeRecord[] {
  const { image } = context.state;
  const isAcceptableLeader = (id: BrokerId): boolean =>
    id !== remove && id !== uncleanShutdown && (id === add || image.isActive(id));
  const records: PartitionChangeRecord[] = [];
  for (const { topicId, partition } of partitions) {
    const topic = image.topicById(topicId);
    const registration = topic?.partitions[partition];
    assert(topic !== undefined && registration !== undefined, `the index names an unknown partition ${topicId}-${partition}`);
    const record = changePartition(context, {
      topic,
      partition,
      registration,
      targetIsr: registration.isr.filter((id) => id !== remove && id !== uncleanShutdown),
      isAcceptableLeader,
      uncleanShutdown,
    });
    if (record !== undefined) records.push(record);
  }
  return records;
}

/** One partition's change under the topic's own settings. `election` is ONLINE or UNCLEAN by them unless it is given. */
export function changePartition(
  { state, config, dials }: ControllerContext,
  change: {
    readonly topic: TopicImage;
    readonly partition: number;
    readonly registration: PartitionRegistration;
    readonly targetIsr?: readonly BrokerId[];
    readonly targetLeaderRecoveryState?: PartitionRegistration["leaderRecoveryState"];
    readonly election?: Election;
    readonly isAcceptableLeader?: (id: BrokerId) => boolean;
    readonly uncleanShutdown?: BrokerId | undefined;
  },
): PartitionChangeRecord | undefined {
  const { image } = state;
  const { topic, registration } = change;
  return buildPartitionChange({
    topicId: topic.id,
    partitionId: change.partition,
    partition: registration,
    targetIsr: change.targetIsr ?? registration.isr,
    ...(change.targetLeaderRecoveryState !== undefined && { targetLeaderRecoveryState: change.targetLeaderRecoveryState }),
    election: change.election ?? (uncleanElectionEnabled(image, config, topic.name) ? "UNCLEAN" : "ONLINE"),
    isAcceptableLeader: change.isAcceptableLeader ?? ((id) => image.isActive(id)),
    minIsr: effectiveMinIsr(image, config, topic.name),
    eligibleLeaderReplicas: dials["election.eligibleLeaderReplicas"],
    ...(change.uncleanShutdown !== undefined && { uncleanShutdownReplica: change.uncleanShutdown }),
  });
}
