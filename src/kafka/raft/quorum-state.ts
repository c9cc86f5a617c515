/**
 * Where one replica stands in the metadata quorum: its epoch, its vote, its role, and the file that keeps the first two.
 *
 * Every change of epoch, vote or leader is forced to disk before it takes effect in memory: a voter that forgot its vote
 * could give a second one. Prospective and Resigned change nothing that a restart must know, and are not written.
 *
 * Holds here, and is asserted: the epoch never decreases; one vote per epoch; one leader per epoch; an observer never
 * stands for election. This file says which changes are possible, raft-client.ts when to make them and what follows.
 *
 * Source: QuorumState, ElectionState, FileQuorumStateStore; KIP-595, KIP-996.
 */
import { assert } from "../../base/assert.ts";
import { type Micros, ms } from "../../base/units.ts";
import type { Host, ValueFile } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { Dials } from "../dials.ts";
import { type LeaderEpoch, NONE, type Offset, type ReplicaId } from "../ids.ts";
import type { RaftStateChanged } from "../quorum-events.ts";
import { EpochElection } from "./election.ts";
import { randomElectionTimeout } from "./election-timeouts.ts";
import type { LeaderState } from "./leader-state.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** The content of the `quorum-state` file. */
export interface PersistedElection {
  readonly leaderId: ReplicaId;
  readonly leaderEpoch: LeaderEpoch;
  readonly votedId: ReplicaId;
}

interface InEpoch {
  readonly epoch: LeaderEpoch;
  /** Of this epoch; -1 if not known. */
  readonly leaderId: ReplicaId;
  /** In this epoch; -1 for nobody. */
  readonly votedFor: ReplicaId;
}

/** Knows of no leader to follow. An observer's deadline is never. */
interface UnattachedState extends InEpoch {
  readonly role: "Unattached";
  readonly electionDeadline: Micros;
}

/** Asks whether it could win, before it raises the epoch (KIP-996). */
export interface ProspectiveState extends InEpoch {
  readonly role: "Prospective";
  readonly election: EpochElection;
  readonly electionDeadline: Micros;
}

export interface CandidateState extends InEpoch {
  readonly role: "Candidate";
  readonly election: EpochElection;
  readonly electionDeadline: Micros;
  /** How many elections in a row this is, from 1. Counted before KIP-996 only. */
  readonly retries: number;
  /** Set while it rests after a lost election (before KIP-996). */
  backoffUntil: Micros | undefined;
}

interface LeaderRole extends InEpoch {
  readonly role: "Leader";
  readonly leader: LeaderState;
}

export interface FollowerState extends InEpoch {
  readonly role: "Follower";
  /** Moved up by each successful fetch from the leader, and by nothing else but its resignation. */
  fetchDeadline: Micros;
  /** In this stay in the role. */
  hasFetchedFromLeader: boolean;
}

/** Led this epoch and gave it up; grants nothing more in it. */
export interface ResignedState extends InEpoch {
  readonly role: "Resigned";
  readonly electionDeadline: Micros;
  readonly preferredSuccessors: readonly ReplicaId[];
  /** Voters that have not acknowledged EndQuorumEpoch, by ascending id. */
  unacknowledged: readonly ReplicaId[];
}

export type EpochState = UnattachedState | ProspectiveState | CandidateState | LeaderRole | FollowerState | ResignedState;

export class QuorumState {
  readonly nodeId: ReplicaId;
  /** Ascending. */
  readonly voters: readonly ReplicaId[];
  readonly isVoter: boolean;
  private readonly host: Host;
  private readonly file: ValueFile<PersistedElection>;
  private readonly config: BrokerConfig;
  private readonly dials: Dials;
  /** Where this replica stands now. Replaced as a whole by each change. */
  state: EpochState = { role: "Unattached", epoch: 0, leaderId: NONE, votedFor: NONE, electionDeadline: NEVER };
  /** What this replica knows to be committed, -1 for nothing. A new leader knows nothing until a record of its own epoch is. */
  highWatermark: Offset = NONE;

  constructor(options: {
    readonly host: Host;
    readonly file: ValueFile<PersistedElection>;
    readonly config: BrokerConfig;
    readonly dials: Dials;
    readonly nodeId: ReplicaId;
    readonly voters: readonly ReplicaId[];
  }) {
    this.host = options.host;
    this.file = options.file;
    this.config = options.config;
    this.dials = options.dials;
    this.nodeId = options.nodeId;
    this.voters = options.voters;
    this.isVoter = options.voters.includes(options.nodeId);
  }

  get epoch(): LeaderEpoch {
    return this.state.epoch;
  }

  get leaderId(): ReplicaId {
    return this.state.leaderId;
  }

  get isOnlyVoter(): boolean {
    return this.isVoter && this.voters.length === 1;
  }

  get hasRemoteLeader(): boolean {
    return this.leaderId !== NONE && this.leaderId !== this.nodeId;
  }

  /**
   * Takes up what the last incarnation left. Whoever led resigns, for what it wrote last may be lost, and then the same
   * offset of the same epoch would be given twice; true if that is disregarded (kraft.resignOnRestart off) and the caller
   * must resume the leadership.
   */
  initialize(lastLogEpoch: LeaderEpoch): boolean {
    const {
      leaderId,
      leaderEpoch: epoch,
      votedId: votedFor,
    } = this.file.read() ?? { leaderId: NONE, leaderEpoch: 0, votedId: NONE };
    if (epoch < lastLogEpoch) this.unattached(lastLogEpoch, NONE, NONE, this.electionDeadline());
    else if (leaderId === this.nodeId && this.isVoter) {
      if (!this.dials["kraft.resignOnRestart"]) return true;
      this.resigned(epoch, votedFor, []);
    } else if (leaderId !== NONE) this.follower(epoch, leaderId, votedFor);
    else if (votedFor === this.nodeId && this.isVoter) this.candidate(epoch, 1);
    else this.unattached(epoch, NONE, votedFor, this.electionDeadline());
    return false;
  }

  /** The epoch that the file names. */
  get persistedEpoch(): LeaderEpoch {
    return this.file.read()?.leaderEpoch ?? 0;
  }

  /** A higher epoch was seen; or, from Prospective, the same one stays without a leader to follow. */
  becomeUnattached(epoch: LeaderEpoch, leaderId: ReplicaId): void {
    const from = this.state;
    const sameEpoch = epoch === from.epoch;
    assert(
      epoch > from.epoch || (sameEpoch && from.role === "Prospective"),
      `Unattached(${epoch}) from ${from.role}(${from.epoch})`,
    );
    this.unattached(epoch, leaderId, sameEpoch ? from.votedFor : NONE, this.remainingElectionDeadline());
  }

  becomeFollower(epoch: LeaderEpoch, leaderId: ReplicaId): void {
    const from = this.state;
    assert(leaderId !== this.nodeId, `${this.nodeId} would follow itself`);
    assert(
      epoch > from.epoch || (epoch === from.epoch && from.role !== "Leader"),
      `Follower(${epoch}) from ${from.role}(${from.epoch})`,
    );
    this.follower(epoch, leaderId, epoch === from.epoch ? from.votedFor : NONE);
  }

  /** In memory only: same epoch, same vote, same leader. */
  becomeProspective(): void {
    const { epoch, leaderId, votedFor, role } = this.state;
    assert(this.isVoter && role !== "Leader", `Prospective from ${role}`);
    const election = new EpochElection(this.voters, this.nodeId);
    this.enter({ role: "Prospective", epoch, leaderId, votedFor, election, electionDeadline: this.electionDeadline() });
  }

  becomeCandidate(): void {
    const from = this.state;
    assert(this.isVoter && from.role !== "Leader", `Candidate from ${from.role}`);
    this.candidate(from.epoch + 1, from.role === "Candidate" ? from.retries + 1 : 1);
  }

  /** `resumes` only where a restarted leader goes on in its old epoch. */
  becomeLeader(leader: LeaderState, resumes: boolean): void {
    const from = this.state;
    assert(this.isVoter && (resumes || (from.role === "Candidate" && from.election.isGranted)), `Leader from ${from.role}`);
    this.persist(leader.epoch, this.nodeId, this.nodeId);
    // What others could have committed meanwhile is not known yet; only so does the leaders' high watermark never fall.
    this.highWatermark = NONE;
    this.enter({ role: "Leader", epoch: leader.epoch, leaderId: this.nodeId, votedFor: this.nodeId, leader });
  }

  becomeResigned(preferredSuccessors: readonly ReplicaId[]): void {
    assert(this.state.role === "Leader", `Resigned from ${this.state.role}`);
    this.resigned(this.state.epoch, this.state.votedFor, preferredSuccessors);
  }

  /** Gives this epoch's vote to `candidate`. Who has voted waits anew: the candidate has at least as good a chance. */
  vote(candidate: ReplicaId): void {
    const from = this.state;
    assert(from.role === "Unattached" || from.role === "Prospective", `a vote as ${from.role}`);
    assert(from.votedFor === NONE && candidate !== this.nodeId, `a second vote in epoch ${from.epoch}`);
    this.persist(from.epoch, from.leaderId, candidate);
    const electionDeadline = this.electionDeadline();
    if (from.role === "Unattached") this.enter({ ...from, votedFor: candidate, electionDeadline });
    else this.enter({ ...from, votedFor: candidate, election: new EpochElection(this.voters, this.nodeId), electionDeadline });
  }

  private unattached(epoch: LeaderEpoch, leaderId: ReplicaId, votedFor: ReplicaId, electionDeadline: Micros): void {
    this.persist(epoch, leaderId, votedFor);
    this.enter({ role: "Unattached", epoch, leaderId, votedFor, electionDeadline });
  }

  private follower(epoch: LeaderEpoch, leaderId: ReplicaId, votedFor: ReplicaId): void {
    this.persist(epoch, leaderId, votedFor);
    const fetchDeadline = this.host.now() + ms(this.config["controller.quorum.fetch.timeout.ms"]);
    this.enter({ role: "Follower", epoch, leaderId, votedFor, fetchDeadline, hasFetchedFromLeader: false });
  }

  private candidate(epoch: LeaderEpoch, retries: number): void {
    this.persist(epoch, NONE, this.nodeId);
    const election = new EpochElection(this.voters, this.nodeId);
    const electionDeadline = this.electionDeadline();
    this.enter({
      role: "Candidate",
      epoch,
      leaderId: NONE,
      votedFor: this.nodeId,
      election,
      electionDeadline,
      retries,
      backoffUntil: undefined,
    });
  }

  /** Not written: who led always comes back as resigned. */
  private resigned(epoch: LeaderEpoch, votedFor: ReplicaId, successors: readonly ReplicaId[]): void {
    this.enter({
      role: "Resigned",
      epoch,
      leaderId: this.nodeId,
      votedFor,
      electionDeadline: this.electionDeadline(),
      preferredSuccessors: successors,
      unacknowledged: this.voters.filter((voter) => voter !== this.nodeId),
    });
  }

  private electionDeadline(): Micros {
    if (!this.isVoter) return NEVER;
    return (
      this.host.now() + randomElectionTimeout(this.config["controller.quorum.election.timeout.ms"], this.host.random("raft"))
    );
  }

  /** A higher epoch is no reason to wait longer, where one waited already. */
  private remainingElectionDeadline(): Micros {
    const from = this.state;
    if (!this.isVoter) return NEVER;
    const waits =
      from.role === "Candidate" ||
      from.role === "Unattached" ||
      from.role === "Resigned" ||
      (from.role === "Prospective" && !from.election.isRejected);
    return waits ? from.electionDeadline : this.electionDeadline();
  }

  private persist(leaderEpoch: LeaderEpoch, leaderId: ReplicaId, votedId: ReplicaId): void {
    if (!this.file.writeDurably({ leaderId, leaderEpoch, votedId }))
      this.host.exit("raft: the quorum-state file cannot be written");
  }

  private enter(state: EpochState): void {
    this.state = state;
    const { epoch, leaderId, votedFor } = state;
    const role = this.isVoter ? state.role : "Observer";
    const event: RaftStateChanged = { kind: "RaftStateChanged", replica: this.nodeId, epoch, role, leaderId, votedFor };
    this.host.emit(event);
  }
}
