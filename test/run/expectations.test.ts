/** What a run found is held against what its scenario expects. */
import { describe, expect, test } from "vitest";
import { INVARIANT_NAMES } from "../../src/checks/catalogue.ts";
import type { GroupNumbers } from "../../src/checks/group-numbers.ts";
import { type Findings, judge } from "../../src/run/expectations.ts";
import { parseScenario } from "../../src/scenario/loader.ts";

const TOPICS = "name: x\ntopics: { orders: { partitions: 1, replication.factor: 3 } }\n";

const CALM: Findings = {
  violations: [],
  records: { acknowledged: 100, lost: 0, legallyLost: 0, duplicated: 0, failed: 0, delayed: 0 },
  longestOutage: undefined,
  groups: [],
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

describe("groups", () => {
  const BILLING: GroupNumbers = {
    group: "billing",
    ...{ processedOnce: 500, processedAgain: 12, skipped: 3, outOfOrder: 0, givenUp: 1, unprocessed: 40 },
    ...{ rebalances: 2, ownerlessUs: 12_500_000, lag: { highest: 90, atEnd: 7, samples: [] }, ownership: [] },
  };
  const CONSUMERS = "consumers: { billing: { topics: orders, members: 2 } }\n";
  const judgedGroup = (expected: string, groups: readonly GroupNumbers[]): [string, boolean, string][] => {
    const text = `${TOPICS}${CONSUMERS}expect: { groups: { billing: ${expected} } }`;
    const { expect: spec } = parseScenario(text, "x.yaml", { invariants: INVARIANT_NAMES });
    return judge({ ...CALM, groups }, spec)
      .map(({ expectation, met, found }): [string, boolean, string] => [expectation, met, found])
      .filter(([expectation]) => expectation.startsWith("billing"));
  };

  test("each count of a group has its bounds, both ends included", () => {
    const bounds =
      "{ processed-again: 0, skipped: ..3, out-of-order: 0, given-up: 1, lag: 0, highest-lag: 50.., rebalances: 3..5 }";
    expect(judgedGroup(bounds, [BILLING])).toEqual([
      ["billing processed again = 0", false, "processed again 12"],
      ["billing skipped 0..3", true, "skipped 3"],
      ["billing out of order = 0", true, "out of order 0"],
      ["billing given up = 1", true, "given up 1"],
      ["billing lag = 0", false, "lag 7"],
      ["billing highest lag ≥ 50", true, "highest lag 90"],
      ["billing rebalances 3..5", false, "rebalances 2"],
    ]);
  });

  test("time without an owner is a range of durations", () => {
    expect(judgedGroup("{ ownerless: ..10s }", [BILLING])).toEqual([["billing ownerless 0..10 s", false, "12.5 s"]]);
    expect(judgedGroup("{ ownerless: 12s..13s }", [BILLING])).toEqual([["billing ownerless 12..13 s", true, "12.5 s"]]);
  });

  test("a group that never came to be meets nothing", () => {
    expect(judgedGroup("{ skipped: 0 }", [])).toEqual([["billing skipped = 0", false, "there was no such group"]]);
  });

  test("what is expected in one mode only replaces what is expected in both, count by count", () => {
    const text = `${TOPICS}${CONSUMERS}cluster: { mode: zookeeper }
expect: { groups: { billing: { skipped: 0, lag: 5 } }, zookeeper: { groups: { billing: { lag: 7 } } } }`;
    const { groups } = parseScenario(text, "x.yaml").expect;
    expect(groups).toMatchObject([{ group: "billing", counts: { skipped: { min: 0, max: 0 }, lag: { min: 7, max: 7 } } }]);
  });
});
