/** The kernel's side of {@link Host}: one handle per incarnation of a process, inert once that incarnation is dead. */
import { SimulatorBug } from "../base/assert.ts";
import type { Micros } from "../base/units.ts";
import type { Endpoint } from "./connection.ts";
import type { StoredAppendFile, StoredValueFile, SyncUnderWay } from "./disk.ts";
import type {
  AppendFile,
  Connection,
  Disk,
  DiskOperation,
  DomainEvent,
  Host,
  Message,
  NodeName,
  Timer,
  TimerId,
  TornEntry,
  ValueFile,
} from "./host.ts";
import type { SimNode } from "./node.ts";
import type { RandomStream } from "./random.ts";
import { ScheduledEvent } from "./scheduled.ts";
import type { World } from "./world.ts";

export class KernelHost implements Host {
  readonly name: NodeName;
  readonly incarnation: number;
  readonly node: SimNode;
  readonly disk: HostDisk;
  readonly endpoints = new Set<Endpoint>();
  alive = true;
  listening = false;
  /** Timers whose time came while the process was paused, by id. */
  readonly late = new Map<TimerId, TimerDue>();
  private readonly world: World;

  constructor(world: World, node: SimNode) {
    this.world = world;
    this.node = node;
    this.name = node.name;
    this.incarnation = node.incarnation;
    this.disk = new HostDisk(this, world);
  }

  now(): Micros {
    return this.node.clock.read(this.world.time);
  }

  steadyNow(): Micros {
    return this.node.clock.readSteady(this.world.time);
  }

  random(purpose: string): RandomStream {
    let stream = this.node.streams.get(purpose);
    if (stream === undefined) {
      stream = this.world.stream(`${this.name}/${purpose}`);
      this.node.streams.set(purpose, stream);
    }
    return stream;
  }

  setTimer(delay: Micros, timer: Timer): TimerId {
    if (!this.alive) return 0;
    if (!(delay >= 0 && Math.floor(delay) === delay)) throw new SimulatorBug(`${this.name} sets ${timer.kind} for ${delay} us`);
    const due = new TimerDue(this.world.trace.step, this, timer);
    due.id = this.world.schedule(this.node.clock.toVirtual(delay), due);
    return due.id;
  }

  cancelTimer(id: TimerId): void {
    if (!this.alive || this.world.cancel(id)) return;
    const late = this.late.get(id);
    if (late !== undefined) late.cancelled = true;
  }

  listen(): void {
    this.listening = true;
  }

  connect(peer: NodeName, attachment?: unknown): Connection {
    const { world } = this;
    const to = world.node(peer);
    return this.alive ? world.network.connect(this, to, attachment) : world.network.deadEnd(to, attachment);
  }

  send(connection: Connection, message: Message): void {
    if (this.alive) this.world.network.send(connection as Endpoint, message);
  }

  close(connection: Connection): void {
    if (this.alive) this.world.network.close(connection as Endpoint);
  }

  emit(event: DomainEvent): void {
    if (this.alive) this.world.report(this.node, event);
  }

  exit(reason: string): void {
    if (this.alive) this.world.processExits(this.node, reason);
  }
}

/** A timer's time has come. */
class TimerDue extends ScheduledEvent {
  /** By which the process can cancel it, even when it is late. */
  id: TimerId = 0;
  cancelled = false;
  private readonly host: KernelHost;
  private readonly timer: Timer;

  constructor(cause: number, host: KernelHost, timer: Timer) {
    super(cause);
    this.host = host;
    this.timer = timer;
  }

  run(world: World): void {
    const { host, timer } = this;
    const { node } = host;
    if (!host.alive || this.cancelled) return;
    if (node.paused) {
      host.late.set(this.id, this);
      node.backlog.push(this);
      return;
    }
    if (host.late.size > 0) host.late.delete(this.id);
    world.trace.open(world.time, node, "timer", timer.kind, this.cause);
    node.process?.onTimer(timer);
  }
}

/** The disk has done what it was asked for. */
export class DiskDone extends ScheduledEvent {
  private readonly host: KernelHost;
  private readonly operation: DiskOperation;
  private readonly fsync: { readonly file: StoredAppendFile; readonly sync: SyncUnderWay } | undefined;

  constructor(cause: number, host: KernelHost, operation: DiskOperation, fsync: DiskDone["fsync"]) {
    super(cause);
    this.host = host;
    this.operation = operation;
    this.fsync = fsync;
  }

  run(world: World): void {
    const { host, operation, fsync } = this;
    const { node } = host;
    if (node.disk.isStalled) {
      world.stalledOperations.push(this);
      return;
    }
    const ok = !node.disk.broken;
    // The operating system finishes an fsync even if the process that asked for it is gone.
    fsync?.file.endSync(fsync.sync, ok);
    if (!host.alive) return;
    if (node.paused) {
      node.backlog.push(this);
      return;
    }
    world.trace.open(world.time, node, "disk", operation.kind, this.cause);
    node.process?.onDiskDone(operation, ok);
  }

  belongsTo(node: SimNode): boolean {
    return this.host.node === node;
  }
}

/** The disk as one incarnation sees it: writes of a dead one go nowhere. */
export class HostDisk implements Disk {
  private readonly host: KernelHost;
  private readonly world: World;

  constructor(host: KernelHost, world: World) {
    this.host = host;
    this.world = world;
  }

  get failed(): boolean {
    return this.host.node.disk.broken;
  }

  appendFile<T>(path: string): AppendFile<T> {
    const { alive, node } = this.host;
    return new HostAppendFile<T>(this.host, alive ? node.disk.appendFile(path) : node.disk.looseAppendFile(path));
  }

  valueFile<T>(path: string): ValueFile<T> {
    return new HostValueFile<T>(this.host, this.host.node.disk.valueFile(path));
  }

  list(prefix: string): string[] {
    return this.host.node.disk.list(prefix);
  }

  delete(path: string): void {
    if (this.host.alive) this.host.node.disk.delete(path);
  }

  admit(_bytes: number, operation: DiskOperation): boolean {
    if (!this.host.alive) return false;
    const { disk } = this.host.node;
    const delay = disk.writeDelay();
    if (delay === 0 && !disk.isStalled) return true;
    this.schedule(delay, operation, undefined);
    return false;
  }

  fsync(file: AppendFile<unknown>, operation: DiskOperation): void {
    if (!this.host.alive) return;
    const { stored } = file as HostAppendFile<unknown>;
    this.schedule(this.host.node.disk.fsyncDelay(), operation, { file: stored, sync: stored.beginSync() });
  }

  private schedule(
    delay: Micros,
    operation: DiskOperation,
    fsync: { file: StoredAppendFile; sync: SyncUnderWay } | undefined,
  ): void {
    this.world.schedule(delay, new DiskDone(this.world.trace.step, this.host, operation, fsync));
  }
}

class HostAppendFile<T> implements AppendFile<T> {
  readonly path: string;
  readonly stored: StoredAppendFile;
  private readonly host: KernelHost;

  constructor(host: KernelHost, stored: StoredAppendFile) {
    this.host = host;
    this.stored = stored;
    this.path = stored.path;
  }

  get length(): number {
    return this.stored.length;
  }

  get durableLength(): number {
    return this.stored.durableLength;
  }

  at(index: number): T | TornEntry {
    return this.stored.at(index) as T | TornEntry;
  }

  append(entry: T, bytes: number): boolean {
    return this.host.alive && this.stored.append(entry, bytes);
  }

  truncate(count: number): void {
    if (this.host.alive) this.stored.truncate(count);
  }

  replace(entries: readonly T[], bytes: readonly number[]): boolean {
    return this.host.alive && this.stored.replace(entries, bytes);
  }

  force(): boolean {
    return this.host.alive && this.stored.force();
  }
}

class HostValueFile<T> implements ValueFile<T> {
  readonly path: string;
  private readonly host: KernelHost;
  private readonly stored: StoredValueFile;

  constructor(host: KernelHost, stored: StoredValueFile) {
    this.host = host;
    this.stored = stored;
    this.path = stored.path;
  }

  read(): T | undefined {
    return this.stored.read() as T | undefined;
  }

  write(value: T): boolean {
    return this.host.alive && this.stored.write(value);
  }

  writeDurably(value: T): boolean {
    return this.host.alive && this.stored.writeDurably(value);
  }

  delete(): void {
    if (this.host.alive) this.stored.delete();
  }
}
