/**
 * The entries of a timeline as it is filtered: a list that nobody writes out. A run may have more than a million of them; each is looked up when it
 * is wanted, and found by binary search. Besides domain events stand violations, faults, and what was changed by hand.
 */
import type { ScenarioSpec } from "../../scenario/spec.ts";
import type { Branch } from "../../walk/branch.ts";
import type { Tape } from "../../walk/tape.ts";
import type { Frame } from "../frame.ts";
import type { Choice } from "../view-state.ts";
import { eventsAbout } from "./partition-events.ts";
import { signOfDeed, signOfEvent } from "./told.ts";

/** A domain event, or a line of the story. `index`: in the events or in the story of the tape. */
export interface Entry {
  readonly of: "events" | "story";
  readonly index: number;
  readonly step: number;
}

/** A domain event or a line of the story goes before so many of the others. */
interface Inserted {
  readonly before: number;
  readonly index: number;
  readonly step: number;
}

/** In the order in which they happened. */
export class Entries {
  private readonly tape: Tape;
  /** Indices into what the tape has; undefined for all of it. */
  private readonly chosen: readonly number[] | undefined;
  private readonly of: Entry["of"];
  private readonly inserted: readonly Inserted[];

  constructor(tape: Tape, of: Entry["of"], chosen?: readonly number[], deeds: readonly number[] = []) {
    this.tape = tape;
    this.of = of;
    this.chosen = chosen;
    this.inserted = deeds.map((index) => this.placeOf(index)).sort((a, b) => a.before - b.before || a.index - b.index);
  }

  get count(): number {
    return this.plainCount + this.inserted.length;
  }

  at(place: number): Entry {
    const behind = this.insertedBefore(place);
    const inserted = this.inserted[behind];
    if (inserted !== undefined && inserted.before + behind === place) {
      return { of: "story", index: inserted.index, step: inserted.step };
    }
    const plain = place - behind;
    const index = this.chosen === undefined ? plain : (this.chosen[plain] as number);
    return { of: this.of, index, step: this.stepOfPlain(plain) };
  }

  /** How many there are up to and with `step`. */
  upTo(step: number): number {
    return firstWhere(this.count, (place) => this.at(place).step > step);
  }

  /** Where it is; undefined if the filter has left it out. */
  find(wanted: Pick<Entry, "of" | "index">): number | undefined {
    const { tape } = this;
    const there = wanted.of === "events" ? tape.events[wanted.index] : tape.story[wanted.index];
    if (there === undefined) return undefined;
    for (let place = this.upTo(there.step - 1); place < this.count; place++) {
      const { of, index, step } = this.at(place);
      if (of === wanted.of && index === wanted.index) return place;
      if (step > there.step) return undefined;
    }
    return undefined;
  }

  private get plainCount(): number {
    return this.chosen?.length ?? this.tape[this.of].length;
  }

  private stepOfPlain(plain: number): number {
    const index = this.chosen === undefined ? plain : (this.chosen[plain] as number);
    return (this.tape[this.of][index] as { readonly step: number }).step;
  }

  /** How many of the inserted ones stand before `place`. */
  private insertedBefore(place: number): number {
    return firstWhere(this.inserted.length, (nth) => (this.inserted[nth] as Inserted).before + nth >= place);
  }

  /** A fault stands before its effects, which may be in the midst of a step; what is found out about a step stands behind it. */
  private placeOf(index: number): Inserted {
    const { step, text } = this.tape.story[index] as (typeof this.tape.story)[number];
    let before = firstWhere(this.plainCount, (plain) => this.stepOfPlain(plain) > step);
    if (text.startsWith("✗")) return { before, index, step };
    while (before > 0 && this.stepOfPlain(before - 1) === step && this.isEffect(before - 1)) before--;
    return { before, index, step };
  }

  private isEffect(plain: number): boolean {
    const event = this.of === "events" ? this.tape.events[this.chosen?.[plain] ?? plain] : undefined;
    return event !== undefined && signOfEvent(event.event) !== " ";
  }
}

const FOUND = new WeakMap<Branch, Map<string, Entries>>();

export function entriesOf({ branch, choice, simulation }: Pick<Frame, "branch" | "choice" | "simulation">): Entries {
  return entriesOfBranch(branch, choice, simulation.scenario);
}

export function entriesOfBranch(
  branch: Branch,
  { detail, partition }: Pick<Choice, "detail" | "partition">,
  scenario: ScenarioSpec,
): Entries {
  const key = detail === "partition" ? `of ${partition.topic}-${partition.partition}` : detail;
  let ofBranch = FOUND.get(branch);
  if (ofBranch === undefined) {
    ofBranch = new Map();
    FOUND.set(branch, ofBranch);
  }
  let entries = ofBranch.get(key);
  if (entries === undefined) {
    const { tape } = branch;
    if (detail === "story") entries = new Entries(tape, "story");
    else
      entries = new Entries(
        tape,
        "events",
        detail === "partition" ? eventsAbout(tape, partition) : undefined,
        deedsOf(tape, scenario),
      );
    ofBranch.set(key, entries);
  }
  return entries;
}

/** Lines of the story that tell of no domain event. */
function deedsOf(tape: Tape, scenario: ScenarioSpec): readonly number[] {
  return tape.story.flatMap((entry, index) => (signOfDeed(entry, tape, scenario) === undefined ? [] : [index]));
}

/** The first of `count` numbers from 0 on for which `holds`; it holds for all behind it, too. */
function firstWhere(count: number, holds: (number: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
