/** One scenario and one seed, run to a verdict. */
import { INVARIANTS } from "../checks/catalogue.ts";
import { describeEdit } from "../scenario/run-edit.ts";
import { Simulation } from "../scenario/simulation/simulation.ts";
import type { ScenarioSpec } from "../scenario/spec.ts";
import { causeOf } from "./cause.ts";
import { dangersOf } from "./dangers.ts";
import { judge } from "./expectations.ts";
import { GenerationMeter, groupResults } from "./group-result.ts";
import { Listeners } from "./listeners.ts";
import { RecoveryMeter } from "./recovery.ts";
import type { ExpectationResult, Moment, ReportedViolation, RunResult, Verdict } from "./result.ts";
import { describeSetting, describeWorkload } from "./setting.ts";

export interface RunOptions {
  /** Whether the result tells the story of the run. */
  readonly withTimeline?: boolean;
  /** Whether violations are traced back to what caused them; runs the scenario once more where there are any. */
  readonly withCauses?: boolean;
}

/** A scenario as it is played: an exhibit is played twice, with its switch at the old position and at the new one. */
export interface Side {
  /** `old rule` or `new rule`; undefined for a scenario that is no exhibit. */
  readonly label: string | undefined;
  readonly scenario: ScenarioSpec;
}

/** The sides of a scenario, in the order in which they are played. */
export function sidesOf(scenario: ScenarioSpec): readonly Side[] {
  const { exhibit } = scenario;
  if (exhibit === undefined) return [{ label: undefined, scenario }];
  return [
    { label: "old rule", scenario: exhibit.old.scenario },
    { label: "new rule", scenario: exhibit.new.scenario },
  ];
}

/** Runs one side of a scenario. Pure: the same arguments give the same result. */
export function runSide(side: Side, seed: string, options: RunOptions = {}): RunResult {
  const { scenario } = side;
  const [meter, generations] = [new RecoveryMeter(), new GenerationMeter()];
  // Nobody else cares for a group.
  const listener = scenario.groups.length === 0 ? meter : new Listeners([meter, generations]);
  const simulation = new Simulation({ scenario, seed, withTimeline: options.withTimeline === true, listener });
  simulation.run();
  const { world, checker, timeline } = simulation;
  const { longestDelayUs, ...records } = checker.records;
  const longestOutage = checker.longestOutage;
  const groups = groupResults(simulation, generations);
  const expectations = judge(
    { violations: checker.violations, records, longestOutage, groups, reached: simulation.reached() },
    scenario.expect,
  );
  const notes = notesOf(simulation);
  return {
    file: scenario.file,
    scenario: scenario.name,
    ...(side.label !== undefined && { side: side.label }),
    seed,
    verdict: verdictOf(simulation, expectations, side),
    ending: simulation.phase === "over" || simulation.phase === "unready" ? simulation.phase : "out-of-events",
    traceHash: world.trace.hash(),
    events: world.trace.step,
    virtualUs: simulation.phase === "unready" ? 0 : simulation.since(world.time),
    records,
    longestDelayUs,
    longestOutage: longestOutage && {
      client: longestOutage.client,
      fromUs: simulation.since(longestOutage.fromUs),
      toUs: simulation.since(longestOutage.toUs),
    },
    recovery: meter.result,
    groups,
    violations: reportViolations(simulation, side, seed, options),
    expectations,
    timeline: (timeline?.entries ?? []).map((entry) => ({ ...entry, timeUs: simulation.since(entry.timeUs) })),
    notes,
    invariants: checker.invariants.length,
    setting: describeSetting(scenario),
    workload: describeWorkload(scenario),
  };
}

/** Runs one side once more with every step written down. */
export function traceSide(side: Side, seed: string): Simulation {
  const simulation = new Simulation({ scenario: side.scenario, seed, traceLevel: "full" });
  simulation.run();
  return simulation;
}

function reportViolations(simulation: Simulation, side: Side, seed: string, options: RunOptions): ReportedViolation[] {
  const { violations } = simulation.checker;
  if (violations.length === 0) return [];
  const steps = options.withCauses ? traceSide(side, seed).world.trace.steps() : [];
  const sinceReady = <M extends Moment>(moment: M): M => ({ ...moment, timeUs: simulation.since(moment.timeUs) });
  return violations.map((violation) => ({
    invariant: violation.invariant,
    promise: INVARIANTS.find(({ name }) => name === violation.invariant)?.promise ?? "",
    step: violation.step,
    timeUs: simulation.since(violation.timeUs),
    message: violation.message,
    facts: violation.facts.map(sinceReady),
    // What belongs to the boot explains nothing.
    cause: causeOf(violation, steps)
      .map(sinceReady)
      .filter(({ timeUs }) => timeUs >= 0),
  }));
}

/** What kept the run from answering its question: nothing is said of the faults of an exhibit, one of whose sides may never get to them. */
function verdictOf(simulation: Simulation, expectations: readonly ExpectationResult[], side: Side): Verdict {
  const { phase, checker } = simulation;
  const isAnswered = phase === "over" && (side.label !== undefined || simulation.unfiredFaults().length === 0);
  if (isAnswered) return expectations.every((expectation) => expectation.met) ? "as-expected" : "unexpected";
  return checker.violations.length > 0 && side.scenario.expect.violates.length === 0 ? "unexpected" : "undecided";
}

function notesOf(simulation: Simulation): string[] {
  const unfired = simulation.unfiredFaults().map(({ name, source, trigger }) => {
    const condition = trigger.kind === "event" || trigger.kind === "message" ? `its condition (${trigger.text})` : "its time";
    return `${source}: ${name} never fired: ${condition} did not come`;
  });
  const notes = [...dangersOf(simulation.scenario), ...unfired];
  for (const { fault, action } of simulation.unusedEdits()) {
    notes.push(`${fault.source}: ${fault.name} found no message to ${action.do} (${action.text})`);
  }
  for (const { edit, why } of simulation.unusedRunEdits()) notes.push(`by hand: ${describeEdit(edit)}: nothing changed, ${why}`);
  if (simulation.phase === "unready")
    notes.push("the cluster was not ready within 120 s of virtual time: not every partition had its full ISR");
  if (simulation.phase === "out-of-events")
    notes.push(`the run was given up after ${simulation.world.trace.step} events (run.max-events)`);
  return notes;
}
