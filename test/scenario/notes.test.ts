/** Notes of a scenario: what is read from them, which side and mode they belong to, and that they change nothing. */
import { describe, expect, test } from "vitest";
import { runSide, sidesOf } from "../../src/run/run-scenario.ts";
import type { Condition } from "../../src/scenario/condition.ts";
import { parseScenario } from "../../src/scenario/loader.ts";
import type { NoteSpec } from "../../src/scenario/note-spec.ts";
import { Simulation } from "../../src/scenario/simulation/simulation.ts";
import type { ScenarioSpec } from "../../src/scenario/spec.ts";

const CLUSTER = "name: Small\ncluster: { brokers: 3 }\ntopics: { orders: { partitions: 1, replication.factor: 3 } }\n";
const EXHIBIT =
  "exhibit: { source: KIP-966, kind: bug, dial: election.eligibleLeaderReplicas, old: off, new: on, violates: NoAckedLoss }\n";

function load(text: string, overrides: readonly string[] = []): ScenarioSpec {
  return parseScenario(text, "small.yaml", { overrides });
}

function notesIn(text: string): readonly NoteSpec[] {
  return load(`${CLUSTER}notes:\n${text}`).notes;
}

function said({ notes }: ScenarioSpec): readonly (string | undefined)[] {
  return notes.map(({ say }) => say);
}

describe("a note", () => {
  test("comes up at a time, at the start or at the end", () => {
    const notes = notesIn("  - { at: 5s, say: a }\n  - { at: start, say: b }\n  - { at: end, say: c }\n");
    expect(notes.map(({ condition }) => condition)).toEqual([
      { kind: "at", atUs: 5_000_000 },
      { kind: "start" },
      { kind: "end" },
    ]);
    expect(notes.map(({ source }) => source)).toEqual(["small.yaml:5:5", "small.yaml:6:5", "small.yaml:7:5"]);
  });

  test("waits for what a fault may wait for, at its nth time", () => {
    const [event, message] = notesIn(
      "  - { when: { event: IsrChanged, partition: orders-0, isr: [1], nth: 2 }, say: a }\n" +
        "  - { when: { message: Fetch, from: broker-2, moment: delivered }, say: b }\n",
    );
    const faults = load(
      `${CLUSTER}faults:\n  - { when: { event: IsrChanged, partition: orders-0, isr: [1], nth: 2 }, crash: broker-1 }\n` +
        "  - { when: { message: Fetch, from: broker-2, moment: delivered }, crash: broker-2 }\n",
    ).faults.map(({ trigger }) => trigger);
    expect(faults[0]).toMatchObject({ ...event?.condition, nth: 2 });
    expect(event?.nth).toBe(2);
    expect(faults[1]).toMatchObject({ ...message?.condition, nth: 1 });
  });

  test("may ask: the answer is known by its place among the choices, whatever they look like", () => {
    const [words, numbers] = notesIn(
      "  - { at: end, ask: Lost?, choices: [yes, no], answer: no, because: Nobody died. }\n" +
        "  - { at: end, say: Count., ask: How many?, choices: [0, 1, true], answer: 1, because: One did. }\n",
    );
    expect(words?.question).toEqual({ ask: "Lost?", choices: ["yes", "no"], answer: 1, because: "Nobody died." });
    expect(words?.say).toBeUndefined();
    expect(numbers?.question).toMatchObject({ choices: ["0", "1", "true"], answer: 1 });
    expect(numbers?.say).toBe("Count.");
  });
});

describe("a side as it is played has its own notes only", () => {
  const text = `${CLUSTER}${EXHIBIT}notes:
  - { at: start, say: both }
  - { at: start, side: old, say: before }
  - { at: start, side: new, say: since }
`;

  test("on each of the two", () => {
    expect(sidesOf(load(text)).map(({ scenario }) => said(scenario))).toEqual([
      ["both", "before"],
      ["both", "since"],
    ]);
  });

  test("when the switch is set by hand: those of the side that this is", () => {
    expect(said(load(text, ["election.eligibleLeaderReplicas=off"]))).toEqual(["both", "before"]);
    expect(said(load(text, ["election.eligibleLeaderReplicas=on"]))).toEqual(["both", "since"]);
    expect(said(load(text, ["election.eligibleLeaderReplicas=off", "cluster.brokers=4"]))).toEqual(["both", "before"]);
  });

  test("and two sides that differ in their notes only are the same run still", () => {
    const same = text.replace("old: off, new: on", "old: on, new: on");
    expect(() => load(same)).toThrow(/both sides of this exhibit are the same run/);
  });
});

test("a note of the other mode is left out, with what it waits for", () => {
  const text = `${CLUSTER}notes:
  - { when: BrokerFenced, mode: kraft, say: fenced }
  - { when: BrokerUnregistered, mode: zookeeper, say: gone }
`;
  expect(said(load(text))).toEqual(["fenced"]);
  expect(said(load(text, ["cluster.mode=zookeeper"]))).toEqual(["gone"]);
});

test("notes change nothing in a run", () => {
  const producers = "producers: { checkout: { topic: orders, rate: 10/s } }\nrun: { for: 3s }\n";
  const notes = `notes:
  - { when: { event: HighWatermarkAdvanced, nth: 3 }, say: a }
  - { when: { message: Fetch, moment: delivered }, say: b }
`;
  const [without, having] = [load(CLUSTER + producers), load(CLUSTER + producers + notes)].map((scenario) =>
    runSide({ label: undefined, scenario }, "1"),
  );
  expect(having).toEqual(without);
});

test("a recorded hash that looks like a number is kept as it was written", () => {
  const recorded = (trace: string) => load(`${CLUSTER}recorded: { trace: ${trace}, events: 3, by: "0.1.0" }\n`).recorded;
  expect(recorded("0012345678901234")).toEqual({ trace: "0012345678901234", events: 3, by: "0.1.0" });
  expect(recorded("1234567890123e10")?.trace).toBe("1234567890123e10");
});
test("what comes true twice in one step counts twice, as it does for a fault", () => {
  const scenario = load(
    `${CLUSTER}faults: [{ at: 1s, crash: [broker-2, broker-3] }]\nrun: { for: 15s }\n` +
      "notes: [{ when: { event: BrokerFenced, nth: 2 }, say: Both are fenced. }]\n",
  );
  const simulation = new Simulation({ scenario, seed: "1" });
  const condition = scenario.notes[0]?.condition as Condition;
  simulation.stopWhen([condition]);
  const met: number[] = [];
  while (simulation.step()) if (simulation.met.length > 0) met.push(simulation.met.length);
  // The sessions of both end at one look of the controller.
  expect(met).toEqual([2]);
});
