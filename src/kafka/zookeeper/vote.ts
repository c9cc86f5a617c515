/** Whom a server wants to lead, and when enough agree. Pure. Source: Vote, FastLeaderElection.totalOrderPredicate, checkLeader. */
import type { ZkServerId } from "../ids.ts";
import type { ZkServerState } from "../zookeeper-events.ts";
import type { Zxid } from "./zxid.ts";

/** A candidate, by what it would bring along. */
export interface Candidate {
  readonly leader: ZkServerId;
  /** The last transaction of its history. */
  readonly zxid: Zxid;
  /** The epoch that it last took part in. */
  readonly peerEpoch: number;
}

export interface Vote extends Candidate {
  /** The round of elections that it was cast in: each voter's logical clock. */
  readonly electionEpoch: number;
  /** What its voter was doing. */
  readonly state: ZkServerState;
}

/** Whether `a` is the better leader: by epoch, then by history, then by id. */
export function beats(a: Candidate, b: Candidate): boolean {
  if (a.peerEpoch !== b.peerEpoch) return a.peerEpoch > b.peerEpoch;
  if (a.zxid !== b.zxid) return a.zxid > b.zxid;
  return a.leader > b.leader;
}

/**
 * Whether two votes are for the same thing. Servers that are done with their election may have learnt of the leader in different rounds:
 * then leader and epoch count alone (ZOOKEEPER-1805).
 * @internal
 */
export function agree(a: Vote, b: Vote): boolean {
  if (a.leader !== b.leader || a.peerEpoch !== b.peerEpoch) return false;
  if (a.state !== "LOOKING" && b.state !== "LOOKING") return true;
  return a.zxid === b.zxid && a.electionEpoch === b.electionEpoch;
}

/** How many voted as `vote` says. */
export function supporters(votes: ReadonlyMap<ZkServerId, Vote>, vote: Vote): number {
  let count = 0;
  for (const each of votes.values()) if (agree(vote, each)) count++;
  return count;
}

/** Smallest majority of `servers`. */
export function majorityOf(servers: number): number {
  return Math.floor(servers / 2) + 1;
}

/**
 * Whether `leader`, which a quorum is said to follow, can be believed to lead: it says so itself. Without this a server that has crashed
 * would be elected again and again. `self` believes it of itself if the quorum speaks of its own round.
 */
export function leaderIsBelievable(options: {
  readonly votes: ReadonlyMap<ZkServerId, Vote>;
  readonly leader: ZkServerId;
  readonly electionEpoch: number;
  readonly self: ZkServerId;
  readonly logicalClock: number;
}): boolean {
  const { votes, leader, electionEpoch, self, logicalClock } = options;
  return leader === self ? logicalClock === electionEpoch : votes.get(leader)?.state === "LEADING";
}
