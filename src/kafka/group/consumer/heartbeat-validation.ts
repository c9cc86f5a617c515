/**
 * Whether a ConsumerGroupHeartbeat may be taken up, and why not. Pure. Source: GroupMetadataManager (throwIf…).
 */
import type { ErrorCode } from "../../errors.ts";
import type { ConsumerGroupHeartbeatRequest } from "../../messages/groups.ts";
import { type ConsumerGroupMember, JOIN_EPOCH, LEAVE_EPOCH, STATIC_LEAVE_EPOCH } from "./consumer-group-member.ts";
import { isSubset, type PartitionSet } from "./partition-set.ts";

/** What can be told from the request alone. */
export function validateHeartbeat(request: ConsumerGroupHeartbeatRequest, assignors: readonly string[]): ErrorCode {
  const { groupId, memberId, memberEpoch, instanceId, rackId, serverAssignor } = request;
  if (groupId === "" || memberId === "" || instanceId === "" || rackId === "") return "INVALID_REQUEST";
  if (memberEpoch === JOIN_EPOCH && !isCompleteJoin(request)) return "INVALID_REQUEST";
  if (memberEpoch === STATIC_LEAVE_EPOCH && instanceId === null) return "INVALID_REQUEST";
  if (memberEpoch < STATIC_LEAVE_EPOCH) return "INVALID_REQUEST";
  if (serverAssignor !== null && !assignors.includes(serverAssignor)) return "UNSUPPORTED_ASSIGNOR";
  return "NONE";
}

function isCompleteJoin({ rebalanceTimeoutMs, topicPartitions, subscribedTopicNames }: ConsumerGroupHeartbeatRequest): boolean {
  if (rebalanceTimeoutMs === -1) return false;
  if (topicPartitions === null || topicPartitions.length > 0) return false;
  return subscribedTopicNames !== null && subscribedTopicNames.length > 0;
}

export function isLeave({ memberEpoch }: ConsumerGroupHeartbeatRequest): boolean {
  return memberEpoch === LEAVE_EPOCH || memberEpoch === STATIC_LEAVE_EPOCH;
}

/** A request that says all, as it does on joining and after an error: its answer says all, too. */
export function isFullRequest(request: ConsumerGroupHeartbeatRequest): boolean {
  const { memberEpoch, rebalanceTimeoutMs, subscribedTopicNames, topicPartitions } = request;
  return memberEpoch === JOIN_EPOCH || (rebalanceTimeoutMs !== -1 && subscribedTopicNames !== null && topicPartitions !== null);
}

/**
 * Whether the epoch is the member's. The one before is let through when it owns no more than it was given: the answer with the new epoch
 * may have been lost.
 */
export function validateMemberEpoch(member: ConsumerGroupMember, received: number, owned: PartitionSet | null): ErrorCode {
  if (received === member.memberEpoch) return "NONE";
  if (received > member.memberEpoch) return "FENCED_MEMBER_EPOCH";
  const lostAnswer = received === member.previousMemberEpoch && owned !== null && isSubset(owned, member.assigned);
  return lostAnswer ? "NONE" : "FENCED_MEMBER_EPOCH";
}
