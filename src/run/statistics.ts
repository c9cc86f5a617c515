/** What many runs say together: quantiles, and what it means that something never happened. */

/** Of some values; infinity where a value was never reached. */
export interface Quantiles {
  readonly min: number;
  readonly p5: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p95: number;
  readonly max: number;
}

/** Undefined for no values at all. */
export function quantilesOf(values: readonly number[]): Quantiles | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => (a === b ? 0 : a - b));
  const at = (share: number): number => nearestRank(sorted, share);
  return { min: at(0), p5: at(0.05), p25: at(0.25), p50: at(0.5), p75: at(0.75), p95: at(0.95), max: at(1) };
}

/** The smallest value that at least this share of all values does not exceed: always one of them, never a mean of two. */
function nearestRank(sorted: readonly number[], share: number): number {
  // In hundredths, since 0.95 × 20 is a little more than 19 in floating point.
  const rank = Math.ceil((Math.round(share * 100) * sorted.length) / 100);
  return sorted[Math.max(0, rank - 1)] as number;
}

/**
 * The share of all runs below which something stays, with 95 % confidence, that happened in none of `runs`: were it more frequent, one run
 * in twenty at most would have been so lucky. It solves (1 - share) ^ runs = 0.05, and is 3 / runs where there are many (the rule of three).
 */
export function neverMeansBelow(runs: number): number {
  return runs === 0 ? 1 : 1 - 0.05 ** (1 / runs);
}
