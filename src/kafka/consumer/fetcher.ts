/**
 * Fetches: one request in flight per leader, for all partitions it leads that have nothing waiting to be polled.
 *
 * The requests to one leader are a session (KIP-227): they name what has moved, and what is no longer wanted for the moment.
 * An answer is kept until the application polls, and thrown away then if the position has moved on meanwhile. Not
 * modelled: fetching from followers, max.poll.records. Source: AbstractFetch, FetchCollector.
 */
import type { Host, NodeName } from "../../sim/host.ts";
import type { RandomStream } from "../../sim/random.ts";
import { FetchSessionHandler } from "../client/fetch-session-handler.ts";
import type { MetadataUpdater } from "../client/metadata-updater.ts";
import { retryBackoff } from "../client/retry-backoff.ts";
import type { ConsumerConfig } from "../config/client-config.ts";
import { type BrokerId, NONE, type Offset, type TopicId } from "../ids.ts";
import { ByTopic } from "../messages/by-topic.ts";
import type { FetchPartition, FetchPartitionResponse, FetchRequest } from "../messages/fetch.ts";
import { PartitionMap } from "../messages/partition-map.ts";
import type { CompletionOf, NetworkClient } from "../net/network-client.ts";
import type { KafkaRecord } from "../records.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import type { FetchPosition } from "./fetch-position.ts";
import type { PartitionListener } from "./offset-fetcher.ts";

/** One partition's part of a fetch. */
interface FetchedFrom {
  readonly partition: AssignedPartition;
  readonly offset: Offset;
  readonly broker: BrokerId;
}

/** A partition that a session holds. */
interface Named {
  readonly topicId: TopicId;
  readonly partition: AssignedPartition;
  readonly position: FetchPosition;
  /** The last request that wanted it. */
  request: number;
}

/** The fetches from one node. */
class NodeFetches {
  readonly session = new FetchSessionHandler();
  /** What the session holds. */
  readonly named = new PartitionMap<Named>();
  /** Counts requests. */
  requests = 0;
  pending = false;
}

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
  private readonly byNode = new Map<NodeName, NodeFetches>();
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
    return this.byNode.get(node)?.pending !== true && this.network.isAvailable(node);
  }

  /** Fetches the given partitions, which `node` leads and which may be fetched now. */
  send(node: NodeName, partitions: readonly AssignedPartition[]): void {
    const fetches = this.fetchesFrom(node);
    const { session, named } = fetches;
    if (session.begins) named.clear();
    const request = ++fetches.requests;
    const topics = new ByTopic<FetchPartition>();
    const forgotten = new ByTopic<number>();
    let wanted = 0;
    for (const partition of partitions) {
      const { topic, partition: index, position } = partition;
      if (position === undefined) continue;
      wanted++;
      const topicId = this.metadata.cache.topicId(topic);
      const known = named.get(topic, index);
      if (known?.position === position && known.topicId === topicId) {
        known.request = request;
        continue;
      }
      // Another topic of the same name.
      if (known !== undefined && known.topicId !== topicId) forgotten.add({ topicId: known.topicId, topic }, index);
      named.set(topic, index, { topicId, partition, position, request });
      topics.add({ topicId, topic }, this.wanted(index, position));
    }
    if (wanted === 0) return;
    if (wanted < named.size) forgetUnwanted(named, request, forgotten);
    fetches.pending = true;
    const body: FetchRequest = {
      replicaState: CONSUMER_REPLICA,
      clusterId: "",
      maxWaitMs: this.config["fetch.max.wait.ms"],
      minBytes: this.config["fetch.min.bytes"],
      maxBytes: this.config["fetch.max.bytes"],
      ...session.next(),
      topics: topics.topics,
      forgottenTopicsData: forgotten.topics,
    };
    this.network.send(node, "Fetch", body, undefined);
  }

  private wanted(partition: number, { leader, offset }: FetchPosition): FetchPartition {
    return {
      partition,
      currentLeaderEpoch: leader.epoch,
      fetchOffset: offset,
      lastFetchedEpoch: NONE,
      logStartOffset: NONE,
      partitionMaxBytes: this.config["max.partition.fetch.bytes"],
    };
  }

  private fetchesFrom(node: NodeName): NodeFetches {
    let fetches = this.byNode.get(node);
    if (fetches === undefined) {
      fetches = new NodeFetches();
      this.byNode.set(node, fetches);
    }
    return fetches;
  }

  onCompletion({ peer, response }: CompletionOf<"Fetch">): void {
    const fetches = this.fetchesFrom(peer);
    const { session, named } = fetches;
    fetches.pending = false;
    if (response === undefined) session.onFailure();
    else if (session.onResponse(response)) {
      for (const { topic, partitions } of response.responses) {
        for (const answer of partitions) {
          const about = named.get(topic, answer.partitionIndex);
          if (about !== undefined) this.buffer(about, answer as FetchPartitionResponse<KafkaRecord>);
        }
      }
    }
  }

  private buffer({ partition, position }: Named, answer: FetchPartitionResponse<KafkaRecord>): void {
    partition.buffered = true;
    this.completed.push({ partition, offset: position.offset, broker: position.leader.leaderId, answer });
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

/** Takes out of the session what `request` does not want. */
function forgetUnwanted(named: PartitionMap<Named>, request: number, forgotten: ByTopic<number>): void {
  for (const known of named.values()) {
    if (known.request === request) continue;
    const { topicId, partition } = known;
    named.delete(partition.topic, partition.partition);
    forgotten.add({ topicId, topic: partition.topic }, partition.partition);
  }
}
