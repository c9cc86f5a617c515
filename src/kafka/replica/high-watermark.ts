/**
 * How far the leader's high watermark may advance.
 *
 * The candidate is the smallest log end offset among the leader, every follower in the maximal ISR, and every other follower
 * that is caught up by time and could join the ISR: waiting for the latter keeps the high watermark from running away from
 * a replica that is about to rejoin. Nothing advances while the committed ISR is below min.insync.replicas (KAFKA-15583).
 * A follower of which nothing is known yet (-1) holds everything back.
 *
 * Source: Partition.maybeIncrementLeaderHW, KIP-497, KIP-966.
 */
import type { Micros } from "../../base/units.ts";
import type { Dials } from "../dials.ts";
import { NONE, type Offset } from "../ids.ts";
import { type FollowerProgress, type IsrState, isCaughtUp } from "./isr.ts";

/** What the decision looks at. The leader's replica is one. */
export interface HighWatermarkView<F extends FollowerProgress = FollowerProgress> {
  readonly leaderEndOffset: Offset;
  readonly isrState: IsrState;
  readonly followers: readonly F[];
  readonly minIsr: number;
  readonly lagMax: Micros;
  readonly dials: Pick<Dials, "isr.hwUses" | "isr.hwRequiresMinIsr">;
  /** Whether a follower outside the ISR could be taken in. */
  isEligible(follower: F): boolean;
}

/** The highest offset that the high watermark may be raised to; -1 when it must stay. It may be below the present one. */
export function highWatermarkCandidate<F extends FollowerProgress>(view: HighWatermarkView<F>, now: Micros): Offset {
  const { isrState, dials, leaderEndOffset } = view;
  if (dials["isr.hwRequiresMinIsr"] && isrState.isr.length < view.minIsr) return NONE;
  const waitedFor = dials["isr.hwUses"] === "maximal" ? isrState.maximalIsr : isrState.isr;
  let candidate = leaderEndOffset;
  for (const follower of view.followers) {
    if (follower.logEndOffset >= candidate) continue;
    if (
      waitedFor.includes(follower.brokerId) ||
      (isCaughtUp(follower, leaderEndOffset, now, view.lagMax) && view.isEligible(follower))
    ) {
      candidate = follower.logEndOffset;
    }
  }
  return candidate;
}
