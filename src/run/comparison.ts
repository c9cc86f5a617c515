/** The same scenario and the same seeds over several settings: what each of them comes to. */
import type { Micros } from "../base/units.ts";
import type { GroupResult } from "./group-result.ts";
import type { RunResult } from "./result.ts";
import { type Quantiles, quantilesOf } from "./statistics.ts";

/** One combination of settings, over all seeds. */
export interface ComparedRow {
  /** What was set, in the order of the command line. */
  readonly settings: readonly Setting[];
  /** Which side of an exhibit, where the settings leave both: `old rule`, `new rule`. */
  readonly side: string | undefined;
  readonly results: readonly RunResult[];
  /** Those that got to their end: the others say nothing, and are not counted below. */
  readonly counted: readonly RunResult[];
  /** Of each measure; undefined where nothing was counted, or no run had anything to measure. */
  readonly measures: { readonly [M in Measure]: Quantiles | undefined };
  /** Runs in which an acknowledged record was lost against the promise. */
  readonly runsWithLoss: number;
  /** By invariant: the runs that violated it. */
  readonly violated: ReadonlyMap<string, readonly RunResult[]>;
  readonly runsWithViolations: number;
}

export interface Setting {
  readonly key: string;
  readonly value: string;
}

/** Times are in microseconds. */
export const MEASURES = [
  "unavailable",
  "lost",
  "legallyLost",
  "duplicated",
  "failed",
  "delayed",
  "fullIsrAfter",
  "elections",
  ...(["processedAgain", "skipped", "outOfOrder", "highestLag", "ownerless", "rebalances"] as const),
] as const;
export type Measure = (typeof MEASURES)[number];

export function comparedRow(settings: readonly Setting[], side: string | undefined, results: readonly RunResult[]): ComparedRow {
  const counted = results.filter(({ ending }) => ending === "over");
  const measured = counted.map(measuresOf);
  const measures = Object.fromEntries(
    MEASURES.map((measure) => [measure, quantilesOf(measured.flatMap((each) => each[measure] ?? []))]),
  ) as ComparedRow["measures"];
  const violated = new Map<string, RunResult[]>();
  for (const result of results) {
    for (const invariant of new Set(result.violations.map((violation) => violation.invariant))) {
      const found = violated.get(invariant);
      if (found === undefined) violated.set(invariant, [result]);
      else found.push(result);
    }
  }
  return {
    settings,
    side,
    results,
    counted,
    measures,
    runsWithLoss: counted.filter(({ records }) => records.lost > 0).length,
    violated,
    runsWithViolations: results.filter(({ violations }) => violations.length > 0).length,
  };
}

/** What one run measured, of its groups the sum; infinity for what never came, undefined for what was not there to measure. */
export function measuresOf({ records, longestOutage, recovery, groups }: RunResult): {
  readonly [M in Measure]: number | undefined;
} {
  const { lost, legallyLost, duplicated, failed, delayed } = records;
  const unavailable: Micros = longestOutage === undefined ? 0 : longestOutage.toUs - longestOutage.fromUs;
  const { elections, fullIsrAfterUs } = recovery;
  const fullIsrAfter = fullIsrAfterUs === null ? Number.POSITIVE_INFINITY : fullIsrAfterUs;
  const ofGroups = (of: (group: GroupResult) => number): number | undefined =>
    groups.length === 0 ? undefined : groups.reduce((sum, group) => sum + of(group), 0);
  return {
    ...{ unavailable, lost, legallyLost, duplicated, failed, delayed, fullIsrAfter, elections },
    processedAgain: ofGroups((group) => group.processedAgain),
    skipped: ofGroups((group) => group.skipped),
    outOfOrder: ofGroups((group) => group.outOfOrder),
    highestLag: ofGroups((group) => group.lag.highest),
    ownerless: ofGroups((group) => group.ownerlessUs),
    rebalances: ofGroups((group) => group.rebalances),
  };
}
