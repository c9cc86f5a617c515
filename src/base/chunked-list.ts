/**
 * A growing list of things that never change, which forks share as far as neither writes. What can change may not be put into it: a
 * fork would change it for its source.
 */
import { SimulatorBug } from "./assert.ts";
import { CHUNK_MASK, CHUNK_SHIFT, CHUNK_SIZE, ChunkTable } from "./chunk-table.ts";
import { isImmutable } from "./immutable.ts";

export class ChunkedList<T> {
  /** The last chunk. */
  private tail: T[] = [];
  private tailFrom = 0;
  /** Another list has the tail, too. */
  private tailShared = false;
  /** What comes before the tail. */
  private full: ChunkTable<T[]> | undefined;
  /** So many leading items are known never to change. */
  private proven = 0;

  static of<T>(items: readonly T[]): ChunkedList<T> {
    const list = new ChunkedList<T>();
    for (const item of items) list.push(item);
    return list;
  }

  get length(): number {
    return this.tailFrom + this.tail.length;
  }

  /** Undefined outside of the list. */
  at(index: number): T | undefined {
    const place = index - this.tailFrom;
    if (place >= 0) return this.tail[place];
    return index < 0 ? undefined : this.full?.chunks[index >> CHUNK_SHIFT]?.[index & CHUNK_MASK];
  }

  push(item: T): void {
    if (this.tailShared || this.tail.length === CHUNK_SIZE) this.makeRoom();
    this.tail.push(item);
  }

  /** Puts another item into a place that has one. */
  replace(index: number, item: T): void {
    const place = index - this.tailFrom;
    if (place < 0) {
      (this.full as ChunkTable<T[]>).writable(index >> CHUNK_SHIFT)[index & CHUNK_MASK] = item;
    } else {
      this.unshareTail();
      this.tail[place] = item;
    }
    this.proven = Math.min(this.proven, index);
  }

  /** Keeps the first `length` items. */
  truncate(length: number): void {
    if (length >= this.length) return;
    if (length < this.tailFrom) this.backTo(length >> CHUNK_SHIFT);
    this.unshareTail();
    this.tail.length = length - this.tailFrom;
    this.proven = Math.min(this.proven, length);
  }

  /** Those in [from, to), as an array. */
  slice(from = 0, to = this.length): T[] {
    const items: T[] = [];
    const end = Math.min(to, this.length);
    for (let index = from; index < end; index++) items.push(this.at(index) as T);
    return items;
  }

  copyForFork(): ChunkedList<T> {
    this.prove();
    const copy = new ChunkedList<T>();
    copy.proven = this.proven;
    if (this.length === 0) return copy;
    this.tailShared = true;
    copy.tail = this.tail;
    copy.tailFrom = this.tailFrom;
    copy.tailShared = true;
    copy.full = this.full?.copyForFork();
    return copy;
  }

  private prove(): void {
    for (; this.proven < this.length; this.proven++) {
      const item = this.at(this.proven);
      if (!isImmutable(item))
        throw new SimulatorBug(`a list that forks share holds a ${item?.constructor?.name}, which can change`);
    }
  }

  private makeRoom(): void {
    if (this.tail.length < CHUNK_SIZE) {
      this.unshareTail();
      return;
    }
    this.full ??= new ChunkTable();
    this.full.push(this.tail, !this.tailShared);
    this.tail = [];
    this.tailFrom += CHUNK_SIZE;
    this.tailShared = false;
  }

  private unshareTail(): void {
    if (!this.tailShared) return;
    this.tail = this.tail.slice();
    this.tailShared = false;
  }

  /** The full chunk of this number becomes the tail. */
  private backTo(number: number): void {
    const full = this.full as ChunkTable<T[]>;
    this.tail = full.chunks[number] as T[];
    this.tailShared = !full.isOwned(number);
    this.tailFrom = number << CHUNK_SHIFT;
    full.truncate(number);
  }
}
