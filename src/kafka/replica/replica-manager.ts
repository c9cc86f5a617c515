/**
 * Everything that a broker does with partitions: it hosts them, serves producers, consumers and followers, and follows others.
 *
 * What the metadata says is applied batch by batch: first what goes, then what this broker leads, then what it follows (B4).
 * Source: ReplicaManager, ReplicaFetcherManager, LocalReplicaChanges.
 */
import { assert } from "../../base/assert.ts";
import { ms } from "../../base/units.ts";
import type { DiskOperation, DiskTarget, Timer, TimerTarget } from "../../sim/host.ts";
import { report } from "../events.ts";
import { type BrokerEpoch, type BrokerId, NONE, type TopicId } from "../ids.ts";
import type { MetadataImage, PartitionRegistration } from "../metadata/image.ts";
import type { AnyPendingRequest } from "../net/request-channel.ts";
import { AlterPartitionManager } from "./alter-partition-manager.ts";
import { FetchHandler } from "./fetch-handler.ts";
import { HostedPartitions } from "./hosted-partitions.ts";
import type { LocalReplica } from "./local-replica.ts";
import { LogDirectory } from "./log-directory.ts";
import { OffsetsHandler } from "./offsets-handler.ts";
import { Partition } from "./partition.ts";
import { ProduceHandler } from "./produce-handler.ts";
import { ReplicaContext, type ReplicaManagerOptions } from "./replica-context.ts";
import { ReplicaFetcher } from "./replica-fetcher.ts";

interface ChangedPartition {
  readonly topic: string;
  readonly topicId: TopicId;
  readonly partition: number;
}

/** What a change makes of a partition here. */
interface LocalChange extends ChangedPartition {
  readonly registration: PartitionRegistration;
}

export class ReplicaManager implements TimerTarget, DiskTarget {
  private readonly context: ReplicaContext;
  private readonly logDirectory: LogDirectory;
  private readonly partitions: HostedPartitions;
  private readonly proposals: AlterPartitionManager;
  private readonly produces: ProduceHandler;
  private readonly fetches: FetchHandler;
  private readonly offsets: OffsetsHandler;
  /** By leader, in order of first need. */
  private readonly fetchers = new Map<BrokerId, ReplicaFetcher>();
  private metadataKnown = false;
  private serving = false;

  constructor(options: ReplicaManagerOptions) {
    this.context = new ReplicaContext(options);
    this.logDirectory = new LogDirectory(this.context);
    this.partitions = new HostedPartitions(this.context);
    this.proposals = new AlterPartitionManager(this.context);
    this.produces = new ProduceHandler(this.context, this.partitions);
    this.fetches = new FetchHandler(this.context, this.partitions);
    this.offsets = new OffsetsHandler(this.partitions);
  }

  /** The epoch under which the last incarnation shut down cleanly; -1 if it did not. */
  get previousBrokerEpoch(): BrokerEpoch {
    return this.logDirectory.previousBrokerEpoch;
  }

  startup(): void {
    this.logDirectory.startup();
    this.scheduleIsrCheck();
  }

  partition(topic: string, partition: number): Partition | undefined {
    return this.partitions.get(topic, partition);
  }

  onRequest(request: AnyPendingRequest): void {
    switch (request.api) {
      case "Produce":
        this.produces.onRequest(request);
        return;
      case "Fetch":
        this.fetches.onRequest(request);
        return;
      case "ListOffsets":
        this.offsets.onListOffsets(request);
        return;
      case "OffsetForLeaderEpoch":
        this.offsets.onOffsetForLeaderEpoch(request);
        return;
      default:
        assert(false, `${request.api} is not for the replica manager`);
    }
  }

  /** The broker is told to stop: all logs are flushed, and the next start finds them as they are. */
  shutdownCleanly(brokerEpoch: BrokerEpoch): void {
    for (const fetcher of this.fetchers.values()) fetcher.close();
    this.fetchers.clear();
    this.logDirectory.shutdownCleanly(brokerEpoch);
  }

  // ---- the ISR check ----

  /** Twice per lag time, so that a dead follower leaves after one to one and a half times of it (3.5). */
  private scheduleIsrCheck(): void {
    const { host, config } = this.context;
    host.setTimer(Math.floor(ms(config["replica.lag.time.max.ms"]) / 2), { kind: "replica.isr-expiration", target: this });
  }

  onTimer(_timer: Timer): void {
    for (const partition of this.partitions.all()) partition.leading?.maybeShrinkIsr();
    this.scheduleIsrCheck();
  }

  /** Its parts ask the disk for themselves. */
  onDiskDone(operation: DiskOperation, _ok: boolean): void {
    assert(false, `${operation.kind} is not the replica manager's`);
  }

  // ---- metadata ----

  /** The first call must bring all partitions, with the metadata caught up; then each brings what changed since. */
  applyMetadata(image: MetadataImage, changed: readonly ChangedPartition[]): void {
    const { context } = this;
    context.image = image;
    if (context.logDirFailed) return;
    if (!this.metadataKnown) {
      this.metadataKnown = true;
      this.deleteStrays();
      this.logDirectory.startHighWatermarkCheckpoints();
    }
    const leaders: LocalChange[] = [];
    const followers: LocalChange[] = [];
    for (const change of changed) {
      const registration = image.topicById(change.topicId)?.partitions[change.partition];
      if (registration === undefined || !registration.replicas.includes(context.brokerId)) this.stop(change);
      else if (registration.leader !== context.brokerId) followers.push({ ...change, registration });
      else if (this.serving) leaders.push({ ...change, registration });
      else this.stopFetching(this.host(change));
    }
    for (const change of leaders) this.becomeLeader(change);
    this.becomeFollowers(followers);
    this.closeIdleFetchers();
  }

  /**
   * The controller has unfenced this broker, and requests come in from now on: it takes the offices that the
   * metadata gives it. Before, nobody could reach it as a leader; an office of its last incarnation is gone by now.
   */
  startServing(): void {
    const { image, brokerId } = this.context;
    this.serving = true;
    for (const { name, id, partitions } of image.topics()) {
      for (const [partition, registration] of partitions.entries()) {
        if (registration.leader === brokerId) this.becomeLeader({ topic: name, topicId: id, partition, registration });
      }
    }
  }

  /** What was deleted, or moved away, while this broker was down. Source: LogManager.isStrayKraftReplica. */
  private deleteStrays(): void {
    const { image, brokerId } = this.context;
    for (const replica of [...this.logDirectory.all()]) {
      const registration = image.topicById(replica.topicId)?.partitions[replica.partition];
      if (registration === undefined || !registration.replicas.includes(brokerId)) this.logDirectory.delete(replica);
    }
  }

  private stop({ topic, topicId, partition: index }: ChangedPartition): void {
    const partition = this.partitions.get(topic, index);
    if (partition === undefined || partition.replica.topicId !== topicId) return;
    const { host, brokerId } = this.context;
    this.stopFetching(partition);
    this.partitions.remove(topic, index);
    partition.leading = undefined;
    report(host, { kind: "ReplicaStopped", topic, partition: index, broker: brokerId });
    const gone = this.context.image.partition(topic, index) === undefined;
    partition.endWaiting(gone ? "UNKNOWN_TOPIC_OR_PARTITION" : "NOT_LEADER_OR_FOLLOWER");
    this.logDirectory.delete(partition.replica);
  }

  private becomeLeader(change: LocalChange): void {
    const partition = this.host(change);
    if (!isNews(partition.replica, change.registration)) return;
    this.stopFetching(partition);
    partition.makeLeader(change.registration);
  }

  private becomeFollowers(changes: readonly LocalChange[]): void {
    const inNewEpoch: Partition[] = [];
    for (const change of changes) {
      const { registration } = change;
      const partition = this.host(change);
      if (!isNews(partition.replica, registration)) continue;
      const newEpoch = partition.makeFollower(registration);
      const leaving = this.leavesDuringShutdown(registration);
      if (newEpoch || leaving) this.stopFetching(partition);
      if (newEpoch && !leaving) this.startFetching(partition);
      if (newEpoch) inNewEpoch.push(partition);
    }
    // All that one leader has for us goes into one request.
    for (const fetcher of this.fetchers.values()) fetcher.wake();
    for (const partition of inNewEpoch) partition.endWaiting("NOT_LEADER_OR_FOLLOWER");
  }

  /** While it hands over what it led, a broker stops following where it is out of the ISR or there is nobody to follow. */
  private leavesDuringShutdown(registration: PartitionRegistration): boolean {
    const { image, brokerId } = this.context;
    const own = image.broker(brokerId);
    // What the metadata says of an earlier incarnation of this broker is not about this one.
    if (own === undefined || own.epoch !== this.context.controller.brokerEpoch() || !own.inControlledShutdown) return false;
    return registration.leader === NONE || !registration.isr.includes(brokerId);
  }

  /** The partition, made here if it is new. Its settings may be what changed. */
  private host({ topic, topicId, partition: index }: ChangedPartition): Partition {
    let partition = this.partitions.get(topic, index);
    if (partition === undefined) {
      partition = new Partition(this.logDirectory.openOrCreate(topic, index, topicId), this.proposals);
      this.partitions.add(topic, index, partition);
    }
    partition.replica.config.update(this.context.image.topicConfig(topic));
    return partition;
  }

  // ---- fetchers ----

  private startFetching(partition: Partition): void {
    const { leader } = partition.replica;
    const node = this.context.topology.brokers.find(({ id }) => id === leader)?.node;
    if (node === undefined || this.context.image.broker(leader) === undefined) return;
    let fetcher = this.fetchers.get(leader);
    if (fetcher === undefined) {
      fetcher = new ReplicaFetcher(this.context, node);
      this.fetchers.set(leader, fetcher);
    }
    fetcher.add(partition);
  }

  private stopFetching(partition: Partition): void {
    for (const fetcher of this.fetchers.values()) fetcher.remove(partition);
  }

  private closeIdleFetchers(): void {
    for (const [leader, fetcher] of this.fetchers) {
      if (!fetcher.isIdle) continue;
      fetcher.close();
      this.fetchers.delete(leader);
    }
  }
}

/** What the controller's answer to a proposal already told is no news when the metadata brings it. */
function isNews(replica: LocalReplica, registration: PartitionRegistration): boolean {
  return registration.partitionEpoch !== replica.partitionEpoch || registration.leaderEpoch !== replica.leaderEpoch;
}
