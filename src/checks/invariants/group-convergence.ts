/**
 * What groups come to: GroupConverges, MemberCountBounded.
 *
 * GroupConverges. A group with live members becomes Stable, keeps those members, and comes forward in each partition in which
 * something waits. Each may be otherwise for a while, and for as long as a link is cut, a process stands still or the coordinator
 * moves: what lasts longer, in quiet, than {@link SETTLING_TIME}, a session and what members may take between polls, is too long.
 * MemberCountBounded. A client has one member at the coordinator, and what its earlier processes and departures have left there for a
 * while.
 *
 * Legal: a coordinator whose partition nobody may lead, or has too small an ISR to be written; a partition that nobody leads; a group whose
 * members have been closed, or were refused for good; without a reset policy a consumer without an offset gives up.
 */
import { type Micros, seconds } from "../../base/units.ts";
import { OFFSETS_TOPIC } from "../../kafka/group/offsets-topic.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { GhostGroup, GroupClient } from "../ghost/ghost-group.ts";
import type { GhostGroupPartition } from "../ghost/ghost-group-partition.ts";
import { coordinatorPartition, owedIn } from "../ghost/ghost-groups.ts";
import type { Fact, Invariant, Reporter } from "../invariant.ts";
import type { Observation } from "../observation.ts";
import { SETTLING_TIME } from "./overdue.ts";

/** Why a consumer is out for good: its application has closed it, or got an exception that ends it. */
const FINAL: ReadonlySet<string> = new Set([
  "closed",
  "FENCED_INSTANCE_ID",
  "GROUP_MAX_SIZE_REACHED",
  "GROUP_AUTHORIZATION_FAILED",
  "INCONSISTENT_GROUP_PROTOCOL",
  "UNSUPPORTED_ASSIGNOR",
  "UNSUPPORTED_VERSION",
  "UNRELEASED_INSTANCE_ID",
  "INVALID_REQUEST",
]);

export class GroupConverges implements Invariant {
  readonly name = "GroupConverges";
  readonly promise = "A group with live members becomes Stable, and comes forward wherever something waits for it.";
  readonly source = "EventuallyConverges (Vanlightly KIP-848); KAFKA-12890";
  readonly watches = [] as const;

  everySecond(ghost: Ghost, reporter: Reporter): void {
    for (const group of ghost.groups.byId.values()) {
      const live = liveMembers(group, ghost);
      if (live.length === 0 || !canBeWritten(group, ghost)) continue;
      this.judge(group, live, ghost, reporter);
    }
  }

  private judge(group: GhostGroup, live: readonly GroupClient[], ghost: Ghost, reporter: Reporter): void {
    const now = reporter.timeUs;
    const bound = boundOf(group, 1);
    const state = { step: group.stateStep, timeUs: group.stateTime, text: `group ${group.id} became ${group.state}` };
    if (group.state !== "Stable") {
      if (lasted(ghost, group, group.stateTime, now) <= bound) return;
      const what = group.state === undefined ? "has no coordinator" : `is ${group.state}`;
      this.report(group, `group ${group.id} ${what}, and stays so, although ${live[0]?.name} lives`, state, reporter);
      return;
    }
    for (const client of live) {
      if (!client.hasJoined || lasted(ghost, group, Math.max(client.memberAt, client.changedAt), now) <= bound) continue;
      this.report(group, `${client.name} lives, and does not come back into group ${group.id}`, state, reporter);
    }
    if (group.contract.resetPolicy === "none") return;
    for (const partition of group.partitions()) this.judgeProgress(partition, ghost, reporter);
  }

  private judgeProgress(partition: GhostGroupPartition, ghost: Ghost, reporter: Reporter): void {
    const { group, log, name, owners } = partition;
    const isWanted =
      group.target?.members.some(({ subscribedTopics }) => subscribedTopics.includes(log.topic)) ?? owners.length > 0;
    if (!isWanted || owedIn(partition) === 0 || log.forgotten || log.actingLeader() === undefined) return;
    const began = Math.max(partition.behindSince, partition.progressAt);
    const owner = owners[0]?.client;
    if (lasted(ghost, group, began, reporter.timeUs) <= boundOf(group, owner?.owned.size ?? 1)) return;
    const { committed } = log;
    const whose = owner === undefined ? "nobody owns it" : `${owner.name} owns it`;
    const waiting = committed.indexOf(partition.committed.offset >= 0 ? partition.committed.offset : partition.frontier);
    const fact =
      waiting < 0
        ? { step: group.stateStep, timeUs: group.stateTime, text: `group ${group.id} became ${group.state}` }
        : { step: committed.stepOf(waiting), timeUs: committed.timeOf(waiting), text: `${name}: records were committed for it` };
    this.report(
      group,
      `group ${group.id} does not come forward in ${name} any more: ${owedIn(partition)} records wait, ${whose}`,
      fact,
      reporter,
    );
  }

  private report(group: GhostGroup, message: string, fact: Fact, reporter: Reporter): void {
    if (!reporter.isNew(this, group.id)) return;
    reporter.report(this, { subject: group.id, message, facts: [fact, reporter.now(message)] });
  }
}

/** Clients whose processes run and that have not left for good. */
function liveMembers({ clients }: GhostGroup, ghost: Ghost): GroupClient[] {
  return [...clients.values()].filter(({ name, up, left }) => {
    return up && ghost.isAwake(name) && !(left !== undefined && FINAL.has(left));
  });
}

/** Whether the partition of __consumer_offsets that holds the group is led, and takes writes. */
function canBeWritten(group: GhostGroup, ghost: Ghost): boolean {
  const index = coordinatorPartition(group.id, ghost);
  if (ghost.topics.count(OFFSETS_TOPIC) === 0) return ghost.groups.isCoordinated(group, ghost);
  const log = ghost.topics.partition(OFFSETS_TOPIC, index);
  return log.actingLeader() !== undefined && (log.state?.isr.length ?? 0) >= log.minIsr;
}

function boundOf({ contract }: GhostGroup, partitions: number): Micros {
  return SETTLING_TIME + contract.sessionTimeoutUs + contract.rebalanceTimeoutUs * Math.max(1, partitions);
}

/** For how long something that began at `began` has been so in quiet: also the coordinator has not moved. */
function lasted(ghost: Ghost, group: GhostGroup, began: Micros, now: Micros): Micros {
  return ghost.quiet.lasted(ghost, Math.max(began, group.disturbedAt), now);
}

/** Members that may be there besides the one in use: one that is just being left behind. */
const SPARE = 1;

export class MemberCountBounded implements Invariant {
  readonly name = "MemberCountBounded";
  readonly promise = "A client has no more members in its group than it has had reasons to join anew.";
  readonly source = "KIP-394";
  readonly watches = ["MemberAdded"] as const;

  observe({ event, timeUs }: Observation, { groups }: Ghost, reporter: Reporter): void {
    const { group } = groups;
    if (event.kind !== "MemberAdded" || group === undefined || !groups.isCurrentCoordinator) return;
    let count = 0;
    let first: { readonly step: number; readonly timeUs: Micros } | undefined;
    for (const member of group.members.values()) {
      if (member.client !== event.client) continue;
      first ??= member;
      count++;
    }
    if (count <= 1 + SPARE || first === undefined) return;
    const reasons = this.reasonsOf(group, event.client, timeUs);
    if (count <= reasons + 1 + SPARE || !reporter.isNew(this, `${group.id}/${event.client}`)) return;
    reporter.report(this, {
      subject: `${group.id}/${event.client}`,
      message: `group ${group.id} has ${count} members of ${event.client}, which is one client`,
      facts: [
        { step: first.step, timeUs: first.timeUs, text: `group ${group.id}: the first of them was added` },
        reporter.now(`group ${group.id}: member ${event.member} of ${event.client} was added`),
      ],
    });
  }

  /** Starts of its process and departures since members that were left then may still be there. */
  private reasonsOf(group: GhostGroup, client: string, now: Micros): number {
    const { sessionTimeoutUs, rebalanceTimeoutUs } = group.contract;
    const grace = SETTLING_TIME + sessionTimeoutUs + rebalanceTimeoutUs + seconds(10);
    return group.client(client).departures.filter((at) => at > now - grace).length;
  }
}
