/**
 * A partition as this broker hosts it, in whatever role: the replica, the leader's side while it leads, and who waits here.
 *
 * Waiting requests are looked at when something changes that they may wait for: an append wakes followers, a higher high
 * watermark wakes consumers and acks=all produces, the loss of leadership ends them all. Source: Partition, DelayedOperations.
 */
import type { ErrorCode } from "../errors.ts";
import { report } from "../events.ts";
import { type LeaderEpoch, NONE, type Offset } from "../ids.ts";
import type { RecordBatch } from "../records.ts";
import type { FetchWatch, PartitionAppend } from "./delayed-operations.ts";
import type { PendingIsr } from "./isr.ts";
import type { AlteredPartition, IsrManager, IsrProposer } from "./isr-manager.ts";
import { LeaderReplica } from "./leader-replica.ts";
import type { LocalReplica } from "./local-replica.ts";
import type { PartitionState } from "./partition-state.ts";
import { WatchList } from "./watch-list.ts";

export class Partition implements IsrProposer {
  readonly replica: LocalReplica;
  /** The leader's side; undefined while this broker follows. */
  leading: LeaderReplica | undefined = undefined;
  private readonly proposals: IsrManager;
  /** By ascending required offset. */
  private produces: PartitionAppend[] = [];
  private readonly followerFetches = new WatchList<FetchWatch>();
  private readonly consumerFetches = new WatchList<FetchWatch>();

  constructor(replica: LocalReplica, proposals: IsrManager) {
    this.replica = replica;
    this.proposals = proposals;
  }

  get leaderEpoch(): LeaderEpoch {
    return this.replica.leaderEpoch;
  }

  // ---- roles (3.10) ----

  /** What a proposal's answer has told already may be overtaken by older news. */
  isOutdated(decided: PartitionState): boolean {
    return decided.partitionEpoch < this.replica.partitionEpoch;
  }

  makeLeader(decided: PartitionState): void {
    if (this.isOutdated(decided)) return;
    const newLeader = this.leading === undefined;
    this.leading ??= new LeaderReplica(this.replica, this.proposals, this);
    this.leading.lead(decided, newLeader);
    // It may lead alone.
    this.raiseHighWatermark();
  }

  /** True if the leader epoch rose: then fetching must be begun anew, and what waited here ends. */
  makeFollower(decided: PartitionState): boolean {
    if (this.isOutdated(decided)) return false;
    const { replica } = this;
    const { leader, leaderEpoch, partitionEpoch } = decided;
    const newEpoch = leaderEpoch > replica.leaderEpoch;
    this.leading = undefined;
    replica.leader = leader;
    replica.leaderEpoch = leaderEpoch;
    replica.partitionEpoch = partitionEpoch;
    if (newEpoch) {
      const { topic, partition, context } = replica;
      report(context.host, { kind: "BecameFollower", topic, partition, broker: context.brokerId, leader, leaderEpoch });
    }
    return newEpoch;
  }

  /** The error for a request that names `requested` as its leader epoch (3.9); -1 skips the check. */
  checkLeaderEpoch(requested: LeaderEpoch): ErrorCode {
    const { leaderEpoch, context } = this.replica;
    if (context.logDirFailed) return "KAFKA_STORAGE_ERROR";
    if (requested === NONE || requested === leaderEpoch || !context.dials["replication.fetchEpochFencing"]) return "NONE";
    return requested < leaderEpoch ? "FENCED_LEADER_EPOCH" : "UNKNOWN_LEADER_EPOCH";
  }

  // ---- the leader's log ----

  /** Appends a producer's records (3.1) and notes in `result` what became of it. Nobody is woken yet. */
  appendAsLeader(batch: RecordBatch, acks: number, result: PartitionAppend): void {
    const { leading, replica } = this;
    if (leading === undefined) {
      result.error = "NOT_LEADER_OR_FOLLOWER";
      return;
    }
    if (acks === -1 && leading.isrState.isr.length < leading.minIsr) {
      result.error = "NOT_ENOUGH_REPLICAS";
      return;
    }
    const appended = replica.log.appendAsLeader(batch, replica.leaderEpoch);
    result.error = appended.error;
    if (appended.batch === undefined) return;
    result.baseOffset = appended.batch.baseOffset;
    result.requiredOffset = appended.batch.nextOffset;
    result.logStartOffset = replica.log.logStartOffset;
    result.leaderEpoch = replica.leaderEpoch;
    result.highWatermarkAdvanced = leading.maybeIncrementHighWatermark();
  }

  /** Lets in who waited for what was appended. */
  wakeAfterAppend(result: PartitionAppend): void {
    this.wakeFetches(this.followerFetches, this.replica.log.logEndOffset);
    if (result.highWatermarkAdvanced) this.wakeOnHighWatermark();
  }

  /** The high watermark may have been waiting for this. */
  raiseHighWatermark(): void {
    if (this.leading?.maybeIncrementHighWatermark()) this.wakeOnHighWatermark();
  }

  onIsrAnswer(proposal: PendingIsr, error: ErrorCode, altered: AlteredPartition | undefined): void {
    if (this.leading === undefined) return;
    this.leading.onIsrAnswer(proposal, error, altered);
    if (altered !== undefined) this.raiseHighWatermark();
  }

  // ---- the follower's log ----

  /** What a fetch answer says besides records: how far the leader's log is committed, and where it starts (4.1). */
  followLeader(highWatermark: Offset, logStartOffset: Offset): void {
    const { log } = this.replica;
    // It may go down, when a new leader's own is behind.
    log.updateHighWatermark(highWatermark);
    const changed = this.replica.reportHighWatermark();
    log.advanceLogStartOffset(logStartOffset);
    if (changed) this.wakeFetches(this.consumerFetches, log.highWatermark);
  }

  // ---- who waits ----

  /** Whether an acks=all append is done with, and how (3.2). */
  settleIfCommitted(append: PartitionAppend): boolean {
    const { leading } = this;
    if (leading === undefined) append.settle("NOT_LEADER_OR_FOLLOWER");
    else if (leading.highWatermark < append.requiredOffset) return false;
    else {
      append.isr = leading.isrState.maximalIsr;
      append.settle(leading.minIsr <= append.isr.length ? "NONE" : "NOT_ENOUGH_REPLICAS_AFTER_APPEND");
    }
    return true;
  }

  watchProduce(append: PartitionAppend): void {
    this.produces.push(append);
  }

  watchFetch(watch: FetchWatch, byFollower: boolean): void {
    (byFollower ? this.followerFetches : this.consumerFetches).add(watch);
  }

  /** Ends all that waits: the broker leads no longer, or the replica is gone. */
  endWaiting(error: ErrorCode): void {
    const { produces } = this;
    this.produces = [];
    for (const append of produces) append.settle(error);
    for (const watch of this.followerFetches.take()) watch.operation.complete();
    for (const watch of this.consumerFetches.take()) watch.operation.complete();
  }

  private wakeOnHighWatermark(): void {
    // What completes may let the next request in, which may append here: look at the head anew each time.
    for (let head = this.produces[0]; head !== undefined; head = this.produces[0]) {
      if (head.operation?.completed) this.produces.shift();
      else if (this.leading === undefined || head.requiredOffset > this.leading.highWatermark) break;
      else {
        this.produces.shift();
        this.settleIfCommitted(head);
      }
    }
    this.wakeFetches(this.consumerFetches, this.replica.log.highWatermark);
  }

  private wakeFetches(list: WatchList<FetchWatch>, endOffset: Offset): void {
    if (list.isEmpty) return;
    for (const watch of list.take()) {
      if (watch.operation.completed) continue;
      if (this.satisfies(watch, endOffset)) watch.operation.complete();
      else list.add(watch);
    }
  }

  /** Whether a waiting fetch may be answered, now that it can read up to `endOffset` here (3.11). */
  private satisfies(watch: FetchWatch, endOffset: Offset): boolean {
    const { wanted, operation } = watch;
    // Beyond the end: the log was cut while the fetch waited.
    if (wanted.fetchOffset > endOffset || this.checkLeaderEpoch(wanted.currentLeaderEpoch) === "FENCED_LEADER_EPOCH") return true;
    const { minBytes, replicaState } = operation.request.body;
    if (minBytes <= 1) return wanted.fetchOffset < endOffset;
    let bytes = 0;
    for (const each of operation.watches) bytes += each.partition.bytesFor(each, replicaState.replicaId !== NONE);
    return bytes >= minBytes;
  }

  private bytesFor(watch: FetchWatch, byFollower: boolean): number {
    const { log } = this.replica;
    const { fetchOffset, partitionMaxBytes } = watch.wanted;
    if (fetchOffset < log.logStartOffset) return 0;
    let bytes = 0;
    for (const batch of log.read(fetchOffset, partitionMaxBytes, byFollower ? log.logEndOffset : log.highWatermark)) {
      bytes += batch.sizeInBytes;
    }
    return Math.min(bytes, partitionMaxBytes);
  }
}
