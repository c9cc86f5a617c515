import { expect, test } from "vitest";
import { toJson } from "../../src/report/json-report.ts";
import { JSON_CONTRACT } from "./json-contract.ts";
import { AS_EXPECTED, EXHIBIT, GROUP, UNDECIDED, UNEXPECTED } from "./reports.ts";

const report = JSON_CONTRACT.parse(
  JSON.parse(JSON.stringify(toJson([AS_EXPECTED, UNEXPECTED, UNDECIDED, ...EXHIBIT, GROUP], "1.2.3"))),
);
const [calm, lossy, waits, old, fixed] = report.runs;

test("every run is told in the order in which it was given", () => {
  expect(report.version).toBe("1.2.3");
  expect(report.runs.map(({ file, side }) => [file, side])).toEqual([
    ["calm.yaml", undefined],
    ["dir/loss.yaml", undefined],
    ["waits.yaml", undefined],
    ["exhibit.yaml", "old rule"],
    ["exhibit.yaml", "new rule"],
    ["group.yaml", undefined],
  ]);
});

test("a verdict is one of two words; what is undecided is not as expected, and says so", () => {
  expect([calm, lossy, waits, old, fixed].map((run) => [run?.verdict, run?.undecided])).toEqual([
    ["as-expected", false],
    ["unexpected", false],
    ["unexpected", true],
    ["unexpected", false],
    ["as-expected", false],
  ]);
});

test("a seed is a number, a time is seconds since the cluster was ready, a duration is seconds", () => {
  expect(calm?.seed).toBe(11);
  expect(calm?.virtualSeconds).toBeGreaterThan(2.5);
  expect(calm?.virtualSeconds).toBeLessThanOrEqual(3);
  const { longestOutage, violations } = UNEXPECTED;
  expect(lossy?.longestOutageSeconds).toBe(((longestOutage?.toUs ?? 0) - (longestOutage?.fromUs ?? 0)) / 1_000_000);
  expect(lossy?.violations.map(({ time }) => time)).toEqual(violations.map(({ timeUs }) => timeUs / 1_000_000));
});

test("a violation names its promise, the facts that contradict each other, and what led there", () => {
  for (const violation of lossy?.violations ?? []) {
    expect(violation.facts.every((fact) => fact.step <= violation.step)).toBe(true);
    expect(violation.cause.length).toBeGreaterThan(0);
  }
  expect(lossy?.violations.map(({ invariant }) => invariant)).toContain("NoAckedLoss");
  expect(lossy?.records.lost).toBeGreaterThan(0);
});

test("notes say with file, line and column what came to nothing", () => {
  expect(waits?.notes).toHaveLength(1);
  expect(waits?.notes[0]).toMatch(/^waits\.yaml:\d+:\d+: /);
});

test("of a group there is everything: the counts, lag over time, and who owned what from when to when", () => {
  const [group] = report.runs.at(-1)?.groups ?? [];
  const [result] = GROUP.groups;
  if (group === undefined || result === undefined) throw new Error("there is a group");
  expect(group).toMatchObject({ group: "billing", members: ["billing-1", "billing-2"], processedAgain: result.processedAgain });
  expect(group.ownerlessSeconds).toBeCloseTo(result.ownerlessUs / 1e6, 6);
  const first = group.ownership.filter(({ partition }) => partition === 0).slice(-2);
  expect(first.map(({ end }) => end)).toEqual(["stopped", null]);
  expect(first[0]?.to).toBeCloseTo(7, 3);
  // A session of 6 s, and what it takes to notice and to divide anew.
  expect(first[1]?.from).toBeGreaterThan(7 + 6 - 2);
  expect(first[1]?.to).toBeNull();
  expect(group.generations.map(({ generation }) => generation)).toEqual([
    ...new Set(group.generations.map(({ generation }) => generation)),
  ]);
  expect(group.lag.samples.length).toBeGreaterThan(15);
  expect(report.runs[0]?.groups).toEqual([]);
});
