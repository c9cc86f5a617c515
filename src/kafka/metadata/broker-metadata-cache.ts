/** What a broker knows of the cluster, from wherever it learnt it. Read only. Source: kafka.server.MetadataCache. */
import type { BrokerId, TopicId } from "../ids.ts";
import type { BrokerRegistration, PartitionRegistration } from "./image.ts";

export interface CachedTopic {
  readonly name: string;
  /** Empty where topics have no id. */
  readonly id: TopicId;
  /** By partition number; undefined for one that is not known (yet). */
  readonly partitions: readonly (PartitionRegistration | undefined)[];
}

export interface BrokerMetadataCache {
  /** In ZooKeeper mode: those that live. */
  brokers(): Iterable<BrokerRegistration>;
  broker(id: BrokerId): BrokerRegistration | undefined;
  topics(): Iterable<CachedTopic>;
  topicById(id: TopicId): CachedTopic | undefined;
  topicByName(name: string): CachedTopic | undefined;
  partition(topic: string, partition: number): PartitionRegistration | undefined;
  /** What was set on the topic by Kafka's key, as text; the broker's configuration fills in the rest. */
  topicConfig(name: string): ReadonlyMap<string, string>;
}
