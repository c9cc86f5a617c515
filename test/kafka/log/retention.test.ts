import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { deletableSegments, type RetainedSegment, type RetentionPolicy } from "../../../src/kafka/log/retention.ts";
import { LogFixture } from "./log-fixture.ts";

const KEEP_ALL: RetentionPolicy = { deletes: true, retentionMs: -1, retentionBytes: -1 };

/** Three batches of 100 bytes with one record each to a segment; the nth batch is of n seconds. */
function segmented(batches: number): LogFixture {
  const fixture = new LogFixture({ segmentBytes: 300 });
  for (let i = 0; i < batches; i++) fixture.append(1, 0, { timestamp: i * 1_000 });
  fixture.log.updateHighWatermark(batches);
  return fixture;
}

describe("retention (1.4)", () => {
  test("segments whose newest record is older than retention.ms go, and the log starts with the next", () => {
    const { log } = segmented(9);
    log.deleteOldSegments({ ...KEEP_ALL, retentionMs: 4_000 }, 8_000);
    expect(log.logStartOffset).toBe(3);
    log.deleteOldSegments({ ...KEEP_ALL, retentionMs: 4_000 }, 9_500);
    expect(log.logStartOffset).toBe(6);
  });

  test("the oldest segments go as long as what is left is no smaller than retention.bytes", () => {
    const { log } = segmented(9);
    log.deleteOldSegments({ ...KEEP_ALL, retentionBytes: 650 }, 0);
    expect(log.logStartOffset).toBe(0);
    log.deleteOldSegments({ ...KEEP_ALL, retentionBytes: 600 }, 0);
    expect(log.logStartOffset).toBe(3);
  });

  test("nothing above the high watermark goes", () => {
    const { log } = segmented(9);
    log.updateHighWatermark(5);
    log.deleteOldSegments({ ...KEEP_ALL, retentionMs: 0 }, 1_000_000);
    expect(log.logStartOffset).toBe(3);
  });

  test("if everything is too old a new segment is begun, and the log is empty", () => {
    const fixture = segmented(5);
    fixture.log.deleteOldSegments({ ...KEEP_ALL, retentionMs: 0 }, 1_000_000);
    expect(fixture.log.logStartOffset).toBe(5);
    expect(fixture.log.logEndOffset).toBe(5);
    expect(fixture.segmentFiles()).toHaveLength(1);
    fixture.append(1);
    expect(fixture.log.logEndOffset).toBe(6);
  });

  test("without `delete` in cleanup.policy only what lies below the log's start goes", () => {
    const fixture = segmented(9);
    const policy = { deletes: false, retentionMs: 0, retentionBytes: 0 };
    fixture.log.deleteOldSegments(policy, 1_000_000);
    expect(fixture.log.logStartOffset).toBe(0);
    fixture.log.advanceLogStartOffset(7);
    fixture.log.deleteOldSegments(policy, 1_000_000);
    expect(fixture.segmentFiles()).toHaveLength(1);
    expect(fixture.log.logStartOffset).toBe(7);
  });

  test("a log that starts at its end keeps the empty segment there only (UnifiedLog.deleteLogStartOffsetBreachedSegments)", () => {
    const segments = [
      { sizeInBytes: 100, endOffset: 3, largestTimestamp: 0 },
      { sizeInBytes: 0, endOffset: 3, largestTimestamp: 0 },
    ];
    const policy = { deletes: false, retentionMs: -1, retentionBytes: -1 };
    expect(deletableSegments(segments, policy, { nowMs: 0, logStartOffset: 3, highWatermark: 3 })).toBe(1);
  });

  test("what was deleted is still gone after a crash", () => {
    const fixture = segmented(9);
    fixture.log.deleteOldSegments({ ...KEEP_ALL, retentionMs: 4_000 }, 8_000);
    fixture.restartAfterCrash();
    expect(fixture.log.logStartOffset).toBe(3);
    expect(fixture.log.logEndOffset).toBe(9);
  });

  const segments = fc.array(fc.record({ sizeInBytes: fc.integer({ min: 1, max: 50 }), largestTimestamp: fc.nat(100) }), {
    minLength: 1,
    maxLength: 8,
  });

  property.prop([segments, fc.nat(80), fc.nat(8), fc.integer({ min: -1, max: 200 }), fc.integer({ min: -1, max: 100 })])(
    "what is kept is never above a limit that one segment less would still be above",
    (made, highWatermark, _, retentionBytes, retentionMs) => {
      let end = 0;
      const log: RetainedSegment[] = made.map((segment) => {
        end += 10;
        return { ...segment, endOffset: end };
      });
      const policy = { deletes: true, retentionBytes, retentionMs };
      const count = deletableSegments(log, policy, { nowMs: 100, logStartOffset: 0, highWatermark });
      const last = log[count - 1];
      expect(last === undefined || last.endOffset <= highWatermark).toBe(true);
      const next = log[count];
      if (next === undefined || next.endOffset > highWatermark) return;
      const left = log.slice(count).reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
      if (retentionMs >= 0) expect(100 - next.largestTimestamp).toBeLessThanOrEqual(retentionMs);
      if (retentionBytes >= 0) expect(left - next.sizeInBytes).toBeLessThan(retentionBytes);
    },
  );
});
