/**
 * Answers to administrators that wait until this broker's own metadata cache shows what was asked for, or the time is up.
 * Source: DelayedCreatePartitions, DelayedDeleteTopics, DelayedElectLeader.
 */
import type { ErrorCode } from "../errors.ts";
import { type BrokerId, NONE, partitionName } from "../ids.ts";
import type { ElectLeadersResponse } from "../messages/metadata.ts";
import type { BrokerMetadataCache } from "../metadata/broker-metadata-cache.ts";
import type { PendingRequest } from "../net/request-channel.ts";
import type { ElectionResult } from "./replica-leader-election.ts";
import type { WrittenTopic } from "./topic-creation.ts";
import type { MarkedTopic } from "./topic-deletion-request.ts";

export interface DelayedAdminOperation {
  /** Whether there is nothing left to wait for. Cheap to ask in vain. */
  isDone(metadata: BrokerMetadataCache): boolean;
  /** Once. What is not there yet has timed out. */
  answer(metadata: BrokerMetadataCache): void;
}

/** Every partition of every topic that was written, new or grown, has a leader. */
export class DelayedCreatePartitions implements DelayedAdminOperation {
  private readonly request: PendingRequest<"CreateTopics"> | PendingRequest<"CreatePartitions">;
  private readonly topics: readonly WrittenTopic[];
  /** The partition that the last look ended at: likely still the one without a leader. */
  private missing: { readonly topic: string; readonly partition: number } | undefined;

  constructor(request: PendingRequest<"CreateTopics"> | PendingRequest<"CreatePartitions">, topics: readonly WrittenTopic[]) {
    this.request = request;
    this.topics = topics;
  }

  isDone(metadata: BrokerMetadataCache): boolean {
    if (this.missing !== undefined && !hasLeader(metadata, this.missing.topic, this.missing.partition)) return false;
    this.missing = undefined;
    for (const topic of this.topics) {
      if (topic.errorCode !== "NONE") continue;
      const partition = leaderlessPartition(metadata, topic);
      if (partition === undefined) continue;
      this.missing = { topic: topic.name, partition };
      return false;
    }
    return true;
  }

  answer(metadata: BrokerMetadataCache): void {
    const topics = this.topics.map((topic) => {
      const timedOut = topic.errorCode === "NONE" && leaderlessPartition(metadata, topic) !== undefined;
      const { name, topicId, errorMessage } = topic;
      return { name, topicId, errorCode: timedOut ? ("REQUEST_TIMED_OUT" as const) : topic.errorCode, errorMessage };
    });
    const { request } = this;
    if (request.api === "CreateTopics") request.respond({ topics });
    else request.respond({ results: topics.map(({ name, errorCode, errorMessage }) => ({ name, errorCode, errorMessage })) });
  }
}

function leaderlessPartition(metadata: BrokerMetadataCache, { name, partitions }: WrittenTopic): number | undefined {
  for (let partition = 0; partition < partitions; partition++) {
    if (!hasLeader(metadata, name, partition)) return partition;
  }
  return undefined;
}

function hasLeader(metadata: BrokerMetadataCache, topic: string, partition: number): boolean {
  const leader = metadata.partition(topic, partition)?.leader;
  return leader !== undefined && leader !== NONE;
}

/** No topic that was marked is known any more. */
export class DelayedDeleteTopics implements DelayedAdminOperation {
  private readonly request: PendingRequest<"DeleteTopics">;
  private readonly topics: readonly MarkedTopic[];

  constructor(request: PendingRequest<"DeleteTopics">, topics: readonly MarkedTopic[]) {
    this.request = request;
    this.topics = topics;
  }

  isDone(metadata: BrokerMetadataCache): boolean {
    return !this.topics.some((topic) => isStillThere(metadata, topic));
  }

  answer(metadata: BrokerMetadataCache): void {
    const responses = this.topics.map((topic) => ({
      name: topic.name,
      errorCode: isStillThere(metadata, topic) ? ("REQUEST_TIMED_OUT" as const) : topic.errorCode,
    }));
    this.request.respond({ responses });
  }
}

function isStillThere(metadata: BrokerMetadataCache, { name, errorCode }: MarkedTopic): boolean {
  return errorCode === "NONE" && metadata.topicByName(name) !== undefined;
}

/** Every leader that was elected is known as such. */
export class DelayedElectLeader implements DelayedAdminOperation {
  private readonly request: PendingRequest<"ElectLeaders">;
  private readonly partitions: readonly { readonly topic: string; readonly partition: number }[];
  private readonly results: ReadonlyMap<string, ElectionResult>;

  constructor(
    request: PendingRequest<"ElectLeaders">,
    partitions: readonly { readonly topic: string; readonly partition: number }[],
    results: ReadonlyMap<string, ElectionResult>,
  ) {
    this.request = request;
    this.partitions = partitions;
    this.results = results;
  }

  isDone(metadata: BrokerMetadataCache): boolean {
    return this.partitions.every(({ topic, partition }) => {
      const elected = this.results.get(partitionName(topic, partition));
      return typeof elected !== "number" || leads(metadata, topic, partition, elected);
    });
  }

  /** Who asked for all partitions does not hear of those that needed nothing. */
  answer(metadata: BrokerMetadataCache): void {
    const askedForAll = this.request.body.topicPartitions === null;
    const byTopic = new Map<string, ElectLeadersResponse["replicaElectionResults"][number]["partitionResult"][number][]>();
    for (const { topic, partition } of this.partitions) {
      const errorCode = this.errorOf(metadata, topic, partition);
      if (askedForAll && errorCode === "ELECTION_NOT_NEEDED") continue;
      const results = byTopic.get(topic) ?? [];
      results.push({ partitionId: partition, errorCode });
      byTopic.set(topic, results);
    }
    const replicaElectionResults = [...byTopic].map(([topic, partitionResult]) => ({ topic, partitionResult }));
    this.request.respond({ errorCode: "NONE", replicaElectionResults });
  }

  private errorOf(metadata: BrokerMetadataCache, topic: string, partition: number): ErrorCode {
    const result = this.results.get(partitionName(topic, partition));
    if (result === undefined) return "UNKNOWN_SERVER_ERROR";
    if (typeof result !== "number") return result;
    return leads(metadata, topic, partition, result) ? "NONE" : "REQUEST_TIMED_OUT";
  }
}

function leads(metadata: BrokerMetadataCache, topic: string, partition: number, broker: BrokerId): boolean {
  return metadata.partition(topic, partition)?.leader === broker;
}
