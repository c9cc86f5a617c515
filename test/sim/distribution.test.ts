import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { SimulatorBug } from "../../src/base/assert.ts";
import { constant, type Distribution, uniform } from "../../src/sim/distribution.ts";
import { RandomStream } from "../../src/sim/random.ts";

function sample(distribution: Distribution, count: number): number[] {
  const stream = new RandomStream("1", "sample");
  return Array.from({ length: count }, () => stream.draw(distribution));
}

test("a constant draws nothing from its stream", () => {
  const stream = new RandomStream("1", "latency");
  expect(stream.draw(constant(250))).toBe(250);
  expect(stream.bits()).toBe(new RandomStream("1", "latency").bits());
});

test("a uniform duration reaches both of its ends", () => {
  expect(new Set(sample(uniform(3, 5), 200))).toEqual(new Set([3, 4, 5]));
  expect(uniform(4, 4)).toEqual(constant(4));
  expect(() => uniform(5, 4)).toThrow(SimulatorBug);
});

test("of a tailed duration half lies below the median and one in a hundred above the p99", () => {
  const drawn = sample({ kind: "tailed", low: 100, median: 200, p99: 1_000, max: 50_000 }, 20_000);
  // 10 000 and 200 expected, standard deviations about 71 and 14: five of them either way.
  expect(Math.abs(drawn.filter((us) => us <= 200).length - 10_000)).toBeLessThan(355 + 20_000 / 1_600);
  expect(Math.abs(drawn.filter((us) => us > 1_000).length - 200)).toBeLessThan(70);
});

const points = fc.array(fc.nat(1_000_000), { minLength: 4, maxLength: 4 }).map((values) => values.sort((x, y) => x - y));

property.prop({ points, seed: fc.string() })("every draw is a whole number between the ends", ({ points, seed }) => {
  const [low = 0, median = 0, p99 = 0, max = 0] = points;
  const stream = new RandomStream(seed, "draws");
  for (const distribution of [uniform(low, max), { kind: "tailed", low, median, p99, max } as const]) {
    const drawn = stream.draw(distribution);
    expect(Number.isInteger(drawn) && drawn >= low && drawn <= max).toBe(true);
  }
});
