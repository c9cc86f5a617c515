/** A comparison as JSON: a contract for scripts, as that of `run`. Times are in seconds. */
import { US_PER_SECOND } from "../base/units.ts";
import { type ComparedRow, MEASURES, type Measure, measuresOf } from "../run/comparison.ts";
import type { RunResult } from "../run/result.ts";
import { neverMeansBelow, type Quantiles } from "../run/statistics.ts";

/** As a script finds it: times say their unit. */
const NAMES: { readonly [M in Measure]: string } = {
  unavailable: "unavailableSeconds",
  lost: "lost",
  legallyLost: "legallyLost",
  duplicated: "duplicated",
  failed: "failed",
  delayed: "delayed",
  fullIsrAfter: "fullIsrAfterSeconds",
  elections: "elections",
  processedAgain: "processedAgain",
  skipped: "skipped",
  outOfOrder: "outOfOrder",
  highestLag: "highestLag",
  ownerless: "ownerlessSeconds",
  rebalances: "rebalances",
};

const TIMES: readonly Measure[] = ["unavailable", "fullIsrAfter", "ownerless"];

export function comparisonToJson(file: string, rows: readonly ComparedRow[], version: string): object {
  const [first] = rows as readonly [ComparedRow];
  const results = first.results as readonly [RunResult];
  return { version, file, scenario: results[0].scenario, rows: rows.map(rowToJson) };
}

function rowToJson(row: ComparedRow): object {
  const { settings, side, results, counted, measures, runsWithLoss, runsWithViolations, violated } = row;
  return {
    settings: Object.fromEntries(settings.map(({ key, value }) => [key, value])),
    ...(side !== undefined && { side }),
    runs: results.length,
    counted: counted.length,
    ...Object.fromEntries(MEASURES.map((measure) => [NAMES[measure], quantilesToJson(measures[measure], measure)])),
    runsWithLoss,
    // With 95 % confidence, the share of runs that lose something is below this; not known from runs that do.
    lossBelow: runsWithLoss === 0 && counted.length > 0 ? neverMeansBelow(counted.length) : null,
    runsWithViolations,
    violations: Object.fromEntries([...violated].map(([invariant, found]) => [invariant, found.length])),
    perSeed: results.map(seedToJson),
  };
}

/** Null for what no run measured. */
function quantilesToJson(quantiles: Quantiles | undefined, measure: Measure): object | null {
  if (quantiles === undefined) return null;
  return Object.fromEntries(Object.entries(quantiles).map(([name, value]) => [name, valueToJson(value, measure)]));
}

function seedToJson(result: RunResult): object {
  const { seed, ending, traceHash, violations } = result;
  const values = measuresOf(result);
  return {
    seed: Number(seed),
    counted: ending === "over",
    traceHash,
    ...Object.fromEntries(
      MEASURES.flatMap((measure) => {
        const value = values[measure];
        return value === undefined ? [] : [[NAMES[measure], valueToJson(value, measure)]];
      }),
    ),
    violations: [...new Set(violations.map(({ invariant }) => invariant))],
  };
}

/** Null for what never came. */
function valueToJson(value: number, measure: Measure): number | null {
  if (value === Number.POSITIVE_INFINITY) return null;
  return TIMES.includes(measure) ? value / US_PER_SECOND : value;
}
