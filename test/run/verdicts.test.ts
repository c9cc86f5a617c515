/** A run ends as expected, not as expected, or undecided; and it says why. */
import { describe, expect, test } from "vitest";
import { INVARIANT_NAMES } from "../../src/checks/catalogue.ts";
import type { RunResult } from "../../src/run/result.ts";
import { type RunOptions, runSide, sidesOf, traceSide } from "../../src/run/run-scenario.ts";
import { parseScenario } from "../../src/scenario/loader.ts";

const QUICK = `name: quick
cluster: { brokers: 3, controllers: 1 }
topics: { orders: { assignment: [[1, 2, 3]], config: { min.insync.replicas: 2 } } }
producers: { checkout: { topic: orders, rate: 20/s, config: { acks: all } } }
`;

/** A replica that had fallen behind is elected uncleanly: what it lacks is lost, although it had been acknowledged. */
const LOSS = `name: loss
cluster: { brokers: 2, controllers: 1, config: { replica.lag.time.max.ms: 2000 } }
topics: { orders: { assignment: [[1, 2]], config: { min.insync.replicas: 1, unclean.leader.election.enable: true } } }
producers: { checkout: { topic: orders, rate: 20/s, config: { acks: all } } }
faults: [{ at: 1s, cut: broker-2, from: broker-1 }, { when: { event: IsrChanged, isr: [1] }, after: 1s, crash: broker-1 }]
run: { for: 20s }
`;

function results(text: string, options: RunOptions = {}): RunResult[] {
  const scenario = parseScenario(text, "x.yaml", { invariants: INVARIANT_NAMES });
  return sidesOf(scenario).map((side) => runSide(side, String(scenario.seed), options));
}

function result(text: string, options: RunOptions = {}): RunResult {
  const [only, ...others] = results(text, options);
  expect(others).toEqual([]);
  return only as RunResult;
}

describe("as expected", () => {
  test("when every expectation is met, be it that a promise breaks", () => {
    expect(result(`${QUICK}run: { for: 3s }`)).toMatchObject({ verdict: "as-expected", violations: [], notes: [] });
    const lossy = result(`${LOSS}expect: { violates: NoAckedLoss, records: { lost: ">0" } }`);
    expect(lossy.verdict).toBe("as-expected");
  });
});

describe("not as expected", () => {
  test("when a promise breaks that should hold", () => {
    const { verdict, violations } = result(LOSS);
    expect(violations.length).toBeGreaterThan(0);
    expect(verdict).toBe("unexpected");
  });

  test("when a promise holds that should break", () => {
    const { verdict, expectations } = result(`${QUICK}run: { for: 3s }\nexpect: { violates: NoAckedLoss }`);
    expect(verdict).toBe("unexpected");
    expect(expectations[0]).toEqual({ expectation: "violates NoAckedLoss", met: false, found: "NoAckedLoss held" });
  });

  test("when a goal is not reached: a green run that never shrank an ISR proves nothing about shrinking", () => {
    const { verdict, expectations } = result(`${QUICK}run: { for: 3s }\nexpect: { reaches: [IsrChanged] }`);
    expect(verdict).toBe("unexpected");
    expect(expectations.at(-1)).toEqual({ expectation: "reaches IsrChanged", met: false, found: "never" });
  });
});

describe("undecided", () => {
  test("when the condition of a fault never came true: the note says which, and where it stands", () => {
    const faults = "faults:\n  - { name: never, when: { event: LogDirFailed, broker: 2 }, crash: broker-1 }\nrun: { for: 3s }";
    expect(result(`${QUICK}${faults}`)).toMatchObject({
      verdict: "undecided",
      notes: ["x.yaml:6:5: never never fired: its condition (LogDirFailed broker=2) did not come"],
    });
  });

  test("when there were too many events before the end", () => {
    const { verdict, events, notes } = result(`${QUICK}run: { for: 60s, max-events: 1000 }`);
    expect([verdict, events]).toEqual(["undecided", 1_000]);
    expect(notes).toEqual(["the run was given up after 1000 events (run.max-events)"]);
  });

  test("when the cluster was never ready", () => {
    const cut = "network: { links: [{ between: broker-2, and: all, unreliable: { drop: 100% } }] }\n";
    const { verdict, notes, virtualUs } = result(`${QUICK}${cut}run: { for: 3s }`);
    expect([verdict, virtualUs]).toEqual(["undecided", 0]);
    expect(notes[0]).toMatch(/not ready within 120 s/);
  });

  test("but a promise that broke meanwhile is an answer", () => {
    const never = LOSS.replace("crash: broker-1 }]", "crash: broker-1 }, { when: Paused, crash: broker-2 }]");
    const { verdict, notes } = result(never);
    expect(verdict).toBe("unexpected");
    expect(notes).toHaveLength(1);
  });
});

test("a fault on messages that found none is noted with its place, and decides nothing", () => {
  const faults = "faults:\n  - { at: 1s, drop: { message: ElectLeaders, from: broker-2 } }\nrun: { for: 3s }";
  expect(result(`${QUICK}${faults}`)).toMatchObject({
    verdict: "as-expected",
    notes: ["x.yaml:6:5: fault 1 found no message to drop (ElectLeaders from=broker-2)"],
  });
});

test("an exhibit is two runs; that a condition never comes true on one side leaves nothing undecided", () => {
  const exhibit = `${QUICK}faults: [{ when: Paused, crash: broker-1 }]
run: { for: 3s }
exhibit: { source: KIP-996, kind: bug, dial: kraft.preVote, violates: LeaderStability }`;
  expect(results(exhibit).map(({ side, verdict, notes }) => [side, verdict, notes.length])).toEqual([
    ["old rule", "unexpected", 1],
    ["new rule", "as-expected", 1],
  ]);
});

describe("a violation", () => {
  const lossy = result(LOSS, { withCauses: true });

  test("says in words which promise broke, when, and which facts contradict each other", () => {
    for (const { promise, message, facts, step, timeUs } of lossy.violations) {
      expect([promise.length > 10, message.length > 10, facts.length > 0]).toEqual([true, true, true]);
      expect(timeUs).toBeGreaterThan(0);
      for (const fact of facts) expect(fact.step).toBeLessThanOrEqual(step);
    }
  });

  test("is traced back to what caused it, the latest first", () => {
    for (const { cause, step } of lossy.violations) {
      const steps = cause.map((moment) => moment.step);
      expect(steps).toEqual([...steps].sort((a, b) => b - a));
      expect(Math.max(...steps)).toBeLessThanOrEqual(step);
      expect(cause.map(({ text }) => text)).toContain("broker-1 crashes");
      // The boot explains nothing.
      expect(Math.min(...cause.map(({ timeUs }) => timeUs))).toBeGreaterThanOrEqual(0);
    }
  });

  test("has no cause when nobody asks for one", () => {
    for (const { cause } of result(LOSS).violations) expect(cause).toEqual([]);
  });
});

test("a result is plain data, fit to travel between threads", () => {
  const found = result(LOSS, { withCauses: true, withTimeline: true });
  expect(structuredClone(found)).toEqual(found);
  expect(JSON.parse(JSON.stringify(found))).toEqual(found);
});

test("writing every step down, or telling the story, does not change the run", () => {
  const scenario = parseScenario(`${QUICK}run: { for: 5s }`, "x.yaml");
  const [side] = sidesOf(scenario);
  if (side === undefined) throw new Error("no side");
  const plain = runSide(side, "7").traceHash;
  expect(runSide(side, "7", { withTimeline: true, withCauses: true }).traceHash).toBe(plain);
  expect(traceSide(side, "7").world.trace.hash()).toBe(plain);
});
