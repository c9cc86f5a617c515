/**
 * One owner at a time: GroupExclusiveOwnership, RebalancePause.
 *
 * GroupExclusiveOwnership. No two current members of a group believe to own a partition. A member is current while the coordinator
 * has it, in the generation that it believes in (KIP-848: in whatever epoch). Nor does the coordinator take in a commit of somebody
 * who is no member any more while another owns the partition: commits are written in the order of its decisions. And in effects:
 * a current member that has given a partition up does not go on processing its records while another one owns it.
 * RebalancePause. A partition that a rebalance does not move is owned throughout. Judged only where the application relies on it.
 *
 * Legal: a member that stood still, was cut off or has been expired does not know yet, and may finish what it has begun; Kafka refuses
 * its commits, not its effects. Nor does a static member that has missed a generation and has joined again, until it is told. So may one with worker threads. An application that relies on this has every such effect judged.
 */
import type { GroupOffsetChanged } from "../../kafka/group-events.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { GhostGroup, GroupClient } from "../ghost/ghost-group.ts";
import type { GhostGroupPartition, Ownership } from "../ghost/ghost-group-partition.ts";
import type { Fact, Invariant, Reporter } from "../invariant.ts";
import type { Observation } from "../observation.ts";

export class GroupExclusiveOwnership implements Invariant {
  readonly name = "GroupExclusiveOwnership";
  readonly promise = "At most one current member of a group owns a partition, and nobody else's work on it counts.";
  readonly source = "NoDoubleClientAssignment (Vanlightly KIP-848)";
  readonly watches = ["GroupOffsetChanged", "RecordsProcessed"] as const;

  checkGroup(group: GhostGroup, _ghost: Ghost, reporter: Reporter): void {
    for (const partition of group.contested) {
      const current = partition.owners.filter(({ client }) => group.isCurrent(client));
      const [first, second] = current.filter(({ client }) => !hasMissedOne(client, current));
      if (first === undefined || second === undefined || !reporter.isNew(this, subjectOf(partition))) continue;
      reporter.report(this, {
        subject: subjectOf(partition),
        partition: partition.name,
        message: `${partition.name}: ${first.client.name} and ${second.client.name} both own it in group ${group.id}, and both are current members`,
        facts: [owns(partition, first), owns(partition, second)],
      });
    }
  }

  observe({ event }: Observation, { groups }: Ghost, reporter: Reporter): void {
    const { group, partition } = groups;
    if (group === undefined || partition === undefined) return;
    if (event.kind === "GroupOffsetChanged") {
      if (groups.isCurrentCoordinator && event.member !== "") this.judgeCommit(event, group, partition, reporter);
    } else if (event.kind === "RecordsProcessed" && event.accepted) this.judgeEffect(event.client, group, partition, reporter);
  }

  private judgeCommit(event: GroupOffsetChanged, group: GhostGroup, partition: GhostGroupPartition, reporter: Reporter): void {
    const gone = group.gone.get(event.member);
    const isOld = group.protocol !== "consumer" && event.generation >= 0 && event.generation < group.generation;
    if (gone === undefined && !isOld) return;
    const other = partition.owners.find(({ client, member }) => member !== event.member && group.isCurrent(client));
    if (other === undefined || (gone !== undefined && gone.step > other.step)) return;
    if (gone === undefined && other.generation <= event.generation) return;
    // A coordinator that has just taken over may tell late of what its predecessor took in.
    if ((gone?.timeUs ?? group.targetTime) <= group.disturbedAt) return;
    if (!reporter.isNew(this, `${subjectOf(partition)}/commit`)) return;
    const what = `group ${group.id} took in a commit of ${partition.name} by ${event.member}`;
    reporter.report(this, {
      subject: `${subjectOf(partition)}/commit`,
      partition: partition.name,
      message: `${what}, generation ${event.generation}, which ${other.client.name} owns`,
      facts: [owns(partition, other), reporter.now(`${what}, of generation ${event.generation}, at offset ${event.offset}`)],
    });
  }

  private judgeEffect(name: string, group: GhostGroup, partition: GhostGroupPartition, reporter: Reporter): void {
    const { owners } = partition;
    const { length } = owners;
    // Nearly always it is the only owner who processes.
    if (length === 0 || (length === 1 && owners[0]?.client.name === name)) return;
    const other = owners.find(({ client }) => client.name !== name && group.isCurrent(client));
    if (other === undefined) return;
    const client = group.client(name);
    const isZombie = !group.isCurrent(client);
    if (!isZombie && partition.ownedBy(client) !== undefined) return;
    const mayFinish = isZombie || group.contract.finishesOldWork !== false;
    if (mayFinish && !group.reliesOn(this.name)) return;
    if (!reporter.isNew(this, `${subjectOf(partition)}/effect`)) return;
    reporter.report(this, {
      subject: `${subjectOf(partition)}/effect`,
      partition: partition.name,
      message: `${partition.name}: ${name} processed records of it, which ${other.client.name} owns in group ${group.id}`,
      facts: [owns(partition, other), reporter.now(`${partition.name}: ${name} processed records`)],
    });
  }
}

export class RebalancePause implements Invariant {
  readonly name = "RebalancePause";
  readonly promise = "A partition that a rebalance does not move has an owner throughout.";
  readonly source = "KIP-429";
  readonly watches = ["PartitionsAssigned"] as const;

  observe({ event }: Observation, { groups }: Ghost, reporter: Reporter): void {
    const { group, client } = groups;
    if (event.kind !== "PartitionsAssigned" || group === undefined || client === undefined || !group.reliesOn(this.name)) return;
    for (const partition of client.owned) {
      const { spans } = partition;
      const now = spans[spans.length - 1];
      const before = spans[spans.length - 2];
      if (now?.fromUs !== reporter.timeUs || now.client !== client || before?.client !== client) continue;
      if (before.end !== "revoked" || before.toUs === undefined || !reporter.isNew(this, subjectOf(partition))) continue;
      const paused = Math.round((now.fromUs - before.toUs) / 1_000);
      reporter.report(this, {
        subject: subjectOf(partition),
        partition: partition.name,
        message: `${partition.name} stood still for ${paused} ms, and stayed with ${client.name} of group ${group.id}`,
        facts: [owns(partition, before), reporter.now(`${client.name}, having given up ${partition.name}, was given it again`)],
      });
    }
  }
}

/** Another has been given the partition in a generation that it has not heard of; what it has in the present one it is about to hear. */
function hasMissedOne(client: GroupClient, owners: readonly Ownership[]): boolean {
  const { group, toldIn } = client;
  if (group.protocol === "consumer") return false;
  return owners.some(({ generation }) => generation > toldIn && generation < group.generation);
}

function subjectOf(partition: GhostGroupPartition): string {
  return `${partition.group.id}/${partition.name}`;
}

function owns(partition: GhostGroupPartition, { client, generation, step, fromUs }: Ownership): Fact {
  return { step, timeUs: fromUs, text: `${partition.name}: ${client.name} became its owner in generation ${generation}` };
}
