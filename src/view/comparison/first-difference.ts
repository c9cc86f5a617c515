/** Where two runs begin to differ in what they report. Exact, and quick enough for a million events that are the same. */
import { RecordBatch } from "../../kafka/records.ts";
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
  const comparer = new Comparer();
  let [atA, atB] = [a.firstEventOf(from + 1), b.firstEventOf(from + 1)];
  for (; atA < a.events.length && atB < b.events.length; atA++, atB++) {
    const [left, right] = [a.events[atA] as TapeEvent, b.events[atB] as TapeEvent];
    if (a.timeOf(left.step) !== b.timeOf(right.step) || left.node !== right.node) return { a: atA, b: atB };
    if (!comparer.isSame(left.event, right.event)) return { a: atA, b: atB };
  }
  return atA === a.events.length && atB === b.events.length ? undefined : { a: atA, b: atB };
}

/** Compares plain data: what events carry. Batches come again on every replica, and are looked into once. */
class Comparer {
  private readonly twins = new Map<object, object>();

  isSame(a: unknown, b: unknown): boolean {
    if (a === b) return true;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    return a instanceof Uint8Array ? isSameBytes(a, b) : this.isSameObject(a, b);
  }

  private isSameObject(a: object, b: object): boolean {
    if (Array.isArray(a)) {
      if (!Array.isArray(b) || a.length !== b.length) return false;
      for (let i = 0; i < a.length; i++) if (a[i] !== b[i] && !this.isSame(a[i], b[i])) return false;
      return true;
    }
    const isBatch = a instanceof RecordBatch;
    if (isBatch && this.twins.get(a) === b) return true;
    const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
    let keys = 0;
    for (const key in left) {
      if (left[key] !== right[key] && !this.isSame(left[key], right[key])) return false;
      keys++;
    }
    for (const _ in right) keys--;
    if (isBatch) this.twins.set(a, b);
    return keys === 0;
  }
}

function isSameBytes(a: Uint8Array, b: object): boolean {
  if (!(b instanceof Uint8Array) || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
