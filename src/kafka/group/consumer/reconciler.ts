/**
 * What a member's word moves in its group, in three steps: a changed subscription, or changed topics, raise the group epoch; a group epoch
 * beyond the assignment's asks for a new target; and the member goes as far towards its target as it may.
 *
 * The same for members of both protocols. Source: the numbered steps of GroupMetadataManager.consumerGroupHeartbeat and
 * classicGroupJoinToConsumerGroup.
 */
import type { ShardContext } from "../shard.ts";
import type { ServerAssignor } from "./assignors/server-assignor.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import {
  type ConsumerGroupMember,
  isReconciledTo,
  sameMetadata,
  sameTopicNames,
  usesClassicProtocol,
} from "./consumer-group-member.ts";
import { nextAssignment } from "./current-assignment-builder.ts";
import type { GroupChange } from "./group-change.ts";
import type { MemberTimers } from "./member-timers.ts";
import type { PartitionSet } from "./partition-set.ts";
import { hashOf } from "./subscribed-topics.ts";
import { computeTarget, preferredAssignor, targetOf } from "./target-assignment-builder.ts";

export interface MemberWord {
  readonly group: ConsumerGroup;
  /** The member before. */
  readonly member: ConsumerGroupMember;
  /** As it describes itself now. */
  readonly updated: ConsumerGroupMember;
  /** The static member whose place it takes. */
  readonly replaced: ConsumerGroupMember | undefined;
  /** What it says to own; null if it says nothing. */
  readonly owned: PartitionSet | null;
}

interface Target {
  readonly epoch: number;
  readonly partitions: PartitionSet;
}

export class Reconciler {
  /** Counts what the broker has learnt about topics. */
  metadataVersion = 0;
  private readonly shard: ShardContext;
  private readonly timers: MemberTimers;
  private readonly assignors: readonly ServerAssignor[];

  constructor(shard: ShardContext, timers: MemberTimers, assignors: readonly ServerAssignor[]) {
    this.shard = shard;
    this.timers = timers;
    this.assignors = assignors;
  }

  /** The member as it is once `change` is written. */
  advance(word: MemberWord, change: GroupChange): ConsumerGroupMember {
    const { group } = word;
    const groupEpoch = this.groupEpochAfter(word, change);
    const target =
      groupEpoch > group.assignmentEpoch
        ? this.newTarget(word, groupEpoch, change)
        : { epoch: group.assignmentEpoch, partitions: group.target(word.replaced?.memberId ?? word.updated.memberId) };
    return this.reconcile(word, target, change);
  }

  private groupEpochAfter(word: MemberWord, change: GroupChange): number {
    const { group, member, updated, replaced } = word;
    const { metadata } = this.shard;
    const isNew = group.member(updated.memberId) === undefined && replaced === undefined;
    const subscriptionChanged = !sameTopicNames(member.subscribedTopicNames, updated.subscribedTopicNames);
    if (isNew) change.addMember(updated);
    else if (!sameMetadata(member, updated)) change.updateMember(updated);
    if (!subscriptionChanged && group.comparedMetadata === this.metadataVersion) return group.groupEpoch;
    const hash = hashOf(membersAfter(word), metadata);
    if (!subscriptionChanged && hash === group.metadataHash) return group.groupEpoch;
    const epoch = group.groupEpoch + 1;
    change.setGroupEpoch(epoch, hash);
    return epoch;
  }

  private newTarget(word: MemberWord, epoch: number, change: GroupChange): Target {
    const { group, updated, replaced } = word;
    const members = membersAfter(word);
    const assignor = preferredAssignor(members, this.assignors);
    const target = computeTarget({
      group,
      members,
      replaced: replaced === undefined ? undefined : { memberId: replaced.memberId, by: updated.memberId },
      assignor,
      metadata: this.shard.metadata,
    });
    change.setTarget(group, members, { epoch, assignor: assignor.name, target });
    return { epoch, partitions: targetOf(target, updated.memberId) };
  }

  private reconcile({ group, updated, owned }: MemberWord, target: Target, change: GroupChange): ConsumerGroupMember {
    if (isReconciledTo(updated, target.epoch)) return updated;
    const next = nextAssignment({
      member: updated,
      targetEpoch: target.epoch,
      target: target.partitions,
      owned,
      partitionEpoch: (topicId, partition) => group.partitionEpoch(topicId, partition),
      waitForRevocationAck: this.shard.dials["group.waitForRevocationAck"],
    });
    if (next === updated) return updated;
    change.reconcileMember(next);
    if (!usesClassicProtocol(next)) this.setRebalanceTimer(group.groupId, next);
    return next;
  }

  private setRebalanceTimer(
    group: string,
    { memberId: member, memberEpoch, state, rebalanceTimeoutMs }: ConsumerGroupMember,
  ): void {
    const timer = { what: "rebalance", group, member, memberEpoch } as const;
    if (state === "UNREVOKED_PARTITIONS") this.timers.schedule(timer, rebalanceTimeoutMs);
    else this.timers.cancel(timer);
  }
}

/** The members by id, the one who speaks as it describes itself now. */
function membersAfter({ group, updated, replaced }: MemberWord): readonly ConsumerGroupMember[] {
  const others = group.members().filter(({ memberId }) => memberId !== updated.memberId && memberId !== replaced?.memberId);
  return [...others, updated].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
}
