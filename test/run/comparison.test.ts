/** One row of a comparison: what one setting comes to over all seeds. */
import { expect, test } from "vitest";
import { comparedRow, measuresOf } from "../../src/run/comparison.ts";
import type { RunResult } from "../../src/run/result.ts";
import { AS_EXPECTED, UNEXPECTED } from "../report/reports.ts";

const SETTINGS = [{ key: "acks", value: "1" }];

function run(change: Partial<RunResult>): RunResult {
  return { ...AS_EXPECTED, ...change };
}

function outage(us: number): RunResult["longestOutage"] {
  return { client: "checkout", fromUs: 1_000, toUs: 1_000 + us };
}

test("unavailable is the longest outage of each run: 0 if nobody ever waited", () => {
  const { measures } = comparedRow(SETTINGS, undefined, [
    run({ longestOutage: outage(30) }),
    run({ longestOutage: undefined }),
    run({ longestOutage: outage(50) }),
  ]);
  expect(measures.unavailable).toMatchObject({ min: 0, p50: 30, max: 50 });
});

test("that the ISR was never full again is later than any time; runs without a fault have none", () => {
  const after = (fullIsrAfterUs: number | null | undefined): RunResult => run({ recovery: { elections: 0, fullIsrAfterUs } });
  const { measures } = comparedRow(SETTINGS, undefined, [after(null), after(7), after(undefined), after(0)]);
  expect(measures.fullIsrAfter).toMatchObject({ min: 0, p50: 7, max: Number.POSITIVE_INFINITY });
  expect(comparedRow(SETTINGS, undefined, [after(undefined)]).measures.fullIsrAfter).toBeUndefined();
  expect(measuresOf(after(undefined)).fullIsrAfter).toBeUndefined();
});

test("the four numbers are each run's own; a loss in one run of many is not lost in the middle", () => {
  const loses = run({ records: { ...AS_EXPECTED.records, lost: 12, duplicated: 3 } });
  const { measures, runsWithLoss } = comparedRow(SETTINGS, undefined, [AS_EXPECTED, loses, AS_EXPECTED]);
  expect([measures.lost?.p50, measures.lost?.max, measures.duplicated?.max, runsWithLoss]).toEqual([0, 12, 3, 1]);
});

test("a run that did not get to its end is not counted, but what it violated is told", () => {
  const row = comparedRow(SETTINGS, undefined, [
    AS_EXPECTED,
    { ...UNEXPECTED, ending: "out-of-events" },
    run({ ending: "unready" }),
  ]);
  expect([row.results.length, row.counted.length, row.runsWithLoss, row.runsWithViolations]).toEqual([3, 1, 0, 1]);
  expect([...row.violated.keys()]).toContain("NoAckedLoss");
  expect(row.violated.get("NoAckedLoss")).toHaveLength(1);
});
