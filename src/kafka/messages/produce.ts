/** Produce: record batches for the partitions that a broker leads, and what became of each. */
import type { ErrorCode } from "../errors.ts";
import type { LeaderEpoch, Offset, TopicId } from "../ids.ts";
import type { RecordBatch } from "../records.ts";

export interface ProduceRequest {
  /** 0, 1, or -1 for all. Anything else is answered INVALID_REQUIRED_ACKS. */
  readonly acks: number;
  readonly timeoutMs: number;
  readonly topicData: readonly {
    readonly topicId: TopicId;
    readonly name: string;
    readonly partitionData: readonly { readonly index: number; readonly records: RecordBatch }[];
  }[];
}

export interface ProduceResponse {
  readonly responses: readonly {
    readonly name: string;
    readonly partitionResponses: readonly ProducePartitionResponse[];
  }[];
}

export interface ProducePartitionResponse {
  readonly index: number;
  readonly errorCode: ErrorCode;
  /** -1 on an error. */
  readonly baseOffset: Offset;
  readonly logStartOffset: Offset;
  /** Where the leader is now, with NOT_LEADER_OR_FOLLOWER and FENCED_LEADER_EPOCH (KIP-951). */
  readonly currentLeader?: { readonly leaderId: number; readonly leaderEpoch: LeaderEpoch };
}
