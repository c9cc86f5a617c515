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
import { type Completion, type CompletionHandler, NetworkClient } from "../net/network-client.ts";
import { AssignedPartition } from "./assigned-partition.ts";
import { type CompletedFetch, Fetcher } from "./fetcher.ts";
import { OffsetFetcher, type PartitionListener } from "./offset-fetcher.ts";

export interface Assignment {
  readonly topic: string;
  readonly partitions: "all" | readonly number[];
}

/** The thread that calls poll(). */
export interface ConsumerApplication {
  /** A poll() that returned nothing would return something now, perhaps. */
  onWakeup(): void;
  /** poll() throws. */
  onException(name: string, topic: string, partition: number): void;
}

export class KafkaConsumer implements CompletionHandler, PartitionListener, TimerTarget {
  readonly network: NetworkClient;
  private readonly host: Host;
  private readonly name: string;
  private readonly assignments: readonly Assignment[];
  private readonly application: ConsumerApplication;
  private readonly metadata: MetadataUpdater;
  private readonly offsetFetcher: OffsetFetcher;
  private readonly fetcher: Fetcher;
  /** By topic, in the order of assignment; each by partition. */
  private readonly partitions = new Map<string, AssignedPartition[]>();
  /** Those that wait for a position or for its validation. */
  private readonly unsettled = new Set<AssignedPartition>();
  /** Those that are fetched, by the leader they are fetched from. */
  private byLeader = new Map<NodeName, AssignedPartition[]>();
  private leadersChanged = false;
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
    this.assignments = assignments;
    this.application = options.application;
    const network = new NetworkClient(host, config, config["request.timeout.ms"], this);
    const topics = [...new Set(assignments.map(({ topic }) => topic))];
    const metadata = new MetadataUpdater({ host, config, dials, network, bootstrap, topics, listener: this });
    this.network = network;
    this.metadata = metadata;
    this.offsetFetcher = new OffsetFetcher({ host, name, config, network, metadata, listener: this });
    this.fetcher = new Fetcher({ host, config, network, metadata, listener: this });
    for (const { topic, partitions } of assignments) {
      if (partitions !== "all") for (const partition of partitions) this.assign(topic, partition);
    }
  }

  /**
   * Hands over the records of one partition's fetch, or nothing: then the application waits for a wakeup.
   * Returns how many batches there were.
   */
  poll(): number {
    if (!this.started) this.metadata.requestUpdate();
    this.started = true;
    for (let fetch = this.fetcher.nextWithRecords(); fetch !== undefined; fetch = this.fetcher.nextWithRecords()) {
      const batches = this.handOver(fetch);
      if (batches === 0) continue;
      this.sendRequests();
      this.polling = false;
      return batches;
    }
    this.polling = true;
    this.sendRequests();
    return 0;
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
    const { cache } = this.metadata;
    for (const { topic, partitions } of this.assignments) {
      if (partitions !== "all") continue;
      for (let partition = 0; partition < cache.partitionCount(topic); partition++) this.assign(topic, partition);
    }
    for (const [topic, assigned] of this.partitions) {
      for (const partition of assigned) {
        partition?.onLeaderKnown(cache.leaderOf(topic, partition.partition));
        if (partition !== undefined) partition.awaitsMetadata = false;
      }
    }
    this.leadersChanged = true;
  }

  onMoved(_partition: AssignedPartition): void {
    this.leadersChanged = true;
  }

  onException(name: string, partition: AssignedPartition): void {
    this.application.onException(name, partition.topic, partition.partition);
  }

  onTimer(_timer: Timer): void {
    this.retryTimer = 0;
    this.wakeUp();
  }

  private assign(topic: string, partition: number): void {
    let assigned = this.partitions.get(topic);
    if (assigned === undefined) {
      assigned = [];
      this.partitions.set(topic, assigned);
    }
    if (assigned[partition] !== undefined) return;
    const added = new AssignedPartition(topic, partition);
    assigned[partition] = added;
    this.unsettled.add(added);
  }

  private wakeUp(): void {
    if (this.polling) this.application.onWakeup();
  }

  /** Moves the position past the fetch, and tells of what the application gets: control batches are not for it. */
  private handOver(fetch: CompletedFetch): number {
    const { partition, answer, broker } = fetch;
    const { position } = partition;
    const last = answer.records.at(-1);
    if (position === undefined || last === undefined) return 0;
    partition.position = { ...position, offset: last.nextOffset, offsetEpoch: last.partitionLeaderEpoch };
    const batches = answer.records.filter((batch) => !batch.isControl && batch.nextOffset > position.offset);
    if (batches.length === 0) return 0;
    const event: RecordsRead = {
      kind: "RecordsRead",
      client: this.name,
      topic: partition.topic,
      partition: partition.partition,
      from: broker,
      highWatermark: answer.highWatermark,
      position: position.offset,
      nextPosition: last.nextOffset,
      batches,
    };
    this.host.emit(event);
    this.moveToEnd(partition);
    return batches.length;
  }

  /** Sends whatever may be sent now, and arms the timer for what has to rest before. */
  private sendRequests(): void {
    const now = this.host.now();
    if (this.leadersChanged) this.sortByLeader();
    let nextRetryAt = Number.POSITIVE_INFINITY;
    if (this.unsettled.size > 0) {
      const due: AssignedPartition[] = [];
      for (const partition of this.unsettled) {
        if (partition.asked) continue;
        if (partition.retryAt <= now) due.push(partition);
        else nextRetryAt = Math.min(nextRetryAt, partition.retryAt);
      }
      if (due.length > 0) this.offsetFetcher.ask(due);
    }
    for (const [leader, partitions] of this.byLeader) {
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

  private sortByLeader(): void {
    this.leadersChanged = false;
    this.byLeader = new Map();
    for (const assigned of this.partitions.values()) {
      for (const partition of assigned) {
        if (partition === undefined) continue;
        if (partition.state !== "FETCHING") {
          this.unsettled.add(partition);
          continue;
        }
        this.unsettled.delete(partition);
        const leader = partition.position?.leader.node;
        const group = leader === undefined ? undefined : this.byLeader.get(leader);
        if (leader === undefined) this.metadata.requestUpdate();
        else if (group === undefined) this.byLeader.set(leader, [partition]);
        else group.push(partition);
      }
    }
  }

  /** Behind the others of its leader, so that a response filled by some leaves none out for ever. */
  private moveToEnd(partition: AssignedPartition): void {
    const leader = partition.position?.leader.node;
    const group = leader === undefined ? undefined : this.byLeader.get(leader);
    if (group === undefined || group.length < 2) return;
    const index = group.indexOf(partition);
    if (index < 0) return;
    group.splice(index, 1);
    group.push(partition);
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
