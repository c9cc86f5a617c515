/** What the runs of an exhibit come to: whether the documented failure shows on the old side, and no failure on the new one. */
import type { ScenarioSpec } from "../scenario/spec.ts";
import type { RunResult } from "./result.ts";
import { sidesOf } from "./run-scenario.ts";
import { type Quantiles, quantilesOf } from "./statistics.ts";

/** One side over all seeds. */
export interface SideOutcome {
  /** `old rule` or `new rule`; undefined where the file has one side only. */
  readonly label: string | undefined;
  readonly scenario: ScenarioSpec;
  readonly results: readonly RunResult[];
  /** Runs that ended as the file says. */
  readonly asSaid: number;
  readonly undecided: number;
}

export interface ExhibitOutcome {
  readonly scenario: ScenarioSpec;
  /** The side on which something breaks. */
  readonly old: SideOutcome;
  /** Undefined for a file that says how it ends, but has nothing to switch. */
  readonly fixed: SideOutcome | undefined;
  /** Steps until the first violation of what is said to break, over the seeds where it did. Undefined where none is said to. */
  readonly stepsToBreak: Quantiles | undefined;
}

/** `results` are those of all sides of the scenario. */
export function exhibitOutcome(scenario: ScenarioSpec, results: readonly RunResult[]): ExhibitOutcome {
  const [old, fixed] = sidesOf(scenario).map(({ label, scenario: played }): SideOutcome => {
    const own = results.filter(({ side }) => side === label);
    const having = (verdict: RunResult["verdict"]): number => own.filter((result) => result.verdict === verdict).length;
    return { label, scenario: played, results: own, asSaid: having("as-expected"), undecided: having("undecided") };
  }) as [SideOutcome, SideOutcome | undefined];
  const { violates } = old.scenario.expect;
  const steps = old.results.flatMap((result) => breakOf(result, violates)?.step ?? []);
  return { scenario, old, fixed, stepsToBreak: quantilesOf(steps) };
}

/** The first violation of one of these invariants. */
export function breakOf({ violations }: RunResult, violates: readonly string[]): RunResult["violations"][number] | undefined {
  return violations
    .filter(({ invariant }) => violates.includes(invariant))
    .reduce<RunResult["violations"][number] | undefined>(
      (first, each) => (first && first.step <= each.step ? first : each),
      undefined,
    );
}

/** Whether every run of every side ended as the file says. */
export function isReproduced({ old, fixed }: ExhibitOutcome): boolean {
  return [old, fixed].every((side) => side === undefined || side.asSaid === side.results.length);
}
