/**
 * Session timers of members, and of those who have been given an id and have yet to come back with it (KIP-394).
 *
 * Each heartbeat, and each answer to a join or a sync, begins a session anew. Timers run on the coordinator's steady clock.
 * Source: GroupMetadataManager.rescheduleClassicGroupMemberHeartbeat, expireClassicGroupMemberHeartbeat.
 */
import { ms } from "../../../base/units.ts";
import type { Timer, TimerId, TimerTarget } from "../../../sim/host.ts";
import type { ShardContext } from "../shard.ts";
import type { ClassicMember } from "./classic-member.ts";

export interface SessionListener {
  /** Nothing was heard of this member, or of this one who was about to join, for as long as was agreed. */
  onSessionExpired(groupId: string, memberId: string): void;
}

interface SessionTimer extends Timer {
  readonly groupId: string;
  readonly memberId: string;
}

export class MemberSessions implements TimerTarget {
  private readonly shard: ShardContext;
  private readonly listener: SessionListener;

  constructor(shard: ShardContext, listener: SessionListener) {
    this.shard = shard;
    this.listener = listener;
  }

  renew(groupId: string, member: ClassicMember, timeoutMs: number = member.sessionTimeoutMs): void {
    this.stop(member);
    const { memberId } = member;
    const timer: SessionTimer = { kind: "group.session", target: this, groupId, memberId };
    member.sessionTimer = this.shard.host.setTimer(ms(timeoutMs), timer);
  }

  stop(member: ClassicMember): void {
    if (member.sessionTimer !== 0) this.shard.host.cancelTimer(member.sessionTimer);
    member.sessionTimer = 0;
  }

  expectJoin(groupId: string, memberId: string, timeoutMs: number): TimerId {
    const timer: SessionTimer = { kind: "group.pending-member", target: this, groupId, memberId };
    return this.shard.host.setTimer(ms(timeoutMs), timer);
  }

  onTimer(timer: Timer): void {
    const { groupId, memberId } = timer as SessionTimer;
    if (this.shard.active) this.listener.onSessionExpired(groupId, memberId);
  }
}
