/**
 * A node small enough to hold in the hand: a disk whose page cache and platter stand side by side, and a clock that stands still.
 *
 * What the kernel's disk draws from its random stream, a test says here: what survives a power loss, and when an fsync ends.
 */
import type { AppendFile, Disk, DiskOperation, Host, TornEntry, ValueFile } from "../../../src/sim/host.ts";

const TORN: TornEntry = Object.freeze({ torn: true });

interface FakeSync {
  readonly content: readonly unknown[];
  readonly after: number;
}

/** What a power loss leaves of what was not on the platter. */
export interface PowerLoss {
  /** Unsynced entries of each append file that the disk happened to have taken; the rest is lost. */
  readonly survivors?: number;
  /** Whether the first lost entry leaves garbage. */
  readonly torn?: boolean;
  /** Whether truncations that were not forced out come back. */
  readonly undoTruncations?: boolean;
}

class FakeAppendFile implements AppendFile<unknown> {
  readonly path: string;
  private readonly disk: FakeDisk;
  private cached: unknown[] = [];
  private platter: unknown[] = [];
  /** Counts what was forced, so that an fsync that ends late does not undo a later one. */
  private forces = 0;

  constructor(path: string, disk: FakeDisk) {
    this.path = path;
    this.disk = disk;
  }

  get length(): number {
    return this.cached.length;
  }

  get durableLength(): number {
    let same = 0;
    while (same < this.platter.length && same < this.cached.length && this.platter[same] === this.cached[same]) same += 1;
    return same;
  }

  // biome-ignore lint/suspicious/noExplicitAny: one fake for every kind of entry.
  at(index: number): any {
    return this.cached[index];
  }

  append(entry: unknown): boolean {
    if (this.disk.failed) return false;
    this.cached.push(entry);
    return true;
  }

  truncate(count: number): void {
    this.cached.length = Math.min(count, this.cached.length);
  }

  replace(entries: readonly unknown[]): boolean {
    if (this.disk.failed) return false;
    this.cached = [...entries];
    return this.force();
  }

  force(): boolean {
    if (this.disk.failed) return false;
    this.platter = [...this.cached];
    this.forces += 1;
    return true;
  }

  /** What an fsync that is asked for now will have put on the platter when it ends. */
  beginSync(): FakeSync {
    return { content: [...this.cached], after: this.forces };
  }

  endSync(sync: FakeSync): boolean {
    if (this.disk.failed) return false;
    if (this.forces === sync.after) this.platter = [...sync.content];
    return true;
  }

  rot(index: number): void {
    this.cached[index] = TORN;
  }

  losePower({ survivors = 0, torn = false, undoTruncations = false }: PowerLoss): void {
    const durable = this.durableLength;
    // A truncation that is not on the platter yet either comes back whole, or was taken before what was written after it.
    if (undoTruncations && durable < this.platter.length) {
      this.cached = [...this.platter];
      return;
    }
    const kept = this.cached.slice(0, durable + survivors);
    this.cached = torn && kept.length < this.cached.length ? [...kept, TORN] : kept;
    this.platter = [...this.cached];
  }
}

class FakeValueFile implements ValueFile<unknown> {
  readonly path: string;
  private readonly disk: FakeDisk;
  private cached: unknown;
  private platter: unknown;

  constructor(path: string, disk: FakeDisk) {
    this.path = path;
    this.disk = disk;
  }

  read(): unknown {
    return this.cached;
  }

  write(value: unknown): boolean {
    if (!this.disk.failed) this.cached = value;
    return !this.disk.failed;
  }

  writeDurably(value: unknown): boolean {
    if (!this.write(value)) return false;
    this.platter = value;
    return true;
  }

  delete(): void {
    this.cached = undefined;
    this.platter = undefined;
  }

  losePower(): void {
    this.cached = this.platter;
  }
}

class FakeDisk implements Disk {
  failed = false;
  /** Asked for and not yet done, in order. */
  fsyncs: { readonly file: FakeAppendFile; readonly sync: FakeSync; readonly operation: DiskOperation }[] = [];
  private readonly logs = new Map<string, FakeAppendFile>();
  private readonly values = new Map<string, FakeValueFile>();

  appendFile<T>(path: string): AppendFile<T> {
    let file = this.logs.get(path);
    if (file === undefined) {
      file = new FakeAppendFile(path, this);
      this.logs.set(path, file);
    }
    return file as AppendFile<never>;
  }

  valueFile<T>(path: string): ValueFile<T> {
    let file = this.values.get(path);
    if (file === undefined) {
      file = new FakeValueFile(path, this);
      this.values.set(path, file);
    }
    return file as ValueFile<never>;
  }

  list(prefix: string): string[] {
    const values = [...this.values.values()].filter((file) => file.read() !== undefined).map((file) => file.path);
    return [...this.logs.keys(), ...values].filter((path) => path.startsWith(prefix)).sort();
  }

  delete(path: string): void {
    this.logs.delete(path);
    this.values.delete(path);
  }

  admit(): boolean {
    return true;
  }

  fsync(file: AppendFile<unknown>, operation: DiskOperation): void {
    const fake = file as unknown as FakeAppendFile;
    this.fsyncs.push({ file: fake, sync: fake.beginSync(), operation });
  }

  /** The oldest fsync ends, or as many as there are. */
  completeFsyncs(count = Number.POSITIVE_INFINITY): void {
    for (let i = 0; i < count; i++) {
      const done = this.fsyncs.shift();
      if (done === undefined) return;
      const ok = done.file.endSync(done.sync);
      done.operation.target.onDiskDone(done.operation, ok);
    }
  }

  file(path: string): FakeAppendFile {
    return this.appendFile(path) as unknown as FakeAppendFile;
  }

  /** The process dies: nothing that it waited for comes back. The page cache lives. */
  crash(): void {
    this.fsyncs = [];
  }

  losePower(loss: PowerLoss = {}): void {
    this.crash();
    for (const file of this.logs.values()) file.losePower(loss);
    for (const file of this.values.values()) file.losePower();
  }
}

export class FakeHost {
  readonly disk = new FakeDisk();
  time = 0;

  now(): number {
    return this.time;
  }

  /** As the log sees it. Whatever else a host can do, a log has no business with. */
  get host(): Host {
    return this as unknown as Host;
  }
}
