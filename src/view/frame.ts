/** A moment of a walk with what is chosen in it: everything that a pane may look at. Nobody changes anything in it. */
import type { Simulation } from "../scenario/simulation/simulation.ts";
import type { Branch } from "../walk/branch.ts";
import type { Tape } from "../walk/tape.ts";
import type { Walk } from "../walk/walk.ts";
import type { Choice } from "./view-state.ts";

export interface Frame {
  /** Just behind step `position`. */
  readonly simulation: Simulation;
  /** All of this branch, what is still to come included. */
  readonly tape: Tape;
  readonly position: number;
  readonly branch: Branch;
  readonly branches: readonly Branch[];
  readonly choice: Choice;
}

export function frameOf({ simulation, branch, branches, position }: Walk, choice: Choice): Frame {
  return { simulation, tape: branch.tape, position, branch, branches, choice };
}
