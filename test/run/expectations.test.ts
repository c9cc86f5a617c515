/** What a run found is held against what its scenario expects. */
import { describe, expect, test } from "vitest";
import { INVARIANT_NAMES } from "../../src/checks/catalogue.ts";
import { type Findings, judge } from "../../src/run/expectations.ts";
import { parseScenario } from "../../src/scenario/loader.ts";

const TOPICS = "name: x\ntopics: { orders: { partitions: 1, replication.factor: 3 } }\n";

const CALM: Findings = {
  violations: [],
  records: { acknowledged: 100, lost: 0, legallyLost: 0, duplicated: 0, failed: 0, delayed: 0 },
  longestOutage: undefined,
  reached: [],
};

function violated(...names: string[]): Findings["violations"] {
  return names.map((invariant) => ({ invariant, step: 1, timeUs: 0, message: "", facts: [], partition: undefined }) as never);
}

/** `[expectation, met, found]` of each, for what stands under `expect:` in a scenario. */
function judged(expected: string, findings: Partial<Findings> = {}): [string, boolean, string][] {
  const scenario = parseScenario(`${TOPICS}expect: ${expected}`, "x.yaml", { invariants: INVARIANT_NAMES });
  const results = judge({ ...CALM, ...findings }, scenario.expect);
  return results.map(({ expectation, met, found }) => [expectation, met, found]);
}

describe("violates", () => {
  test("without a word about it nothing may be violated, and nothing may be lost", () => {
    expect(judged("{}")).toEqual([
      ["nothing is violated", true, "nothing was"],
      ["records lost = 0", true, "0 lost"],
    ]);
    expect(judged("{}", { violations: violated("LogMatching", "LogMatching", "NoAckedLoss") })[0]).toEqual([
      ...["nothing is violated", false, "violated: LogMatching, NoAckedLoss"],
    ]);
  });

  test("each invariant that is named must be violated, others may be, and records may be lost", () => {
    const expected = "{ violates: [NoAckedLoss, LeaderCompleteness] }";
    expect(judged(expected, { violations: violated("NoAckedLoss", "ConsistentRead") })).toEqual([
      ["violates NoAckedLoss", true, "NoAckedLoss was violated"],
      ["violates LeaderCompleteness", false, "LeaderCompleteness held"],
    ]);
  });
});

describe("records", () => {
  const records = (change: Partial<Findings["records"]>): Partial<Findings> => ({ records: { ...CALM.records, ...change } });

  test.each([
    ['lost: ">0"', { lost: 0 }, false],
    ['lost: ">0"', { lost: 1 }, true],
    ["duplicated: 2..4", { duplicated: 1 }, false],
    ["duplicated: 2..4", { duplicated: 2 }, true],
    ["duplicated: 2..4", { duplicated: 4 }, true],
    ["duplicated: 2..4", { duplicated: 5 }, false],
    ["failed: ..3", { failed: 3 }, true],
    ["failed: ..3", { failed: 4 }, false],
    ["delayed: 10..", { delayed: 9 }, false],
    ["delayed: 10..", { delayed: 1_000 }, true],
    ["legally-lost: 7", { legallyLost: 7 }, true],
    ["legally-lost: 7", { legallyLost: 8 }, false],
  ])("%s, where it was %o: %s", (bounds, found, met) => {
    const [, count] = judged(`{ violates: NoAckedLoss, records: { ${bounds} } }`, records(found));
    expect(count?.[1]).toBe(met);
  });

  test("are told with what was expected and what was found", () => {
    expect(judged("{ records: { failed: ..3, duplicated: 1.. } }", records({ failed: 4 })).slice(2)).toEqual([
      ["records duplicated ≥ 1", false, "0 duplicated"],
      ["records failed 0..3", false, "4 failed"],
    ]);
  });
});

test("the longest outage is within its bounds, both included; no outage is one of no time", () => {
  const outage = (seconds: number): Partial<Findings> => ({
    longestOutage: { client: "checkout", fromUs: 5_000_000, toUs: 5_000_000 + seconds * 1_000_000 },
  });
  const verdicts = [6.9, 7, 10, 10.1].map((seconds) => judged("{ longest-outage: 7s..10s }", outage(seconds)).at(-1)?.[1]);
  expect(verdicts).toEqual([false, true, true, false]);
  expect(judged("{ longest-outage: 7s..10s }", outage(12)).at(-1)).toEqual(["longest outage 7..10 s", false, "12.0 s"]);
  expect(judged("{ longest-outage: 7s..10s }").at(-1)).toEqual(["longest outage 7..10 s", false, "0.0 s"]);
  expect(judged("{ longest-outage: ..1s }").at(-1)?.[1]).toBe(true);
});

test("goals must be reached as often as they say", () => {
  const expected = "{ reaches: [LeaderElected, { event: IsrChanged, partition: orders-0, nth: 3 }] }";
  expect(judged(expected, { reached: [0, 2] }).slice(2)).toEqual([
    ["reaches LeaderElected", false, "never"],
    ["reaches IsrChanged partition=orders-0 nth=3 3 times", false, "2 times"],
  ]);
  expect(judged(expected, { reached: [1, 3] }).every(([, met]) => met)).toBe(true);
});
