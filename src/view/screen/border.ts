/** Frames around panes and cards. The focused one is heavy: it is told apart without colour. */
import { cut, fitted } from "../fitting.ts";
import { type Line, type Span, span, widthOf } from "../line.ts";

/** Columns of a frame: a line and a blank on either side. */
export const BORDER_COLUMNS = 4;
/** Lines of a whole frame. */
export const BORDER_LINES = 2;

export interface PaneFrame {
  readonly width: number;
  readonly height: number;
  readonly title: Line;
  /** The key that leads here. */
  readonly key: string;
  readonly isFocused: boolean;
  /** Whether another pane ends where this one begins; and whether that one is focused. */
  readonly above: "nothing" | "pane" | "focused pane";
  /** Whether the line below belongs to another pane. */
  readonly isOpenBelow: boolean;
}

/** Exactly `height` lines: `lines` are fitted into the frame. */
export function framed(lines: readonly Line[], frame: PaneFrame): Line[] {
  const { width, height, isFocused, isOpenBelow } = frame;
  const tone = isFocused ? "frame-focused" : "frame";
  const side = isFocused ? "┃" : "│";
  const [left, right] = [span(`${side} `, tone), span(` ${side}`, tone)];
  const inner = width - BORDER_COLUMNS;
  const rows = height - (isOpenBelow ? 1 : BORDER_LINES);
  const drawn: Line[] = [topOf(frame)];
  for (let row = 0; row < rows; row++) drawn.push([left, ...fitted(lines[row] ?? [], inner), right]);
  if (!isOpenBelow) drawn.push([span(isFocused ? `┗${"━".repeat(width - 2)}┛` : `╰${"─".repeat(width - 2)}╯`, tone)]);
  return drawn;
}

const CORNERS = {
  nothing: { light: "╭╮", heavy: "┏┓" },
  pane: { light: "├┤", heavy: "┢┪" },
  "focused pane": { light: "┡┩", heavy: "┏┓" },
} as const;

function topOf({ width, title, key, isFocused, above }: PaneFrame): Line {
  const isHeavy = isFocused || above === "focused pane";
  const tone = isHeavy ? "frame-focused" : "frame";
  const [left, right] = CORNERS[above][isFocused ? "heavy" : "light"];
  const bar = isHeavy ? "━" : "─";
  const end: Span[] = key === "" ? [] : [span(" "), span(key, "key"), span(` ${bar}`, tone)];
  const shown = cut(title, width - 5 - widthOf(end));
  const fill = width - 5 - widthOf(shown) - widthOf(end);
  return [
    span(`${left}${bar} `, tone),
    ...shown,
    span(" "),
    span(bar.repeat(Math.max(0, fill)), tone),
    ...end,
    span(right as string, tone),
  ];
}

/** A card over the panes: heavy, with a blank margin inside. */
export function cardOf(title: Line, lines: readonly Line[], width: number, height: number): Line[] {
  const frame = { width, height, title, key: "", isFocused: true, above: "nothing", isOpenBelow: false } as const;
  return framed(lines, frame);
}
