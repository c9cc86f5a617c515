/**
 * SyncGroup (clients.md 5.4): the leader brings the assignment of its generation, the others wait for their part of it.
 *
 * Nobody learns what is his own before the assignment is stored: then it is the next coordinator's, too.
 * Source: GroupMetadataManager.classicGroupSyncToClassicGroup.
 */
import type { ErrorCode } from "../../errors.ts";
import { report } from "../../events.ts";
import type { PendingRequest } from "../../net/request-channel.ts";
import type { ShardContext, WriteWaiter } from "../shard.ts";
import { storeErrorForMember } from "../write-errors.ts";
import type { ClassicGroup } from "./classic-group.ts";
import { EMPTY_ASSIGNMENT } from "./classic-member.ts";
import { syncError } from "./group-answers.ts";
import type { GroupAssignment, GroupStore } from "./group-store.ts";
import type { Rebalances } from "./rebalances.ts";

type SyncRequest = PendingRequest<"SyncGroup">;

interface StoredAssignment {
  readonly group: ClassicGroup;
  readonly generation: number;
  readonly assignment: GroupAssignment;
}

export class SyncGroupHandler {
  private readonly shard: ShardContext;
  private readonly rebalances: Rebalances;
  private readonly store: GroupStore;

  constructor(shard: ShardContext, rebalances: Rebalances, store: GroupStore) {
    this.shard = shard;
    this.rebalances = rebalances;
    this.store = store;
  }

  onRequest(request: SyncRequest, group: ClassicGroup): void {
    const { memberId, groupInstanceId, generationId, protocolType, protocolName } = request.body;
    const member = group.find(memberId, groupInstanceId);
    if (typeof member === "string") request.respond(syncError(member));
    else if (generationId !== group.generation) request.respond(syncError("ILLEGAL_GENERATION"));
    else if (protocolType !== group.protocolType || (group.protocolName ?? protocolName) !== protocolName) {
      request.respond(syncError("INCONSISTENT_GROUP_PROTOCOL"));
    } else if (group.state === "PreparingRebalance") request.respond(syncError("REBALANCE_IN_PROGRESS"));
    else {
      this.rebalances.onSynced(group, member);
      if (group.state === "Stable") request.respond({ errorCode: "NONE", protocolName, assignment: member.assignment });
      else {
        group.awaitSync(member, request);
        if (group.isLeader(member)) this.takeAssignment(request, group);
      }
    }
  }

  private takeAssignment(request: SyncRequest, group: ClassicGroup): void {
    const given = new Map(request.body.assignments.map(({ memberId, assignment }) => [memberId, assignment]));
    const assignment = new Map(group.allMembers().map(({ memberId }) => [memberId, given.get(memberId) ?? EMPTY_ASSIGNMENT]));
    this.reportTarget(group, assignment);
    this.store.write(group, assignment, new AssignmentStored(this, { group, generation: group.generation, assignment }));
  }

  onStored({ group, generation, assignment }: StoredAssignment, error: ErrorCode): void {
    // Somebody may have joined or gone while it was being stored: then another generation is on its way.
    if (!this.shard.active || group.state !== "CompletingRebalance" || group.generation !== generation) return;
    if (error === "NONE") {
      this.rebalances.setAssignments(group, assignment);
      group.transitionTo("Stable", "the assignment is stored");
    } else {
      this.rebalances.resetAssignments(group, storeErrorForMember(error));
      this.rebalances.prepare(group, `the assignment could not be stored: ${error}`);
    }
  }

  private reportTarget(group: ClassicGroup, assignment: GroupAssignment): void {
    const { host, brokerId: broker } = this.shard;
    const { groupId, generation: epoch, protocolName } = group;
    const assignor = protocolName ?? "";
    const members = group.allMembers().map((member) => ({
      member: member.memberId,
      instanceId: member.groupInstanceId,
      subscribedTopics: member.subscription(assignor).topics,
      partitions: assignment.get(member.memberId)?.assignedPartitions ?? [],
    }));
    report(host, { kind: "TargetAssignmentChosen", broker, group: groupId, protocol: "classic", epoch, assignor, members });
  }
}

class AssignmentStored implements WriteWaiter {
  private readonly owner: SyncGroupHandler;
  private readonly stored: StoredAssignment;

  constructor(owner: SyncGroupHandler, stored: StoredAssignment) {
    this.owner = owner;
    this.stored = stored;
  }

  onWritten(error: ErrorCode): void {
    this.owner.onStored(this.stored, error);
  }
}
