/** Times and steps as they stand in a line. */
import type { Micros } from "../../base/units.ts";
import type { Branch } from "../../walk/branch.ts";

/** Since time 0, `38.118`; the boot of the cluster lies before it. */
export function clock(timeUs: Micros, { ending }: Branch): string {
  // A moment before time 0 is not −0.
  return ((timeUs - ending.readyAt) / 1_000_000).toFixed(3).replace(/^-(?=0\.000$)/, "");
}

/** `0.4 ms`, `8.5 s`. */
export function lasting(timeUs: Micros): string {
  if (timeUs < 10_000) return `${(timeUs / 1_000).toFixed(1).replace(/\.0$/, "")} ms`;
  if (timeUs < 1_000_000) return `${Math.round(timeUs / 1_000)} ms`;
  return `${(timeUs / 1_000_000).toFixed(1)} s`;
}
