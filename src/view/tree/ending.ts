/** What a branch came to, in a few words. */
import { grouped } from "../../report/numbers.ts";
import type { ScenarioSpec } from "../../scenario/spec.ts";
import type { Branch } from "../../walk/branch.ts";
import { type Line, line } from "../line.ts";
import { clock } from "../timeline/clock.ts";
import { mainViolation } from "../violation.ts";

/** `✗ NoAckedLoss 41.203 s, 3 more`, `✓ to the end, 0 lost`. `scenario`: of what is broken, that comes first which it was written to show. */
export function endingInWords(branch: Branch, scenario?: ScenarioSpec): string {
  const { tape, ending } = branch;
  const first = scenario === undefined ? tape.violations[0] : mainViolation(tape, scenario);
  if (first !== undefined) {
    const others = new Set(ending.violated).size - 1;
    return `✗ ${first.invariant} ${clock(first.timeUs, branch)} s${others > 0 ? `, ${others} more` : ""}`;
  }
  const { lost, legallyLost } = ending.records;
  const losses = `${grouped(lost)} lost${legallyLost > 0 ? `, ${grouped(legallyLost)} lost legally` : ""}`;
  switch (ending.phase) {
    case "unready":
      return "? the cluster was never ready";
    case "out-of-events":
      return `? given up after ${grouped(tape.length)} steps, ${losses}`;
    default:
      return `✓ to the end, ${losses}`;
  }
}

export function endingLine(branch: Branch, scenario: ScenarioSpec): Line {
  const words = endingInWords(branch, scenario);
  return line(words, words.startsWith("✓") ? "good" : words.startsWith("✗") ? "bad" : "warning");
}
