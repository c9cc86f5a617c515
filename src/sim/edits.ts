/**
 * Edits: what the scheduler decides about a delivery, attached to the delivery's name.
 *
 * Every delivery can be named by meaning: *the 7th Fetch from broker-2 to broker-1*. An edit says what happens to it
 * instead of the ordinary: it is dropped, delayed, held until released, delivered twice, or overtaken. An edit whose name
 * never occurs is reported, and the run goes on.
 */
import type { Micros } from "../base/units.ts";
import type { Message, NodeName } from "./host.ts";

/** Looks at the content of a message. Its class must be data, like everything in the world. */
export interface MessageFilter {
  matches(message: Message): boolean;
}

/** Which deliveries are meant. Absent fields mean any. */
export interface DeliveryPattern {
  readonly kind?: string;
  readonly from?: readonly NodeName[];
  readonly to?: readonly NodeName[];
  readonly filter?: MessageFilter;
}

export type EditAction =
  | { readonly do: "drop" }
  | { readonly do: "delay"; readonly byUs: Micros }
  /** Until {@link World.release}. */
  | { readonly do: "hold" }
  | { readonly do: "duplicate" }
  /** The message is overtaken by whatever is sent behind it within `byUs`. */
  | { readonly do: "reorder"; readonly byUs: Micros };

export interface EditSpec {
  /** Names the edit, for release and for the report. */
  readonly name: string;
  readonly pattern: DeliveryPattern;
  readonly action: EditAction;
  /** The how-manieth message of its kind on its link, counted from the start of the run (1, 2, …). */
  readonly nthOnLink?: number;
  /** Made by somebody who looks on: it goes before all that the scenario attaches, a newer one before an older, and nobody else retires it. */
  readonly byHand?: boolean;
  /** Without `nthOnLink`: how many matching messages it lets pass first, and how many it then applies to; by default none and one. */
  readonly skip?: number;
  readonly times?: number;
}

/** An edit at work. */
export class Edit {
  readonly spec: EditSpec;
  /** Deliveries it was applied to. */
  applied = 0;
  /** It applies to nothing more. */
  spent = false;
  private skipped = 0;

  constructor(spec: EditSpec) {
    this.spec = spec;
  }

  /** True if the message, the `nth` of its kind on its link, is meant. Counts it. */
  takes(message: Message, from: NodeName, to: NodeName, nth: number): boolean {
    const { nthOnLink, times, pattern } = this.spec;
    if (this.spent || this.applied >= (nthOnLink === undefined ? (times ?? 1) : 1)) return false;
    if (nthOnLink !== undefined && nthOnLink !== nth) return false;
    if (!matchesPattern(pattern, message, from, to)) return false;
    if (nthOnLink === undefined && this.skipped < (this.spec.skip ?? 0)) {
      this.skipped++;
      return false;
    }
    this.applied++;
    return true;
  }
}

export function matchesPattern(pattern: DeliveryPattern, message: Message, from: NodeName, to: NodeName): boolean {
  return (
    (pattern.kind === undefined || pattern.kind === message.kind) &&
    (pattern.from === undefined || pattern.from.includes(from)) &&
    (pattern.to === undefined || pattern.to.includes(to)) &&
    (pattern.filter === undefined || pattern.filter.matches(message))
  );
}

/** Someone wants to know when such a message is sent, or is about to be delivered. */
export interface MessageWatch {
  readonly name: string;
  readonly pattern: DeliveryPattern;
  readonly moment: "sent" | "delivered";
}
