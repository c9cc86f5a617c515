/**
 * What a scenario's author says to somebody who walks through its run: notes and questions, each tied to a moment.
 *
 * They are for people only. A run is the same with and without them.
 */
import type { Micros } from "../base/units.ts";
import type { Condition } from "./condition.ts";
import type { SideName } from "./switch.ts";

export interface NoteSpec {
  readonly condition: NoteCondition;
  /** It comes up when the condition comes true for the nth time since time 0: 1, 2, …; 1 where it is a time. */
  readonly nth: number;
  /** Undefined for a note that only asks. */
  readonly say: string | undefined;
  readonly question: QuestionSpec | undefined;
  /** Undefined: for both sides of an exhibit, or the one run of any other scenario. A side as it is played has no notes of the other. */
  readonly side: SideName | undefined;
  readonly source: string;
}

/** `start` is time 0, `end` the last moment of the run; `atUs` is scenario time. */
export type NoteCondition =
  | { readonly kind: "at"; readonly atUs: Micros }
  | { readonly kind: "start" }
  | { readonly kind: "end" }
  | Condition;

export interface QuestionSpec {
  readonly ask: string;
  readonly choices: readonly string[];
  /** Index of the right choice. */
  readonly answer: number;
  readonly because: string;
}
