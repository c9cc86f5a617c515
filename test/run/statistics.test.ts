/** What many runs say together. */
import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { neverMeansBelow, quantilesOf } from "../../src/run/statistics.ts";

describe("a quantile", () => {
  test("is the value that so many do not exceed: one of them, not a mean of two", () => {
    expect(quantilesOf([4, 1, 3, 2])).toEqual({ min: 1, p5: 1, p25: 1, p50: 2, p75: 3, p95: 4, max: 4 });
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(quantilesOf(hundred)).toEqual({ min: 1, p5: 5, p25: 25, p50: 50, p75: 75, p95: 95, max: 100 });
  });

  test("of twenty is the nineteenth at 95 %: 0.95 × 20 is more than 19 in floating point", () => {
    expect(quantilesOf(Array.from({ length: 20 }, (_, i) => i + 1))?.p95).toBe(19);
  });

  test("of one value is that value, and of none is none", () => {
    expect(quantilesOf([7])).toEqual({ min: 7, p5: 7, p25: 7, p50: 7, p75: 7, p95: 7, max: 7 });
    expect(quantilesOf([])).toBeUndefined();
  });

  test("counts what never came as later than everything", () => {
    const never = Number.POSITIVE_INFINITY;
    expect(quantilesOf([never, 3, never, 1, 2])).toMatchObject({ min: 1, p50: 3, p75: never, max: never });
    expect(quantilesOf([never, never])).toMatchObject({ min: never, max: never });
  });

  property.prop([fc.array(fc.integer(), { minLength: 1 })])("has at least its share of the values at or below it", (values) => {
    const found = quantilesOf(values);
    const shares = { min: 0, p5: 0.05, p25: 0.25, p50: 0.5, p75: 0.75, p95: 0.95, max: 1 };
    for (const [name, share] of Object.entries(shares)) {
      const value = found?.[name as keyof typeof shares] as number;
      expect(values).toContain(value);
      expect(values.filter((each) => each <= value).length).toBeGreaterThanOrEqual(Math.floor(share * values.length));
      // And no smaller value has.
      expect(values.filter((each) => each < value).length / values.length).toBeLessThanOrEqual(share);
    }
  });
});

describe("what never happened in n runs", () => {
  test("happens in fewer than 3 / n of all runs, with 95 % confidence, where n is large (the rule of three)", () => {
    expect(neverMeansBelow(200)).toBeCloseTo(3 / 200, 3);
    expect(neverMeansBelow(10_000) / (3 / 10_000)).toBeCloseTo(1, 2);
  });

  test.each([1, 3, 20, 200])("with n = %i: at that very share one in twenty such series shows nothing", (runs) => {
    expect((1 - neverMeansBelow(runs)) ** runs).toBeCloseTo(0.05, 10);
    // The rule of three is on the safe side.
    expect(neverMeansBelow(runs)).toBeLessThan(3 / runs);
  });

  test("says nothing if there was no run", () => {
    expect(neverMeansBelow(0)).toBe(1);
  });
});
