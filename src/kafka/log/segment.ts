/**
 * One segment of a log: the batches from its base offset up to the next segment's, in one file.
 *
 * Offsets within a segment are dense and ascending, so a batch is found by binary search over the file itself; there is
 * no index to keep in step. An entry that has rotted is skipped by the search and never returned.
 * Source: LogSegment.
 */
import type { Micros } from "../../base/units.ts";
import { US_PER_MS } from "../../base/units.ts";
import type { AppendFile, Disk, Host } from "../../sim/host.ts";
import { NONE, type Offset } from "../ids.ts";
import { RecordBatch } from "../records.ts";

const SUFFIX = ".log";
const OFFSET_DIGITS = 20;

/** `orders-0/00000000000000000042.log`. */
function segmentPath(dir: string, baseOffset: Offset): string {
  return `${dir}/${String(baseOffset).padStart(OFFSET_DIGITS, "0")}${SUFFIX}`;
}

/** Base offsets of the segments on disk, ascending. */
export function segmentBaseOffsets(disk: Disk, dir: string): Offset[] {
  const prefix = `${dir}/`;
  const bases: Offset[] = [];
  for (const path of disk.list(prefix)) {
    if (path.endsWith(SUFFIX)) bases.push(Number(path.slice(prefix.length, -SUFFIX.length)));
  }
  return bases.sort((a, b) => a - b);
}

export class Segment<R> {
  readonly baseOffset: Offset;
  readonly file: AppendFile<RecordBatch<R>>;
  sizeInBytes: number;
  /** Where the next batch would go. */
  endOffset: Offset;
  /** Max timestamp of the first batch, in milliseconds; -1 if it has none. `segment.ms` counts from it. */
  private firstTimestamp: number;
  /** Largest timestamp of its records, in milliseconds; -1 if they have none. */
  largestTimestamp: number;
  /** On the host's clock; what `segment.ms` counts from when records carry no timestamps. */
  private readonly openedAt: Micros;

  /** Opens, and creates if absent. What it finds is taken as it is; what may not be is for recovery.ts. */
  constructor(disk: Disk, dir: string, baseOffset: Offset, now: Micros) {
    this.baseOffset = baseOffset;
    this.file = disk.appendFile(segmentPath(dir, baseOffset));
    this.openedAt = now;
    this.sizeInBytes = this.bytesFrom(0);
    this.endOffset = this.lastBatch()?.nextOffset ?? baseOffset;
    this.firstTimestamp = this.batchAt(0)?.maxTimestamp ?? NONE;
    this.largestTimestamp = this.timestampUpTo(this.length);
  }

  get length(): number {
    return this.file.length;
  }

  /** Undefined beyond the end, and where the entry is unreadable. */
  batchAt(index: number): RecordBatch<R> | undefined {
    const entry = this.file.at(index);
    return entry instanceof RecordBatch ? entry : undefined;
  }

  /** The last readable batch. */
  lastBatch(): RecordBatch<R> | undefined {
    for (let i = this.file.length - 1; i >= 0; i--) {
      const batch = this.batchAt(i);
      if (batch !== undefined) return batch;
    }
    return undefined;
  }

  /** False on an I/O error. */
  append(batch: RecordBatch<R>): boolean {
    if (!this.file.append(batch, batch.sizeInBytes)) return false;
    if (this.file.length === 1) this.firstTimestamp = batch.maxTimestamp;
    this.sizeInBytes += batch.sizeInBytes;
    this.endOffset = batch.nextOffset;
    if (batch.maxTimestamp > this.largestTimestamp) this.largestTimestamp = batch.maxTimestamp;
    return true;
  }

  /** When it was last written to, as far as that is known: what retention counts from, in milliseconds. */
  get age(): number {
    return this.largestTimestamp >= 0 ? this.largestTimestamp : this.openedAt / US_PER_MS;
  }

  /** Puts `batches`, which span the same offsets, in the place of what it holds. False on an I/O error. */
  replace(batches: readonly RecordBatch<R>[]): boolean {
    const sizes = batches.map(({ sizeInBytes }) => sizeInBytes);
    if (!this.file.replace(batches, sizes)) return false;
    this.sizeInBytes = this.bytesFrom(0);
    return true;
  }

  /** Whether `batch` has to start a new segment (1.4: `segment.bytes`, `segment.ms`). */
  isFullFor(batch: RecordBatch<R>, segmentBytes: number, segmentUs: Micros, host: Host): boolean {
    if (this.sizeInBytes === 0) return false;
    if (this.sizeInBytes + batch.sizeInBytes > segmentBytes) return true;
    // Kafka takes the records' own time where they have one: a replayed topic rolls as the original did.
    if (this.firstTimestamp >= 0) return (batch.maxTimestamp - this.firstTimestamp) * US_PER_MS > segmentUs;
    return host.now() - this.openedAt > segmentUs;
  }

  /** Index of the batch that holds `offset`, or of the last one before it. An unreadable entry if `offset` may be in it. */
  floorIndex(offset: Offset): number {
    let low = 0;
    let high = this.file.length - 1;
    // Most reads are at the tail.
    const last = this.batchAt(high);
    if (last !== undefined && last.baseOffset <= offset) return high;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      let probe = middle;
      let batch = this.batchAt(probe);
      while (batch === undefined && probe > low) batch = this.batchAt(--probe);
      if (batch === undefined || batch.baseOffset <= offset) low = middle;
      else high = probe - 1;
    }
    return this.stepBackOverTorn(low, offset);
  }

  private stepBackOverTorn(index: number, offset: Offset): number {
    for (let i = index; i >= 0; i--) {
      const batch = this.batchAt(i);
      if (batch !== undefined) return batch.nextOffset > offset ? i : index;
    }
    return index;
  }

  /** Cuts everything from the batch that holds `offset` on. */
  truncateTo(offset: Offset): void {
    if (offset >= this.endOffset) return;
    let keep = this.length === 0 ? 0 : this.floorIndex(offset);
    // A batch that ends before `offset` stays; one that reaches over it goes as a whole.
    const floor = this.batchAt(keep);
    if (floor !== undefined && floor.nextOffset <= offset) keep += 1;
    this.keep(keep);
  }

  /** Keeps the first `count` entries. */
  keep(count: number): void {
    this.sizeInBytes -= this.bytesFrom(count);
    this.file.truncate(count);
    this.endOffset = this.lastBatch()?.nextOffset ?? this.baseOffset;
    this.largestTimestamp = this.timestampUpTo(count);
  }

  private timestampUpTo(count: number): number {
    let largest = NONE;
    for (let i = 0; i < count; i++) largest = Math.max(largest, this.batchAt(i)?.maxTimestamp ?? NONE);
    return largest;
  }

  private bytesFrom(index: number): number {
    let bytes = 0;
    for (let i = index; i < this.file.length; i++) bytes += this.batchAt(i)?.sizeInBytes ?? 0;
    return bytes;
  }
}
