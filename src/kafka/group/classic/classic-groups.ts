/**
 * The classic groups of one partition of __consumer_offsets: requests find their group here, records make it anew.
 *
 * Source: GroupMetadataManager (classicGroup*, replay, onLoaded, onUnloaded), GroupCoordinatorService for what
 * is refused before a group is looked at.
 */
import { assert } from "../../../base/assert.ts";
import type { ErrorCode } from "../../errors.ts";
import type { PendingRequest } from "../../net/request-channel.ts";
import type { CoordinatorRecord } from "../coordinator-records.ts";
import type { Group } from "../group.ts";
import type { ShardContext, ShardPart, WriteWaiter } from "../shard.ts";
import { ClassicGroup } from "./classic-group.ts";
import { isNewCoordinator } from "./coordinator-line.ts";
import { joinError, leaveUnknown, syncError } from "./group-answers.ts";
import { GroupStore } from "./group-store.ts";
import { HeartbeatAndLeaveHandler } from "./heartbeat-and-leave.ts";
import { JoinGroupHandler } from "./join-group.ts";
import { Rebalances } from "./rebalances.ts";
import { StaticMembers } from "./static-members.ts";
import { SyncGroupHandler } from "./sync-group.ts";

export type ClassicRequest = { [A in "JoinGroup" | "SyncGroup" | "Heartbeat" | "LeaveGroup"]: PendingRequest<A> }[
  | "JoinGroup"
  | "SyncGroup"
  | "Heartbeat"
  | "LeaveGroup"];

/** Who takes in what a member that speaks the classic protocol asks of a KIP-848 group. */
export interface ClassicRequestsToConsumerGroups {
  onClassicRequest(request: ClassicRequest, group: Group): void;
}

export class ClassicGroups implements ShardPart {
  /** Set by the part that holds the KIP-848 groups. */
  consumerGroups: ClassicRequestsToConsumerGroups | undefined;
  /** What is replayed before that happened long ago. */
  private loaded = false;
  private readonly shard: ShardContext;
  private readonly store: GroupStore;
  private readonly rebalances: Rebalances;
  private readonly joins: JoinGroupHandler;
  private readonly syncs: SyncGroupHandler;
  private readonly others: HeartbeatAndLeaveHandler;

  constructor(shard: ShardContext) {
    this.shard = shard;
    this.store = new GroupStore(shard);
    this.rebalances = new Rebalances(shard, this.store);
    this.joins = new JoinGroupHandler(shard, this.rebalances, new StaticMembers(shard, this.rebalances, this.store));
    this.syncs = new SyncGroupHandler(shard, this.rebalances, this.store);
    this.others = new HeartbeatAndLeaveHandler(shard, this.rebalances);
  }

  onRequest(request: ClassicRequest): void {
    const group = this.shard.groups.get(request.body.groupId);
    if (request.api === "JoinGroup" && this.refusesSession(request)) return;
    if (group === undefined) this.onUnknownGroup(request);
    else if (group instanceof ClassicGroup) this.dispatch(request, group);
    else {
      assert(this.consumerGroups !== undefined, `nobody here speaks for group ${group.groupId}`);
      this.consumerGroups.onClassicRequest(request, group);
    }
  }

  private refusesSession(request: PendingRequest<"JoinGroup">): boolean {
    const { sessionTimeoutMs, memberId } = request.body;
    const { config } = this.shard;
    const allowed =
      sessionTimeoutMs >= config["group.min.session.timeout.ms"] && sessionTimeoutMs <= config["group.max.session.timeout.ms"];
    if (!allowed) request.respond(joinError("INVALID_SESSION_TIMEOUT", memberId));
    return !allowed;
  }

  private onUnknownGroup(request: ClassicRequest): void {
    switch (request.api) {
      case "JoinGroup":
        if (request.body.memberId === "") this.found(request);
        else request.respond(joinError("UNKNOWN_MEMBER_ID", request.body.memberId));
        break;
      case "SyncGroup":
        request.respond(syncError("UNKNOWN_MEMBER_ID"));
        break;
      case "Heartbeat":
        request.respond({ errorCode: "UNKNOWN_MEMBER_ID" });
        break;
      case "LeaveGroup":
        request.respond(leaveUnknown(request.body.members));
        break;
    }
  }

  private dispatch(request: ClassicRequest, group: ClassicGroup): void {
    switch (request.api) {
      case "JoinGroup":
        this.joins.onRequest(request, group);
        break;
      case "SyncGroup":
        this.syncs.onRequest(request, group);
        break;
      case "Heartbeat":
        this.others.onHeartbeat(request, group);
        break;
      case "LeaveGroup":
        this.others.onLeave(request, group);
        break;
    }
  }

  /** A join by somebody new founds its group. The new coordinator stores it at once, the old one when it has an assignment. */
  private found(request: PendingRequest<"JoinGroup">): void {
    const group = this.create(request.body.groupId);
    this.joins.onRequest(request, group);
    if (!isNewCoordinator(this.shard.config)) return;
    const error = this.store.write(group, new Map(), new GroupFounded(request, group));
    if (error !== "NONE") this.forget(group, error, "could not be stored");
  }

  private create(groupId: string): ClassicGroup {
    const group = new ClassicGroup({ groupId, shard: this.shard, sessions: this.rebalances.sessions });
    this.shard.groups.set(group);
    return group;
  }

  /**
   * A group that has just come out of a record, as a KIP-848 group that goes back to the classic protocol does: its sessions
   * begin, and it rebalances if there is a reason to.
   */
  takeUp(groupId: string, reason?: string): void {
    const group = this.shard.groups.get(groupId);
    if (!(group instanceof ClassicGroup)) return;
    for (const member of group.allMembers()) this.rebalances.sessions.renew(groupId, member);
    if (reason !== undefined) this.rebalances.prepare(group, reason);
  }

  replay(record: CoordinatorRecord): void {
    if (record.type !== "GroupMetadata" || this.store.writing) return;
    const { group: groupId } = record.key;
    const known = this.shard.groups.get(groupId);
    if (record.value !== null) this.create(groupId).restore(record.value);
    else if (known instanceof ClassicGroup) {
      // Whoever waits finds a group of the other protocol when he comes back.
      this.forget(known, "REBALANCE_IN_PROGRESS", known.size === 0 ? "deleted" : "goes over to the other protocol");
    }
  }

  onLoaded(): void {
    this.loaded = true;
    const { config, groups } = this.shard;
    for (const group of [...groups.all()]) {
      if (!(group instanceof ClassicGroup)) continue;
      group.reportLoaded();
      const overCapacity = group.size > config["group.max.size"];
      this.takeUp(group.groupId, overCapacity ? `${group.size} members are more than group.max.size` : undefined);
    }
  }

  onUnloaded(): void {
    for (const group of this.shard.groups.all()) if (group instanceof ClassicGroup) group.end("NOT_COORDINATOR");
  }

  onMetadataChanged(): void {
    // Members watch the topics themselves; the leader joins again when something has changed.
  }

  private forget(group: ClassicGroup, error: ErrorCode, reason: string): void {
    const { state } = group;
    group.end(error);
    this.shard.groups.delete(group.groupId);
    if (this.loaded) group.reportState(state, reason);
  }
}

/** Should the new group not be known to be stored, whoever founded it is told, if he still waits; he is a member all the same. */
class GroupFounded implements WriteWaiter {
  private readonly request: PendingRequest<"JoinGroup">;
  private readonly group: ClassicGroup;

  constructor(request: PendingRequest<"JoinGroup">, group: ClassicGroup) {
    this.request = request;
    this.group = group;
  }

  onWritten(error: ErrorCode): void {
    const founder = this.group.allMembers().find(({ join }) => join === this.request);
    if (error !== "NONE" && founder !== undefined) this.group.answerJoin(founder, joinError(error, founder.memberId));
  }
}
