/**
 * A log under any history of appends, cuts, flushes, checkpoints, crashes and power losses, held against a plain list of batches.
 *
 * The owner is taken to behave: epochs of a leader only rise, and a truncation is followed by a checkpoint of recovery points
 * (LogManager.truncateTo does so). Without the latter a stale recovery point would vouch for batches that nobody flushed.
 */
import { fc, test as propertyTest } from "@fast-check/vitest";
import { expect } from "vitest";
import type { RecordBatch } from "../../../src/kafka/records.ts";
import { BATCH_BYTES, LogFixture } from "./log-fixture.ts";

type Step =
  | { readonly do: "append"; readonly records: number }
  | { readonly do: "new epoch"; readonly by: number; readonly write: boolean }
  | { readonly do: "truncate"; readonly permille: number }
  | { readonly do: "restart at"; readonly ahead: number }
  | { readonly do: "high watermark"; readonly permille: number }
  | { readonly do: "log start"; readonly permille: number }
  | { readonly do: "flush" | "fsync ends" | "checkpoint" | "clean" | "crash" }
  | { readonly do: "power loss"; readonly survivors: number; readonly torn: boolean; readonly undoTruncations: boolean };

const permille = fc.integer({ min: 0, max: 1_000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("append" as const), records: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("new epoch" as const), by: fc.integer({ min: 1, max: 3 }), write: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("truncate" as const), permille }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart at" as const), ahead: fc.integer({ min: -5, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("high watermark" as const), permille }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("log start" as const), permille }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("flush" as const, "fsync ends" as const, "checkpoint" as const, "clean" as const, "crash" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("power loss" as const),
      survivors: fc.integer({ min: 0, max: 3 }),
      torn: fc.boolean(),
      undoTruncations: fc.boolean(),
    }),
  },
);
const history = fc.array(step, { minLength: 1, maxLength: 60 });

/** Whatever happened: reference 1.2, 1.6, invariants 1 and 7 of section 6. */
function expectWellFormed(f: LogFixture): void {
  const { log } = f;
  expect(log.logStartOffset).toBeLessThanOrEqual(log.highWatermark);
  expect(log.highWatermark).toBeLessThanOrEqual(log.logEndOffset);
  expect(log.recoveryPoint).toBeLessThanOrEqual(log.logEndOffset);
  const batches = log.batches();
  for (let i = 1; i < batches.length; i++) {
    expect((batches[i] as RecordBatch).baseOffset).toBe((batches[i - 1] as RecordBatch).nextOffset);
  }
  const last = batches.at(-1);
  if (last === undefined) expect(log.logStartOffset).toBe(log.logEndOffset);
  else {
    expect(last.nextOffset).toBe(log.logEndOffset);
    expect(log.lastBatchEpoch).toBe(last.partitionLeaderEpoch);
    expect((batches[0] as RecordBatch).baseOffset).toBeLessThanOrEqual(log.logStartOffset);
  }
  expectEpochsDescribe(f, batches);
}

function expectEpochsDescribe(f: LogFixture, batches: readonly RecordBatch[]): void {
  const entries = f.log.epochs.entries();
  for (let i = 1; i < entries.length; i++) {
    expect(entries[i]?.epoch).toBeGreaterThan(entries[i - 1]?.epoch as number);
    expect(entries[i]?.startOffset).toBeGreaterThan(entries[i - 1]?.startOffset as number);
  }
  expect(entries.at(-1)?.startOffset ?? 0).toBeLessThanOrEqual(f.log.logEndOffset);
  for (const batch of batches) {
    // A log start that was lost leaves batches below the first entry.
    if (batch.baseOffset < (entries[0]?.startOffset ?? 0)) continue;
    expect(f.log.epochs.epochAt(batch.baseOffset)).toBe(batch.partitionLeaderEpoch);
  }
}

class History {
  readonly f = new LogFixture({ segmentBytes: 3 * BATCH_BYTES });
  /** What a log that forgets nothing would hold. */
  model: RecordBatch[] = [];
  epoch = 0;

  run(s: Step): void {
    const { f } = this;
    const { log, node } = f;
    const along = (thousandths: number, from: number, to: number): number =>
      from + Math.floor(((to - from) * thousandths) / 1_000);
    switch (s.do) {
      case "append":
        this.model.push(f.append(s.records, this.epoch));
        break;
      case "new epoch":
        this.epoch += s.by;
        if (s.write) log.assignEpoch(this.epoch, log.logEndOffset);
        break;
      case "truncate":
        log.truncateTo(along(s.permille, log.logStartOffset, log.logEndOffset + 2));
        this.model = this.model.filter((batch) => batch.nextOffset <= log.logEndOffset);
        f.checkpoint();
        break;
      case "restart at":
        log.truncateFullyAndStartAt(Math.max(0, log.logEndOffset + s.ahead));
        this.model = [];
        f.checkpoint();
        break;
      case "high watermark":
        log.updateHighWatermark(along(s.permille, 0, log.logEndOffset + 2));
        break;
      case "log start":
        log.advanceLogStartOffset(along(s.permille, 0, log.logEndOffset));
        break;
      case "flush":
        log.flush();
        break;
      case "fsync ends":
        node.disk.completeFsyncs(1);
        break;
      case "checkpoint":
        f.checkpoint();
        break;
      case "clean":
        f.restartAfterCleanShutdown();
        break;
      case "crash":
        f.restartAfterCrash();
        break;
      case "power loss":
        this.losePower(s);
        break;
    }
  }

  private losePower(s: Step & { readonly do: "power loss" }): void {
    const { f } = this;
    const { recoveryPoint: flushed } = f.log;
    f.restartAfterPowerLoss(s);
    // Everything below the recovery point was on the platter; the rest may be gone, or be older than what was written last.
    expect(f.log.logEndOffset).toBeGreaterThanOrEqual(Math.min(flushed, this.model.at(-1)?.nextOffset ?? 0));
    const survived = this.model.filter((batch) => batch.nextOffset <= flushed);
    this.expectHolds(survived);
    this.model = [...f.log.batches()];
  }

  /** The log holds `batches`, as far as its start lets it. */
  expectHolds(batches: readonly RecordBatch[]): void {
    const { log } = this.f;
    for (const batch of batches)
      if (batch.baseOffset >= log.logStartOffset) expect(log.batchContaining(batch.baseOffset)).toBe(batch);
  }
}

propertyTest.prop([history], { numRuns: 400 })("is well formed at every step, and what was flushed survives", (steps) => {
  const h = new History();
  for (const s of steps) {
    h.run(s);
    expectWellFormed(h.f);
  }
});

propertyTest.prop([history], { numRuns: 200 })("without a loss of power holds exactly what was appended and not cut", (steps) => {
  const h = new History();
  for (const s of steps) {
    if (s.do === "power loss") continue;
    h.run(s);
    h.expectHolds(h.model);
    const start = h.f.log.logStartOffset;
    expect(h.f.log.batches()).toEqual(h.model.filter((batch) => batch.nextOffset > start));
  }
});

propertyTest.prop([history], { numRuns: 100 })("opens the same way twice: recovery leaves nothing to recover", (steps) => {
  const h = new History();
  for (const s of steps) h.run(s);
  h.f.restartAfterPowerLoss();
  const view = (): unknown => [h.f.contents(), h.f.epochs(), h.f.log.logStartOffset, h.f.log.logEndOffset, h.f.log.highWatermark];
  const first = view();
  h.f.restartAfterCrash();
  expect(view()).toEqual(first);
});

propertyTest.prop([
  fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 40 }),
  fc.nat(200),
  fc.nat(200),
  fc.nat(2_000),
])("a read is what a walk over the whole log would find", (sizes, from, upTo, maxBytes) => {
  const f = new LogFixture({ segmentBytes: 3 * BATCH_BYTES });
  for (const size of sizes) f.append(size);
  const expected: RecordBatch[] = [];
  for (const batch of f.log.batches()) {
    if (batch.nextOffset <= from || batch.nextOffset > upTo) continue;
    if (expected.length > 0 && (expected.length + 1) * BATCH_BYTES > maxBytes) break;
    expected.push(batch);
  }
  expect(f.log.read(from, maxBytes, upTo)).toEqual(expected);
});
