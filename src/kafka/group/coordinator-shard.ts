/**
 * The coordinator of the groups that one partition of __consumer_offsets holds, while this broker leads it.
 *
 * It carries its parts: what they decide it appends to the log, replays in all of them, and tells who waits when it is committed. What
 * was never asked for costs nothing: the parts are made when the first record or the first request comes.
 *
 * Holds here always:
 *   - nothing is written but while this broker leads, without interruption since the log was read
 *   - who waits for a write is told once
 * Source: CoordinatorRuntime.CoordinatorContext, CoordinatorPartitionWriter.
 */
import { ms, US_PER_MS } from "../../base/units.ts";
import type { Host, Timer, TimerTarget } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { Dials } from "../dials.ts";
import type { ErrorCode } from "../errors.ts";
import { report } from "../events.ts";
import type { BrokerId, LeaderEpoch, Offset, TopicPartition } from "../ids.ts";
import type { BrokerMetadataCache } from "../metadata/broker-metadata-cache.ts";
import { type KafkaRecord, type RecordBatch, unstampedBatch } from "../records.ts";
import { PartitionAppend } from "../replica/delayed-operations.ts";
import type { HighWatermarkListener } from "../replica/leadership-listener.ts";
import type { Partition } from "../replica/partition.ts";
import type { ReplicaContext } from "../replica/replica-context.ts";
import { isNewCoordinator } from "./classic/coordinator-line.ts";
import type { CoordinatorRecord } from "./coordinator-records.ts";
import { GroupRegistry } from "./group.ts";
import type { GroupRequest } from "./group-requests.ts";
import { decodeRecord, encodeRecord } from "./record-codec.ts";
import type { ShardContext, WriteWaiter } from "./shard.ts";
import { ShardParts } from "./shard-parts.ts";
import { writeErrorForClient } from "./write-errors.ts";
import { WrittenQueue } from "./written-queue.ts";

/** Closed: this broker leads no longer. */
type ShardState = "loading" | "active" | "closed";

interface ShardTimer extends Timer {
  readonly kind: "group.write-timeout" | "group.committed";
}

export class CoordinatorShard implements ShardContext, HighWatermarkListener, TimerTarget {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly brokerId: BrokerId;
  readonly metadata: BrokerMetadataCache;
  readonly groups = new GroupRegistry();
  readonly partition: number;
  readonly replica: Partition;
  epoch: LeaderEpoch;
  state: ShardState = "loading";
  private readonly written = new WrittenQueue();
  private parts: ShardParts | undefined = undefined;
  /** Where the next record would go that this coordinator writes, or has read. */
  private end: Offset = 0;
  private readonly committedAtStart: Offset;
  private committed: Offset;
  /** Of the next record of this epoch. */
  private sequence = 0;
  private timeoutArmed = false;
  /** An append is under way: what it commits is told of when that has ended. */
  private appending = false;

  constructor(context: ReplicaContext, replica: Partition) {
    this.host = context.host;
    this.config = context.config;
    this.dials = context.dials;
    this.brokerId = context.brokerId;
    this.metadata = context.metadata;
    this.replica = replica;
    this.partition = replica.replica.partition;
    this.epoch = replica.leaderEpoch;
    this.committedAtStart = replica.replica.log.highWatermark;
    this.committed = this.committedAtStart;
    replica.highWatermarkListener = this;
  }

  get active(): boolean {
    return this.state === "active";
  }

  // ---- its life ----

  /** A batch of the log that was there before. */
  replayBatch(batch: RecordBatch): void {
    for (const [i, { key, value }] of batch.records.entries()) {
      if (key !== null) this.partsInUse().replay(decodeRecord({ key, value }), batch.offsetAt(i));
    }
  }

  onLoaded(): void {
    const { log } = this.replica.replica;
    this.state = "active";
    this.end = log.logEndOffset;
    this.committed = log.highWatermark;
    // The same epoch twice: this broker has come back before anybody else was elected.
    if (log.lastBatchEpoch === this.epoch) this.sequence = log.logEndOffset;
    const { brokerId: broker, partition, epoch } = this;
    const groups = this.parts?.groupIds() ?? [];
    report(this.host, { kind: "CoordinatorLoaded", broker, partition, epoch, groups });
    this.parts?.onLoaded(this.committed);
  }

  /** It goes on in a newer epoch, without anybody else having led in between. */
  goOnIn(epoch: LeaderEpoch): void {
    if (epoch === this.epoch) return;
    this.epoch = epoch;
    this.sequence = 0;
  }

  close(): void {
    const { brokerId: broker, partition, epoch, state } = this;
    if (state === "closed") return;
    this.state = "closed";
    if (this.replica.highWatermarkListener === this) this.replica.highWatermarkListener = undefined;
    if (state !== "active") return;
    report(this.host, { kind: "CoordinatorUnloaded", broker, partition, epoch });
    this.written.failAll("NOT_COORDINATOR");
    this.parts?.onUnloaded();
  }

  // ---- what it is told ----

  onRequest(request: GroupRequest): void {
    this.partsInUse().onRequest(request);
  }

  onMetadataChanged(): void {
    if (this.active) this.parts?.onMetadataChanged();
  }

  onPartitionsDeleted(partitions: readonly TopicPartition[]): void {
    if (this.active) this.parts?.onPartitionsDeleted(partitions);
  }

  private partsInUse(): ShardParts {
    if (this.parts === undefined) {
      this.parts = new ShardParts(this, this.committedAtStart);
      if (this.active) this.parts.onLoaded(this.committed);
    }
    return this.parts;
  }

  // ---- writing ----

  write(records: readonly CoordinatorRecord[], waiting?: WriteWaiter): ErrorCode {
    if (!this.active) return this.refuse("NOT_COORDINATOR", waiting);
    if (records.length === 0) {
      if (this.end <= this.committed) waiting?.onWritten("NONE");
      else if (waiting !== undefined) this.await(waiting);
      return "NONE";
    }
    const appended = this.append(records);
    if (appended.error !== "NONE") return this.refuse(writeErrorForClient(appended.error), waiting);
    this.end = appended.requiredOffset;
    const parts = this.partsInUse();
    for (const [i, record] of records.entries()) parts.replay(record, appended.baseOffset + i);
    if (waiting !== undefined) this.await(waiting);
    this.appending = true;
    this.replica.wakeAfterAppend(appended);
    this.appending = false;
    if (this.replica.replica.log.highWatermark > this.committed) this.setTimer(0, "group.committed");
    return "NONE";
  }

  private refuse(error: ErrorCode, waiting: WriteWaiter | undefined): ErrorCode {
    waiting?.onWritten(error);
    return error;
  }

  private append(records: readonly CoordinatorRecord[]): PartitionAppend {
    const { replica, partition } = this;
    const { topic } = replica.replica;
    const appended = new PartitionAppend(topic, partition, replica, "NONE");
    // What the new epoch itself has committed may be answered by a write, before the runtime has heard of the election.
    this.goOnIn(replica.leaderEpoch);
    const timestamp = Math.floor(this.host.now() / US_PER_MS);
    const client = `${topic}-${partition}@${this.epoch}`;
    const batch: KafkaRecord[] = records.map((record, i) => ({
      ...encodeRecord(record),
      timestamp,
      origin: { client, sequence: this.sequence + i },
    }));
    replica.appendAsLeader(unstampedBatch(batch), this.requiredAcks(), appended);
    if (appended.error === "NONE") this.sequence += batch.length;
    return appended;
  }

  /** The old coordinator refuses to write while the ISR is too small; the new one writes and waits. */
  private requiredAcks(): number {
    return isNewCoordinator(this.config) ? 1 : -1;
  }

  // ---- waiting until it is committed ----

  private await(waiter: WriteWaiter): void {
    const timeout = ms(this.config["offsets.commit.timeout.ms"]);
    this.written.add(this.end, this.host.steadyNow() + timeout, waiter);
    if (!this.timeoutArmed) this.armTimeout(timeout);
  }

  onHighWatermark(to: Offset): void {
    if (this.active && !this.appending) this.commitUpTo(to);
  }

  onTimer(timer: Timer): void {
    if (!this.active) return;
    if ((timer as ShardTimer).kind === "group.committed") {
      this.commitUpTo(this.replica.replica.log.highWatermark);
      return;
    }
    this.timeoutArmed = false;
    const now = this.host.steadyNow();
    this.written.failUpTo(now, isNewCoordinator(this.config) ? writeErrorForClient("REQUEST_TIMED_OUT") : "REQUEST_TIMED_OUT");
    const next = this.written.nextDeadline;
    if (next !== undefined) this.armTimeout(next - now);
  }

  private commitUpTo(to: Offset): void {
    if (to <= this.committed) return;
    this.committed = to;
    this.parts?.onCommitted(to);
    this.written.completeUpTo(to);
  }

  private armTimeout(delay: number): void {
    this.timeoutArmed = true;
    this.setTimer(delay, "group.write-timeout");
  }

  private setTimer(delay: number, kind: ShardTimer["kind"]): void {
    const timer: ShardTimer = { kind, target: this };
    this.host.setTimer(delay, timer);
  }
}
