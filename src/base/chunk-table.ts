/**
 * Chunks of a long list, shared between forks. Whoever writes into a chunk that others have copies it first; so a fork costs the same
 * however long the list is, and later as much as is written.
 */
export const CHUNK_SHIFT = 9;
export const CHUNK_SIZE = 1 << CHUNK_SHIFT;
export const CHUNK_MASK = CHUNK_SIZE - 1;

export class ChunkTable<C extends { slice(): C }> {
  /** To be read only. */
  chunks: C[] = [];
  /** Whether the list of chunks is another table's, too. */
  private shared = false;
  /** Numbers of the chunks that are in no other table. */
  private readonly owned = new Set<number>();

  isOwned(number: number): boolean {
    return this.owned.has(number);
  }

  push(chunk: C, isOwned: boolean): void {
    this.unshare();
    if (isOwned) this.owned.add(this.chunks.length);
    this.chunks.push(chunk);
  }

  /** The chunk of this number, to be written into. */
  writable(number: number): C {
    const chunk = this.chunks[number] as C;
    if (this.owned.has(number)) return chunk;
    this.unshare();
    const copy = chunk.slice();
    this.chunks[number] = copy;
    this.owned.add(number);
    return copy;
  }

  /** Keeps the first `count` chunks. */
  truncate(count: number): void {
    this.unshare();
    for (let number = count; number < this.chunks.length; number++) this.owned.delete(number);
    this.chunks.length = count;
  }

  /** From now on neither the copy nor this one owns anything. */
  copyForFork(): ChunkTable<C> {
    this.shared = true;
    this.owned.clear();
    const copy = new ChunkTable<C>();
    copy.chunks = this.chunks;
    copy.shared = true;
    return copy;
  }

  private unshare(): void {
    if (!this.shared) return;
    this.chunks = this.chunks.slice();
    this.shared = false;
  }
}
