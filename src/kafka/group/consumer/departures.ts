/**
 * How members go: by their own will, or because they are silent, or don't give up what they are to.
 *
 * What a member held is free from then on, and the group epoch is raised; the next heartbeat of another one computes who gets it.
 * Source: GroupMetadataManager.consumerGroupLeave, consumerGroupFenceMember, consumerGroupStaticMemberGroupLeave.
 */
import { assert } from "../../../base/assert.ts";
import type { ErrorCode } from "../../errors.ts";
import type { MemberRemoved } from "../../group-events.ts";
import { ClassicGroup } from "../classic/classic-group.ts";
import type { ClassicGroups } from "../classic/classic-groups.ts";
import type { ShardContext, WriteWaiter } from "../shard.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import { type ConsumerGroupMember, changed, STATIC_LEAVE_EPOCH } from "./consumer-group-member.ts";
import { GroupChange } from "./group-change.ts";
import type { MemberTimers } from "./member-timers.ts";
import { downgradeRecords, mayDowngrade } from "./migration.ts";
import { NO_PARTITIONS } from "./partition-set.ts";
import { hashOf } from "./subscribed-topics.ts";

export interface Departure {
  readonly group: ConsumerGroup;
  readonly members: readonly ConsumerGroupMember[];
  readonly why: MemberRemoved["reason"];
}

export class Departures {
  private readonly shard: ShardContext;
  private readonly classic: ClassicGroups;
  private readonly timers: MemberTimers;

  constructor(shard: ShardContext, classic: ClassicGroups, timers: MemberTimers) {
    this.shard = shard;
    this.classic = classic;
    this.timers = timers;
  }

  /** Takes one member out. Without a member of the new protocol the group goes back to the classic one, if it may. */
  fence(group: ConsumerGroup, member: ConsumerGroupMember, why: MemberRemoved["reason"], waiting?: WriteWaiter): ErrorCode {
    if (!mayDowngrade(group, member, this.shard)) return this.remove({ group, members: [member], why }, waiting);
    const members = group.members();
    const change = new GroupChange(this.shard, group.groupId, `member ${member.memberId}: ${why}`);
    change.records.push(...downgradeRecords(group, member, this.shard));
    change.reportRemoved(member, why);
    const error = change.write(waiting);
    if (error === "NONE") this.handOver(group.groupId, members, "the last member of the consumer protocol has gone");
    return error;
  }

  /** Takes members out for good, however many (none, too). */
  remove({ group, members, why }: Departure, waiting?: WriteWaiter): ErrorCode {
    const { groupId } = group;
    const change = new GroupChange(
      this.shard,
      groupId,
      `${members.map(({ memberId }) => `member ${memberId}`).join(", ")}: ${why}`,
    );
    for (const member of members) change.removeMember(member, why);
    const staying = group.members().filter((member) => !members.includes(member));
    if (members.length > 0) change.setGroupEpoch(group.groupEpoch + 1, hashOf(staying, this.shard.metadata));
    const error = change.write(waiting);
    if (error === "NONE") for (const { memberId } of members) this.timers.cancelAllOf(groupId, memberId);
    return error;
  }

  /** A static member that says that it will be back: its partitions wait for it until its session ends. */
  leaveForAWhile(group: ConsumerGroup, member: ConsumerGroupMember, waiting: WriteWaiter): void {
    const change = new GroupChange(this.shard, group.groupId, `member ${member.memberId} leaves for a while`);
    change.reconcileMember(changed(member, { memberEpoch: STATIC_LEAVE_EPOCH, pendingRevocation: NO_PARTITIONS }));
    change.write(waiting);
  }

  /** The group is a classic one now: what runs for its members here ends, and its own part takes it up. */
  handOver(groupId: string, members: readonly ConsumerGroupMember[], rebalance?: string): void {
    const group = this.shard.groups.get(groupId);
    assert(group instanceof ClassicGroup, `${groupId} was written as a classic group and is none`);
    for (const { memberId, classicMember, rebalanceTimeoutMs } of members) {
      this.timers.cancelAllOf(groupId, memberId);
      const member = group.member(memberId);
      if (member === undefined || classicMember === null) continue;
      // The log keeps only the assignor that the group uses; what else its members support they have told here.
      const { sessionTimeoutMs, protocols } = classicMember;
      group.update(member, { protocols, rebalanceTimeoutMs, sessionTimeoutMs });
    }
    group.reportState("Empty", "downgraded");
    this.classic.takeUp(groupId, rebalance);
  }
}
