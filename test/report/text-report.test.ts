/** What people read: the words may change, but not what they tell. */
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { clockTime, counted, grouped, span } from "../../src/report/numbers.ts";
import { Paint } from "../../src/report/paint.ts";
import { reportRun } from "../../src/report/run-report.ts";
import { conclude, summarize } from "../../src/report/summary.ts";
import { AS_EXPECTED, EXHIBIT, GROUP, UNDECIDED, UNEXPECTED } from "./reports.ts";

const PLAIN = new Paint(false);
const COLOUR = new Paint(true);

function told(result: typeof AS_EXPECTED, paint = PLAIN): string {
  return reportRun(result, {
    paint,
    command: "kafka-sim run x.yaml --seed 1",
    walk: "kafka-sim step x.yaml --seed 1",
    wallMs: undefined,
  }).join("\n");
}

describe("a report of one run", () => {
  test("names scenario, seed, verdict and trace hash, and the four numbers apart", () => {
    const text = told(AS_EXPECTED);
    for (const part of ["Calm", "seed 11", "as expected", AS_EXPECTED.traceHash]) expect(text).toContain(part);
    for (const part of ["acknowledged", "0 lost", "0 duplicated", "0 failed", "0 delayed"]) expect(text).toContain(part);
  });

  test("a failure prints together: the promise in words, the facts, what led there, the seed, and how to see it again", () => {
    const text = told(UNEXPECTED);
    const [first] = UNEXPECTED.violations;
    expect(first).toBeDefined();
    for (const { promise, facts } of UNEXPECTED.violations.slice(0, 3)) {
      expect(text).toContain(promise);
      for (const fact of facts) expect(text).toContain(fact.text);
    }
    expect(text).toContain("broker-1 crashes");
    expect(text).toContain("not as expected");
    expect(text).toContain("see it    kafka-sim step x.yaml --seed 1 --at violation");
    expect(text).toMatch(/expected .*nothing is violated, but violated: .*NoAckedLoss/);
  });

  test("one moment more than fits is told, for to count it would take as much room", () => {
    const moment = UNEXPECTED.timeline[0];
    if (moment === undefined) throw new Error("something happens");
    const ofLength = (length: number): string => told({ ...UNEXPECTED, timeline: Array.from({ length }, () => moment) });
    expect(ofLength(25)).not.toContain("moment more");
    expect(ofLength(26)).toContain("… 2 moments more");
  });

  test("what broke as it was meant to can be walked to, and need not be run again", () => {
    const text = told({ ...UNEXPECTED, verdict: "as-expected" });
    expect(text).toContain("see it    kafka-sim step x.yaml --seed 1 --at violation");
    expect(text).not.toContain(" again     ");
    expect(told(UNEXPECTED)).toContain(" again     kafka-sim run x.yaml --seed 1");
    expect(told(AS_EXPECTED)).not.toContain("see it");
  });

  test("an undecided one says what never happened, and where it stands in the file", () => {
    expect(told(UNDECIDED)).toMatch(/waits\.yaml:\d+:\d+: fault 1 never fired/);
    expect(told(UNDECIDED)).toContain("undecided");
  });

  test("nothing is told by colour alone: without it the words are the same", () => {
    for (const result of [AS_EXPECTED, UNEXPECTED, UNDECIDED]) {
      expect(told(result, COLOUR)).not.toBe(told(result));
      expect(stripVTControlCharacters(told(result, COLOUR))).toBe(told(result));
    }
  });

  test("a group has a picture of who owned what when, and what became of its records, in 80 columns", () => {
    const text = told(GROUP);
    const [group] = GROUP.groups;
    if (group === undefined) throw new Error("there is a group");
    expect(text).toMatch(/^ orders-0 +[ab]+·+[ab]+$/m);
    expect(text).toMatch(/^ generation /m);
    expect(text).toContain("billing-1 · ");
    expect(text).toMatch(/^ billing +\d+ processed · [1-9]\d* again · 0 skipped/m);
    expect(text).toContain("without an owner");
    expect(text).toContain(`lag ${group.lag.atEnd}`);
    expect(text).toContain("worker threads have not processed yet");
    const own = text.split("\n").filter((line) => /^ (billing|orders-|generation)/.test(line));
    expect(own).toHaveLength(5);
    for (const line of own) expect([...line].length).toBeLessThanOrEqual(80);
    expect(stripVTControlCharacters(told(GROUP, COLOUR))).toBe(text);
    expect(summarize([GROUP], PLAIN)[0]).toMatch(/[1-9]\d* processed again, 0 skipped/);
    expect(GROUP.workload).toContain("billing: 2 members, range, commit auto");
  });

  test("a scenario's text does not reach the terminal's control channel", () => {
    const nasty = { ...UNEXPECTED, scenario: "\u001b[2Jgone\u0007", notes: ["x.yaml:1:1: \u009b31m"] };
    for (const text of [told(nasty), ...summarize([nasty], PLAIN)]) {
      expect(text).toContain(text === told(nasty) ? "·[2Jgone·" : "gone");
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    }
  });
});

describe("a report of many runs", () => {
  const seeds = [AS_EXPECTED, { ...AS_EXPECTED, seed: "12" }];

  test("one line for each scenario and side, and the whole in one", () => {
    const lines = summarize([...seeds, UNEXPECTED, ...EXHIBIT], PLAIN);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/✓ Calm .*2 of 2 seeds as expected/);
    expect(lines[1]).toMatch(/✗ Loss .*lost.*breaks .*NoAckedLoss/);
    expect([lines[2], lines[3]].map((line) => line?.trim()[0])).toEqual(["✗", "✓"]);
    expect(conclude(seeds, 100, PLAIN)).toMatch(/all 2 as expected/);
    expect(conclude([...seeds, UNEXPECTED], 100, PLAIN)).toMatch(/1 of 3 not as expected/);
  });
});

describe("numbers", () => {
  test("are grouped by thousands", () => {
    expect([0, 999, 1_000, 1_234_567].map(grouped)).toEqual(["0", "999", "1,000", "1,234,567"]);
    expect([counted(1, "event"), counted(2_000, "event")]).toEqual(["1 event", "2,000 events"]);
  });

  test("times have a unit that fits", () => {
    expect([8_500_000, 60_000_000, 12_345, 999_999, 0].map(span)).toEqual(["8.5 s", "60 s", "12 ms", "1000 ms", "0 ms"]);
    expect([clockTime(10_000_000), clockTime(1_234)]).toEqual(["  10.000 s", "   0.001 s"]);
  });
});
