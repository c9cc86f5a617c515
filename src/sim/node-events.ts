/** What the kernel itself reports: the facts of life of nodes and links. */
import type { NodeName } from "./host.ts";

export interface ProcessStarted {
  readonly kind: "ProcessStarted";
  readonly node: NodeName;
  readonly incarnation: number;
}

/** The process died; the page cache lives. */
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

/** The host went dark; what was not on the platter is gone. */
export interface PowerLost {
  readonly kind: "PowerLost";
  readonly node: NodeName;
}

export interface DiskWiped {
  readonly kind: "DiskWiped";
  readonly node: NodeName;
}

export interface Paused {
  readonly kind: "Paused";
  readonly node: NodeName;
}

export interface Resumed {
  readonly kind: "Resumed";
  readonly node: NodeName;
}

/** Nothing arrives any more from `a` at `b`; with `both` neither the other way. */
export interface LinkCut {
  readonly kind: "LinkCut";
  readonly a: NodeName;
  readonly b: NodeName;
  readonly direction: CutDirection;
}

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
