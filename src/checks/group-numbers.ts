/**
 * What became of the records in each consumer group: the counts, lag, and who owned what when.
 *
 * Counted as they happen, but for what was left out: that takes one pass over the logs, and is for the end of a run.
 */
import type { Micros } from "../base/units.ts";
import type { Ghost } from "./ghost/ghost.ts";
import type { GhostGroup } from "./ghost/ghost-group.ts";
import type { GhostGroupPartition } from "./ghost/ghost-group-partition.ts";
import { lagOf } from "./ghost/ghost-groups.ts";
import { leftOut } from "./left-out.ts";

export interface GroupNumbers {
  readonly group: string;
  /** Records that had an effect. */
  readonly processedOnce: number;
  /** Effects beyond the first of a record, counted once for each. */
  readonly processedAgain: number;
  /** Committed records that the group went past without processing them; those of a topic after the group began. */
  readonly skipped: number;
  /** Records that were first processed after a later one of the same key. */
  readonly outOfOrder: number;
  /** Given up by the application after its attempts: neither processed nor skipped. */
  readonly givenUp: number;
  /** Committed records that were neither processed nor passed when the run ended. */
  readonly unprocessed: number;
  /** Generations, or group epochs, after the first. */
  readonly rebalances: number;
  /** Summed over partitions: time in which nobody owned one, after the group's first assignment. */
  readonly ownerlessUs: Micros;
  /** Records between the group's committed offsets and the ends of the partitions, summed, sampled once a second. */
  readonly lag: {
    readonly highest: number;
    readonly atEnd: number;
    readonly samples: readonly { readonly timeUs: Micros; readonly records: number }[];
  };
  /** By topic and partition, then by time. As the members believed: spans of one partition may overlap. */
  readonly ownership: readonly OwnershipSpan[];
}

export interface OwnershipSpan {
  readonly topic: string;
  readonly partition: number;
  readonly client: string;
  readonly generation: number;
  readonly fromUs: Micros;
  /** Undefined: when the run ended it still owned it. */
  readonly toUs: Micros | undefined;
  /** How it ended. */
  readonly end: "revoked" | "lost" | "stopped" | undefined;
}

export function groupNumbers(ghost: Ghost, now: Micros): GroupNumbers[] {
  return [...ghost.groups.byId.values()].map((group) => numbersOf(group, ghost, now));
}

function numbersOf(group: GhostGroup, ghost: Ghost, now: Micros): GroupNumbers {
  const { id, processed, processedAgain, outOfOrder, givenUp, rebalances, lag } = group;
  let skipped = 0;
  let unprocessed = 0;
  let ownerlessUs = 0;
  const ownership: OwnershipSpan[] = [];
  for (const partition of sorted(group)) {
    leftOut(partition, ghost, (_offset, why) => {
      if (why === "waiting") unprocessed++;
      else skipped++;
    });
    ownerlessUs += partition.ownerlessUs + (partition.ownerlessSince < 0 ? 0 : now - partition.ownerlessSince);
    const { topic, partition: index } = partition.log;
    for (const { client, generation, fromUs, toUs, end } of partition.spans) {
      ownership.push({ topic, partition: index, client: client.name, generation, fromUs, toUs, end });
    }
  }
  return {
    group: id,
    processedOnce: processed,
    processedAgain,
    skipped,
    outOfOrder,
    givenUp,
    unprocessed,
    rebalances,
    ownerlessUs,
    lag: { highest: lag.highest, atEnd: lagOf(group), samples: lag.list() },
    ownership,
  };
}

function sorted(group: GhostGroup): GhostGroupPartition[] {
  return [...group.partitions()].sort((a, b) => {
    if (a.log.topic !== b.log.topic) return a.log.topic < b.log.topic ? -1 : 1;
    return a.log.partition - b.log.partition;
  });
}
