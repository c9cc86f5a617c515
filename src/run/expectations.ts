/** Holds what a run found against what the scenario expects. */
import type { Violation } from "../checks/invariant.ts";
import type { Bounds, ExpectSpec } from "../scenario/spec.ts";
import { RECORD_COUNTS } from "../scenario/spec.ts";
import type { ExpectationResult, Outage, RecordNumbers } from "./result.ts";

export interface Findings {
  readonly violations: readonly Violation[];
  readonly records: RecordNumbers;
  readonly longestOutage: Outage | undefined;
  /** How often each goal was reached, in the order of the scenario. */
  readonly reached: readonly number[];
}

/**
 * Without a word about it, a scenario expects that nothing is violated. Where it names invariants, each of them must be
 * violated; one broken promise seldom comes alone, so others may be too, and are shown.
 */
export function judge(findings: Findings, expect: ExpectSpec): ExpectationResult[] {
  const { violations, records, longestOutage, reached } = findings;
  const names = [...new Set(violations.map((violation) => violation.invariant))];
  const results: ExpectationResult[] = [];
  const add = (expectation: string, met: boolean, found: string): void => {
    results.push({ expectation, met, found });
  };
  if (expect.violates.length === 0) add("nothing is violated", names.length === 0, violatedInWords(names));
  for (const name of expect.violates)
    add(`violates ${name}`, names.includes(name), `${name} ${names.includes(name) ? "was violated" : "held"}`);
  for (const count of RECORD_COUNTS) {
    const bounds = expect.records[count];
    if (bounds !== undefined)
      add(`records ${count} ${inWords(bounds, 1)}`, isWithin(records[count], bounds), `${records[count]} ${count}`);
  }
  if (expect.longestOutage !== undefined) {
    const outageUs = longestOutage === undefined ? 0 : longestOutage.toUs - longestOutage.fromUs;
    const text = `longest outage ${inWords(expect.longestOutage, 1_000_000)} s`;
    add(text, isWithin(outageUs, expect.longestOutage), `${(outageUs / 1_000_000).toFixed(1)} s`);
  }
  expect.reaches.forEach((goal, index) => {
    const times = reached[index] ?? 0;
    add(
      `reaches ${goal.text}${goal.times > 1 ? ` ${goal.times} times` : ""}`,
      times >= goal.times,
      times === 0 ? "never" : `${times} times`,
    );
  });
  return results;
}

function violatedInWords(names: readonly string[]): string {
  return names.length === 0 ? "nothing was" : `violated: ${names.join(", ")}`;
}

function isWithin(value: number, { min, max }: Bounds): boolean {
  return value >= min && (max === undefined || value <= max);
}

function inWords({ min, max }: Bounds, unit: number): string {
  const [low, high] = [min / unit, max === undefined ? undefined : max / unit];
  if (low === high) return `= ${low}`;
  return high === undefined ? `≥ ${low}` : `${low}..${high}`;
}
