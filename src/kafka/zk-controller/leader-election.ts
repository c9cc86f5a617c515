/**
 * Who leads, and with which ISR, by the four strategies of ZooKeeper mode. Pure: the state machine writes what comes out.
 * Source: Election, PartitionLeaderElectionAlgorithms.
 */
import { type BrokerId, NONE } from "../ids.ts";
import type { ReplicaAssignment } from "../zk/znodes.ts";
import type { Leadership } from "./controller-context.ts";
import { targetReplicas } from "./replica-assignment.ts";

export type ElectionStrategy =
  /** For partitions without a leader. `allowUnclean`: an administrator asks for it, whatever the topic's setting. */
  | { readonly kind: "offline"; readonly allowUnclean: boolean }
  | { readonly kind: "reassign" }
  | { readonly kind: "preferred" }
  | { readonly kind: "controlled-shutdown" };

/** What an election looks at. */
export interface ElectionQuestion {
  readonly current: Leadership;
  readonly assignment: ReplicaAssignment;
  /** Replicas whose brokers are alive and not shutting down. */
  readonly online: ReadonlySet<BrokerId>;
  /** Replicas whose brokers are alive, shutting down or not. */
  readonly reachable: ReadonlySet<BrokerId>;
  readonly shuttingDown: ReadonlySet<BrokerId>;
  /** Offline strategy: whether a replica outside the ISR may lead, if nobody in it is left. */
  readonly allowUnclean: boolean;
}

export interface ElectionResult {
  /** As it is to be written, but for the controller epoch; undefined if nobody may lead. */
  readonly elected: Leadership | undefined;
  /** Who hears of it by LeaderAndIsr. */
  readonly recipients: readonly BrokerId[];
}

export function electLeader(strategy: ElectionStrategy["kind"], question: ElectionQuestion): ElectionResult {
  switch (strategy) {
    case "offline":
      return leaderForOffline(question);
    case "reassign":
      return leaderForReassign(question);
    case "preferred":
      return leaderForPreferred(question);
    case "controlled-shutdown":
      return leaderForControlledShutdown(question);
  }
}

/** The first live member of the ISR; if there is none, and only if that is allowed, the first live replica, which then starts alone. */
function leaderForOffline({ current, assignment, online, allowUnclean }: ElectionQuestion): ElectionResult {
  const live = assignment.replicas.filter((id) => online.has(id));
  const clean = live.find((id) => current.isr.includes(id));
  if (clean !== undefined) {
    const isr = current.isr.filter((id) => online.has(id));
    return { elected: withLeader(current, { leader: clean, isr }), recipients: live };
  }
  const unclean = allowUnclean ? live[0] : undefined;
  if (unclean === undefined) return { elected: undefined, recipients: live };
  return {
    elected: withLeader(current, { leader: unclean, isr: [unclean], leaderRecoveryState: "RECOVERING" }),
    recipients: live,
  };
}

function leaderForReassign({ current, assignment, online }: ElectionQuestion): ElectionResult {
  const target = targetReplicas(assignment);
  const leader = target.find((id) => online.has(id) && current.isr.includes(id));
  return { elected: leader === undefined ? undefined : withLeader(current, { leader }), recipients: target };
}

function leaderForPreferred({ current, assignment, online }: ElectionQuestion): ElectionResult {
  const leader = assignment.replicas[0] ?? NONE;
  const mayLead = online.has(leader) && current.isr.includes(leader);
  return { elected: mayLead ? withLeader(current, { leader }) : undefined, recipients: assignment.replicas };
}

/** Brokers that shut down leave the ISR as well. They are told too: they are still there. */
function leaderForControlledShutdown({ current, assignment, reachable, shuttingDown }: ElectionQuestion): ElectionResult {
  const recipients = assignment.replicas.filter((id) => reachable.has(id));
  const leader = recipients.find((id) => current.isr.includes(id) && !shuttingDown.has(id));
  if (leader === undefined) return { elected: undefined, recipients };
  const isr = current.isr.filter((id) => !shuttingDown.has(id));
  return { elected: withLeader(current, { leader, isr }), recipients };
}

/** The next leader epoch. Also after a replica has left the ISR without an election. Source: LeaderAndIsr.newLeaderAndIsr. */
export function withLeader(
  current: Leadership,
  change: Partial<Pick<Leadership, "leader" | "isr" | "leaderRecoveryState">>,
): Leadership {
  return Object.freeze({ ...current, ...change, leaderEpoch: current.leaderEpoch + 1 });
}

/** A new partition: every live replica is in sync with nothing, the first leads. Undefined if none is alive. */
export function initialLeadership(
  replicas: readonly BrokerId[],
  online: ReadonlySet<BrokerId>,
  controllerEpoch: number,
): Leadership | undefined {
  const isr = Object.freeze(replicas.filter((id) => online.has(id)));
  const leader = isr[0];
  if (leader === undefined) return undefined;
  return Object.freeze({ leader, leaderEpoch: 0, isr, controllerEpoch, leaderRecoveryState: "RECOVERED", partitionEpoch: 0 });
}

/** `broker` is no longer in sync: out of the ISR unless it is the last there; nobody leads if it led. */
export function withoutReplica(current: Leadership, broker: BrokerId): Leadership {
  const isr = current.isr.length === 1 ? current.isr : Object.freeze(current.isr.filter((id) => id !== broker));
  return withLeader(current, { leader: current.leader === broker ? NONE : current.leader, isr });
}
