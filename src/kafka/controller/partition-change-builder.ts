/**
 * Decides what becomes of one partition: its leader, its ISR, its ELR, as one PartitionChange record.
 *
 * Kafka's rules: the leader stays while it is valid; otherwise the first replica, in assignment order, that is in the
 * target ISR (in the ELR if that ISR is empty) and may lead. An unclean election takes the first replica that may lead and
 * makes it the whole ISR, in recovery. Without eligible leader replicas the last ISR member is never removed; with them the
 * ISR may become empty, because what left a too small ISR is kept in the ELR, and the last leader is remembered.
 *
 * This file decides from values and never acts. A reassignment is not modelled: the replicas stay what they are.
 *
 * Holds here: the leader is in the ISR or is -1; the ISR and the ELR are disjoint subsets of the replicas.
 * Source: PartitionChangeBuilder, KIP-704 (recovery), KIP-966 (ELR), KAFKA-19522 (a fenced last known leader is not elected).
 */
import { type BrokerId, NONE, type TopicId } from "../ids.ts";
import type { LeaderRecoveryState } from "../messages/broker-lifecycle.ts";
import type { PartitionRegistration } from "../metadata/image.ts";
import type { PartitionChangeRecord } from "../metadata/records.ts";

/**
 * ONLINE: a valid leader. PREFERRED: the first replica if it is valid, else as ONLINE.
 * UNCLEAN: as ONLINE, and if nobody is valid any replica that may lead.
 */
export type Election = "ONLINE" | "PREFERRED" | "UNCLEAN";

export interface PartitionChange {
  readonly topicId: TopicId;
  readonly partitionId: number;
  readonly partition: PartitionRegistration;
  /** What the ISR shall be, before an election has its say. */
  readonly targetIsr: readonly BrokerId[];
  readonly targetLeaderRecoveryState?: LeaderRecoveryState;
  readonly election: Election;
  readonly isAcceptableLeader: (broker: BrokerId) => boolean;
  /** The effective minimum: never above the replication factor. */
  readonly minIsr: number;
  /** Whether KIP-966 is on. */
  readonly eligibleLeaderReplicas: boolean;
  /** A broker known to have stopped without a clean shutdown: it may have lost records and leaves the ELR too. */
  readonly uncleanShutdownReplica?: BrokerId;
}

interface ElectionResult {
  readonly leader: BrokerId;
  readonly unclean: boolean;
}

/** The record that carries the change out, or undefined if nothing changes. Pure. */
export function buildPartitionChange(change: PartitionChange): PartitionChangeRecord | undefined {
  const { partition, eligibleLeaderReplicas } = change;
  let isr = change.targetIsr;
  let elr = targetElr(change);

  const elected = electLeader(change, elr);
  const leaderChanged = elected.leader !== partition.leader;
  // An election from the ELR is clean: below the minimum ISR nothing was committed that an ELR member lacks.
  if (leaderChanged && elr.includes(elected.leader)) {
    isr = [elected.leader];
    elr = elr.filter((replica) => replica !== elected.leader);
  }
  const uncleanlyElected = leaderChanged && elected.unclean;
  if (uncleanlyElected) isr = [elected.leader];
  if (uncleanlyElected || !eligibleLeaderReplicas) elr = [];

  const isrChanged = (isr.length > 0 || eligibleLeaderReplicas) && !sameList(isr, partition.isr);
  const lastKnownElr = targetLastKnownElr(change, leaderChanged ? elected.leader : undefined, isrChanged && isr.length === 0);
  const recovery = targetRecoveryState(change, uncleanlyElected);

  const record: PartitionChangeRecord = {
    type: "PartitionChange",
    topicId: change.topicId,
    partitionId: change.partitionId,
    ...(isrChanged && { isr }),
    ...(leaderChanged && { leader: elected.leader }),
    ...(recovery !== partition.leaderRecoveryState && { leaderRecoveryState: recovery }),
    ...(!sameList(elr, partition.elr) && { eligibleLeaderReplicas: elr }),
    ...(lastKnownElr !== undefined && { lastKnownElr }),
  };
  return Object.keys(record).length > FIELDS_OF_NO_CHANGE ? record : undefined;
}

/** Type, topic id and partition id. */
const FIELDS_OF_NO_CHANGE = 3;

/**
 * The ELR that goes with the target ISR: all that was in the ISR or ELR and no longer is in the ISR, unless it may have lost
 * records. Empty while the ISR has its minimum. In assignment order.
 */
function targetElr({
  partition,
  targetIsr,
  minIsr,
  eligibleLeaderReplicas,
  uncleanShutdownReplica,
}: PartitionChange): readonly BrokerId[] {
  if (!eligibleLeaderReplicas) return partition.elr;
  if (targetIsr.length >= minIsr) return [];
  return partition.replicas.filter(
    (replica) =>
      (partition.isr.includes(replica) || partition.elr.includes(replica)) &&
      !targetIsr.includes(replica) &&
      replica !== uncleanShutdownReplica,
  );
}

function electLeader(change: PartitionChange, elr: readonly BrokerId[]): ElectionResult {
  const { partition, targetIsr, election, isAcceptableLeader } = change;
  const isValid = (replica: BrokerId): boolean =>
    (targetIsr.includes(replica) || (targetIsr.length === 0 && elr.includes(replica))) && isAcceptableLeader(replica);

  const preferred = partition.replicas[0] ?? NONE;
  if (election === "PREFERRED" && isValid(preferred)) return { leader: preferred, unclean: false };
  if (isValid(partition.leader)) return { leader: partition.leader, unclean: false };
  const online = partition.replicas.find(isValid);
  if (online !== undefined) return { leader: online, unclean: false };

  const lastKnown = lastKnownLeader(change, elr);
  if (lastKnown !== undefined) return { leader: lastKnown, unclean: true };
  if (election === "UNCLEAN") {
    const unclean = partition.replicas.find(isAcceptableLeader);
    if (unclean !== undefined) return { leader: unclean, unclean: true };
  }
  return { leader: NONE, unclean: false };
}

/** With ISR and ELR empty, the one leader that was remembered may take over again, as an unclean election. */
function lastKnownLeader(change: PartitionChange, elr: readonly BrokerId[]): BrokerId | undefined {
  const { partition, targetIsr, eligibleLeaderReplicas, isAcceptableLeader } = change;
  if (!eligibleLeaderReplicas || targetIsr.length > 0 || elr.length > 0 || partition.lastKnownElr.length !== 1) return undefined;
  const candidate = partition.lastKnownElr[0] as BrokerId;
  return isAcceptableLeader(candidate) ? candidate : undefined;
}

/** Kafka's "balanced" recovery keeps only the last leader, from when the ISR becomes empty until there is a leader again. */
function targetLastKnownElr(
  { partition, eligibleLeaderReplicas }: PartitionChange,
  newLeader: BrokerId | undefined,
  isrBecomesEmpty: boolean,
): readonly BrokerId[] | undefined {
  if (!eligibleLeaderReplicas) return undefined;
  const known = partition.lastKnownElr;
  if (isrBecomesEmpty && partition.leader !== NONE) return sameList(known, [partition.leader]) ? undefined : [partition.leader];
  const hasLeader = (newLeader ?? partition.leader) !== NONE;
  return hasLeader && known.length > 0 ? [] : undefined;
}

/** What the caller asks for, last, wins over what the election set. */
function targetRecoveryState(
  { partition, targetLeaderRecoveryState }: PartitionChange,
  uncleanlyElected: boolean,
): LeaderRecoveryState {
  if (targetLeaderRecoveryState !== undefined && targetLeaderRecoveryState !== partition.leaderRecoveryState) {
    return targetLeaderRecoveryState;
  }
  return uncleanlyElected ? "RECOVERING" : partition.leaderRecoveryState;
}

export function sameList(a: readonly BrokerId[], b: readonly BrokerId[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}
