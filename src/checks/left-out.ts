/**
 * Which committed records of a partition a group has not processed, and why: one pass over the log from where the group has begun.
 *
 * A record that its owner has been given, and that it may be working on still, is waiting. So is one that nobody has come to yet.
 */
import type { Offset } from "../kafka/ids.ts";
import type { Ghost } from "./ghost/ghost.ts";
import type { GhostGroupPartition } from "./ghost/ghost-group-partition.ts";
import { FATE } from "./ghost/offset-fates.ts";

/**
 * `waiting`: the group has not gone past it. `told`: the reset policy, a seek or an operator said to go on behind it. `retention`: it
 * was deleted before the group came to it. `skipped`: the group went past it, by a commit or by where a member went on.
 */
export type WhyLeftOut = "waiting" | "told" | "retention" | "skipped";

export function leftOut(partition: GhostGroupPartition, ghost: Ghost, found: (offset: Offset, why: WhyLeftOut) => void): void {
  const { log, fates, start } = partition;
  const { committed } = log;
  // Where the group never came, nobody knows what it would have begun with, unless that is the beginning.
  if (start < 0 && (partition.group.contract.resetPolicy !== "earliest" || partition.group.beganAt < 0)) return;
  let offset = Math.max(start, 0);
  while (offset < committed.end) {
    const batch = committed.batches.at(committed.indexOf(offset));
    if (batch === undefined) return;
    if (!batch.isControl) {
      for (; offset < batch.nextOffset; offset++) {
        const fate = fates.at(offset);
        if (fate === FATE.processed || fate === FATE.givenUp) continue;
        if (fate === FATE.open && offset < log.compactedTo) continue;
        found(offset, whyAt(partition, offset, ghost));
      }
    }
    offset = batch.nextOffset;
  }
}

function whyAt(partition: GhostGroupPartition, offset: Offset, ghost: Ghost): WhyLeftOut {
  const { log, fates, passedTo } = partition;
  if (fates.at(offset) === FATE.passed) return "told";
  if (offset >= passedTo || isInHand(partition, offset, ghost)) return "waiting";
  return offset < log.legalStart ? "retention" : "skipped";
}

/** Whether somebody who owns the partition has been given the record, and lives. */
function isInHand({ owners, log }: GhostGroupPartition, offset: Offset, { readers }: Ghost): boolean {
  for (const { client, readFrom, cutFrom, cutTo } of owners) {
    if (readFrom < 0 || offset < readFrom || (offset >= cutFrom && offset < cutTo)) continue;
    if (offset < readers.offsetOf(client.name, log)) return true;
  }
  return false;
}
