/** Offsets that a group commits with its coordinator, and asks for again. */
import type { ErrorCode } from "../errors.ts";
import type { LeaderEpoch, Offset } from "../ids.ts";

export interface OffsetCommitRequest {
  readonly groupId: string;
  /** -1 from a consumer that is no member of the group. */
  readonly generationIdOrMemberEpoch: number;
  /** Empty from a consumer that is no member of the group. */
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly OffsetCommitPartition[];
  }[];
}

export interface OffsetCommitPartition {
  readonly partitionIndex: number;
  /** Of the next record to be read. */
  readonly committedOffset: Offset;
  /** Of the last record consumed; -1 if none is known. */
  readonly committedLeaderEpoch: LeaderEpoch;
  readonly committedMetadata: string;
}

export interface OffsetCommitResponse {
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: ErrorCode }[];
  }[];
}

export interface OffsetFetchRequest {
  readonly groupId: string;
  /** Null and -1 from a member of the classic protocol, and from a consumer that is no member. */
  readonly memberId: string | null;
  readonly memberEpoch: number;
  /** Null: everything that the group has committed. */
  readonly topics: readonly { readonly name: string; readonly partitionIndexes: readonly number[] }[] | null;
  readonly requireStable: boolean;
}

export interface OffsetFetchResponse {
  /** About the group as a whole. */
  readonly errorCode: ErrorCode;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly errorCode: ErrorCode;
      /** -1: nothing is committed. */
      readonly committedOffset: Offset;
      readonly committedLeaderEpoch: LeaderEpoch;
      readonly metadata: string;
    }[];
  }[];
}
