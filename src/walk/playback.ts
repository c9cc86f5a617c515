/** Reaches any step of a branch: from the nearest checkpoint, by playing on. */
import { assert } from "../base/assert.ts";
import type { Simulation } from "../scenario/simulation/simulation.ts";
import { forkOf } from "../sim/fork.ts";
import type { Branch } from "./branch.ts";
import type { Checkpoint } from "./checkpoints.ts";
import type { Journey } from "./journey.ts";
import { SLICE } from "./recording.ts";

/** Whoever goes back one step is likely to go back another: a checkpoint is left so far before the place. */
const NEAR_DISTANCE = 200;

/** A simulation of one's own that stands at a checkpoint of the branch, or where another one stands. */
export function departFrom({ simulation, edits }: Checkpoint, branch: Branch): Simulation {
  const copy = forkOf(simulation);
  for (const edit of branch.edits.slice(edits)) copy.addEdit(edit);
  return copy;
}

/** A simulation of one's own just behind `step` of `branch`. */
export function* reach(branch: Branch, step: number): Journey<Simulation> {
  const { checkpoints, edits } = branch;
  const base = checkpoints.before(step);
  assert(base !== undefined, "a branch has a checkpoint at its beginning");
  const simulation = departFrom(base, branch);
  if (step - base.step > NEAR_DISTANCE) {
    yield* playTo(simulation, step - NEAR_DISTANCE);
    checkpoints.layNear(simulation, edits.length);
  }
  yield* playTo(simulation, step);
  return simulation;
}

/** Lets `simulation` go on until it stands just behind `step`, which its run has. */
export function* playTo(simulation: Simulation, step: number): Journey<void> {
  assert(yield* playUpTo(simulation, step), `the run ends at step ${simulation.world.trace.step}, before ${step}`);
}

/** The same in a run that may be shorter: false if it ends before. */
export function* playUpTo(simulation: Simulation, step: number): Journey<boolean> {
  const { trace } = simulation.world;
  const from = trace.step;
  while (trace.step < step) {
    if (!simulation.step()) return false;
    if (trace.step % SLICE === 0) yield (trace.step - from) / (step - from);
  }
  return true;
}
