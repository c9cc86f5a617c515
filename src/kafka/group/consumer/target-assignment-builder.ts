/**
 * Who is to own what once everybody has got to the group's epoch: computed by the assignor that most members want, from the members as they
 * will be and what was their target before. Pure: it decides, the coordinator writes. Source: TargetAssignmentBuilder.
 */
import type { TopicPartition } from "../../ids.ts";
import type { BrokerMetadataCache } from "../../metadata/broker-metadata-cache.ts";
import type { CoordinatorRecord } from "../coordinator-records.ts";
import { RANGE_ASSIGNOR } from "./assignors/range-assignor.ts";
import type { AssignmentSpec, ServerAssignor, TargetAssignment } from "./assignors/server-assignor.ts";
import { UNIFORM_ASSIGNOR } from "./assignors/uniform-assignor.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import type { ConsumerGroupMember } from "./consumer-group-member.ts";
import { NO_PARTITIONS, type PartitionSet, samePartitions } from "./partition-set.ts";
import { isHomogeneous, subscribedTopics } from "./subscribed-topics.ts";

const ASSIGNORS: readonly ServerAssignor[] = [UNIFORM_ASSIGNOR, RANGE_ASSIGNOR];

/** `group.consumer.assignors`: the first is the default. What is no assignor's name is passed over; if none is, all are there. */
export function configuredAssignors(names: string): readonly ServerAssignor[] {
  const known = names.split(",").flatMap((name) => ASSIGNORS.find((assignor) => assignor.name === name.trim()) ?? []);
  return known.length > 0 ? known : ASSIGNORS;
}

/** The one that most members ask for by name; of equals the one configured first. */
export function preferredAssignor(
  members: readonly ConsumerGroupMember[],
  configured: readonly ServerAssignor[],
): ServerAssignor {
  const votesFor = (name: string): number => members.filter(({ serverAssignor }) => serverAssignor === name).length;
  return configured.reduce((best, assignor) => (votesFor(assignor.name) > votesFor(best.name) ? assignor : best));
}

export interface TargetOf {
  readonly group: ConsumerGroup;
  /** As they will be, by id. */
  readonly members: readonly ConsumerGroupMember[];
  /** The member whose place another one takes, and who that is: it inherits the target. */
  readonly replaced: { readonly memberId: string; readonly by: string } | undefined;
  readonly assignor: ServerAssignor;
  readonly metadata: BrokerMetadataCache;
}

export function computeTarget({ group, members, replaced, assignor, metadata }: TargetOf): TargetAssignment {
  const topics = subscribedTopics(members, metadata);
  const spec: AssignmentSpec = {
    members: members.map(({ memberId, instanceId, subscribedTopicNames }) => ({
      memberId,
      instanceId,
      subscribedTopicIds: topics.filter(({ name }) => subscribedTopicNames.includes(name)).map(({ id }) => id),
      target: group.target(replaced?.by === memberId ? replaced.memberId : memberId),
    })),
    topics: topics.map(({ id, partitions }) => ({ topicId: id, numPartitions: partitions.length })),
    homogeneous: isHomogeneous(members),
  };
  return assignor.assign(spec);
}

/** What has to be written so that `target` is the group's target: only what differs, and the epoch. */
export function targetRecords(group: ConsumerGroup, target: TargetAssignment, assignmentEpoch: number): CoordinatorRecord[] {
  const records: CoordinatorRecord[] = [];
  for (const [member, topicPartitions] of target) {
    if (group.hasTarget(member) && samePartitions(group.target(member), topicPartitions)) continue;
    records.push(targetRecord(group.groupId, member, topicPartitions));
  }
  records.push({
    type: "ConsumerGroupTargetAssignmentMetadata",
    key: { group: group.groupId },
    value: { assignmentEpoch },
  });
  return records;
}

export function targetRecord(group: string, member: string, topicPartitions: PartitionSet): CoordinatorRecord {
  return { type: "ConsumerGroupTargetAssignmentMember", key: { group, member }, value: { topicPartitions } };
}

/** The same partitions by the names of their topics; those of topics that are gone are left out. */
export function named(set: PartitionSet, metadata: BrokerMetadataCache): readonly TopicPartition[] {
  return set.flatMap(({ topicId, partitions }) => {
    const topic = metadata.topicById(topicId)?.name;
    return topic === undefined ? [] : partitions.map((partition) => ({ topic, partition }));
  });
}

export function targetOf(target: TargetAssignment, memberId: string): PartitionSet {
  return target.get(memberId) ?? NO_PARTITIONS;
}
