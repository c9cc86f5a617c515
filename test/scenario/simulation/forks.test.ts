/** A fork of a simulation at any step goes on as the original does, and neither knows of the other. */
import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Simulation } from "../../../src/scenario/simulation/simulation.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import { BUNDLED, BUNDLED_TURNED, type BundledSide, bundled } from "../../scenarios/bundled.ts";

function simulationOf({ scenario }: BundledSide, seed: number): Simulation {
  return new Simulation({ scenario, seed: String(seed), withTimeline: true });
}

/** The first `steps` of its steps, or all if there are fewer. */
function advance(simulation: Simulation, steps: number): void {
  while (simulation.world.trace.step < steps && simulation.step());
}

/** Everything that a run has found out. */
function findings({ world, checker, timeline, nemesis, phase, ...simulation }: Simulation): object {
  return {
    hash: world.trace.hash(),
    steps: world.trace.step,
    events: world.trace.eventCount,
    time: world.time,
    phase,
    readyAt: simulation.readyAt,
    violations: checker.violations,
    records: checker.records,
    outages: checker.outages,
    timeline: timeline?.entries,
    repertoire: nemesis?.repertoire,
  };
}

function ended(simulation: Simulation): object {
  simulation.run();
  const goals = simulation.reached();
  const unfired = simulation.unfiredFaults().map(({ number }) => number);
  return { ...findings(simulation), goals: [...goals], unfired };
}

const LONGEST = 60_000;

property.prop(
  [fc.constantFrom(...BUNDLED, ...BUNDLED_TURNED), fc.integer({ min: 0, max: LONGEST }), fc.integer({ min: 1, max: 1e6 })],
  {
    numRuns: 8,
  },
)(
  "a fork at any step of any bundled scenario ends as the original: same hash, violations, numbers, goals and story",
  (side, step, seed) => {
    const original = simulationOf(side, seed);
    advance(original, step);
    const fork = forkOf(original);
    expect(findings(fork)).toEqual(findings(original));
    // The fork runs first: if it shared anything with the original, that would now be changed.
    const ofFork = ended(fork);
    const ofOriginal = ended(original);
    expect(ofFork).toEqual(ofOriginal);
  },
);

property.prop([fc.integer({ min: 3_000, max: 30_000 }), fc.constantFrom("crash", "power-loss", "clock", "isolate", "wipe")], {
  numRuns: 3,
})("what is done to a fork does not reach the original, nor the other way round", (step, what) => {
  const side = bundled("failover/leader-crash");
  const undisturbed = ended(simulationOf(side, 1));
  const original = simulationOf(side, 1);
  advance(original, step);
  const fork = forkOf(original);
  disturb(fork, what);
  const ofFork = ended(fork);
  expect(ended(original)).toEqual(undisturbed);
  expect((ofFork as { hash: string }).hash).not.toBe((undisturbed as { hash: string }).hash);
});

test("forks of forks, one after another, still end as the original", () => {
  const side = bundled("nemesis/random-faults");
  let simulation = simulationOf(side, 3);
  const undisturbed = ended(simulationOf(side, 3));
  for (const step of [1, 500, 5_000, 5_001, 20_000]) {
    advance(simulation, step);
    simulation = forkOf(simulation);
  }
  expect(ended(simulation)).toEqual(undisturbed);
});

test("a checkpoint can be gone back to any number of times", () => {
  const simulation = simulationOf(bundled("disk/power-loss"), 2);
  advance(simulation, 20_000);
  const checkpoint = forkOf(simulation);
  const [first, second] = [ended(forkOf(checkpoint)), ended(forkOf(checkpoint))];
  expect(second).toEqual(first);
  expect(ended(simulation)).toEqual(first);
});

function disturb({ world }: Simulation, what: string): void {
  if (what === "crash" || what === "wipe") world.crash("broker-2");
  if (what === "wipe") world.wipe("broker-2");
  if (what === "power-loss") world.losePower("broker-2", "random");
  if (what === "clock") world.adjustClock("broker-2", { driftPpm: 300_000 });
  if (what === "isolate") for (const node of ["broker-1", "broker-3", "checkout"]) world.cut("broker-2", node);
}
