/**
 * What a process sees of the world: the only door between the kernel and anything that runs in it.
 *
 * A process is created from its {@link Host}. When it crashes, the instance and the host handle are dropped
 * together: whatever the rest of the running handler still sends, writes or schedules through that handle
 * goes nowhere. A restart makes a new instance with a new handle over what the disk kept.
 *
 * The state of a process is data: no closures, promises or generators in fields, and no `#private` fields
 * (a fork copies own enumerable properties). What is waited for comes back as an event that carries plain data.
 */
import type { Micros } from "../base/units.ts";
import type { RandomStream } from "./random.ts";

/** The name of a node: `broker-1`, `controller-2`, `checkout`. */
export type NodeName = string;

/** What travels over a connection. Never changed once sent; give its class {@link markImmutable}. */
export interface Message {
  /** What deliveries of this sort are called in edits and traces: `Fetch`, `FetchResponse`. */
  readonly kind: string;
  /** Bytes on the wire, for links with a bandwidth. */
  readonly sizeInBytes: number;
}

/** A typed fact that a process reports. Never changed once emitted. */
export interface DomainEvent {
  readonly kind: string;
}

/** Receives what it asked for by {@link Host.setTimer}. A component of a process, or the process. */
export interface TimerTarget {
  onTimer(timer: Timer): void;
}

/** Plain data that comes back when the time is up. Subtypes add fields. */
export interface Timer {
  /** Shown in traces: `raft.election`. */
  readonly kind: string;
  readonly target: TimerTarget;
}

/** Names a pending timer; 0 names none. */
export type TimerId = number;

/** Receives the end of a disk operation. */
export interface DiskTarget {
  /** `ok` is false when the disk answered with an I/O error. */
  onDiskDone(operation: DiskOperation, ok: boolean): void;
}

/** Plain data that comes back when a disk operation has ended. Subtypes add fields. */
export interface DiskOperation {
  readonly kind: string;
  readonly target: DiskTarget;
}

/** One end of a connection, as the process at that end sees it. */
export interface Connection {
  readonly id: number;
  /** The node at the other end. */
  readonly peer: NodeName;
  /** True at the end that called {@link Host.connect}. */
  readonly outbound: boolean;
  /** Whatever the process wants to find again when something arrives here. */
  attachment: unknown;
}

/** A file of immutable entries, appended in order: a log segment. */
export interface AppendFile<T> {
  readonly path: string;
  /** Entries in the page cache (which after a crash is all that was written, after a power loss what was durable). */
  readonly length: number;
  /** The entry at `index`; a {@link TornEntry} where a power loss or corruption left garbage. */
  at(index: number): T | TornEntry;
  /** Into the page cache. False on an I/O error or a full disk, and then nothing was written. */
  append(entry: T, bytes: number): boolean;
  /** Keeps the first `count` entries. */
  truncate(count: number): void;
  /**
   * Puts `entries` in the place of all that it holds: written aside, forced to the platter, renamed. Whatever happens, the file is the old
   * one or the new one. The caller is blocked meanwhile; no time passes. False on an I/O error or a full disk.
   */
  replace(entries: readonly T[], bytes: readonly number[]): boolean;
  /** Forces what it holds to the platter before it returns (the caller is blocked meanwhile; no time passes). False on an I/O error. */
  force(): boolean;
  /** Entries known to be on the platter. */
  readonly durableLength: number;
}

/** What a reader finds where an entry was only partly written, or has rotted: its checksum does not match. */
export interface TornEntry {
  readonly torn: true;
}

/** A small file replaced as a whole (write aside, rename): a checkpoint, a vote. */
export interface ValueFile<T> {
  readonly path: string;
  /** Undefined if it was never written, or was lost. */
  read(): T | undefined;
  /** Replaces the content in the page cache. False on an I/O error or a full disk. */
  write(value: T): boolean;
  /** Replaces the content and forces it to the platter before it returns (the caller is blocked meanwhile; no time passes). */
  writeDurably(value: T): boolean;
  delete(): void;
}

/** The disk of a node. It outlives the processes that run on the node. */
export interface Disk {
  /** Opens, and creates if absent. */
  appendFile<T>(path: string): AppendFile<T>;
  valueFile<T>(path: string): ValueFile<T>;
  /** Paths of existing files that start with `prefix`, ascending. */
  list(prefix: string): string[];
  delete(path: string): void;
  /**
   * Asks whether a write of `bytes` may go on at once. True nearly always (the page cache takes it). When the disk is slow or
   * stalled: false, and `operation` comes back when the writer is let through. The write itself is the caller's, afterwards.
   */
  admit(bytes: number, operation: DiskOperation): boolean;
  /** Forces what `file` holds now to the platter; `operation` comes back when that has been done. */
  fsync(file: AppendFile<unknown>, operation: DiskOperation): void;
  /** True once an I/O error has been injected on this disk and not been repaired. */
  readonly failed: boolean;
}

/** The handle through which one incarnation of a process acts. Inert once that incarnation is dead. */
export interface Host {
  readonly name: NodeName;
  /** Counts the starts of this node's process: 1, 2, … */
  readonly incarnation: number;
  /** False once this incarnation has crashed, lost power or exited. */
  readonly alive: boolean;
  readonly disk: Disk;
  /** This node's own clock: virtual time plus offset and drift. */
  now(): Micros;
  /** What has passed on this node's clock, which no jump changes; of use only for differences. Java's System.nanoTime. */
  steadyNow(): Micros;
  /** The stream `<node>/<purpose>`. It belongs to the node: a restart goes on where the last incarnation stopped. */
  random(purpose: string): RandomStream;
  /** After `delay` on this node's clock, `timer.target.onTimer(timer)`. */
  setTimer(delay: Micros, timer: Timer): TimerId;
  cancelTimer(id: TimerId): void;
  /** Accepts connections from now on. Before, and when no process runs, they are refused. */
  listen(): void;
  /** Starts a handshake; ends in onConnected or onDisconnected. Messages may be sent at once and go out when it is done. */
  connect(peer: NodeName, attachment?: unknown): Connection;
  /** In order and reliably, as TCP would; what is sent on a closed connection is lost. */
  send(connection: Connection, message: Message): void;
  /** Closes this end. No onDisconnected follows here; the other end gets one after a network delay. */
  close(connection: Connection): void;
  /** Reports a fact. Triggers run at once: the process may be dead when this returns. */
  emit(event: DomainEvent): void;
  /** Ends this process by its own will. `reason` is shown in the trace. */
  exit(reason: string): void;
}

/** Something that runs on a node. */
export interface Process {
  onStart(): void;
  onConnected(connection: Connection): void;
  onMessage(connection: Connection, message: Message): void;
  onDisconnected(connection: Connection): void;
  onTimer(timer: Timer): void;
  onDiskDone(operation: DiskOperation, ok: boolean): void;
  /** A polite request to stop (SIGTERM). The process calls {@link Host.exit} when it is ready. */
  onShutdownRequested(): void;
}
