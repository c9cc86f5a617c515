/**
 * Answers to JoinGroup and SyncGroup by a KIP-848 group, given when what they rest on is committed; then the next timer begins.
 * Source: the append futures of GroupMetadataManager.classicGroupJoinToConsumerGroup and classicGroupSyncToConsumerGroup.
 */
import { fail } from "../../../base/assert.ts";
import type { ErrorCode } from "../../errors.ts";
import type { ConsumerAssignment } from "../../messages/groups.ts";
import type { PendingRequest } from "../../net/request-channel.ts";
import { joinError, syncError } from "../classic/group-answers.ts";
import type { WriteWaiter } from "../shard.ts";
import type { ClassicMember, ConsumerGroupMember } from "./consumer-group-member.ts";
import type { MemberTimers } from "./member-timers.ts";

export class JoinAnswer implements WriteWaiter {
  private readonly request: PendingRequest<"JoinGroup">;
  /** Undefined when the group is a classic one from now on. */
  private readonly timers: MemberTimers | undefined;
  private readonly member: ConsumerGroupMember;

  constructor(options: {
    readonly request: PendingRequest<"JoinGroup">;
    readonly timers: MemberTimers | undefined;
    readonly member: ConsumerGroupMember;
  }) {
    this.request = options.request;
    this.timers = options.timers;
    this.member = options.member;
  }

  onWritten(error: ErrorCode): void {
    const { groupId, memberId: asked } = this.request.body;
    if (error !== "NONE") {
      this.request.respond(joinError(error, asked));
      return;
    }
    const { memberId, memberEpoch, classicMember, rebalanceTimeoutMs } = this.member;
    if (classicMember === null) fail(`${memberId} joined by the classic protocol and does not speak it`);
    const timer = { group: groupId, member: memberId, memberEpoch: 0 };
    this.timers?.cancel({ what: "join", ...timer });
    this.timers?.schedule({ what: "session", ...timer }, classicMember.sessionTimeoutMs);
    this.timers?.schedule({ what: "sync", ...timer }, rebalanceTimeoutMs);
    this.request.respond({
      errorCode: "NONE",
      generationId: memberEpoch,
      protocolName: classicMember.protocols[0]?.name ?? null,
      leader: "",
      skipAssignment: false,
      memberId,
      members: [],
    });
  }
}

export class SyncAnswer implements WriteWaiter {
  private readonly request: PendingRequest<"SyncGroup">;
  private readonly timers: MemberTimers;
  private readonly member: ConsumerGroupMember & { readonly classicMember: ClassicMember };
  private readonly assignment: ConsumerAssignment;

  constructor(options: {
    readonly request: PendingRequest<"SyncGroup">;
    readonly timers: MemberTimers;
    readonly member: ConsumerGroupMember & { readonly classicMember: ClassicMember };
    readonly assignment: ConsumerAssignment;
  }) {
    this.request = options.request;
    this.timers = options.timers;
    this.member = options.member;
    this.assignment = options.assignment;
  }

  onWritten(error: ErrorCode): void {
    if (error !== "NONE") {
      this.request.respond(syncError(error));
      return;
    }
    const { memberId, classicMember } = this.member;
    const { groupId, protocolName } = this.request.body;
    const timer = { group: groupId, member: memberId, memberEpoch: 0 };
    this.timers.cancel({ what: "sync", ...timer });
    this.timers.schedule({ what: "session", ...timer }, classicMember.sessionTimeoutMs);
    this.request.respond({ errorCode: "NONE", protocolName, assignment: this.assignment });
  }
}
