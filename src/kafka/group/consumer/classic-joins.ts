/**
 * JoinGroup of members that speak the classic protocol, to a KIP-848 group. It is answered at once: there is no phase in which
 * members wait for each other. Source: GroupMetadataManager.classicGroupJoinToConsumerGroup, maybeDeleteEmptyConsumerGroup.
 */

import { randomTopicId } from "../../controller/topic-id.ts";
import type { ErrorCode } from "../../errors.ts";
import type { ConsumerSubscription, JoinGroupRequest } from "../../messages/groups.ts";
import type { PendingRequest } from "../../net/request-channel.ts";
import type { ClassicGroups } from "../classic/classic-groups.ts";
import { joinError } from "../classic/group-answers.ts";
import type { ShardContext } from "../shard.ts";
import { JoinAnswer } from "./classic-answers.ts";
import type { ClassicMembersOptions } from "./classic-members.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import { type ConsumerGroupMember, changed, topicNames } from "./consumer-group-member.ts";
import { groupTombstones } from "./consumer-records.ts";
import type { Departures } from "./departures.ts";
import { GroupChange } from "./group-change.ts";
import type { MemberTimers } from "./member-timers.ts";
import { byTopicId, downgradeRecords, mayDowngrade } from "./migration.ts";
import type { Reconciler } from "./reconciler.ts";
import { dynamicMember, joiningStaticMember, type Speaker, staticMember } from "./speaker.ts";

export class ClassicJoins {
  private readonly shard: ShardContext;
  private readonly classic: ClassicGroups;
  private readonly timers: MemberTimers;
  private readonly reconciler: Reconciler;
  private readonly departures: Departures;

  constructor(options: ClassicMembersOptions) {
    this.shard = options.shard;
    this.classic = options.classic;
    this.timers = options.timers;
    this.reconciler = options.reconciler;
    this.departures = options.departures;
  }

  onRequest(request: PendingRequest<"JoinGroup">, group: ConsumerGroup): void {
    if (group.isEmpty) {
      this.startOver(request, group);
      return;
    }
    const { body } = request;
    const memberId = body.memberId === "" ? this.newMemberId(request) : body.memberId;
    const error = this.refuses(body, group, memberId);
    const speaker = error === "NONE" ? speakerOf(body, group, memberId) : error;
    if (typeof speaker !== "string") this.join(request, group, speaker);
    else request.respond(joinError(speaker, speaker === "MEMBER_ID_REQUIRED" ? memberId : body.memberId));
  }

  /** Nobody is left of the new protocol's members: the group begins anew as a classic one. */
  private startOver(request: PendingRequest<"JoinGroup">, { groupId }: ConsumerGroup): void {
    const change = new GroupChange(this.shard, groupId, "an empty group is joined by a member of the classic protocol");
    change.records.push(...groupTombstones(groupId, []));
    const error = change.write();
    if (error === "NONE") this.classic.onRequest(request);
    else request.respond(joinError(error, request.body.memberId));
  }

  private newMemberId({ body, from }: PendingRequest<"JoinGroup">): string {
    return `${body.groupInstanceId ?? from}-${randomTopicId(this.shard.host.random("member-id"))}`;
  }

  private refuses(body: JoinGroupRequest, group: ConsumerGroup, memberId: string): ErrorCode {
    const { config, dials } = this.shard;
    if (group.size >= config["group.consumer.max.size"] && group.member(memberId) === undefined) return "GROUP_MAX_SIZE_REACHED";
    if (!supportsProtocols(group, body)) return "INCONSISTENT_GROUP_PROTOCOL";
    const unknownDynamic = body.memberId === "" && body.groupInstanceId === null;
    return unknownDynamic && dials["group.requireMemberId"] ? "MEMBER_ID_REQUIRED" : "NONE";
  }

  private join(request: PendingRequest<"JoinGroup">, group: ConsumerGroup, { member, replaced }: Speaker): void {
    const { shard } = this;
    const { body } = request;
    const { metadataVersion } = this.reconciler;
    const change = new GroupChange(shard, group.groupId, `member ${member.memberId} joins by the classic protocol`);
    if (replaced !== undefined) change.replaceMember(replaced, member, group.target(replaced.memberId));
    const subscription = body.protocols[0]?.metadata;
    const updated = describedBy(member, body, { clientId: request.from, subscription });
    const owned = byTopicId(subscription?.ownedPartitions ?? [], shard.metadata);
    const next = this.reconciler.advance({ group, member, updated, replaced, owned }, change);
    const members = [...group.members(), next];
    const downgrades = replaced !== undefined && mayDowngrade(group, replaced, shard, next);
    if (downgrades) change.records.push(...downgradeRecords(group, replaced, shard, next));
    const timers = downgrades ? undefined : this.timers;
    const error = change.write(new JoinAnswer({ request, timers, member: next }));
    if (error !== "NONE") return;
    group.comparedMetadata = metadataVersion;
    if (replaced !== undefined) this.timers.cancelAllOf(group.groupId, replaced.memberId);
    if (downgrades) this.departures.handOver(group.groupId, members);
  }
}

function speakerOf(body: JoinGroupRequest, group: ConsumerGroup, memberId: string): Speaker | ErrorCode {
  const { groupInstanceId } = body;
  if (groupInstanceId === null) return dynamicMember(group, memberId, true);
  if (body.memberId === "") return joiningStaticMember(group, memberId, groupInstanceId, true);
  return staticMember(group, memberId, groupInstanceId);
}

/** Whether one of the assignors is supported by all members of the classic protocol. */
function supportsProtocols(group: ConsumerGroup, { protocolType, protocols }: JoinGroupRequest): boolean {
  const others = group.members().flatMap(({ classicMember }) => classicMember?.protocols ?? []);
  const size = group.members().filter(({ classicMember }) => classicMember !== null).length;
  return (
    protocolType === "consumer" && protocols.some(({ name }) => others.filter((other) => other.name === name).length === size)
  );
}

function describedBy(
  member: ConsumerGroupMember,
  { groupInstanceId, rebalanceTimeoutMs, sessionTimeoutMs, protocols }: JoinGroupRequest,
  { clientId, subscription }: { readonly clientId: string; readonly subscription: ConsumerSubscription | undefined },
): ConsumerGroupMember {
  return changed(member, {
    clientId,
    classicMember: Object.freeze({ sessionTimeoutMs, protocols }),
    instanceId: groupInstanceId ?? member.instanceId,
    rackId: subscription?.rackId ?? member.rackId,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    subscribedTopicNames: topicNames(subscription?.topics ?? []),
  });
}
