/**
 * KIP-848 groups made from their records, and unmade by tombstones. A log that was compacted may lack what was overwritten:
 * so nothing is expected of the order but that the last record of each key is the truth. Source: GroupMetadataManager.replay.
 */
import type { CoordinatorRecord } from "../coordinator-records.ts";
import type { GroupRegistry } from "../group.ts";
import { ConsumerGroup } from "./consumer-group.ts";
import {
  changed,
  currentAssignmentRecord,
  memberRecord,
  newMember,
  topicNames,
  withCurrentAssignment,
} from "./consumer-group-member.ts";
import { partitionSet } from "./partition-set.ts";
import { targetRecord } from "./target-assignment-builder.ts";

type ConsumerRecord = Exclude<CoordinatorRecord, { readonly type: "OffsetCommit" | "GroupMetadata" }>;

export function isConsumerRecord(record: CoordinatorRecord): record is ConsumerRecord {
  return record.type !== "OffsetCommit" && record.type !== "GroupMetadata";
}

export function replayConsumerRecord(groups: GroupRegistry, record: ConsumerRecord): void {
  const { group: groupId } = record.key;
  const known = consumerGroup(groups, groupId);
  // A tombstone of what is gone already.
  if (known === undefined && record.value === null) return;
  const group = known ?? created(groups, groupId);
  apply(group, record);
  if (record.type === "ConsumerGroupMetadata" && record.value === null) groups.delete(groupId);
}

export function consumerGroup(groups: GroupRegistry, groupId: string): ConsumerGroup | undefined {
  const group = groups.get(groupId);
  return group instanceof ConsumerGroup ? group : undefined;
}

/** It takes the place of a classic group that only holds offsets, of which the log says nothing. */
function created(groups: GroupRegistry, groupId: string): ConsumerGroup {
  const group = new ConsumerGroup(groupId);
  groups.set(group);
  return group;
}

function apply(group: ConsumerGroup, record: ConsumerRecord): void {
  switch (record.type) {
    case "ConsumerGroupMetadata":
      group.groupEpoch = record.value?.epoch ?? 0;
      group.metadataHash = record.value?.metadataHash ?? 0;
      return;
    case "ConsumerGroupMemberMetadata": {
      const { member: memberId } = record.key;
      if (record.value === null) {
        group.removeMember(memberId);
        return;
      }
      const subscribedTopicNames = topicNames(record.value.subscribedTopicNames);
      group.updateMember(changed(group.member(memberId) ?? newMember(memberId), { ...record.value, subscribedTopicNames }));
      return;
    }
    case "ConsumerGroupTargetAssignmentMetadata":
      group.assignmentEpoch = record.value?.assignmentEpoch ?? 0;
      return;
    case "ConsumerGroupTargetAssignmentMember":
      group.setTarget(record.key.member, record.value === null ? null : partitionSet(record.value.topicPartitions));
      return;
    case "ConsumerGroupCurrentMemberAssignment": {
      const { member: memberId } = record.key;
      const member = group.member(memberId);
      if (member === undefined && record.value === null) return;
      group.updateMember(withCurrentAssignment(member ?? newMember(memberId), record.value));
    }
  }
}

/** What removes a group, whose members go by these ids, from the log. */
export function groupTombstones(groupId: string, memberIds: readonly string[]): CoordinatorRecord[] {
  const keys = memberIds.map((member) => ({ group: groupId, member }));
  const key = { group: groupId };
  return [
    ...keys.map((of): CoordinatorRecord => ({ type: "ConsumerGroupCurrentMemberAssignment", key: of, value: null })),
    ...keys.map((of): CoordinatorRecord => ({ type: "ConsumerGroupTargetAssignmentMember", key: of, value: null })),
    { type: "ConsumerGroupTargetAssignmentMetadata", key, value: null },
    ...keys.map((of): CoordinatorRecord => ({ type: "ConsumerGroupMemberMetadata", key: of, value: null })),
    { type: "ConsumerGroupMetadata", key, value: null },
  ];
}

/** What makes `group` anew, whole. */
export function groupRecords(group: ConsumerGroup): CoordinatorRecord[] {
  const { groupId, groupEpoch: epoch, assignmentEpoch, metadataHash } = group;
  const members = group.members();
  const key = { group: groupId };
  return [
    ...members.map((member) => memberRecord(groupId, member)),
    { type: "ConsumerGroupMetadata", key, value: { epoch, metadataHash } },
    ...members.map(({ memberId }) => targetRecord(groupId, memberId, group.target(memberId))),
    { type: "ConsumerGroupTargetAssignmentMetadata", key, value: { assignmentEpoch } },
    ...members.map((member) => currentAssignmentRecord(groupId, member)),
  ];
}
