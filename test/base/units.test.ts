import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { ms, seconds } from "../../src/base/units.ts";

test("a millisecond is a thousand microseconds, a second a million", () => {
  expect(ms(30_000)).toBe(30_000_000);
  expect(seconds(2.5)).toBe(2_500_000);
});

property.prop({ value: fc.double({ min: 0, max: 1e6, noNaN: true }) })("durations are whole microseconds", ({ value }) => {
  expect(Number.isSafeInteger(ms(value))).toBe(true);
  expect(Number.isSafeInteger(seconds(value))).toBe(true);
});
