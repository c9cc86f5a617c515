/**
 * What applications do with the records: ProcessedAtLeastOnce, PerKeyOrder, ExactlyOnceEffects.
 *
 * ProcessedAtLeastOnce. Of what was committed to the log after the group's start nothing is left out: judged when the run ends. A
 * record is left out when the group has gone past it, by a commit or by where a member went on, and nobody who lives has it in hand.
 * It is Jepsen's "unseen" and "lost-write" where the log has kept the record and the group has not seen it.
 * PerKeyOrder. Records of a key are processed in the order in which they were produced.
 * ExactlyOnceEffects. Each record has one effect. Judged only where the application relies on it.
 *
 * Legal: an application that commits before it processes, or that lets worker threads fall behind auto-commit, may leave records out.
 * Those that retention has deleted, and those that the reset policy `latest` or a seek went past, were left out by their owner's will.
 * Order is promised within what one member reads of one partition in one go: a rebalance reads again from what is committed, a zombie
 * finishes late, and a topic that gets more partitions divides its keys anew. Whoever relies on it all has each of these judged.
 */
import type { Offset } from "../../kafka/ids.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { GhostGroup } from "../ghost/ghost-group.ts";
import type { GhostGroupPartition } from "../ghost/ghost-group-partition.ts";
import type { Fact, Invariant, Reporter } from "../invariant.ts";
import { leftOut, type WhyLeftOut } from "../left-out.ts";
import type { Observation } from "../observation.ts";

const WORDS: Readonly<Record<WhyLeftOut, string>> = {
  waiting: "waiting",
  told: "that it was told to go on behind",
  retention: "that retention has deleted before it came to them",
  skipped: "that it could have had",
};

export class ProcessedAtLeastOnce implements Invariant {
  readonly name = "ProcessedAtLeastOnce";
  readonly promise = "Every committed record is processed by a group that commits after processing, from where it has begun.";
  readonly source = "the consumer's documentation; Jepsen unseen, poll-skip, lost-write";
  readonly watches = [] as const;

  atEnd(ghost: Ghost, reporter: Reporter): void {
    for (const group of ghost.groups.byId.values()) {
      const relied = group.reliesOn(this.name);
      if (!relied && group.contract.delivery !== "at-least-once") continue;
      for (const partition of group.partitions()) this.judge(partition, relied, ghost, reporter);
    }
  }

  private judge(partition: GhostGroupPartition, relied: boolean, ghost: Ghost, reporter: Reporter): void {
    const first = new Map<WhyLeftOut, Offset>();
    const counts = new Map<WhyLeftOut, number>();
    leftOut(partition, ghost, (offset, why) => {
      if (why === "waiting" || (why !== "skipped" && !relied)) return;
      if (!first.has(why)) first.set(why, offset);
      counts.set(why, (counts.get(why) ?? 0) + 1);
    });
    const { name, log, group } = partition;
    for (const [why, offset] of first) {
      const index = log.committed.indexOf(offset);
      reporter.report(this, {
        subject: `${group.id}/${name}/${why}`,
        partition: name,
        message: `${name}: group ${group.id} left out ${counts.get(why)} records from offset ${offset} on, ${WORDS[why]}`,
        facts: [
          {
            step: log.committed.stepOf(index),
            timeUs: log.committed.timeOf(index),
            text: `${name}: the record at offset ${offset} was committed`,
          },
          { step: partition.passedStep, timeUs: partition.passedTime, text: partition.passedText },
        ],
      });
    }
  }
}

export class PerKeyOrder implements Invariant {
  readonly name = "PerKeyOrder";
  readonly promise = "A group processes the records of a key in the order in which they were produced.";
  readonly source = "Kafka's documentation on keys and partitions";
  readonly watches = ["RecordsProcessed"] as const;

  observe({ event }: Observation, { groups }: Ghost, reporter: Reporter): void {
    const { group, partition, effect } = groups;
    if (event.kind !== "RecordsProcessed" || effect.lateOffset < 0 || group === undefined || partition === undefined) return;
    if (!effect.sameRun && !group.reliesOn(this.name)) return;
    const subject = `${group.id}/${partition.name}`;
    if (!reporter.isNew(this, subject)) return;
    const { name } = partition;
    reporter.report(this, {
      subject,
      partition: name,
      message: `${name}: ${event.client} of group ${group.id} processed offset ${effect.lateOffset} after a later record of its key, ${effect.laterText}`,
      facts: [
        producedFact(partition, effect.lateOffset),
        reporter.now(
          `${name}: ${event.client} processed offset ${effect.lateOffset} when ${effect.laterText} was processed already`,
        ),
      ],
    });
  }
}

export class ExactlyOnceEffects implements Invariant {
  readonly name = "ExactlyOnceEffects";
  readonly promise = "Every record has exactly one effect.";
  readonly source = "KIP-98, KIP-447; Jepsen consume-counts";
  readonly watches = ["RecordsProcessed"] as const;

  observe({ event }: Observation, { groups }: Ghost, reporter: Reporter): void {
    const { group, partition, effect } = groups;
    if (event.kind !== "RecordsProcessed" || effect.again === 0 || group === undefined || partition === undefined) return;
    if (!group.reliesOn(this.name)) return;
    const subject = `${group.id}/${partition.name}`;
    if (!reporter.isNew(this, subject)) return;
    const { name } = partition;
    reporter.report(this, {
      subject,
      partition: name,
      message: `${name}: the record at offset ${effect.againOffset} has a second effect, by ${event.client} of group ${group.id}`,
      facts: [
        producedFact(partition, effect.againOffset),
        reporter.now(`${name}: ${event.client} processed offset ${effect.againOffset}, which was processed before`),
      ],
    });
  }

  atEnd(ghost: Ghost, reporter: Reporter): void {
    for (const group of ghost.groups.byId.values()) if (group.reliesOn(this.name)) this.judgeMissing(group, ghost, reporter);
  }

  private judgeMissing(group: GhostGroup, ghost: Ghost, reporter: Reporter): void {
    for (const partition of group.partitions()) {
      let missing = -1;
      leftOut(partition, ghost, (offset, why) => {
        if (why !== "waiting" && missing < 0) missing = offset;
      });
      if (missing < 0) continue;
      const { name } = partition;
      reporter.report(this, {
        subject: `${group.id}/${name}/none`,
        partition: name,
        message: `${name}: the record at offset ${missing} has no effect in group ${group.id}, which has gone past it`,
        facts: [
          producedFact(partition, missing),
          { step: partition.passedStep, timeUs: partition.passedTime, text: partition.passedText },
        ],
      });
    }
  }
}

function producedFact({ log, name }: GhostGroupPartition, offset: Offset): Fact {
  const index = log.committed.indexOf(offset);
  return {
    step: log.committed.stepOf(index),
    timeUs: log.committed.timeOf(index),
    text: `${name}: the record at offset ${offset} was committed`,
  };
}
