/**
 * The in-sync replicas of one partition, as its leader sees them.
 *
 * Kafka's rule: a follower is in sync while its log end offset equals the leader's, or did so at some moment within
 * `replica.lag.time.max.ms`. The rule is about time since last caught up, NOT about how many records it lags by (KIP-16).
 *
 * A leader does not change its ISR, it proposes: between proposal and answer it holds a pending state, whose *maximal* ISR
 * counts a member that is being added as in, and one that is being removed as not yet out (KIP-497). So whatever the
 * controller decides, the high watermark never ran ahead of a member.
 *
 * This file decides; it never acts. Ids are kept ascending, so a trace never depends on who happened to fetch first.
 * Source: PartitionState, Partition.maybeExpandIsr and maybeShrinkIsr, Replica.isCaughtUp.
 */
import { assert } from "../../base/assert.ts";
import type { Micros } from "../../base/units.ts";
import type { Dials } from "../dials.ts";
import type { BrokerEpoch, BrokerId, Offset } from "../ids.ts";
import type { BrokerRegistration } from "../metadata/image.ts";

interface IsrMembers {
  /** What the controller is known to have committed. */
  readonly isr: readonly BrokerId[];
  /** Everybody who may be in the committed ISR by now: the high watermark waits for all of them. */
  readonly maximalIsr: readonly BrokerId[];
}

export interface CommittedIsr extends IsrMembers {
  readonly kind: "Committed";
}

/** A proposal that has not been answered. Compared by identity: an answer to an older one is ignored. */
export interface PendingIsr extends IsrMembers {
  readonly kind: "PendingExpand" | "PendingShrink";
  readonly proposed: readonly BrokerId[];
  readonly lastCommitted: CommittedIsr;
}

export type IsrState = CommittedIsr | PendingIsr;

const ascending = (a: BrokerId, b: BrokerId): number => a - b;

export function committedIsr(members: readonly BrokerId[]): CommittedIsr {
  const isr = [...members].sort(ascending);
  return { kind: "Committed", isr, maximalIsr: isr };
}

/** The follower holds the high watermark back at once, before the controller has agreed: stricter, hence safe. */
export function expanded(current: CommittedIsr, added: BrokerId): PendingIsr {
  assert(!current.isr.includes(added), `${added} is already in the ISR [${current.isr.join(",")}]`);
  const proposed = [...current.isr, added].sort(ascending);
  return { kind: "PendingExpand", isr: current.isr, maximalIsr: proposed, proposed, lastCommitted: current };
}

/** The removed ones go on holding the high watermark back until the controller has agreed. */
export function shrunk(current: CommittedIsr, removed: readonly BrokerId[]): PendingIsr {
  const proposed = current.isr.filter((id) => !removed.includes(id));
  return { kind: "PendingShrink", isr: current.isr, maximalIsr: current.isr, proposed, lastCommitted: current };
}

/** How far a follower is, as its fetches told. */
export interface FollowerProgress {
  readonly brokerId: BrokerId;
  /** -1 while unknown. */
  readonly logEndOffset: Offset;
  /** When the follower last had everything that the leader had. */
  readonly lastCaughtUpTime: Micros;
}

/** "Had everything" within the last `lagMax`, or has it now. The boundary itself still counts. Source: ReplicaState.isCaughtUp. */
export function isCaughtUp(follower: FollowerProgress, leaderEndOffset: Offset, now: Micros, lagMax: Micros): boolean {
  return follower.logEndOffset === leaderEndOffset || now - follower.lastCaughtUpTime <= lagMax;
}

/** Who must leave the committed ISR at `now`; nobody while a change is in flight. Source: Partition.getOutOfSyncReplicas. */
export function outOfSyncReplicas(options: {
  readonly leader: BrokerId;
  readonly state: IsrState;
  readonly followers: readonly FollowerProgress[];
  readonly leaderEndOffset: Offset;
  readonly now: Micros;
  readonly lagMax: Micros;
}): readonly BrokerId[] {
  const { leader, state, followers, leaderEndOffset, now, lagMax } = options;
  if (state.kind !== "Committed") return [];
  return state.isr.filter((id) => {
    if (id === leader) return false;
    const follower = followers.find((candidate) => candidate.brokerId === id);
    return follower === undefined || !isCaughtUp(follower, leaderEndOffset, now, lagMax);
  });
}

/**
 * Whether a follower has what a member of the ISR must have: everything below the high watermark, and, since a new leader's
 * own high watermark may lag behind what its predecessor committed, everything below the epoch's start (KAFKA-7128).
 */
export function hasCommittedRecords(
  logEndOffset: Offset,
  leader: { readonly highWatermark: Offset; readonly epochStartOffset: Offset },
  requireEpochStart: boolean,
): boolean {
  return logEndOffset >= leader.highWatermark && (!requireEpochStart || logEndOffset >= leader.epochStartOffset);
}

/**
 * Whether the controller would take this broker into an ISR, as far as the leader can know: neither fenced nor on its way out
 * (KIP-841), and the same incarnation of the broker that fetched (KIP-903).
 *
 * `fetchedEpoch` is the broker epoch in its last fetch: undefined before the first one, -1 if it named none.
 */
export function isEligibleForIsr(
  registration: BrokerRegistration | undefined,
  fetchedEpoch: BrokerEpoch | undefined,
  dials: Pick<Dials, "isr.rejectIneligibleReplica" | "isr.brokerEpochCheck">,
): boolean {
  if (dials["isr.rejectIneligibleReplica"]) {
    if (registration === undefined || registration.fenced || registration.inControlledShutdown) return false;
  }
  if (dials["isr.brokerEpochCheck"]) {
    if (registration === undefined || fetchedEpoch === undefined) return false;
    if (fetchedEpoch !== -1 && fetchedEpoch !== registration.epoch) return false;
  }
  return true;
}
