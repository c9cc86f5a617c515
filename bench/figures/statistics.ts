/** Spread over seeds, a line through sizes, and how near two numbers are. */

export interface Spread {
  readonly runs: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] as number;
  return { runs: sorted.length, min: at(0), median: at((sorted.length - 1) >> 1), max: at(sorted.length - 1) };
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export interface Line {
  readonly intercept: number;
  readonly slope: number;
  /** The largest distance of a point from the line, as a share of the point. */
  readonly worst: number;
}

/** Least squares. */
export function lineThrough(points: readonly (readonly [x: number, y: number])[]): Line {
  const [meanX, meanY] = [meanOf(points.map(([x]) => x)), meanOf(points.map(([, y]) => y))];
  const covariance = meanOf(points.map(([x, y]) => (x - meanX) * (y - meanY)));
  const slope = covariance / meanOf(points.map(([x]) => (x - meanX) ** 2));
  const intercept = meanY - slope * meanX;
  const worst = Math.max(...points.map(([x, y]) => Math.abs(intercept + slope * x - y) / y));
  return { intercept, slope, worst };
}

export function valueAt({ intercept, slope }: Line, x: number): number {
  return intercept + slope * x;
}
