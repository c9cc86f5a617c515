/** Looks along a branch, on or back, for the step at which something happens that only the run itself can tell. */
import { assert } from "../base/assert.ts";
import type { Condition } from "../scenario/condition.ts";
import type { Simulation } from "../scenario/simulation/simulation.ts";
import { forkOf } from "../sim/fork.ts";
import type { Branch } from "./branch.ts";
import type { Journey } from "./journey.ts";
import { departFrom } from "./playback.ts";
import { SLICE } from "./recording.ts";
import { mayChange, readWatched, type WatchedValue } from "./watched-value.ts";

/** Looks at a simulation before each stretch that it plays, and after each step: true for a step that is looked for. */
interface Watcher {
  begin(simulation: Simulation): void;
  look(simulation: Simulation): boolean;
  /** Whether nothing that is looked for can lie in (from, to]. */
  canSkip(from: number, to: number): boolean;
}

class ConditionWatcher implements Watcher {
  private readonly conditions: readonly Condition[];

  constructor(conditions: readonly Condition[]) {
    this.conditions = conditions;
  }

  begin(simulation: Simulation): void {
    simulation.stopWhen(this.conditions);
  }

  look(simulation: Simulation): boolean {
    return simulation.met.length > 0;
  }

  canSkip(): boolean {
    return false;
  }
}

class ValueWatcher implements Watcher {
  private readonly value: WatchedValue;
  private readonly branch: Branch;
  private last: string | number | undefined;

  constructor(value: WatchedValue, branch: Branch) {
    this.value = value;
    this.branch = branch;
  }

  begin(simulation: Simulation): void {
    this.last = readWatched(simulation, this.value);
  }

  look(simulation: Simulation): boolean {
    const before = this.last;
    this.last = readWatched(simulation, this.value);
    return this.last !== before;
  }

  canSkip(from: number, to: number): boolean {
    const { tape } = this.branch;
    for (let index = tape.firstEventOf(from + 1); index < tape.firstEventOf(to + 1); index++) {
      if (mayChange((tape.events[index] as (typeof tape.events)[number]).event, this.value)) return false;
    }
    return true;
  }
}

/** The last step before `position` at which one of the conditions came true. */
export function lastMet(branch: Branch, position: number, conditions: readonly Condition[]): Journey<number | undefined> {
  return searchBack(branch, position, new ConditionWatcher(conditions));
}

/** The last step before `position` that changed the value. */
export function lastChange(branch: Branch, position: number, value: WatchedValue): Journey<number | undefined> {
  return searchBack(branch, position, new ValueWatcher(value, branch));
}

/** The first step behind where `simulation` stands at which one of the conditions comes true. */
export function nextMet(branch: Branch, simulation: Simulation, conditions: readonly Condition[]): Journey<number | undefined> {
  return searchOn(branch, simulation, new ConditionWatcher(conditions));
}

/** The first step behind where `simulation` stands that changes the value. */
export function nextChange(branch: Branch, simulation: Simulation, value: WatchedValue): Journey<number | undefined> {
  return searchOn(branch, simulation, new ValueWatcher(value, branch));
}

function* searchOn(branch: Branch, from: Simulation, watcher: Watcher): Journey<number | undefined> {
  const simulation = forkOf(from);
  const { trace } = simulation.world;
  const { length } = branch.tape;
  const start = trace.step;
  if (watcher.canSkip(start, length)) return undefined;
  watcher.begin(simulation);
  while (trace.step < length && simulation.step()) {
    if (watcher.look(simulation)) return trace.step;
    if (trace.step % SLICE === 0) yield (trace.step - start) / (length - start);
  }
  return undefined;
}

/** From checkpoint to checkpoint, the latest stretch first. */
function* searchBack(branch: Branch, position: number, watcher: Watcher): Journey<number | undefined> {
  for (let to = position - 1; to > 0; ) {
    const base = branch.checkpoints.before(to - 1);
    assert(base !== undefined, "a branch has a checkpoint at its beginning");
    if (!watcher.canSkip(base.step, to)) {
      const simulation = departFrom(base, branch);
      const { trace } = simulation.world;
      let found: number | undefined;
      watcher.begin(simulation);
      while (trace.step < to && simulation.step()) {
        // The event after the last step of the stretch may be a silent one.
        if (watcher.look(simulation) && trace.step <= to) found = trace.step;
        if (trace.step % SLICE === 0) yield 1 - trace.step / position;
      }
      if (found !== undefined) return found;
    }
    to = base.step;
  }
  return undefined;
}
