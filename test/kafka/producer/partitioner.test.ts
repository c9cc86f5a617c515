import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { partitionerOf, partitionOfKey, weightedIndex } from "../../../src/kafka/producer/partitioner.ts";
import { RandomStream } from "../../../src/sim/random.ts";
import { producerConfig } from "../client/scripted-cluster.ts";

const utf8 = new TextEncoder();

/** A topic of `count` partitions; those in `available` have a leader; `queues` are batches that wait. */
function partitioner(options: {
  count: number;
  available?: number[];
  queues?: number[];
  config?: Parameters<typeof producerConfig>[0];
}) {
  const { count, available = [...Array(count).keys()], queues = [] } = options;
  return partitionerOf({
    config: producerConfig(options.config),
    directory: { partitionCount: () => count, availablePartitions: () => available },
    queues: { queueLength: (_topic, partition) => queues[partition] ?? 0 },
    random: new RandomStream("seed", "partitioner"),
  });
}

property.prop([fc.string(), fc.integer({ min: 1, max: 50 }), fc.array(fc.nat(49), { maxLength: 10 })])(
  "a key keeps its partition while leaders come and go",
  (text, count, led) => {
    // Over the available partitions only, a key would move with every failover, and lose its order.
    const available = [...new Set(led.filter((partition) => partition < count))].sort((a, b) => a - b);
    const key = utf8.encode(text);
    expect(partitioner({ count, available }).partitionFor("orders", key)).toBe(partitionOfKey(key, count));
  },
);

test("without keys the built-in partitioner stays until batch.size bytes have gone to a partition, and switches at a batch's end", () => {
  const p = partitioner({ count: 1000, config: { "batch.size": 100 } });
  const first = p.partitionFor("orders", null);
  p.onAppended("orders", null, 99, true);
  expect(p.partitionFor("orders", null)).toBe(first);
  p.onAppended("orders", null, 1, false);
  expect(p.partitionFor("orders", null)).toBe(first);
  p.onAppended("orders", null, 1, true);
  expect(p.partitionFor("orders", null)).not.toBe(first);
});

test("at twice batch.size it switches even in the middle of a batch", () => {
  const p = partitioner({ count: 1000, config: { "batch.size": 100 } });
  const first = p.partitionFor("orders", null);
  p.onAppended("orders", null, 199, false);
  expect(p.partitionFor("orders", null)).toBe(first);
  p.onAppended("orders", null, 1, false);
  expect(p.partitionFor("orders", null)).not.toBe(first);
});

test("records with keys do not move the sticky partition", () => {
  const p = partitioner({ count: 1000, config: { "batch.size": 100 } });
  const first = p.partitionFor("orders", null);
  p.onAppended("orders", utf8.encode("k"), 1_000, true);
  expect(p.partitionFor("orders", null)).toBe(first);
});

test("the built-in partitioner avoids partitions without a leader, unless none has one", () => {
  const led = partitioner({ count: 10, available: [3, 7], config: { "batch.size": 1 } });
  const unled = partitioner({ count: 10, available: [], config: { "batch.size": 1 } });
  const seen = { led: new Set<number>(), unled: new Set<number>() };
  for (let i = 0; i < 200; i++) {
    seen.led.add(led.partitionFor("orders", null));
    seen.unled.add(unled.partitionFor("orders", null));
    led.onAppended("orders", null, 100, true);
    unled.onAppended("orders", null, 100, true);
  }
  expect([...seen.led].sort()).toEqual([3, 7]);
  expect(seen.unled.size).toBe(10);
});

test("a short queue is preferred in proportion to how much shorter it is (KIP-794)", () => {
  // Queues 0, 3, 1: weights 4, 1, 3, so of 8000 draws about 4000, 1000 and 3000. The slack is over four standard deviations.
  const random = new RandomStream("seed", "weights");
  const draws = Array.from({ length: 8_000 }, () => weightedIndex([0, 3, 1], random));
  for (const [index, expected] of [4_000, 1_000, 3_000].entries()) {
    expect(Math.abs(draws.filter((drawn) => drawn === index).length - expected)).toBeLessThan(200);
  }
});

test("without adaptive partitioning queue lengths count for nothing", () => {
  const config = { "batch.size": 1, "partitioner.adaptive.partitioning.enable": false };
  const p = partitioner({ count: 2, queues: [1_000_000, 0], config });
  let toTheLongQueue = 0;
  for (let i = 0; i < 200; i++) {
    if (p.partitionFor("orders", null) === 0) toTheLongQueue++;
    p.onAppended("orders", null, 100, true);
  }
  expect(toTheLongQueue).toBeGreaterThan(50);
});

property.prop([fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 100 })])(
  "RoundRobinPartitioner spreads records over the available partitions to within one, keyed ones too",
  (count, records) => {
    const p = partitioner({ count, config: { "partitioner.class": "RoundRobinPartitioner" } });
    const sent = Array.from({ length: records }, () => p.partitionFor("orders", utf8.encode("same")));
    const shares = Array.from({ length: count }, (_, partition) => sent.filter((each) => each === partition).length);
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
  },
);

test("UniformStickyPartitioner stays until a batch begins, then takes a different available partition (KIP-480)", () => {
  const p = partitioner({ count: 5, available: [1, 2, 4], config: { "partitioner.class": "UniformStickyPartitioner" } });
  for (let i = 0; i < 50; i++) {
    const before = p.partitionFor("orders", utf8.encode(String(i)));
    expect(p.partitionFor("orders", null)).toBe(before);
    const after = p.onNewBatch("orders", before);
    expect(after).not.toBe(before);
    expect([1, 2, 4]).toContain(after);
    expect(p.partitionFor("orders", null)).toBe(after);
  }
});

test("with partitioner.ignore.keys a key decides nothing", () => {
  const p = partitioner({ count: 1000, config: { "partitioner.ignore.keys": true } });
  expect(p.partitionFor("orders", utf8.encode("a"))).toBe(p.partitionFor("orders", utf8.encode("b")));
});
