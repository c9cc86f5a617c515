/**
 * Where a consumer stands in a partition, and what a change of leader or an answer about epochs does to it.
 *
 * A position carries the epoch of the last batch consumed. When the leader changes, that epoch is asked about: if the
 * leader's log ends that epoch below the position, records that were consumed are gone (log truncation, KIP-320).
 * Pure decisions; offset-fetcher.ts carries them out. Source: SubscriptionState, OffsetsForLeaderEpochUtils.
 */
import type { LeaderAndEpoch } from "../client/metadata-cache.ts";
import type { Dials } from "../dials.ts";
import { type LeaderEpoch, NONE, type Offset } from "../ids.ts";

/** Replaced, never changed: an answer belongs to the position it was asked for. */
export interface FetchPosition {
  /** Of the next record. */
  readonly offset: Offset;
  /** Of the last batch consumed; -1 before the first. */
  readonly offsetEpoch: LeaderEpoch;
  /** Whom to fetch from. */
  readonly leader: LeaderAndEpoch;
}

/**
 * Waiting for what the group has committed; no position yet, or not a valid one; a position to be checked with the new leader;
 * fetching; no longer of this consumer.
 */
export type FetchState = "INITIALIZING" | "AWAIT_RESET" | "AWAIT_VALIDATION" | "FETCHING" | "UNASSIGNED";

/**
 * `undefined`: nothing changes. With nobody known to lead, the consumer keeps on with the leader it knew. `validates`: the dial
 * consumer.validateOffsetEpoch.
 */
export function onLeaderKnown(
  position: FetchPosition,
  leader: LeaderAndEpoch,
  validates: boolean,
): { readonly state: FetchState; readonly position: FetchPosition } | undefined {
  if (leader.node === undefined) return undefined;
  if (leader.node === position.leader.node && leader.epoch === position.leader.epoch) return undefined;
  const moved = { ...position, leader };
  return { state: stateAt(moved, validates), position: moved };
}

/** Of a partition that is to go on at a position which nobody has confirmed: what the group has committed, or one of an older leader. */
export function stateAt({ offsetEpoch, leader }: FetchPosition, validates: boolean): FetchState {
  return validates && offsetEpoch !== NONE && leader.epoch !== NONE ? "AWAIT_VALIDATION" : "FETCHING";
}

/**
 * The leader epoch that is committed with a position: by it the next owner tells whether the log was cut below (KIP-320).
 * Source: SubscriptionState.allConsumed; KAFKA-19902 for the dial.
 */
export function epochToCommit({ offsetEpoch, leader }: FetchPosition, dials: Dials): LeaderEpoch {
  return dials["consumer.commitEpoch"] === "newest" ? Math.max(offsetEpoch, leader.epoch) : offsetEpoch;
}

export type ValidationDecision =
  | { readonly kind: "valid" }
  /** Records below the position are gone: go on at the point where the logs part. */
  | { readonly kind: "truncated"; readonly offset: Offset; readonly epoch: LeaderEpoch }
  /** The leader knows nothing of the epoch: begin anew by the reset policy. */
  | { readonly kind: "reset" }
  /** Truncated, and the application wants to be told: LogTruncationException. */
  | { readonly kind: "raise" };

export function decideValidation(
  position: FetchPosition,
  answer: { readonly leaderEpoch: LeaderEpoch; readonly endOffset: Offset },
  hasResetPolicy: boolean,
): ValidationDecision {
  const undefinedAnswer = answer.endOffset === NONE || answer.leaderEpoch === NONE;
  if (!undefinedAnswer && answer.endOffset >= position.offset) return { kind: "valid" };
  if (!hasResetPolicy) return { kind: "raise" };
  return undefinedAnswer ? { kind: "reset" } : { kind: "truncated", offset: answer.endOffset, epoch: answer.leaderEpoch };
}
