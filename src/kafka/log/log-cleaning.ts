/**
 * One pass of the cleaner over one log: reads what is dirty, then rewrites every segment below it (1.5).
 *
 * The clean part of a log holds each key once at most; the dirty part is what was written since the last pass. Neither the active segment nor
 * anything above the high watermark is touched. Not modelled: the merging of small segments, `min.compaction.lag.ms`, a limited
 * buffer for the keys, and time: a pass takes none. Source: LogCleanerManager.grabFilthiestCompactedLog, Cleaner.clean.
 */
import type { Offset } from "../ids.ts";
import type { KafkaRecord, RecordBatch } from "../records.ts";
import { compact, OffsetMap } from "./compaction.ts";
import type { Log } from "./log.ts";
import type { Segment } from "./segment.ts";

/** The dirty share of what could be cleaned, in bytes; 0 if there is nothing. */
export function dirtyRatio(log: Log<KafkaRecord>, firstDirty: Offset): number {
  let total = 0;
  let dirty = 0;
  for (const { sizeInBytes, endOffset } of log.cleanableSegments()) {
    total += sizeInBytes;
    if (endOffset > firstDirty) dirty += sizeInBytes;
  }
  return dirty === 0 ? 0 : dirty / total;
}

export interface CleaningResult {
  /** Everything below is clean now. */
  readonly cleanTo: Offset;
  readonly removedRecords: number;
}

/** Undefined on an I/O error. */
export function cleanLog(
  log: Log<KafkaRecord>,
  firstDirty: Offset,
  options: { readonly nowMs: number; readonly deleteRetentionMs: number },
): CleaningResult | undefined {
  const segments = log.cleanableSegments();
  const newest = new OffsetMap();
  for (const segment of segments) {
    if (segment.endOffset > firstDirty) for (const batch of batchesOf(segment)) newest.add(batch);
  }
  let removedRecords = 0;
  for (const segment of segments) {
    const before = batchesOf(segment);
    const after = before.map((batch) => (batch.isControl ? batch : compact(batch, newest, options)));
    if (after.every((batch, i) => batch === before[i])) continue;
    if (!log.replaceSegment(segment, after)) return undefined;
    removedRecords += recordsIn(before) - recordsIn(after);
  }
  return { cleanTo: segments.at(-1)?.endOffset ?? firstDirty, removedRecords };
}

function batchesOf(segment: Segment<KafkaRecord>): RecordBatch[] {
  const batches: RecordBatch[] = [];
  for (let i = 0; i < segment.length; i++) {
    const batch = segment.batchAt(i);
    if (batch !== undefined) batches.push(batch);
  }
  return batches;
}

function recordsIn(batches: readonly RecordBatch[]): number {
  return batches.reduce((sum, { records }) => sum + records.length, 0);
}
