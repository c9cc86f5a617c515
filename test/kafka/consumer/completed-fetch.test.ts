import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { expect, test } from "vitest";
import { AssignedPartition } from "../../../src/kafka/consumer/assigned-partition.ts";
import { CompletedFetch, recordsOf } from "../../../src/kafka/consumer/completed-fetch.ts";
import { type KafkaRecord, RecordBatch } from "../../../src/kafka/records.ts";

function record(sequence: number): KafkaRecord {
  return { key: null, value: null, timestamp: 0, origin: { client: "checkout", sequence } };
}

/** A batch that spans the given offsets; compaction has left those of `kept`. */
function batch(
  from: number,
  to: number,
  options: { epoch?: number; kept?: readonly number[]; isControl?: boolean } = {},
): RecordBatch {
  const { epoch = 0, kept, isControl = false } = options;
  const produced = Array.from({ length: to - from }, (_, index) => record(from + index));
  const header = { baseOffset: from, partitionLeaderEpoch: epoch, sizeInBytes: 100, isControl };
  if (kept === undefined) return new RecordBatch(header, produced);
  const offsetDeltas = kept.map((offset) => offset - from);
  const records = offsetDeltas.map((delta) => produced[delta] as KafkaRecord);
  return new RecordBatch(header, records, { offsetDeltas, produced, deleteHorizonMs: -1 });
}

function fetched(records: readonly RecordBatch[], from = records[0]?.baseOffset ?? 0): CompletedFetch {
  const answer = { partitionIndex: 0, errorCode: "NONE" as const, highWatermark: 100, logStartOffset: 0, records };
  return new CompletedFetch(new AssignedPartition("orders", 0), from, 1, answer);
}

/** What each take gives, as `position→next epoch: offsets`, until it is drained. */
function pieces(fetch: CompletedFetch, max: number): string[] {
  const taken: string[] = [];
  while (!fetch.drained) {
    const piece = fetch.take(max);
    const { offsets } = recordsOf(piece);
    taken.push(`${piece.position}→${piece.nextPosition} e${piece.leaderEpoch}: ${offsets.join(" ")}`);
  }
  return taken;
}

test("a poll takes a part of a batch, the next goes on within it (max.poll.records, CompletedFetch.fetchRecords)", () => {
  expect(pieces(fetched([batch(0, 5), batch(5, 7, { epoch: 1 })]), 3)).toEqual(["0→3 e0: 0 1 2", "3→6 e1: 3 4 5", "6→7 e1: 6"]);
});

test("a fetch that gave exactly as many records as were wanted is found drained only by the next poll", () => {
  const fetch = fetched([batch(0, 2)]);
  expect([fetch.take(2).count, fetch.drained]).toEqual([2, false]);
  expect([fetch.take(2).count, fetch.drained]).toEqual([0, true]);
});

test("a fetch that begins in the middle of a batch skips what lies before", () => {
  expect(pieces(fetched([batch(10, 15)], 13), 500)).toEqual(["13→15 e0: 13 14"]);
});

test("records keep the offsets that compaction has left them, and the position goes behind the whole batch", () => {
  expect(pieces(fetched([batch(0, 10, { kept: [2, 7] }), batch(10, 12, { kept: [] })]), 500)).toEqual(["0→12 e0: 2 7"]);
});

test("a poll that ends with the last record left of a batch ends behind that record, the next behind the batch", () => {
  expect(pieces(fetched([batch(0, 10, { kept: [2, 7] })]), 2)).toEqual(["0→8 e0: 2 7", "8→10 e0: "]);
});

test("control batches are not handed over, but the position moves past them", () => {
  expect(pieces(fetched([batch(0, 2), batch(2, 3, { isControl: true, epoch: 1 })]), 500)).toEqual(["0→3 e1: 0 1"]);
});

const layout = fc.array(
  fc.record({
    length: fc.integer({ min: 1, max: 6 }),
    kept: fc.option(fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), { nil: undefined }),
    isControl: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);

property.prop([layout, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 5 })])(
  "whatever is taken at once, in all it is every record once, in order, and never more than wanted",
  (shapes, max, skipped) => {
    const batches: RecordBatch[] = [];
    let end = 0;
    for (const { length, kept, isControl } of shapes) {
      const offsets = Array.from({ length }, (_, index) => end + index).filter((_, index) => kept?.[index] ?? true);
      batches.push(
        isControl || kept === undefined ? batch(end, end + length, { isControl }) : batch(end, end + length, { kept: offsets }),
      );
      end += length;
    }
    const from = Math.min(skipped, (batches[0] as RecordBatch).nextOffset - 1);
    const fetch = fetched(batches, from);
    const read: number[] = [];
    let position = from;
    for (let i = 0; !fetch.drained; i++) {
      expect(i).toBeLessThanOrEqual(end + 1);
      const piece = fetch.take(max);
      const { records, offsets } = recordsOf(piece);
      expect(piece.position).toBe(position);
      expect(piece.count).toBe(records.length);
      expect(records.length).toBeLessThanOrEqual(max);
      expect(records.map(({ origin }) => origin.sequence)).toEqual(offsets);
      expect(piece.batches.every(({ isControl }) => !isControl)).toBe(true);
      position = piece.nextPosition;
      read.push(...offsets);
    }
    const all = batches.flatMap((each) => (each.isControl ? [] : each.records.map((_, index) => each.offsetAt(index))));
    expect(read).toEqual(all.filter((offset) => offset >= from));
    expect(position).toBe(end);
  },
);
