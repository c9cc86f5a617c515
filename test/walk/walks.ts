/** A small run to walk through, and what it is step by step when nobody walks. */
import { fileURLToPath } from "node:url";
import { type Side, sidesOf } from "../../src/run/run-scenario.ts";
import { loadScenario } from "../../src/scenario/loader.ts";
import type { RunEdit } from "../../src/scenario/run-edit.ts";
import { Simulation } from "../../src/scenario/simulation/simulation.ts";
import { complete } from "../../src/walk/journey.ts";
import { Walk } from "../../src/walk/walk.ts";

export function bundledSide(name: string, overrides: readonly string[] = []): Side {
  const file = fileURLToPath(new URL(`../../scenarios/${name}.yaml`, import.meta.url));
  return sidesOf(loadScenario(file, { overrides }))[0] as Side;
}

export function walkThrough(side: Side, seed = "1"): Walk {
  return complete(Walk.open({ side, seed }));
}

/** A run from its start to its end, without a walk. */
export function straightRun(side: Side, edits: readonly RunEdit[] = [], seed = "1"): Simulation {
  const simulation = new Simulation({ scenario: side.scenario, seed, edits });
  simulation.run();
  return simulation;
}

/** What `look` sees behind every step of a run, by number of the step. */
export function everyStep<T>(side: Side, look: (simulation: Simulation) => T, seed = "1"): T[] {
  const simulation = new Simulation({ scenario: side.scenario, seed, traceLevel: "last", nameDeliveries: true });
  const seen = [look(simulation)];
  while (simulation.step()) if (simulation.world.trace.step === seen.length) seen.push(look(simulation));
  return seen;
}
