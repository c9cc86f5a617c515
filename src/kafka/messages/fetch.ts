/** Fetch: how followers, consumers, and voters and observers of the metadata log read. */
import type { ErrorCode } from "../errors.ts";
import type { BrokerEpoch, BrokerId, LeaderEpoch, Offset, TopicId } from "../ids.ts";
import type { RecordBatch } from "../records.ts";

/** Serves followers, consumers, and voters and observers of the metadata log (topic `__cluster_metadata`). */
export interface FetchRequest {
  /** The fetching replica; -1/-1 for a consumer. */
  readonly replicaState: { readonly replicaId: number; readonly replicaEpoch: BrokerEpoch };
  readonly clusterId: string;
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  /** The session that it belongs to (KIP-227); 0, or absent, for none. */
  readonly sessionId?: number;
  /** Its number in the session. 0 asks for a new one, and -1, or absence, for none: then `sessionId` names one to close. */
  readonly sessionEpoch?: number;
  /** Where a consumer is; absent if it does not say (KIP-392). */
  readonly rackId?: string;
  /** All that is wanted; within a session, what has changed since the request before. */
  readonly topics: readonly {
    readonly topicId: TopicId;
    readonly topic: string;
    readonly partitions: readonly FetchPartition[];
  }[];
  /** Taken out of the session. */
  readonly forgottenTopicsData?: readonly {
    readonly topicId: TopicId;
    readonly topic: string;
    readonly partitions: readonly number[];
  }[];
}

export interface FetchPartition {
  readonly partition: number;
  /** The fetcher's idea of the leader epoch; -1 to skip the check. */
  readonly currentLeaderEpoch: LeaderEpoch;
  readonly fetchOffset: Offset;
  /** Epoch of the last batch in the fetcher's log; -1 for none and for consumers. */
  readonly lastFetchedEpoch: LeaderEpoch;
  readonly logStartOffset: Offset;
  readonly partitionMaxBytes: number;
  /** What the fetcher of the metadata log knows to be committed, -1 for nothing; absent from others (KIP-1166). */
  readonly highWatermark?: Offset;
}

/** `R` is what the batches hold: clients' records, or metadata records. */
export interface FetchResponse<R = unknown> {
  readonly errorCode: ErrorCode;
  /** The session that the next request may go on with; 0, or absent, for none. */
  readonly sessionId?: number;
  /** For what the request asked for; within a session, those with records, an error, or offsets that the fetcher does not know yet. */
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly FetchPartitionResponse<R>[];
  }[];
}

export interface FetchPartitionResponse<R = unknown> {
  readonly partitionIndex: number;
  readonly errorCode: ErrorCode;
  readonly highWatermark: Offset;
  readonly logStartOffset: Offset;
  /** Set when the fetcher's log departs from the leader's: cut back, then ask again. */
  readonly divergingEpoch?: { readonly epoch: LeaderEpoch; readonly endOffset: Offset };
  readonly currentLeader?: { readonly leaderId: number; readonly leaderEpoch: LeaderEpoch };
  /** The consumer is to read from this one, which is nearer (KIP-392); then there are no records. */
  readonly preferredReadReplica?: BrokerId;
  readonly records: readonly RecordBatch<R>[];
}
