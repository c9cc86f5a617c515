/**
 * The cluster's state as the committed metadata records tell it, in record order.
 *
 * Every broker keeps one, a controller keeps one of what is committed and, while it is active, one that also holds what it
 * has decided but not yet seen committed. Registrations are values: a change replaces them. Source: MetadataImage.
 */
import { assert, unreachable } from "../../base/assert.ts";
import {
  type BrokerEpoch,
  type BrokerId,
  type LeaderEpoch,
  NONE,
  type Offset,
  type PartitionEpoch,
  type TopicId,
} from "../ids.ts";
import type { LeaderRecoveryState } from "../messages/broker-lifecycle.ts";
import type { MetadataRecord, PartitionChangeRecord, PartitionRecord } from "./records.ts";

export interface BrokerRegistration {
  readonly id: BrokerId;
  readonly epoch: BrokerEpoch;
  readonly incarnationId: string;
  readonly host: string;
  readonly rack: string | null;
  readonly fenced: boolean;
  readonly inControlledShutdown: boolean;
}

export interface PartitionRegistration {
  /** In assignment order: the first is the preferred leader. */
  readonly replicas: readonly BrokerId[];
  readonly isr: readonly BrokerId[];
  readonly elr: readonly BrokerId[];
  readonly lastKnownElr: readonly BrokerId[];
  /** -1 when nobody may lead. */
  readonly leader: BrokerId;
  readonly leaderEpoch: LeaderEpoch;
  readonly partitionEpoch: PartitionEpoch;
  readonly leaderRecoveryState: LeaderRecoveryState;
}

export interface TopicImage {
  readonly name: string;
  readonly id: TopicId;
  /** By partition number; moves on with the image. */
  readonly partitions: readonly PartitionRegistration[];
}

/** A topic as its image changes it. */
interface OwnTopic extends TopicImage {
  readonly partitions: PartitionRegistration[];
}

export class MetadataImage {
  private readonly brokersById = new Map<BrokerId, BrokerRegistration>();
  private readonly topicsById = new Map<TopicId, OwnTopic>();
  private readonly idsByName = new Map<string, TopicId>();
  private readonly topicConfigs = new Map<string, ReadonlyMap<string, string>>();
  private readonly features = new Map<string, number>();
  /** The offset after the last record applied. */
  private next: Offset = 0;

  get nextOffset(): Offset {
    return this.next;
  }

  /** Another image with the same content, that goes on by itself. Registrations are values and are shared. */
  copy(): MetadataImage {
    const copy = new MetadataImage();
    for (const [id, broker] of this.brokersById) copy.brokersById.set(id, broker);
    for (const [id, topic] of this.topicsById) copy.topicsById.set(id, { ...topic, partitions: [...topic.partitions] });
    for (const [name, id] of this.idsByName) copy.idsByName.set(name, id);
    for (const [topic, config] of this.topicConfigs) copy.topicConfigs.set(topic, config);
    for (const [name, level] of this.features) copy.features.set(name, level);
    copy.next = this.next;
    return copy;
  }

  /** In order of first registration. */
  brokers(): Iterable<BrokerRegistration> {
    return this.brokersById.values();
  }

  broker(id: BrokerId): BrokerRegistration | undefined {
    return this.brokersById.get(id);
  }

  /** Registered, unfenced and not on its way out: may lead and be in an ISR. Source: ClusterControlManager.isActive. */
  isActive(id: BrokerId): boolean {
    const broker = this.brokersById.get(id);
    return broker !== undefined && !broker.fenced && !broker.inControlledShutdown;
  }

  /** In order of creation. */
  topics(): Iterable<TopicImage> {
    return this.topicsById.values();
  }

  topicById(id: TopicId): TopicImage | undefined {
    return this.topicsById.get(id);
  }

  topicByName(name: string): TopicImage | undefined {
    const id = this.idsByName.get(name);
    return id === undefined ? undefined : this.topicsById.get(id);
  }

  partition(topic: string, partition: number): PartitionRegistration | undefined {
    return this.topicByName(topic)?.partitions[partition];
  }

  /** What was set on the topic by Kafka's key, as text; the broker's configuration fills in the rest. */
  topicConfig(name: string): ReadonlyMap<string, string> {
    return this.topicConfigs.get(name) ?? NO_CONFIG;
  }

  feature(name: string): number {
    return this.features.get(name) ?? 0;
  }

  /** Applies the record at `offset`. */
  apply(record: MetadataRecord, offset: Offset): void {
    this.next = offset + 1;
    switch (record.type) {
      case "RegisterBroker": {
        const { type: _, brokerId, brokerEpoch, ...rest } = record;
        this.brokersById.set(brokerId, { id: brokerId, epoch: brokerEpoch, ...rest });
        return;
      }
      case "UnregisterBroker":
        this.brokersById.delete(record.brokerId);
        return;
      case "BrokerRegistrationChange": {
        const broker = this.brokersById.get(record.brokerId);
        assert(broker?.epoch === record.brokerEpoch, `change of unknown registration ${record.brokerId}@${record.brokerEpoch}`);
        this.brokersById.set(record.brokerId, {
          ...broker,
          fenced: record.fenced ?? broker.fenced,
          inControlledShutdown: record.inControlledShutdown ?? broker.inControlledShutdown,
        });
        return;
      }
      case "Topic":
        this.topicsById.set(record.topicId, { name: record.name, id: record.topicId, partitions: [] });
        this.idsByName.set(record.name, record.topicId);
        return;
      case "RemoveTopic": {
        const topic = this.topicsById.get(record.topicId);
        assert(topic !== undefined, `removal of unknown topic ${record.topicId}`);
        this.topicsById.delete(record.topicId);
        this.idsByName.delete(topic.name);
        this.topicConfigs.delete(topic.name);
        return;
      }
      case "Partition":
        this.setPartition(record.topicId, record.partitionId, newPartition(record));
        return;
      case "PartitionChange": {
        const current = this.topicsById.get(record.topicId)?.partitions[record.partitionId];
        assert(current !== undefined, `change of unknown partition ${record.topicId}-${record.partitionId}`);
        this.setPartition(record.topicId, record.partitionId, changedPartition(current, record));
        return;
      }
      case "Config": {
        if (record.resourceType !== "TOPIC") return;
        const config = new Map(this.topicConfigs.get(record.resourceName));
        if (record.value === null) config.delete(record.name);
        else config.set(record.name, record.value);
        this.topicConfigs.set(record.resourceName, config);
        return;
      }
      case "FeatureLevel":
        this.features.set(record.name, record.featureLevel);
        return;
      case "NoOp":
      case "LeaderChange":
        return;
      default:
        unreachable(record);
    }
  }

  private setPartition(topicId: TopicId, partition: number, registration: PartitionRegistration): void {
    const topic = this.topicsById.get(topicId);
    assert(topic !== undefined, `partition of unknown topic ${topicId}`);
    topic.partitions[partition] = registration;
  }
}

const NO_CONFIG: ReadonlyMap<string, string> = new Map();

/** Field by field: the engine gives what is made of a rest of another object a shape of its own, and there are many of these. */
function newPartition(record: PartitionRecord): PartitionRegistration {
  return {
    replicas: record.replicas,
    isr: record.isr,
    leader: record.leader,
    leaderEpoch: record.leaderEpoch,
    partitionEpoch: record.partitionEpoch,
    leaderRecoveryState: record.leaderRecoveryState,
    lastKnownElr: record.lastKnownElr,
    elr: record.eligibleLeaderReplicas,
  };
}

/** The registration after `change`: a leader field raises the leader epoch, any change raises the partition epoch. Source: PartitionRegistration.merge. */
export function changedPartition(current: PartitionRegistration, change: PartitionChangeRecord): PartitionRegistration {
  const leaderRecoveryState = change.leaderRecoveryState ?? current.leaderRecoveryState;
  return {
    replicas: change.replicas ?? current.replicas,
    isr: change.isr ?? current.isr,
    elr: change.eligibleLeaderReplicas ?? current.elr,
    lastKnownElr: change.lastKnownElr ?? current.lastKnownElr,
    leader: change.leader ?? current.leader,
    leaderEpoch: change.leader === undefined ? current.leaderEpoch : current.leaderEpoch + 1,
    partitionEpoch: current.partitionEpoch + 1,
    leaderRecoveryState: change.leader === NONE ? current.leaderRecoveryState : leaderRecoveryState,
  };
}
