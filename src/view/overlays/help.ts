/** All keys in one page: two columns, or one where the screen is high and narrow. */
import { COMMAND_ROWS, type CommandGroup, type CommandRow, GROUP_TITLES, nameOfKey } from "../commands.ts";
import { cut, fitted } from "../fitting.ts";
import { type Line, line, span, widthOf } from "../line.ts";
import type { Overlay, OverlayRoom } from "./overlay.ts";

/** What stands in which column. */
const COLUMNS: readonly (readonly CommandGroup[])[] = [
  ["walk", "find"],
  ["change", "branches", "look"],
];
const KEY_COLUMNS = 8;
const GAP = 2;

export const helpPage: Overlay = {
  size: "page",
  title: [span("all keys", "title"), span(" · Esc closes", "faint")],
  lines: helpLines,
};

/** What the cells of the lanes mean. */
const MARKS: readonly Line[] = [
  line("Lanes", "strong"),
  [span(" ┃", "key"), span(" high watermark  "), span("│", "key"), span(" log end  "), span("✗", "key"), span(" lost")],
  [span(" ▂", "key"), span(" flushed  "), span("⣀", "key"), span(" unflushed  "), span("░", "key"), span(" cut off")],
];

function helpLines({ width, height }: OverlayRoom): Line[] {
  const columnWidth = Math.floor((width - GAP) / COLUMNS.length);
  const airy = columnsOf(true);
  const columns = highestOf(airy) <= height ? airy : columnsOf(false);
  return Array.from({ length: Math.min(highestOf(columns), height) }, (_, row) =>
    columns.flatMap((lines, index) =>
      index === 0 ? [...fitted(lines[row] ?? [], columnWidth), span(" ".repeat(GAP))] : cut(lines[row] ?? [], columnWidth),
    ),
  );
}

/** The marks stand where most room is left. */
function columnsOf(isAiry: boolean): readonly (readonly Line[])[] {
  const marks = isAiry ? [[], ...MARKS] : MARKS;
  return COLUMNS.map((groups, index) => (index === 0 ? [...linesOf(groups, isAiry), ...marks] : linesOf(groups, isAiry)));
}

function highestOf(columns: readonly (readonly Line[])[]): number {
  return Math.max(...columns.map((lines) => lines.length));
}

function linesOf(groups: readonly CommandGroup[], isAiry: boolean): Line[] {
  return groups.flatMap((group, index) => [
    ...(isAiry && index > 0 ? [[]] : []),
    line(GROUP_TITLES[group], "strong"),
    ...COMMAND_ROWS.filter((row) => row.group === group).map(lineOf),
  ]);
}

function lineOf({ words, commands, keysInWords }: CommandRow): Line {
  const keys = keysInWords ?? commands.map((command) => nameOfKey(command.keys[0] as string)).join(" ");
  const label = [span(" "), span(keys, "key")];
  return [...fitted(label, Math.max(KEY_COLUMNS + 1, widthOf(label))), span(` ${words}`)];
}
