/**
 * The one committed log of a partition (or of the metadata quorum), and each replica's log as told against it.
 *
 * A replica's log is kept as "the first `agreed` committed batches, then my own `tail`". So a batch that everybody has is
 * held once, and whether a replica has all that is committed, unchanged, is a comparison of two numbers. Every batch is
 * compared once per replica, when it is appended or when it becomes committed; nothing is ever scanned again except the
 * part that a truncation or a restart touches.
 *
 * A replica may legally disagree (`agreedTo` below both its end and the committed end): an old leader that has not yet cut
 * its tail. Which disagreement is a violation is for the invariants to say.
 */
import { ChunkedList } from "../../base/chunked-list.ts";
import { NumberVector } from "../../base/number-vector.ts";
import type { Micros } from "../../base/units.ts";
import type { LeaderEpoch, Offset } from "../../kafka/ids.ts";
import type { RecordBatch } from "../../kafka/records.ts";

export class CommittedLog<R> {
  readonly batches = new ChunkedList<RecordBatch<R>>();
  /** The true high watermark: one past the last committed record. */
  end: Offset = 0;
  private readonly steps = new NumberVector();
  private readonly times = new NumberVector();

  push(batch: RecordBatch<R>, step: number, timeUs: Micros): void {
    this.steps.set(this.batches.length, step);
    this.times.set(this.batches.length, timeUs);
    this.batches.push(batch);
    this.end = batch.nextOffset;
  }

  /** The step in which the batch at `index` became committed. */
  stepOf(index: number): number {
    return this.steps.at(index);
  }

  timeOf(index: number): Micros {
    return this.times.at(index);
  }

  /** Index of the batch that holds `offset`; -1 if it is not committed. */
  indexOf(offset: Offset): number {
    if (offset < 0 || offset >= this.end) return -1;
    let high = this.batches.length - 1;
    // Most questions are about one of the newest batches.
    for (let tries = 0; tries < 4 && high >= 0; tries++, high--) {
      const batch = this.batches.at(high) as RecordBatch<R>;
      if (batch.baseOffset <= offset) return offset < batch.nextOffset ? high : -1;
    }
    let low = 0;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const batch = this.batches.at(middle) as RecordBatch<R>;
      if (offset < batch.baseOffset) high = middle - 1;
      else if (offset >= batch.nextOffset) low = middle + 1;
      else return middle;
    }
    return -1;
  }

  /** Keeps the first `count` batches; returns the others. */
  cut(count: number): RecordBatch<R>[] {
    this.steps.truncate(count);
    this.times.truncate(count);
    const removed = this.batches.slice(count);
    this.batches.truncate(count);
    this.end = count === 0 ? 0 : (this.batches.at(count - 1) as RecordBatch<R>).nextOffset;
    return removed;
  }
}

/** Used-up places of a tail that are kept before it is moved up. */
const USED_UP_MAX = 64;

export class ReplicaLog<R> {
  readonly committed: CommittedLog<R>;
  /** How many committed batches this log begins with. Batches below its log start count as had. */
  agreed = 0;
  agreedTo: Offset = 0;
  logStart: Offset = 0;
  endOffset: Offset = 0;
  /** What follows the agreed part; the first `head` entries are used up. */
  private tail: RecordBatch<R>[] = [];
  private head = 0;

  constructor(committed: CommittedLog<R>) {
    this.committed = committed;
  }

  append(batch: RecordBatch<R>): void {
    if (this.head === this.tail.length && this.agreed < this.committed.batches.length) {
      if (batch.sameAs(this.committed.batches.at(this.agreed) as RecordBatch<R>)) this.agree(batch);
      else this.tail.push(batch);
    } else {
      this.tail.push(batch);
    }
    this.endOffset = batch.nextOffset;
  }

  /** More has become committed: takes over what the tail has of it. */
  absorb(): void {
    while (this.head < this.tail.length && this.agreed < this.committed.batches.length) {
      const batch = this.tail[this.head] as RecordBatch<R>;
      if (!batch.sameAs(this.committed.batches.at(this.agreed) as RecordBatch<R>)) return;
      this.agree(batch);
      this.head++;
    }
    if (this.head >= USED_UP_MAX) {
      this.tail.splice(0, this.head);
      this.head = 0;
    }
  }

  /** What this log has after the committed end, up to `to`, is committed from now on. Returns whether that is anything. */
  commitUpTo(to: Offset, step: number, timeUs: Micros): boolean {
    const { committed, tail } = this;
    const before = committed.end;
    for (let i = this.head; i < tail.length; i++) {
      const batch = tail[i] as RecordBatch<R>;
      if (batch.nextOffset > to) break;
      committed.push(batch, step, timeUs);
    }
    return committed.end > before;
  }

  /** The batches of the tail that end at or below `upTo`. */
  tailUpTo(upTo: Offset): RecordBatch<R>[] {
    const batches: RecordBatch<R>[] = [];
    for (let i = this.head; i < this.tail.length; i++) {
      const batch = this.tail[i] as RecordBatch<R>;
      if (batch.nextOffset > upTo) break;
      batches.push(batch);
    }
    return batches;
  }

  /** Own batches beyond the agreed part. */
  ownTail(): RecordBatch<R>[] {
    return this.tail.slice(this.head);
  }

  truncateTo(offset: Offset): void {
    if (offset >= this.endOffset) return;
    while (this.tail.length > this.head && (this.tail[this.tail.length - 1] as RecordBatch<R>).nextOffset > offset)
      this.tail.pop();
    while (this.agreed > 0 && (this.committed.batches.at(this.agreed - 1) as RecordBatch<R>).nextOffset > offset) this.agreed--;
    this.agreedTo = Math.min(this.agreedTo, this.endOfFirst(this.agreed));
    this.endOffset = offset;
    this.logStart = Math.min(this.logStart, offset);
  }

  /** Everything went; the log begins anew at `offset`. What lies below `legalStart` was deleted by right, and counts as had. */
  restartAt(offset: Offset, legalStart: Offset): void {
    this.tail = [];
    this.head = 0;
    this.logStart = offset;
    this.endOffset = offset;
    const from = Math.min(offset, legalStart);
    const index = this.committed.indexOf(from);
    this.agreed = index < 0 ? (from >= this.committed.end ? this.committed.batches.length : 0) : index;
    this.agreedTo = this.endOfFirst(this.agreed);
  }

  load(batches: readonly RecordBatch<R>[], logStart: Offset, logEnd: Offset, legalStart: Offset): void {
    this.restartAt(logStart, legalStart);
    for (const batch of batches) this.append(batch);
    this.endOffset = logEnd;
  }

  /** The committed log has been cut to its first `count` batches: what this log had of the rest is its own again. */
  disown(count: number, removed: readonly RecordBatch<R>[]): void {
    if (this.agreed <= count) return;
    this.tail = [...removed.slice(0, this.agreed - count), ...this.ownTail()];
    this.head = 0;
    this.agreed = count;
    this.agreedTo = this.endOfFirst(count);
  }

  /** Undefined above the end. */
  batchAt(offset: Offset): RecordBatch<R> | undefined {
    if (offset < this.agreedTo) return this.committed.batches.at(this.committed.indexOf(offset));
    let low = this.head;
    let high = this.tail.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const batch = this.tail[middle] as RecordBatch<R>;
      if (offset < batch.baseOffset) high = middle - 1;
      else if (offset >= batch.nextOffset) low = middle + 1;
      else return batch;
    }
    return undefined;
  }

  /** Epoch of the last batch; -1 if there is none. */
  get lastEpoch(): LeaderEpoch {
    if (this.tail.length > this.head) return (this.tail[this.tail.length - 1] as RecordBatch<R>).partitionLeaderEpoch;
    return this.agreed === 0 ? -1 : (this.committed.batches.at(this.agreed - 1) as RecordBatch<R>).partitionLeaderEpoch;
  }

  /** Whether it has all that is committed below `offset`, unchanged. */
  agreesUpTo(offset: Offset): boolean {
    return this.agreedTo >= Math.min(offset, this.committed.end);
  }

  private agree(batch: RecordBatch<R>): void {
    this.agreed++;
    this.agreedTo = batch.nextOffset;
  }

  private endOfFirst(count: number): Offset {
    return count === 0 ? 0 : (this.committed.batches.at(count - 1) as RecordBatch<R>).nextOffset;
  }
}
