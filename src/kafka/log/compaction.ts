/**
 * Compaction: of each key the newest record is kept, the older ones go (1.5).
 *
 * Offsets never change, and a batch stays where it is even if nothing is left in it: batches still follow on one another. A record without
 * a value, a tombstone, is kept for `delete.retention.ms` after it was first cleaned, so that whoever reads the log from its start
 * learns of it. Source: Cleaner, LogCleaner.buildOffsetMap, RecordBatch.deleteHorizonMs.
 */
import type { Offset } from "../ids.ts";
import { BATCH_OVERHEAD_BYTES, type RecordBatch, recordSizeInBytes } from "../records.ts";

/** The offset of the newest record of each key. */
export class OffsetMap {
  private readonly newest = new Map<string, Offset>();

  add(batch: RecordBatch): void {
    for (const [i, { key }] of batch.records.entries()) if (key !== null) this.newest.set(textOf(key), batch.offsetAt(i));
  }

  /** Whether a newer record of that key is known. */
  supersedes(key: Uint8Array, offset: Offset): boolean {
    return offset < (this.newest.get(textOf(key)) ?? -1);
  }
}

/** What compaction leaves of `batch`: the same object if that is all of it. */
export function compact(
  batch: RecordBatch,
  newest: OffsetMap,
  { nowMs, deleteRetentionMs }: { readonly nowMs: number; readonly deleteRetentionMs: number },
): RecordBatch {
  const horizon = batch.compacted?.deleteHorizonMs ?? -1;
  const kept: number[] = [];
  let sizeInBytes = BATCH_OVERHEAD_BYTES;
  let hasTombstone = false;
  for (const [i, record] of batch.records.entries()) {
    if (record.key === null || newest.supersedes(record.key, batch.offsetAt(i))) continue;
    if (record.value === null && horizon >= 0 && nowMs >= horizon) continue;
    kept.push(i);
    sizeInBytes += recordSizeInBytes(record);
    if (record.value === null) hasTombstone = true;
  }
  const newHorizon = hasTombstone ? (horizon >= 0 ? horizon : nowMs + deleteRetentionMs) : -1;
  if (kept.length === batch.records.length && newHorizon === horizon) return batch;
  return batch.compactedTo(kept, sizeInBytes, newHorizon);
}

/** One character for each byte: equal for equal keys. */
function textOf(key: Uint8Array): string {
  let text = "";
  for (const byte of key) text += String.fromCharCode(byte);
  return text;
}
