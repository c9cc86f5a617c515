/**
 * The trace: every step with its time, node, kind, label and cause, and a hash chain over all of them.
 *
 * The hash is always on: two runs with equal hashes are the same run. What is kept besides depends on the level.
 */
import { IMMUTABLE, markImmutable } from "../base/immutable.ts";
import type { Micros } from "../base/units.ts";
import type { DomainEvent, Message, NodeName } from "./host.ts";

/** `off`: hash and counters only. `last`: the newest step. `ring`: the last steps. `full`: all of them. */
export type TraceLevel = "off" | "last" | "ring" | "full";

export type StepKind = "start" | "message" | "connection" | "timer" | "disk" | "action";

/** What an edit or chance did to a message that TCP would not do. */
export type BeyondTcp = "dropped" | "duplicated" | "reordered" | "delayed" | "held";

/** Where a delivered message came from: *the nth `label` from `from`*. */
export interface DeliveryName {
  readonly from: NodeName;
  readonly nth: number;
  readonly beyondTcp?: BeyondTcp;
}

export class Step {
  declare readonly [IMMUTABLE]: true;
  readonly number: number;
  readonly timeUs: Micros;
  /** Undefined for what is done to the world as a whole. */
  readonly node: NodeName | undefined;
  readonly kind: StepKind;
  /** The message's kind, the timer's kind, the action's label. */
  readonly label: string;
  /** The step that scheduled this one; 0 for none. */
  readonly cause: number;
  readonly message: Message | undefined;
  readonly delivery: DeliveryName | undefined;
  /** Grows only while the step is running. */
  readonly events: DomainEvent[] = [];

  constructor(step: Omit<Step, "events" | typeof IMMUTABLE>) {
    this.number = step.number;
    this.timeUs = step.timeUs;
    this.node = step.node;
    this.kind = step.kind;
    this.label = step.label;
    this.cause = step.cause;
    this.message = step.message;
    this.delivery = step.delivery;
  }
}
markImmutable(Step);

/** Condenses a domain event to 32 bits for the hash chain. Shared by forks. */
export interface EventDigest {
  digest(event: DomainEvent): number;
}

/** A node, as far as the trace needs to know it. */
interface TracedNode {
  readonly name: NodeName;
  readonly index: number;
}

const NO_NODE = 0x7fff;
const RING_SIZE = 4_096;

export class Trace {
  readonly level: TraceLevel;
  /** Number of the current step: 1, 2, … */
  step = 0;
  /** Whether a step is under way. */
  isOpen = false;
  /** Domain events reported so far. */
  eventCount = 0;
  private readonly eventDigest: EventDigest | undefined;
  private h1 = 0x9e3779b1 | 0;
  private h2 = 0x85ebca77 | 0;
  private kept: Step[] = [];
  private current: Step | undefined;

  constructor(level: TraceLevel, eventDigest: EventDigest | undefined) {
    this.level = level;
    this.eventDigest = eventDigest;
  }

  /** Begins the next step. */
  open(
    timeUs: Micros,
    node: TracedNode | undefined,
    kind: StepKind,
    label: string,
    cause: number,
    message?: Message,
    delivery?: DeliveryName,
  ): void {
    const number = ++this.step;
    this.isOpen = true;
    const where = node === undefined ? NO_NODE : node.index;
    const bytes = message === undefined ? 0 : message.sizeInBytes;
    this.mix(timeUs | 0, (where << 16) ^ codeOf(label));
    this.mix(cause | 0, (bytes << 8) ^ kind.charCodeAt(0));
    if (this.level === "off") return;
    this.current = new Step({ number, timeUs, node: node?.name, kind, label, cause, message, delivery });
    if (this.level === "last") this.kept.length = 0;
    this.kept.push(this.current);
    if (this.level === "ring" && this.kept.length >= 2 * RING_SIZE) this.kept = this.kept.slice(-RING_SIZE);
  }

  /** Ends the step that is under way. */
  close(): void {
    this.isOpen = false;
    this.current = undefined;
  }

  /** A fact that came out of the step under way. */
  event(event: DomainEvent): void {
    this.eventCount++;
    this.mix(codeOf(event.kind), this.eventDigest === undefined ? 0 : this.eventDigest.digest(event));
    this.current?.events.push(event);
  }

  /** The steps that were kept, oldest first. */
  steps(): readonly Step[] {
    return this.level === "ring" ? this.kept.slice(-RING_SIZE) : this.kept;
  }

  /** The newest step that was kept. */
  get last(): Step | undefined {
    return this.kept.at(-1);
  }

  /** The hash over everything so far: 16 hexadecimal digits. */
  hash(): string {
    return hex(this.h1) + hex(this.h2);
  }

  private mix(a: number, b: number): void {
    let h1 = Math.imul(this.h1 ^ a, 0x85ebca6b);
    h1 = Math.imul(h1 ^ (h1 >>> 15) ^ b, 0xc2b2ae35);
    this.h1 = h1 ^ (h1 >>> 13);
    this.h2 = Math.imul((this.h2 ^ h1) + b, 0x27d4eb2f) ^ (this.h2 >>> 16) ^ a;
  }
}

/** Hashes of labels, worked out once each: there are few, and they come again with every event. */
const LABEL_CODES = new Map<string, number>();

/** FNV-1a of a label. */
function codeOf(label: string): number {
  let code = LABEL_CODES.get(label);
  if (code === undefined) {
    code = 0x811c9dc5;
    for (let i = 0; i < label.length; i++) code = Math.imul(code ^ label.charCodeAt(i), 0x01000193);
    LABEL_CODES.set(label, code);
  }
  return code;
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
