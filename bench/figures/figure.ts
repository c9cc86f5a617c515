/** A published figure beside the simulated one, and how near they are. */
import type { Spread } from "./statistics.ts";

/**
 * `given`: the costs are those that the source names, so that the sum is what is checked. `fitted`: a cost was chosen so that this row comes out.
 * `predicted`: nothing was chosen for it. `reconstructed`: a condition that the source does not tell was chosen.
 */
export type Basis = "given" | "fitted" | "predicted" | "reconstructed";

export interface Row {
  readonly what: string;
  /** As the source has it. */
  readonly published: string;
  /** What it is compared with: a number, or a range; undefined if there is nothing to compare with. */
  readonly expected: readonly [low: number, high: number] | undefined;
  readonly simulated: Spread;
  readonly unit: Unit;
  readonly basis: Basis;
  /** What the verdict does not say. */
  readonly remark?: string;
}

export type Unit = "s" | "records" | "partitions" | "partition-seconds" | "times";

export interface Figure {
  readonly title: string;
  readonly source: string;
  readonly rows: readonly Row[];
  /** How it was simulated, and what to think of it. Markdown. */
  readonly text: string;
}

/** Whatever is nearer than this agrees. */
const TOLERANCE = 0.1;

export function verdictOf({ expected, simulated, basis }: Row): string {
  if (expected === undefined) return "–";
  const [low, high] = expected;
  const { min, median, max } = simulated;
  if (min >= low && max <= high) return agreement(basis);
  if (low === 0 && high === 0) return "disagrees";
  const [least, most] = [low * (1 - TOLERANCE), high * (1 + TOLERANCE)];
  if (median >= least && median <= most) return `${agreement(basis)}, to ${percent(Math.max(low - min, max - high, 0) / high)}`;
  if (min < low && max > high) return "within the spread";
  return median < low ? `off: ${ratio(low / median)} too little` : `off: ${ratio(median / high)} too much`;
}

function agreement(basis: Basis): string {
  return basis === "fitted" ? "by construction" : "agrees";
}

function percent(share: number): string {
  return `${Math.ceil(share * 100)} %`;
}

function ratio(value: number): string {
  return `×${value < 10 ? value.toFixed(1) : Math.round(value)}`;
}

function amount(value: number, unit: Unit): string {
  if (unit !== "s") return Number.isInteger(value) ? value.toLocaleString("en-US") : value.toFixed(1);
  return `${value < 10 ? value.toFixed(1) : value < 1_000 ? value.toFixed(value < 100 ? 1 : 0) : Math.round(value)} s`;
}

/** The median, and the extremes where they differ. */
export function simulatedText({ simulated, unit }: Row): string {
  const { min, median, max, runs } = simulated;
  const [low, middle, high] = [min, median, max].map((value) => amount(value, unit)) as [string, string, string];
  return runs === 1 || low === high ? middle : `${middle} (${low.replace(/ s$/, "")} to ${high})`;
}
