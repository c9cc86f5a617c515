/** What is changed by hand: the same run whether it stood in the file or was added on the way, and what each change does. */
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { INVARIANT_NAMES } from "../../../src/checks/catalogue.ts";
import type { ProducedRecord } from "../../../src/kafka/producer/produced-record.ts";
import { runSide } from "../../../src/run/run-scenario.ts";
import { type Condition, parseCondition } from "../../../src/scenario/condition.ts";
import { parseScenario } from "../../../src/scenario/loader.ts";
import {
  type DeliveryRef,
  describeEdit,
  type MomentAction,
  type RunEdit,
  type RunMoment,
} from "../../../src/scenario/run-edit.ts";
import { Simulation } from "../../../src/scenario/simulation/simulation.ts";
import type { ScenarioSpec } from "../../../src/scenario/spec.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import type { Step } from "../../../src/sim/trace.ts";

const TEXT = `
name: by hand
cluster: { brokers: 3, controllers: 1, config: { replica.lag.time.max.ms: 2000 } }
network: { latency: 1ms }
topics: { orders: { assignment: [[1, 2, 3]], config: { min.insync.replicas: 2 } } }
producers: { checkout: { topic: orders, rate: 5/s, config: { acks: all, linger.ms: 0 } } }
consumers: { audit: { partitions: orders-0 } }
faults:
  - { at: 1s, hold: { message: Fetch, from: broker-2, nth: 2, times: 2 }, for: 3s }
  - { at: 2s, cut: broker-3, from: [broker-1, controller-1], for: 2s }
  - { at: 2500ms, drop: { message: FetchResponse, to: broker-2, nth: 3 } }
  - { at: 3s, release: all }
run: { for: 6s }
`;
const SCENARIO = parseScenario(TEXT, "by-hand.yaml", { invariants: INVARIANT_NAMES });
const ORIGINAL = played([]);
const { readyAt } = ORIGINAL;
/** From time 0 on. */
const STEPS = ORIGINAL.world.trace.steps().filter(({ timeUs }) => timeUs >= readyAt);
const DELIVERIES = STEPS.filter(({ kind }) => kind === "message");

function simulationOf(edits: readonly RunEdit[], scenario: ScenarioSpec = SCENARIO): Simulation {
  return new Simulation({ scenario, seed: "1", traceLevel: "full", nameDeliveries: true, withTimeline: true, edits });
}

function played(edits: readonly RunEdit[], scenario?: ScenarioSpec): Simulation {
  const simulation = simulationOf(edits, scenario);
  simulation.run();
  return simulation;
}

/** Just behind trace step `number`. */
function playedTo(simulation: Simulation, number: number): Simulation {
  while (simulation.world.trace.step < number && simulation.step());
  return simulation;
}

function deliveryOf({ label, node, delivery }: Step): DeliveryRef {
  return { message: label, from: delivery?.from ?? "", to: node ?? "", nth: delivery?.nth ?? 0 };
}

/** Just behind a step of a run. */
function momentBehind(steps: readonly Step[], step: Step): RunMoment {
  const ofMoment = steps.filter(({ timeUs, number }) => timeUs === step.timeUs && number <= step.number);
  return { timeUs: step.timeUs - readyAt, steps: ofMoment.length };
}

function findings(simulation: Simulation): object {
  const { world, checker, phase } = simulation;
  return {
    hash: world.trace.hash(),
    steps: world.trace.step,
    phase,
    records: checker.records,
    violations: checker.violations,
    told: simulation.timeline?.entries,
    unused: simulation.unusedRunEdits(),
    unusedOfFaults: simulation.unusedEdits().map(({ action }) => action.text),
  };
}

const NODES = ["broker-1", "broker-2", "broker-3", "controller-1", "checkout", "audit"];
const arbitraryNode = fc.constantFrom(...NODES);
const arbitraryDelivery = fc.constantFrom(...DELIVERIES.map(deliveryOf));
const arbitraryMessageEdit: fc.Arbitrary<RunEdit> = fc.record({
  kind: fc.constant("message" as const),
  delivery: arbitraryDelivery,
  change: fc.oneof(
    fc.constantFrom({ do: "drop" } as const, { do: "hold" } as const, { do: "duplicate" } as const),
    fc.record({ do: fc.constant("delay" as const), byUs: fc.integer({ min: 1, max: 3_000_000 }) }),
  ),
});
const arbitraryAction: fc.Arbitrary<MomentAction> = fc.oneof(
  fc.record({
    do: fc.constantFrom("crash", "power-loss", "pause", "resume", "restart", "stop", "isolate"),
    node: arbitraryNode,
  }),
  fc.constant<MomentAction>({ do: "cut", node: "broker-2", from: "broker-1" }),
  fc.record({ do: fc.constant("heal" as const), node: fc.constantFrom("all", "broker-3", "broker-2") }),
  fc.record({ do: fc.constant("release" as const), delivery: arbitraryDelivery }),
  fc.constant<MomentAction>({ do: "produce", node: "checkout" }),
);
/** Behind a step of the run without edits, or at any time. */
const arbitraryMoment: fc.Arbitrary<RunMoment> = fc.oneof(
  fc.constantFrom(...STEPS).map((step) => momentBehind(STEPS, step)),
  fc.record({ timeUs: fc.integer({ min: 0, max: 7_000_000 }), steps: fc.integer({ min: 0, max: 4 }) }),
);
const arbitraryMomentEdit: fc.Arbitrary<RunEdit> = fc.record({
  kind: fc.constant("moment" as const),
  moment: arbitraryMoment,
  action: arbitraryAction,
});
const arbitraryEdits = fc.array(fc.oneof(arbitraryMessageEdit, arbitraryMomentEdit), { maxLength: 4 });

/** The last step of a run behind which one stands before what the edit changes in it. */
function lastStepBefore(edit: RunEdit, run: Simulation): number {
  const steps = run.world.trace.steps();
  if (edit.kind === "moment") {
    const at = readyAt + edit.moment.timeUs;
    const before = steps.filter(({ timeUs }) => timeUs < at).length;
    return before + Math.min(edit.moment.steps, steps.filter(({ timeUs }) => timeUs === at).length);
  }
  // It is sent in the step that caused its delivery; where it never is delivered, nobody knows.
  const { message, from, to, nth } = edit.delivery;
  const delivered = steps.find(({ label, node, delivery }) => {
    return label === message && node === to && delivery?.from === from && delivery.nth === nth;
  });
  return (delivered?.cause ?? 1) - 1;
}

const arbitraryEdit = fc.oneof(arbitraryMessageEdit, arbitraryMomentEdit);
/** Directly before what it changes, or anywhere before, in thousandths of the way. */
const arbitraryPlace = fc.oneof(fc.constant(1_000), fc.integer({ min: 0, max: 1_000 }));

property.prop([arbitraryEdits, arbitraryEdit, arbitraryPlace], { numRuns: 60 })(
  "an edit that is added to a fork before it has an effect gives the run that has it from the start",
  (edits, edit, place) => {
    const without = played(edits);
    const steps = Math.floor((lastStepBefore(edit, without) * place) / 1_000);
    const original = simulationOf(edits);
    for (let step = 0; step < steps; step++) original.step();
    expect(original.world.trace.step).toBe(steps);
    const fork = forkOf(original);
    fork.addEdit(edit);
    fork.run();
    expect(findings(fork)).toEqual(findings(played([...edits, edit])));
    original.run();
    expect(findings(original)).toEqual(findings(without));
  },
);

test("so does one of a message that a fault would have hit, directly before that is sent", () => {
  const hit = DELIVERIES.filter(({ delivery }) => delivery?.beyondTcp !== undefined);
  expect(hit.length).toBeGreaterThan(2);
  for (const step of hit) {
    const edit: RunEdit = { kind: "message", delivery: deliveryOf(step), change: { do: "delay", byUs: 123_456 } };
    const fork = playedTo(simulationOf([]), step.cause - 1);
    fork.addEdit(edit);
    fork.run();
    expect(findings(fork)).toEqual(findings(played([edit])));
    expect(fork.world.trace.hash()).not.toBe(ORIGINAL.world.trace.hash());
  }
});

/** With the edits in the language of a file. */
function playedWith(edits: string, text = TEXT): Simulation {
  return played(read(edits, text).edits, read(edits, text));
}

function read(edits: string, text = TEXT): ScenarioSpec {
  return parseScenario(`${text}\nedits:\n${edits}`, "by-hand.yaml", { invariants: INVARIANT_NAMES });
}

const QUIET = TEXT.replace(/faults:[\s\S]*run:/, "run:");

function stepOf(simulation: Simulation, label: string): Step | undefined {
  return simulation.world.trace.steps().find((step) => step.kind === "action" && step.label === label);
}

function eventsOf(simulation: Simulation, kind: string): { readonly step: Step; readonly event: Record<string, unknown> }[] {
  return simulation.world.trace
    .steps()
    .flatMap((step) => step.events.filter((event) => event.kind === kind).map((event) => ({ step, event: { ...event } })));
}

function whys(simulation: Simulation): string[] {
  return simulation.unusedRunEdits().map(({ edit, why }) => `${describeEdit(edit)}: ${why}`);
}

describe("an edit at a moment", () => {
  // The first of three steps of one moment.
  const busy = STEPS.find(({ timeUs }, index) => {
    return index > 100 && STEPS[index - 1]?.timeUs !== timeUs && STEPS[index + 2]?.timeUs === timeUs;
  }) as Step;
  const timeUs = busy.timeUs - readyAt;

  test("is a step of its own, just behind so many steps of its moment, and nothing in the run causes it", () => {
    const moment = momentBehind(STEPS, busy);
    const run = played([{ kind: "moment", moment, action: { do: "produce", node: "checkout" } }]);
    const step = run.world.trace.steps()[busy.number];
    expect(step).toMatchObject({ timeUs: busy.timeUs, kind: "action", label: "produce", node: "checkout", cause: 0 });
    expect(run.world.trace.steps().slice(0, busy.number)).toEqual(ORIGINAL.world.trace.steps().slice(0, busy.number));
  });

  test("several of a moment are done in the order of the list, each a step of the moment", () => {
    const produce = (steps: number): RunEdit => ({
      kind: "moment",
      moment: { timeUs, steps },
      action: { do: "produce", node: "checkout" },
    });
    const pause: RunEdit = { kind: "moment", moment: { timeUs, steps: 1 }, action: { do: "pause", node: "broker-3" } };
    const labels = (edits: readonly RunEdit[]): string[] =>
      played(edits)
        .world.trace.steps()
        .filter((step) => step.timeUs === busy.timeUs)
        .slice(0, 4)
        .map(({ kind, label }) => (kind === "action" ? label : kind));
    const [first] = labels([]);
    expect(labels([produce(1), pause]).slice(0, 3)).toEqual([first, "produce", "pause"]);
    expect(labels([pause, produce(1)]).slice(0, 3)).toEqual([first, "pause", "produce"]);
    expect(labels([pause, produce(2)]).slice(0, 3)).toEqual([first, "pause", "produce"]);
    expect(labels([produce(0), pause]).slice(0, 2)).toEqual(["produce", "pause"]);
  });

  test("time passes to a moment at which nothing else happens, and past the steps that it would wait for", () => {
    const gap = STEPS.find((step, index) => (STEPS[index + 1]?.timeUs ?? 0) > step.timeUs + 10) as Step;
    const at = gap.timeUs - readyAt + 5;
    const run = played([{ kind: "moment", moment: { timeUs: at, steps: 3 }, action: { do: "crash", node: "broker-3" } }]);
    expect(run.world.trace.steps()[gap.number]).toMatchObject({ timeUs: gap.timeUs + 5, label: "crash", node: "broker-3" });
  });

  test("where a simulation stands, an edit at its moment is what happens next; behind it, the moment has one step more", () => {
    const simulation = playedTo(simulationOf([]), busy.number);
    expect(simulation.moment).toEqual(momentBehind(STEPS, busy));
    const { moment } = simulation;
    simulation.addEdit({ kind: "moment", moment, action: { do: "isolate", node: "broker-1" } });
    simulation.step();
    expect(simulation.world.trace.last).toMatchObject({ number: busy.number + 1, label: "isolate" });
    expect(simulation.moment).toEqual({ ...moment, steps: moment.steps + 1 });
    const past: RunEdit = { kind: "moment", moment, action: { do: "heal", node: "all" } };
    expect(() => simulation.addEdit(past)).toThrow("has passed the moment");
  });

  test("at time 0 it comes before every client, and the last moment of the run is still one", () => {
    const run = playedWith("  - { at: 0s, produce: checkout }\n  - { at: 6s, crash: broker-1 }");
    expect(stepOf(run, "produce")).toMatchObject({ timeUs: readyAt });
    expect(stepOf(run, "crash")).toMatchObject({ timeUs: readyAt + 6_000_000 });
    expect(whys(run)).toEqual(["checkout sends one record more: it was not running"]);
  });
});

describe("what an edit does", () => {
  test("a node that it takes down stays down until it is started", () => {
    const run = playedWith("  - { at: 1s, crash: broker-1 }\n  - { at: 4s, restart: broker-1 }", QUIET);
    const starts = eventsOf(run, "ProcessStarted").filter(({ event }) => event.node === "broker-1");
    expect(starts.map(({ step }) => step.timeUs - readyAt).slice(1)).toEqual([4_000_000]);
    expect(starts[1]?.step.cause).toBe(stepOf(run, "restart")?.number);
  });

  test("power loss, pause, resume, stop, isolate, cut and heal do what the faults of that name do", () => {
    const run = playedWith(
      `  - { at: 1s, power-loss: broker-3 }
  - { at: 2s, pause: checkout }
  - { at: 3s, resume: checkout }
  - { at: 4s, stop: audit }
  - { at: 4s, isolate: controller-1 }
  - { at: 5s, cut: broker-1, from: broker-2 }
  - { at: 5.5s, heal: broker-1 }`,
      QUIET,
    );
    const at = (kind: string): number[] => eventsOf(run, kind).map(({ step }) => (step.timeUs - readyAt) / 1_000_000);
    expect(at("PowerLost")).toEqual([1]);
    expect(at("Paused")).toEqual([2]);
    expect(at("Resumed")).toEqual([3]);
    expect(eventsOf(run, "ProcessExited").map(({ event }) => event.node)).toEqual(["audit"]);
    // From three brokers, two clients and the administrator, and then one broker from another.
    expect(at("LinkCut")).toEqual([4, 4, 4, 4, 4, 4, 5]);
    expect(eventsOf(run, "LinkHealed").map(({ event }) => `${event.a} ${event.b}`)).toContain("broker-2 broker-1");
    expect(whys(run)).toEqual([]);
    expect(run.timeline?.entries.map(({ text }) => text)).toContain("by hand: broker-1 cut off from broker-2");
  });

  test("a record more is the next in the sequence, and those that are due come when they are due", () => {
    const due = (run: Simulation): number[] => eventsOf(run, "RecordSent").map(({ step }) => step.timeUs);
    const run = playedWith("  - { at: 1.23s, produce: checkout }\n  - { at: 1.23s, produce: checkout }", QUIET);
    const sequences = eventsOf(run, "RecordSent").map(({ event }) => (event.record as ProducedRecord).origin?.sequence);
    expect(sequences).toEqual(sequences.map((_, index) => index));
    const extra = readyAt + 1_230_000;
    expect(due(run).filter((timeUs) => timeUs === extra)).toHaveLength(2);
    expect(due(run).filter((timeUs) => timeUs !== extra)).toEqual(due(played([], read("  []", QUIET))));
    // All but the one that is sent as the run ends.
    expect(run.checker.records).toMatchObject({ acknowledged: sequences.length - 1, failed: 0, duplicated: 0 });
  });

  test("a producer that is blocked in send() sends nothing more, and sends what was due when the call returns", () => {
    const edits = "  - { at: 0s, isolate: checkout }\n  - { at: 1s, produce: checkout }\n  - { at: 3s, heal: all }";
    const run = playedWith(edits, QUIET);
    expect(whys(run)).toEqual(["checkout sends one record more: it was blocked in send()"]);
    expect(eventsOf(run, "RecordSent")).toHaveLength(eventsOf(played([], read("  []", QUIET)), "RecordSent").length);
  });

  test("a record more that blocks in send() leaves the timer of the next one as it is", () => {
    // Two batches fill the buffer: the third record waits until the first is acknowledged, which is before the next one is due.
    const config = "config: { acks: all, linger.ms: 0, batch.size: 16384, buffer.memory: 32768 }";
    const text = QUIET.replace(/producers:.*/, `producers: { checkout: { topic: orders, rate: 1/s, ${config} } }`);
    const produce = (at: string): string => `  - { at: ${at}, produce: checkout }`;
    const run = playedWith(
      ["  - { at: 1.5s, isolate: checkout }", ...["2.1s", "2.2s", "2.3s"].map(produce), "  - { at: 2.5s, heal: all }"].join("\n"),
      text,
    );
    expect(whys(run)).toEqual(["checkout sends one record more: it was blocked in send()"]);
    expect(eventsOf(run, "RecordSent").map(({ step }) => (step.timeUs - readyAt) / 1_000_000)).toEqual([
      0, 1, 2, 2.1, 2.2, 3, 4, 5, 6,
    ]);
    const timers = run.world.trace.steps().filter(({ label }) => label === "application.send");
    expect(timers.map(({ timeUs }) => (timeUs - readyAt) / 1_000_000)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(run.checker.records.failed).toBe(0);
  });

  test("of two edits of one message the later one holds", () => {
    const delivery = DELIVERIES.map(deliveryOf).find(({ message, nth }) => message === "Produce" && nth === 3) as DeliveryRef;
    const hold: RunEdit = { kind: "message", delivery, change: { do: "hold" } };
    const drop: RunEdit = { kind: "message", delivery, change: { do: "drop" } };
    expect(played([hold, drop]).world.trace.hash()).toBe(played([drop]).world.trace.hash());
    expect(played([drop, hold]).world.trace.hash()).toBe(played([hold]).world.trace.hash());
    expect(whys(played([hold, drop]))).toEqual([]);
  });

  test("a message that is changed by hand still counts for the faults that would have hit it", () => {
    const text = QUIET.replace("run:", "faults: [{ at: 0s, drop: { message: Produce, nth: 2, times: 2 } }]\nrun:");
    const dropped = (run: Simulation): (number | undefined)[] =>
      run.world.trace.steps().flatMap(({ delivery }) => (delivery?.beyondTcp === "dropped" ? [delivery.nth] : []));
    expect(dropped(played([], read("  []", text)))).toEqual([2, 3]);
    const run = playedWith("  - { delay: { message: Produce, nth: 2, from: checkout, to: broker-1, by: 1s } }", text);
    expect(dropped(run)).toEqual([3]);
    expect(run.world.trace.steps().find(({ delivery }) => delivery?.beyondTcp === "delayed")?.delivery?.nth).toBe(2);
  });

  test("a release lets one message go that an edit holds, or a fault, and no other", () => {
    const held = `  - { hold: { message: Produce, nth: 3, from: checkout, to: broker-1 } }
  - { at: 5s, release: { message: Produce, nth: 3, from: checkout, to: broker-1 } }`;
    const run = playedWith(held, QUIET);
    const arrived = run.world.trace.steps().find((step) => step.label === "Produce" && step.delivery?.nth === 3);
    expect(arrived).toMatchObject({ timeUs: readyAt + 5_000_000, delivery: { beyondTcp: "held" } });
    const byFault = QUIET.replace("run:", "faults: [{ at: 0s, hold: { message: Produce, nth: 3, times: 1 } }]\nrun:");
    expect(
      played([], read("  []", byFault))
        .world.trace.steps()
        .some((step) => step.delivery?.beyondTcp === "held"),
    ).toBe(false);
    const freed = playedWith(held.split("\n")[1] as string, byFault);
    expect(freed.world.trace.steps().find((step) => step.delivery?.beyondTcp === "held")?.timeUs).toBe(readyAt + 5_000_000);
  });
});

test("an edit that finds nothing to change says why, and the run goes on as if it were not there, but for its step", () => {
  const run = playedWith(
    `  - { drop: { message: Vote, nth: 7000, from: broker-1, to: broker-2 } }
  - { at: 1s, crash: broker-3 }
  - { at: 2s, crash: broker-3 }
  - { at: 2s, resume: broker-1 }
  - { at: 2s, restart: broker-1 }
  - { at: 3s, release: { message: Fetch, nth: 3, from: broker-2, to: broker-1 } }
  - { at: 3s, pause: broker-3 }
  - { at: 6s, behind: 9000, stop: audit }`,
    QUIET,
  );
  expect(whys(run)).toEqual([
    "Vote #7000 from broker-1 to broker-2 dropped: no such message was sent",
    "broker-3 crashed: it was not running",
    "broker-1 resumed: it was not paused",
    "broker-1 restarted: it was running",
    "Fetch #3 from broker-2 to broker-1 released: nothing held it",
    "broker-3 paused: it was not running",
  ]);
  const result = runSide({ label: undefined, scenario: read("  - { at: 1s, resume: broker-1 }", QUIET) }, "1");
  expect(result.notes).toEqual(["by hand: broker-1 resumed: nothing changed, it was not paused"]);
  expect(result.verdict).toBe("as-expected");
});

describe("conditions to stop at", () => {
  const WHENS = [
    "event: IsrChanged, partition: orders-0, isr: [leader, 2]",
    "event: HighWatermarkAdvanced, partition: orders-0, broker: leader, to: 7",
    "message: AlterPartition, from: leader(orders-0)",
    "message: ProduceResponse, moment: delivered",
  ];
  const faults = WHENS.map((when) => `  - { when: { ${when} }, since: start, sync: broker-1 }`).join("\n");
  const scenario = parseScenario(TEXT.replace("run:", `${faults}\nrun:`), "by-hand.yaml", { invariants: INVARIANT_NAMES });

  test("come true in the very step in which a fault with that condition fires, and the run is the same", () => {
    const watched = simulationOf([], scenario);
    const conditions = WHENS.map((when) => parseCondition(when, scenario));
    watched.stopWhen(conditions);
    const first = new Map<Condition, number>();
    while (watched.step()) for (const met of watched.met) if (!first.has(met)) first.set(met, watched.world.trace.step);
    watched.run();
    expect(findings(watched)).toEqual(findings(played([], scenario)));
    const fired = watched.timeline?.entries.filter(({ text }) => text.endsWith("sync broker-1")) ?? [];
    expect(conditions.map((condition) => first.get(condition))).toEqual(
      WHENS.map((_, index) => fired.find(({ text }) => text.startsWith(`fault ${index + 5}:`))?.step),
    );
  });

  test("are those that were asked for last, in a fork as well", () => {
    const simulation = playedTo(simulationOf([]), STEPS[0]?.number ?? 0);
    const [produce, fetch] = ["message: Produce", "message: Fetch"].map((text) => parseCondition(text, SCENARIO)) as [
      Condition,
      Condition,
    ];
    simulation.stopWhen([produce]);
    simulation.stopWhen([fetch]);
    const fork = forkOf(simulation);
    const metBy = (run: Simulation): Condition[] => {
      const met: Condition[] = [];
      while (met.length < 3 && run.step()) met.push(...run.met);
      return met;
    };
    expect(metBy(simulation)).toEqual([fetch, fetch, fetch]);
    expect(metBy(fork).every((condition) => condition === fetch)).toBe(true);
    fork.stopWhen([]);
    expect(metBy(fork)).toEqual([]);
    expect(fork.phase).toBe("over");
  });
});
