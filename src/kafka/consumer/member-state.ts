/** The states of a member of KIP-848, what leads from one to another, and what they allow. Source: MemberState, AbstractMembershipManager. */

/**
 * UNSUBSCRIBED: no member. JOINING: heartbeats with epoch 0. RECONCILING: an assignment is on its way to be owned. ACKNOWLEDGING: the
 * next heartbeat says so, at once. STABLE. FENCED: thrown out; it gives up what it owns and joins anew. PREPARE_LEAVING: it gives up
 * what it owns. LEAVING: the next heartbeat is the goodbye. STALE: it has left, for the application did not poll. FATAL.
 */
export type MemberState =
  | "UNSUBSCRIBED"
  | "JOINING"
  | "RECONCILING"
  | "ACKNOWLEDGING"
  | "STABLE"
  | "FENCED"
  | "PREPARE_LEAVING"
  | "LEAVING"
  | "STALE"
  | "FATAL";

const BEFORE: Readonly<Record<MemberState, readonly MemberState[]>> = {
  STABLE: ["JOINING", "ACKNOWLEDGING", "RECONCILING"],
  RECONCILING: ["STABLE", "JOINING", "ACKNOWLEDGING", "RECONCILING"],
  ACKNOWLEDGING: ["RECONCILING"],
  FATAL: ["JOINING", "STABLE", "RECONCILING", "ACKNOWLEDGING", "PREPARE_LEAVING", "LEAVING", "UNSUBSCRIBED"],
  FENCED: ["JOINING", "STABLE", "RECONCILING", "ACKNOWLEDGING", "PREPARE_LEAVING", "LEAVING"],
  JOINING: ["FENCED", "UNSUBSCRIBED", "STALE"],
  PREPARE_LEAVING: ["JOINING", "STABLE", "RECONCILING", "ACKNOWLEDGING", "UNSUBSCRIBED"],
  LEAVING: ["PREPARE_LEAVING"],
  UNSUBSCRIBED: ["PREPARE_LEAVING", "LEAVING", "FENCED"],
  STALE: ["LEAVING"],
};

export function permits(from: MemberState, to: MemberState): boolean {
  return from === to || BEFORE[to].includes(from);
}

export function isNotInGroup(state: MemberState): boolean {
  return state === "UNSUBSCRIBED" || state === "FENCED" || state === "FATAL" || state === "STALE";
}

export function isLeaving(state: MemberState): boolean {
  return state === "PREPARE_LEAVING" || state === "LEAVING";
}

/** Whether its heartbeat does not wait for the interval. */
export function mustHeartbeatNow(state: MemberState): boolean {
  return state === "ACKNOWLEDGING" || state === "LEAVING" || state === "JOINING";
}

export function canTakeAssignment(state: MemberState): boolean {
  return permits(state, "RECONCILING");
}
