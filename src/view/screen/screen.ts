/**
 * The whole screen of a moment: a line at the top, panes, whatever lies over them, a line at the bottom. A tree of finished text blocks, which
 * whoever owns a terminal maps to its boxes, and {@link composeScreen} pastes into lines.
 */
import { fitted, fittedBlock, fittedCentre, overlay as laidOver, toned, wrap } from "../fitting.ts";
import type { Frame } from "../frame.ts";
import { type Line, line, type Span, span, widthOf } from "../line.ts";
import type { Look, Looks } from "../look.ts";
import { CARD_WIDTH_MAX, type Overlay } from "../overlays/overlay.ts";
import { PANE_IDS, type PaneId, type Room } from "../pane.ts";
import type { ViewState } from "../view-state.ts";
import { BORDER_COLUMNS, BORDER_LINES, cardOf, framed } from "./border.ts";
import { type HeaderFacts, headerOf } from "./header.ts";
import { type Box, layoutOf, type PaneBox, SMALLEST } from "./layout.ts";
import { wishesOf } from "./wishes.ts";

export interface Size {
  readonly width: number;
  /** Of the lines that are painted: on a terminal one less than it has. */
  readonly height: number;
}

/** What is on the screen besides the moment itself. */
export interface Extras extends HeaderFacts {
  /** What the scenario's author has to say here: a band below the panes. */
  readonly note?: Overlay | undefined;
  readonly overlay?: Overlay | undefined;
  /** What stands in the last line, for its width. */
  readonly bottom: (width: number) => Line;
}

/** Exactly `height` lines of exactly `width` columns. */
export interface TextBlock {
  readonly kind: "text";
  /** Unique in its screen, and the same from moment to moment. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly lines: readonly Line[];
}

export interface BlockGroup {
  readonly kind: "row" | "column";
  readonly width: number;
  readonly height: number;
  readonly blocks: readonly Block[];
}

export type Block = TextBlock | BlockGroup;

/** Pure: the same moment, looked at in the same way, gives the same screen. Its blocks together are exactly as large as `size`. */
export function screenOf(frame: Frame, looks: Looks, view: ViewState, extras: Extras, size: Size): Block {
  const { width, height } = size;
  if (width < SMALLEST.width || height < SMALLEST.height) return tooSmall(size);
  const bodyHeight = height - 2;
  const noteHeight = Math.max(Math.floor(bodyHeight * NOTE_SHARE), bodyHeight - PANES_UNDER_NOTE);
  const note = extras.note === undefined ? [] : bandOf(extras.note, width, noteHeight);
  const body = { width, height: bodyHeight - note.length };
  const layout = layoutOf({ ...body, view, panes: [...looks.keys()], wishes: wishesOf(frame, body.height) });
  const panes = (): Block => blockOf(layout, { looks, view });
  const { overlay } = extras;
  const blocks: Block[] = [text("header", [headerOf(frame, extras, width)], width)];
  if (overlay === undefined) blocks.push(panes());
  else if (overlay.size === "page") blocks.push(text("overlay", pageOf(overlay, body), width));
  else blocks.push(text("overlay", withCard(overlay, linesOf(panes()), body), width));
  if (note.length > 0) blocks.push(text("note", note, width));
  blocks.push(text("bottom", [fitted(extras.bottom(width), width)], width));
  return { kind: "column", width, height, blocks };
}

/** Exactly as many lines as the screen is high, of exactly its width. */
export function composeScreen(screen: Block): Line[] {
  return linesOf(screen);
}

function linesOf(block: Block): Line[] {
  if (block.kind === "text") return [...block.lines];
  const parts = block.blocks.map(linesOf);
  if (block.kind === "column") return parts.flat();
  return Array.from({ length: block.height }, (_, row) => parts.flatMap((lines) => lines[row] as Line));
}

function text(name: string, lines: readonly Line[], width: number): TextBlock {
  return { kind: "text", name, lines, width, height: lines.length };
}

function tooSmall({ width, height }: Size): Block {
  // A terminal keeps one line for itself.
  const needed = `${SMALLEST.width} × ${SMALLEST.height + 1}`;
  const words = wrap(
    line(`kafka-sim needs ${needed} columns and lines here, and has ${width} × ${height + 1}`),
    Math.max(2, width),
  );
  return text("too small", fittedBlock(words, width, height), width);
}

// ---- panes ----

interface Surroundings {
  readonly looks: Looks;
  readonly view: ViewState;
}

function blockOf(box: Box, surroundings: Surroundings): Block {
  switch (box.kind) {
    case "pane":
      return paneBlock(box, surroundings);
    case "summaries":
      return summaries(box, surroundings);
    default:
      return { ...box, kind: box.kind, blocks: box.boxes.map((each) => blockOf(each, surroundings)) };
  }
}

/** Inside of its frame. */
function roomOf(box: PaneBox, { choice, focus, present }: ViewState): Room {
  return {
    width: box.width - BORDER_COLUMNS,
    height: box.height - (box.isOpenBelow ? 1 : BORDER_LINES),
    selected: choice.selected[box.pane],
    focused: focus === box.pane,
    present,
  };
}

function paneBlock(box: PaneBox, { looks, view }: Surroundings): Block {
  const look = looks.get(box.pane) as Look;
  const above = box.below === undefined ? "nothing" : view.focus === box.below ? "focused pane" : "pane";
  const frame = {
    width: box.width,
    height: box.height,
    title: look.title,
    key: keyOf(box.pane),
    isFocused: view.focus === box.pane,
    above,
    isOpenBelow: box.isOpenBelow,
  } as const;
  return text(box.pane, framed(look.lines(roomOf(box, view)), frame), box.width);
}

function keyOf(pane: PaneId): string {
  return String(PANE_IDS.indexOf(pane) + 1);
}

const LABEL_COLUMNS = Math.max(...PANE_IDS.map((id) => id.length)) + 1;

/** One line each, led by the key that opens the pane. */
function summaries({ width, height, panes }: Extract<Box, { kind: "summaries" }>, { looks }: Surroundings): Block {
  const lines = panes.map((pane): Line => {
    const label: Span[] = [span(" "), span(keyOf(pane), "key"), span(` ${pane.padEnd(LABEL_COLUMNS)}`, "faint")];
    return [...label, ...fitted((looks.get(pane) as Look).summary, width - widthOf(label) - 1), span(" ")];
  });
  if (panes.length === 0) lines.push(fittedCentre(line("every pane is hidden: 0 shows them all", "faint"), width));
  return text("summaries", fittedBlock(lines, width, height), width);
}

// ---- what lies over them ----

/** A few columns of what lies below would only confuse. */
function wholeIfNearly(columns: number, width: number): number {
  return width - columns <= 6 ? width : columns;
}

/** Of the body, at most; more where the panes keep so many lines that what it speaks of can be seen. */
const NOTE_SHARE = 0.4;
const PANES_UNDER_NOTE = 11;

function bandOf(note: Overlay, width: number, height: number): Line[] {
  const lines = note.lines({ width: width - BORDER_COLUMNS, height: height - BORDER_LINES });
  return cardOf(note.title, lines, width, Math.min(height, lines.length + BORDER_LINES));
}

function pageOf(page: Overlay, { width, height }: Size): Line[] {
  return cardOf(page.title, page.lines({ width: width - BORDER_COLUMNS, height: height - BORDER_LINES }), width, height);
}

function withCard(overlay: Overlay, under: readonly Line[], { width, height }: Size): Line[] {
  const inner = Math.min(width - BORDER_COLUMNS, CARD_WIDTH_MAX);
  const lines = overlay.lines({ width: inner, height: height - BORDER_LINES });
  const needed = Math.max(widthOf(overlay.title) + 2, ...lines.map(widthOf));
  const cardWidth = wholeIfNearly(Math.min(needed, inner) + BORDER_COLUMNS, width);
  const card = cardOf(overlay.title, lines, cardWidth, Math.min(height, lines.length + BORDER_LINES));
  const [left, top] = [(width - cardWidth) >> 1, (height - card.length) >> 1];
  // What it lies over steps back.
  return under.map((each, row) => {
    const base = toned(each, "faint");
    const over = card[row - top];
    return over === undefined ? base : laidOver(base, over, left);
  });
}
