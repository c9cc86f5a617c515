/** Looks for what a mutant does: runs its scenario, seed after seed, until the invariant that must notice is violated. */
import type { Violation } from "../../src/checks/invariant.ts";
import { parseScenario } from "../../src/scenario/loader.ts";
import { Simulation } from "../../src/scenario/simulation/simulation.ts";
import { type Mutant, withMutant } from "./mutant.ts";

export interface Catch {
  readonly seed: number;
  readonly violation: Violation;
  /** Microseconds since the cluster was ready. */
  readonly timeUs: number;
}

/** Undefined if the mutant escapes. */
export function hunt(mutant: Mutant): Catch | undefined {
  for (const seed of mutant.seeds) {
    const caught = withMutant(mutant, () => runUntilViolated(mutant, seed));
    if (caught !== undefined) return caught;
  }
  return undefined;
}

function runUntilViolated({ scenario, invariant }: Mutant, seed: number): Catch | undefined {
  const simulation = simulationOf(scenario, seed);
  const { checker } = simulation;
  let looked = 0;
  const find = (): Catch | undefined => {
    const { violations } = checker;
    for (; looked < violations.length; looked++) {
      const violation = violations[looked] as Violation;
      if (violation.invariant === invariant) return { seed, violation, timeUs: simulation.since(violation.timeUs) };
    }
    return undefined;
  };
  while (simulation.step()) {
    const caught = checker.violations.length === looked ? undefined : find();
    if (caught !== undefined) return caught;
  }
  // Some promises are judged when all is over.
  simulation.run();
  return find();
}

export interface UnmutatedRun {
  readonly hash: string;
  /** Whether the cluster became ready and all of the scenario's time passed. */
  readonly complete: boolean;
  readonly violations: readonly Violation[];
}

/** The same without a mutant, to the end. */
export function runUnmutated(scenario: string, seed: number): UnmutatedRun {
  const simulation = simulationOf(scenario, seed);
  simulation.run();
  const { world, checker, phase } = simulation;
  return { hash: world.trace.hash(), complete: phase === "over", violations: checker.violations };
}

function simulationOf(text: string, seed: number): Simulation {
  const scenario = parseScenario(text, "mutants.yaml");
  return new Simulation({ scenario, seed: `${seed}` });
}
