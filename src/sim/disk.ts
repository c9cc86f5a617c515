/**
 * The disk of a node: files with a page cache in front of the platter.
 *
 * A write goes to the page cache and survives a crash of the process. Only what was forced out by fsync, or was written
 * back by the operating system meanwhile, survives a loss of power; the last entry that was under way may be torn.
 * The disk knows nothing of what the entries mean.
 */
import { assert } from "../base/assert.ts";
import { ChunkedList } from "../base/chunked-list.ts";
import { NumberVector } from "../base/number-vector.ts";
import type { Micros } from "../base/units.ts";
import { constant, type Distribution, uniform } from "./distribution.ts";
import type { AppendFile, TornEntry, ValueFile } from "./host.ts";
import { Paths } from "./paths.ts";
import type { RandomStream } from "./random.ts";

const TORN: TornEntry = Object.freeze({ torn: true });

/** What becomes of unflushed writes when the power goes. `lost`: all gone. `torn`: all gone, but the first of them left garbage. `random`: any prefix survives, the next may be torn. */
export type PowerLossTail = "lost" | "torn" | "random";

export interface DiskSpec {
  /** How long an fsync takes. */
  readonly fsync: Distribution;
  /** How long a write is held up before the page cache takes it; nearly always 0. */
  readonly write: Distribution;
  /** Age at which the operating system writes a dirty page back by itself. */
  readonly writebackUs: Micros;
  /** Bytes; writes beyond it fail. */
  readonly capacityBytes?: number;
}

export const DEFAULT_DISK: DiskSpec = {
  fsync: uniform(500, 2_000),
  write: constant(0),
  writebackUs: 30_000_000,
};

/** Where the disk's files ask whether a write is possible. */
interface Volume {
  readonly broken: boolean;
  reserve(bytes: number): boolean;
  release(bytes: number): void;
  now(): Micros;
}

/** An fsync that has been asked for and has not ended. */
export interface SyncUnderWay {
  /** How many leading entries it forces: those that were there when it was asked for, and still are. */
  count: number;
  /** Whether the file has been truncated since. */
  truncated: boolean;
}

export class StoredAppendFile implements AppendFile<unknown> {
  readonly path: string;
  private readonly volume: Volume;
  /** What a reader sees: the page cache. */
  private readonly entries = new ChunkedList<unknown | TornEntry>();
  private readonly sizes = new NumberVector();
  private readonly writtenAt = new NumberVector();
  /** Leading entries that are the same on the platter. */
  private durable = 0;
  /** What the platter still holds behind those, after a truncation that was not forced out. */
  private staleTail: (unknown | TornEntry)[] = [];
  private truncatedAt: Micros = 0;
  private syncs: SyncUnderWay[] = [];

  constructor(path: string, volume: Volume) {
    this.path = path;
    this.volume = volume;
  }

  get length(): number {
    return this.entries.length;
  }

  get durableLength(): number {
    return this.durable;
  }

  at(index: number): unknown {
    return this.entries.at(index);
  }

  append(entry: unknown, bytes: number): boolean {
    if (this.volume.broken || !this.volume.reserve(bytes)) return false;
    this.write(entry, bytes);
    return true;
  }

  truncate(count: number): void {
    for (let i = count; i < this.sizes.length; i++) this.volume.release(this.sizes.at(i));
    if (count < this.durable) {
      this.staleTail = [...this.entries.slice(count, this.durable), ...this.staleTail];
      this.durable = count;
      this.truncatedAt = this.volume.now();
    }
    for (const sync of this.syncs) {
      sync.count = Math.min(sync.count, count);
      sync.truncated = true;
    }
    this.entries.truncate(count);
    this.sizes.truncate(count);
    this.writtenAt.truncate(count);
  }

  /** The old content is there until the new one is on the platter: a full disk must hold both. */
  replace(entries: readonly unknown[], bytes: readonly number[]): boolean {
    const needed = bytes.reduce((sum, each) => sum + each, 0);
    if (this.volume.broken || !this.volume.reserve(needed)) return false;
    this.truncate(0);
    for (const [index, entry] of entries.entries()) this.write(entry, bytes[index] as number);
    this.settle(this.entries.length);
    return true;
  }

  beginSync(): SyncUnderWay {
    const sync = { count: this.entries.length, truncated: false };
    this.syncs.push(sync);
    return sync;
  }

  /** What was written before the fsync was asked for is on the platter now, if all went well; what came later need not be. */
  endSync(sync: SyncUnderWay, ok: boolean): void {
    const index = this.syncs.indexOf(sync);
    if (index < 0) return;
    this.syncs.splice(index, 1);
    if (!ok || (sync.truncated && this.staleTail.length > 0)) return;
    this.settle(sync.count);
  }

  force(): boolean {
    if (this.volume.broken) return false;
    this.settle(this.entries.length);
    return true;
  }

  /** The first `count` entries, and every truncation, are on the platter from now on. */
  private settle(count: number): void {
    this.durable = Math.max(this.durable, count);
    this.staleTail = [];
  }

  /** The operating system wrote back everything older than `age`. */
  writeBack(age: Micros): void {
    if (this.truncatedAt <= this.volume.now() - age) this.staleTail = [];
    const count = this.writtenBack(age);
    if (count > this.durable) this.settle(count);
  }

  /** Leading entries that would be on the platter if the operating system wrote back everything older than `age`. Only looks. */
  writtenBack(age: Micros): number {
    const limit = this.volume.now() - age;
    let [low, high] = [this.durable, this.entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.writtenAt.at(middle) <= limit) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  loseUnsynced(tail: PowerLossTail, stream: RandomStream): void {
    const unsynced = this.entries.length - this.durable;
    // An unforced truncation may or may not have reached the platter; only then can later entries have.
    const truncationLost = this.staleTail.length > 0 && (tail !== "random" || stream.chance(1, 2));
    const survivors = truncationLost || tail !== "random" ? 0 : stream.below(unsynced + 1);
    const torn = !truncationLost && survivors < unsynced && (tail === "torn" || (tail === "random" && stream.chance(1, 2)));
    const restored = truncationLost ? this.staleTail : [];
    this.staleTail = [];
    this.syncs = [];
    this.truncate(this.durable + survivors);
    for (const entry of restored) this.write(entry, 0);
    if (torn) this.write(TORN, 0);
    this.durable = this.entries.length;
  }

  /** The entry at `index` rots: a reader finds garbage. */
  corrupt(index: number): void {
    if (index < this.entries.length) this.entries.replace(index, TORN);
  }

  private write(entry: unknown, bytes: number): void {
    this.entries.push(entry);
    this.sizes.push(bytes);
    this.writtenAt.push(this.volume.now());
  }
}

export class StoredValueFile implements ValueFile<unknown> {
  readonly path: string;
  private readonly volume: Volume;
  private cached: unknown;
  private durable: unknown;
  private writtenAt: Micros = 0;

  constructor(path: string, volume: Volume) {
    this.path = path;
    this.volume = volume;
  }

  read(): unknown {
    return this.cached;
  }

  write(value: unknown): boolean {
    if (this.volume.broken || !this.volume.reserve(0)) return false;
    this.cached = value;
    this.writtenAt = this.volume.now();
    return true;
  }

  writeDurably(value: unknown): boolean {
    if (!this.write(value)) return false;
    this.durable = value;
    return true;
  }

  delete(): void {
    this.cached = undefined;
    this.durable = undefined;
  }

  sync(): void {
    this.durable = this.cached;
  }

  writeBack(age: Micros): void {
    if (this.writtenAt <= this.volume.now() - age) this.sync();
  }

  loseUnsynced(tail: PowerLossTail, stream: RandomStream): void {
    if (this.cached !== this.durable && tail === "random" && stream.chance(1, 2)) this.durable = this.cached;
    this.cached = this.durable;
  }
}

/** What the world's time is: all that a disk needs to know of it. */
export interface TimeSource {
  readonly time: Micros;
}

export class StoredDisk implements Volume {
  readonly spec: DiskSpec;
  private readonly clock: TimeSource;
  private readonly stream: RandomStream;
  private readonly appendFiles = new Map<string, StoredAppendFile>();
  private readonly valueFiles = new Map<string, StoredValueFile>();
  private readonly paths = new Paths();
  private usedBytes = 0;
  /** The device works on one thing at a time. */
  private busyUntil: Micros = 0;
  private ioError = false;
  private filled = false;
  /** Added to every write and fsync. */
  slowedBy: Micros = 0;
  private stalled = false;

  constructor(spec: DiskSpec, clock: TimeSource, stream: RandomStream) {
    this.spec = spec;
    this.clock = clock;
    this.stream = stream;
  }

  get broken(): boolean {
    return this.ioError;
  }

  get isStalled(): boolean {
    return this.stalled;
  }

  get isFull(): boolean {
    return this.filled || this.usedBytes >= (this.spec.capacityBytes ?? Number.POSITIVE_INFINITY);
  }

  now(): Micros {
    return this.clock.time;
  }

  reserve(bytes: number): boolean {
    const capacity = this.spec.capacityBytes ?? Number.POSITIVE_INFINITY;
    if (this.filled || this.usedBytes + bytes > capacity) return false;
    this.usedBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.usedBytes -= bytes;
  }

  appendFile(path: string): StoredAppendFile {
    let file = this.appendFiles.get(path);
    if (file === undefined) {
      file = new StoredAppendFile(path, this);
      this.appendFiles.set(path, file);
      this.paths.add(path);
    }
    return file;
  }

  /** For a dead process: it may go on reading, but what it would create goes nowhere. */
  looseAppendFile(path: string): StoredAppendFile {
    return this.appendFiles.get(path) ?? new StoredAppendFile(path, this);
  }

  valueFile(path: string): StoredValueFile {
    let file = this.valueFiles.get(path);
    if (file === undefined) {
      file = new StoredValueFile(path, this);
      this.valueFiles.set(path, file);
      this.paths.add(path);
    }
    return file;
  }

  list(prefix: string): string[] {
    return this.paths
      .startingWith(prefix)
      .filter((path) => this.appendFiles.has(path) || this.valueFiles.get(path)?.read() !== undefined)
      .sort();
  }

  delete(path: string): void {
    this.appendFiles.get(path)?.truncate(0);
    this.appendFiles.delete(path);
    this.valueFiles.delete(path);
    this.paths.delete(path);
  }

  /** How long a write has to wait before the page cache takes it. */
  writeDelay(): Micros {
    const { write } = this.spec;
    if (this.slowedBy === 0 && write.kind === "constant" && write.us === 0) return 0;
    return this.occupy(this.slowedBy + this.stream.draw(write));
  }

  fsyncDelay(): Micros {
    return this.occupy(this.slowedBy + this.stream.draw(this.spec.fsync));
  }

  private occupy(duration: Micros): Micros {
    const now = this.clock.time;
    this.busyUntil = Math.max(this.busyUntil, now) + duration;
    return this.busyUntil - now;
  }

  // ---- faults ----

  losePower(tail: PowerLossTail): void {
    this.writeBack(this.spec.writebackUs);
    for (const file of this.appendFiles.values()) file.loseUnsynced(tail, this.stream);
    for (const file of this.valueFiles.values()) file.loseUnsynced(tail, this.stream);
    this.busyUntil = this.clock.time;
  }

  /** The operating system writes back every page that has been dirty for at least `age`; 0 writes back all. */
  writeBack(age: Micros): void {
    for (const file of this.appendFiles.values()) file.writeBack(age);
    for (const file of this.valueFiles.values()) file.writeBack(age);
  }

  wipe(): void {
    this.appendFiles.clear();
    this.valueFiles.clear();
    this.paths.clear();
    this.usedBytes = 0;
  }

  /** Every write and fsync takes this much longer. */
  slowDown(by: Micros): void {
    assert(by >= 0, `slow disk by ${by}`);
    this.slowedBy = by;
  }

  stall(stalled: boolean): void {
    this.stalled = stalled;
  }

  failIo(failing: boolean): void {
    this.ioError = failing;
  }

  fill(full: boolean): void {
    this.filled = full;
  }

  /** The last entry of every append file under `prefix` (or of `path` itself) turns to garbage. False if there is none. */
  corruptTail(prefix: string): boolean {
    let hit = false;
    for (const path of this.list(prefix)) {
      const file = this.appendFiles.get(path);
      if (file === undefined || file.length === 0) continue;
      file.corrupt(file.length - 1);
      hit = true;
    }
    return hit;
  }
}
