/** One way that the run went: the scenario's own, or one with changes by hand. */
import type { Micros } from "../base/units.ts";
import type { RecordNumbers } from "../checks/four-numbers.ts";
import type { RunEdit } from "../scenario/run-edit.ts";
import type { UnusedRunEdit } from "../scenario/simulation/edits-by-hand.ts";
import type { Phase } from "../scenario/simulation/simulation.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { Tape } from "./tape.ts";

export interface Branch {
  /** 1 is the scenario's own; the others are numbered in the order of their making. */
  readonly id: number;
  /** `main`, or what was changed: `Fetch #412 from broker-2 to broker-1 dropped`. */
  readonly name: string;
  readonly parent: Branch | undefined;
  /** The last step that it has in common with its parent. 0 for the first branch. */
  readonly partsAt: number;
  /** All of them, the parent's first. */
  readonly edits: readonly RunEdit[];
  readonly tape: Tape;
  readonly ending: BranchEnding;
  readonly checkpoints: Checkpoints;
  /** Whether it has been written to a file since it was made. The scenario's own needs none. */
  saved: boolean;
}

/** What a branch came to. */
export interface BranchEnding {
  readonly phase: Phase;
  /** When time 0 was; 0 if it never came. */
  readonly readyAt: Micros;
  readonly timeUs: Micros;
  readonly records: RecordNumbers;
  /** The names of the invariants that were broken, each once. */
  readonly violated: readonly string[];
  readonly traceHash: string;
  /** Edits that found nothing to change. */
  readonly unused: readonly UnusedRunEdit[];
}
