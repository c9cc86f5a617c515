/** A piece of work: one file, some seeds. What a worker thread is given, and what runs inline. */
import type { Micros } from "../base/units.ts";
import { INVARIANT_NAMES } from "../checks/catalogue.ts";
import { loadScenario } from "../scenario/loader.ts";
import { ScenarioError, type ScenarioProblem } from "../scenario/scenario-error.ts";
import type { Step } from "../sim/trace.ts";
import type { RunResult } from "./result.ts";
import { type RunOptions, runSide, sidesOf, traceSide } from "./run-scenario.ts";

export interface SeedTask {
  readonly file: string;
  readonly overrides: readonly string[];
  /** Undefined stands for the file's own seed. */
  readonly seeds: readonly (number | undefined)[];
  readonly withTimeline: boolean;
  readonly withCauses: boolean;
}

/** Reads all of the files; throws one ScenarioError with everything that is wrong with any of them. */
export function checkScenarios(files: readonly string[], overrides: readonly string[]): void {
  const problems = new Map<string, ScenarioProblem>();
  for (const file of files) {
    try {
      loadScenario(file, { overrides, invariants: INVARIANT_NAMES });
    } catch (error) {
      if (!(error instanceof ScenarioError)) throw error;
      // A wrong override is wrong for each file, and told once.
      for (const problem of error.problems) {
        problems.set(`${problem.file}:${problem.line}:${problem.column} ${problem.message}`, problem);
      }
    }
  }
  if (problems.size > 0) throw new ScenarioError([...problems.values()]);
}

/** The labels of the sides on which a scenario is played. */
export function scenarioSides(file: string, overrides: readonly string[]): readonly (string | undefined)[] {
  return sidesOf(loadScenario(file, { overrides, invariants: INVARIANT_NAMES })).map(({ label }) => label);
}

/** Runs every side of the scenario for every seed. Throws ScenarioError for unusable input. */
export function runSeeds(task: SeedTask): RunResult[] {
  const { file, overrides, seeds, withTimeline, withCauses } = task;
  const scenario = loadScenario(file, { overrides, invariants: INVARIANT_NAMES });
  const options: RunOptions = { withTimeline, withCauses };
  return seeds.flatMap((seed) => sidesOf(scenario).map((side) => runSide(side, String(seed ?? scenario.seed), options)));
}

/** Runs every side of the scenario with every step written down. */
export function traceSeed(file: string, overrides: readonly string[], seed: number | undefined): TracedSide[] {
  const scenario = loadScenario(file, { overrides, invariants: INVARIANT_NAMES });
  const used = String(seed ?? scenario.seed);
  return sidesOf(scenario).map((side) => {
    const { world, readyAt } = traceSide(side, used);
    const { trace } = world;
    return {
      file,
      scenario: scenario.name,
      side: side.label,
      seed: used,
      readyAtUs: readyAt,
      traceHash: trace.hash(),
      steps: trace.steps(),
    };
  });
}

/** A run as it is written down. */
export interface TracedSide {
  readonly file: string;
  readonly scenario: string;
  readonly side: string | undefined;
  readonly seed: string;
  /** When the cluster was ready: time 0 of the scenario. */
  readonly readyAtUs: Micros;
  readonly traceHash: string;
  readonly steps: readonly Step[];
}
