/**
 * A KIP-848 group as its coordinator holds it: what the records say, nothing else.
 *
 * Three epochs: the group's (raised by whatever may change the assignment), the assignment's (the group epoch that the target was computed
 * for), and each member's (the assignment epoch that it has got to). A fourth, the partition's, is that of the member which has it
 * assigned or pending revocation. Source: ConsumerGroup, ModernGroup.
 */
import type { ErrorCode } from "../../errors.ts";
import type { GroupState } from "../../group-events.ts";
import { NONE, type TopicId } from "../../ids.ts";
import type { Group } from "../group.ts";
import { type ConsumerGroupMember, isReconciledTo, usesClassicProtocol } from "./consumer-group-member.ts";
import { NO_PARTITIONS, type PartitionSet } from "./partition-set.ts";

export class ConsumerGroup implements Group {
  readonly groupId: string;
  readonly protocol = "consumer";
  readonly protocolType = "consumer";
  readonly usesConsumerProtocol = true;
  /** Offsets of a KIP-848 group expire by the time of their commit. */
  readonly stateSinceMs = undefined;
  groupEpoch = 0;
  assignmentEpoch = 0;
  /** Of the topics it subscribes to, when the group epoch was last raised. */
  metadataHash = 0;
  /** Which version of the broker's metadata the hash was last compared with; -1 for none. */
  comparedMetadata = NONE;
  /** What was last said of its state to those who watch. */
  reportedState: GroupState = "Empty";
  private readonly membersById = new Map<string, ConsumerGroupMember>();
  private readonly memberIdsByInstance = new Map<string, string>();
  private readonly targets = new Map<string, PartitionSet>();
  /** By partition: the epochs of the members that have it assigned or pending revocation. More than one only if a guard is off. */
  private readonly holders = new Map<string, Map<string, number>>();

  constructor(groupId: string) {
    this.groupId = groupId;
  }

  get generation(): number {
    return this.groupEpoch;
  }

  get state(): GroupState {
    if (this.membersById.size === 0) return "Empty";
    if (this.groupEpoch > this.assignmentEpoch) return "Assigning";
    for (const member of this.membersById.values()) {
      if (!isReconciledTo(member, this.assignmentEpoch)) return "Reconciling";
    }
    return "Stable";
  }

  get isEmpty(): boolean {
    return this.membersById.size === 0;
  }

  get size(): number {
    return this.membersById.size;
  }

  /** In the order of their ids, which is the same before and after a failover. */
  members(): readonly ConsumerGroupMember[] {
    return [...this.membersById.values()].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  }

  member(memberId: string): ConsumerGroupMember | undefined {
    return this.membersById.get(memberId);
  }

  staticMember(instanceId: string): ConsumerGroupMember | undefined {
    const memberId = this.memberIdsByInstance.get(instanceId);
    return memberId === undefined ? undefined : this.membersById.get(memberId);
  }

  updateMember(member: ConsumerGroupMember): void {
    const { memberId, instanceId } = member;
    const before = this.membersById.get(memberId);
    if (before !== undefined) this.release(before);
    this.membersById.set(memberId, member);
    this.hold(member);
    if (instanceId !== null) this.memberIdsByInstance.set(instanceId, memberId);
  }

  removeMember(memberId: string): void {
    const member = this.membersById.get(memberId);
    if (member === undefined) return;
    this.membersById.delete(memberId);
    this.release(member);
    const { instanceId } = member;
    if (instanceId !== null && this.memberIdsByInstance.get(instanceId) === memberId) this.memberIdsByInstance.delete(instanceId);
  }

  target(memberId: string): PartitionSet {
    return this.targets.get(memberId) ?? NO_PARTITIONS;
  }

  hasTarget(memberId: string): boolean {
    return this.targets.has(memberId);
  }

  setTarget(memberId: string, partitions: PartitionSet | null): void {
    if (partitions === null) this.targets.delete(memberId);
    else this.targets.set(memberId, partitions);
  }

  /** Of the member that has it assigned or pending revocation; -1 if nobody has. */
  partitionEpoch(topicId: TopicId, partition: number): number {
    const holders = this.holders.get(partitionKey(topicId, partition));
    return holders === undefined ? NONE : Math.max(...holders.values());
  }

  isSubscribedTo(topic: string): boolean {
    for (const { subscribedTopicNames } of this.membersById.values()) if (subscribedTopicNames.includes(topic)) return true;
    return false;
  }

  validateOffsetCommit(commit: { readonly memberId: string; readonly generationIdOrMemberEpoch: number }): ErrorCode {
    // Neither a member nor in anybody's way: an administrator, or a consumer with a hand-made assignment.
    if (commit.generationIdOrMemberEpoch < 0 && this.isEmpty) return "NONE";
    return this.validateMemberEpoch(commit.memberId, commit.generationIdOrMemberEpoch);
  }

  validateOffsetFetch(memberId: string | null, memberEpoch: number): ErrorCode {
    if (memberId === null && memberEpoch < 0) return "NONE";
    return this.validateMemberEpoch(memberId ?? "", memberEpoch);
  }

  private validateMemberEpoch(memberId: string, memberEpoch: number): ErrorCode {
    const member = this.membersById.get(memberId);
    if (member === undefined) return "UNKNOWN_MEMBER_ID";
    if (member.memberEpoch === memberEpoch) return "NONE";
    return usesClassicProtocol(member) ? "ILLEGAL_GENERATION" : "STALE_MEMBER_EPOCH";
  }

  private hold({ memberId, memberEpoch, assigned, pendingRevocation }: ConsumerGroupMember): void {
    for (const { topicId, partitions } of [...assigned, ...pendingRevocation]) {
      for (const partition of partitions) {
        const key = partitionKey(topicId, partition);
        const holders = this.holders.get(key);
        if (holders === undefined) this.holders.set(key, new Map([[memberId, memberEpoch]]));
        else holders.set(memberId, memberEpoch);
      }
    }
  }

  private release({ memberId, assigned, pendingRevocation }: ConsumerGroupMember): void {
    for (const { topicId, partitions } of [...assigned, ...pendingRevocation]) {
      for (const partition of partitions) {
        const key = partitionKey(topicId, partition);
        const holders = this.holders.get(key);
        holders?.delete(memberId);
        if (holders?.size === 0) this.holders.delete(key);
      }
    }
  }
}

function partitionKey(topicId: TopicId, partition: number): string {
  return `${topicId}:${partition}`;
}
