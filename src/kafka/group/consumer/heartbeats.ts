/**
 * ConsumerGroupHeartbeat, the one request of KIP-848: a member joins by it, says what it wants and has, is told what it may have, and leaves.
 * Source: GroupMetadataManager.consumerGroupHeartbeat, consumerGroupLeave.
 */
import type { ErrorCode } from "../../errors.ts";
import type { ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse } from "../../messages/groups.ts";
import type { PendingRequest } from "../../net/request-channel.ts";
import { ClassicGroup } from "../classic/classic-group.ts";
import { isNewCoordinator } from "../classic/coordinator-line.ts";
import { groupTombstone } from "../classic/group-store.ts";
import type { ShardContext, WriteWaiter } from "../shard.ts";
import { ConsumerGroup } from "./consumer-group.ts";
import { type ConsumerGroupMember, changed, JOIN_EPOCH, STATIC_LEAVE_EPOCH, topicNames } from "./consumer-group-member.ts";
import { consumerGroup } from "./consumer-records.ts";
import type { Departures } from "./departures.ts";
import { GroupChange } from "./group-change.ts";
import { isFullRequest, isLeave, validateHeartbeat, validateMemberEpoch } from "./heartbeat-validation.ts";
import type { MemberTimers } from "./member-timers.ts";
import { mayUpgrade, upgraded } from "./migration.ts";
import { type PartitionSet, partitionSet, samePartitions } from "./partition-set.ts";
import type { Reconciler } from "./reconciler.ts";
import { dynamicMember, joiningStaticMember, type Speaker, staticMember } from "./speaker.ts";

export interface HeartbeatsOptions {
  readonly shard: ShardContext;
  /** By name, as configured. */
  readonly assignors: readonly string[];
  readonly timers: MemberTimers;
  readonly reconciler: Reconciler;
  readonly departures: Departures;
}

export class Heartbeats {
  private readonly shard: ShardContext;
  private readonly assignors: readonly string[];
  private readonly timers: MemberTimers;
  private readonly reconciler: Reconciler;
  private readonly departures: Departures;

  constructor(options: HeartbeatsOptions) {
    this.shard = options.shard;
    this.assignors = options.assignors;
    this.timers = options.timers;
    this.reconciler = options.reconciler;
    this.departures = options.departures;
  }

  onRequest(request: PendingRequest<"ConsumerGroupHeartbeat">): void {
    const error = this.takeUp(request);
    if (error !== "NONE") request.respond(heartbeatError(error));
  }

  /** NONE: it is, or will be, answered. */
  private takeUp(request: PendingRequest<"ConsumerGroupHeartbeat">): ErrorCode {
    if (!isNewCoordinator(this.shard.config)) return "UNSUPPORTED_VERSION";
    const error = validateHeartbeat(request.body, this.assignors);
    if (error !== "NONE") return error;
    return isLeave(request.body) ? this.leave(request) : this.heartbeat(request);
  }

  private heartbeat(request: PendingRequest<"ConsumerGroupHeartbeat">): ErrorCode {
    const { groupId, memberId, memberEpoch } = request.body;
    const { shard } = this;
    const change = new GroupChange(
      shard,
      groupId,
      memberEpoch === JOIN_EPOCH ? `member ${memberId} joins` : `heartbeat of member ${memberId}`,
    );
    const upgrades = shard.groups.get(groupId)?.protocol === "classic";
    const group = memberEpoch === JOIN_EPOCH ? this.foundOrMade(groupId, change) : consumerGroup(shard.groups, groupId);
    if (group === undefined) return "GROUP_ID_NOT_FOUND";
    if (group.size >= shard.config["group.consumer.max.size"] && group.member(memberId) === undefined) {
      return "GROUP_MAX_SIZE_REACHED";
    }
    const speaker = speakerOf(request.body, group);
    if (typeof speaker === "string") return speaker;
    const { member, replaced } = speaker;
    if (replaced !== undefined) change.replaceMember(replaced, member, group.target(replaced.memberId));
    const { metadataVersion } = this.reconciler;
    const updated = describedBy(member, request.body, request.from);
    const owned = ownedBy(request.body);
    const next = this.reconciler.advance({ group, member, updated, replaced, owned }, change);
    const sessionMs = shard.config["group.consumer.session.timeout.ms"];
    this.timers.schedule({ what: "session", group: groupId, member: memberId, memberEpoch: 0 }, sessionMs);
    const written = change.write(new HeartbeatAnswer(request, this.answer(request.body, member, next)));
    if (written !== "NONE") return "NONE";
    const now = consumerGroup(shard.groups, groupId);
    if (now !== undefined) now.comparedMetadata = metadataVersion;
    if (replaced !== undefined && replaced.memberId !== memberId) this.timers.cancelAllOf(groupId, replaced.memberId);
    if (upgrades && now !== undefined) this.startSessions(now, memberId);
    return "NONE";
  }

  /** The group that a member joins. A classic one that may not become a KIP-848 one is none. */
  private foundOrMade(groupId: string, change: GroupChange): ConsumerGroup | undefined {
    const known = this.shard.groups.get(groupId);
    if (known instanceof ConsumerGroup) return known;
    if (!(known instanceof ClassicGroup)) return new ConsumerGroup(groupId);
    if (!known.isEmpty && !mayUpgrade(known, this.shard)) return undefined;
    change.records.push(groupTombstone(groupId));
    if (known.isEmpty) return new ConsumerGroup(groupId);
    const group = upgraded(known, this.shard.metadata);
    change.takeOver(group);
    return group;
  }

  private answer(
    request: ConsumerGroupHeartbeatRequest,
    before: ConsumerGroupMember,
    { memberId, memberEpoch, assigned }: ConsumerGroupMember,
  ): ConsumerGroupHeartbeatResponse {
    const told = isFullRequest(request) || !samePartitions(before.assigned, assigned);
    return {
      errorCode: "NONE",
      memberId,
      memberEpoch,
      heartbeatIntervalMs: this.shard.config["group.consumer.heartbeat.interval.ms"],
      assignment: told ? { topicPartitions: assigned } : null,
    };
  }

  /** Of the members that an upgraded group had already. */
  private startSessions(group: ConsumerGroup, joined: string): void {
    for (const { memberId, classicMember } of group.members()) {
      if (classicMember === null || memberId === joined) continue;
      const session = { what: "session", group: group.groupId, member: memberId, memberEpoch: 0 } as const;
      this.timers.schedule(session, classicMember.sessionTimeoutMs);
    }
  }

  private leave(request: PendingRequest<"ConsumerGroupHeartbeat">): ErrorCode {
    const { groupId, memberId, memberEpoch, instanceId } = request.body;
    const group = consumerGroup(this.shard.groups, groupId);
    if (group === undefined) return "GROUP_ID_NOT_FOUND";
    const speaker = instanceId === null ? dynamicMember(group, memberId, false) : staticMember(group, memberId, instanceId);
    if (typeof speaker === "string") return speaker;
    const answer = new HeartbeatAnswer(request, {
      errorCode: "NONE",
      memberId,
      memberEpoch,
      heartbeatIntervalMs: 0,
      assignment: null,
    });
    if (memberEpoch === STATIC_LEAVE_EPOCH) this.departures.leaveForAWhile(group, speaker.member, answer);
    else this.departures.fence(group, speaker.member, "left", answer);
    return "NONE";
  }
}

function speakerOf(request: ConsumerGroupHeartbeatRequest, group: ConsumerGroup): Speaker | ErrorCode {
  const { memberId, memberEpoch, instanceId } = request;
  const joins = memberEpoch === JOIN_EPOCH;
  if (instanceId !== null && joins) return joiningStaticMember(group, memberId, instanceId, false);
  const speaker = instanceId === null ? dynamicMember(group, memberId, joins) : staticMember(group, memberId, instanceId);
  if (typeof speaker === "string") return speaker;
  const error = validateMemberEpoch(speaker.member, memberEpoch, ownedBy(request));
  return error === "NONE" ? speaker : error;
}

/** The member with what the request says anew; a member that speaks this protocol does not speak the classic one. */
function describedBy(member: ConsumerGroupMember, request: ConsumerGroupHeartbeatRequest, clientId: string): ConsumerGroupMember {
  const { instanceId, rackId, rebalanceTimeoutMs, subscribedTopicNames, serverAssignor } = request;
  const saysNothing = rebalanceTimeoutMs === -1 && subscribedTopicNames === null && serverAssignor === null && rackId === null;
  if (saysNothing && member.clientId === clientId && member.classicMember === null) return member;
  return changed(member, {
    clientId,
    classicMember: null,
    instanceId: instanceId ?? member.instanceId,
    rackId: rackId ?? member.rackId,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    subscribedTopicNames: subscribedTopicNames === null ? member.subscribedTopicNames : topicNames(subscribedTopicNames),
    serverAssignor: serverAssignor ?? member.serverAssignor,
  });
}

function ownedBy({ topicPartitions }: ConsumerGroupHeartbeatRequest): PartitionSet | null {
  return topicPartitions === null ? null : partitionSet(topicPartitions);
}

function heartbeatError(errorCode: ErrorCode): ConsumerGroupHeartbeatResponse {
  return { errorCode, memberId: null, memberEpoch: 0, heartbeatIntervalMs: 0, assignment: null };
}

class HeartbeatAnswer implements WriteWaiter {
  private readonly request: PendingRequest<"ConsumerGroupHeartbeat">;
  private readonly response: ConsumerGroupHeartbeatResponse;

  constructor(request: PendingRequest<"ConsumerGroupHeartbeat">, response: ConsumerGroupHeartbeatResponse) {
    this.request = request;
    this.response = response;
  }

  onWritten(error: ErrorCode): void {
    this.request.respond(error === "NONE" ? this.response : heartbeatError(error));
  }
}
