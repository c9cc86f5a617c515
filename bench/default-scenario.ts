/** The healthy cluster of the bundled scenarios, with every check on, and what it got done; with a consumer that reads by itself, and with two groups. */
import { fileURLToPath } from "node:url";
import { US_PER_SECOND } from "../src/base/units.ts";
import { loadScenario } from "../src/scenario/loader.ts";
import { Simulation } from "../src/scenario/simulation/simulation.ts";
import type { ScenarioSpec } from "../src/scenario/spec.ts";

const FILE = fileURLToPath(new URL("../../scenarios/healthy/three-brokers.yaml", import.meta.url));
const scenario = loadScenario(FILE);

const group = (members: number): string => `{ topics: [orders], members: ${members}, config: { auto.offset.reset: earliest } }`;
const scenarioWithGroups = loadScenario(FILE, { overrides: [`consumers={ billing: ${group(3)}, shipping: ${group(2)} }`] });

export interface Run {
  readonly events: number;
  readonly virtualSeconds: number;
}

/** A run is short, and the engine takes several to make the model fast. */
const RUNS = 5;

export function runDefaultScenario(): Run {
  return runOf(scenario);
}

/** Five members in place of the consumer, with the defaults of both. */
export function runTwoGroups(): Run {
  return runOf(scenarioWithGroups);
}

function runOf(spec: ScenarioSpec): Run {
  let events = 0;
  let virtualSeconds = 0;
  for (let seed = 1; seed <= RUNS; seed++) {
    const simulation = new Simulation({ scenario: spec, seed: String(seed) });
    simulation.run();
    events += simulation.world.trace.step;
    virtualSeconds += simulation.world.time / US_PER_SECOND;
  }
  return { events, virtualSeconds };
}
