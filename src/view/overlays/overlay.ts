/** What lies over the panes until it is closed: a page takes all of their room, a card as much as it needs. */
import type { Line } from "../line.ts";

export interface Overlay {
  readonly size: "page" | "card";
  readonly title: Line;
  /** At most `room.height` lines of at most `room.width` columns. */
  lines(room: OverlayRoom): readonly Line[];
}

/** Inside of its frame. */
export interface OverlayRoom {
  readonly width: number;
  readonly height: number;
}

/** A card is no wider than can be read well. */
export const CARD_WIDTH_MAX = 84;
