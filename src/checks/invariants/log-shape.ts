/**
 * LogIntegrity, LogStartBelowHw and EpochCacheConsistent: each replica's log is well formed by itself.
 *
 * LogIntegrity. A batch is appended exactly at the log's end (an empty log may begin anywhere), is not empty, and is of no
 * older epoch than the one before; a leader appends only batches of its own epoch, a follower none of a later one. A
 * truncation starts from the log's end and goes down. A log that was opened is without holes and ends where it says.
 * LogStartBelowHw. log start ≤ local high watermark ≤ log end, at the end of each step.
 * EpochCacheConsistent. Both columns grow strictly; no entry lies beyond the log end; the batch at an entry's start is
 * the first of that epoch or a later one.
 *
 * Legal: an entry at the log end itself, of a leader that has appended nothing (yet, or ever); a cut down to the middle of
 * a batch, which takes the whole batch. Judged where the cache or the log's end goes back, not on each append.
 */
import type { LogLoaded, RecordsAppended } from "../../kafka/events.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { GhostPartition, GhostReplica } from "../ghost/ghost-partition.ts";
import type { Invariant, Reporter } from "../invariant.ts";
import type { Observation } from "../observation.ts";
import { lastCut } from "./completeness.ts";

export class LogIntegrity implements Invariant {
  readonly name = "LogIntegrity";
  readonly promise = "Offsets in a log follow on one another and epochs never go back.";
  readonly source = "ValidReplicaState (Vanlightly); FiniteReplicatedLog TypeOk (hachikuji)";
  readonly watches = ["RecordsAppended", "LogTruncated", "LogLoaded"] as const;

  observe({ event }: Observation, ghost: Ghost, reporter: Reporter): void {
    const { replica } = ghost;
    if (replica === undefined) return;
    let fault: string | undefined;
    switch (event.kind) {
      case "RecordsAppended":
        fault = faultOfAppend(event, ghost.endBefore, ghost.lastEpochBefore, replica);
        break;
      case "LogTruncated":
        if (event.from !== ghost.endBefore) fault = `cut from ${event.from}, but its log ended at ${ghost.endBefore}`;
        else if (event.to > event.from && !event.fully) fault = `cut from ${event.from} up to ${event.to}`;
        break;
      case "LogLoaded":
        fault = faultOfLoaded(event);
        break;
      default:
    }
    if (fault !== undefined) reportReplica(this, replica, fault, reporter);
  }
}

export class LogStartBelowHw implements Invariant {
  readonly name = "LogStartBelowHw";
  readonly promise = "On every replica log start ≤ high watermark ≤ log end.";
  readonly source = "KAFKA-5634; UnifiedLog";
  readonly watches = [] as const;

  checkPartition(partition: GhostPartition, _ghost: Ghost, reporter: Reporter): void {
    for (const replica of partition.replicas) {
      const { log, highWatermark } = replica;
      if (log.logStart <= highWatermark && highWatermark <= log.endOffset) continue;
      if (!replica.counts || partition.voidBelowEpoch >= 0) continue;
      reportReplica(
        this,
        replica,
        `has log start ${log.logStart}, high watermark ${highWatermark}, log end ${log.endOffset}`,
        reporter,
      );
    }
  }
}

export class EpochCacheConsistent implements Invariant {
  readonly name = "EpochCacheConsistent";
  readonly promise = "A replica's leader-epoch cache describes its log.";
  readonly source = "KAFKA-7415, KAFKA-10706, KAFKA-16541";
  readonly watches = [] as const;

  checkPartition(partition: GhostPartition, _ghost: Ghost, reporter: Reporter): void {
    for (const replica of partition.replicas) {
      if (!replica.epochsChanged) continue;
      replica.epochsChanged = false;
      if (!replica.known) continue;
      const fault = faultOfCache(replica);
      if (fault !== undefined) reportReplica(this, replica, fault, reporter);
    }
  }
}

function faultOfAppend(event: RecordsAppended, end: number, lastEpoch: number, { log }: GhostReplica): string | undefined {
  const { batch } = event;
  if (batch.baseOffset !== end && (end !== log.logStart || batch.baseOffset < end)) {
    return `appended offset ${batch.baseOffset} to a log that ends at ${end}`;
  }
  if (batch.records.length === 0 && batch.compacted === undefined) return `appended an empty batch at ${end}`;
  if (batch.partitionLeaderEpoch < lastEpoch)
    return `appended epoch ${batch.partitionLeaderEpoch} after epoch ${lastEpoch}, at offset ${end}`;
  if (
    event.role === "leader" ? batch.partitionLeaderEpoch !== event.leaderEpoch : batch.partitionLeaderEpoch > event.leaderEpoch
  ) {
    return `appended, as ${event.role} in epoch ${event.leaderEpoch}, a batch of epoch ${batch.partitionLeaderEpoch}`;
  }
  return undefined;
}

function faultOfLoaded(event: LogLoaded): string | undefined {
  let end = event.logStartOffset;
  let epoch = -1;
  for (const batch of event.batches) {
    // The log may start in the middle of its first batch.
    if (batch.baseOffset !== end && batch !== event.batches[0]) return `opened a log with a hole at offset ${end}`;
    if (batch.partitionLeaderEpoch < epoch)
      return `opened a log in which epoch ${batch.partitionLeaderEpoch} follows epoch ${epoch}`;
    end = batch.nextOffset;
    epoch = batch.partitionLeaderEpoch;
  }
  return event.batches.length > 0 && end !== event.logEndOffset
    ? `opened a log that ends at ${event.logEndOffset}, its records at ${end}`
    : undefined;
}

function faultOfCache({ log, epochs }: GhostReplica): string | undefined {
  for (let i = 0; i < epochs.length; i++) {
    const { epoch, startOffset } = epochs[i] as (typeof epochs)[number];
    const entry = `epoch cache entry (${epoch}, ${startOffset})`;
    const before = epochs[i - 1];
    if (before !== undefined && (before.epoch >= epoch || before.startOffset >= startOffset)) {
      return `${entry} does not follow on (${before.epoch}, ${before.startOffset})`;
    }
    if (startOffset > log.endOffset) return `${entry} lies beyond the log end ${log.endOffset}`;
    const first = startOffset < log.endOffset && startOffset >= log.logStart ? log.batchAt(startOffset) : undefined;
    if (first === undefined) continue;
    if (first.partitionLeaderEpoch < epoch) return `${entry}, but the log has epoch ${first.partitionLeaderEpoch} there`;
    const previous = startOffset > log.logStart ? log.batchAt(startOffset - 1) : undefined;
    if (previous !== undefined && previous.partitionLeaderEpoch >= epoch)
      return `${entry}, but epoch ${previous.partitionLeaderEpoch} begins before it`;
  }
  return undefined;
}

function reportReplica(invariant: Invariant, replica: GhostReplica, fault: string, reporter: Reporter): void {
  const { name } = replica.partition;
  const subject = `${name}/${replica.broker.id}`;
  if (!reporter.isNew(invariant, subject)) return;
  reporter.report(invariant, {
    subject,
    partition: name,
    message: `${name}: broker ${replica.broker.id} ${fault}`,
    facts: [lastCut(replica), reporter.now(`broker ${replica.broker.id} ${fault}`)],
  });
}
