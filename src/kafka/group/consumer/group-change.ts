/**
 * What is to change in one KIP-848 group: the records that say so, and the facts to report once they are written.
 *
 * Nothing changes before: the shard writes the records and replays them, and only then the group is another. So a request is decided upon
 * the group as it is, and what was refused by the log never happened. Source: CoordinatorResult, GroupCoordinatorRecordHelpers.
 */
import type { ErrorCode } from "../../errors.ts";
import { report } from "../../events.ts";
import type { GroupEvent, MemberRemoved } from "../../group-events.ts";
import type { CoordinatorRecord } from "../coordinator-records.ts";
import type { ShardContext, WriteWaiter } from "../shard.ts";
import type { TargetAssignment } from "./assignors/server-assignor.ts";
import { ConsumerGroup } from "./consumer-group.ts";
import { type ConsumerGroupMember, currentAssignmentRecord, memberRecord } from "./consumer-group-member.ts";
import { groupRecords } from "./consumer-records.ts";
import type { PartitionSet } from "./partition-set.ts";
import { named, targetOf, targetRecord, targetRecords } from "./target-assignment-builder.ts";

export class GroupChange {
  readonly groupId: string;
  /** Why, for the report of a state that it leads to. */
  readonly reason: string;
  readonly records: CoordinatorRecord[] = [];
  readonly facts: GroupEvent[] = [];
  private readonly shard: ShardContext;

  constructor(shard: ShardContext, groupId: string, reason: string) {
    this.shard = shard;
    this.groupId = groupId;
    this.reason = reason;
  }

  /** All of a group that was a classic one: what its members have is as it was, and is said for the first time. */
  takeOver(group: ConsumerGroup): void {
    this.records.push(...groupRecords(group));
    for (const member of group.members()) this.reportReconciled(member);
  }

  addMember(member: ConsumerGroupMember): void {
    this.updateMember(member);
    this.reportAdded(member, null);
  }

  updateMember(member: ConsumerGroupMember): void {
    this.records.push(memberRecord(this.groupId, member));
  }

  removeMember(of: ConsumerGroupMember, reason: MemberRemoved["reason"]): void {
    const key = { group: this.groupId, member: of.memberId };
    this.records.push(
      { type: "ConsumerGroupCurrentMemberAssignment", key, value: null },
      { type: "ConsumerGroupTargetAssignmentMember", key, value: null },
      { type: "ConsumerGroupMemberMetadata", key, value: null },
    );
    this.reportRemoved(of, reason);
  }

  reportRemoved({ memberId: member }: ConsumerGroupMember, reason: MemberRemoved["reason"]): void {
    this.facts.push({ kind: "MemberRemoved", broker: this.shard.brokerId, group: this.groupId, member, reason });
  }

  /** A static member comes back, as a rule under another id, with what it had. It is to be reconciled in the same change. */
  replaceMember(old: ConsumerGroupMember, by: ConsumerGroupMember, target: PartitionSet): void {
    this.removeMember(old, "replaced");
    this.updateMember(by);
    this.reportAdded(by, old.memberId);
    this.records.push(targetRecord(this.groupId, by.memberId, target), currentAssignmentRecord(this.groupId, by));
  }

  /** What a member may own, or its epoch, is another. */
  reconcileMember(member: ConsumerGroupMember): void {
    this.records.push(currentAssignmentRecord(this.groupId, member));
    this.reportReconciled(member);
  }

  setGroupEpoch(epoch: number, metadataHash: number): void {
    this.records.push({ type: "ConsumerGroupMetadata", key: { group: this.groupId }, value: { epoch, metadataHash } });
  }

  setTarget(group: ConsumerGroup, members: readonly ConsumerGroupMember[], chosen: ChosenTarget): void {
    const { epoch, assignor, target } = chosen;
    this.records.push(...targetRecords(group, target, epoch));
    this.facts.push({
      kind: "TargetAssignmentChosen",
      broker: this.shard.brokerId,
      group: this.groupId,
      protocol: "consumer",
      epoch,
      assignor,
      members: members.map(({ memberId, instanceId, subscribedTopicNames }) => ({
        member: memberId,
        instanceId,
        subscribedTopics: subscribedTopicNames,
        partitions: named(targetOf(target, memberId), this.shard.metadata),
      })),
    });
  }

  /** Writes it, and reports what has changed by that. `waiting` hears when it is committed, or why that will not be known. */
  write(waiting?: WriteWaiter): ErrorCode {
    const { host, groups } = this.shard;
    const error = this.shard.write(this.records, waiting);
    if (error !== "NONE" || this.records.length === 0) return error;
    for (const fact of this.facts) report(host, fact);
    const group = groups.get(this.groupId);
    if (group instanceof ConsumerGroup) this.reportState(group);
    return error;
  }

  private reportState(group: ConsumerGroup): void {
    const { host, brokerId: broker } = this.shard;
    const { groupId, protocol, reportedState: from, state: to, groupEpoch: generation } = group;
    if (from === to) return;
    group.reportedState = to;
    const { reason } = this;
    report(host, { kind: "GroupStateChanged", broker, group: groupId, protocol, from, to, generation, reason });
  }

  private reportAdded({ memberId: member, instanceId, clientId: client }: ConsumerGroupMember, replaces: string | null): void {
    const { brokerId: broker } = this.shard;
    this.facts.push({ kind: "MemberAdded", broker, group: this.groupId, member, instanceId, client, replaces });
  }

  private reportReconciled({ memberId: member, memberEpoch, state, assigned, pendingRevocation }: ConsumerGroupMember): void {
    const { brokerId: broker, metadata } = this.shard;
    this.facts.push({
      kind: "MemberReconciled",
      broker,
      group: this.groupId,
      member,
      memberEpoch,
      state,
      assigned: named(assigned, metadata),
      pendingRevocation: named(pendingRevocation, metadata),
    });
  }
}

interface ChosenTarget {
  readonly epoch: number;
  readonly assignor: string;
  readonly target: TargetAssignment;
}
