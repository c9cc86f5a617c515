/** The Fetch of `__cluster_metadata-0`, as it goes over the wire between replicas of the metadata log. Source: RaftUtil. */
import type { ErrorCode } from "../errors.ts";
import { NONE, type Offset } from "../ids.ts";
import type { FetchPartition, FetchPartitionResponse, FetchRequest, FetchResponse } from "../messages/fetch.ts";
import { METADATA_TOPIC, type MetadataRecord } from "../metadata/records.ts";
import type { LogEnd } from "./election.ts";
import type { MetadataBatch, MetadataLog } from "./metadata-log.ts";
import type { QuorumState } from "./quorum-state.ts";

/** Uuid.METADATA_TOPIC_ID. */
const METADATA_TOPIC_ID = "AAAAAAAAAAAAAAAAAAAAAQ";
const MAX_WAIT_MS = 500;
const MAX_BYTES = 8 * 1_024 * 1_024;

/** Asks for what follows the end of this replica's log. `reportsHighWatermark` is the dial of that name. */
export function metadataFetchRequest(options: {
  readonly clusterId: string;
  readonly quorum: QuorumState;
  readonly log: MetadataLog;
  readonly reportsHighWatermark: boolean;
}): FetchRequest {
  const { clusterId, quorum, log, reportsHighWatermark } = options;
  const partition: FetchPartition = {
    partition: 0,
    currentLeaderEpoch: quorum.epoch,
    fetchOffset: log.endOffset,
    lastFetchedEpoch: log.lastFetchedEpoch,
    logStartOffset: NONE,
    partitionMaxBytes: MAX_BYTES,
    ...(reportsHighWatermark && { highWatermark: quorum.highWatermark }),
  };
  return {
    replicaState: { replicaId: quorum.nodeId, replicaEpoch: NONE },
    clusterId,
    maxWaitMs: MAX_WAIT_MS,
    minBytes: 1,
    maxBytes: MAX_BYTES,
    topics: [{ topicId: METADATA_TOPIC_ID, topic: METADATA_TOPIC, partitions: [partition] }],
  };
}

/** The one partition that a fetch of the metadata log asks for; undefined if it is something else. */
export function requestedPartition(request: FetchRequest): FetchPartition | undefined {
  const topic = request.topics[0];
  return topic?.topic === METADATA_TOPIC ? topic.partitions[0] : undefined;
}

export function answeredPartition(response: FetchResponse): FetchPartitionResponse<MetadataRecord> | undefined {
  return response.responses[0]?.partitions[0] as FetchPartitionResponse<MetadataRecord> | undefined;
}

/** Every answer says who leads which epoch, as far as this replica knows. */
export function metadataFetchResponse(options: {
  readonly errorCode: ErrorCode;
  readonly quorum: QuorumState;
  readonly highWatermark: Offset;
  readonly records: readonly MetadataBatch[];
  readonly diverging?: LogEnd | undefined;
}): FetchResponse<MetadataRecord> {
  const { errorCode, quorum, highWatermark, records, diverging } = options;
  const partition: FetchPartitionResponse<MetadataRecord> = {
    partitionIndex: 0,
    errorCode,
    highWatermark,
    logStartOffset: 0,
    currentLeader: { leaderId: quorum.leaderId, leaderEpoch: quorum.epoch },
    records,
    ...(diverging !== undefined && { divergingEpoch: { epoch: diverging.epoch, endOffset: diverging.offset } }),
  };
  return { errorCode: "NONE", responses: [{ topic: METADATA_TOPIC, partitions: [partition] }] };
}

export function emptyFetchResponse(errorCode: ErrorCode, quorum: QuorumState): FetchResponse<MetadataRecord> {
  return metadataFetchResponse({ errorCode, quorum, highWatermark: NONE, records: [] });
}
