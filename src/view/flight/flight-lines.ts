/** Messages in flight in lines of text. Pure. */
import type { Micros } from "../../base/units.ts";
import { US_PER_MS, US_PER_SECOND } from "../../base/units.ts";
import { printable } from "../../report/printable.ts";
import { cut, pad, spread } from "../fitting.ts";
import { columnsOf, type Line, line, type Span, span, type Tone, widthOf } from "../line.ts";
import type { Room } from "../pane.ts";
import type { FlightRow, FlightScene, Hindrance } from "./scene.ts";

const SELECTED = "▸";
/** Beside what concerns the chosen partition. */
const CONCERNS = "•";
const NODE_MAX = 16;
/** Of the width, for the two names in columns; where they would take more, each stands where the one before it ends. */
const NODES_SHARE = 0.4;

export function flightLines(scene: FlightScene, room: Room): readonly Line[] {
  const { rows } = scene;
  const { height, width, selected } = room;
  if (height <= 0 || width <= 0) return [];
  if (rows.length === 0) return [cut(line(" nothing is under way", "faint"), width)];
  const near = rowsInView(rows, height, selected);
  const chosen = near.find((row) => row.id === selected);
  // What would be cut off in its own line has another one, where somebody looks at it.
  const isTwofold =
    chosen !== undefined && height >= TWOFOLD_HEIGHT && neededWidth(chosen, room, nodesWidth(near, width)) > width;
  const shown = isTwofold ? rowsInView(rows, height - 1, selected) : near;
  const nodes = nodesWidth(shown, width);
  const lines = shown.flatMap((row) =>
    isTwofold && row === chosen ? rowLines(row, room, nodes) : [cut(rowLine(row, room, nodes), width)],
  );
  if (shown.length < rows.length && height > 1) lines.push(cut(line(` ${leftOutText(rows, shown)}`, "faint"), width));
  return lines;
}

const TWOFOLD_HEIGHT = 4;

function neededWidth(row: FlightRow, room: Room, nodes: NodesWidth): number {
  return widthOf(leftOf(row, room, nodes)) + 1 + widthOf(statusOf(row));
}

/** Who to whom, and below it what. */
function rowLines(row: FlightRow, room: Room, nodes: NodesWidth): readonly Line[] {
  const { width } = room;
  const words = span(`    ${flightText(row, room.present)}`, "selected");
  return [cut(spread(namesOf(row, room, nodes), statusOf(row), width), width), cut([words], width)];
}

/** The first, or those around the selected one; a row is left to count the others. */
function rowsInView(rows: readonly FlightRow[], height: number, selected: string | undefined): readonly FlightRow[] {
  if (rows.length <= height) return rows;
  const count = Math.max(1, height - 1);
  const chosen = rows.findIndex(({ id }) => id === selected);
  const first = chosen < count ? 0 : Math.min(chosen - Math.floor(count / 2), rows.length - count);
  return rows.slice(first, first + count);
}

/** Of two columns of names; 0 where there is no room for columns. */
interface NodesWidth {
  readonly from: number;
  readonly to: number;
}

function nodesWidth(rows: readonly FlightRow[], width: number): NodesWidth {
  const widest = (nodes: readonly string[]): number =>
    Math.min(NODE_MAX, Math.max(...nodes.map((node) => columnsOf(printable(node)))));
  const [from, to] = [widest(rows.map((row) => row.from)), widest(rows.map((row) => row.to))];
  return from + to <= width * NODES_SHARE ? { from, to } : { from: 0, to: 0 };
}

function rowLine(row: FlightRow, room: Room, nodes: NodesWidth): Line {
  return spread(leftOf(row, room, nodes), statusOf(row), room.width);
}

function leftOf(row: FlightRow, room: Room, nodes: NodesWidth): Line {
  return [...namesOf(row, room, nodes), span("  "), span(flightText(row, room.present), toneOf(row, room))];
}

/** `broker-2 → broker-1`, and what marks the row. */
function namesOf(row: FlightRow, room: Room, nodes: NodesWidth): Line {
  const tone = toneOf(row, room);
  const name = (node: string, columns: number): Line => pad(cut([span(printable(node), tone)], NODE_MAX), columns);
  return [
    span(row.id === room.selected ? SELECTED : " ", "selected"),
    span(row.concerns ? CONCERNS : " ", "accent"),
    ...name(row.from, nodes.from),
    span(" → ", "faint"),
    ...name(row.to, nodes.to),
  ];
}

function toneOf(row: FlightRow, { selected }: Room): Tone {
  return row.id === selected ? "selected" : row.isFresh ? "fresh" : row.concerns ? "plain" : "faint";
}

/** `Fetch #412 @111`; an answer bears no number, it has its request's. */
export function flightText({ name, isResponse, says, delivery, isCopy }: FlightRow, isBrief = false): string {
  const number = delivery === undefined || isResponse || isBrief ? "" : ` #${delivery.nth}`;
  return printable(`${name}${number}${isCopy ? " (copy)" : ""}${says === "" ? "" : ` ${says}`}`);
}

const MARKS: Readonly<Record<Hindrance, string>> = {
  held: "■ held",
  "cut off": "✂ cut",
  clogged: "✂ clogged",
  "no power": "✖ no power",
  queued: "⋮ queued",
  paused: "‖ paused",
};

/** How long it still takes, or why it does not get on. */
function statusOf({ hindrance, arrivesIn, isLost, beyondTcp }: FlightRow): Line {
  if (isLost) return [span("✗ lost", "bad")];
  const spans: Span[] = [];
  if (beyondTcp !== undefined && beyondTcp !== "duplicated") spans.push(span(beyondTcp, "warning"));
  const status = hindrance === undefined ? (arrivesIn === undefined ? "" : durationText(arrivesIn)) : MARKS[hindrance];
  if (status !== "" && spans.length > 0) spans.push(span(" "));
  if (status !== "") spans.push(span(status, hindrance === undefined ? "plain" : "warning"));
  return spans;
}

/** `0.4 ms`, `12.0 s`. */
function durationText(us: Micros): string {
  if (us < US_PER_SECOND) return `${(us / US_PER_MS).toFixed(us < 100 * US_PER_MS ? 1 : 0)} ms`;
  return `${(us / US_PER_SECOND).toFixed(1)} s`;
}

/** `… 12 more: 8 Fetch, 3 BrokerHeartbeat, 1 Vote`. */
function leftOutText(rows: readonly FlightRow[], shown: readonly FlightRow[]): string {
  const kinds = new Map<string, number>();
  const inView = new Set(shown);
  for (const row of rows) if (!inView.has(row)) kinds.set(row.name, (kinds.get(row.name) ?? 0) + 1);
  const counts = [...kinds].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${count} ${name}`);
  return `… ${rows.length - shown.length} more: ${counts.join(", ")}`;
}
