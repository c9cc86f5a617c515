/**
 * What the leader of an epoch knows: how far each voter has got, who has fetched lately, what is committed, what waits to be written.
 *
 * Check quorum (KAFKA-15489, 3.7): a leader that a majority, itself counted, has not fetched from within 1.5 fetch timeouts
 * must assume that the others have gone on without it, and resigns. The only voter of a quorum has nobody to wait for.
 *
 * Source: LeaderState.
 */
import type { Micros } from "../../base/units.ts";
import type { Dials } from "../dials.ts";
import { type LeaderEpoch, NONE, type Offset, type ReplicaId } from "../ids.ts";
import type { BatchAccumulator } from "./batch-accumulator.ts";
import { highWatermarkOf, preferredSuccessors } from "./high-watermark.ts";

interface VoterProgress {
  readonly id: ReplicaId;
  endOffset: Offset;
  /** Infinitely long ago if it has not fetched in this epoch. */
  lastFetchAt: Micros;
}

export class LeaderState {
  readonly epoch: LeaderEpoch;
  /** The offset of this epoch's LeaderChange record. */
  readonly epochStartOffset: Offset;
  readonly accumulator: BatchAccumulator;
  private readonly self: ReplicaId;
  /** Ascending by id. */
  private readonly voters: readonly VoterProgress[];
  private readonly requiresEpochStart: Dials["kraft.hwRequiresEpochStart"];
  private readonly checkQuorumTimeout: Micros;
  private readonly beginQuorumInterval: Micros;
  /** Voters that have fetched since the check-quorum deadline was last moved. */
  private fetched: ReplicaId[] = [];
  /** When to resign unless a majority has fetched by then. */
  checkQuorumDeadline: Micros;
  /** When to tell the voters again who leads. */
  beginQuorumAt: Micros;
  /** -1 until a record of this epoch is committed; never decreases. */
  highWatermark: Offset = NONE;

  constructor(options: {
    readonly epoch: LeaderEpoch;
    readonly epochStartOffset: Offset;
    readonly self: ReplicaId;
    readonly voters: readonly ReplicaId[];
    readonly accumulator: BatchAccumulator;
    readonly fetchTimeout: Micros;
    readonly dials: Dials;
    readonly now: Micros;
  }) {
    const { voters, fetchTimeout, dials, now } = options;
    this.epoch = options.epoch;
    this.epochStartOffset = options.epochStartOffset;
    this.self = options.self;
    this.accumulator = options.accumulator;
    this.voters = voters.map((id) => ({ id, endOffset: NONE, lastFetchAt: Number.NEGATIVE_INFINITY }));
    this.requiresEpochStart = dials["kraft.hwRequiresEpochStart"];
    const checksQuorum = dials["kraft.checkQuorum"] && voters.length > 1;
    this.checkQuorumTimeout = checksQuorum ? fetchTimeout + Math.floor(fetchTimeout / 2) : Number.POSITIVE_INFINITY;
    this.checkQuorumDeadline = now + this.checkQuorumTimeout;
    this.beginQuorumInterval = Math.floor(fetchTimeout / 2);
    this.beginQuorumAt = voters.length > 1 ? now : Number.POSITIVE_INFINITY;
  }

  /** The leader's own log counts up to `endOffset`. True if the high watermark has moved. */
  updateLocalEnd(endOffset: Offset): boolean {
    const own = this.progressOf(this.self);
    if (own !== undefined) own.endOffset = endOffset;
    return this.updateHighWatermark();
  }

  /** `replica`, voter or not, fetches from `fetchOffset`: everything below is in its log. True if the high watermark has moved. */
  updateFetch(replica: ReplicaId, fetchOffset: Offset, now: Micros): boolean {
    const voter = this.progressOf(replica);
    if (voter === undefined) return false;
    voter.lastFetchAt = now;
    this.countFetch(replica, now);
    if (voter.endOffset === fetchOffset) return false;
    voter.endOffset = fetchOffset;
    return this.updateHighWatermark();
  }

  /** The voters to be told who leads: a voter that has fetched within the interval knows. Ascending. */
  votersToRemind(now: Micros): readonly ReplicaId[] {
    return this.voters
      .filter((voter) => voter.id !== this.self && now - voter.lastFetchAt >= this.beginQuorumInterval)
      .map((voter) => voter.id);
  }

  remindedAt(now: Micros): void {
    this.beginQuorumAt = now + this.beginQuorumInterval;
  }

  preferredSuccessors(): readonly ReplicaId[] {
    return preferredSuccessors(this.voters, this.self);
  }

  private countFetch(voter: ReplicaId, now: Micros): void {
    if (!this.fetched.includes(voter)) this.fetched.push(voter);
    // The leader itself makes up the rest of the majority.
    if (this.fetched.length < Math.floor(this.voters.length / 2)) return;
    this.fetched = [];
    this.checkQuorumDeadline = now + this.checkQuorumTimeout;
  }

  private updateHighWatermark(): boolean {
    const { voters, epochStartOffset, requiresEpochStart, highWatermark: current } = this;
    this.highWatermark = highWatermarkOf({ voters, epochStartOffset, current, requiresEpochStart });
    return this.highWatermark > current;
  }

  private progressOf(id: ReplicaId): VoterProgress | undefined {
    return this.voters.find((voter) => voter.id === id);
  }
}
