/** Finds the places of a run that a scenario's notes belong to. */
import { assert } from "../base/assert.ts";
import type { Condition } from "../scenario/condition.ts";
import type { NoteSpec } from "../scenario/note-spec.ts";
import type { Simulation } from "../scenario/simulation/simulation.ts";

/** The condition of note number `note` came true in `step`. */
export interface NoteMatch {
  readonly step: number;
  readonly note: number;
}

export class NoteFinder {
  private readonly notes: readonly NoteSpec[];
  private readonly matches: NoteMatch[];
  private readonly numbers = new Map<Condition, number>();

  /** `matches`: those found so far; it is added to. */
  constructor(notes: readonly NoteSpec[], matches: NoteMatch[]) {
    this.notes = notes;
    this.matches = matches;
    for (const [number, { condition }] of notes.entries()) {
      if (condition.kind === "event" || condition.kind === "message") this.numbers.set(condition, number);
    }
  }

  /** What the simulation is to look out for. */
  get conditions(): readonly Condition[] {
    return [...this.numbers.keys()];
  }

  /** Called after each step. */
  look({ met, world }: Simulation): void {
    for (const condition of met) {
      const note = this.numbers.get(condition);
      assert(note !== undefined, "only what the notes ask for is looked out for");
      this.matches.push({ step: world.trace.step, note });
    }
  }

  /** Where each note belongs, by step; those whose condition never came true are left out. */
  places(stepOf: (place: { readonly kind: "at"; readonly atUs: number } | { readonly kind: "start" | "end" }) => number) {
    const found = this.notes.flatMap((note, number) => {
      const { condition } = note;
      if (condition.kind !== "event" && condition.kind !== "message") return [{ step: stepOf(condition), note }];
      const match = this.matches.filter((each) => each.note === number)[note.nth - 1];
      return match === undefined ? [] : [{ step: match.step, note }];
    });
    return found.sort((a, b) => a.step - b.step);
  }
}
