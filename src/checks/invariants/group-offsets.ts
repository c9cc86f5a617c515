/**
 * What groups commit: CommittedOffsetMonotonic, CommittedOffsetDurable, CommittedNeverAheadOfProcessed.
 *
 * CommittedOffsetMonotonic. A group's committed offset of a partition does not go back, unless the member that commits was told to go
 * on at a lower one (where it was told so wrongly, others say that), and is of no older generation than who committed before.
 * CommittedOffsetDurable. A committed offset stays while the group lives: it is not removed before the group has been empty, or
 * has not been subscribed to the topic, for offsets.retention.minutes; a member does not begin below it; and what an application was
 * told is committed, is.
 * CommittedNeverAheadOfProcessed. Nothing is committed that is not processed: Jepsen's "committed-too-far".
 *
 * Legal: whoever commits as no member may put the offset where it likes. When __consumer_offsets has lost committed records from its
 * disks, or to an unclean election, what was in them is promised by nobody. So is, where the log of the partition itself was cut, what
 * was committed beyond the cut. Applications that don't commit after processing (at-most-once, auto-commit with worker threads) are
 * ahead by their own will.
 */
import type { GroupOffsetRemoved, OffsetsCommitted } from "../../kafka/group-events.ts";
import { type Offset, partitionName } from "../../kafka/ids.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { GhostGroup } from "../ghost/ghost-group.ts";
import type { CommittedFact, GhostGroupPartition } from "../ghost/ghost-group-partition.ts";
import type { Fact, Invariant, Reporter } from "../invariant.ts";
import type { Observation } from "../observation.ts";

export class CommittedOffsetMonotonic implements Invariant {
  readonly name = "CommittedOffsetMonotonic";
  readonly promise = "A group's committed offset does not go back unless it is told to.";
  readonly source = "the generation in OffsetCommit; KIP-848";
  readonly watches = ["GroupOffsetChanged"] as const;

  observe({ event }: Observation, { groups }: Ghost, reporter: Reporter): void {
    if (event.kind !== "GroupOffsetChanged" || !groups.isCurrentCoordinator) return;
    const { partition, committedBefore: before } = groups;
    if (partition === undefined || event.offset >= before.offset || event.member === "") return;
    const isOlder = event.generation < before.generation;
    if (!isOlder && (before.offset > partition.lossFrom || this.wasTold(partition, event.member, event.offset))) return;
    const subject = subjectOf(partition);
    if (!reporter.isNew(this, subject)) return;
    const { name, group } = partition;
    reporter.report(this, {
      subject,
      partition: name,
      message: `${name}: ${event.member}, generation ${event.generation}, put the committed offset of group ${group.id} back from ${before.offset} to ${event.offset}`,
      facts: [
        committedFact(partition, before),
        reporter.now(
          `${name}: group ${group.id} committed offset ${event.offset}, by ${event.member}, generation ${event.generation}`,
        ),
      ],
    });
  }

  /** Whether the member was told to go on at `offset` or below since it became the owner. One that owns nothing was told nothing. */
  private wasTold(partition: GhostGroupPartition, member: string, offset: Offset): boolean {
    const start = partition.spanOf(member)?.start ?? -1;
    return start >= 0 && start <= offset;
  }
}

export class CommittedOffsetDurable implements Invariant {
  readonly name = "CommittedOffsetDurable";
  readonly promise = "A committed offset stays while its group lives, and for offsets.retention.minutes after that.";
  readonly source = "KIP-211";
  readonly watches = ["GroupOffsetRemoved", "ConsumerPositionSet", "ConsumerPositionReset", "OffsetsCommitted"] as const;

  observe({ event }: Observation, ghost: Ghost, reporter: Reporter): void {
    const { groups } = ghost;
    const { group, partition, client } = groups;
    if (group === undefined) return;
    if (event.kind === "OffsetsCommitted") this.judgeTold(event, group, reporter);
    else if (partition === undefined) return;
    else if (event.kind === "GroupOffsetRemoved") {
      if (groups.isCurrentCoordinator) this.judgeRemoval(event, partition, ghost, reporter);
    } else if (event.kind === "ConsumerPositionSet" || event.kind === "ConsumerPositionReset") {
      if (event.kind === "ConsumerPositionSet" ? event.source !== "committed" : event.reason !== "initial") return;
      const offset = event.kind === "ConsumerPositionSet" ? event.offset : -1;
      if (client === undefined || offset >= partition.committed.offset || !group.isCurrent(client)) return;
      this.judgeStart(partition, client.name, offset, reporter);
    }
  }

  /** A member begins below what is committed, or, at -1, as if there were nothing. */
  private judgeStart(partition: GhostGroupPartition, client: string, offset: Offset, reporter: Reporter): void {
    const { committed, group, name } = partition;
    const owned = partition.owners.find((each) => each.client.name === client);
    const subject = subjectOf(partition);
    // What was committed after it became the owner it may not have been told.
    if (owned === undefined || owned.step <= committed.step || !reporter.isNew(this, subject)) return;
    const what = offset < 0 ? "found no committed offset" : `found offset ${offset}`;
    reporter.report(this, {
      subject,
      partition: name,
      message: `${name}: ${client} of group ${group.id} ${what} where ${committed.offset} was committed`,
      facts: [committedFact(partition, committed), reporter.now(`${name}: ${client} became the owner and ${what}`)],
    });
  }

  private judgeRemoval(event: GroupOffsetRemoved, partition: GhostGroupPartition, ghost: Ghost, reporter: Reporter): void {
    const before = ghost.groups.committedBefore;
    if (before.offset < 0) return;
    const isEarly =
      event.reason === "topic-deleted"
        ? !ghost.topics.wasDeleted(event.topic)
        : !mayExpire(partition.group, event.topic, before, reporter.timeUs);
    const subject = `${subjectOf(partition)}/removed`;
    if (!isEarly || !reporter.isNew(this, subject)) return;
    const { name, group } = partition;
    reporter.report(this, {
      subject,
      partition: name,
      message: `${name}: the offset ${before.offset} that group ${group.id} had committed was removed (${event.reason}) while the group was ${event.state}`,
      facts: [
        committedFact(partition, before),
        reporter.now(`${name}: the coordinator removed it, the group being ${event.state}`),
      ],
    });
  }

  /** Coordinators tell of a commit before they answer it. */
  private judgeTold(event: OffsetsCommitted, group: GhostGroup, reporter: Reporter): void {
    for (let i = 0; i < event.offsets.length; i++) {
      const { topic, partition: index, offset } = event.offsets[i] as (typeof event.offsets)[number];
      const partition = group.known(topic, index);
      const isKnown = partition !== undefined && offset <= partition.highestCommitted;
      // With the coordinator's log went the memory of what it had.
      if (isKnown || partition?.log.forgotten === true || group.lostMemory) continue;
      const name = partitionName(topic, index);
      const subject = `${group.id}/${name}/told`;
      if (!reporter.isNew(this, subject)) continue;
      reporter.report(this, {
        subject,
        partition: name,
        message: `${name}: ${event.client} was told that offset ${offset} is committed for group ${group.id}, and it is not`,
        facts: [
          {
            step: group.stateStep,
            timeUs: group.stateTime,
            text: `${name}: up to ${partition?.highestCommitted ?? -1} was ever committed`,
          },
          reporter.now(`${event.client} was told that ${offset} is committed`),
        ],
      });
    }
  }
}

/** Clocks of coordinators differ a little, and the last commit may have been made under another one. */
const NEARLY = 0.9;

/** Whether the group has been without members for long enough, or without a subscription to the topic (KIP-211). */
function mayExpire(group: GhostGroup, topic: string, before: CommittedFact, now: number): boolean {
  const retention = group.contract.offsetsRetentionUs * NEARLY;
  if (now - before.timeUs < retention) return false;
  // One that commits without ever having joined.
  if (group.state === undefined || group.beganAt < 0) return true;
  if (group.emptyFrom >= 0 && Math.min(group.emptyTo, now) - group.emptyFrom >= retention) return true;
  const { target, members } = group;
  if (target === undefined || members.size === 0) return false;
  return !target.members.some(({ subscribedTopics }) => subscribedTopics.includes(topic));
}

export class CommittedNeverAheadOfProcessed implements Invariant {
  readonly name = "CommittedNeverAheadOfProcessed";
  readonly promise =
    "An application that commits after processing never has an offset committed beyond a record that is not processed.";
  readonly source = "the consumer's documentation; Jepsen auto-commit workload (committed-too-far)";
  readonly watches = ["GroupOffsetChanged"] as const;

  observe({ event }: Observation, { groups }: Ghost, reporter: Reporter): void {
    const { partition } = groups;
    if (event.kind !== "GroupOffsetChanged" || partition === undefined || event.offset <= partition.frontier) return;
    const { group } = partition;
    if (group.contract.delivery !== "at-least-once" && !group.reliesOn(this.name)) return;
    const owed = partition.firstOwed(event.offset);
    if (owed < 0 || partition.start < 0 || owed >= partition.lossFrom || event.member === "") return;
    const subject = subjectOf(partition);
    if (!reporter.isNew(this, subject)) return;
    const { name, log } = partition;
    const index = log.committed.indexOf(owed);
    reporter.report(this, {
      subject,
      partition: name,
      message: `${name}: group ${group.id} committed offset ${event.offset}, but offset ${owed} is not processed`,
      facts: [
        {
          step: log.committed.stepOf(index),
          timeUs: log.committed.timeOf(index),
          text: `${name}: the record at offset ${owed} was there to be processed`,
        },
        reporter.now(`${name}: group ${group.id} committed offset ${event.offset} before it was`),
      ],
    });
  }
}

function subjectOf(partition: GhostGroupPartition): string {
  return `${partition.group.id}/${partition.name}`;
}

function committedFact({ name, group }: GhostGroupPartition, { offset, member, step, timeUs }: CommittedFact): Fact {
  const by = member === "" ? "" : `, by ${member}`;
  return { step, timeUs, text: `${name}: group ${group.id} committed offset ${offset}${by}` };
}
