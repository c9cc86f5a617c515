/** The metadata quorum's own requests (KIP-595, KIP-996). Fetch is in fetch.ts. */
import type { ErrorCode } from "../errors.ts";
import type { LeaderEpoch, Offset, ReplicaId } from "../ids.ts";

export interface VoteRequest {
  readonly clusterId: string;
  readonly voterId: ReplicaId;
  /** The epoch that the candidate campaigns in; with preVote the epoch it is in. */
  readonly replicaEpoch: LeaderEpoch;
  readonly replicaId: ReplicaId;
  readonly lastOffsetEpoch: LeaderEpoch;
  /** The candidate's log end offset. */
  readonly lastOffset: Offset;
  readonly preVote: boolean;
}

export interface VoteResponse {
  readonly errorCode: ErrorCode;
  readonly leaderId: ReplicaId;
  readonly leaderEpoch: LeaderEpoch;
  readonly voteGranted: boolean;
}

export interface BeginQuorumEpochRequest {
  readonly clusterId: string;
  readonly voterId: ReplicaId;
  readonly leaderId: ReplicaId;
  readonly leaderEpoch: LeaderEpoch;
}

export interface EndQuorumEpochRequest {
  readonly clusterId: string;
  readonly leaderId: ReplicaId;
  readonly leaderEpoch: LeaderEpoch;
  /** Voters by fetch offset, the most advanced first. */
  readonly preferredSuccessors: readonly ReplicaId[];
}

/** Answers BeginQuorumEpoch and EndQuorumEpoch. */
export interface QuorumEpochResponse {
  readonly errorCode: ErrorCode;
  readonly leaderId: ReplicaId;
  readonly leaderEpoch: LeaderEpoch;
}
