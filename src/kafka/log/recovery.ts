/**
 * Opening the segments of a log: what of them is trusted, what is read again, and where the log ends.
 *
 * Kafka's rule (1.8): after a clean shutdown the log is taken as it is. Otherwise everything from the segment that holds
 * the recovery point on is read batch by batch; at the first one that is torn, or does not follow on the one before it, the
 * log ends: the rest of that segment is cut off and all later segments are deleted. Epochs that the cache has missed
 * are noted on the way.
 *
 * Beyond Kafka's rule: the log also ends where the cache knows of a later epoch than the batch has. Such a batch was truncated
 * before that epoch was written down, and has come back because the disk had not taken the truncation yet. A journalling file
 * system puts both on disk in order, so Kafka need not look; a simulated disk promises less.
 * Source: LogLoader.recoverLog, LogSegment.recover.
 */
import type { Host } from "../../sim/host.ts";
import type { Offset } from "../ids.ts";
import type { LeaderEpochCache } from "./leader-epoch-cache.ts";
import { Segment, segmentBaseOffsets } from "./segment.ts";

/** The segments of `dir` that survive, ascending; none if there were none. */
export function recoverSegments<R>(
  host: Host,
  options: {
    readonly dir: string;
    readonly cleanShutdown: boolean;
    readonly recoveryPoint: Offset;
    readonly logStartOffset: Offset;
    readonly epochs: LeaderEpochCache;
  },
): Segment<R>[] {
  const { dir, cleanShutdown, recoveryPoint, logStartOffset, epochs } = options;
  const now = host.now();
  const segments = segmentBaseOffsets(host.disk, dir).map((base) => new Segment<R>(host.disk, dir, base, now));
  if (segments.length === 0) return segments;
  const bottom = Math.max(logStartOffset, (segments[0] as Segment<R>).baseOffset);
  // A log start that was not checkpointed falls back, but its epochs are cut already: they have to be found again.
  const trusted = epochs.startOffset > bottom ? bottom : recoveryPoint;
  const first = cleanShutdown ? segments.length : firstUntrusted(segments, trusted);
  let kept = segments.length;
  for (let i = first; i < kept; i++) {
    const segment = segments[i] as Segment<R>;
    const before = segments[i - 1];
    if (before !== undefined && before.endOffset !== segment.baseOffset) kept = i;
    else if (scan(segment, epochs)) kept = i + 1;
  }
  for (const segment of segments.splice(kept)) host.disk.delete(segment.file.path);
  cutUnreadableEnd(segments.at(-1) as Segment<R>);
  return segments;
}

/** The segment that holds `trusted`, or an earlier one that does not reach up to its successor. */
function firstUntrusted<R>(segments: readonly Segment<R>[], trusted: Offset): number {
  for (let i = 0; i + 1 < segments.length; i++) {
    const next = segments[i + 1] as Segment<R>;
    if (next.baseOffset > trusted || (segments[i] as Segment<R>).endOffset !== next.baseOffset) return i;
  }
  return segments.length - 1;
}

/** Reads every batch again. True if something had to be cut off. */
function scan<R>(segment: Segment<R>, epochs: LeaderEpochCache): boolean {
  let expected = segment.baseOffset;
  for (let i = 0; i < segment.length; i++) {
    const batch = segment.batchAt(i);
    const epoch = epochs.epochAt(expected);
    if (batch === undefined || batch.baseOffset !== expected || batch.partitionLeaderEpoch < epoch) {
      segment.keep(i);
      return true;
    }
    if (batch.partitionLeaderEpoch > epoch) epochs.assign(batch.partitionLeaderEpoch, batch.baseOffset);
    expected = batch.nextOffset;
  }
  return false;
}

/** Even a trusted log ends with its last readable batch: the next append must follow on that. */
function cutUnreadableEnd<R>(segment: Segment<R>): void {
  let length = segment.length;
  while (length > 0 && segment.batchAt(length - 1) === undefined) length -= 1;
  if (length < segment.length) segment.keep(length);
}
