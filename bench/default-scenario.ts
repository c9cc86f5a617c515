/** The healthy cluster of the bundled scenarios, with every check on, and what it got done. */
import { fileURLToPath } from "node:url";
import { US_PER_SECOND } from "../src/base/units.ts";
import { loadScenario } from "../src/scenario/loader.ts";
import { Simulation } from "../src/scenario/simulation/simulation.ts";

const FILE = fileURLToPath(new URL("../../scenarios/healthy/three-brokers.yaml", import.meta.url));
const scenario = loadScenario(FILE);

export interface Run {
  readonly events: number;
  readonly virtualSeconds: number;
}

export function runDefaultScenario(): Run {
  const simulation = new Simulation({ scenario, seed: "1" });
  simulation.run();
  const { world } = simulation;
  return { events: world.trace.step, virtualSeconds: world.time / US_PER_SECOND };
}
