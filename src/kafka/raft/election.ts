/**
 * Elections of the metadata quorum, as decisions about values: whose log is further, who gets a vote, who has won.
 *
 * A vote is given once per epoch, to a candidate whose log ends no earlier than the voter's own: by last epoch first, then
 * by end offset. A pre-vote (KIP-996) only asks whether an election would be worth while; it binds nobody, and is refused by
 * whoever hears from a live leader. Nothing here changes a state or sends a message.
 *
 * Source: QuorumState.canGrantVote and the canGrantVote of each state, EpochElection.
 */
import { assert } from "../../base/assert.ts";
import { type LeaderEpoch, NONE, type Offset, type ReplicaId } from "../ids.ts";

/** Where a log ends: the epoch of its last record, and its end offset. */
export interface LogEnd {
  readonly epoch: LeaderEpoch;
  readonly offset: Offset;
}

/** Whether a log that ends at `candidate` holds at least what one that ends at `own` can have had committed. */
export function isUpToDate(candidate: LogEnd, own: LogEnd): boolean {
  return candidate.epoch === own.epoch ? candidate.offset >= own.offset : candidate.epoch > own.epoch;
}

/** A voter, as far as its vote depends on it. Its epoch is the one that the vote is asked in. */
export interface Elector {
  readonly role: "Unattached" | "Prospective" | "Candidate" | "Leader" | "Follower" | "Resigned";
  /** Of this epoch; -1 if not known. */
  readonly leaderId: ReplicaId;
  /** In this epoch; -1 for nobody yet. */
  readonly votedFor: ReplicaId;
  /** As a follower: whether the leader has answered a fetch, and so is known to live. */
  readonly hasFetchedFromLeader: boolean;
}

/** Whether `elector` grants its vote. `followersRejectPreVote` is the dial of that name: without it a live leader protects nobody. */
export function grantsVote(options: {
  readonly elector: Elector;
  readonly candidateId: ReplicaId;
  readonly logIsUpToDate: boolean;
  readonly preVote: boolean;
  readonly followersRejectPreVote: boolean;
}): boolean {
  const { elector, candidateId, logIsUpToDate, preVote, followersRejectPreVote } = options;
  switch (elector.role) {
    case "Leader":
      return false;
    case "Follower":
      return preVote && logIsUpToDate && !(followersRejectPreVote && elector.hasFetchedFromLeader);
    case "Candidate":
    case "Resigned":
      return preVote && logIsUpToDate;
    case "Unattached":
    case "Prospective":
      if (preVote) return logIsUpToDate;
      if (elector.votedFor !== NONE) return elector.votedFor === candidateId;
      return elector.leaderId === NONE && logIsUpToDate;
  }
}

/** The votes of one election, real or preliminary. */
export class EpochElection {
  private readonly voters: readonly ReplicaId[];
  private readonly granted: ReplicaId[] = [];
  private readonly rejected: ReplicaId[] = [];

  /** A voter asks nobody for its own vote. */
  constructor(voters: readonly ReplicaId[], self: ReplicaId) {
    assert(voters.includes(self), `${self} stands for election and is not one of the voters ${voters.join(",")}`);
    this.voters = voters;
    this.granted.push(self);
  }

  record(voter: ReplicaId, granted: boolean): void {
    assert(this.voters.includes(voter), `a vote from ${voter}, who is not a voter`);
    const votes = granted ? this.granted : this.rejected;
    if (!votes.includes(voter)) votes.push(voter);
  }

  /** Voters that have not answered, by ascending id. */
  unrecorded(): readonly ReplicaId[] {
    return this.voters.filter((voter) => !this.granted.includes(voter) && !this.rejected.includes(voter));
  }

  /** A majority has granted. */
  get isGranted(): boolean {
    return this.granted.length >= this.majority;
  }

  /** So many have refused that a majority can no longer grant. */
  get isRejected(): boolean {
    return this.voters.length - this.rejected.length < this.majority;
  }

  private get majority(): number {
    return Math.floor(this.voters.length / 2) + 1;
  }
}
