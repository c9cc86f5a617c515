/**
 * A group that changes its protocol while it lives.
 *
 * Upward when the first member of the new protocol joins a classic group: members keep what they have, and are asked to join again.
 * Downward when the last such member leaves, or a static one is replaced by a classic one. In both directions everything stands in
 * one batch of records: the old group's tombstones, then the new group. Source: KIP-848, GroupMetadataManager.convertTo…,
 * validateOnlineUpgrade, validateOnlineDowngrade…, ConsumerGroup.fromClassicGroup, ClassicGroup.fromConsumerGroup.
 */
import { assert } from "../../../base/assert.ts";
import { US_PER_MS } from "../../../base/units.ts";
import type { TopicPartition } from "../../ids.ts";
import type { BrokerMetadataCache } from "../../metadata/broker-metadata-cache.ts";
import type { ClassicGroup } from "../classic/classic-group.ts";
import type { ClassicMember } from "../classic/classic-member.ts";
import { selectProtocol } from "../classic/protocol-selection.ts";
import type { CoordinatorRecord, GroupMetadataValue } from "../coordinator-records.ts";
import type { ShardContext } from "../shard.ts";
import { ConsumerGroup } from "./consumer-group.ts";
import { type ConsumerGroupMember, changed, newMember, topicNames, usesClassicProtocol } from "./consumer-group-member.ts";
import { groupTombstones } from "./consumer-records.ts";
import { type PartitionSet, partitionSet } from "./partition-set.ts";
import { named } from "./target-assignment-builder.ts";

export function mayUpgrade(group: ClassicGroup, { config }: ShardContext): boolean {
  const policy = config["group.consumer.migration.policy"];
  if (policy !== "bidirectional" && policy !== "upgrade") return false;
  return group.usesConsumerProtocol && group.size <= config["group.consumer.max.size"];
}

/** The classic group as a KIP-848 one: every member stable with its last assignment, at the last generation. */
export function upgraded(group: ClassicGroup, metadata: BrokerMetadataCache): ConsumerGroup {
  const result = new ConsumerGroup(group.groupId);
  result.groupEpoch = group.generation;
  result.assignmentEpoch = group.generation;
  for (const member of group.allMembers()) {
    const assigned = byTopicId(member.assignment.assignedPartitions, metadata);
    result.setTarget(member.memberId, assigned);
    result.updateMember(upgradedMember(member, group, assigned));
  }
  return result;
}

function upgradedMember(member: ClassicMember, group: ClassicGroup, assigned: PartitionSet): ConsumerGroupMember {
  const { memberId, groupInstanceId, clientId, rebalanceTimeoutMs, sessionTimeoutMs, protocols } = member;
  const subscription = (protocols.find(({ name }) => name === group.protocolName) ?? protocols[0])?.metadata;
  return changed(newMember(memberId), {
    memberEpoch: group.generation,
    previousMemberEpoch: group.generation,
    instanceId: groupInstanceId,
    rackId: subscription?.rackId ?? null,
    clientId,
    subscribedTopicNames: topicNames(subscription?.topics ?? []),
    rebalanceTimeoutMs,
    classicMember: Object.freeze({ sessionTimeoutMs, protocols }),
    assigned,
  });
}

/** Whether the group goes back to the classic protocol when `leaving` goes, and `joining` takes its place (if anybody does). */
export function mayDowngrade(
  group: ConsumerGroup,
  leaving: ConsumerGroupMember,
  { config }: ShardContext,
  joining?: ConsumerGroupMember,
): boolean {
  const policy = config["group.consumer.migration.policy"];
  if (policy !== "bidirectional" && policy !== "downgrade") return false;
  if (usesClassicProtocol(leaving)) return false;
  const staying = group.members().filter(({ memberId }) => memberId !== leaving.memberId);
  if (!staying.every(usesClassicProtocol)) return false;
  const size = staying.length + (joining === undefined ? 0 : 1);
  return size > 0 && size <= config["group.max.size"];
}

/** The records that make `group` a classic one. Its members have what was their target; who joins takes over that of who leaves. */
export function downgradeRecords(
  group: ConsumerGroup,
  leaving: ConsumerGroupMember,
  shard: ShardContext,
  joining?: ConsumerGroupMember,
): CoordinatorRecord[] {
  const { groupId } = group;
  const staying = group.members().filter(({ memberId }) => memberId !== leaving.memberId);
  const members = joining === undefined ? staying : [...staying, joining];
  const protocol = selectProtocol(members.map(({ classicMember }) => classicMember?.protocols ?? [])) ?? null;
  assert(protocol !== null, `the members of ${groupId} have no assignor in common`);
  const value: GroupMetadataValue = {
    protocolType: "consumer",
    generation: group.groupEpoch,
    protocol,
    leader: members[0]?.memberId ?? null,
    currentStateTimestamp: Math.floor(shard.host.now() / US_PER_MS),
    members: members.map((member) => {
      const target = group.target(member === joining ? leaving.memberId : member.memberId);
      return downgradedMember(member, protocol, named(target, shard.metadata));
    }),
  };
  // Who joins in the place of another has been written already, under its own id.
  const written = group
    .members()
    .map(({ memberId }) => (memberId === leaving.memberId ? (joining?.memberId ?? memberId) : memberId));
  return [...groupTombstones(groupId, written), { type: "GroupMetadata", key: { group: groupId }, value }];
}

function downgradedMember(
  { memberId, instanceId, clientId, rebalanceTimeoutMs, classicMember }: ConsumerGroupMember,
  protocol: string,
  assignedPartitions: readonly TopicPartition[],
): GroupMetadataValue["members"][number] {
  const subscription = classicMember?.protocols.find(({ name }) => name === protocol)?.metadata;
  assert(classicMember !== null && subscription !== undefined, `${memberId} does not support ${protocol}`);
  const { sessionTimeoutMs } = classicMember;
  const assignment = { assignedPartitions };
  return { memberId, groupInstanceId: instanceId, clientId, rebalanceTimeoutMs, sessionTimeoutMs, subscription, assignment };
}

/** Partitions by the ids of their topics; those of topics that are gone are left out. */
export function byTopicId(partitions: readonly TopicPartition[], metadata: BrokerMetadataCache): PartitionSet {
  return partitionSet(
    partitions.flatMap(({ topic, partition }) => {
      const topicId = metadata.topicByName(topic)?.id;
      return topicId === undefined ? [] : [{ topicId, partitions: [partition] }];
    }),
  );
}
