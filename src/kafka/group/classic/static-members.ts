/**
 * A static member that comes back without its member id: a new process takes the place of an older one (KIP-345).
 *
 * In a Stable group that keeps its assignor nobody else notices: the new id is stored, and the process gets the assignment of
 * its predecessor. What it now subscribes to is not looked at (KAFKA-12759, open). The leader is told not to assign (KIP-814).
 * Source: GroupMetadataManager.updateStaticMemberThenRebalanceOrCompleteJoin.
 */
import type { ErrorCode } from "../../errors.ts";
import type { PendingRequest } from "../../net/request-channel.ts";
import type { ShardContext, WriteWaiter } from "../shard.ts";
import { storeErrorForMember } from "../write-errors.ts";
import type { ClassicGroup } from "./classic-group.ts";
import type { ClassicMember } from "./classic-member.ts";
import { joinError } from "./group-answers.ts";
import type { GroupStore } from "./group-store.ts";
import type { Rebalances } from "./rebalances.ts";

interface Replacement {
  readonly request: PendingRequest<"JoinGroup">;
  readonly group: ClassicGroup;
  readonly old: ClassicMember;
  readonly member: ClassicMember;
}

export class StaticMembers {
  private readonly shard: ShardContext;
  private readonly rebalances: Rebalances;
  private readonly store: GroupStore;

  constructor(shard: ShardContext, rebalances: Rebalances, store: GroupStore) {
    this.shard = shard;
    this.rebalances = rebalances;
    this.store = store;
  }

  /** `known` goes on as `memberId`. */
  replace(
    request: PendingRequest<"JoinGroup">,
    group: ClassicGroup,
    { known: old, memberId }: { readonly known: ClassicMember; readonly memberId: string },
  ): void {
    const member = group.replaceStaticMember(old, memberId);
    this.rebalances.sessions.renew(group.groupId, member);
    group.update(member, request.body);
    group.awaitJoin(member, request);
    const whose = `static member ${member.groupInstanceId} comes back as ${memberId}`;
    if (group.state === "Stable" && group.selectProtocol() === group.protocolName) {
      const assignment = new Map(group.allMembers().map((each) => [each.memberId, each.assignment]));
      this.store.write(group, assignment, new ReplacementStored(this, { request, group, old, member }));
    } else this.rebalances.prepareOrCompleteJoin(group, group.state === "Stable" ? `${whose} with other assignors` : whose);
  }

  onStored({ request, group, old, member }: Replacement, error: ErrorCode): void {
    // It may have been removed or replaced meanwhile, or a rebalance has let it in.
    if (!this.shard.active || member.join !== request) return;
    if (error === "NONE") {
      group.answerJoin(member, group.joinResponse(member, { skipAssignment: group.isLeader(member) }));
      return;
    }
    group.answerJoin(member, joinError(storeErrorForMember(error), ""));
    group.update(member, old);
    const restored = group.replaceStaticMember(member, old.memberId);
    this.rebalances.sessions.renew(group.groupId, restored);
  }
}

class ReplacementStored implements WriteWaiter {
  private readonly owner: StaticMembers;
  private readonly replacement: Replacement;

  constructor(owner: StaticMembers, replacement: Replacement) {
    this.owner = owner;
    this.replacement = replacement;
  }

  onWritten(error: ErrorCode): void {
    this.owner.onStored(this.replacement, error);
  }
}
