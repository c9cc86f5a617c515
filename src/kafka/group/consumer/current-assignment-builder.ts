/**
 * The next step of one member towards its target assignment.
 *
 * First what is not its own any more: as long as it may still hold any of that, it keeps its epoch and gets nothing new. Then what is
 * free: a partition goes to its new owner only when nobody has it assigned or pending revocation, which is what its partition
 * epoch tells. So no partition is ever in two members' sets. Pure: it decides, the coordinator writes.
 * Source: KIP-848, CurrentAssignmentBuilder.
 */
import { NONE, type TopicId } from "../../ids.ts";
import { type ConsumerGroupMember, changed } from "./consumer-group-member.ts";
import { difference, filtered, intersection, NO_PARTITIONS, type PartitionSet, samePartitions, union } from "./partition-set.ts";

export interface Reconciliation {
  readonly member: ConsumerGroupMember;
  /** The assignment epoch. */
  readonly targetEpoch: number;
  readonly target: PartitionSet;
  /** What the member says to own; null when it has said nothing, which counts as owning all. */
  readonly owned: PartitionSet | null;
  /** The epoch of the member that has it assigned or pending revocation; -1 if it is free. */
  readonly partitionEpoch: (topicId: TopicId, partition: number) => number;
  /** The dial group.waitForRevocationAck: false takes every partition for free. */
  readonly waitForRevocationAck: boolean;
}

/** The member as it is to be from now on; the very same one if it can't move on yet. */
export function nextAssignment(reconciliation: Reconciliation): ConsumerGroupMember {
  const { member, targetEpoch, owned } = reconciliation;
  switch (member.state) {
    case "STABLE":
      return member.memberEpoch === targetEpoch ? member : towardsTarget(reconciliation, member.memberEpoch);
    case "UNREVOKED_PARTITIONS":
      if (mayOwnAnyOf(owned, member.pendingRevocation)) return member;
      // It has let go: it enters the next epoch, and what is to be done there is looked at anew.
      return towardsTarget(reconciliation, member.memberEpoch + 1);
    case "UNRELEASED_PARTITIONS":
      return towardsTarget(reconciliation, member.memberEpoch);
  }
}

function towardsTarget(reconciliation: Reconciliation, memberEpoch: number): ConsumerGroupMember {
  const { member, target, targetEpoch, owned, partitionEpoch, waitForRevocationAck } = reconciliation;
  const kept = intersection(member.assigned, target);
  const toRevoke = difference(member.assigned, kept);
  if (toRevoke.length > 0 && mayOwnAnyOf(owned, toRevoke)) {
    return moved(member, { memberEpoch, state: "UNREVOKED_PARTITIONS", assigned: kept, pendingRevocation: toRevoke });
  }
  const missing = difference(target, kept);
  const free = waitForRevocationAck
    ? filtered(missing, (topicId, partition) => partitionEpoch(topicId, partition) === NONE)
    : missing;
  return moved(member, {
    memberEpoch: targetEpoch,
    state: samePartitions(free, missing) ? "STABLE" : "UNRELEASED_PARTITIONS",
    assigned: union(kept, free),
    pendingRevocation: NO_PARTITIONS,
  });
}

/** The member moved on: what was its epoch is its previous one, even if it stays in it. The very same one if all is as it was. */
function moved(
  member: ConsumerGroupMember,
  to: Pick<ConsumerGroupMember, "memberEpoch" | "state" | "assigned" | "pendingRevocation">,
): ConsumerGroupMember {
  const previousMemberEpoch = member.memberEpoch;
  const same =
    member.memberEpoch === to.memberEpoch &&
    member.previousMemberEpoch === previousMemberEpoch &&
    member.state === to.state &&
    samePartitions(member.assigned, to.assigned) &&
    samePartitions(member.pendingRevocation, to.pendingRevocation);
  return same ? member : changed(member, { ...to, previousMemberEpoch });
}

function mayOwnAnyOf(owned: PartitionSet | null, partitions: PartitionSet): boolean {
  return owned === null || intersection(owned, partitions).length > 0;
}
