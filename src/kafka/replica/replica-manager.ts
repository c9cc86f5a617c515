/**
 * Everything that a broker does with partitions: it hosts them, serves producers, consumers and followers, and follows others.
 *
 * What is to be hosted, and in what role, others say: the metadata log (BrokerMetadataPublisher), or the orders of ZooKeeper
 * mode's controller (ControlRequests). Both use the verbs below. Source: ReplicaManager.
 */
import { assert } from "../../base/assert.ts";
import { ms } from "../../base/units.ts";
import type { DiskOperation, DiskTarget, Timer, TimerTarget } from "../../sim/host.ts";
import { report } from "../events.ts";
import type { BrokerEpoch, TopicId } from "../ids.ts";
import type { AnyPendingRequest } from "../net/request-channel.ts";
import { FetchHandler } from "./fetch-handler.ts";
import { HostedPartitions } from "./hosted-partitions.ts";
import type { IsrManager } from "./isr-manager.ts";
import type { LeadershipListener } from "./leadership-listener.ts";
import type { LocalReplica } from "./local-replica.ts";
import { LogDirectory } from "./log-directory.ts";
import { LogMaintenance } from "./log-maintenance.ts";
import { OffsetsHandler } from "./offsets-handler.ts";
import { Partition } from "./partition.ts";
import type { PartitionState } from "./partition-state.ts";
import { ProduceHandler } from "./produce-handler.ts";
import type { ReplicaContext } from "./replica-context.ts";
import { ReplicaFetchers } from "./replica-fetchers.ts";

export class ReplicaManager implements TimerTarget, DiskTarget {
  leadershipListener: LeadershipListener | undefined = undefined;
  private readonly context: ReplicaContext;
  private readonly logDirectory: LogDirectory;
  private readonly maintenance: LogMaintenance;
  private readonly partitions: HostedPartitions;
  private readonly isr: IsrManager;
  private readonly produces: ProduceHandler;
  private readonly fetches: FetchHandler;
  private readonly offsets: OffsetsHandler;
  private readonly fetchers: ReplicaFetchers;

  constructor(context: ReplicaContext, isr: IsrManager) {
    this.context = context;
    this.isr = isr;
    this.logDirectory = new LogDirectory(context);
    this.maintenance = new LogMaintenance(context, this.logDirectory);
    this.partitions = new HostedPartitions(context);
    this.produces = new ProduceHandler(context, this.partitions);
    this.fetches = new FetchHandler(context, this.partitions);
    this.offsets = new OffsetsHandler(this.partitions);
    this.fetchers = new ReplicaFetchers(context, this.partitions);
  }

  /** The epoch under which the last incarnation shut down cleanly; -1 if it did not. */
  get previousBrokerEpoch(): BrokerEpoch {
    return this.logDirectory.previousBrokerEpoch;
  }

  startup(): void {
    this.logDirectory.startup();
    this.maintenance.startup();
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
    this.fetchers.close();
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

  // ---- what is on the disk ----

  /** Whose partitions the disk holds; known before they are opened. */
  topicsOnDisk(): ReadonlySet<string> {
    return this.logDirectory.topics();
  }

  /** Found at start-up, or hosted since; in order of opening. */
  replicasOnDisk(): Iterable<LocalReplica> {
    return this.logDirectory.all();
  }

  replicaOnDisk(topic: string, index: number): LocalReplica | undefined {
    return this.logDirectory.find(topic, index);
  }

  /** Of replicas that are not hosted. */
  deleteFromDisk(replicas: readonly LocalReplica[]): void {
    this.logDirectory.delete(replicas);
  }

  startHighWatermarkCheckpoints(): void {
    this.logDirectory.startHighWatermarkCheckpoints();
  }

  // ---- roles (3.10) ----

  /** The partition, made here if it is new. Its settings may be what changed. */
  host(topic: string, topicId: TopicId, index: number): Partition {
    let partition = this.partitions.get(topic, index);
    if (partition === undefined) {
      partition = new Partition(this.logDirectory.openOrCreate(topic, index, topicId), this.isr);
      partition.replica.hosted = true;
      this.partitions.add(topic, index, partition);
    }
    partition.replica.config.update(this.context.metadata.topicConfig(topic));
    return partition;
  }

  becomeLeader(partition: Partition, decided: PartitionState): void {
    this.fetchers.remove(partition);
    partition.makeLeader(decided);
    if (partition.leading !== undefined) this.leadershipListener?.onLeading(partition);
  }

  /** True if the leader epoch rose: {@link beginFollowing} must then be called. `fetches`: whether it may copy from the leader. */
  becomeFollower(partition: Partition, decided: PartitionState, fetches: boolean): boolean {
    const newEpoch = partition.makeFollower(decided);
    if (partition.leading === undefined) this.leadershipListener?.onNotLeading(partition);
    if (newEpoch || !fetches) this.fetchers.remove(partition);
    if (newEpoch && fetches) this.fetchers.add(partition);
    return newEpoch;
  }

  /** Fetching begins for all that was added, and what waited at those that follow in a new epoch ends. */
  beginFollowing(inNewEpoch: readonly Partition[]): void {
    this.fetchers.wake();
    for (const partition of inNewEpoch) partition.endWaiting("NOT_LEADER_OR_FOLLOWER");
  }

  isFetching(partition: Partition): boolean {
    return this.fetchers.has(partition);
  }

  /** It goes on being hosted, and copies nothing any more. */
  stopFetching(partition: Partition): void {
    this.fetchers.remove(partition);
  }

  /** The replica is not this broker's any more. Its log stays, for {@link deleteFromDisk}. */
  stop(partition: Partition): void {
    const { replica } = partition;
    const { topic, partition: index } = replica;
    const { host, brokerId, metadata } = this.context;
    this.fetchers.remove(partition);
    this.partitions.remove(topic, index);
    partition.leading = undefined;
    replica.hosted = false;
    report(host, { kind: "ReplicaStopped", topic, partition: index, broker: brokerId });
    this.leadershipListener?.onNotLeading(partition);
    const gone = metadata.partition(topic, index) === undefined;
    partition.endWaiting(gone ? "UNKNOWN_TOPIC_OR_PARTITION" : "NOT_LEADER_OR_FOLLOWER");
  }

  closeIdleFetchers(): void {
    this.fetchers.closeIdle();
  }
}
