import { describe, expect, test } from "vitest";
import { BATCH_BYTES, LogFixture } from "./log-fixture.ts";

/** Batches 0-2 (epoch 1), 3-4 (epoch 2), 5-5 (epoch 2), 6-9 (epoch 4); two per segment. */
function fourBatches(): LogFixture {
  const f = new LogFixture({ segmentBytes: 2 * BATCH_BYTES });
  f.append(3, 1);
  f.append(2, 2);
  f.append(1, 2);
  f.append(4, 4);
  return f;
}

describe("truncateTo (reference 1.9)", () => {
  test("at or beyond the log end leaves the data and drops only epochs that would start there", () => {
    const f = fourBatches();
    f.log.assignEpoch(7, 10);
    f.heard;
    f.log.truncateTo(11);
    expect(f.heard).toEqual([]);
    f.log.truncateTo(10);
    expect(f.heard).toEqual(["epochs 1@0 2@3 4@6"]);
    expect(f.log.logEndOffset).toBe(10);
  });

  test("within a segment cuts it there, with later segments, offsets and epochs", () => {
    const f = fourBatches();
    f.log.updateHighWatermark(8);
    f.flushAll();
    f.heard;
    f.log.truncateTo(3);
    expect(f.contents()).toBe("0-2");
    expect(f.segmentFiles()).toEqual(["orders-0/00000000000000000000.log"]);
    expect(f.log).toMatchObject({
      logStartOffset: 0,
      highWatermark: 3,
      logEndOffset: 3,
      recoveryPoint: 3,
      lastBatchEpoch: 1,
      latestEpoch: 1,
    });
    expect(f.heard).toEqual(["truncated 10->3", "epochs 1@0"]);
  });

  test("at the base of a segment empties it, and the next append goes there", () => {
    const f = fourBatches();
    f.log.truncateTo(5);
    expect(f.log).toMatchObject({ logEndOffset: 5, lastBatchEpoch: 2 });
    expect(f.segmentFiles()).toHaveLength(2);
    f.append(2, 5);
    expect(f.contents()).toBe("0-2 3-4 5-6");
    expect(f.epochs()).toBe("1@0 2@3 5@5");
  });

  test("keeps an epoch that started below the target", () => {
    const f = fourBatches();
    f.log.truncateTo(6);
    expect(f.epochs()).toBe("1@0 2@3");
    expect(f.contents()).toBe("0-2 3-4 5-5");
  });

  test("keeps a high watermark that is below the target", () => {
    const f = fourBatches();
    f.log.updateHighWatermark(4);
    f.log.truncateTo(6);
    expect(f.log.highWatermark).toBe(4);
  });

  test("in the middle of a batch takes the whole batch: the next fetch brings it again", () => {
    const f = fourBatches();
    f.log.truncateTo(4);
    expect(f.contents()).toBe("0-2");
    expect(f.log.logEndOffset).toBe(3);
  });

  test("below the log start, but within the first segment, takes the start along", () => {
    const f = fourBatches();
    f.log.updateHighWatermark(10);
    f.log.advanceLogStartOffset(4);
    f.log.truncateTo(3);
    expect(f.log).toMatchObject({ logStartOffset: 3, highWatermark: 3, logEndOffset: 3 });
  });

  test("below the first segment wipes the log and restarts it at the target", () => {
    const f = new LogFixture();
    f.log.truncateFullyAndStartAt(20);
    f.append(3, 1);
    f.heard;
    f.log.truncateTo(12);
    expect(f.heard).toEqual(["truncated 23->12 fully", "epochs "]);
    expect(f.log).toMatchObject({ logStartOffset: 12, highWatermark: 12, logEndOffset: 12 });
  });

  test("takes a rotted batch along, with what is behind it", () => {
    const f = fourBatches();
    f.node.disk.file("orders-0/00000000000000000000.log").rot(1);
    f.log.truncateTo(5);
    f.log.truncateTo(4);
    expect(f.contents()).toBe("0-2");
    expect(f.log.logEndOffset).toBe(3);
  });

  test("rolling after a cut counts only what is left", () => {
    const f = new LogFixture({ segmentBytes: 2 * BATCH_BYTES });
    f.append(1);
    f.append(1);
    f.log.truncateTo(1);
    f.append(1);
    expect(f.segmentFiles()).toHaveLength(1);
    f.append(1);
    expect(f.segmentFiles()).toHaveLength(2);
  });
});

describe("truncateFullyAndStartAt (reference 1.9)", () => {
  test("leaves an empty log that starts, ends and is committed at the offset", () => {
    const f = fourBatches();
    f.flushAll();
    f.heard;
    f.log.truncateFullyAndStartAt(50);
    expect(f.log).toMatchObject({ logStartOffset: 50, highWatermark: 50, logEndOffset: 50, recoveryPoint: 10 });
    expect(f.log).toMatchObject({ lastBatchEpoch: -1, latestEpoch: -1 });
    expect(f.segmentFiles()).toEqual(["orders-0/00000000000000000050.log"]);
    expect(f.heard).toEqual(["truncated 10->50 fully", "epochs "]);
  });

  test("at the base of a segment that exists begins that file anew", () => {
    const f = fourBatches();
    f.log.truncateFullyAndStartAt(0);
    expect(f.contents()).toBe("");
    f.append(1, 9);
    expect(f.contents()).toBe("0-0");
  });

  test("survives a restart, even a loss of power", () => {
    const f = fourBatches();
    f.log.truncateFullyAndStartAt(50);
    f.checkpoint();
    f.restartAfterPowerLoss();
    expect(f.log).toMatchObject({ logStartOffset: 50, logEndOffset: 50, highWatermark: 50 });
    expect(f.epochs()).toBe("");
  });
});

describe("becoming leader (reference 1.6, KAFKA-7415)", () => {
  test("notes the epoch at the log end before anything is written, on disk at once", () => {
    const f = fourBatches();
    f.flushAll();
    f.heard;
    f.log.assignEpoch(6, f.log.logEndOffset);
    expect(f.heard).toEqual(["epochs 1@0 2@3 4@6 6@10"]);
    expect(f.log).toMatchObject({ latestEpoch: 6, lastBatchEpoch: 4 });
    expect(f.log.endOffsetForEpoch(6)).toEqual({ epoch: 6, endOffset: 10 });
    expect(f.log.endOffsetForEpoch(5)).toEqual({ epoch: 4, endOffset: 10 });
  });
});
