/**
 * What a broker of ZooKeeper mode knows of the cluster: what the controller's UpdateMetadata requests have told it.
 *
 * Every request names all brokers that live, but only the partitions that have changed. Other brokers' epochs are not told.
 * Source: ZkMetadataCache.
 */
import type { Host } from "../../sim/host.ts";
import { report } from "../events.ts";
import { type BrokerId, NONE, type TopicId, type TopicPartition } from "../ids.ts";
import { LEADER_DURING_DELETE, type UpdateMetadataPartitionState, type UpdateMetadataRequest } from "../messages/control.ts";
import type { BrokerMetadataCache, CachedTopic } from "../metadata/broker-metadata-cache.ts";
import type { BrokerRegistration, PartitionRegistration } from "../metadata/image.ts";
import type { TopicConfigs } from "./topic-configs.ts";

interface Topic extends CachedTopic {
  id: TopicId;
  readonly partitions: (PartitionRegistration | undefined)[];
  /** How many of them there are. */
  known: number;
}

const NOBODY: readonly BrokerId[] = Object.freeze([]);

export class ZkMetadataCache implements BrokerMetadataCache {
  private readonly host: Host;
  private readonly brokerId: BrokerId;
  private readonly configs: TopicConfigs;
  /** In the order of the last request. */
  private liveBrokers = new Map<BrokerId, BrokerRegistration>();
  private readonly byName = new Map<string, Topic>();
  private readonly namesById = new Map<TopicId, string>();
  private controller: BrokerId = NONE;

  constructor(host: Host, brokerId: BrokerId, configs: TopicConfigs) {
    this.host = host;
    this.brokerId = brokerId;
    this.configs = configs;
  }

  /** Who sent the last UpdateMetadata that was accepted; -1 before the first. */
  get controllerId(): BrokerId {
    return this.controller;
  }

  brokers(): Iterable<BrokerRegistration> {
    return this.liveBrokers.values();
  }

  broker(id: BrokerId): BrokerRegistration | undefined {
    return this.liveBrokers.get(id);
  }

  /** In the order in which they became known. */
  topics(): Iterable<CachedTopic> {
    return this.byName.values();
  }

  topicById(id: TopicId): CachedTopic | undefined {
    const name = this.namesById.get(id);
    return name === undefined ? undefined : this.byName.get(name);
  }

  topicByName(name: string): CachedTopic | undefined {
    return this.byName.get(name);
  }

  partition(topic: string, partition: number): PartitionRegistration | undefined {
    return this.byName.get(topic)?.partitions[partition];
  }

  topicConfig(name: string): ReadonlyMap<string, string> {
    return this.configs.of(name);
  }

  /** The partitions that are no more, as far as they were known. */
  update(request: UpdateMetadataRequest): readonly TopicPartition[] {
    this.controller = request.controllerId;
    this.liveBrokers = new Map(
      request.liveBrokers.map(({ id, host, rack }) => [
        id,
        Object.freeze({ id, epoch: NONE, incarnationId: "", host, rack, fenced: false, inControlledShutdown: false }),
      ]),
    );
    const deleted: TopicPartition[] = [];
    for (const { topicName, topicId, partitionStates } of request.topicStates) {
      for (const state of partitionStates) {
        const goes = state.leader === LEADER_DURING_DELETE;
        const news = goes ? this.remove(topicName, state) : this.put(topicName, topicId, state);
        if (news) this.reportUpdate(topicName, state, request.controllerEpoch);
        if (news && goes) deleted.push({ topic: topicName, partition: state.partitionIndex });
      }
    }
    return deleted;
  }

  /** True if the partition has another leader or leader epoch than before. */
  private put(name: string, id: TopicId, state: UpdateMetadataPartitionState): boolean {
    const topic = this.topic(name, id);
    const { partitions } = topic;
    const { partitionIndex: index, replicas, isr, leader, leaderEpoch, partitionEpoch } = state;
    while (partitions.length < index) partitions.push(undefined);
    const before = partitions[index];
    if (before === undefined) topic.known++;
    partitions[index] = Object.freeze({
      replicas,
      isr,
      elr: NOBODY,
      lastKnownElr: NOBODY,
      leader,
      leaderEpoch,
      partitionEpoch,
      leaderRecoveryState: "RECOVERED",
    });
    return before?.leader !== leader || before.leaderEpoch !== leaderEpoch;
  }

  private topic(name: string, id: TopicId): Topic {
    let topic = this.byName.get(name);
    if (topic === undefined) {
      topic = { name, id: "", partitions: [], known: 0 };
      this.byName.set(name, topic);
    }
    if (topic.id !== id) {
      this.namesById.delete(topic.id);
      topic.id = id;
      if (id !== "") this.namesById.set(id, name);
    }
    return topic;
  }

  /** True if it was there. */
  private remove(name: string, { partitionIndex }: UpdateMetadataPartitionState): boolean {
    const topic = this.byName.get(name);
    if (topic?.partitions[partitionIndex] === undefined) return false;
    topic.partitions[partitionIndex] = undefined;
    topic.known--;
    if (topic.known === 0) {
      this.byName.delete(name);
      this.namesById.delete(topic.id);
    }
    return true;
  }

  private reportUpdate(topic: string, state: UpdateMetadataPartitionState, controllerEpoch: number): void {
    const { partitionIndex: partition, leader, leaderEpoch } = state;
    const update = { broker: this.brokerId, topic, partition, controllerEpoch, leader, leaderEpoch };
    report(this.host, { kind: "MetadataCacheUpdated", ...update });
  }
}
