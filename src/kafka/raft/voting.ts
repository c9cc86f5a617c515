/**
 * Vote, BeginQuorumEpoch and EndQuorumEpoch: both ends of the requests that change who leads.
 *
 * The order of the checks is Kafka's, and matters: a request of a higher epoch moves the receiver there even if it is then
 * refused. A vote is durable before it is answered. Source: KafkaRaftClient.handle{Vote,BeginQuorumEpoch,EndQuorumEpoch}…
 */
import type { ErrorCode } from "../errors.ts";
import { type LeaderEpoch, NONE, type ReplicaId } from "../ids.ts";
import type { QuorumEpochResponse, VoteRequest, VoteResponse } from "../messages/quorum.ts";
import type { PendingRequest } from "../net/request-channel.ts";
import { grantsVote, isUpToDate } from "./election.ts";
import { lostElectionBackoff, successorBackoff } from "./election-timeouts.ts";
import type { LeaderState } from "./leader-state.ts";
import type { CandidateState, ProspectiveState, ResignedState } from "./quorum-state.ts";
import type { RaftReplica } from "./raft-replica.ts";

export class Voting {
  private readonly replica: RaftReplica;

  constructor(replica: RaftReplica) {
    this.replica = replica;
  }

  // ---- asking ----

  /** Asks every voter that has not answered, as long as the election can be won. */
  sendVotes(state: ProspectiveState | CandidateState): void {
    const { requests, quorum, log, clusterId } = this.replica;
    if (state.election.isRejected) return;
    const { epoch: lastOffsetEpoch, offset: lastOffset } = log.end;
    const preVote = state.role === "Prospective";
    for (const voterId of state.election.unrecorded()) {
      if (!requests.isReady(voterId)) continue;
      const body = {
        clusterId,
        voterId,
        replicaEpoch: state.epoch,
        replicaId: quorum.nodeId,
        lastOffsetEpoch,
        lastOffset,
        preVote,
      };
      requests.send(voterId, "Vote", body);
    }
  }

  /** Tells the voters who leads. */
  sendBeginQuorumEpoch(leader: LeaderState): void {
    const { requests, quorum, clusterId, host } = this.replica;
    const now = host.now();
    for (const voterId of leader.votersToRemind(now)) {
      if (!requests.isReady(voterId)) continue;
      requests.send(voterId, "BeginQuorumEpoch", { clusterId, voterId, leaderId: quorum.nodeId, leaderEpoch: leader.epoch });
    }
    leader.remindedAt(now);
  }

  /** Tells the voters that this epoch's leader has gone, until each has acknowledged. */
  sendEndQuorumEpoch(state: ResignedState): void {
    const { requests, quorum, clusterId } = this.replica;
    const body = { clusterId, leaderId: quorum.nodeId, leaderEpoch: state.epoch, preferredSuccessors: state.preferredSuccessors };
    for (const voterId of state.unacknowledged) if (requests.isReady(voterId)) requests.send(voterId, "EndQuorumEpoch", body);
  }

  // ---- being asked ----

  onVote(request: PendingRequest<"Vote">): void {
    const { replica } = this;
    const { body } = request;
    const error = this.validateVote(body);
    if (error !== "NONE") {
      request.respond(this.voteResponse(error, false));
      return;
    }
    if (body.replicaEpoch > replica.quorum.epoch) replica.becomeUnattached(body.replicaEpoch);
    if (body.voterId !== replica.quorum.nodeId) {
      request.respond(this.voteResponse("INVALID_VOTER_KEY", false));
      return;
    }
    const granted = this.decideVote(body);
    const { state } = replica.quorum;
    const isNew = granted && !body.preVote && state.votedFor === NONE;
    if (isNew && (state.role === "Unattached" || state.role === "Prospective")) replica.quorum.vote(body.replicaId);
    request.respond(this.voteResponse("NONE", granted));
  }

  onBeginQuorumEpoch(request: PendingRequest<"BeginQuorumEpoch">): void {
    const { replica } = this;
    const { clusterId, leaderId, leaderEpoch, voterId } = request.body;
    const error = this.validateVoterOnly(clusterId, leaderId, leaderEpoch);
    if (error !== "NONE") {
      request.respond(this.epochResponse(error));
      return;
    }
    replica.maybeTransition(leaderId, leaderEpoch);
    request.respond(this.epochResponse(voterId === replica.quorum.nodeId ? "NONE" : "INVALID_VOTER_KEY"));
  }

  onEndQuorumEpoch(request: PendingRequest<"EndQuorumEpoch">): void {
    const { replica } = this;
    const { clusterId, leaderId, leaderEpoch, preferredSuccessors } = request.body;
    const error = this.validateVoterOnly(clusterId, leaderId, leaderEpoch);
    if (error !== "NONE") {
      request.respond(this.epochResponse(error));
      return;
    }
    replica.maybeTransition(leaderId, leaderEpoch);
    const { state, nodeId: self } = replica.quorum;
    if (state.role === "Follower" && state.leaderId === leaderId) {
      const maxMs = replica.config["controller.quorum.election.backoff.max.ms"];
      state.fetchDeadline = replica.host.now() + successorBackoff({ self, preferredSuccessors, maxMs });
    }
    request.respond(this.epochResponse("NONE"));
  }

  // ---- being answered: true if the answer was of use ----

  onVoteResponse(voter: ReplicaId, response: VoteResponse): boolean {
    const { replica } = this;
    const { errorCode, leaderId, leaderEpoch, voteGranted } = response;
    if (errorCode === "INCONSISTENT_CLUSTER_ID") return false;
    const handling = replica.handleCommonResponse(errorCode, leaderId, leaderEpoch);
    if (handling !== "continue") return handling === "handled";
    if (errorCode !== "NONE") return false;
    const { state } = replica.quorum;
    if (state.role !== "Prospective" && state.role !== "Candidate") return true;
    state.election.record(voter, voteGranted);
    if (voteGranted) replica.afterVote();
    else if (state.election.isRejected) this.onElectionLost(state);
    return true;
  }

  onQuorumEpochResponse(voter: ReplicaId, response: QuorumEpochResponse): boolean {
    const { replica } = this;
    const { errorCode, leaderId, leaderEpoch } = response;
    if (errorCode === "INCONSISTENT_CLUSTER_ID") return false;
    const handling = replica.handleCommonResponse(errorCode, leaderId, leaderEpoch);
    if (handling !== "continue") return handling === "handled";
    if (errorCode !== "NONE") return false;
    const { state } = replica.quorum;
    if (state.role === "Resigned") state.unacknowledged = state.unacknowledged.filter((other) => other !== voter);
    return true;
  }

  /** The time for an election is over, or its loss certain, and it was before KIP-996: rest, then raise the epoch again. */
  backOff(state: CandidateState): void {
    const { host, config } = this.replica;
    const maxMs = config["controller.quorum.election.backoff.max.ms"];
    state.backoffUntil = host.now() + lostElectionBackoff({ retries: state.retries, maxMs, random: host.random("raft") });
  }

  private onElectionLost(state: ProspectiveState | CandidateState): void {
    if (state.role === "Prospective") this.replica.giveUpNomination();
    // With KIP-996 a candidate waits out its time, and then asks before it raises the epoch again.
    else if (!this.replica.dials["kraft.preVote"] && state.backoffUntil === undefined) this.backOff(state);
  }

  private decideVote(body: VoteRequest): boolean {
    const { quorum, log, dials } = this.replica;
    const { role, leaderId, votedFor } = quorum.state;
    const hasFetchedFromLeader = quorum.state.role === "Follower" && quorum.state.hasFetchedFromLeader;
    return grantsVote({
      elector: { role, leaderId, votedFor, hasFetchedFromLeader },
      candidateId: body.replicaId,
      logIsUpToDate: isUpToDate({ epoch: body.lastOffsetEpoch, offset: body.lastOffset }, log.end),
      preVote: body.preVote,
      followersRejectPreVote: dials["kraft.followersRejectPreVote"],
    });
  }

  private validateVote({ clusterId, replicaId, replicaEpoch, lastOffset, lastOffsetEpoch, preVote }: VoteRequest): ErrorCode {
    if (clusterId !== this.replica.clusterId) return "INCONSISTENT_CLUSTER_ID";
    // A candidate has raised its epoch above that of every record it has; one that only asks has not.
    const illegalEpoch = preVote ? lastOffsetEpoch > replicaEpoch : lastOffsetEpoch >= replicaEpoch;
    if (illegalEpoch || lastOffset < 0 || lastOffsetEpoch < 0) return "INVALID_REQUEST";
    return this.validateVoterOnly(clusterId, replicaId, replicaEpoch);
  }

  private validateVoterOnly(clusterId: string, sender: ReplicaId, epoch: LeaderEpoch): ErrorCode {
    if (clusterId !== this.replica.clusterId) return "INCONSISTENT_CLUSTER_ID";
    if (epoch < this.replica.quorum.epoch) return "FENCED_LEADER_EPOCH";
    return sender < 0 ? "INVALID_REQUEST" : "NONE";
  }

  private voteResponse(errorCode: ErrorCode, voteGranted: boolean): VoteResponse {
    return { ...this.epochResponse(errorCode), voteGranted };
  }

  private epochResponse(errorCode: ErrorCode): QuorumEpochResponse {
    const { leaderId, epoch: leaderEpoch } = this.replica.quorum;
    return { errorCode, leaderId, leaderEpoch };
  }
}
