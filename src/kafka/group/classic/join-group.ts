/**
 * JoinGroup (clients.md 5.3): who may be in the group, and whether the group has to rebalance for it.
 * Source: GroupMetadataManager.classicGroupJoinToClassicGroup and what it calls, GroupCoordinator.handleJoinGroup.
 */

import { randomTopicId } from "../../controller/topic-id.ts";
import type { ErrorCode } from "../../errors.ts";
import type { PendingRequest } from "../../net/request-channel.ts";
import type { ShardContext } from "../shard.ts";
import type { ClassicGroup } from "./classic-group.ts";
import { ClassicMember } from "./classic-member.ts";
import { isNewCoordinator } from "./coordinator-line.ts";
import { joinError } from "./group-answers.ts";
import { sameProtocols } from "./protocol-selection.ts";
import type { Rebalances } from "./rebalances.ts";
import type { StaticMembers } from "./static-members.ts";

/** How long a join of somebody new may wait, who can't send heartbeats before it is answered (KAFKA-7610). */
const NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60_000;

type JoinRequest = PendingRequest<"JoinGroup">;

export class JoinGroupHandler {
  private readonly shard: ShardContext;
  private readonly rebalances: Rebalances;
  private readonly staticMembers: StaticMembers;

  constructor(shard: ShardContext, rebalances: Rebalances, staticMembers: StaticMembers) {
    this.shard = shard;
    this.rebalances = rebalances;
    this.staticMembers = staticMembers;
  }

  onRequest(request: JoinRequest, group: ClassicGroup): void {
    const { memberId, protocolType, protocols } = request.body;
    if (!group.accepts(memberId)) this.turnAway(request, group);
    else if (!group.supportsProtocols(protocolType, protocols)) refuse(request, "INCONSISTENT_GROUP_PROTOCOL");
    else if (memberId === "") this.onNewcomer(request, group);
    else if (group.isPending(memberId)) this.onPending(request, group);
    else this.onMember(request, group);
  }

  /** The group is full; it may have been a member that came last. */
  private turnAway(request: JoinRequest, group: ClassicGroup): void {
    const { memberId } = request.body;
    const member = group.member(memberId);
    group.dropPending(memberId);
    if (member !== undefined) group.remove(member, "group-is-full");
    request.respond(joinError("GROUP_MAX_SIZE_REACHED", ""));
    if (!isNewCoordinator(this.shard.config)) this.rebalances.maybeCompleteJoin(group);
  }

  private onNewcomer(request: JoinRequest, group: ClassicGroup): void {
    const { groupInstanceId, sessionTimeoutMs } = request.body;
    const memberId = `${groupInstanceId ?? request.from}-${randomTopicId(this.shard.host.random("member-id"))}`;
    const known = groupInstanceId === null ? undefined : group.staticMember(groupInstanceId);
    if (known !== undefined) this.staticMembers.replace(request, group, { known, memberId });
    else if (groupInstanceId === null && this.shard.dials["group.requireMemberId"]) {
      group.addPending(memberId, sessionTimeoutMs);
      request.respond(joinError("MEMBER_ID_REQUIRED", memberId));
    } else this.add(request, group, memberId);
  }

  private onPending(request: JoinRequest, group: ClassicGroup): void {
    // A static member never was told to come back with an id.
    if (request.body.groupInstanceId !== null) refuse(request, "UNKNOWN_SERVER_ERROR");
    else this.add(request, group, request.body.memberId);
  }

  private add(request: JoinRequest, group: ClassicGroup, memberId: string): void {
    const { groupInstanceId, rebalanceTimeoutMs, sessionTimeoutMs, protocols, protocolType } = request.body;
    const clientId = request.from;
    const member = new ClassicMember({ memberId, groupInstanceId, clientId, rebalanceTimeoutMs, sessionTimeoutMs, protocols });
    member.isNew = true;
    if (this.rebalances.extendsInitialDelay(group)) group.newMemberAdded = true;
    group.add(member, protocolType);
    group.awaitJoin(member, request);
    this.rebalances.sessions.renew(group.groupId, member, NEW_MEMBER_JOIN_TIMEOUT_MS);
    this.rebalances.prepareOrCompleteJoin(group, because(`member ${memberId} joins`, request));
  }

  private onMember(request: JoinRequest, group: ClassicGroup): void {
    const member = group.find(request.body.memberId, request.body.groupInstanceId);
    if (typeof member === "string") {
      refuse(request, member);
      return;
    }
    const changed = !sameProtocols(request.body.protocols, member.protocols);
    const stable = group.state === "Stable";
    if (group.state === "PreparingRebalance") this.rejoin(request, group, member, "");
    else if (stable && group.isLeader(member)) this.rejoin(request, group, member, `leader ${member.memberId} joins again`);
    else if (changed) this.rejoin(request, group, member, `member ${member.memberId} joins with another subscription`);
    // It has not heard the answer to its last one, or asks without need: it is in this generation already.
    else request.respond(group.joinResponse(member, { skipAssignment: false }));
  }

  private rejoin(request: JoinRequest, group: ClassicGroup, member: ClassicMember, reason: string): void {
    group.update(member, request.body);
    group.awaitJoin(member, request);
    this.rebalances.prepareOrCompleteJoin(group, because(reason, request));
  }
}

function refuse(request: JoinRequest, error: ErrorCode): void {
  request.respond(joinError(error, request.body.memberId));
}

/** With what the client says of it (KIP-800). */
function because(reason: string, request: JoinRequest): string {
  return request.body.reason === "" ? reason : `${reason}: ${request.body.reason}`;
}
