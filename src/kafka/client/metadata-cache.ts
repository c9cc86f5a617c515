/**
 * What a client believes about the cluster: which brokers there are, and who leads each partition of its topics.
 *
 * A partition's leader epoch never moves back here: an answer from a broker that lags behind is ignored for that
 * partition, so it cannot roll a client back to a deposed leader (KIP-320). With the dial client.rejectOlderLeaderEpoch off
 * it can (KIP-232). A changed topic id starts over. A leader named in a produce or fetch error is taken at once if it is newer
 * (KIP-951). Source: Metadata, MetadataSnapshot.
 *
 * This file only keeps; when to ask, and whom, is metadata-updater.ts.
 */
import type { NodeName } from "../../sim/host.ts";
import type { Dials } from "../dials.ts";
import { type ErrorCode, isInvalidMetadata } from "../errors.ts";
import { type BrokerId, type LeaderEpoch, NONE, type TopicId } from "../ids.ts";
import type { MetadataResponse, PartitionMetadata } from "../messages/metadata.ts";

/** The leader of a partition as a client knows it. Replaced, never changed. */
export interface LeaderAndEpoch {
  readonly leaderId: BrokerId;
  /** Where to send; undefined while nobody is known to lead. */
  readonly node: NodeName | undefined;
  readonly epoch: LeaderEpoch;
}

const NO_LEADER: LeaderAndEpoch = Object.freeze({ leaderId: NONE, node: undefined, epoch: NONE });

const UNKNOWN_COUNT = Number.POSITIVE_INFINITY;

interface PartitionReplicas {
  readonly replicaNodes: readonly BrokerId[];
  readonly offlineReplicas: readonly BrokerId[];
}

interface CachedTopic {
  topicId: TopicId;
  error: ErrorCode;
  /** By partition; empty while the topic is unknown. */
  leaders: LeaderAndEpoch[];
  /** Partitions with a known leader, ascending. */
  available: number[];
  /** By partition, as last heard. */
  replicas: PartitionReplicas[];
  /** How many partitions it had when this client first knew it. */
  firstPartitionCount: number;
  /** The newest leader epoch ever heard of, by partition. Outlives an answer that did not know the topic. */
  lastSeenEpochs: LeaderEpoch[];
}

export interface MetadataOutcome {
  /** Some partition's leader epoch, or a topic's id, is news. */
  readonly progress: boolean;
  /** Something in the answer asks for another refresh: a topic that does not exist, a partition without a leader. */
  readonly incomplete: boolean;
}

export class MetadataCache {
  private readonly topics = new Map<string, CachedTopic>();
  private readonly nodesById = new Map<BrokerId, NodeName>();
  private readonly racksById = new Map<BrokerId, string>();
  private readonly rejectsOlderEpoch: boolean;

  constructor(dials: Dials) {
    this.rejectsOlderEpoch = dials["client.rejectOlderLeaderEpoch"];
  }

  /** The brokers of the last answer, by ascending id. */
  nodes(): NodeName[] {
    return [...this.nodesById.values()];
  }

  topicId(topic: string): TopicId {
    return this.topics.get(topic)?.topicId ?? "";
  }

  topicError(topic: string): ErrorCode {
    return this.topics.get(topic)?.error ?? "NONE";
  }

  /** Whether an answer has spoken of it, if only to say that it does not exist. */
  hasHeardOf(topic: string): boolean {
    return this.topics.has(topic);
  }

  /** By partition: the racks of its replicas, null where a broker has none or is gone. */
  replicaRacks(topic: string): (string | null)[][] {
    const cached = this.topics.get(topic);
    if (cached === undefined) return [];
    return cached.leaders.map((_leader, partition) =>
      (cached.replicas[partition]?.replicaNodes ?? []).map((id) => this.racksById.get(id) ?? null),
    );
  }

  /** 0 while the topic is unknown. */
  partitionCount(topic: string): number {
    return this.topics.get(topic)?.leaders.length ?? 0;
  }

  /** The partitions that somebody is known to lead, ascending. Not to be changed. */
  availablePartitions(topic: string): readonly number[] {
    return this.topics.get(topic)?.available ?? [];
  }

  /** Without a node when nobody is known to lead, or when a newer epoch has been heard of than the leader that is known. */
  leaderOf(topic: string, partition: number): LeaderAndEpoch {
    const cached = this.topics.get(topic);
    const leader = cached?.leaders[partition];
    if (cached === undefined || leader === undefined) return NO_LEADER;
    const lastSeen = cached.lastSeenEpochs[partition] ?? NONE;
    return lastSeen > leader.epoch ? { leaderId: NONE, node: undefined, epoch: lastSeen } : leader;
  }

  /** Where to find a replica of the partition, if that broker is alive and has one; the leader need not be it. */
  onlineReplica(topic: string, partition: number, id: BrokerId): NodeName | undefined {
    const known = this.topics.get(topic)?.replicas[partition];
    if (known === undefined || !known.replicaNodes.includes(id) || known.offlineReplicas.includes(id)) return undefined;
    return this.nodesById.get(id);
  }

  /** Whether the partition has appeared since this client first knew the topic. */
  isNewPartition(topic: string, partition: number): boolean {
    const cached = this.topics.get(topic);
    return cached !== undefined && partition >= cached.firstPartitionCount;
  }

  /** Takes over a Metadata response. */
  update(response: MetadataResponse): MetadataOutcome {
    this.nodesById.clear();
    const brokers = [...response.brokers].sort((a, b) => a.nodeId - b.nodeId);
    this.racksById.clear();
    for (const { nodeId, host, rack } of brokers) {
      this.nodesById.set(nodeId, host);
      if (rack !== null) this.racksById.set(nodeId, rack);
    }
    let progress = false;
    let incomplete = false;
    for (const topic of response.topics) {
      const outcome = this.updateTopic(topic);
      progress = outcome.progress || progress;
      incomplete = outcome.incomplete || incomplete;
    }
    return { progress, incomplete };
  }

  /** A leader named in an error response (KIP-951). True if it was news and is used from now on. */
  updateLeader(
    topic: string,
    partition: number,
    hint: { readonly leaderId: BrokerId; readonly leaderEpoch: LeaderEpoch },
  ): boolean {
    const cached = this.topics.get(topic);
    const known = cached?.leaders[partition];
    const node = this.nodesById.get(hint.leaderId);
    if (cached === undefined || known === undefined || node === undefined) return false;
    if (hint.leaderEpoch <= (cached.lastSeenEpochs[partition] ?? NONE)) return false;
    cached.leaders[partition] = { leaderId: hint.leaderId, node, epoch: hint.leaderEpoch };
    cached.lastSeenEpochs[partition] = hint.leaderEpoch;
    cached.available = availableOf(cached.leaders);
    return true;
  }

  /** A response carried a leader epoch. True if it is newer than any seen: then the known leader is out of date. */
  sawEpoch(topic: string, partition: number, epoch: LeaderEpoch): boolean {
    const cached = this.topics.get(topic);
    const lastSeen = cached?.lastSeenEpochs[partition];
    if (!this.rejectsOlderEpoch || cached === undefined || lastSeen === undefined || epoch <= lastSeen) return false;
    cached.lastSeenEpochs[partition] = epoch;
    cached.available = cached.available.filter((available) => available !== partition);
    return true;
  }

  private updateTopic(topic: MetadataResponse["topics"][number]): MetadataOutcome {
    let cached = this.topics.get(topic.name);
    if (cached === undefined) {
      cached = newTopic(topic);
      this.topics.set(topic.name, cached);
    }
    cached.error = topic.errorCode;
    if (topic.errorCode !== "NONE") {
      cached.leaders = [];
      cached.available = [];
      return { progress: false, incomplete: isInvalidMetadata(topic.errorCode) };
    }
    let progress = false;
    let incomplete = false;
    if (topic.topicId !== cached.topicId) {
      // Of an earlier topic of that name no partition was one of these.
      if (cached.topicId !== "") cached.firstPartitionCount = 0;
      cached.topicId = topic.topicId;
      cached.lastSeenEpochs = [];
      progress = true;
    }
    if (cached.firstPartitionCount === UNKNOWN_COUNT) cached.firstPartitionCount = topic.partitions.length;
    const leaders: LeaderAndEpoch[] = [];
    for (const partition of [...topic.partitions].sort((a, b) => a.partitionIndex - b.partitionIndex)) {
      const index = partition.partitionIndex;
      const lastSeen = cached.lastSeenEpochs[index] ?? NONE;
      cached.replicas[index] = partition;
      if (isInvalidMetadata(partition.errorCode)) incomplete = true;
      if (partition.leaderEpoch < lastSeen && this.rejectsOlderEpoch) {
        leaders[index] = cached.leaders[index] ?? NO_LEADER;
        continue;
      }
      if (partition.leaderEpoch !== lastSeen) progress = true;
      cached.lastSeenEpochs[index] = partition.leaderEpoch;
      leaders[index] = this.leaderIn(partition);
    }
    cached.leaders = leaders;
    cached.available = availableOf(leaders);
    return { progress, incomplete };
  }

  private leaderIn(partition: PartitionMetadata): LeaderAndEpoch {
    return { leaderId: partition.leaderId, node: this.nodesById.get(partition.leaderId), epoch: partition.leaderEpoch };
  }
}

function newTopic({ topicId, errorCode }: MetadataResponse["topics"][number]): CachedTopic {
  return {
    topicId,
    error: errorCode,
    leaders: [],
    available: [],
    replicas: [],
    firstPartitionCount: UNKNOWN_COUNT,
    lastSeenEpochs: [],
  };
}

function availableOf(leaders: readonly LeaderAndEpoch[]): number[] {
  const available: number[] = [];
  for (let partition = 0; partition < leaders.length; partition++) {
    if (leaders[partition]?.node !== undefined) available.push(partition);
  }
  return available;
}
