/**
 * Classic groups as they stand in __consumer_offsets: when their leader's assignment is stored, when they become empty, when a
 * static member is replaced. Source: GroupCoordinatorRecordHelpers.newGroupMetadataRecord, newEmptyGroupMetadataRecord.
 */
import type { ErrorCode } from "../../errors.ts";
import type { ConsumerAssignment } from "../../messages/groups.ts";
import type { GroupMetadataRecord } from "../coordinator-records.ts";
import type { ShardContext, WriteWaiter } from "../shard.ts";
import type { ClassicGroup } from "./classic-group.ts";
import { EMPTY_ASSIGNMENT } from "./classic-member.ts";

/** By member id; who is not in it gets nothing. */
export type GroupAssignment = ReadonlyMap<string, ConsumerAssignment>;

export class GroupStore {
  /** What is written now needs no replay: the group in memory is where it comes from. */
  writing = false;
  private readonly shard: ShardContext;

  constructor(shard: ShardContext) {
    this.shard = shard;
  }

  write(group: ClassicGroup, assignment: GroupAssignment, waiting?: WriteWaiter): ErrorCode {
    this.writing = true;
    const error = this.shard.write([groupMetadataRecord(group, assignment)], waiting);
    this.writing = false;
    return error;
  }
}

function groupMetadataRecord(group: ClassicGroup, assignment: GroupAssignment): GroupMetadataRecord {
  const { protocolName: protocol } = group;
  // An assignor stands only for members that have chosen it: a new group has none, whoever is about to join.
  const members = protocol === null ? [] : group.allMembers();
  return {
    type: "GroupMetadata",
    key: { group: group.groupId },
    value: {
      protocolType: protocol === null && group.generation === 0 ? "" : (group.protocolType ?? ""),
      generation: group.generation,
      protocol,
      leader: protocol === null ? null : group.leaderId,
      currentStateTimestamp: group.stateSinceMs ?? -1,
      members: members.map((member) => ({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        rebalanceTimeoutMs: member.rebalanceTimeoutMs,
        sessionTimeoutMs: member.sessionTimeoutMs,
        subscription: member.subscription(protocol ?? ""),
        assignment: assignment.get(member.memberId) ?? EMPTY_ASSIGNMENT,
      })),
    },
  };
}

/** Written when a group without members has no offsets left either, or goes over to the other protocol. */
export function groupTombstone(groupId: string): GroupMetadataRecord {
  return { type: "GroupMetadata", key: { group: groupId }, value: null };
}
