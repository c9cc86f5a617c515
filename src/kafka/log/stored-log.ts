/**
 * A replica's log as it lies on the disk of its node, whether a process has it open or not: what an observer sees, and what a process that
 * starts now would find. Looks, and changes nothing: not even a file is opened that is not there.
 */
import type { Micros } from "../../base/units.ts";
import { type LeaderEpoch, NONE, type Offset } from "../ids.ts";
import { RecordBatch } from "../records.ts";

/** A file of batches, as the disk keeps it. */
interface StoredFile {
  readonly length: number;
  at(index: number): unknown;
  /** Leading entries that a loss of power leaves alone, if the operating system writes back what is older than `age`. */
  writtenBack(age: Micros): number;
}

interface StoredFiles {
  readonly spec: { readonly writebackUs: Micros };
  list(prefix: string): string[];
  appendFile(path: string): StoredFile;
}

interface StoredSegment {
  readonly baseOffset: Offset;
  readonly file: StoredFile;
}

export class StoredLog {
  private readonly segments: readonly StoredSegment[];
  private readonly writebackUs: Micros;

  /** The log in the directory `dir`: `orders-0`. */
  constructor(disk: StoredFiles, dir: string) {
    this.writebackUs = disk.spec.writebackUs;
    this.segments = disk
      .list(`${dir}/`)
      .filter((path) => path.endsWith(".log"))
      .map((path) => ({ baseOffset: Number(path.slice(dir.length + 1, -".log".length)), file: disk.appendFile(path) }));
  }

  get exists(): boolean {
    return this.segments.length > 0;
  }

  get baseOffset(): Offset {
    return this.segments[0]?.baseOffset ?? 0;
  }

  /** Where its last readable batch ends. */
  get endOffset(): Offset {
    for (let s = this.segments.length - 1; s >= 0; s--) {
      const { file, baseOffset } = this.segments[s] as StoredSegment;
      const last = lastBatchOf(file, file.length);
      if (last !== undefined) return last.nextOffset;
      if (s === 0) return baseOffset;
    }
    return 0;
  }

  /** Everything below would be there after a loss of power. */
  get durableTo(): Offset {
    for (const { file, baseOffset } of this.segments) {
      const kept = file.writtenBack(this.writebackUs);
      if (kept < file.length) return lastBatchOf(file, kept)?.nextOffset ?? baseOffset;
    }
    return this.endOffset;
  }

  /** Undefined where there is none, or it can't be read. */
  batchContaining(offset: Offset): RecordBatch | undefined {
    const segment = this.segmentOf(offset);
    if (segment === undefined) return undefined;
    const { file } = segment;
    let [low, high] = [0, file.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const batch = file.at(middle);
      if (!(batch instanceof RecordBatch)) return this.searchAround(file, middle, offset);
      if (offset < batch.baseOffset) high = middle - 1;
      else if (offset >= batch.nextOffset) low = middle + 1;
      else return batch;
    }
    return undefined;
  }

  /** Of the record at `offset`; -1 if there is none. */
  epochAt(offset: Offset): LeaderEpoch {
    return this.batchContaining(offset)?.partitionLeaderEpoch ?? NONE;
  }

  private segmentOf(offset: Offset): StoredSegment | undefined {
    const { segments } = this;
    let [low, high] = [0, segments.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((segments[middle] as StoredSegment).baseOffset <= offset) low = middle;
      else high = middle - 1;
    }
    return segments[low];
  }

  /** Something in the file has rotted: that is rare, and then it is read from end to end. */
  private searchAround(file: StoredFile, rotted: number, offset: Offset): RecordBatch | undefined {
    for (let i = 0; i < file.length; i++) {
      const batch = i === rotted ? undefined : file.at(i);
      if (batch instanceof RecordBatch && batch.baseOffset <= offset && offset < batch.nextOffset) return batch;
    }
    return undefined;
  }
}

function lastBatchOf(file: StoredFile, length: number): RecordBatch | undefined {
  for (let i = length - 1; i >= 0; i--) {
    const batch = file.at(i);
    if (batch instanceof RecordBatch) return batch;
  }
  return undefined;
}
