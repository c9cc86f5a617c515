/** Where two runs begin to differ in what they report. Exact, and quick enough for a million events that are the same. */
import type { DomainEvent } from "../../sim/host.ts";
import type { Tape, TapeEvent } from "../../walk/tape.ts";

/** Indices of the first event of either tape that the other has not; one of them may lie behind the last event. */
export interface Difference {
  readonly a: number;
  readonly b: number;
}

const FOUND = new WeakMap<Tape, WeakMap<Tape, { readonly from: number; readonly difference: Difference | undefined }>>();

/** Compares kind, time, node and all that was reported, from behind step `from` on; undefined if nothing differs until the end. */
export function firstDifference(a: Tape, b: Tape, from: number): Difference | undefined {
  let ofA = FOUND.get(a);
  if (ofA === undefined) {
    ofA = new WeakMap();
    FOUND.set(a, ofA);
  }
  const known = ofA.get(b);
  if (known?.from === from) return known.difference;
  const difference = find(a, b, from);
  ofA.set(b, { from, difference });
  return difference;
}

function find(a: Tape, b: Tape, from: number): Difference | undefined {
  let [atA, atB] = [a.firstEventOf(from + 1), b.firstEventOf(from + 1)];
  for (; atA < a.events.length && atB < b.events.length; atA++, atB++) {
    const [left, right] = [a.events[atA] as TapeEvent, b.events[atB] as TapeEvent];
    if (a.timeOf(left.step) !== b.timeOf(right.step) || !isSame(left, right)) return { a: atA, b: atB };
  }
  return atA === a.events.length && atB === b.events.length ? undefined : { a: atA, b: atB };
}

/** Whether two events say the same of the same node. */
export function isSame(a: TapeEvent, b: TapeEvent): boolean {
  return a === b || (a.node === b.node && isEqual(a.event, b.event));
}

/** Of plain data: what events carry. */
function isEqual(a: DomainEvent | object, b: DomainEvent | object): boolean {
  if (a === b) return true;
  if (Array.isArray(a) || ArrayBuffer.isView(a)) {
    const [left, right] = [a as readonly unknown[], b as readonly unknown[]];
    if (left.length !== right.length) return false;
    for (let i = 0; i < left.length; i++) if (!isEqualValue(left[i], right[i])) return false;
    return true;
  }
  for (const key in a) {
    if (!isEqualValue((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key])) return false;
  }
  return true;
}

function isEqualValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  return isEqual(a, b);
}
