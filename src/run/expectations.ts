/** Holds what a run found against what the scenario expects. */
import type { GroupNumbers } from "../checks/group-numbers.ts";
import type { Violation } from "../checks/invariant.ts";
import type { Bounds, ExpectSpec, GroupCount, GroupExpectation } from "../scenario/spec.ts";
import { GROUP_COUNTS, RECORD_COUNTS } from "../scenario/spec.ts";
import type { ExpectationResult, Outage, RecordNumbers } from "./result.ts";

export interface Findings {
  readonly violations: readonly Violation[];
  readonly records: RecordNumbers;
  readonly longestOutage: Outage | undefined;
  readonly groups: readonly GroupNumbers[];
  /** How often each goal was reached, in the order of the scenario. */
  readonly reached: readonly number[];
}

/**
 * Without a word about it, a scenario expects that nothing is violated. Where it names invariants, each of them must be
 * violated; one broken promise seldom comes alone, so others may be too, and are shown.
 */
export function judge(findings: Findings, expect: ExpectSpec): ExpectationResult[] {
  const { violations, records, longestOutage, groups, reached } = findings;
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
  for (const expected of expect.groups) results.push(...judgeGroup(expected, groups));
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

/** How each count is called, and what it is. */
const GROUP_COUNT_WORDS: {
  readonly [C in GroupCount]: readonly [words: string, of: (numbers: GroupNumbers) => number];
} = {
  processedOnce: ["processed once", ({ processedOnce }) => processedOnce],
  processedAgain: ["processed again", ({ processedAgain }) => processedAgain],
  skipped: ["skipped", ({ skipped }) => skipped],
  outOfOrder: ["out of order", ({ outOfOrder }) => outOfOrder],
  givenUp: ["given up", ({ givenUp }) => givenUp],
  unprocessed: ["unprocessed", ({ unprocessed }) => unprocessed],
  lag: ["lag", ({ lag }) => lag.atEnd],
  highestLag: ["highest lag", ({ lag }) => lag.highest],
  rebalances: ["rebalances", ({ rebalances }) => rebalances],
};

function judgeGroup({ group, counts, ownerless }: GroupExpectation, groups: readonly GroupNumbers[]): ExpectationResult[] {
  const numbers = groups.find((each) => each.group === group);
  const results: ExpectationResult[] = [];
  for (const count of GROUP_COUNTS) {
    const bounds = counts[count];
    if (bounds === undefined) continue;
    const [words, of] = GROUP_COUNT_WORDS[count];
    const found = numbers === undefined ? undefined : of(numbers);
    results.push({
      expectation: `${group} ${words} ${inWords(bounds, 1)}`,
      met: found !== undefined && isWithin(found, bounds),
      found: found === undefined ? "there was no such group" : `${words} ${found}`,
    });
  }
  if (ownerless !== undefined) {
    const found = numbers?.ownerlessUs ?? 0;
    const expectation = `${group} ownerless ${inWords(ownerless, 1_000_000)} s`;
    results.push({ expectation, met: isWithin(found, ownerless), found: `${(found / 1_000_000).toFixed(1)} s` });
  }
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
