/** Reads what somebody waits for, an event or a message: the `when` of a fault and of a note. */

import type { Condition } from "./condition.ts";
import type { ScenarioNames } from "./names.ts";
import { quote } from "./quantities.ts";
import { readEventPattern, readMessagePattern } from "./read-patterns.ts";
import type { WrittenWhen } from "./schema/faults.ts";
import type { Written } from "./schema/kit.ts";
import type { Path } from "./source.ts";

/** Undefined if anything is wrong with it; it has been complained about then. `text` is what the condition is called. */
export function readCondition(
  when: WrittenWhen & { readonly bare?: boolean },
  path: Path,
  text: string,
  names: ScenarioNames,
): Condition | undefined {
  if (when.event === undefined && when.message !== undefined) {
    const { message, from, to, partition, path: znode, moment = "sent", nth: _nth, ...others } = when;
    for (const key of Object.keys(others)) {
      names.sink.add(
        [...path, key],
        {
          code: "UNKNOWN_KEY",
          message: `a message has no ${quote(key)} to look at`,
          hint: "it has message, from, to, partition, path, nth, moment",
        },
        "key",
      );
    }
    const pattern = readMessagePattern(
      {
        message: String(message),
        from: asSelectors(from),
        to: asSelectors(to),
        partition: partition === undefined ? undefined : String(partition),
        path: znode === undefined ? undefined : String(znode),
      },
      path,
      names,
    );
    return pattern && { kind: "message", pattern, moment, text };
  }
  const { moment, ...event } = when;
  if (moment !== undefined)
    names.sink.add(
      [...path, "moment"],
      {
        code: "CONTRADICTION",
        message: "`moment` belongs to a message, and this is an event",
        hint: "leave it out: an event has one moment",
      },
      "key",
    );
  const pattern = readEventPattern(event, path, names);
  return pattern && { kind: "event", pattern, text };
}

function asSelectors(written: WrittenWhen["from"]): readonly Written[] | undefined {
  if (written === undefined) return undefined;
  return Array.isArray(written)
    ? written.map((text, index) => ({ text: String(text), index }))
    : [{ text: String(written), index: undefined }];
}
