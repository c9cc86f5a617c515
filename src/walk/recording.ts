/** Plays a simulation to its end and writes everything down: the tape, checkpoints, and what it came to. */
import type { NoteSpec } from "../scenario/note-spec.ts";
import type { RunEdit } from "../scenario/run-edit.ts";
import type { Simulation } from "../scenario/simulation/simulation.ts";
import type { TimelineEntry } from "../scenario/simulation/timeline.ts";
import type { BranchEnding } from "./branch.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { Journey } from "./journey.ts";
import { NoteFinder } from "./note-finder.ts";
import type { Tape } from "./tape.ts";

/** Steps from one chance to stop to the next. */
export const SLICE = 500;

export interface Recording {
  readonly simulation: Simulation;
  readonly tape: Tape;
  readonly checkpoints: Checkpoints;
  /** Those that are in the simulation. */
  readonly edits: readonly RunEdit[];
  readonly notes: readonly NoteSpec[];
}

/** `simulation` goes on from where it stands, which is where the tape ends. It is of no use afterwards. */
export function* record({ simulation, tape, checkpoints, edits, notes }: Recording): Journey<BranchEnding> {
  const { world, checker } = simulation;
  const { run } = simulation.scenario;
  const finder = new NoteFinder(notes, tape.noteMatches);
  simulation.stopWhen(finder.conditions);
  checkpoints.pass(simulation, edits.length);
  while (simulation.step()) {
    if (world.trace.step === tape.length) continue;
    if (world.trace.last !== undefined) tape.add(world.trace.last);
    if (simulation.phase === "ready" && tape.start === 0) tape.start = tape.length;
    finder.look(simulation);
    checkpoints.pass(simulation, edits.length);
    if (tape.length % SLICE === 0) yield Math.max(0, simulation.since(world.time) / (run.forUs + run.settleUs));
  }
  // Nothing is left to happen, only to be judged.
  simulation.run();
  tape.violations = checker.violations;
  tape.story = storyOf(simulation);
  tape.notes = finder.places((place) => {
    if (place.kind === "at") return tape.stepAt(simulation.readyAt + place.atUs);
    return place.kind === "start" ? tape.start : tape.length;
  });
  return {
    phase: simulation.phase,
    readyAt: simulation.readyAt,
    timeUs: world.time,
    records: checker.records,
    violated: [...new Set(checker.violations.map(({ invariant }) => invariant))],
    traceHash: world.trace.hash(),
    unused: simulation.unusedRunEdits(),
  };
}

/** The timeline of the run, with what was broken where it belongs. */
function storyOf({ timeline, checker }: Simulation): readonly TimelineEntry[] {
  const broken = checker.violations.map(({ step, timeUs, invariant, message }) => ({
    step,
    timeUs,
    text: `✗ ${invariant}: ${message}`,
  }));
  // Sorting keeps what is of one step in its order.
  return [...(timeline?.entries ?? []), ...broken].sort((a, b) => a.step - b.step);
}
