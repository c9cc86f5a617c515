/**
 * Which segments of a log are old enough, or too many, to be deleted (1.4).
 *
 * Always the oldest first, and never one that reaches over the high watermark, or an empty one at the end. Three passes: what lies below
 * the log's start, what is beyond `retention.bytes`, what is older than `retention.ms` by its newest record.
 * Source: UnifiedLog.deleteOldSegments, LocalLog.deletableSegments.
 */
import type { Offset } from "../ids.ts";

export interface RetentionPolicy {
  /** Whether `cleanup.policy` has `delete`. Without, only what lies below the log's start goes. */
  readonly deletes: boolean;
  /** `retention.ms`; -1: any age. */
  readonly retentionMs: number;
  /** `retention.bytes`; -1: any size. */
  readonly retentionBytes: number;
}

export interface RetainedSegment {
  readonly sizeInBytes: number;
  /** Where the next segment begins, or the log ends. */
  readonly endOffset: Offset;
  /** Of its records, in milliseconds. */
  readonly largestTimestamp: number;
}

/** How many of `segments`, which are those of a log in order, are to go. */
export function deletableSegments(
  segments: readonly RetainedSegment[],
  policy: RetentionPolicy,
  log: { readonly nowMs: number; readonly logStartOffset: Offset; readonly highWatermark: Offset },
): number {
  const mayGo = segments.filter((segment, i) => i < segments.length - 1 || segment.sizeInBytes > 0);
  const committed = leading(mayGo, ({ endOffset }) => endOffset <= log.highWatermark);
  const below = leading(segments.slice(0, -1), ({ endOffset }) => endOffset <= log.logStartOffset);
  let count = Math.min(committed, below);
  if (!policy.deletes) return count;
  if (policy.retentionBytes >= 0) {
    let excess = bytesOf(segments.slice(count)) - policy.retentionBytes;
    for (; count < committed; count++) {
      excess -= (mayGo[count] as RetainedSegment).sizeInBytes;
      if (excess < 0) break;
    }
  }
  if (policy.retentionMs >= 0) {
    const isOld = (segment: RetainedSegment): boolean => log.nowMs - segment.largestTimestamp > policy.retentionMs;
    while (count < committed && isOld(mayGo[count] as RetainedSegment)) count++;
  }
  return count;
}

function leading<T>(items: readonly T[], holds: (item: T) => boolean): number {
  const end = items.findIndex((item) => !holds(item));
  return end < 0 ? items.length : end;
}

function bytesOf(segments: readonly RetainedSegment[]): number {
  return segments.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
}
