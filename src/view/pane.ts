/** What a pane is: facts of a moment, made into lines that fit a room. Panes know of no terminal, no key and no other pane. */
import type { DeliveryRef } from "../scenario/run-edit.ts";
import type { NodeName } from "../sim/host.ts";
import type { WatchedValue } from "../walk/watched-value.ts";
import type { Frame } from "./frame.ts";
import type { Line } from "./line.ts";

/** In the order of their numbers on the keyboard. */
export const PANE_IDS = ["lanes", "timeline", "flight", "cluster", "clients", "checks", "causes"] as const;
export type PaneId = (typeof PANE_IDS)[number];

/** Something in a pane that can be selected. */
export interface Item {
  /** Stays the same from moment to moment as long as the thing is the same: `Fetch broker-2 broker-1 412`, `broker-1`. */
  readonly id: string;
  /** In words, for the bottom line and the menu: `Fetch #412 from broker-2 to broker-1`. */
  readonly label: string;
  readonly subject: Subject;
  /** What "back to the last change" looks at. */
  readonly watched?: WatchedValue | undefined;
}

/** What a selected thing is, and with it what can be done with it. */
export type Subject =
  | { readonly kind: "message"; readonly delivery: DeliveryRef; readonly isHeld: boolean; readonly isCopy: boolean }
  /** A server of either mode. */
  | { readonly kind: "server"; readonly node: NodeName }
  | { readonly kind: "producer" | "consumer"; readonly node: NodeName }
  | { readonly kind: "cut"; readonly a: NodeName; readonly b: NodeName }
  /** A line of the timeline or of the causes: a place to go to. */
  | { readonly kind: "moment"; readonly step: number }
  | { readonly kind: "invariant"; readonly name: string }
  /** Only to be looked at, and watched. */
  | { readonly kind: "value" };

export interface Room {
  /** Columns and rows inside of the frame. */
  readonly width: number;
  readonly height: number;
  /** The id of the selected item, if it has one; shown by a mark, in view. */
  readonly selected: string | undefined;
  /** Whether the keys go here. */
  readonly focused: boolean;
  /** Larger cells and fewer details, for a projector. */
  readonly present: boolean;
}

/** `S` is plain data: what the pane shows, without a thought about room. */
export interface Pane<S> {
  readonly id: PaneId;
  /** `in flight`. */
  readonly name: string;
  scene(frame: Frame): S;
  /** What can be selected, from top to bottom. */
  items(scene: S): readonly Item[];
  /** What stands in its frame: `orders-0 · leader broker-1 · epoch 2 · ISR 1`. Cut off where the room ends. */
  title(scene: S): Line;
  /** At most `room.height` lines of at most `room.width` columns. Where there is more than fits, what matters now is in view, and what is not is counted. */
  lines(scene: S, room: Room): readonly Line[];
  /** All of it in one line, for a screen that has no more room. */
  summary(scene: S): Line;
}
