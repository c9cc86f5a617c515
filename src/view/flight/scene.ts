/** What the pane of messages in flight shows, without a thought about room. */
import type { Micros } from "../../base/units.ts";
import type { DeliveryRef } from "../../scenario/run-edit.ts";
import type { NodeName } from "../../sim/host.ts";
import type { Whereabouts } from "../../sim/under-way.ts";

/** Why a message does not get on. */
export type Hindrance = "held" | "cut off" | "clogged" | "no power" | "queued" | "paused";

export interface FlightRow {
  /** `Fetch broker-2 broker-1 412`. */
  readonly id: string;
  readonly from: NodeName;
  readonly to: NodeName;
  /** Of the API: `Fetch`. */
  readonly name: string;
  readonly isResponse: boolean;
  readonly says: string;
  /** Undefined where it can't be named. */
  readonly delivery: DeliveryRef | undefined;
  readonly whereabouts: Whereabouts;
  /** Of what travels. */
  readonly arrivesIn: Micros | undefined;
  readonly hindrance: Hindrance | undefined;
  /** The edit that holds it. */
  readonly heldBy: string | undefined;
  readonly isCopy: boolean;
  /** It will never be handed over. */
  readonly isLost: boolean;
  /** What befell it that TCP would not have done: `dropped`, `delayed`. */
  readonly beyondTcp: string | undefined;
  /** It speaks of the chosen partition, or belongs to its replication. */
  readonly concerns: boolean;
  /** It comes again and again: a heartbeat, a fetch of metadata. */
  readonly isRoutine: boolean;
  /** It was sent in the step just done. */
  readonly isFresh: boolean;
}

export interface FlightScene {
  /** What concerns the chosen partition, then what is held, the rest, routine, and what is lost; each by arrival, and what is held up last. */
  readonly rows: readonly FlightRow[];
}
