/**
 * Fetches: one request in flight per broker, for all partitions read from it that have nothing waiting to be polled.
 *
 * The requests to one broker are a session (KIP-227): they name what has moved, and what is no longer wanted for the moment.
 * An answer is kept until the application has polled all of it, and thrown away if the position has moved elsewhere meanwhile.
 * A leader may name a replica that is nearer (KIP-392): that one is read from until its lease of `metadata.max.age.ms` ends, or
 * anything goes wrong. Source: AbstractFetch, FetchCollector.
 */
import { ms } from "../../base/units.ts";
import type { Host, NodeName } from "../../sim/host.ts";
import type { RandomStream } from "../../sim/random.ts";
import { FetchSessionHandler } from "../client/fetch-session-handler.ts";
import type { MetadataUpdater } from "../client/metadata-updater.ts";
import { retryBackoff } from "../client/retry-backoff.ts";
import type { ConsumerConfig } from "../config/client-config.ts";
import type { Dials } from "../dials.ts";
import { type BrokerId, NONE, type TopicId } from "../ids.ts";
import { ByTopic } from "../messages/by-topic.ts";
import type { FetchPartition, FetchPartitionResponse, FetchRequest } from "../messages/fetch.ts";
import { PartitionMap } from "../messages/partition-map.ts";
import type { CompletionOf, NetworkClient } from "../net/network-client.ts";
import type { KafkaRecord } from "../records.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import { CompletedFetch, type FetchedRecords } from "./completed-fetch.ts";
import type { FetchPosition } from "./fetch-position.ts";
import type { PartitionListener } from "./offset-fetcher.ts";

/** A partition that a session holds. */
interface Named {
  readonly topicId: TopicId;
  readonly partition: AssignedPartition;
  readonly position: FetchPosition;
  readonly broker: BrokerId;
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

const CONSUMER_REPLICA = Object.freeze({ replicaId: NONE, replicaEpoch: NONE });

export class Fetcher {
  private readonly host: Host;
  private readonly config: ConsumerConfig;
  private readonly network: NetworkClient;
  private readonly metadata: MetadataUpdater;
  private readonly listener: PartitionListener;
  private readonly hasResetPolicy: boolean;
  private readonly validates: boolean;
  private readonly random: RandomStream;
  private readonly byNode = new Map<NodeName, NodeFetches>();
  /** Answers that wait to be polled. */
  private completed: CompletedFetch[] = [];
  /** Those that are read from another replica than the leader. */
  private readonly leased = new Set<AssignedPartition>();

  constructor(options: {
    readonly host: Host;
    readonly config: ConsumerConfig;
    readonly dials: Dials;
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
    this.validates = options.dials["consumer.validateOffsetEpoch"];
    this.random = options.host.random("fetch-retry");
  }

  /** Whether a fetch could be sent to `node` now. */
  mayFetchFrom(node: NodeName): boolean {
    return this.byNode.get(node)?.pending !== true && this.network.isAvailable(node);
  }

  /** Sends back to their leaders the partitions that have been read from elsewhere for long enough. */
  endLeases(): void {
    const now = this.host.now();
    for (const partition of this.leased) {
      const { preferredReadReplica } = partition;
      if (preferredReadReplica === undefined) this.leased.delete(partition);
      else if (now > preferredReadReplica.expiresAt) this.leaveReplica(partition);
    }
  }

  /** Metadata may have lost sight of replicas that are read from (KAFKA-14379). */
  onMetadataUpdated(): void {
    const { cache } = this.metadata;
    for (const partition of this.leased) {
      const { topic, partition: index, preferredReadReplica } = partition;
      if (preferredReadReplica === undefined) continue;
      if (cache.onlineReplica(topic, index, preferredReadReplica.brokerId) !== undefined) continue;
      this.leaveReplica(partition);
      this.metadata.requestUpdate();
    }
  }

  /** Fetches the given partitions, which are read from `node` and may be fetched now. */
  send(node: NodeName, partitions: readonly AssignedPartition[]): void {
    const fetches = this.fetchesFrom(node);
    const { session, named } = fetches;
    if (session.begins) named.clear();
    const request = ++fetches.requests;
    const topics = new ByTopic<FetchPartition>();
    const forgotten = new ByTopic<number>();
    let wanted = 0;
    for (const partition of partitions) {
      const { topic, partition: index, position, readFrom } = partition;
      if (position === undefined || readFrom === undefined) continue;
      wanted++;
      const topicId = this.metadata.cache.topicId(topic);
      const known = named.get(topic, index);
      if (known?.position === position && known.topicId === topicId) {
        known.request = request;
        continue;
      }
      // Another topic of the same name.
      if (known !== undefined && known.topicId !== topicId) forgotten.add({ topicId: known.topicId, topic }, index);
      named.set(topic, index, { topicId, partition, position, broker: readFrom.brokerId, request });
      topics.add({ topicId, topic }, this.wanted(index, position));
    }
    if (wanted === 0) return;
    if (wanted < named.size) forgetUnwanted(named, request, forgotten);
    fetches.pending = true;
    const { sessionId, sessionEpoch } = session.next();
    const body: FetchRequest = {
      replicaState: CONSUMER_REPLICA,
      clusterId: "",
      maxWaitMs: this.config["fetch.max.wait.ms"],
      minBytes: this.config["fetch.min.bytes"],
      maxBytes: this.config["fetch.max.bytes"],
      sessionId,
      sessionEpoch,
      topics: topics.topics,
      forgottenTopicsData: forgotten.topics,
    };
    const rackId = this.config["client.rack"];
    this.network.send(node, "Fetch", rackId === "" ? body : { ...body, rackId }, undefined);
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
    if (response === undefined) {
      session.onFailure();
      for (const { partition } of named.values()) this.leaveReplica(partition);
    } else if (session.onResponse(response)) {
      for (const { topic, partitions } of response.responses) {
        for (const answer of partitions) {
          const about = named.get(topic, answer.partitionIndex);
          if (about !== undefined) this.buffer(about, answer as FetchPartitionResponse<KafkaRecord>);
        }
      }
    }
  }

  private buffer({ partition, position, broker }: Named, answer: FetchPartitionResponse<KafkaRecord>): void {
    partition.buffered = true;
    this.completed.push(new CompletedFetch(partition, position.offset, broker, answer));
  }

  /**
   * The next records of one partition, `maxRecords` at most, and moves its position past them. What of an answer is left stays for
   * the next time, and so does all of a paused partition; errors are dealt with on the way. Undefined: there is nothing.
   */
  collect(maxRecords: number): FetchedRecords | undefined {
    let paused: CompletedFetch[] | undefined;
    let found: FetchedRecords | undefined;
    for (let fetch = this.completed[0]; fetch !== undefined && found === undefined; fetch = this.completed[0]) {
      const { partition } = fetch;
      if ((fetch.opened || this.open(fetch)) && partition.paused) {
        paused ??= [];
        paused.push(fetch);
        this.completed.shift();
        continue;
      }
      const records = fetch.opened ? this.take(fetch, maxRecords) : undefined;
      if (records !== undefined && records.count > 0) found = records;
      if (records !== undefined && !fetch.drained) continue;
      this.completed.shift();
      partition.buffered = false;
    }
    if (paused !== undefined) this.completed.push(...paused);
    return found;
  }

  /** False if the partition stands elsewhere by now, or the answer holds an error. */
  private open(fetch: CompletedFetch): boolean {
    const { partition, answer, nextOffset } = fetch;
    if (partition.state !== "FETCHING" || partition.offset !== nextOffset) return false;
    if (answer.errorCode !== "NONE") {
      this.onError(partition, answer);
      return false;
    }
    partition.failures = 0;
    if (answer.preferredReadReplica !== undefined) this.goToReplica(partition, answer.preferredReadReplica);
    fetch.opened = true;
    return true;
  }

  /** Undefined if the partition stands elsewhere by now, or its records are not for the application any more. */
  private take(fetch: CompletedFetch, maxRecords: number): FetchedRecords | undefined {
    const { partition, nextOffset } = fetch;
    const { position } = partition;
    if (!partition.isFetchable || position?.offset !== nextOffset) return undefined;
    const records = fetch.take(maxRecords);
    if (records.nextPosition > position.offset) {
      partition.position = { offset: records.nextPosition, offsetEpoch: records.leaderEpoch, leader: position.leader };
    }
    return records;
  }

  /** The lease is not prolonged when the same replica is named again. */
  private goToReplica(partition: AssignedPartition, brokerId: BrokerId): void {
    const { topic, partition: index } = partition;
    if (partition.preferredReadReplica?.brokerId === brokerId) return;
    const node = this.metadata.cache.onlineReplica(topic, index, brokerId);
    if (node === undefined) {
      this.metadata.requestUpdate();
      return;
    }
    const expiresAt = this.host.now() + ms(this.config["metadata.max.age.ms"]);
    partition.preferredReadReplica = { brokerId, node, expiresAt };
    this.leased.add(partition);
    this.listener.onMoved(partition);
  }

  /** From now on the leader is read from. False if it was before. */
  private leaveReplica(partition: AssignedPartition): boolean {
    this.leased.delete(partition);
    if (partition.preferredReadReplica === undefined) return false;
    partition.preferredReadReplica = undefined;
    this.listener.onMoved(partition);
    return true;
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
        this.metadata.requestUpdate();
        partition.awaitsMetadata = !this.leaveReplica(partition);
        return;
      case "OFFSET_OUT_OF_RANGE":
        // A follower may be behind, or ahead with its log's start: the leader knows.
        if (this.leaveReplica(partition)) return;
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
    const wasLeased = this.leaveReplica(partition);
    if (partition.onLeaderKnown(cache.leaderOf(topic, index), this.validates)) this.listener.onMoved(partition);
    else partition.awaitsMetadata = !wasLeased;
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
