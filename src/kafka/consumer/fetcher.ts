/**
 * Fetches: one request in flight per leader, for all partitions it leads that have nothing waiting to be polled.
 *
 * An answer is kept until the application polls, and thrown away then if the position has moved on meanwhile. Not
 * modelled: fetch sessions, fetching from followers, max.poll.records. Source: AbstractFetch, FetchCollector.
 */
import type { Host, NodeName } from "../../sim/host.ts";
import type { RandomStream } from "../../sim/random.ts";
import type { MetadataUpdater } from "../client/metadata-updater.ts";
import { retryBackoff } from "../client/retry-backoff.ts";
import type { ConsumerConfig } from "../config/client-config.ts";
import { type BrokerId, NONE, type Offset } from "../ids.ts";
import type { FetchPartition, FetchPartitionResponse, FetchRequest } from "../messages/fetch.ts";
import type { CompletionOf, NetworkClient } from "../net/network-client.ts";
import type { KafkaRecord } from "../records.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import type { PartitionListener } from "./offset-fetcher.ts";

/** One partition's part of a fetch. */
interface FetchedFrom {
  readonly partition: AssignedPartition;
  readonly offset: Offset;
  readonly broker: BrokerId;
}

/** What a Fetch request carries along, in the order of the request. */
type FetchContext = readonly FetchedFrom[];

/** An answer that waits to be polled. */
export interface CompletedFetch extends FetchedFrom {
  readonly answer: FetchPartitionResponse<KafkaRecord>;
}

const CONSUMER_REPLICA = Object.freeze({ replicaId: NONE, replicaEpoch: NONE });

export class Fetcher {
  private readonly host: Host;
  private readonly config: ConsumerConfig;
  private readonly network: NetworkClient;
  private readonly metadata: MetadataUpdater;
  private readonly listener: PartitionListener;
  private readonly hasResetPolicy: boolean;
  private readonly random: RandomStream;
  private readonly pendingNodes = new Set<NodeName>();
  private completed: CompletedFetch[] = [];

  constructor(options: {
    readonly host: Host;
    readonly config: ConsumerConfig;
    readonly network: NetworkClient;
    readonly metadata: MetadataUpdater;
    readonly listener: PartitionListener;
  }) {
    this.host = options.host;
    this.config = options.config;
    this.network = options.network;
    this.metadata = options.metadata;
    this.listener = options.listener;
    this.hasResetPolicy = options.config["auto.offset.reset"] !== "none";
    this.random = options.host.random("fetch-retry");
  }

  /** Whether a fetch could be sent to `node` now. */
  mayFetchFrom(node: NodeName): boolean {
    return !this.pendingNodes.has(node) && this.network.isAvailable(node);
  }

  /** Fetches the given partitions, which `node` leads and which may be fetched now. */
  send(node: NodeName, partitions: readonly AssignedPartition[]): void {
    const topics: { topicId: string; topic: string; partitions: FetchPartition[] }[] = [];
    const context: FetchedFrom[] = [];
    for (const partition of partitions) {
      const { position } = partition;
      if (position === undefined) continue;
      let topic = topics.find((candidate) => candidate.topic === partition.topic);
      if (topic === undefined) {
        topic = { topicId: this.metadata.cache.topicId(partition.topic), topic: partition.topic, partitions: [] };
        topics.push(topic);
      }
      topic.partitions.push({
        partition: partition.partition,
        currentLeaderEpoch: position.leader.epoch,
        fetchOffset: position.offset,
        lastFetchedEpoch: NONE,
        logStartOffset: NONE,
        partitionMaxBytes: this.config["max.partition.fetch.bytes"],
      });
      context.push({ partition, offset: position.offset, broker: position.leader.leaderId });
    }
    if (context.length === 0) return;
    const request: FetchRequest = {
      replicaState: CONSUMER_REPLICA,
      clusterId: "",
      maxWaitMs: this.config["fetch.max.wait.ms"],
      minBytes: this.config["fetch.min.bytes"],
      maxBytes: this.config["fetch.max.bytes"],
      topics,
    };
    this.pendingNodes.add(node);
    this.network.send(node, "Fetch", request, context);
  }

  onCompletion(completion: CompletionOf<"Fetch">): void {
    this.pendingNodes.delete(completion.peer);
    const { response } = completion;
    if (response === undefined || response.errorCode !== "NONE") return;
    const context = completion.context as FetchContext;
    let next = 0;
    for (const topic of response.responses) {
      for (const answer of topic.partitions) {
        // Nearly always in the order of the request.
        if (!isAbout(context[next], topic.topic, answer.partitionIndex)) {
          next = context.findIndex((fetched) => isAbout(fetched, topic.topic, answer.partitionIndex));
        }
        const fetched = context[next++];
        if (fetched === undefined) continue;
        fetched.partition.buffered = true;
        this.completed.push({ ...fetched, answer: answer as FetchPartitionResponse<KafkaRecord> });
      }
    }
  }

  /** The next answer with records for a partition that still stands where they begin; errors are dealt with on the way. */
  nextWithRecords(): CompletedFetch | undefined {
    for (let fetch = this.completed.shift(); fetch !== undefined; fetch = this.completed.shift()) {
      const { partition, offset, answer } = fetch;
      partition.buffered = false;
      if (partition.state !== "FETCHING" || partition.offset !== offset) continue;
      if (answer.errorCode !== "NONE") this.onError(partition, answer);
      else {
        partition.failures = 0;
        if (answer.records.length > 0) return fetch;
      }
    }
    return undefined;
  }

  private onError(partition: AssignedPartition, answer: FetchPartitionResponse<KafkaRecord>): void {
    switch (answer.errorCode) {
      case "NOT_LEADER_OR_FOLLOWER":
      case "FENCED_LEADER_EPOCH":
        this.metadata.requestUpdate();
        this.followHint(partition, answer);
        return;
      case "REPLICA_NOT_AVAILABLE":
      case "KAFKA_STORAGE_ERROR":
      case "OFFSET_NOT_AVAILABLE":
      case "UNKNOWN_TOPIC_OR_PARTITION":
      case "UNKNOWN_TOPIC_ID":
      case "INCONSISTENT_TOPIC_ID":
        partition.awaitsMetadata = true;
        this.metadata.requestUpdate();
        return;
      case "OFFSET_OUT_OF_RANGE":
        if (!this.hasResetPolicy) {
          this.listener.onException("OffsetOutOfRangeException", partition);
          return;
        }
        partition.requestReset("out-of-range");
        this.listener.onMoved(partition);
        return;
      case "CORRUPT_MESSAGE":
        this.listener.onException("KafkaException (corrupt message)", partition);
        return;
      default:
        // UNKNOWN_LEADER_EPOCH: the broker is behind. Kafka asks again with the next poll, as fast as the network allows;
        // here it rests between, which a run of any length is the better for.
        partition.retryAt = this.host.now() + retryBackoff(this.config, partition.failures++, this.random);
    }
  }

  /** KIP-951: goes to the leader that the answer names, or waits for metadata if it names none that is news. */
  private followHint(partition: AssignedPartition, answer: FetchPartitionResponse<KafkaRecord>): void {
    const { cache } = this.metadata;
    const { topic, partition: index } = partition;
    if (answer.currentLeader !== undefined) cache.updateLeader(topic, index, answer.currentLeader);
    if (partition.onLeaderKnown(cache.leaderOf(topic, index))) this.listener.onMoved(partition);
    else partition.awaitsMetadata = true;
  }
}

function isAbout(fetched: FetchedFrom | undefined, topic: string, partition: number): boolean {
  return fetched?.partition.partition === partition && fetched.partition.topic === topic;
}
