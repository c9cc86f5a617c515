/**
 * Heartbeat and LeaveGroup (clients.md 5.4): who stays, and who goes by his own will or by an administrator's.
 *
 * The new coordinator answers either only when everything written before is committed, so that members hear of trouble with
 * __consumer_offsets by their heartbeats; the old one answers at once.
 * Source: GroupMetadataManager.classicGroupHeartbeatToClassicGroup, classicGroupLeaveToClassicGroup; CoordinatorRuntime.
 */
import type { ErrorCode } from "../../errors.ts";
import type { LeaveGroupRequest } from "../../messages/groups.ts";
import type { PendingRequest } from "../../net/request-channel.ts";
import type { ShardContext, WriteWaiter } from "../shard.ts";
import type { ClassicGroup } from "./classic-group.ts";
import { isNewCoordinator } from "./coordinator-line.ts";
import { HeartbeatAnswer, LeaveAnswer } from "./group-answers.ts";
import type { Rebalances } from "./rebalances.ts";

type MemberIdentity = LeaveGroupRequest["members"][number];

export class HeartbeatAndLeaveHandler {
  private readonly shard: ShardContext;
  private readonly rebalances: Rebalances;
  private readonly newCoordinator: boolean;

  constructor(shard: ShardContext, rebalances: Rebalances) {
    this.shard = shard;
    this.rebalances = rebalances;
    this.newCoordinator = isNewCoordinator(shard.config);
  }

  onHeartbeat(request: PendingRequest<"Heartbeat">, group: ClassicGroup): void {
    const { memberId, groupInstanceId, generationId } = request.body;
    const member = group.find(memberId, groupInstanceId);
    if (typeof member === "string") request.respond({ errorCode: member });
    else if (generationId !== group.generation) request.respond({ errorCode: "ILLEGAL_GENERATION" });
    else {
      this.rebalances.sessions.renew(group.groupId, member);
      const errorCode = group.state === "PreparingRebalance" ? "REBALANCE_IN_PROGRESS" : "NONE";
      this.whenCommitted(new HeartbeatAnswer(request, errorCode));
    }
  }

  onLeave(request: PendingRequest<"LeaveGroup">, group: ClassicGroup): void {
    const gone: string[] = [];
    const members = request.body.members.map((identity) => {
      const errorCode = this.leave(identity, group, gone);
      return { memberId: identity.memberId, groupInstanceId: identity.groupInstanceId, errorCode };
    });
    if (gone.length > 0) {
      if (group.state === "PreparingRebalance") this.rebalances.maybeCompleteJoin(group);
      else if (group.state !== "Empty") this.rebalances.prepare(group, `${gone.join(", ")} left`);
    }
    this.whenCommitted(new LeaveAnswer(request, { errorCode: "NONE", members }));
  }

  /** Adds to `gone` whose leaving moves the group. */
  private leave({ memberId, groupInstanceId }: MemberIdentity, group: ClassicGroup, gone: string[]): ErrorCode {
    if (memberId !== "" && group.dropPending(memberId)) {
      // The old coordinator only stops waiting for it.
      if (this.newCoordinator || group.state === "PreparingRebalance") gone.push(memberId);
      return "NONE";
    }
    // An administrator names a static member by its instance alone.
    const named = memberId === "" ? group.staticMember(groupInstanceId ?? "") : group.find(memberId, groupInstanceId);
    if (named === undefined) return "UNKNOWN_MEMBER_ID";
    if (typeof named === "string") return named;
    group.remove(named, "left");
    gone.push(named.memberId);
    return "NONE";
  }

  private whenCommitted(answer: WriteWaiter): void {
    if (this.newCoordinator) this.shard.write([], answer);
    else answer.onWritten("NONE");
  }
}
