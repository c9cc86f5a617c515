/** A recording of screens that a player of asciicast version 2 shows: a header, then what is written to the terminal, each with its time. */
import type { Line } from "./line.ts";
import { type Palette, paintLine } from "./palette.ts";

export interface Still {
  readonly lines: readonly Line[];
  /** How long it is looked at. */
  readonly seconds: number;
}

export interface CastOptions {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly palette: Palette;
}

const CLEAR = "\u001b[?25l\u001b[2J\u001b[H";
const SHOW_CURSOR = "\u001b[?25h";

/** Lines of the file. The same stills give the same recording: nobody looks at a clock. */
export function* asciicast(
  stills: Iterable<Still>,
  { title, width, height, palette }: CastOptions,
): Generator<string, void, void> {
  yield JSON.stringify({ version: 2, width, height, title, env: { TERM: "xterm-256color" } });
  let at = 0;
  let shown: readonly string[] = [];
  for (const { lines, seconds } of stills) {
    const painted = lines.map((line) => paintLine(line, palette));
    const changed = painted.flatMap((line, row) => (line === shown[row] ? [] : [`\u001b[${row + 1};1H${line}`]));
    yield eventOf(at, (shown.length === 0 ? CLEAR : "") + changed.join(""));
    shown = painted;
    at += seconds;
  }
  yield eventOf(at, SHOW_CURSOR);
}

function eventOf(at: number, text: string): string {
  return JSON.stringify([Number(at.toFixed(3)), "o", text]);
}
