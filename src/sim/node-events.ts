/**
 * Node events: what the kernel itself reports about nodes and links, in the same stream as the processes' domain events.
 *
 * A process cannot report its own death, so these are the kernel's own facts. They are emitted at the moment of the
 * fault or of the start, before anything follows from it.
 */
import type { NodeName } from "./host.ts";

/** A new incarnation of the node's process begins; memory is empty, the disk is what it was. */
export interface ProcessStarted {
  readonly kind: "ProcessStarted";
  readonly node: NodeName;
  /** 1, 2, … */
  readonly incarnation: number;
}

/** The process died; its page cache lives. */
export interface ProcessCrashed {
  readonly kind: "ProcessCrashed";
  readonly node: NodeName;
}

/** The process ended by its own will. */
export interface ProcessExited {
  readonly kind: "ProcessExited";
  readonly node: NodeName;
  readonly reason: string;
}

/** The host lost power: the process died and what was not on the platter is gone. */
export interface PowerLost {
  readonly kind: "PowerLost";
  readonly node: NodeName;
}

/** The disk was replaced by an empty one. */
export interface DiskWiped {
  readonly kind: "DiskWiped";
  readonly node: NodeName;
}

/** The process stands still: timers fire late, messages wait. */
export interface Paused {
  readonly kind: "Paused";
  readonly node: NodeName;
}

export interface Resumed {
  readonly kind: "Resumed";
  readonly node: NodeName;
}

/** What is in flight in that direction is held from now on. */
export interface LinkCut {
  readonly kind: "LinkCut";
  readonly a: NodeName;
  readonly b: NodeName;
  readonly direction: CutDirection;
}

/** What was held goes on. */
export interface LinkHealed {
  readonly kind: "LinkHealed";
  readonly a: NodeName;
  readonly b: NodeName;
  readonly direction: CutDirection;
}

/** Seen from `a`: both ways, only what comes from it, or only what goes to it. */
export type CutDirection = "both" | "from" | "to";

export type NodeEvent =
  | ProcessStarted
  | ProcessCrashed
  | ProcessExited
  | PowerLost
  | DiskWiped
  | Paused
  | Resumed
  | LinkCut
  | LinkHealed;

export type NodeEventKind = NodeEvent["kind"];
