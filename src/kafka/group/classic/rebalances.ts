/**
 * How a classic group goes from one generation to the next.
 *
 * A rebalance begins with a join phase: every member has to come back, and the phase ends when all have, or when the longest of
 * their rebalance timeouts has passed. Who is not back by then is out, unless it is static. The first rebalance of an empty group
 * waits `group.initial.rebalance.delay.ms` for company, and as long again after each new join, up to the rebalance timeout. Then
 * everybody has as much time to send SyncGroup; the leader's one brings the assignment.
 * Source: GroupMetadataManager.prepareRebalance, completeClassicGroupJoin, tryCompleteInitialRebalanceElseSchedule,
 * expirePendingSync; GroupCoordinator.scala and InitialDelayedJoin for the old coordinator.
 */
import { ms } from "../../../base/units.ts";
import type { Timer, TimerTarget } from "../../../sim/host.ts";
import type { ErrorCode } from "../../errors.ts";
import type { SyncGroupResponse } from "../../messages/groups.ts";
import type { ShardContext } from "../shard.ts";
import { ClassicGroup } from "./classic-group.ts";
import { type ClassicMember, EMPTY_ASSIGNMENT } from "./classic-member.ts";
import { isNewCoordinator } from "./coordinator-line.ts";
import { syncError } from "./group-answers.ts";
import type { GroupAssignment, GroupStore } from "./group-store.ts";
import { MemberSessions, type SessionListener } from "./member-sessions.ts";

const NO_ASSIGNMENT: GroupAssignment = new Map();

interface PhaseTimer extends Timer {
  readonly groupId: string;
}

interface InitialDelayTimer extends PhaseTimer {
  readonly kind: "group.initial-delay";
  readonly delayMs: number;
  /** How much longer the delay may become. */
  readonly remainingMs: number;
}

export class Rebalances implements TimerTarget, SessionListener {
  readonly sessions: MemberSessions;
  private readonly shard: ShardContext;
  private readonly store: GroupStore;
  private readonly newCoordinator: boolean;

  constructor(shard: ShardContext, store: GroupStore) {
    this.shard = shard;
    this.store = store;
    this.sessions = new MemberSessions(shard, this);
    this.newCoordinator = isNewCoordinator(shard.config);
  }

  /** Whether a new member now makes the initial delay longer. */
  extendsInitialDelay(group: ClassicGroup): boolean {
    if (group.state !== "PreparingRebalance") return false;
    return this.newCoordinator ? group.previousState === "Empty" : group.generation === 0;
  }

  /** Something about the members has changed: a join phase begins, or this was what the present one waited for. */
  prepareOrCompleteJoin(group: ClassicGroup, reason: string): void {
    if (group.state === "PreparingRebalance") this.maybeCompleteJoin(group);
    else this.prepare(group, reason);
  }

  prepare(group: ClassicGroup, reason: string): void {
    if (group.state === "CompletingRebalance") this.resetAssignments(group, "REBALANCE_IN_PROGRESS");
    this.stopSyncTimer(group);
    group.pendingSyncs.clear();
    const initial = group.state === "Empty";
    group.transitionTo("PreparingRebalance", reason);
    if (initial) {
      const delayMs = this.shard.config["group.initial.rebalance.delay.ms"];
      this.delayJoin(group, delayMs, Math.max(group.rebalanceTimeoutMs - delayMs, 0));
    } else if (group.hasAllMembersJoined) this.completeJoin(group, "all members have joined");
    else this.limitJoin(group);
  }

  /** Not before its time in the first rebalance of a group. */
  maybeCompleteJoin(group: ClassicGroup): void {
    if (group.state !== "PreparingRebalance" || group.previousState === "Empty") return;
    if (group.hasAllMembersJoined) this.completeJoin(group, "all members have joined");
  }

  /** The new coordinator ends even a group's first join phase when the last one whom it waited for is gone. */
  onGone(group: ClassicGroup): void {
    if (group.state !== "PreparingRebalance" || !group.hasAllMembersJoined) return;
    if (this.newCoordinator || group.previousState !== "Empty") this.completeJoin(group, "who was waited for is gone");
  }

  /** Everybody has sent SyncGroup: nobody is removed for not having done so. */
  onSynced(group: ClassicGroup, member: ClassicMember): void {
    group.pendingSyncs.delete(member.memberId);
    if (group.pendingSyncs.size === 0) this.stopSyncTimer(group);
  }

  /** The leader's assignment could not be stored, or is not worth anything any more. */
  resetAssignments(group: ClassicGroup, error: ErrorCode): void {
    for (const member of group.allMembers()) {
      member.assignment = EMPTY_ASSIGNMENT;
      this.answerSync(group, member, syncError(error));
    }
  }

  setAssignments(group: ClassicGroup, assignment: GroupAssignment): void {
    for (const member of group.allMembers()) {
      member.assignment = assignment.get(member.memberId) ?? EMPTY_ASSIGNMENT;
      const { protocolName } = group;
      this.answerSync(group, member, { errorCode: "NONE", protocolName, assignment: member.assignment });
    }
  }

  private answerSync(group: ClassicGroup, member: ClassicMember, response: SyncGroupResponse): void {
    // While it waited its session may have expired without effect: it begins anew.
    if (group.answerSync(member, response)) this.sessions.renew(group.groupId, member);
  }

  onSessionExpired(groupId: string, memberId: string): void {
    const group = this.shard.groups.get(groupId);
    if (!(group instanceof ClassicGroup)) return;
    if (group.dropPending(memberId)) {
      this.onGone(group);
      return;
    }
    const member = group.member(memberId);
    if (member === undefined) return;
    member.sessionTimer = 0;
    if (member.hasSatisfiedHeartbeat) return;
    group.remove(member, member.isNew ? "join-never-completed" : "session-expired");
    if (group.state === "PreparingRebalance") this.onGone(group);
    else this.prepare(group, `session of ${memberId} has expired`);
  }

  onTimer(timer: Timer): void {
    const group = this.shard.groups.get((timer as PhaseTimer).groupId);
    if (!this.shard.active || !(group instanceof ClassicGroup)) return;
    switch (timer.kind) {
      case "group.initial-delay":
        this.onInitialDelay(group, timer as InitialDelayTimer);
        break;
      case "group.join":
        this.completeJoin(group, "the rebalance timeout has passed");
        break;
      case "group.sync":
        this.onSyncTimeout(group);
        break;
    }
  }

  private onInitialDelay(group: ClassicGroup, { delayMs, remainingMs }: InitialDelayTimer): void {
    if (group.newMemberAdded && remainingMs !== 0) {
      group.newMemberAdded = false;
      const next = Math.min(this.shard.config["group.initial.rebalance.delay.ms"], remainingMs);
      this.delayJoin(group, next, Math.max(remainingMs - delayMs, 0));
    } else this.completeJoin(group, "the initial delay has passed");
  }

  private completeJoin(group: ClassicGroup, reason: string): void {
    this.stopJoinTimer(group);
    for (const member of group.allMembers()) {
      if (member.join === undefined && member.groupInstanceId === null) group.remove(member, "did-not-rejoin");
    }
    if (!group.electJoinedLeader() && group.size > 0) {
      // Static members only, all silent: their sessions decide.
      this.limitJoin(group);
      return;
    }
    group.beginGeneration(group.size === 0 ? "no members are left" : reason);
    if (group.size === 0) {
      // Should it not be stored: a next coordinator finds members that soon expire.
      this.store.write(group, NO_ASSIGNMENT);
      return;
    }
    for (const member of group.allMembers()) {
      group.answerJoin(member, group.joinResponse(member, { skipAssignment: false }));
      this.sessions.renew(group.groupId, member);
      member.isNew = false;
      group.pendingSyncs.add(member.memberId);
    }
    this.limitSync(group);
  }

  private onSyncTimeout(group: ClassicGroup): void {
    group.syncTimer = 0;
    const missing = [...group.pendingSyncs];
    for (const memberId of missing) {
      const member = group.member(memberId);
      // A static member that has been replaced is still missed under its old id, as in Kafka.
      if (member !== undefined) group.remove(member, "did-not-sync");
    }
    this.prepare(group, `${missing.join(", ")} did not sync`);
  }

  // ---- timers ----

  private delayJoin(group: ClassicGroup, delayMs: number, remainingMs: number): void {
    this.stopJoinTimer(group);
    const { groupId } = group;
    const timer: InitialDelayTimer = { kind: "group.initial-delay", target: this, groupId, delayMs, remainingMs };
    group.joinTimer = this.shard.host.setTimer(ms(delayMs), timer);
  }

  private limitJoin(group: ClassicGroup): void {
    this.stopJoinTimer(group);
    const timer: PhaseTimer = { kind: "group.join", target: this, groupId: group.groupId };
    group.joinTimer = this.shard.host.setTimer(ms(group.rebalanceTimeoutMs), timer);
  }

  private limitSync(group: ClassicGroup): void {
    if (!this.shard.dials["group.expireMissingSync"]) return;
    const timer: PhaseTimer = { kind: "group.sync", target: this, groupId: group.groupId };
    group.syncTimer = this.shard.host.setTimer(ms(group.rebalanceTimeoutMs), timer);
  }

  private stopJoinTimer(group: ClassicGroup): void {
    if (group.joinTimer !== 0) this.shard.host.cancelTimer(group.joinTimer);
    group.joinTimer = 0;
  }

  private stopSyncTimer(group: ClassicGroup): void {
    if (group.syncTimer !== 0) this.shard.host.cancelTimer(group.syncTimer);
    group.syncTimer = 0;
  }
}
