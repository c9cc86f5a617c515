/**
 * The tape of a run: every step with its time, node, label and cause, and every domain event. It knows what is still to come, too, since the run
 * has been played to its end before anybody walks through it. Steps are numbers in typed arrays: a million of them take about 30 MB.
 */
import type { Micros } from "../base/units.ts";
import type { Violation } from "../checks/invariant.ts";
import type { NoteSpec } from "../scenario/note-spec.ts";
import type { DeliveryRef } from "../scenario/run-edit.ts";
import type { TimelineEntry } from "../scenario/simulation/timeline.ts";
import type { DomainEvent, NodeName } from "../sim/host.ts";
import type { BeyondTcp, Step, StepKind } from "../sim/trace.ts";
import type { NoteMatch } from "./note-finder.ts";
import { NumberColumn } from "./number-column.ts";
import { Words } from "./words.ts";

export interface TapeEvent {
  readonly step: number;
  /** Who reported it; undefined for what befalls the world as a whole. */
  readonly node: NodeName | undefined;
  readonly event: DomainEvent;
}

export interface TapeNote {
  readonly step: number;
  readonly note: NoteSpec;
}

export class Tape {
  /** By number of the step, from 1; place 0 is empty. */
  private readonly times: NumberColumn;
  private readonly nodes: NumberColumn;
  private readonly kinds: NumberColumn;
  private readonly labels: NumberColumn;
  private readonly causes: NumberColumn;
  private readonly senders: NumberColumn;
  private readonly nths: NumberColumn;
  private readonly marks: NumberColumn;
  private readonly firstEvents: NumberColumn;
  private readonly words: Words;
  private readonly reported: TapeEvent[];
  /** What `run` tells of this run, with violations and what was changed by hand among it; by step. */
  story: readonly TimelineEntry[] = [];
  /** Of the whole run, in order of discovery. */
  violations: readonly Violation[] = [];
  /** Where the scenario's notes belong, by step. */
  notes: readonly TapeNote[] = [];
  /** How often, and when, the conditions of notes have come true so far. */
  readonly noteMatches: NoteMatch[];
  /** The step of time 0; 0 if it never came. */
  start = 0;

  /** An empty tape, or one that goes on from the first `length` steps of `before`. */
  constructor(before?: Tape, length = 0) {
    this.times = new NumberColumn(Float64Array, before?.times, length + 1);
    this.nodes = new NumberColumn(Int16Array, before?.nodes, length + 1);
    this.kinds = new NumberColumn(Int16Array, before?.kinds, length + 1);
    this.labels = new NumberColumn(Int16Array, before?.labels, length + 1);
    this.causes = new NumberColumn(Int32Array, before?.causes, length + 1);
    this.senders = new NumberColumn(Int16Array, before?.senders, length + 1);
    this.nths = new NumberColumn(Int32Array, before?.nths, length + 1);
    this.marks = new NumberColumn(Int16Array, before?.marks, length + 1);
    this.firstEvents = new NumberColumn(Int32Array, before?.firstEvents, length + 1);
    this.words = before?.words ?? new Words();
    this.reported = before === undefined ? [] : before.reported.slice(0, before.firstEventOf(length + 1));
    this.noteMatches = before === undefined ? [] : before.noteMatches.filter(({ step }) => step <= length);
    if (before !== undefined && before.start <= length) this.start = before.start;
  }

  /** Number of the last step. */
  get length(): number {
    return this.times.length - 1;
  }

  /** All domain events, in order. */
  get events(): readonly TapeEvent[] {
    return this.reported;
  }

  // ---- writing ----

  /** The next step, with all that was reported in it. */
  add({ number, timeUs, node, kind, label, cause, delivery, events }: Step): void {
    this.times.push(timeUs);
    this.nodes.push(this.words.numberOf(node ?? ""));
    this.kinds.push(this.words.numberOf(kind));
    this.labels.push(this.words.numberOf(label));
    this.causes.push(cause);
    this.senders.push(this.words.numberOf(delivery?.from ?? ""));
    this.nths.push(delivery?.nth ?? 0);
    this.marks.push(this.words.numberOf(delivery?.beyondTcp ?? ""));
    this.firstEvents.push(this.reported.length);
    for (const event of events) this.reported.push({ step: number, node, event });
  }

  // ---- steps ----

  timeOf(step: number): Micros {
    return this.times.at(step);
  }

  nodeOf(step: number): NodeName | undefined {
    return this.wordOf(this.nodes, step);
  }

  kindOf(step: number): StepKind {
    return this.words.at(this.kinds.at(step)) as StepKind;
  }

  /** The message's kind, the timer's kind, the action's label. */
  labelOf(step: number): string {
    return this.words.at(this.labels.at(step));
  }

  /** The step that scheduled it; 0 for none. */
  causeOf(step: number): number {
    return this.causes.at(step);
  }

  /** What was delivered in this step. */
  deliveryOf(step: number): DeliveryRef | undefined {
    const from = this.wordOf(this.senders, step);
    const to = this.nodeOf(step);
    if (from === undefined || to === undefined) return undefined;
    return { message: this.labelOf(step), from, to, nth: this.nths.at(step) };
  }

  /** What befell the message on its way. */
  beyondTcpOf(step: number): BeyondTcp | undefined {
    return this.wordOf(this.marks, step) as BeyondTcp | undefined;
  }

  /** The last step at or before `timeUs`; 0 where there is none. */
  stepAt(timeUs: Micros): number {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.times.at(middle) <= timeUs) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** How many steps up to this one have the same time as it. */
  stepsOfMoment(step: number): number {
    const time = this.times.at(step);
    let first = step;
    while (first > 1 && this.times.at(first - 1) === time) first--;
    return step - first + 1;
  }

  // ---- events ----

  /** Index of the first event of `step` or a later one. */
  firstEventOf(step: number): number {
    return step > this.length ? this.reported.length : this.firstEvents.at(step);
  }

  eventsOf(step: number): readonly TapeEvent[] {
    return this.reported.slice(this.firstEventOf(step), this.firstEventOf(step + 1));
  }

  private wordOf(column: NumberColumn, step: number): string | undefined {
    const word = this.words.at(column.at(step));
    return word === "" ? undefined : word;
  }
}
