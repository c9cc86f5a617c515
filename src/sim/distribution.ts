/**
 * Durations drawn at random: latencies of links and disks, work. `RandomStream.draw` draws them.
 *
 * Described by a few points of its quantile function and interpolated with integers in between, so that a draw costs one
 * multiplication and gives the same microseconds on every engine.
 */
import { assert } from "../base/assert.ts";
import type { Micros } from "../base/units.ts";

export type Distribution =
  | { readonly kind: "constant"; readonly us: Micros }
  /** Whole microseconds from `low` to `high`, both included. */
  | { readonly kind: "uniform"; readonly low: Micros; readonly high: Micros }
  /** Half of the draws lie below `median`, 99 of 100 below `p99`, none above `max`; even in between. */
  | { readonly kind: "tailed"; readonly low: Micros; readonly median: Micros; readonly p99: Micros; readonly max: Micros };

export function constant(us: Micros): Distribution {
  return { kind: "constant", us };
}

export function uniform(low: Micros, high: Micros): Distribution {
  assert(low <= high, `uniform(${low}, ${high})`);
  return low === high ? constant(low) : { kind: "uniform", low, high };
}
