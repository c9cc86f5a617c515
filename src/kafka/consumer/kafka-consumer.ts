/**
 * The consumer as an application sees it: partitions assigned by hand, or by a group, and poll().
 *
 * Fetches go out only while the application is inside poll(), and once more when poll() returns records, so that the next
 * ones travel while these are worked on. A poll() that has nothing to return lasts until it has: the application calls it again
 * when it is woken up, and is inside it meanwhile. Not modelled yet: read_committed. Source: ClassicKafkaConsumer.
 */
import { assert, fail } from "../../base/assert.ts";
import type { Micros } from "../../base/units.ts";
import type { Connection, Host, Message, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import { MetadataUpdater } from "../client/metadata-updater.ts";
import type { ConsumerConfig } from "../config/client-config.ts";
import type { Dials } from "../dials.ts";
import type { RecordsRead } from "../events.ts";
import type { CommittedOffset, ConsumerPositionSet } from "../group-events.ts";
import { NONE, type Offset, partitionName, type TopicPartition } from "../ids.ts";
import { type Completion, type CompletionHandler, NetworkClient } from "../net/network-client.ts";
import type { ConsumerApi, ConsumerApplication, PolledRecords } from "./application.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import { type FetchedRecords, recordsOf } from "./completed-fetch.ts";
import { ConsumerCoordinator } from "./consumer-coordinator.ts";
import { Fetcher } from "./fetcher.ts";
import { OffsetFetcher, type PartitionListener } from "./offset-fetcher.ts";
import { type Assignment, type GroupSubscription, SubscriptionState } from "./subscription-state.ts";

const NOTHING: readonly PolledRecords[] = Object.freeze([]);

export class KafkaConsumer implements ConsumerApi, CompletionHandler, PartitionListener, TimerTarget {
  private readonly host: Host;
  private readonly name: string;
  private readonly config: ConsumerConfig;
  private readonly application: ConsumerApplication;
  private readonly metadata: MetadataUpdater;
  private readonly offsetFetcher: OffsetFetcher;
  private readonly fetcher: Fetcher;
  readonly subscriptions: SubscriptionState;
  /** Undefined for a consumer that is in no group. */
  readonly group: ConsumerCoordinator | undefined;
  /** The application is inside poll(). */
  private polling = false;
  /** poll() is running, not waiting. */
  private busy = false;
  /** Something has happened while it ran. */
  private again = false;
  private started = false;
  /** Metadata has been refreshed since poll() has looked who leads. */
  private leadersAreNews = false;
  private retryTimer: TimerId = 0;
  private retryAt: Micros = 0;

  constructor(options: {
    readonly host: Host;
    readonly name: string;
    readonly config: ConsumerConfig;
    readonly dials: Dials;
    /** By hand. */
    readonly assignments?: readonly Assignment[];
    /** In place of them. */
    readonly group?: GroupSubscription;
    readonly bootstrap: readonly NodeName[];
    readonly application: ConsumerApplication;
  }) {
    const { host, name, config, dials, bootstrap, application, group, assignments = [] } = options;
    this.host = host;
    this.name = name;
    this.config = config;
    this.application = application;
    const network = new NetworkClient(host, config, config["request.timeout.ms"], this);
    const topics = group?.topics ?? [...new Set(assignments.map(({ topic }) => topic))];
    const metadata = new MetadataUpdater({ host, config, dials, network, bootstrap, topics, listener: this });
    this.metadata = metadata;
    this.offsetFetcher = new OffsetFetcher({ host, name, config, dials, network, metadata, listener: this });
    this.fetcher = new Fetcher({ host, config, dials, network, metadata, listener: this });
    const { offsetFetcher } = this;
    const subscriptions = new SubscriptionState(assignments, group);
    this.subscriptions = subscriptions;
    const shared = { host, name, config, dials, network, metadata, subscriptions, offsetFetcher, application };
    this.group = group === undefined ? undefined : new ConsumerCoordinator({ ...shared, group, consumer: this });
  }

  get groupMetadata(): ConsumerApi["groupMetadata"] {
    const { groupId = "", memberId = "", generation = NONE } = this.group?.membership ?? {};
    return { groupId, memberId, generation };
  }

  poll(): readonly PolledRecords[] {
    if (!this.started) this.metadata.requestUpdate();
    this.started = true;
    if (this.group !== undefined) return this.pollInGroup(this.group);
    const fetched = this.fetcher.collect(this.config["max.poll.records"]);
    this.polling = fetched === undefined;
    const records = fetched === undefined ? [] : [this.handOver(fetched)];
    this.sendRequests(true, true);
    return records;
  }

  commitSync(offsets: readonly CommittedOffset[] | null): void {
    this.inGroup().commitSync(offsets);
  }

  commitAsync(offsets: readonly CommittedOffset[] | null): void {
    this.inGroup().commitAsync(offsets);
  }

  callbackReturned(): void {
    this.inGroup().callbackReturned();
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.assigned(partition).paused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.assigned(partition).paused = false;
  }

  seek(to: TopicPartition, offset: Offset): void {
    const partition = this.assigned(to);
    this.offsetFetcher.seek(partition, offset);
    if (this.group === undefined) return;
    const { groupId, memberId, generation } = this.group.membership;
    const event: ConsumerPositionSet = {
      kind: "ConsumerPositionSet",
      source: "seek",
      group: groupId,
      client: this.name,
      member: memberId,
      generation,
      topic: to.topic,
      partition: to.partition,
      offset,
      leaderEpoch: NONE,
    };
    this.host.emit(event);
  }

  position(partition: TopicPartition): Offset {
    const assigned = this.assigned(partition);
    return assigned.state === "FETCHING" ? assigned.offset : NONE;
  }

  close(): void {
    this.polling = false;
    if (this.group === undefined) this.application.onClosed();
    else this.group.close();
  }

  onConnected(connection: Connection): void {
    (connection.attachment as NetworkClient).onConnected(connection);
  }

  onMessage(connection: Connection, message: Message): void {
    (connection.attachment as NetworkClient).onMessage(connection, message);
  }

  onDisconnected(connection: Connection): void {
    (connection.attachment as NetworkClient).onDisconnected(connection);
  }

  onCompletion(completion: Completion): void {
    if (completion.api === "Metadata") this.metadata.onCompletion(completion);
    else if (completion.api === "Fetch") this.fetcher.onCompletion(completion);
    else if (completion.api === "ListOffsets") this.offsetFetcher.onListOffsets(completion);
    else if (completion.api === "OffsetForLeaderEpoch") this.offsetFetcher.onOffsetForLeaderEpoch(completion);
    else if (this.group !== undefined) {
      this.group.onCompletion(completion);
      return;
    }
    this.wakeUp();
  }

  onConnectivity(_peer: NodeName, change: "ready" | "lost" | "available"): void {
    this.metadata.onConnectivity(change);
    if (change === "available") this.wakeUp();
  }

  onMetadataUpdated(): void {
    this.subscriptions.onMetadataUpdated(this.metadata.cache);
    this.fetcher.onMetadataUpdated();
    this.leadersAreNews = true;
    if (this.group === undefined) this.followLeaders();
    else this.group.onMetadataUpdated();
  }

  /** A member does so within poll() only, after it has committed: what is to be validated is not committed. */
  private followLeaders(): void {
    if (!this.leadersAreNews) return;
    this.leadersAreNews = false;
    for (const partition of this.subscriptions.assigned()) this.offsetFetcher.followLeader(partition);
  }

  onMoved(_partition: AssignedPartition): void {
    this.subscriptions.onMoved();
  }

  onException(name: string, partition: AssignedPartition): void {
    const detail = partitionName(partition.topic, partition.partition);
    if (this.group === undefined) this.application.onException(name, detail);
    else this.group.raise(name, detail);
  }

  onTimer(_timer: Timer): void {
    this.retryTimer = 0;
    this.wakeUp();
  }

  /** poll() would do something now. */
  wakeUp(): void {
    if (!this.polling || this.group?.isBlocked === true) return;
    if (this.busy) this.again = true;
    else this.application.onWakeup();
  }

  /** The group comes first; what is fetched is handed over even while the member is about to join. */
  private pollInGroup(group: ConsumerCoordinator): readonly PolledRecords[] {
    assert(!group.isBlocked, `${this.name} polls in the middle of a callback or of commitSync`);
    this.polling = true;
    this.busy = true;
    let records = NOTHING;
    let failure: ReturnType<ConsumerCoordinator["takeFailure"]>;
    do {
      this.again = false;
      const hasJoined = group.poll();
      failure = group.takeFailure();
      if (failure !== undefined || group.isBlocked) break;
      if (hasJoined) this.followLeaders();
      const resets = hasJoined && group.initWithCommittedOffsetsIfNeeded();
      records = this.collect();
      this.sendRequests(hasJoined, resets);
    } while (this.again && records.length === 0);
    this.busy = false;
    if (failure === undefined && records.length === 0) return records;
    this.polling = false;
    group.onPollReturned();
    if (failure !== undefined) this.application.onException(failure.name, failure.detail);
    return records;
  }

  /** From as many partitions as it takes. */
  private collect(): readonly PolledRecords[] {
    let polled: PolledRecords[] | undefined;
    for (let left = this.config["max.poll.records"]; left > 0; ) {
      const fetched = this.fetcher.collect(left);
      if (fetched === undefined) break;
      left -= fetched.count;
      const records = this.handOver(fetched);
      if (polled === undefined) polled = [records];
      else polled.push(records);
    }
    return polled ?? NOTHING;
  }

  private inGroup(): ConsumerCoordinator {
    return this.group ?? fail(`${this.name} is in no group`);
  }

  private assigned(partition: TopicPartition): AssignedPartition {
    return (
      this.subscriptions.get(partition) ?? fail(`${this.name} has no ${partitionName(partition.topic, partition.partition)}`)
    );
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
    const { records, offsets, leaderEpochs } = recordsOf(fetched);
    return {
      topic,
      partition: index,
      batches: batches.length,
      records,
      offsets,
      leaderEpochs,
      nextOffset: nextPosition,
      leaderEpoch,
    };
  }

  /**
   * Sends whatever may be sent now, and arms the timer for what has to rest before. `validates`: positions are validated, too;
   * `resets`: and those that are missing are asked for.
   */
  private sendRequests(validates: boolean, resets: boolean): void {
    const now = this.host.now();
    this.fetcher.endLeases();
    const fetchedFrom = this.subscriptions.fetchedFrom(this.metadata);
    const { unsettled } = this.subscriptions;
    let nextRetryAt = Number.POSITIVE_INFINITY;
    if (validates && unsettled.size > 0) {
      const due: AssignedPartition[] = [];
      for (const partition of unsettled) {
        if (partition.asked || partition.state === "INITIALIZING") continue;
        if (partition.state === "AWAIT_RESET" && !resets) continue;
        if (partition.retryAt <= now) due.push(partition);
        else nextRetryAt = Math.min(nextRetryAt, partition.retryAt);
      }
      if (due.length > 0) this.offsetFetcher.ask(due);
    }
    for (const [node, partitions] of fetchedFrom) {
      if (!this.fetcher.mayFetchFrom(node)) continue;
      let fetchable: AssignedPartition[] | undefined;
      for (const partition of partitions) {
        if (partition.buffered || partition.awaitsMetadata || !partition.isFetchable) continue;
        if (partition.retryAt > now) nextRetryAt = Math.min(nextRetryAt, partition.retryAt);
        else if (fetchable === undefined) fetchable = [partition];
        else fetchable.push(partition);
      }
      if (fetchable !== undefined) this.fetcher.send(node, fetchable);
    }
    const dueIn = this.group?.dueIn ?? 0;
    this.armRetry(dueIn > 0 ? Math.min(nextRetryAt, now + dueIn) : nextRetryAt, now);
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
