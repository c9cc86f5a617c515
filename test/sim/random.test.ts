import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { SimulatorBug } from "../../src/base/assert.ts";
import { RandomStream } from "../../src/sim/random.ts";

function draws(stream: RandomStream, count: number): number[] {
  return Array.from({ length: count }, () => stream.bits());
}

test("the first five draws of a stream are known", () => {
  // A change of this list means that every saved seed has changed its meaning.
  expect(draws(new RandomStream("42", "network/broker-1→broker-2"), 5)).toEqual([
    3392300568, 3395533981, 1080168053, 2819931592, 1251427546,
  ]);
});

test("streams of one seed differ by name, and streams of one name by seed", () => {
  const streams = [
    new RandomStream("1", "network/a→b"),
    new RandomStream("1", "network/b→a"),
    new RandomStream("2", "network/a→b"),
    new RandomStream("11", "network/a→b"),
  ];
  const sequences = streams.map((stream) => draws(stream, 4).join());
  expect(new Set(sequences).size).toBe(streams.length);
});

test("sibling streams don't correlate", () => {
  // One stream per node and run is exactly our use; some generators give siblings whose XOR is zero, or share their first draw.
  const first = Array.from({ length: 2_000 }, (_, i) => new RandomStream(`run:${i}`, "nemesis").bits());
  expect(new Set(first).size).toBe(first.length);
  const buckets = new Array<number>(16).fill(0);
  for (const bits of first) buckets[bits >>> 28] = (buckets[bits >>> 28] ?? 0) + 1;
  // 125 expected per bucket, standard deviation about 11: six of them either way.
  for (const count of buckets) expect(Math.abs(count - 125)).toBeLessThan(66);
});

test("a draw from one stream never changes another", () => {
  const lonely = draws(new RandomStream("7", "client/checkout"), 10);
  const busy = new RandomStream("7", "nemesis");
  const checkout = new RandomStream("7", "client/checkout");
  const mixed = Array.from({ length: 10 }, () => {
    draws(busy, 3);
    return checkout.bits();
  });
  expect(mixed).toEqual(lonely);
});

property.prop({ seed: fc.string(), name: fc.string(), before: fc.nat(50) })(
  "a copy goes on exactly where the original is, and neither disturbs the other",
  ({ seed, name, before }) => {
    const original = new RandomStream(seed, name);
    draws(original, before);
    const copy = original.copyForFork();
    const ahead = draws(copy, 20);
    expect(draws(original, 20)).toEqual(ahead);
  },
);

property.prop({ seed: fc.string(), bound: fc.integer({ min: 1, max: 2 ** 32 }) })(
  "below(bound) stays below and is an integer",
  ({ seed, bound }) => {
    const stream = new RandomStream(seed, "bounds");
    for (let i = 0; i < 50; i++) {
      const drawn = stream.below(bound);
      expect(Number.isInteger(drawn) && drawn >= 0 && drawn < bound).toBe(true);
    }
  },
);

test("every value of a small range is drawn, both ends included", () => {
  const stream = new RandomStream("1", "range");
  const drawn = new Set(Array.from({ length: 300 }, () => stream.between(-2, 3)));
  expect([...drawn].sort((x, y) => x - y)).toEqual([-2, -1, 0, 1, 2, 3]);
});

test("a chance of none never hits, a chance of all always does", () => {
  const stream = new RandomStream("1", "chance");
  for (let i = 0; i < 100; i++) {
    expect(stream.chance(0, 10)).toBe(false);
    expect(stream.chance(10, 10)).toBe(true);
  }
});

test("a shuffle keeps every item and leaves the list alone; a pick is one of them", () => {
  const stream = new RandomStream("1", "shuffle");
  const items = ["a", "b", "c", "d", "e"];
  const orders = new Set(Array.from({ length: 200 }, () => stream.shuffled(items).join("")));
  for (const order of orders) expect([...order].sort()).toEqual(items);
  expect(orders.size).toBeGreaterThan(50);
  expect(items.join("")).toBe("abcde");
  expect(items).toContain(stream.pick(items));
});

test("a senseless request is our bug", () => {
  const stream = new RandomStream("1", "bug");
  for (const bound of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1]) expect(() => stream.below(bound)).toThrow(SimulatorBug);
  expect(() => stream.pick([])).toThrow(SimulatorBug);
  expect(() => stream.between(3, 1)).toThrow(SimulatorBug);
});
