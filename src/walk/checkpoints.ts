/**
 * Copies of the world at some of its steps, from which any other step is reached by playing on.
 *
 * Those laid while the run was recorded lie evenly over it: when they become many, every other one goes and the distance doubles. A few more are kept
 * near the places where somebody has stood, so that the second step back is quicker than the first.
 */

import type { Simulation } from "../scenario/simulation/simulation.ts";
import { forkOf } from "../sim/fork.ts";

export interface Checkpoint {
  readonly step: number;
  /** Just behind that step. Nobody lets it go on: what goes on is a fork of it. */
  readonly simulation: Simulation;
  /** So many of the branch's edits are in it. */
  readonly edits: number;
}

const EVEN_MAX = 64;
const NEAR_MAX = 6;
const FIRST_DISTANCE = 4_096;

export class Checkpoints {
  private even: Checkpoint[] = [];
  private near: Checkpoint[] = [];
  private distance: number;

  /** Those of `before` up to `step`, or none yet. */
  constructor(before?: Checkpoints, step = 0) {
    this.even = before === undefined ? [] : before.even.filter((checkpoint) => checkpoint.step <= step);
    this.near = before === undefined ? [] : before.near.filter((checkpoint) => checkpoint.step <= step);
    this.distance = before?.distance ?? FIRST_DISTANCE;
  }

  /** While recording: keeps `simulation` as it is now if the last one is far enough behind. */
  pass(simulation: Simulation, edits: number): void {
    const { step } = simulation.world.trace;
    const last = this.even.at(-1);
    if (last !== undefined && step - last.step < this.distance) return;
    this.even.push({ step, simulation: forkOf(simulation), edits });
    if (this.even.length <= EVEN_MAX) return;
    this.even = this.even.filter((_, index) => index % 2 === 0);
    this.distance *= 2;
  }

  /** Keeps `simulation` as it is now, for as long as it is one of the last few places. */
  layNear(simulation: Simulation, edits: number): void {
    const { step } = simulation.world.trace;
    this.near = this.near.filter((checkpoint) => checkpoint.step !== step);
    this.near.push({ step, simulation: forkOf(simulation), edits });
    if (this.near.length > NEAR_MAX) this.near.shift();
  }

  /** The last one at or before `step`. */
  before(step: number): Checkpoint | undefined {
    let best: Checkpoint | undefined;
    for (const checkpoint of [...this.even, ...this.near]) {
      if (checkpoint.step <= step && (best === undefined || checkpoint.step > best.step)) best = checkpoint;
    }
    return best;
  }
}
