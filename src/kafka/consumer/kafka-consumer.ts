/**
 * The consumer as an application sees it: partitions assigned by hand, and poll().
 *
 * Requests go out only while the application is inside poll(), and once more when poll() returns records, so that the next
 * ones travel while these are worked on. Not modelled yet: groups, committed offsets, read_committed.
 * Source: ClassicKafkaConsumer.
 */
import type { Micros } from "../../base/units.ts";
import type { Host, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import { MetadataUpdater } from "../client/metadata-updater.ts";
import type { ConsumerConfig } from "../config/client-config.ts";
import type { Dials } from "../dials.ts";
import type { RecordsRead } from "../events.ts";
import { partitionName } from "../ids.ts";
import { type Completion, type CompletionHandler, NetworkClient } from "../net/network-client.ts";
import type { ConsumerApplication, PolledRecords } from "./application.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import { type FetchedRecords, recordsOf } from "./completed-fetch.ts";
import { Fetcher } from "./fetcher.ts";
import { OffsetFetcher, type PartitionListener } from "./offset-fetcher.ts";
import { type Assignment, SubscriptionState } from "./subscription-state.ts";

export class KafkaConsumer implements CompletionHandler, PartitionListener, TimerTarget {
  readonly network: NetworkClient;
  private readonly host: Host;
  private readonly name: string;
  private readonly config: ConsumerConfig;
  private readonly application: ConsumerApplication;
  private readonly metadata: MetadataUpdater;
  private readonly offsetFetcher: OffsetFetcher;
  private readonly fetcher: Fetcher;
  private readonly subscriptions: SubscriptionState;
  /** The application is inside poll(). */
  private polling = false;
  private started = false;
  private retryTimer: TimerId = 0;
  private retryAt: Micros = 0;

  constructor(options: {
    readonly host: Host;
    readonly name: string;
    readonly config: ConsumerConfig;
    readonly dials: Dials;
    readonly assignments: readonly Assignment[];
    readonly bootstrap: readonly NodeName[];
    readonly application: ConsumerApplication;
  }) {
    const { host, name, config, dials, bootstrap, assignments } = options;
    this.host = host;
    this.name = name;
    this.config = config;
    this.application = options.application;
    const network = new NetworkClient(host, config, config["request.timeout.ms"], this);
    const topics = [...new Set(assignments.map(({ topic }) => topic))];
    const metadata = new MetadataUpdater({ host, config, dials, network, bootstrap, topics, listener: this });
    this.network = network;
    this.metadata = metadata;
    this.offsetFetcher = new OffsetFetcher({ host, name, config, dials, network, metadata, listener: this });
    this.fetcher = new Fetcher({ host, config, dials, network, metadata, listener: this });
    this.subscriptions = new SubscriptionState(assignments, undefined);
  }

  /** Empty: the application waits for a wakeup. */
  poll(): readonly PolledRecords[] {
    if (!this.started) this.metadata.requestUpdate();
    this.started = true;
    const records = this.collect();
    this.polling = records.length === 0;
    this.sendRequests();
    return records;
  }

  onCompletion(completion: Completion): void {
    if (completion.api === "Metadata") this.metadata.onCompletion(completion);
    else if (completion.api === "Fetch") this.fetcher.onCompletion(completion);
    else if (completion.api === "ListOffsets") this.offsetFetcher.onListOffsets(completion);
    else if (completion.api === "OffsetForLeaderEpoch") this.offsetFetcher.onOffsetForLeaderEpoch(completion);
    this.wakeUp();
  }

  onConnectivity(_peer: NodeName, change: "ready" | "lost" | "available"): void {
    this.metadata.onConnectivity(change);
    if (change === "available") this.wakeUp();
  }

  onMetadataUpdated(): void {
    this.subscriptions.onMetadataUpdated(this.metadata.cache);
    for (const partition of this.subscriptions.assigned()) this.offsetFetcher.onMetadataUpdated(partition);
    this.fetcher.onMetadataUpdated();
  }

  onMoved(_partition: AssignedPartition): void {
    this.subscriptions.onMoved();
  }

  onException(name: string, partition: AssignedPartition): void {
    this.application.onException(name, partitionName(partition.topic, partition.partition));
  }

  onTimer(_timer: Timer): void {
    this.retryTimer = 0;
    this.wakeUp();
  }

  private wakeUp(): void {
    if (this.polling) this.application.onWakeup();
  }

  /** The records of one partition's fetch. */
  private collect(): readonly PolledRecords[] {
    const fetched = this.fetcher.collect(this.config["max.poll.records"]);
    return fetched === undefined ? [] : [this.handOver(fetched)];
  }

  /** Tells of what the application gets. */
  private handOver(fetched: FetchedRecords): PolledRecords {
    const { partition, broker, highWatermark, position, nextPosition, batches, leaderEpoch } = fetched;
    const { topic, partition: index } = partition;
    const event: RecordsRead = {
      kind: "RecordsRead",
      client: this.name,
      topic,
      partition: index,
      from: broker,
      highWatermark,
      position,
      nextPosition,
      batches,
    };
    this.host.emit(event);
    this.subscriptions.moveToEnd(partition);
    const polled = { topic, partition: index, batches: batches.length, ...recordsOf(fetched) };
    return { ...polled, nextOffset: nextPosition, leaderEpoch };
  }

  /** Sends whatever may be sent now, and arms the timer for what has to rest before. */
  private sendRequests(): void {
    const now = this.host.now();
    this.fetcher.endLeases();
    const fetchedFrom = this.subscriptions.fetchedFrom(this.metadata);
    const { unsettled } = this.subscriptions;
    let nextRetryAt = Number.POSITIVE_INFINITY;
    if (unsettled.size > 0) {
      const due: AssignedPartition[] = [];
      for (const partition of unsettled) {
        if (partition.asked) continue;
        if (partition.retryAt <= now) due.push(partition);
        else nextRetryAt = Math.min(nextRetryAt, partition.retryAt);
      }
      if (due.length > 0) this.offsetFetcher.ask(due);
    }
    for (const [node, partitions] of fetchedFrom) {
      if (!this.fetcher.mayFetchFrom(node)) continue;
      const fetchable: AssignedPartition[] = [];
      for (const partition of partitions) {
        if (partition.buffered || partition.awaitsMetadata || !partition.isFetchable) continue;
        if (partition.retryAt > now) nextRetryAt = Math.min(nextRetryAt, partition.retryAt);
        else fetchable.push(partition);
      }
      if (fetchable.length > 0) this.fetcher.send(node, fetchable);
    }
    this.armRetry(nextRetryAt, now);
  }

  private armRetry(at: Micros, now: Micros): void {
    if (this.retryTimer !== 0 && this.retryAt === at) return;
    this.host.cancelTimer(this.retryTimer);
    this.retryTimer = 0;
    this.retryAt = at;
    if (at === Number.POSITIVE_INFINITY) return;
    const timer: Timer = { kind: "consumer.retry", target: this };
    this.retryTimer = this.host.setTimer(at - now, timer);
  }
}
