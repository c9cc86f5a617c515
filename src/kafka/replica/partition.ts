/**
 * A partition as this broker hosts it, in whatever role: the replica, the leader's side while it leads, and who waits here.
 *
 * Waiting requests are looked at when something changes that they may wait for: an append wakes followers, a higher high
 * watermark wakes consumers and acks=all produces, the loss of leadership ends them all. Source: Partition, DelayedOperations.
 */
import type { ErrorCode } from "../errors.ts";
import { report } from "../events.ts";
import { type LeaderEpoch, NONE, type Offset } from "../ids.ts";
import type { FetchPartition } from "../messages/fetch.ts";
import type { RecordBatch } from "../records.ts";
import type { DelayedFetch, PartitionAppend } from "./delayed-operations.ts";
import type { FetchedPartition } from "./fetch-session.ts";
import type { PendingIsr } from "./isr.ts";
import type { AlteredPartition, IsrManager, IsrProposer } from "./isr-manager.ts";
import { LeaderReplica } from "./leader-replica.ts";
import type { HighWatermarkListener } from "./leadership-listener.ts";
import type { LocalReplica, ReplicaListener } from "./local-replica.ts";
import type { PartitionState } from "./partition-state.ts";

const NO_FETCHES: readonly FetchedPartition[] = Object.freeze([]);

export class Partition implements IsrProposer, ReplicaListener {
  readonly replica: LocalReplica;
  /** The leader's side; undefined while this broker follows. */
  leading: LeaderReplica | undefined = undefined;
  private readonly proposals: IsrManager;
  /** By ascending required offset. */
  private produces: PartitionAppend[] = [];
  /** Of those who fetch it: they wait for something to happen here, or have no need to look before. Replaced, never changed. */
  private fetches = NO_FETCHES;
  /** Hears when the high watermark has risen here as the leader's. */
  highWatermarkListener: HighWatermarkListener | undefined = undefined;
  /** Its own fetching, while it follows. */
  private following: ReplicaListener | undefined = undefined;

  constructor(replica: LocalReplica, proposals: IsrManager) {
    this.replica = replica;
    this.proposals = proposals;
    replica.listener = this;
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
    this.onReplicaChanged();
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
    this.onReplicaChanged();
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
    this.wakeFetches(true, this.replica.log.logEndOffset);
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
    if (changed) this.wakeFetches(false, log.highWatermark);
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

  addFetch(fetched: FetchedPartition): void {
    this.fetches = [...this.fetches, fetched];
  }

  removeFetch(fetched: FetchedPartition): void {
    this.fetches = this.fetches.filter((known) => known !== fetched);
  }

  /** From now on `following` copies it from its leader; undefined: nobody does. */
  followBy(following: ReplicaListener | undefined): void {
    this.following = following;
  }

  onReplicaChanged(): void {
    for (const fetched of this.fetches) fetched.wake();
    this.following?.onReplicaChanged();
  }

  /** Ends all that waits: the broker leads no longer, or the replica is gone. */
  endWaiting(error: ErrorCode): void {
    const { produces } = this;
    this.produces = [];
    this.onReplicaChanged();
    for (const append of produces) append.settle(error);
    for (const { session } of [...this.waitingFetches(true), ...this.waitingFetches(false)]) session.waiting?.complete();
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
    this.wakeFetches(false, this.replica.log.highWatermark);
    this.highWatermarkListener?.onHighWatermark(this.replica.log.highWatermark);
  }

  private wakeFetches(byFollower: boolean, endOffset: Offset): void {
    for (const fetched of this.waitingFetches(byFollower)) {
      const { waiting } = fetched.session;
      if (waiting !== undefined && this.satisfies(waiting, fetched, endOffset)) waiting.complete();
    }
  }

  /** Those that have waited longest first. */
  private waitingFetches(byFollower: boolean): readonly FetchedPartition[] {
    let waiting: FetchedPartition[] | undefined;
    for (const fetched of this.fetches) {
      const { session } = fetched;
      if (session.waiting === undefined || session.byFollower !== byFollower) continue;
      if (waiting === undefined) waiting = [fetched];
      else waiting.push(fetched);
    }
    if (waiting === undefined) return NO_FETCHES;
    return waiting.length > 1 ? waiting.sort(byArrival) : waiting;
  }

  /** Whether a waiting fetch may be answered, now that it can read up to `endOffset` here (3.11). */
  private satisfies(waiting: DelayedFetch, { wanted, session }: FetchedPartition, endOffset: Offset): boolean {
    // Beyond the end: the log was cut while the fetch waited.
    if (wanted.fetchOffset > endOffset || this.checkLeaderEpoch(wanted.currentLeaderEpoch) === "FENCED_LEADER_EPOCH") return true;
    const { minBytes } = waiting.request.body;
    return minBytes <= 1 ? wanted.fetchOffset < endOffset : session.availableBytes() >= minBytes;
  }

  /** What a fetch could read here. */
  availableBytes({ fetchOffset, partitionMaxBytes }: FetchPartition, byFollower: boolean): number {
    const { log } = this.replica;
    if (fetchOffset < log.logStartOffset) return 0;
    let bytes = 0;
    for (const batch of log.read(fetchOffset, partitionMaxBytes, byFollower ? log.logEndOffset : log.highWatermark)) {
      bytes += batch.sizeInBytes;
    }
    return Math.min(bytes, partitionMaxBytes);
  }
}

function byArrival(a: FetchedPartition, b: FetchedPartition): number {
  return (a.session.waiting?.number ?? 0) - (b.session.waiting?.number ?? 0);
}
