import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import type { Offset } from "../../../src/kafka/ids.ts";
import { cleanLog, dirtyRatio } from "../../../src/kafka/log/log-cleaning.ts";
import { type KafkaRecord, unstampedBatch } from "../../../src/kafka/records.ts";
import { LogFixture } from "./log-fixture.ts";

type Written = readonly [key: string, value: string | null];

const NOW = { nowMs: 1_000, deleteRetentionMs: 500 };

class CompactedFixture extends LogFixture {
  private sequence = 0;

  constructor() {
    super({ segmentBytes: 150, compacts: true });
  }

  /** One batch, committed. */
  write(...written: readonly Written[]): this {
    const { error } = this.log.appendAsLeader(unstampedBatch(written.map((each) => this.record(...each))), 0);
    expect(error).toBe("NONE");
    this.log.updateHighWatermark(this.log.logEndOffset);
    return this;
  }

  record(key: string | null, value: string | null): KafkaRecord {
    const bytes = (text: string | null): Uint8Array | null => (text === null ? null : new TextEncoder().encode(text));
    return { key: bytes(key), value: bytes(value), timestamp: 0, origin: { client: "checkout", sequence: this.sequence++ } };
  }

  /** `3:a=x`: what is there, with its offset. */
  content(): string[] {
    return this.log.batches().flatMap((batch) =>
      batch.records.map((record, i) => {
        const text = (bytes: Uint8Array | null): string => (bytes === null ? "-" : new TextDecoder().decode(bytes));
        return `${batch.offsetAt(i)}:${text(record.key)}=${text(record.value)}`;
      }),
    );
  }
}

describe("compaction (1.5)", () => {
  test("of each key the newest record stays, at its offset, and the log goes on as before", () => {
    const fixture = new CompactedFixture().write(["a", "1"], ["b", "1"]).write(["a", "2"]).write(["c", "1"]).write(["a", "3"]);
    const end = fixture.log.logEndOffset;
    const cleaned = cleanLog(fixture.log, 0, NOW);
    expect(fixture.content()).toEqual(["1:b=1", "2:a=2", "3:c=1", "4:a=3"]);
    expect(cleaned?.removedRecords).toBe(1);
    expect(fixture.log.logEndOffset).toBe(end);
    fixture.write(["d", "1"]);
    expect(fixture.content().at(-1)).toBe("5:d=1");
  });

  test("the active segment is left alone, and so is what is not committed", () => {
    const fixture = new CompactedFixture().write(["a", "1"]).write(["a", "2"]).write(["a", "3"]).write(["a", "4"]);
    fixture.log.updateHighWatermark(1);
    cleanLog(fixture.log, 0, NOW);
    expect(fixture.content()).toHaveLength(4);
    fixture.log.updateHighWatermark(4);
    cleanLog(fixture.log, 0, NOW);
    expect(fixture.content()).toEqual(["1:a=2", "2:a=3", "3:a=4"]);
  });

  test("a tombstone outlives its first cleaning by delete.retention.ms", () => {
    const fixture = new CompactedFixture().write(["a", "1"]).write(["a", null]).write(["b", "1"]).write(["c", "1"]);
    cleanLog(fixture.log, 0, { nowMs: 1_000, deleteRetentionMs: 500 });
    expect(fixture.content()).toContain("1:a=-");
    cleanLog(fixture.log, 0, { nowMs: 1_400, deleteRetentionMs: 500 });
    expect(fixture.content()).toContain("1:a=-");
    cleanLog(fixture.log, 0, { nowMs: 1_500, deleteRetentionMs: 500 });
    expect(fixture.content()).not.toContain("1:a=-");
  });

  test("a follower takes what compaction has left, and has the same offsets", () => {
    const leader = new CompactedFixture().write(["a", "1"]).write(["a", "2"]).write(["b", "1"]).write(["b", "2"]);
    cleanLog(leader.log, 0, NOW);
    const follower = new CompactedFixture();
    for (const batch of leader.log.batches()) expect(follower.log.appendAsFollower(batch)).toBe("NONE");
    expect(follower.content()).toEqual(leader.content());
    expect(follower.log.logEndOffset).toBe(leader.log.logEndOffset);
  });

  test("a crash and a power loss leave a cleaned segment as it is", () => {
    const fixture = new CompactedFixture().write(["a", "1"]).write(["a", "2"]).write(["b", "1"]).write(["b", "2"]);
    fixture.flushAll();
    cleanLog(fixture.log, 0, NOW);
    const content = fixture.content();
    fixture.restartAfterCrash();
    expect(fixture.content()).toEqual(content);
    fixture.restartAfterPowerLoss();
    expect(fixture.content()).toEqual(content);
  });

  test("a record without a key has no place in a compacted topic (INVALID_RECORD)", () => {
    const fixture = new CompactedFixture();
    expect(fixture.log.appendAsLeader(unstampedBatch([fixture.record(null, "1")]), 0).error).toBe("INVALID_RECORD");
  });

  test("what has been cleaned is not dirty", () => {
    const fixture = new CompactedFixture().write(["a", "1"]).write(["a", "2"]).write(["a", "3"]).write(["a", "4"]);
    expect(dirtyRatio(fixture.log, 0)).toBe(1);
    const cleaned = cleanLog(fixture.log, 0, NOW);
    expect(dirtyRatio(fixture.log, cleaned?.cleanTo ?? 0)).toBe(0);
  });

  const KEY = fc.constantFrom("a", "b", "c", "d");
  const VALUE = fc.option(fc.constantFrom("1", "2", "3"), { nil: null });
  const BATCHES = fc.array(fc.array(fc.tuple(KEY, VALUE), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 20 });

  property.prop([BATCHES, fc.array(fc.nat(19), { maxLength: 3 })])(
    "however often the cleaner comes by, a reader of the whole log ends up with the same values, and offsets only vanish",
    (batches, passes) => {
      const fixture = new CompactedFixture();
      const written: string[] = [];
      const values = new Map<string, string | null>();
      let firstDirty: Offset = 0;
      for (const [i, batch] of batches.entries()) {
        fixture.write(...batch);
        for (const [key, value] of batch) {
          written.push(`${written.length}:${key}=${value ?? "-"}`);
          values.set(key, value);
        }
        if (!passes.includes(i)) continue;
        firstDirty = cleanLog(fixture.log, firstDirty, { nowMs: i * 100, deleteRetentionMs: 500 })?.cleanTo ?? firstDirty;
      }
      const left = fixture.content();
      expect(written.filter((each) => left.includes(each))).toEqual(left);
      const read = new Map<string, string>();
      for (const each of left) read.set(each.split(/[:=]/)[1] as string, each.split("=")[1] as string);
      for (const [key, value] of values) expect(read.get(key) ?? "-").toBe(value ?? "-");
    },
  );
});
