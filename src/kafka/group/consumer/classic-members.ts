/**
 * Members of a KIP-848 group that still speak the classic protocol, as they do while a group is upgraded consumer by consumer.
 *
 * The coordinator plays the group that they know: a JoinGroup is their word about themselves and what they own, the generation is
 * their member epoch, nobody is leader, SyncGroup tells what the coordinator has assigned, and a heartbeat is answered with
 * REBALANCE_IN_PROGRESS whenever they are to join again. Source: KIP-848, GroupMetadataManager.classicGroup…ToConsumerGroup.
 */
import type { ErrorCode } from "../../errors.ts";
import { NONE } from "../../ids.ts";
import type { PendingRequest } from "../../net/request-channel.ts";
import type { ClassicGroups, ClassicRequest } from "../classic/classic-groups.ts";
import { HeartbeatAnswer, LeaveAnswer, syncError } from "../classic/group-answers.ts";
import type { ShardContext } from "../shard.ts";
import { SyncAnswer } from "./classic-answers.ts";
import { ClassicJoins } from "./classic-joins.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import { type ClassicMember, type ConsumerGroupMember, usesClassicProtocol } from "./consumer-group-member.ts";
import type { Departures } from "./departures.ts";
import type { MemberTimers } from "./member-timers.ts";
import { difference } from "./partition-set.ts";
import type { Reconciler } from "./reconciler.ts";
import { dynamicMember, staticMember } from "./speaker.ts";
import { named } from "./target-assignment-builder.ts";

export interface ClassicMembersOptions {
  readonly shard: ShardContext;
  readonly classic: ClassicGroups;
  readonly timers: MemberTimers;
  readonly reconciler: Reconciler;
  readonly departures: Departures;
}

type ClassicConsumer = ConsumerGroupMember & { readonly classicMember: ClassicMember };

export class ClassicMembers {
  private readonly shard: ShardContext;
  private readonly timers: MemberTimers;
  private readonly departures: Departures;
  private readonly joins: ClassicJoins;

  constructor(options: ClassicMembersOptions) {
    this.shard = options.shard;
    this.timers = options.timers;
    this.departures = options.departures;
    this.joins = new ClassicJoins(options);
  }

  onRequest(request: ClassicRequest, group: ConsumerGroup): void {
    switch (request.api) {
      case "JoinGroup":
        this.joins.onRequest(request, group);
        break;
      case "SyncGroup":
        this.sync(request, group);
        break;
      case "Heartbeat":
        this.heartbeat(request, group);
        break;
      case "LeaveGroup":
        this.leave(request, group);
        break;
    }
  }

  private sync(request: PendingRequest<"SyncGroup">, group: ConsumerGroup): void {
    const { body } = request;
    const member = memberOf(group, body.memberId, body.groupInstanceId);
    const error = typeof member === "string" ? member : this.refusesSync(body, group, member);
    if (typeof member === "string" || error !== "NONE") {
      request.respond(syncError(error));
      return;
    }
    const assignment = { assignedPartitions: named(member.assigned, this.shard.metadata) };
    this.shard.write([], new SyncAnswer({ request, timers: this.timers, member, assignment }));
  }

  private refusesSync(body: PendingRequest<"SyncGroup">["body"], group: ConsumerGroup, member: ClassicConsumer): ErrorCode {
    if (member.memberEpoch !== body.generationId) return "ILLEGAL_GENERATION";
    if (body.protocolType !== "consumer" || body.protocolName !== member.classicMember.protocols[0]?.name) {
      return "INCONSISTENT_GROUP_PROTOCOL";
    }
    // While it is to give up partitions it has joined already: that is to be finished first.
    if (group.groupEpoch <= member.memberEpoch || member.state === "UNREVOKED_PARTITIONS") return "NONE";
    this.expectJoin(group, member);
    return "REBALANCE_IN_PROGRESS";
  }

  private heartbeat(request: PendingRequest<"Heartbeat">, group: ConsumerGroup): void {
    const { memberId, groupInstanceId, generationId } = request.body;
    const member = memberOf(group, memberId, groupInstanceId);
    const error: ErrorCode =
      typeof member === "string" ? member : member.memberEpoch === generationId ? "NONE" : "ILLEGAL_GENERATION";
    if (typeof member === "string" || error !== "NONE") {
      request.respond({ errorCode: error });
      return;
    }
    const session = { what: "session", group: group.groupId, member: memberId, memberEpoch: 0 } as const;
    this.timers.schedule(session, member.classicMember.sessionTimeoutMs);
    const rejoin = mustRejoin(group, member);
    if (rejoin) this.expectJoin(group, member);
    this.shard.write([], new HeartbeatAnswer(request, rejoin ? "REBALANCE_IN_PROGRESS" : "NONE"));
  }

  private expectJoin({ groupId: group }: ConsumerGroup, { memberId: member, rebalanceTimeoutMs }: ConsumerGroupMember): void {
    this.timers.scheduleIfAbsent({ what: "join", group, member, memberEpoch: 0 }, rebalanceTimeoutMs);
  }

  private leave(request: PendingRequest<"LeaveGroup">, group: ConsumerGroup): void {
    const leaving: ConsumerGroupMember[] = [];
    const members = request.body.members.map(({ memberId, groupInstanceId }) => {
      // An administrator names a static member by its instance id alone.
      const known = memberId === "" && groupInstanceId !== null ? group.staticMember(groupInstanceId)?.memberId : memberId;
      const member = memberOf(group, known ?? memberId, groupInstanceId);
      if (typeof member === "string") return { memberId, groupInstanceId, errorCode: member };
      if (!leaving.includes(member)) leaving.push(member);
      return { memberId: member.memberId, groupInstanceId, errorCode: "NONE" as const };
    });
    this.departures.remove({ group, members: leaving, why: "left" }, new LeaveAnswer(request, { errorCode: "NONE", members }));
  }
}

function memberOf(group: ConsumerGroup, memberId: string, instanceId: string | null): ClassicConsumer | ErrorCode {
  const speaker = instanceId === null ? dynamicMember(group, memberId, false) : staticMember(group, memberId, instanceId);
  if (typeof speaker === "string") return speaker;
  return usesClassicProtocol(speaker.member) ? speaker.member : "UNKNOWN_MEMBER_ID";
}

/** The group has moved on, or it is to give something up, or what it waits for is free now. */
function mustRejoin(group: ConsumerGroup, member: ConsumerGroupMember): boolean {
  if (member.memberEpoch < group.groupEpoch || member.state === "UNREVOKED_PARTITIONS") return true;
  return member.state === "UNRELEASED_PARTITIONS" && !waitsForOthers(group, member);
}

function waitsForOthers(group: ConsumerGroup, { memberId, assigned }: ConsumerGroupMember): boolean {
  return difference(group.target(memberId), assigned).some(({ topicId, partitions }) =>
    partitions.some((partition) => group.partitionEpoch(topicId, partition) !== NONE),
  );
}
