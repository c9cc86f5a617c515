/**
 * From which replica a consumer had best read (KIP-392): the leader decides, by where the consumer is.
 * Pure; the fetch handler asks. Source: RackAwareReplicaSelector, ReplicaView, ReplicaManager.findPreferredReadReplica.
 */
import type { Micros } from "../../base/units.ts";
import type { BrokerId, Offset } from "../ids.ts";

export interface ReplicaView {
  readonly brokerId: BrokerId;
  /** Null where the broker has none, or is not known to be alive. */
  readonly rack: string | null;
  /** As far as the leader knows. */
  readonly logStartOffset: Offset;
  readonly logEndOffset: Offset;
  readonly lastCaughtUpTime: Micros;
}

/**
 * Of the followers in the consumer's rack the one that is furthest, or undefined: the leader itself is to be read from. `inSync` are
 * the followers in the ISR: one that lags would lag ever more behind, and be named again each time.
 */
export function preferredReadReplica(options: {
  readonly rackId: string;
  readonly fetchOffset: Offset;
  readonly leaderRack: string | null;
  readonly inSync: readonly ReplicaView[];
}): BrokerId | undefined {
  const { rackId, fetchOffset, leaderRack, inSync } = options;
  if (rackId === "" || leaderRack === rackId) return undefined;
  let best: ReplicaView | undefined;
  for (const replica of inSync) {
    if (replica.rack !== rackId || replica.logStartOffset > fetchOffset || replica.logEndOffset < fetchOffset) continue;
    if (best === undefined || isFurther(replica, best)) best = replica;
  }
  return best?.brokerId;
}

/** By its end, then by when it was last caught up, then by its id. */
function isFurther(a: ReplicaView, b: ReplicaView): boolean {
  if (a.logEndOffset !== b.logEndOffset) return a.logEndOffset > b.logEndOffset;
  if (a.lastCaughtUpTime !== b.lastCaughtUpTime) return a.lastCaughtUpTime > b.lastCaughtUpTime;
  return a.brokerId > b.brokerId;
}
