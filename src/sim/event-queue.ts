/**
 * The future: what will happen, ordered by (time, sequence number).
 *
 * A binary heap of our own over typed arrays. Equal times come out in the order in which they were put in, always:
 * that is the only order in the engine. Cancelling leaves a tombstone that is skipped when its time comes.
 */
import { assert, SimulatorBug } from "../base/assert.ts";
import type { Micros } from "../base/units.ts";

/** A slot number together with the generation of its occupant, in one number. 0 names nothing. */
export type QueueTicket = number;

/** Something to come, for who looks at the future from outside. */
export interface Queued<T> {
  readonly at: Micros;
  readonly payload: T;
}

const SLOT_SPACE = 2 ** 24;
const INITIAL_CAPACITY = 256;

export class EventQueue<T extends object> {
  /** Heap, by position: when, which came first, where its payload lies. */
  private times = new Float64Array(INITIAL_CAPACITY).fill(Number.POSITIVE_INFINITY);
  private sequences = new Float64Array(INITIAL_CAPACITY);
  private slots = new Int32Array(INITIAL_CAPACITY);
  private length = 0;
  private nextSequence = 0;

  /** By slot. A cancelled payload is undefined until its heap entry comes up. */
  private readonly payloads: (T | undefined)[] = [];
  private readonly generations: number[] = [];
  private readonly freeSlots: number[] = [];
  private cancelled = 0;

  /** Now: the time of the event popped last, or later if time has passed since. */
  time: Micros = 0;

  /** Events still to come. */
  get size(): number {
    return this.length - this.cancelled;
  }

  /** `at` must not lie in the past. */
  push(at: Micros, payload: T): QueueTicket {
    // Spelled out, since the message would be built for every event.
    if (!(at >= this.time)) throw new SimulatorBug(`event scheduled at ${at}, before ${this.time}`);
    const free = this.freeSlots.pop();
    let slot: number;
    if (free === undefined) {
      slot = this.payloads.length;
      assert(slot < SLOT_SPACE, "too many pending events");
      this.payloads.push(payload);
      this.generations.push(1);
    } else {
      slot = free;
      this.payloads[slot] = payload;
    }
    // One place behind the last entry stays free.
    if (this.length + 1 === this.times.length) this.grow();
    this.siftUp(this.length++, at, this.nextSequence++, slot);
    return (this.generations[slot] as number) * SLOT_SPACE + slot;
  }

  /** The next event, after advancing `time` to it; undefined when there is none. */
  pop(): T | undefined {
    while (this.length > 0) {
      const slot = this.slots[0] as number;
      const at = this.times[0] as number;
      this.removeFirst();
      const payload = this.payloads[slot];
      this.payloads[slot] = undefined;
      this.generations[slot] = (this.generations[slot] as number) + 1;
      this.freeSlots.push(slot);
      if (payload === undefined) {
        this.cancelled--;
        continue;
      }
      this.time = at;
      return payload;
    }
    return undefined;
  }

  /** When the next event is due; undefined when there is none. */
  peekTime(): Micros | undefined {
    while (this.length > 0 && this.payloads[this.slots[0] as number] === undefined) {
      const slot = this.slots[0] as number;
      this.removeFirst();
      this.generations[slot] = (this.generations[slot] as number) + 1;
      this.freeSlots.push(slot);
      this.cancelled--;
    }
    return this.length > 0 ? this.times[0] : undefined;
  }

  /** Lets time pass without an event. */
  advanceTo(time: Micros): void {
    const next = this.peekTime();
    assert(next === undefined || time <= next, `an event at ${next} would be skipped by advancing to ${time}`);
    this.time = Math.max(this.time, time);
  }

  /** True if the event was still to come. */
  cancel(ticket: QueueTicket): boolean {
    const slot = ticket % SLOT_SPACE;
    const generation = (ticket - slot) / SLOT_SPACE;
    if (ticket === 0 || this.generations[slot] !== generation || this.payloads[slot] === undefined) return false;
    this.payloads[slot] = undefined;
    this.cancelled++;
    return true;
  }

  /** All that is still to come, in the order in which it will. Changes nothing. */
  inOrder(): Queued<T>[] {
    const { times, sequences, slots } = this;
    const found: { at: Micros; sequence: number; payload: T }[] = [];
    for (let position = 0; position < this.length; position++) {
      const payload = this.payloads[slots[position] as number];
      if (payload === undefined) continue;
      found.push({ at: times[position] as number, sequence: sequences[position] as number, payload });
    }
    return found.sort((one, other) => one.at - other.at || one.sequence - other.sequence);
  }

  private removeFirst(): void {
    const last = --this.length;
    const { times } = this;
    const time = times[last] as number;
    times[last] = Number.POSITIVE_INFINITY;
    if (last > 0) this.siftDown(time, this.sequences[last] as number, this.slots[last] as number);
  }

  private siftUp(from: number, time: number, sequence: number, slot: number): void {
    const { times, sequences, slots } = this;
    let i = from;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const parentTime = times[parent] as number;
      if (parentTime < time || (parentTime === time && (sequences[parent] as number) < sequence)) break;
      times[i] = parentTime;
      sequences[i] = sequences[parent] as number;
      slots[i] = slots[parent] as number;
      i = parent;
    }
    times[i] = time;
    sequences[i] = sequence;
    slots[i] = slot;
  }

  /** Moves the hole at the top down along the earlier children, and the last entry from there back up to its place. */
  private siftDown(time: number, sequence: number, slot: number): void {
    const { times, sequences, slots, length } = this;
    let i = 0;
    for (let child = 1; child < length; child = 2 * i + 1) {
      // Which child is earlier can't be predicted, so it is reckoned without a branch. Behind the last entry stands one that never comes.
      const left = times[child] as number;
      const right = times[child + 1] as number;
      const later = (sequences[child + 1] as number) < (sequences[child] as number);
      child += +(right < left) | (+(right === left) & +later);
      times[i] = times[child] as number;
      sequences[i] = sequences[child] as number;
      slots[i] = slots[child] as number;
      i = child;
    }
    this.siftUp(i, time, sequence, slot);
  }

  private grow(): void {
    const capacity = this.times.length * 2;
    const times = new Float64Array(capacity).fill(Number.POSITIVE_INFINITY);
    const sequences = new Float64Array(capacity);
    const slots = new Int32Array(capacity);
    times.set(this.times);
    sequences.set(this.sequences);
    slots.set(this.slots);
    this.times = times;
    this.sequences = sequences;
    this.slots = slots;
  }
}
