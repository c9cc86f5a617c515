/** The partitions that this broker hosts, and what to answer about one that it does not (3.1, 3.9). Source: ReplicaManager.getPartitionOrError. */
import type { ErrorCode } from "../errors.ts";
import type { LeaderEpoch, TopicId } from "../ids.ts";
import type { Partition } from "./partition.ts";
import type { ReplicaContext } from "./replica-context.ts";

export interface CurrentLeader {
  readonly leaderId: number;
  readonly leaderEpoch: LeaderEpoch;
}

interface HostedTopic {
  /** By number. */
  readonly partitions: (Partition | undefined)[];
  /** How many of them are here. */
  count: number;
}

export class HostedPartitions {
  private readonly context: ReplicaContext;
  private readonly byTopic = new Map<string, HostedTopic>();

  constructor(context: ReplicaContext) {
    this.context = context;
  }

  get(topic: string, partition: number): Partition | undefined {
    return this.byTopic.get(topic)?.partitions[partition];
  }

  add(topic: string, index: number, partition: Partition): void {
    let hosted = this.byTopic.get(topic);
    if (hosted === undefined) {
      hosted = { partitions: [], count: 0 };
      this.byTopic.set(topic, hosted);
    }
    const { partitions } = hosted;
    while (partitions.length <= index) partitions.push(undefined);
    if (partitions[index] === undefined) hosted.count++;
    partitions[index] = partition;
  }

  remove(topic: string, index: number): void {
    const hosted = this.byTopic.get(topic);
    if (hosted?.partitions[index] === undefined) return;
    hosted.partitions[index] = undefined;
    if (--hosted.count === 0) this.byTopic.delete(topic);
  }

  /** In order of the topics' first appearance here, then by number. */
  *all(): Iterable<Partition> {
    for (const { partitions } of this.byTopic.values()) {
      for (const partition of partitions) if (partition !== undefined) yield partition;
    }
  }

  /** The partition, or why it can't be had here. An empty topic id matches any. */
  find(topic: string, topicId: TopicId, index: number): Partition | ErrorCode {
    const { metadata, logDirFailed } = this.context;
    if (logDirFailed) return "KAFKA_STORAGE_ERROR";
    const partition = this.get(topic, index);
    if (partition !== undefined) {
      if (topicId === "" || partition.replica.topicId === topicId) return partition;
      return metadata.topicById(topicId) === undefined ? "UNKNOWN_TOPIC_ID" : "INCONSISTENT_TOPIC_ID";
    }
    if (topicId !== "" && metadata.topicById(topicId) === undefined) return "UNKNOWN_TOPIC_ID";
    return metadata.partition(topic, index) === undefined ? "UNKNOWN_TOPIC_OR_PARTITION" : "NOT_LEADER_OR_FOLLOWER";
  }

  /** Where to go instead, as far as this broker knows (KIP-951). */
  currentLeader(topic: string, index: number): CurrentLeader | undefined {
    const registration = this.context.metadata.partition(topic, index);
    return registration === undefined ? undefined : { leaderId: registration.leader, leaderEpoch: registration.leaderEpoch };
  }
}

/** Whether an answer with `error` says where the leader is now. */
export function namesCurrentLeader(error: ErrorCode): boolean {
  return error === "NOT_LEADER_OR_FOLLOWER" || error === "FENCED_LEADER_EPOCH";
}
