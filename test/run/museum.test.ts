/** What the runs of an exhibit come to. */
import { expect, test } from "vitest";
import { exhibitOutcome, isReproduced } from "../../src/run/museum.ts";
import type { RunResult } from "../../src/run/result.ts";
import { parseScenario } from "../../src/scenario/loader.ts";
import { EXHIBIT } from "../report/reports.ts";

const SCENARIO = parseScenario(
  "name: x\nexhibit: { source: KIP-996, kind: bug, dial: kraft.preVote, violates: [LeaderStability, NoAckedLoss] }",
  "x.yaml",
);
const [OLD, NEW] = EXHIBIT as [RunResult, RunResult];

/** A run that broke these, each at its step. */
function run(side: RunResult, verdict: RunResult["verdict"], broken: Readonly<Record<string, number>> = {}): RunResult {
  const violations = Object.entries(broken).map(([invariant, step]) => {
    return { invariant, step, promise: "", timeUs: 0, message: "", facts: [], cause: [] };
  });
  return { ...side, verdict, violations };
}

test("it is reproduced only if every run of both sides ended as the file says", () => {
  const good = [run(OLD, "as-expected", { LeaderStability: 5 }), run(NEW, "as-expected")];
  expect(isReproduced(exhibitOutcome(SCENARIO, [...good, ...good]))).toBe(true);
  for (const bad of [run(OLD, "unexpected"), run(NEW, "unexpected", { NoAckedLoss: 3 }), run(NEW, "undecided")]) {
    expect(isReproduced(exhibitOutcome(SCENARIO, [...good, bad]))).toBe(false);
  }
  const { old, fixed } = exhibitOutcome(SCENARIO, [...good, run(NEW, "undecided"), run(OLD, "unexpected")]);
  expect([old.asSaid, old.undecided, old.results.length]).toEqual([1, 0, 2]);
  expect([fixed?.asSaid, fixed?.undecided, fixed?.results.length]).toEqual([1, 1, 2]);
});

test("the steps to the break are those to the first violation that it is about, over the seeds where there was one", () => {
  const steps = [9, 5, 7].map((step) =>
    run(OLD, "as-expected", { ConsistentRead: 1, NoAckedLoss: step + 1, LeaderStability: step }),
  );
  const { stepsToBreak } = exhibitOutcome(SCENARIO, [
    ...steps,
    run(OLD, "unexpected", { ConsistentRead: 2 }),
    run(NEW, "as-expected"),
  ]);
  expect(stepsToBreak).toMatchObject({ min: 5, p50: 7, max: 9 });
});

test("a file that has nothing to switch has one side, and is about what it says itself", () => {
  const single = parseScenario("name: x\nexpect: { violates: NoAckedLoss }", "x.yaml");
  const { side: _side, ...only } = run(OLD, "as-expected", { NoAckedLoss: 4 });
  const outcome = exhibitOutcome(single, [only]);
  expect([outcome.fixed, outcome.stepsToBreak?.p50, isReproduced(outcome)]).toEqual([undefined, 4, true]);
});
