/** Answers Metadata from a broker's own, possibly stale, picture of the cluster. Source: KRaftMetadataCache. */
import { type BrokerId, NONE } from "../ids.ts";
import type { MetadataRequest, MetadataResponse, PartitionMetadata } from "../messages/metadata.ts";
import type { MetadataImage, PartitionRegistration, TopicImage } from "../metadata/image.ts";

export function answerMetadata(image: MetadataImage, request: MetadataRequest): MetadataResponse {
  const alive = [...image.brokers()].filter((broker) => !broker.fenced);
  const wanted =
    request.topics === null ? [...image.topics()].map((topic) => topic.name) : request.topics.map(({ name }) => name);
  return {
    brokers: alive.map(({ id, host, rack }) => ({ nodeId: id, host, rack })),
    // A KRaft broker names any live broker: clients reach the controller through them.
    controllerId: alive[0]?.id ?? NONE,
    topics: wanted.map((name) => {
      const topic = image.topicByName(name);
      return topic === undefined
        ? { errorCode: "UNKNOWN_TOPIC_OR_PARTITION" as const, name, topicId: "", partitions: [] }
        : describeTopic(image, topic);
    }),
  };
}

function describeTopic(image: MetadataImage, topic: TopicImage): MetadataResponse["topics"][number] {
  const partitions = topic.partitions.map((partition, index) => describePartition(image, partition, index));
  return { errorCode: "NONE", name: topic.name, topicId: topic.id, partitions };
}

function describePartition(image: MetadataImage, partition: PartitionRegistration, partitionIndex: number): PartitionMetadata {
  const isAlive = (id: BrokerId): boolean => image.broker(id)?.fenced === false;
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
