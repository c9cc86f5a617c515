/**
 * One seed, many named streams: `network/broker-1→broker-2`, `client/checkout`, `nemesis`.
 *
 * A stream's draws never depend on how often another one drew, so a new draw in one place does not
 * reshuffle every latency of every saved failure. The key is always a string: seedrandom seeds
 * 42 and "42" differently. Only 32-bit integers are drawn; everything else derives from them
 * with integer arithmetic, so no result depends on how an engine computes a logarithm.
 */
import seedrandom from "seedrandom";
import { assert, SimulatorBug } from "../base/assert.ts";
import type { Micros } from "../base/units.ts";
import type { Distribution } from "./distribution.ts";

const SPAN = 2 ** 32;

export class RandomStream {
  readonly name: string;
  private readonly prng: seedrandom.StatefulPRNG<seedrandom.State.Tychei>;

  constructor(seed: string, name: string, state?: seedrandom.State.Tychei) {
    this.name = name;
    this.prng = seedrandom.tychei(`${seed}/${name}`, { state: state ?? true });
  }

  /** 32 random bits as an unsigned integer: the only primitive. */
  bits(): number {
    return this.prng.int32() >>> 0;
  }

  /** Uniform integer in [0, bound), for bound in 1..2^32. */
  below(bound: number): number {
    // Spelled out, since the message would be built for every draw.
    if (!(bound > 0 && bound <= SPAN && Math.floor(bound) === bound)) throw new SimulatorBug(`${this.name}: below(${bound})`);
    return Math.floor((this.bits() * bound) / SPAN);
  }

  /** Uniform integer in [low, high], both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True in `numerator` of `denominator` cases. */
  chance(numerator: number, denominator: number): boolean {
    return this.below(denominator) < numerator;
  }

  /** A duration. A constant draws nothing. */
  draw(distribution: Distribution): Micros {
    switch (distribution.kind) {
      case "constant":
        return distribution.us;
      case "uniform":
        return this.between(distribution.low, distribution.high);
      case "tailed": {
        const percentile = this.below(100);
        if (percentile < 50) return this.between(distribution.low, distribution.median);
        if (percentile < 99) return this.between(distribution.median, distribution.p99);
        return this.between(distribution.p99, distribution.max);
      }
    }
  }

  /** One element of a non-empty list. */
  pick<T>(items: readonly T[]): T {
    assert(items.length > 0, `pick from nothing in stream ${this.name}`);
    return items[this.below(items.length)] as T;
  }

  /** The items in a random order (Fisher-Yates), as a new array. */
  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [result[i], result[j]] = [result[j] as T, result[i] as T];
    }
    return result;
  }

  /** A stream that will draw exactly what this one is going to draw. */
  copyForFork(): RandomStream {
    return new RandomStream("", this.name, this.prng.state());
  }
}
