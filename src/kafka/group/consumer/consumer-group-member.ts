/**
 * A member of a KIP-848 group as its coordinator knows it. A value: a change makes a new one.
 * Source: ConsumerGroupMember, MemberState.
 */
import { NONE } from "../../ids.ts";
import type {
  ConsumerGroupCurrentMemberRecord,
  ConsumerGroupMemberRecord,
  ConsumerGroupMemberValue,
} from "../coordinator-records.ts";
import { NO_PARTITIONS, type PartitionSet, partitionSet } from "./partition-set.ts";

/** The epoch of a member that joins. */
export const JOIN_EPOCH = 0;
/** The epoch of a member that leaves for good. */
export const LEAVE_EPOCH = -1;
/** The epoch of a static member that leaves for a while. Its partitions wait for it until its session ends. */
export const STATIC_LEAVE_EPOCH = -2;

/**
 * STABLE: it has what its target gave it at its epoch. UNREVOKED_PARTITIONS: it is to give up partitions first, and keeps its epoch.
 * UNRELEASED_PARTITIONS: it is at the target epoch and waits for partitions that others still hold.
 */
type MemberState = "STABLE" | "UNREVOKED_PARTITIONS" | "UNRELEASED_PARTITIONS";

export interface ConsumerGroupMember extends ConsumerGroupMemberValue {
  readonly memberId: string;
  readonly memberEpoch: number;
  /** With which it may still come once, when the answer with its new epoch was lost. */
  readonly previousMemberEpoch: number;
  readonly state: MemberState;
  readonly assigned: PartitionSet;
  /** It is to give these up, and has not said that it did. */
  readonly pendingRevocation: PartitionSet;
}

export type ClassicMember = NonNullable<ConsumerGroupMemberValue["classicMember"]>;

export function newMember(memberId: string): ConsumerGroupMember {
  return Object.freeze({
    memberId,
    memberEpoch: JOIN_EPOCH,
    previousMemberEpoch: NONE,
    state: "STABLE",
    instanceId: null,
    rackId: null,
    clientId: "",
    subscribedTopicNames: Object.freeze([]),
    rebalanceTimeoutMs: NONE,
    serverAssignor: null,
    classicMember: null,
    assigned: NO_PARTITIONS,
    pendingRevocation: NO_PARTITIONS,
  });
}

export function changed(member: ConsumerGroupMember, change: Partial<ConsumerGroupMember>): ConsumerGroupMember {
  return Object.freeze({ ...member, ...change });
}

/** Whether it has all that the target of `assignmentEpoch` gives it, and nothing else. */
export function isReconciledTo(member: ConsumerGroupMember, assignmentEpoch: number): boolean {
  return member.state === "STABLE" && member.memberEpoch === assignmentEpoch;
}

export function usesClassicProtocol(
  member: ConsumerGroupMember,
): member is ConsumerGroupMember & { readonly classicMember: ClassicMember } {
  return member.classicMember !== null;
}

/** Subscribed topics in the order in which they are kept: ascending, each once. */
export function topicNames(names: readonly string[]): readonly string[] {
  return Object.freeze([...new Set(names)].sort());
}

export function sameTopicNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

/** Whether what is kept in the member's metadata record is the same. */
export function sameMetadata(a: ConsumerGroupMember, b: ConsumerGroupMember): boolean {
  return a === b || JSON.stringify(metadataOf(a)) === JSON.stringify(metadataOf(b));
}

function metadataOf(member: ConsumerGroupMember): ConsumerGroupMemberValue {
  const { instanceId, rackId, clientId, subscribedTopicNames, rebalanceTimeoutMs, serverAssignor, classicMember } = member;
  return Object.freeze({ instanceId, rackId, clientId, subscribedTopicNames, rebalanceTimeoutMs, serverAssignor, classicMember });
}

export function memberRecord(group: string, member: ConsumerGroupMember): ConsumerGroupMemberRecord {
  return { type: "ConsumerGroupMemberMetadata", key: { group, member: member.memberId }, value: metadataOf(member) };
}

export function currentAssignmentRecord(group: string, member: ConsumerGroupMember): ConsumerGroupCurrentMemberRecord {
  const { memberEpoch, previousMemberEpoch, state, assigned, pendingRevocation } = member;
  return {
    type: "ConsumerGroupCurrentMemberAssignment",
    key: { group, member: member.memberId },
    value: {
      memberEpoch,
      previousMemberEpoch,
      state,
      assignedPartitions: assigned,
      partitionsPendingRevocation: pendingRevocation,
    },
  };
}

/** The member as a record of its current assignment leaves it; a tombstone leaves it without partitions, on its way out. */
export function withCurrentAssignment(
  member: ConsumerGroupMember,
  value: ConsumerGroupCurrentMemberRecord["value"],
): ConsumerGroupMember {
  if (value === null) {
    return changed(member, {
      memberEpoch: LEAVE_EPOCH,
      previousMemberEpoch: LEAVE_EPOCH,
      assigned: NO_PARTITIONS,
      pendingRevocation: NO_PARTITIONS,
    });
  }
  return changed(member, {
    memberEpoch: value.memberEpoch,
    previousMemberEpoch: value.previousMemberEpoch,
    state: value.state,
    assigned: partitionSet(value.assignedPartitions),
    pendingRevocation: partitionSet(value.partitionsPendingRevocation),
  });
}
