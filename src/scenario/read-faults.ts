/** Reads the faults of a scenario: when each fires, what it does, and whether that makes sense. */
import type { FaultSpec, FaultTrigger } from "./fault-spec.ts";
import { nearest } from "./nearest.ts";
import type { Complaint } from "./problem-sink.ts";
import { durationText, quote } from "./quantities.ts";
import { ACTION_KEYS, checkModifiers, type FaultSurroundings, isUndoable, readAction } from "./read-actions.ts";
import { readCondition } from "./read-condition.ts";
import { patternText } from "./read-patterns.ts";
import type { WrittenFault } from "./schema/faults.ts";
import type { Path } from "./source.ts";

export function readFaults(around: FaultSurroundings): readonly FaultSpec[] {
  const { written, names } = around;
  const seen = new Map<string, number>();
  return written.map((fault, index) => {
    const path: Path = ["faults", index];
    const number = index + 1;
    if (fault.name !== undefined) {
      const twin = seen.get(fault.name);
      if (twin !== undefined)
        names.sink.add([...path, "name"], {
          code: "CONTRADICTION",
          message: `fault ${twin} is called ${quote(fault.name)} already`,
          hint: "give each a name of its own",
        });
      if (/^(all|start|previous|fault \d+)$/.test(fault.name))
        names.sink.add([...path, "name"], {
          code: "WRONG_VALUE",
          message: `${quote(fault.name)} has a meaning of its own`,
          hint: "call it something else",
        });
      else seen.set(fault.name, number);
    }
    return {
      number,
      name: fault.name ?? `fault ${number}`,
      trigger: readTrigger(fault, index, around),
      forUs: fault.for,
      actions: readActions(fault, index, around),
      source: names.sink.source.positionOf(path),
    };
  });
}

function readTrigger(fault: WrittenFault, index: number, around: FaultSurroundings): FaultTrigger {
  const path: Path = ["faults", index];
  const { at, after, when } = fault;
  const nothing: FaultTrigger = { kind: "at", atUs: 0 };
  const complain = (key: string, complaint: Complaint): void =>
    around.names.sink.add([...path, ...(key === "" ? [] : [key])], complaint, "key");
  if (at === undefined && after === undefined && when === undefined) {
    complain("", {
      code: "MISSING_KEY",
      message: "when does this fault fire?",
      hint: "add `at: 5s`, `after: 2s` or `when: { event: IsrChanged }`",
    });
    return nothing;
  }
  if (at !== undefined && (after !== undefined || when !== undefined)) {
    const other = when === undefined ? "after" : "when";
    complain(other, {
      code: "CONTRADICTION",
      message: `\`at\` and \`${other}\` can't both say when it fires`,
      hint: "keep one; `when` and `after` go together",
    });
    return nothing;
  }
  if (at !== undefined) {
    if (fault.since !== undefined)
      complain("since", {
        code: "CONTRADICTION",
        message: "`at` counts from the start, whatever `since` says",
        hint: "leave it out",
      });
    if (at >= around.endUs)
      complain("at", {
        code: "IMPOSSIBLE",
        message: `it fires at ${durationText(at)}, when the run is over (run.for is ${durationText(around.endUs)})`,
        hint: "raise run.for, or lower `at`",
      });
    return { kind: "at", atUs: at };
  }
  const since = readSince(fault.since, index, around);
  const delayUs = after ?? 0;
  if (when === undefined) {
    if (since === 0 && fault.since === undefined)
      complain("after", {
        code: "IMPOSSIBLE",
        message: "there is no fault before this one for it to come after",
        hint: "write `at`",
      });
    return { kind: "after", delayUs, since };
  }
  const condition = readCondition(when, [...path, "when"], patternText(around.raw[index]?.when), around.names);
  return condition === undefined ? nothing : { ...condition, nth: when.nth ?? 1, delayUs, since };
}

/** The number of the fault that `since` names; 0 for the start of the run. */
function readSince(since: string | undefined, index: number, around: FaultSurroundings): number {
  if (since === undefined || since === "previous") return index;
  if (since === "start") return 0;
  const earlier = around.written.slice(0, index).map((fault, i) => fault.name ?? `fault ${i + 1}`);
  const found = earlier.indexOf(since);
  if (found >= 0) return found + 1;
  const isLater = around.written.slice(index).some((fault) => fault.name === since);
  const guess = nearest(since, [...earlier, "previous", "start"]);
  const given = around.written.slice(0, index).flatMap((fault) => fault.name ?? []);
  const hint =
    guess === undefined ? `write ${[...new Set(["previous", "start", ...given])].join(", ")}` : `did you mean ${guess}?`;
  around.names.sink.add(["faults", index, "since"], {
    code: "UNKNOWN_NAME",
    message: isLater ? `${quote(since)} is not before this fault` : `no fault is called ${quote(since)}`,
    hint,
  });
  return index;
}

function readActions(fault: WrittenFault, index: number, around: FaultSurroundings): FaultSpec["actions"] {
  const path: Path = ["faults", index];
  const { sink } = around.names;
  // The author's order, as in "wipe, then restart".
  const keys = Object.keys(around.raw[index] ?? {}).filter((key) => ACTION_KEYS.includes(key));
  if (keys.length === 0) {
    sink.add(path, {
      code: "MISSING_KEY",
      message: "what does this fault do?",
      hint: "add an action, such as `crash: broker-1` or `cut: broker-1` with `from: brokers`",
    });
  }
  checkModifiers(fault, keys, path, sink);
  const actions = keys.map((key) => readAction(key, fault, index, around)).filter((action) => action !== undefined);
  if (fault.for !== undefined && actions.length > 0 && !actions.some(isUndoable)) {
    sink.add(
      [...path, "for"],
      {
        code: "CONTRADICTION",
        message: `there is nothing to undo after ${durationText(fault.for)}: ${quote(keys.join(", "))} is over at once`,
        hint: "leave `for` out",
      },
      "key",
    );
  }
  return actions;
}
