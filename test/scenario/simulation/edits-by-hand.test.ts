/** What is changed by hand: the same run whether it stood in the file or was added on the way, and what each change does. */
import { fc, test as property } from "@fast-check/vitest";
import { expect } from "vitest";
import { INVARIANT_NAMES } from "../../../src/checks/catalogue.ts";
import { parseScenario } from "../../../src/scenario/loader.ts";
import type { DeliveryRef, MomentAction, RunEdit, RunMoment } from "../../../src/scenario/run-edit.ts";
import { Simulation } from "../../../src/scenario/simulation/simulation.ts";
import type { ScenarioSpec } from "../../../src/scenario/spec.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import type { Step } from "../../../src/sim/trace.ts";

const TEXT = `
name: by hand
cluster: { brokers: 3, controllers: 1, config: { replica.lag.time.max.ms: 2000 } }
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

/** Whether a simulation that stands just behind `step` of a run stands before what the edit changes in it. */
function standsBefore(edit: RunEdit, run: Simulation, step: number): boolean {
  const steps = run.world.trace.steps();
  const at = steps[step - 1];
  if (at === undefined) return true;
  if (edit.kind === "moment") {
    const here = momentBehind(steps, at);
    return edit.moment.timeUs > here.timeUs || (edit.moment.timeUs === here.timeUs && edit.moment.steps >= here.steps);
  }
  // It is sent in the step that caused its delivery; where it never is delivered, it may have been sent at any time.
  const { message, from, to, nth } = edit.delivery;
  const delivered = steps.find(
    (each) => each.label === message && each.node === to && each.delivery?.from === from && each.delivery.nth === nth,
  );
  return delivered !== undefined && delivered.cause > step;
}

property.prop([arbitraryEdits, fc.oneof(arbitraryMessageEdit, arbitraryMomentEdit), fc.double({ min: 0, max: 1, noNaN: true })], {
  numRuns: 60,
})("an edit that is added to a fork before it has an effect gives the run that has it from the start", (edits, edit, where) => {
  const without = played(edits);
  const step = Math.floor(where * without.world.trace.step);
  fc.pre(standsBefore(edit, without, step));
  const original = playedTo(simulationOf(edits), step);
  const fork = forkOf(original);
  fork.addEdit(edit);
  fork.run();
  expect(findings(fork)).toEqual(findings(played([...edits, edit])));
  original.run();
  expect(findings(original)).toEqual(findings(without));
});
