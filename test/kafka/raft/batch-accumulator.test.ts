import { expect, test } from "vitest";
import { ms } from "../../../src/base/units.ts";
import type { MetadataRecord } from "../../../src/kafka/metadata/records.ts";
import { BatchAccumulator } from "../../../src/kafka/raft/batch-accumulator.ts";

const LINGER = ms(25);
const noOps = (count: number): MetadataRecord[] => Array.from({ length: count }, () => ({ type: "NoOp" }));
const inEpoch7From100 = (): BatchAccumulator => new BatchAccumulator(7, 100, LINGER);

test("offsets are given at once, the write waits 25 ms from the first record on", () => {
  const accumulator = inEpoch7From100();
  expect(accumulator.drainAt).toBe(Number.POSITIVE_INFINITY);
  expect(accumulator.append(noOps(2), ms(1_000))).toBe(101);
  expect(accumulator.append(noOps(1), ms(1_010))).toBe(102);
  // The second append does not push the first one's write back.
  expect(accumulator.drainAt).toBe(ms(1_025));
});

test("what gathers in the meantime is one batch, in the order of the appends", () => {
  const accumulator = inEpoch7From100();
  accumulator.append(noOps(2), 0);
  accumulator.append([{ type: "UnregisterBroker", brokerId: 1, brokerEpoch: 5 }], 10);
  const [batch, ...others] = accumulator.drain();
  expect(others).toEqual([]);
  expect([batch?.baseOffset, batch?.lastOffset, batch?.partitionLeaderEpoch]).toEqual([100, 102, 7]);
  expect(batch?.records.at(-1)?.type).toBe("UnregisterBroker");
  expect(accumulator.drainAt).toBe(Number.POSITIVE_INFINITY);
});

test("LeaderChange has a control batch of its own and does not wait", () => {
  const accumulator = inEpoch7From100();
  accumulator.append(noOps(1), 0);
  accumulator.appendControl({ type: "LeaderChange", leaderId: 1, voters: [1, 2, 3] }, ms(3));
  accumulator.append(noOps(1), ms(4));
  expect(accumulator.drainAt).toBe(ms(3));
  const batches = accumulator.drain();
  expect(batches.map((batch) => [batch.baseOffset, batch.isControl])).toEqual([
    [100, false],
    [101, true],
    [102, false],
  ]);
});

test("records of one call are never spread over two batches", () => {
  const accumulator = inEpoch7From100();
  accumulator.append(noOps(100_000), 0);
  accumulator.append(noOps(50_000), 5);
  // Together they are above 8 MiB: the first batch is complete, and is not kept waiting.
  expect(accumulator.drainAt).toBe(5);
  expect(accumulator.drain().map((batch) => batch.records.length)).toEqual([100_000, 50_000]);
});
