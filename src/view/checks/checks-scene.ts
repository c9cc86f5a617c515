/** Every promise with its state at a moment: broken, about to be broken on this branch, or held so far. */

import type { Micros } from "../../base/units.ts";
import { INVARIANTS } from "../../checks/catalogue.ts";
import type { Violation } from "../../checks/invariant.ts";
import { printable } from "../../report/printable.ts";
import type { Frame } from "../frame.ts";
import { clock } from "../timeline/clock.ts";
import { mainViolation } from "../violation.ts";

export interface ChecksScene {
  /** Broken by now: the one that the scenario is about, then the first to break. */
  readonly broken: readonly CheckedPromise[];
  /** What will be broken on this branch, in the same order, the next first; here it still holds. */
  readonly ahead: readonly CheckedPromise[];
  /** In the order of the catalogue. */
  readonly held: readonly HeldPromise[];
}

export interface HeldPromise {
  readonly name: string;
  /** What is promised, in one sentence. */
  readonly promise: string;
  /** Where the promise comes from. */
  readonly source: string;
}

export interface CheckedPromise extends HeldPromise {
  readonly step: number;
  /** Since time 0: `41.203`. */
  readonly time: string;
  /** From now until then, or since. */
  readonly awayUs: Micros;
  readonly message: string;
  /** The facts that contradict each other, the older one first. */
  readonly facts: readonly CheckedFact[];
  /** It breaks for so many more subjects in the whole run. */
  readonly more: number;
}

export interface CheckedFact {
  readonly step: number;
  readonly time: string;
  readonly text: string;
}

export function lookAtChecks(frame: Frame): ChecksScene {
  const { tape, position, simulation } = frame;
  const [broken, ahead, held]: [CheckedPromise[], CheckedPromise[], HeldPromise[]] = [[], [], []];
  for (const { name, promise, source } of simulation.checker.invariants) {
    const ofIt = tape.violations.filter(({ invariant }) => invariant === name);
    const [first] = ofIt;
    if (first === undefined) held.push({ name, promise, source });
    else {
      const checked = checkedPromise(frame, first, ofIt.length - 1);
      if (first.step <= position) broken.push(checked);
      else ahead.push(checked);
    }
  }
  const main = mainViolation(tape, simulation.scenario)?.invariant;
  const byStep = (a: CheckedPromise, b: CheckedPromise): number =>
    Number(b.name === main) - Number(a.name === main) || a.step - b.step;
  return { broken: broken.sort(byStep), ahead: ahead.sort(byStep), held };
}

function checkedPromise({ tape, position, branch }: Frame, violation: Violation, more: number): CheckedPromise {
  const { invariant: name, step, timeUs, message, facts } = violation;
  const { promise = "", source = "" } = INVARIANTS.find((each) => each.name === name) ?? {};
  return {
    ...{ name, promise, source, step, more },
    time: clock(timeUs, branch),
    awayUs: Math.abs(timeUs - (position === 0 ? 0 : tape.timeOf(position))),
    message: printable(message),
    facts: facts.map((fact) => ({ step: fact.step, time: clock(fact.timeUs, branch), text: printable(fact.text) })),
  };
}
