import { describe, expect, test } from "vitest";
import { SimulatorBug } from "../../../src/base/assert.ts";
import { BATCH_BYTES, LogFixture, offsets } from "./log-fixture.ts";

const ALL = Number.MAX_SAFE_INTEGER;

/** Four batches, 0-2 3-4 5-5 6-9, two per segment. */
function fourBatches(): LogFixture {
  const f = new LogFixture({ segmentBytes: 2 * BATCH_BYTES });
  for (const count of [3, 2, 1, 4]) f.append(count);
  return f;
}

describe("a read (reference 1.7)", () => {
  test("starts with the batch that holds the offset, and goes on over segments", () => {
    const { log } = fourBatches();
    expect(offsets(log.read(0, ALL, 10))).toBe("0-2 3-4 5-5 6-9");
    expect(offsets(log.read(4, ALL, 10))).toBe("3-4 5-5 6-9");
    expect(offsets(log.read(5, ALL, 10))).toBe("5-5 6-9");
    expect(offsets(log.read(9, ALL, 10))).toBe("6-9");
  });

  test("stops below its upper bound, before a batch that reaches over it", () => {
    const { log } = fourBatches();
    expect(offsets(log.read(0, ALL, 5))).toBe("0-2 3-4");
    expect(offsets(log.read(0, ALL, 4))).toBe("0-2");
    expect(offsets(log.read(3, ALL, 3))).toBe("");
  });

  test("between the bound and the log end is empty: a consumer waits there", () => {
    const { log } = fourBatches();
    expect(log.read(7, ALL, 5)).toEqual([]);
    expect(log.read(10, ALL, 10)).toEqual([]);
  });

  test("keeps to the byte limit, but brings at least one whole batch (KIP-74)", () => {
    const { log } = fourBatches();
    expect(offsets(log.read(0, 1, 10))).toBe("0-2");
    expect(offsets(log.read(0, 2 * BATCH_BYTES, 10))).toBe("0-2 3-4");
    expect(offsets(log.read(0, 3 * BATCH_BYTES - 1, 10))).toBe("0-2 3-4");
  });

  test("below the log start is a bug of the caller, who answers OFFSET_OUT_OF_RANGE", () => {
    const { log } = fourBatches();
    log.updateHighWatermark(10);
    log.advanceLogStartOffset(4);
    expect(() => log.read(3, ALL, 10)).toThrow(SimulatorBug);
    // The start lies within a batch: whole batches are all there is.
    expect(offsets(log.batches())).toBe("3-4 5-5 6-9");
  });

  test("ends before a batch that has rotted, and what is behind it is found again", () => {
    const f = fourBatches();
    f.node.disk.file("orders-0/00000000000000000000.log").rot(1);
    expect(offsets(f.log.read(0, ALL, 10))).toBe("0-2");
    expect(offsets(f.log.read(3, ALL, 10))).toBe("");
    expect(offsets(f.log.read(5, ALL, 10))).toBe("5-5 6-9");
    expect(f.log.batchContaining(4)).toBeUndefined();
    expect(f.log.batchContaining(2)?.baseOffset).toBe(0);
    expect(f.log.logEndOffset).toBe(10);
  });

  test("finds every offset of a long log, with rotted batches anywhere", () => {
    const f = new LogFixture({ segmentBytes: 16 * BATCH_BYTES });
    for (let i = 0; i < 100; i++) f.append(1 + (i % 3));
    const batches = f.log.batches();
    const first = f.node.disk.file(f.segmentFiles()[0] as string);
    const rotted = new Set([2, 3, 4, 9, 15]);
    for (const index of rotted) first.rot(index);
    batches.forEach((batch, index) => {
      for (let offset = batch.baseOffset; offset <= batch.lastOffset; offset++) {
        expect(f.log.batchContaining(offset)).toBe(rotted.has(index) ? undefined : batch);
        expect(f.log.read(offset, 1, f.log.logEndOffset)).toEqual(rotted.has(index) ? [] : [batch]);
      }
    });
  });

  test("of one batch by offset knows nothing outside the log", () => {
    const { log } = fourBatches();
    expect(log.batchContaining(4)?.baseOffset).toBe(3);
    expect(log.batchContaining(10)).toBeUndefined();
    expect(log.batchContaining(-1)).toBeUndefined();
  });
});

describe("the high watermark (reference 1.2)", () => {
  test("is clamped between the log's start and end", () => {
    const { log } = fourBatches();
    expect(log.updateHighWatermark(99)).toBe(10);
    expect(log.updateHighWatermark(6)).toBe(6);
    log.advanceLogStartOffset(5);
    expect(log.updateHighWatermark(2)).toBe(5);
  });

  test("is incremented forward only", () => {
    const { log } = fourBatches();
    expect(log.maybeIncrementHighWatermark(6)).toBe(true);
    expect(log.maybeIncrementHighWatermark(6)).toBe(false);
    expect(log.maybeIncrementHighWatermark(3)).toBe(false);
    expect(log.highWatermark).toBe(6);
  });

  test("beyond the log end is a bug of ours", () => {
    const { log } = fourBatches();
    expect(() => log.maybeIncrementHighWatermark(11)).toThrow(SimulatorBug);
  });
});

describe("the log start (reference 1.4, KIP-107)", () => {
  test("moves up to the high watermark at most, takes the epochs along, and never moves down", () => {
    const f = new LogFixture();
    f.append(3, 1);
    f.append(3, 2);
    f.log.updateHighWatermark(5);
    f.heard;
    expect(f.log.advanceLogStartOffset(6)).toBe("OFFSET_OUT_OF_RANGE");
    expect(f.log.advanceLogStartOffset(4)).toBe("NONE");
    expect(f.log.advanceLogStartOffset(2)).toBe("NONE");
    expect(f.log.logStartOffset).toBe(4);
    expect(f.heard).toEqual(["start 4", "epochs 2@4"]);
  });
});
