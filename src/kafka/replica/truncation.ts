/**
 * Where two logs part, by leader epochs: the leader finds out (truncation on fetch), the follower cuts.
 *
 * Offsets alone cannot tell: an old leader's tail has the same offsets as what was written after it. The epoch in which a
 * record was first appended can (KIP-101, KIP-279, KIP-595).
 * Source: Partition.readRecords, AbstractFetcherThread.getOffsetTruncationState.
 */
import { type LeaderEpoch, NONE, type Offset } from "../ids.ts";
import type { EpochEndOffset } from "../log/leader-epoch-cache.ts";

/**
 * What a leader says to a fetch at `fetchOffset` by a replica whose last batch is of `lastFetchedEpoch`, when `own` is how far
 * that epoch (or the largest one below it) goes in the leader's log.
 */
export function divergenceOf(
  fetch: { readonly fetchOffset: Offset; readonly lastFetchedEpoch: LeaderEpoch },
  own: EpochEndOffset,
): "none" | "diverging" | "out-of-range" {
  if (fetch.lastFetchedEpoch === NONE) return "none";
  if (own.epoch === NONE || own.endOffset === NONE) return "out-of-range";
  return own.epoch < fetch.lastFetchedEpoch || own.endOffset < fetch.fetchOffset ? "diverging" : "none";
}

/**
 * The offset to which a follower cuts its log after the leader said `diverging`.
 *
 * `ownEnd` is how far the leader's epoch (or the largest one below it) goes in the follower's own log. If the follower does not
 * have the leader's epoch at all, one answer may not be enough: it fetches on from the cut and is told again, each time with
 * a smaller epoch (KIP-279).
 */
export function truncationOffset(
  diverging: EpochEndOffset,
  ownEnd: EpochEndOffset,
  own: { readonly highWatermark: Offset; readonly logEndOffset: Offset },
): Offset {
  const { logEndOffset } = own;
  if (diverging.endOffset === NONE) return Math.min(own.highWatermark, logEndOffset);
  // The follower has noted no epoch at all: the leader's end is all there is to go by.
  if (ownEnd.endOffset === NONE) return Math.min(diverging.endOffset, logEndOffset);
  return Math.min(diverging.endOffset, ownEnd.endOffset, logEndOffset);
}
