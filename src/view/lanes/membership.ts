/** Whether a replica is in the ISR, and what keeps it there, or is about to evict it, as its leader sees it. */
import type { GhostPartition } from "../../checks/ghost/ghost-partition.ts";
import type { BrokerId } from "../../kafka/ids.ts";
import type { LeaderReplica } from "../../kafka/replica/leader-replica.ts";
import type { Frame } from "../frame.ts";
import { outOfIsrSince } from "./isr-history.ts";
import type { CommittedState, Membership } from "./scene.ts";

export function membershipOf(of: {
  readonly frame: Frame;
  readonly partition: GhostPartition;
  readonly broker: BrokerId;
  readonly state: CommittedState;
  /** The committed leader, where it acts as it. */
  readonly leader: LeaderReplica | undefined;
}): Membership {
  const { frame, partition, broker, state, leader } = of;
  const inIsr = state.isr.includes(broker);
  const since = inIsr ? undefined : outOfIsrSince(frame.tape, partition, broker, frame.position);
  return {
    isAssigned: partition.state?.replicas.includes(broker) === true,
    inIsr,
    evictedIn: inIsr && broker !== state.leader ? evictedIn(leader, broker) : undefined,
    proposed: proposedFor(leader, broker, inIsr),
    outFor: since === undefined ? undefined : frame.simulation.world.time - since,
    eligible: state.elr.includes(broker) ? "ELR" : state.lastKnownElr.includes(broker) ? "last known ELR" : undefined,
  };
}

/** Of `replica.lag.time.max.ms`: a follower that keeps up is never further behind, though it has hardly ever all. */
const LAG_IN_PASSING = 1 / 30;

/** Until `replica.lag.time.max.ms` have passed since it had all that the leader had; undefined while it keeps up. */
function evictedIn(leader: LeaderReplica | undefined, broker: BrokerId): number | undefined {
  const follower = leader?.follower(broker);
  if (leader === undefined || follower === undefined || follower.logEndOffset === leader.leaderEndOffset) return undefined;
  const passed = leader.now - follower.lastCaughtUpTime;
  if (passed <= leader.lagMax * LAG_IN_PASSING) return undefined;
  return Number.isFinite(passed) ? leader.lagMax - passed : 0;
}

function proposedFor(leader: LeaderReplica | undefined, broker: BrokerId, inIsr: boolean): "in" | "out" | undefined {
  if (leader === undefined || leader.isrState.kind === "Committed") return undefined;
  const wanted = leader.isrState.proposed.includes(broker);
  return wanted === inIsr ? undefined : wanted ? "in" : "out";
}
