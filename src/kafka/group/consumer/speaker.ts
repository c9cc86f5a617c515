/**
 * Which member a request speaks for: one that is known, a new one, or one that takes the place of a static member which is away.
 * Pure. Source: GroupMetadataManager.getOrMaybeSubscribeDynamicConsumerGroupMember, getOrMaybeSubscribeStaticConsumerGroupMember.
 */
import type { ErrorCode } from "../../errors.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import {
  type ConsumerGroupMember,
  changed,
  JOIN_EPOCH,
  newMember,
  STATIC_LEAVE_EPOCH,
  usesClassicProtocol,
} from "./consumer-group-member.ts";

export interface Speaker {
  /** As it was before it spoke. */
  readonly member: ConsumerGroupMember;
  readonly replaced: ConsumerGroupMember | undefined;
}

/** By the member id alone. `joins`: who is not known is new. */
export function dynamicMember(group: ConsumerGroup, memberId: string, joins: boolean): Speaker | ErrorCode {
  const member = group.member(memberId);
  if (member === undefined && !joins) return "UNKNOWN_MEMBER_ID";
  return { member: member ?? newMember(memberId), replaced: undefined };
}

/** By the instance id; the member id has to be the one that has it (KIP-345). */
export function staticMember(group: ConsumerGroup, memberId: string, instanceId: string): Speaker | ErrorCode {
  const member = group.staticMember(instanceId);
  if (member === undefined) return "UNKNOWN_MEMBER_ID";
  if (member.memberId !== memberId) return "FENCED_INSTANCE_ID";
  return { member, replaced: undefined };
}

/**
 * A static member that joins: in the place of the one that has its instance id. Between members of the new protocol that one must
 * have said that it is away; a process of the classic protocol that joins, or is there, makes way at once.
 */
export function joiningStaticMember(
  group: ConsumerGroup,
  memberId: string,
  instanceId: string,
  classic: boolean,
): Speaker | ErrorCode {
  const existing = group.staticMember(instanceId);
  if (existing === undefined) return dynamicMember(group, memberId, true);
  if (!classic && !usesClassicProtocol(existing) && existing.memberEpoch !== STATIC_LEAVE_EPOCH) return "UNRELEASED_INSTANCE_ID";
  return {
    member: changed(existing, { memberId, memberEpoch: JOIN_EPOCH, previousMemberEpoch: JOIN_EPOCH }),
    replaced: existing,
  };
}
