/** What somebody types at a prompt of a walk, read: a value, or what is wrong with it in a line. */
import type { Micros } from "../base/units.ts";
import { type Condition, parseCondition } from "../scenario/condition.ts";
import { bad, good, type Reading, readDuration } from "../scenario/quantities.ts";
import { ScenarioError } from "../scenario/scenario-error.ts";
import type { Walk } from "../walk/walk.ts";

/** An event or a message, in the language of `when` in a scenario. */
export function readBreakpoint(text: string, { side }: Walk): Reading<Condition> {
  try {
    return good(parseCondition(text, side.scenario));
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    const [problem] = error.problems;
    return problem === undefined ? bad(error.message) : bad(problem.message, problem.hint);
  }
}

/** How long a message is held up. */
export function readDelay(text: string): Reading<Micros> {
  const duration = readDuration(text);
  return duration.ok && duration.value === 0 ? bad("this is no delay", "write how long, such as 10ms or 1s") : duration;
}
