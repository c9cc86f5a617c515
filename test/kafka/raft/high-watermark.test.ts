import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { highWatermarkOf, preferredSuccessors } from "../../../src/kafka/raft/high-watermark.ts";

const voters = (...ends: number[]) => ends.map((endOffset, i) => ({ id: i + 1, endOffset }));

/** In an epoch that starts at 0, with nothing committed before. */
const committed = (...ends: number[]): number =>
  highWatermarkOf({ voters: voters(...ends), epochStartOffset: 0, current: -1, requiresEpochStart: ">" });

describe("the high watermark is what a majority has, the leader counted (LeaderState.maybeUpdateHighWatermark)", () => {
  test.each([
    { ends: [7], is: 7 },
    { ends: [7, 5], is: 5 },
    { ends: [7, 5, 3], is: 5 },
    { ends: [3, 5, 7], is: 5 },
    // Of four voters three are a majority: floor(4/2) counted from the top.
    { ends: [9, 7, 5, 3], is: 5 },
    { ends: [9, 8, 7, 6, 5], is: 7 },
    // A voter that has not fetched in this epoch counts for nothing.
    { ends: [7, -1, -1], is: -1 },
    { ends: [7, -1, 6], is: 6 },
  ])("$ends: $is", ({ ends, is }) => {
    expect(committed(...ends)).toBe(is);
  });

  test("it never decreases, whatever a voter has lost", () => {
    expect(highWatermarkOf({ voters: voters(7, 2, 2), epochStartOffset: 0, current: 5, requiresEpochStart: ">" })).toBe(5);
  });
});

describe("a leader commits records of earlier epochs only with one of its own (KAFKA-12619)", () => {
  // kafka-12619-commit-before-leader-change-record, step 3: LeaderChange(e3) is at 2, X of e1 at 1 has just reached a majority.
  const schedule = { voters: voters(3, 2, 2, 1, 1), epochStartOffset: 2, current: -1 };

  test("the epoch's start on a majority is not enough: its LeaderChange is not there yet", () => {
    expect(highWatermarkOf({ ...schedule, requiresEpochStart: ">" })).toBe(-1);
  });

  test("with the dial turned back, X would be exposed", () => {
    expect(highWatermarkOf({ ...schedule, requiresEpochStart: ">=" })).toBe(2);
  });

  test("once the LeaderChange is on a majority, everything below is committed", () => {
    expect(highWatermarkOf({ ...schedule, voters: voters(3, 3, 3, 1, 1), requiresEpochStart: ">" })).toBe(3);
  });
});

test("a resigning leader recommends the most advanced voters first; level ones by id, strangers last", () => {
  expect(preferredSuccessors(voters(9, 4, 7, -1, 7), 1)).toEqual([3, 5, 2, 4]);
});

property.prop([fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 7 })])(
  "what is committed is on a majority, and nothing more is",
  (ends) => {
    const highWatermark = committed(...ends);
    const holders = (offset: number): number => ends.filter((end) => end >= offset).length;
    const majority = Math.floor(ends.length / 2) + 1;
    if (highWatermark > 0) expect(holders(highWatermark)).toBeGreaterThanOrEqual(majority);
    expect(holders(Math.max(0, highWatermark) + 1)).toBeLessThan(majority);
  },
);
