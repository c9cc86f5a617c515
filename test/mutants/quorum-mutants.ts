/** Mutants of the metadata quorum: voters, the leader among them, and the brokers that observe. */
import type { Micros } from "../../src/base/units.ts";
import { type LeaderEpoch, NONE, type Offset, type ReplicaId } from "../../src/kafka/ids.ts";
import { LogSegments } from "../../src/kafka/log/log-segments.ts";
import type { VoteRequest } from "../../src/kafka/messages/quorum.ts";
import { isUpToDate } from "../../src/kafka/raft/election.ts";
import { FollowerFetch } from "../../src/kafka/raft/follower-fetch.ts";
import { highWatermarkOf, type VoterEnd } from "../../src/kafka/raft/high-watermark.ts";
import { LeaderState } from "../../src/kafka/raft/leader-state.ts";
import { METADATA_LOG_DIR, MetadataLog } from "../../src/kafka/raft/metadata-log.ts";
import { type PersistedElection, QuorumState } from "../../src/kafka/raft/quorum-state.ts";
import { RaftReplica } from "../../src/kafka/raft/raft-replica.ts";
import { Voting } from "../../src/kafka/raft/voting.ts";
import type { AppendFile, Host, ValueFile } from "../../src/sim/host.ts";
import { inside, type Mutant, SEEDS } from "./mutant.ts";
import {
  CONTESTED_ELECTION,
  CONTROLLERS_LOSE_POWER,
  HALF_CUT_VOTER,
  ISOLATED_ACTIVE_CONTROLLER,
  LAGGING_VOTER,
  LATE_VOTER,
  LONELY_CANDIDATE,
  QUIET_QUORUM,
} from "./scenarios.ts";

interface InsideVoting {
  readonly replica: RaftReplica;
  decideVote(body: VoteRequest): boolean;
}

interface InsideQuorumState {
  readonly file: ValueFile<PersistedElection>;
  persist(leaderEpoch: LeaderEpoch, leaderId: ReplicaId, votedId: ReplicaId): void;
}

interface InsideLeaderState {
  readonly self: ReplicaId;
  readonly voters: readonly VoterEnd[];
  highWatermark: Offset;
  countFetch(replica: ReplicaId, now: Micros): void;
  updateFetch(replica: ReplicaId, fetchOffset: Offset, now: Micros): boolean;
  updateHighWatermark(): boolean;
}

interface InsideFollowerFetch {
  readonly replica: RaftReplica;
  updateHighWatermark(ofLeader: Offset): void;
}

interface InsideSegments {
  readonly dir: string;
  readonly host: Host;
  filesFrom(offset: Offset): AppendFile<unknown>[];
}

const voting = inside<InsideVoting>(Voting);
const leaderState = inside<InsideLeaderState>(LeaderState);

export const QUORUM_MUTANTS: readonly Mutant[] = [
  {
    name: "vote-twice",
    breaks: "A voter forgets in the same epoch that it has already voted.",
    invariant: "RaftElectionSafety",
    scenario: CONTESTED_ELECTION,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        voting,
        "decideVote",
        (decideVote) =>
          function (this: InsideVoting, body) {
            const { quorum, log } = this.replica;
            const { role, leaderId } = quorum.state;
            const free = role === "Unattached" || role === "Prospective";
            if (body.preVote || !free || leaderId !== NONE) return decideVote.call(this, body);
            return isUpToDate({ epoch: body.lastOffsetEpoch, offset: body.lastOffset }, log.end);
          },
      ),
  },
  {
    name: "epoch-not-forced",
    breaks: "A voter writes its epoch and vote to disk, but does not force them out.",
    invariant: "RaftMonotonicEpoch",
    scenario: LONELY_CANDIDATE,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideQuorumState>(QuorumState),
        "persist",
        () =>
          function (this: InsideQuorumState, leaderEpoch, leaderId, votedId) {
            this.file.write({ leaderId, leaderEpoch, votedId });
          },
      ),
  },
  {
    name: "metadata-never-diverges",
    breaks: "The leader of the quorum never finds that a fetcher's log departs from its own.",
    invariant: "RaftLogMatching",
    scenario: ISOLATED_ACTIVE_CONTROLLER,
    seeds: SEEDS,
    patch: (patches) => patches.replace(MetadataLog.prototype, "divergingFrom", () => () => undefined),
  },
  {
    name: "start-over-on-divergence",
    breaks: "A voter whose log departs from the leader's throws all of it away, and not only what departs.",
    invariant: "RaftLogMatching",
    scenario: ISOLATED_ACTIVE_CONTROLLER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        MetadataLog.prototype,
        "truncateTo",
        (truncateTo) =>
          function (this: MetadataLog) {
            truncateTo.call(this, { epoch: 0, offset: 0 });
          },
      ),
  },
  {
    name: "vote-for-any-log",
    breaks: "A voter gives its vote without comparing logs.",
    invariant: "RaftLeaderCompleteness",
    scenario: LATE_VOTER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        voting,
        "decideVote",
        (decideVote) =>
          function (this: InsideVoting, body) {
            const { epoch, offset } = this.replica.log.end;
            return decideVote.call(this, { ...body, lastOffsetEpoch: epoch, lastOffset: offset });
          },
      ),
  },
  {
    name: "own-log-is-majority",
    breaks: "The leader of the quorum takes for committed what it has on its own disk.",
    invariant: "RaftMajorityReachedHighWatermark",
    scenario: QUIET_QUORUM,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        leaderState,
        "updateHighWatermark",
        () =>
          function (this: InsideLeaderState) {
            const own = this.voters.find(({ id }) => id === this.self)?.endOffset ?? NONE;
            if (own <= this.highWatermark) return false;
            this.highWatermark = own;
            return true;
          },
      ),
  },
  {
    name: "commit-older-epochs",
    breaks: "A new leader of the quorum counts replicas for records of older epochs, before one of its own is on a majority.",
    invariant: "RaftMonotonicHighWatermark",
    scenario: LAGGING_VOTER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        leaderState,
        "updateHighWatermark",
        () =>
          function (this: InsideLeaderState) {
            const { voters, highWatermark: current } = this;
            this.highWatermark = highWatermarkOf({ voters, epochStartOffset: NONE, current, requiresEpochStart: ">" });
            return this.highWatermark > current;
          },
      ),
  },
  {
    name: "fsync-of-the-index",
    breaks: "A flush of the metadata log forces its index to disk, and forgets the log itself.",
    invariant: "ConsistentCommittedData",
    scenario: CONTROLLERS_LOSE_POWER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideSegments>(LogSegments),
        "filesFrom",
        (filesFrom) =>
          function (this: InsideSegments, offset) {
            if (this.dir !== METADATA_LOG_DIR) return filesFrom.call(this, offset);
            return [this.host.disk.appendFile(`${this.dir}/00000000000000000000.index`)];
          },
      ),
  },
  {
    name: "apply-uncommitted",
    breaks: "A broker takes every metadata record that it has fetched for committed, and applies it.",
    invariant: "MetadataLogMatching",
    scenario: QUIET_QUORUM,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideFollowerFetch>(FollowerFetch),
        "updateHighWatermark",
        (updateHighWatermark) =>
          function (this: InsideFollowerFetch, ofLeader) {
            const { quorum, log } = this.replica;
            updateHighWatermark.call(this, quorum.isVoter ? ofLeader : log.endOffset);
          },
      ),
  },
  {
    name: "stand-without-asking",
    breaks: "A voter that does not hear the leader raises the epoch at once, and does not ask the others first.",
    invariant: "LeaderStability",
    scenario: HALF_CUT_VOTER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        RaftReplica.prototype,
        "standForElection",
        () =>
          function (this: RaftReplica) {
            this.becomeCandidate();
          },
      ),
  },
  {
    name: "observers-are-contact",
    breaks: "The leader of the quorum stays in office as long as brokers fetch from it, voters or not.",
    invariant: "StaleLeaderBounded",
    scenario: ISOLATED_ACTIVE_CONTROLLER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        leaderState,
        "updateFetch",
        (updateFetch) =>
          function (this: InsideLeaderState, replica, fetchOffset, now) {
            this.countFetch(replica, now);
            return updateFetch.call(this, replica, fetchOffset, now);
          },
      ),
  },
];
