/** Quantities as people write them. */
import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  durationText,
  readBandwidth,
  readBounds,
  readDistribution,
  readDrift,
  readDuration,
  readDurationBounds,
  readRate,
  readSeed,
  readShare,
  readSize,
} from "../../src/scenario/quantities.ts";

function value<T>(reading: { readonly ok: boolean; readonly value?: T }): T | undefined {
  return reading.ok ? reading.value : undefined;
}

describe("a duration", () => {
  test.each([
    ["0", 0],
    ["5s", 5_000_000],
    ["1.5ms", 1_500],
    ["250us", 250],
    ["250µs", 250],
    ["2m", 120_000_000],
    ["1m30s", 90_000_000],
    ["1h", 3_600_000_000],
    ["5 s", 5_000_000],
  ])("%s", (text, us) => {
    expect(readDuration(text)).toEqual({ ok: true, value: us });
  });

  test("is taken as written, without a detour over a float", () => {
    expect(value(readDuration("0.3ms"))).toBe(300);
    expect(value(readDuration("1.005s"))).toBe(1_005_000);
  });

  test("needs its unit, and may be negative only where that means something", () => {
    expect(readDuration("5")).toMatchObject({ ok: false, message: "5 of what?" });
    expect(readDuration("5 seconds")).toMatchObject({ ok: false, hint: "write 5s" });
    expect(readDuration("-5s").ok).toBe(false);
    expect(value(readDuration("-5s", "signed"))).toBe(-5_000_000);
    expect(readDuration("").ok || readDuration("s").ok || readDuration("1s2").ok).toBe(false);
  });

  property.prop([fc.nat({ max: 1e12 })])("is read back as it was shown", (us) => {
    expect(value(readDuration(durationText(us)))).toBe(us);
  });
});

test("a range is drawn from evenly; a single duration is no range", () => {
  expect(value(readDistribution("0.2ms..2ms"))).toEqual({ kind: "uniform", low: 200, high: 2_000 });
  expect(value(readDistribution("1ms"))).toEqual({ kind: "constant", us: 1_000 });
  expect(readDistribution("2ms..1ms")).toMatchObject({ ok: false, hint: "write 1ms..2ms" });
});

test("a rate is exact: so many records in so much time", () => {
  expect(value(readRate("100/s"))).toEqual({ records: 100, perUs: 1_000_000 });
  expect(value(readRate("1.5/s"))).toEqual({ records: 15, perUs: 10_000_000 });
  expect(value(readRate("1/250ms"))).toEqual({ records: 1, perUs: 250_000 });
  expect(value(readRate("10_000/min"))).toEqual({ records: 10_000, perUs: 60_000_000 });
  for (const text of ["100", "0/s", "1/0s", "fast", "9e9/s", "2000000/s"]) expect(readRate(text).ok).toBe(false);
});

test("sizes, bandwidths, drifts and shares carry their units", () => {
  expect(value(readSize("64KiB"))).toBe(65_536);
  expect(value(readSize("1.5GB"))).toBe(1_500_000_000);
  expect(value(readBandwidth("1Gbit/s"))).toBe(125_000_000);
  expect(value(readBandwidth("10MB/s"))).toBe(10_000_000);
  expect(value(readDrift("100ppm"))).toBe(100);
  expect(value(readDrift("-0.1%"))).toBe(-1_000);
  expect(readDrift("100%").ok).toBe(false);
  expect(value(readShare("0.5%"))).toBe(5_000);
  expect(readShare("101%").ok || readShare("-1%").ok).toBe(false);
});

test("bounds include both ends", () => {
  expect(value(readBounds("0"))).toEqual({ min: 0, max: 0 });
  expect(value(readBounds(">0"))).toEqual({ min: 1, max: undefined });
  expect(value(readBounds("<=5"))).toEqual({ min: 0, max: 5 });
  expect(value(readBounds("<5"))).toEqual({ min: 0, max: 4 });
  expect(value(readBounds("1..5"))).toEqual({ min: 1, max: 5 });
  expect(value(readBounds("10.."))).toEqual({ min: 10, max: undefined });
  for (const text of ["..", "5..1", "<0", "-1", "many"]) expect(readBounds(text).ok).toBe(false);
  expect(value(readDurationBounds("30s..45s"))).toEqual({ min: 30_000_000, max: 45_000_000 });
  expect(value(readDurationBounds("<10s"))).toEqual({ min: 0, max: 9_999_999 });
});

test("a seed is a whole number that a double holds exactly", () => {
  expect(value(readSeed("42"))).toBe(42);
  for (const text of ["abc", "-1", "1.5", "", "99999999999999999999"]) expect(readSeed(text).ok).toBe(false);
});
