/** A growing list of numbers that forks share as far as neither writes. Unset places read 0. */
import { CHUNK_MASK, CHUNK_SHIFT, CHUNK_SIZE, ChunkTable } from "./chunk-table.ts";

type Numbers = Float64Array | Uint8Array;

/** Nothing is kept for the many that stay empty. */
const NOTHING = new Float64Array(0);
const SMALLEST = 16;
/** A block of numbers lies outside of the engine's heap: to ask for one costs more than some room that stays empty. */
const GROWTH = 4;

export class NumberVector {
  length = 0;
  /** The last chunk, as large as it had to become so far. */
  private tail: Numbers = NOTHING;
  private tailFrom = 0;
  /** Another vector has the tail, too. */
  private tailShared = false;
  /** What comes before the tail. */
  private full: ChunkTable<Numbers> | undefined;
  private readonly element: "number" | "byte";

  /** Bytes are integers from 0 to 255, in an eighth of the room. */
  constructor(element: "number" | "byte" = "number") {
    this.element = element;
  }

  at(index: number): number {
    if (index >= this.length) return 0;
    const place = index - this.tailFrom;
    if (place >= 0) return this.tail[place] as number;
    return this.full?.chunks[index >> CHUNK_SHIFT]?.[index & CHUNK_MASK] as number;
  }

  set(index: number, value: number): void {
    const place = index - this.tailFrom;
    if (place >= 0 && place < this.tail.length && !this.tailShared) this.tail[place] = value;
    else this.writable(index)[index & CHUNK_MASK] = value;
    if (index >= this.length) this.length = index + 1;
  }

  push(value: number): void {
    this.set(this.length, value);
  }

  /** Keeps the first `length` places. */
  truncate(length: number): void {
    if (length >= this.length) return;
    if (length < this.tailFrom) this.backTo(length >> CHUNK_SHIFT);
    // What is cut off reads 0 if it is jumped over later.
    if (length - this.tailFrom < this.tail.length) this.writable(length).fill(0, length - this.tailFrom);
    this.length = length;
  }

  copyForFork(): NumberVector {
    const copy = new NumberVector(this.element);
    this.tailShared = this.tail.length > 0;
    copy.length = this.length;
    copy.tail = this.tail;
    copy.tailFrom = this.tailFrom;
    copy.tailShared = this.tailShared;
    copy.full = this.full?.copyForFork();
    return copy;
  }

  /** The chunk of `index`, to be written into. */
  private writable(index: number): Numbers {
    while (index - this.tailFrom >= CHUNK_SIZE) this.beginChunk();
    const place = index - this.tailFrom;
    if (place < 0) return (this.full as ChunkTable<Numbers>).writable(index >> CHUNK_SHIFT);
    if (place >= this.tail.length) this.grow(place + 1);
    else if (this.tailShared) this.tail = this.tail.slice();
    this.tailShared = false;
    return this.tail;
  }

  private beginChunk(): void {
    if (this.tail.length < CHUNK_SIZE) {
      this.grow(CHUNK_SIZE);
      this.tailShared = false;
    }
    this.full ??= new ChunkTable();
    this.full.push(this.tail, !this.tailShared);
    this.tail = NOTHING;
    this.tailFrom += CHUNK_SIZE;
    this.tailShared = false;
  }

  private grow(needed: number): void {
    const size = this.tailFrom > 0 ? CHUNK_SIZE : Math.min(CHUNK_SIZE, Math.max(this.tail.length * GROWTH, needed, SMALLEST));
    const larger = this.element === "byte" ? new Uint8Array(size) : new Float64Array(size);
    larger.set(this.tail);
    this.tail = larger;
  }

  /** The full chunk of this number becomes the tail. */
  private backTo(number: number): void {
    const full = this.full as ChunkTable<Numbers>;
    this.tail = full.chunks[number] as Numbers;
    this.tailShared = !full.isOwned(number);
    this.tailFrom = number << CHUNK_SHIFT;
    full.truncate(number);
  }
}
