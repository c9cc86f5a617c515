/** What a broker knows of the cluster, from wherever it learnt it. Read only. Source: kafka.server.MetadataCache. */
import type { BrokerId, TopicId } from "../ids.ts";
import type { BrokerRegistration, PartitionRegistration, TopicImage } from "./image.ts";

export interface BrokerMetadataCache {
  /** In ZooKeeper mode: those that live. */
  brokers(): Iterable<BrokerRegistration>;
  broker(id: BrokerId): BrokerRegistration | undefined;
  topics(): Iterable<TopicImage>;
  topicById(id: TopicId): TopicImage | undefined;
  topicByName(name: string): TopicImage | undefined;
  partition(topic: string, partition: number): PartitionRegistration | undefined;
  /** What was set on the topic by Kafka's key, as text; the broker's configuration fills in the rest. */
  topicConfig(name: string): ReadonlyMap<string, string>;
}
