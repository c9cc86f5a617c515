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
import { type Offset, partitionName } from "../ids.ts";
import { type Completion, type CompletionHandler, NetworkClient } from "../net/network-client.ts";
import type { KafkaRecord, RecordBatch } from "../records.ts";
import type { ConsumerApplication, PolledRecords } from "./application.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import { type CompletedFetch, Fetcher } from "./fetcher.ts";
import { OffsetFetcher, type PartitionListener } from "./offset-fetcher.ts";
import { type Assignment, SubscriptionState } from "./subscription-state.ts";

export class KafkaConsumer implements CompletionHandler, PartitionListener, TimerTarget {
  readonly network: NetworkClient;
  private readonly host: Host;
  private readonly name: string;
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
    this.application = options.application;
    const network = new NetworkClient(host, config, config["request.timeout.ms"], this);
    const topics = [...new Set(assignments.map(({ topic }) => topic))];
    const metadata = new MetadataUpdater({ host, config, dials, network, bootstrap, topics, listener: this });
    this.network = network;
    this.metadata = metadata;
    this.offsetFetcher = new OffsetFetcher({ host, name, config, network, metadata, listener: this });
    this.fetcher = new Fetcher({ host, config, network, metadata, listener: this });
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
    for (let fetch = this.fetcher.nextWithRecords(); fetch !== undefined; fetch = this.fetcher.nextWithRecords()) {
      const records = this.handOver(fetch);
      if (records !== undefined) return [records];
    }
    return [];
  }

  /** Moves the position past the fetch, and tells of what the application gets: control batches are not for it. */
  private handOver({ partition, answer, broker }: CompletedFetch): PolledRecords | undefined {
    const { position, topic, partition: index } = partition;
    const last = answer.records.at(-1);
    if (position === undefined || last === undefined) return undefined;
    partition.position = { ...position, offset: last.nextOffset, offsetEpoch: last.partitionLeaderEpoch };
    const batches = answer.records.filter((batch) => !batch.isControl && batch.nextOffset > position.offset);
    if (batches.length === 0) return undefined;
    const event: RecordsRead = {
      kind: "RecordsRead",
      client: this.name,
      topic,
      partition: index,
      from: broker,
      highWatermark: answer.highWatermark,
      position: position.offset,
      nextPosition: last.nextOffset,
      batches,
    };
    this.host.emit(event);
    this.subscriptions.moveToEnd(partition);
    const polled = { topic, partition: index, batches: batches.length, ...recordsFrom(batches, position.offset) };
    return { ...polled, nextOffset: last.nextOffset, leaderEpoch: last.partitionLeaderEpoch };
  }

  /** Sends whatever may be sent now, and arms the timer for what has to rest before. */
  private sendRequests(): void {
    const now = this.host.now();
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
    for (const [leader, partitions] of fetchedFrom) {
      if (!this.fetcher.mayFetchFrom(leader)) continue;
      const fetchable: AssignedPartition[] = [];
      for (const partition of partitions) {
        if (partition.buffered || partition.awaitsMetadata) continue;
        if (partition.retryAt > now) nextRetryAt = Math.min(nextRetryAt, partition.retryAt);
        else fetchable.push(partition);
      }
      if (fetchable.length > 0) this.fetcher.send(leader, fetchable);
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

function recordsFrom(batches: readonly RecordBatch[], from: Offset): Pick<PolledRecords, "records" | "offsets"> {
  const records: KafkaRecord[] = [];
  const offsets: Offset[] = [];
  for (const batch of batches) {
    for (const [index, record] of batch.records.entries()) {
      const offset = batch.offsetAt(index);
      if (offset < from) continue;
      records.push(record);
      offsets.push(offset);
    }
  }
  return { records, offsets };
}
