/** Answers Metadata from a broker's own, possibly stale, picture of the cluster. Source: KRaftMetadataCache, ZkMetadataCache. */
import { type BrokerId, NONE } from "../ids.ts";
import type { MetadataRequest, MetadataResponse, PartitionMetadata } from "../messages/metadata.ts";
import type { BrokerMetadataCache, CachedTopic } from "../metadata/broker-metadata-cache.ts";
import type { PartitionRegistration } from "../metadata/image.ts";

export function answerMetadata(cache: BrokerMetadataCache, controllerId: BrokerId, request: MetadataRequest): MetadataResponse {
  const alive = [...cache.brokers()].filter((broker) => !broker.fenced);
  const wanted =
    request.topics === null ? [...cache.topics()].map((topic) => topic.name) : request.topics.map(({ name }) => name);
  return {
    brokers: alive.map(({ id, host, rack }) => ({ nodeId: id, host, rack })),
    controllerId,
    topics: wanted.map((name) => {
      const topic = cache.topicByName(name);
      return topic === undefined
        ? { errorCode: "UNKNOWN_TOPIC_OR_PARTITION" as const, name, topicId: "", partitions: [] }
        : describeTopic(cache, topic);
    }),
  };
}

/** What a KRaft broker names as the controller: clients reach that through any broker. */
export function anyLiveBroker(cache: BrokerMetadataCache): BrokerId {
  for (const { id, fenced } of cache.brokers()) if (!fenced) return id;
  return NONE;
}

function describeTopic(cache: BrokerMetadataCache, topic: CachedTopic): MetadataResponse["topics"][number] {
  const partitions = topic.partitions.flatMap((partition, index) =>
    partition === undefined ? [] : describePartition(cache, partition, index),
  );
  return { errorCode: "NONE", name: topic.name, topicId: topic.id, partitions };
}

function describePartition(
  cache: BrokerMetadataCache,
  partition: PartitionRegistration,
  partitionIndex: number,
): PartitionMetadata {
  const isAlive = (id: BrokerId): boolean => cache.broker(id)?.fenced === false;
  const { leader, leaderEpoch, replicas, isr } = partition;
  const led = leader !== NONE && isAlive(leader);
  return {
    errorCode: led ? "NONE" : "LEADER_NOT_AVAILABLE",
    partitionIndex,
    leaderId: led ? leader : NONE,
    leaderEpoch,
    replicaNodes: replicas,
    isrNodes: isr,
    offlineReplicas: replicas.filter((id) => !isAlive(id)),
  };
}
