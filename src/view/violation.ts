/** Which broken promise a walk is about. */
import type { Violation } from "../checks/invariant.ts";
import type { ScenarioSpec } from "../scenario/spec.ts";
import type { Tape } from "../walk/tape.ts";

/** The first of those that the scenario was written to show, or else the first of all; undefined where everything holds. */
export function mainViolation({ violations }: Tape, { expect }: ScenarioSpec): Violation | undefined {
  return violations.find(({ invariant }) => expect.violates.includes(invariant)) ?? violations[0];
}
