/** The requests that a group's coordinator answers, and what it answers when it can't look at them. Source: KafkaApis. */
import type { ErrorCode } from "../errors.ts";
import { NONE } from "../ids.ts";
import type { BrokerMetadataCache } from "../metadata/broker-metadata-cache.ts";
import type { AnyPendingRequest, PendingRequest } from "../net/request-channel.ts";

export type GroupRequest =
  | PendingRequest<"JoinGroup">
  | PendingRequest<"SyncGroup">
  | PendingRequest<"Heartbeat">
  | PendingRequest<"LeaveGroup">
  | PendingRequest<"OffsetCommit">
  | PendingRequest<"OffsetFetch">
  | PendingRequest<"ConsumerGroupHeartbeat">;

export function isGroupRequest(request: AnyPendingRequest): request is GroupRequest {
  switch (request.api) {
    case "JoinGroup":
    case "SyncGroup":
    case "Heartbeat":
    case "LeaveGroup":
    case "OffsetCommit":
    case "OffsetFetch":
    case "ConsumerGroupHeartbeat":
      return true;
    default:
      return false;
  }
}

/** Answers with an error about the group as a whole. */
export function refuseGroupRequest(request: GroupRequest, errorCode: ErrorCode, metadata: BrokerMetadataCache): void {
  switch (request.api) {
    case "JoinGroup": {
      const { memberId } = request.body;
      request.respond({
        errorCode,
        generationId: NONE,
        protocolName: null,
        leader: "",
        skipAssignment: false,
        memberId,
        members: [],
      });
      return;
    }
    case "SyncGroup":
      request.respond({ errorCode, protocolName: null, assignment: { assignedPartitions: [] } });
      return;
    case "Heartbeat":
      request.respond({ errorCode });
      return;
    case "LeaveGroup":
      request.respond({ errorCode, members: [] });
      return;
    case "OffsetCommit":
      respondToCommit(request, errorCode, metadata);
      return;
    case "OffsetFetch":
      request.respond({ errorCode, topics: [] });
      return;
    case "ConsumerGroupHeartbeat":
      request.respond({ errorCode, memberId: null, memberEpoch: 0, heartbeatIntervalMs: 0, assignment: null });
      return;
  }
}

/** All partitions that the broker knows get `errorCode`, the others say that there is none like that: nobody asks the group about those. */
function respondToCommit(request: PendingRequest<"OffsetCommit">, errorCode: ErrorCode, metadata: BrokerMetadataCache): void {
  const topics = request.body.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => {
      const known = metadata.partition(name, partitionIndex) !== undefined;
      return { partitionIndex, errorCode: known ? errorCode : ("UNKNOWN_TOPIC_OR_PARTITION" as const) };
    }),
  }));
  request.respond({ topics });
}
