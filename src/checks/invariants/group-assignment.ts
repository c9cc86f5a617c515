/**
 * What coordinators decide: LegalTargetAssignment, ValidMemberEpoch, ValidPartitionEpoch, ValidStableGroupState,
 * MemberEpochMonotonic.
 *
 * LegalTargetAssignment. A target gives no partition to two members, none to a member that has not subscribed to its topic, and leaves
 * out none of a topic that it gives out.
 * ValidMemberEpoch. A member that has reached the target's epoch has nothing that the target gives to another (KIP-848).
 * ValidPartitionEpoch. A partition is given to a member only while no other has it, or has yet to revoke it (KIP-848).
 * ValidStableGroupState. In a Stable group every member is in the group's epoch, and has what the target gives it (KIP-848).
 * MemberEpochMonotonic. A member's epoch only grows until it leaves: at the coordinator, and as the member believes (KIP-848).
 *
 * Judged only by what the newest coordinator itself has decided. Legal: who assigns may not have heard of a whole topic yet, or of its
 * newest partitions; a cooperative assignor leaves out, once, what its owner has to give up first.
 */
import type { MemberReconciled, TargetAssignmentChosen } from "../../kafka/group-events.ts";
import { partitionName } from "../../kafka/ids.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { GhostGroup, GroupMember } from "../ghost/ghost-group.ts";
import type { Invariant, Reporter } from "../invariant.ts";
import type { Observation } from "../observation.ts";

export class LegalTargetAssignment implements Invariant {
  readonly name = "LegalTargetAssignment";
  readonly promise = "A target assignment gives every partition of its topics to one member that has subscribed to the topic.";
  readonly source = "LegalTargetAssignment (Vanlightly KIP-848)";
  readonly watches = ["TargetAssignmentChosen"] as const;

  observe({ event }: Observation, { groups }: Ghost, reporter: Reporter): void {
    const { group } = groups;
    if (event.kind !== "TargetAssignmentChosen" || group === undefined || !groups.isCurrentCoordinator) return;
    const given = new Map<string, string>();
    const topics = new Map<string, Set<number>>();
    for (const { member, subscribedTopics, partitions } of event.members) {
      for (const { topic, partition } of partitions) {
        const name = partitionName(topic, partition);
        const other = given.get(name);
        if (other !== undefined) this.report(event, group, `${name} both to ${other} and to ${member}`, reporter);
        if (!subscribedTopics.includes(topic)) {
          this.report(event, group, `${name} to ${member}, which has not subscribed to ${topic}`, reporter);
        }
        given.set(name, member);
        const numbers = topics.get(topic);
        if (numbers === undefined) topics.set(topic, new Set([partition]));
        else numbers.add(partition);
      }
    }
    this.judgeCover(event, group, topics, reporter);
  }

  /** Whoever knows of a partition of a topic knows of all that were made with it or before. */
  private judgeCover(
    event: TargetAssignmentChosen,
    group: GhostGroup,
    topics: ReadonlyMap<string, ReadonlySet<number>>,
    reporter: Reporter,
  ): void {
    const mayWithhold = event.assignor.includes("cooperative");
    const before = new Set(group.uncovered);
    group.uncovered.clear();
    for (const [topic, numbers] of topics) {
      const highest = Math.max(...numbers);
      for (let i = 0; i < highest; i++) {
        const name = partitionName(topic, i);
        if (numbers.has(i)) continue;
        group.uncovered.add(name);
        if (mayWithhold && (!before.has(name) || (group.known(topic, i)?.owners.length ?? 0) > 0)) continue;
        this.report(event, group, `${name} to nobody`, reporter);
      }
    }
  }

  private report(event: TargetAssignmentChosen, group: GhostGroup, what: string, reporter: Reporter): void {
    const { epoch, assignor } = event;
    if (!reporter.isNew(this, group.id)) return;
    const latest = [...group.members.values()].at(-1);
    reporter.report(this, {
      subject: group.id,
      message: `group ${group.id}: the target of epoch ${epoch}, by ${assignor}, gives ${what}`,
      facts: [
        latest === undefined
          ? { step: group.stateStep, timeUs: group.stateTime, text: `group ${group.id} was ${group.state}` }
          : { step: latest.step, timeUs: latest.timeUs, text: `group ${group.id}: member ${latest.id} joined` },
        reporter.now(`group ${group.id}: ${assignor} gave ${what}`),
      ],
    });
  }
}

export class ValidMemberEpoch implements Invariant {
  readonly name = "ValidMemberEpoch";
  readonly promise = "A member that has reached the epoch of the target has nothing that the target gives to another.";
  readonly source = "ValidMemberEpoch (Vanlightly KIP-848)";
  readonly watches = ["MemberReconciled"] as const;

  observe({ event }: Observation, { groups }: Ghost, reporter: Reporter): void {
    const { group } = groups;
    if (event.kind !== "MemberReconciled" || group?.target === undefined || !groups.isCurrentCoordinator) return;
    const { target, targetOwner } = group;
    if (target.protocol !== "consumer" || event.memberEpoch !== target.epoch) return;
    for (const { topic, partition } of event.assigned) {
      const name = partitionName(topic, partition);
      const owner = targetOwner.get(name);
      if (owner === undefined || owner === event.member) continue;
      const subject = `${group.id}/${name}`;
      if (!reporter.isNew(this, subject)) continue;
      reporter.report(this, {
        subject,
        partition: name,
        message: `group ${group.id}: member ${event.member} is in epoch ${event.memberEpoch} with ${name}, which is ${owner}'s`,
        facts: [
          {
            step: group.targetStep,
            timeUs: group.targetTime,
            text: `the target of epoch ${target.epoch} gave ${name} to ${owner}`,
          },
          reporter.now(`group ${group.id}: ${event.member} is in epoch ${event.memberEpoch} and has ${name}`),
        ],
      });
    }
  }
}

export class ValidPartitionEpoch implements Invariant {
  readonly name = "ValidPartitionEpoch";
  readonly promise = "A partition is given to a member only while no other member has it or has yet to revoke it.";
  readonly source = "ValidPartitionEpoch (Vanlightly KIP-848)";
  readonly watches = ["MemberReconciled"] as const;

  observe({ event }: Observation, { groups }: Ghost, reporter: Reporter): void {
    const { group, conflict } = groups;
    if (event.kind !== "MemberReconciled" || group === undefined || !groups.isCurrentCoordinator || conflict === undefined)
      return;
    const { partition, holder } = conflict;
    const subject = `${group.id}/${partition.name}`;
    const had = group.members.get(holder);
    if (had === undefined || !reporter.isNew(this, subject)) return;
    reporter.report(this, {
      subject,
      partition: partition.name,
      message: `group ${group.id}: ${partition.name} was given to ${event.member} while ${holder} had not let go of it`,
      facts: [
        { step: had.reconciledStep, timeUs: had.reconciledTime, text: `group ${group.id}: ${holder} had ${partition.name}` },
        reporter.now(`group ${group.id}: ${event.member} was given ${partition.name}`),
      ],
    });
  }
}

export class ValidStableGroupState implements Invariant {
  readonly name = "ValidStableGroupState";
  readonly promise = "In a Stable group every member is in the epoch of the group and has exactly what the target gives it.";
  readonly source = "ValidStableGroupState (Vanlightly KIP-848)";
  readonly watches = [] as const;

  checkGroup(group: GhostGroup, _ghost: Ghost, reporter: Reporter): void {
    if (group.protocol !== "consumer" || group.state !== "Stable") return;
    for (const member of group.members.values()) {
      const fault = faultOf(member, group);
      if (fault === undefined || !reporter.isNew(this, group.id)) continue;
      reporter.report(this, {
        subject: group.id,
        message: `group ${group.id} is Stable in epoch ${group.generation}, but member ${member.id} ${fault}`,
        facts: [
          { step: member.reconciledStep, timeUs: member.reconciledTime, text: `group ${group.id}: ${member.id} ${fault}` },
          { step: group.stateStep, timeUs: group.stateTime, text: `group ${group.id} became Stable` },
        ],
      });
    }
  }
}

/** Why a member does not fit into a stable group; undefined if it does, or if its coordinator has not said. */
function faultOf({ reconciled, id }: GroupMember, group: GhostGroup): string | undefined {
  if (reconciled === undefined) return undefined;
  const { memberEpoch, state, assigned, pendingRevocation } = reconciled;
  if (state !== "STABLE") return `is ${state}`;
  if (memberEpoch !== group.generation) return `is in epoch ${memberEpoch}`;
  if (pendingRevocation.length > 0) return `has yet to revoke ${pendingRevocation.length} partitions`;
  const mine = group.target?.members.find(({ member }) => member === id)?.partitions;
  if (mine === undefined || group.target?.epoch !== memberEpoch) return undefined;
  const names = new Set(mine.map(({ topic, partition }) => partitionName(topic, partition)));
  const isMine = assigned.every(({ topic, partition }) => names.has(partitionName(topic, partition)));
  return isMine && assigned.length === names.size
    ? undefined
    : `has ${assigned.length} partitions, not the ${names.size} that are its own`;
}

export class MemberEpochMonotonic implements Invariant {
  readonly name = "MemberEpochMonotonic";
  readonly promise = "The epoch of a member only grows until it leaves.";
  readonly source = "ClientSideMemberEpochIsMonotonic, GcSideMemberEpochIsMonotonic (Vanlightly KIP-848)";
  readonly watches = ["MemberReconciled", "PartitionsAssigned", "PartitionsRevoked"] as const;

  observe({ event }: Observation, { groups }: Ghost, reporter: Reporter): void {
    const { group, epochBefore, client } = groups;
    if (group === undefined) return;
    if (event.kind === "MemberReconciled") {
      // Epochs below 1 say that a member joins, or has left for a while.
      if (!groups.isCurrentCoordinator || !group.members.has(event.member) || event.memberEpoch < 1) return;
      this.judge(group, event.member, event.memberEpoch, epochBefore, reporter, event);
    } else if (client !== undefined && group.protocol === "consumer" && client.generation > 0 && client.left === undefined) {
      this.judge(group, client.member, client.generation, epochBefore, reporter);
    }
  }

  private judge(
    group: GhostGroup,
    member: string,
    epoch: number,
    before: number,
    reporter: Reporter,
    decided?: MemberReconciled,
  ): void {
    if (epoch >= before || !reporter.isNew(this, `${group.id}/${member}`)) return;
    const where = decided === undefined ? "believes" : "is, at the coordinator,";
    const known = group.members.get(member);
    reporter.report(this, {
      subject: `${group.id}/${member}`,
      message: `group ${group.id}: member ${member} ${where} in epoch ${epoch} after it was in ${before}`,
      facts: [
        known === undefined
          ? { step: group.stateStep, timeUs: group.stateTime, text: `group ${group.id} became ${group.state}` }
          : {
              step: known.step,
              timeUs: known.timeUs,
              text: `group ${group.id}: member ${member} joined; since then it reached epoch ${before}`,
            },
        reporter.now(`group ${group.id}: member ${member} ${where} in epoch ${epoch}`),
      ],
    });
  }
}
