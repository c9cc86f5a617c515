/** One scenario and one seed, run to a verdict. */
import type { Micros } from "../base/units.ts";
import type { Violation } from "../checks/invariant.ts";
import { INVARIANTS } from "../checks/catalogue.ts";
import { type SimulationOptions, Simulation } from "../scenario/simulation/simulation.ts";
import type { ExhibitSide, ExpectSpec, ScenarioSpec } from "../scenario/spec.ts";
import { causeOf } from "./cause.ts";
import { judge } from "./expectations.ts";
import { describeSetting, describeWorkload } from "./setting.ts";
import type { Moment, ReportedViolation, RunResult, Verdict } from "./result.ts";

export interface RunOptions {
  /** Whether the result tells the story of the run. */
  readonly withTimeline?: boolean;
  /** Whether violations are traced back to what caused them; runs the scenario once more where there are any. */
  readonly withCauses?: boolean;
}

/** A scenario as it is played: an exhibit is played twice, with its dial at the old value and at the new one. */
export interface Side {
  readonly label: string | undefined;
  readonly scenario: ScenarioSpec;
  readonly expect: ExpectSpec;
}

/** The sides of a scenario, in the order in which they are played. */
export function sidesOf(scenario: ScenarioSpec): readonly Side[] {
  const { exhibit } = scenario;
  if (exhibit === undefined) return [{ label: undefined, scenario, expect: scenario.expect }];
  const side = (label: string, { value, expect }: ExhibitSide): Side => ({
    label,
    scenario: { ...scenario, dials: { ...scenario.dials, [exhibit.dial]: value } },
    expect,
  });
  return [side("old rule", exhibit.old), side("new rule", exhibit.new)];
}

/** Runs one side of a scenario. Pure: the same arguments give the same result. */
export function runSide(side: Side, seed: string, options: RunOptions = {}): RunResult {
  const { scenario, expect } = side;
  const simulationOptions: SimulationOptions = { scenario, seed, expect, withTimeline: options.withTimeline === true };
  const simulation = new Simulation(simulationOptions);
  simulation.run();
  const found = simulation.checker?.violations ?? [];
  const traced = options.withCauses && found.length > 0 ? replayed(simulationOptions) : undefined;
  const expectations = judge(simulation, expect);
  const { records, longestDelayUs, outage } = numbersOf(simulation);
  return {
    file: scenario.file,
    scenario: scenario.name,
    ...(side.label !== undefined && { side: side.label }),
    seed,
    verdict: verdictOf(simulation, expectations.every((expectation) => expectation.met)),
    traceHash: simulation.world.trace.hash(),
    events: simulation.world.trace.step,
    virtualUs: Math.max(0, simulation.since(simulation.world.time)),
    records,
    longestDelayUs,
    longestOutage: outage,
    violations: found.map((violation) => reported(violation, simulation, traced)),
    expectations,
    timeline: (simulation.timeline?.entries ?? []).map((entry) => sinceReady(entry, simulation)),
    notes: notesOf(simulation),
    invariants: INVARIANTS.length,
    setting: describeSetting(scenario),
    workload: describeWorkload(scenario),
  };
}
