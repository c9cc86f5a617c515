/** ListOffsets and OffsetForLeaderEpoch: where a log begins, ends, and where an epoch ended. */
import type { ErrorCode } from "../errors.ts";
import type { LeaderEpoch, Offset } from "../ids.ts";

/** Timestamps with a meaning of their own. */
export const LATEST_TIMESTAMP = -1;
export const EARLIEST_TIMESTAMP = -2;

export interface ListOffsetsRequest {
  /** The asking replica; -1 for a consumer. */
  readonly replicaId: number;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly currentLeaderEpoch: LeaderEpoch;
      /** Milliseconds, or LATEST_TIMESTAMP, or EARLIEST_TIMESTAMP. */
      readonly timestamp: number;
    }[];
  }[];
}

export interface ListOffsetsResponse {
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly errorCode: ErrorCode;
      readonly timestamp: number;
      readonly offset: Offset;
      readonly leaderEpoch: LeaderEpoch;
    }[];
  }[];
}

export interface OffsetForLeaderEpochRequest {
  readonly replicaId: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly currentLeaderEpoch: LeaderEpoch;
      readonly leaderEpoch: LeaderEpoch;
    }[];
  }[];
}

export interface OffsetForLeaderEpochResponse {
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly errorCode: ErrorCode;
      readonly leaderEpoch: LeaderEpoch;
      /** -1 with leaderEpoch -1: undefined. */
      readonly endOffset: Offset;
    }[];
  }[];
}
