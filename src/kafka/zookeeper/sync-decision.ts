/**
 * How a leader brings a follower's history in line with its own. Pure.
 *
 * Its newest transactions a leader has at hand. Who stopped within that window gets what follows (DIFF), after cutting what the leader
 * has never seen (TRUNC); anybody else gets the whole state (SNAP). Source: LearnerHandler.syncFollower, queueCommittedProposals.
 */
import { epochOf, type Zxid } from "./zxid.ts";

export type SyncDecision =
  /** What follows `after` is missing: nothing, perhaps. */
  | { readonly kind: "DIFF"; readonly after: Zxid }
  /** What lies behind `to` was never committed. What follows `to` is missing. */
  | { readonly kind: "TRUNC"; readonly to: Zxid }
  | { readonly kind: "SNAP" };

/** `history`: zxids of the newest transactions of the leader, ascending. `lastProcessed`: the last transaction of its state. */
export function decideSync(options: {
  readonly peerLastZxid: Zxid;
  readonly history: readonly Zxid[];
  readonly lastProcessed: Zxid;
}): SyncDecision {
  const { peerLastZxid, history, lastProcessed } = options;
  if (peerLastZxid === lastProcessed) return { kind: "DIFF", after: peerLastZxid };
  const newest = history.at(-1) ?? lastProcessed;
  const oldest = history[0] ?? lastProcessed;
  if (peerLastZxid > newest) return { kind: "TRUNC", to: newest };
  if (peerLastZxid < oldest) return { kind: "SNAP" };
  const index = history.findLastIndex((zxid) => zxid <= peerLastZxid);
  const common = history[index] as Zxid;
  if (common === peerLastZxid) return { kind: "DIFF", after: peerLastZxid };
  const next = history[index + 1] as Zxid;
  // It went on in an epoch that the leader's history has left behind: what it shares with the leader is not known.
  return epochOf(next) === epochOf(peerLastZxid) ? { kind: "TRUNC", to: common } : { kind: "SNAP" };
}
