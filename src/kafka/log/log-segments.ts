/**
 * The segments of a log in order, and the one at the end that is written to.
 *
 * Finds, reads, rolls and cuts; every search is logarithmic, and the tail is found at once.
 * Source: LogSegments, LocalLog.
 */
import type { AppendFile, Host } from "../../sim/host.ts";
import { type LeaderEpoch, NONE, type Offset } from "../ids.ts";
import type { RecordBatch } from "../records.ts";
import { Segment } from "./segment.ts";

export class LogSegments<R> {
  private readonly host: Host;
  private readonly dir: string;
  /** Ascending by base offset, never empty. */
  private readonly all: Segment<R>[];
  private last: Segment<R>;

  /** `segments` as recovery left them; a log without any begins at `emptyAt`. */
  constructor(host: Host, dir: string, segments: readonly Segment<R>[], emptyAt: Offset) {
    this.host = host;
    this.dir = dir;
    this.all = segments.length === 0 ? [this.create(emptyAt)] : [...segments];
    this.last = this.all.at(-1) as Segment<R>;
  }

  get active(): Segment<R> {
    return this.last;
  }

  get baseOffset(): Offset {
    return (this.all[0] as Segment<R>).baseOffset;
  }

  /** Epoch of the last readable batch; -1 if there is none. */
  get lastBatchEpoch(): LeaderEpoch {
    for (let i = this.all.length - 1; i >= 0; i--) {
      const batch = (this.all[i] as Segment<R>).lastBatch();
      if (batch !== undefined) return batch.partitionLeaderEpoch;
    }
    return NONE;
  }

  /** From the oldest to the one that is written to. */
  inOrder(): readonly Segment<R>[] {
    return this.all;
  }

  /** Whole batches below `upTo`, from the one that holds `from` on; at least one if there is any. */
  read(from: Offset, maxBytes: number, upTo: Offset): RecordBatch<R>[] {
    const batches: RecordBatch<R>[] = [];
    let bytes = 0;
    const first = this.floorIndex(from);
    for (let s = first; s < this.all.length; s++) {
      const segment = this.all[s] as Segment<R>;
      for (let i = s === first ? segment.floorIndex(from) : 0; i < segment.length; i++) {
        const batch = segment.batchAt(i);
        // Nobody can read past a rotted batch.
        if (batch === undefined || batch.nextOffset > upTo) return batches;
        bytes += batch.sizeInBytes;
        if (bytes > maxBytes && batches.length > 0) return batches;
        batches.push(batch);
      }
    }
    return batches;
  }

  /** Undefined too where it cannot be read. */
  batchContaining(offset: Offset): RecordBatch<R> | undefined {
    const segment = this.all[this.floorIndex(offset)] as Segment<R>;
    const batch = segment.batchAt(segment.floorIndex(offset));
    return batch !== undefined && batch.nextOffset > offset ? batch : undefined;
  }

  /** Begins a new segment at the end. */
  roll(): void {
    this.last = this.create(this.last.endOffset);
    this.all.push(this.last);
  }

  /** Cuts everything from `offset` on. A batch that reaches over it goes as a whole. */
  truncateTo(offset: Offset): void {
    for (const segment of this.all.splice(this.floorIndex(offset) + 1)) this.delete(segment);
    this.last = this.all.at(-1) as Segment<R>;
    this.last.truncateTo(offset);
  }

  /** Deletes the oldest `count`, of which the last one is none. */
  deleteFirst(count: number): void {
    for (const segment of this.all.splice(0, count)) this.delete(segment);
  }

  /** Deletes everything; the log starts anew at `offset`. */
  restartAt(offset: Offset): void {
    for (const segment of this.all.splice(0)) this.delete(segment);
    this.last = this.create(offset);
    this.all.push(this.last);
  }

  /** What an fsync of everything from `offset` on has to touch; at least one file. */
  filesFrom(offset: Offset): AppendFile<unknown>[] {
    const files: AppendFile<unknown>[] = [];
    for (let i = this.floorIndex(offset); i < this.all.length; i++) {
      const segment = this.all[i] as Segment<R>;
      // A segment that was just begun holds nothing that could be lost.
      if (segment.length > 0 || files.length === 0) files.push(segment.file);
    }
    return files;
  }

  /** The segment that `offset` falls in, or the first. */
  private floorIndex(offset: Offset): number {
    const { all } = this;
    if (offset >= this.last.baseOffset) return all.length - 1;
    let low = 0;
    let high = all.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((all[middle] as Segment<R>).baseOffset <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private create(baseOffset: Offset): Segment<R> {
    return new Segment(this.host.disk, this.dir, baseOffset, this.host.now());
  }

  private delete(segment: Segment<R>): void {
    this.host.disk.delete(segment.file.path);
  }
}
