/** How long a client rests before it makes a request again. Source: ExponentialBackoff, KIP-580. */
import { type Micros, ms } from "../../base/units.ts";
import type { RandomStream } from "../../sim/random.ts";

export interface RetryConfig {
  readonly "retry.backoff.ms": number;
  readonly "retry.backoff.max.ms": number;
}

const JITTER_PERCENT = 20;

/** The rest after `failures` failures in a row before this one: doubling from the first to the longest, ±20 %, never above the longest. */
export function retryBackoff(config: RetryConfig, failures: number, random: RandomStream): Micros {
  const longest = ms(config["retry.backoff.max.ms"]);
  const base = Math.min(ms(config["retry.backoff.ms"]) * 2 ** Math.min(failures, 30), longest);
  const spread = Math.floor((base * JITTER_PERCENT) / 100);
  return Math.min(base - spread + random.below(Math.min(2 * spread + 1, 2 ** 32)), longest);
}
