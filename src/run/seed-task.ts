/** A piece of work: one file, some seeds. What a worker thread is given, and what runs inline. */
import { INVARIANT_NAMES } from "../checks/catalogue.ts";
import { loadScenario } from "../scenario/load-scenario.ts";
import { type RunOptions, runSide, sidesOf } from "./run-scenario.ts";
import type { RunResult } from "./result.ts";

export interface SeedTask {
  readonly file: string;
  readonly overrides: readonly string[];
  /** Undefined stands for the file's own seed. */
  readonly seeds: readonly (number | undefined)[];
  readonly withTimeline: boolean;
}

/** Runs every side of the scenario for every seed. Throws ScenarioError for unusable input. */
export function runSeeds(task: SeedTask): RunResult[] {
  const { file, overrides, seeds, withTimeline } = task;
  const scenario = loadScenario(file, { overrides, invariants: INVARIANT_NAMES });
  const options: RunOptions = { withTimeline, withCauses: true };
  return seeds.flatMap((seed) => sidesOf(scenario).map((side) => runSide(side, String(seed ?? scenario.seed), options)));
}
