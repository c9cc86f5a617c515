/** Two timelines as one: what they share first, then each in a column of its own; or, where there is no room, one line after the other. */
import type { Micros } from "../base/units.ts";
import type { Moment } from "../run/result.ts";
import { widthOf, wrapped } from "./columns.ts";
import { clockTime, counted } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

/** A moment of one side or of both: `texts` has the old side's words and the new side's. */
interface Row {
  readonly timeUs: Micros;
  readonly texts: readonly [string | undefined, string | undefined];
}

export interface SideBySideOptions {
  readonly paint: Paint;
  readonly width: number;
  /** What the two sides are called. */
  readonly titles: readonly [string, string];
  /** What is to be seen in any case, on the old side. */
  readonly mark: Moment | undefined;
}

/** Below this, two columns are no help. */
const TWO_COLUMNS_FROM = 100;
const WIDTH_MAX = 160;
const TIME_WIDTH = 13;

const ROWS_MAX = 44;
const FIRST = 14;
const AROUND_MARK = 9;
const LAST = 6;

/** Lines without line ends. */
export function sideBySide(old: readonly Moment[], fixed: readonly Moment[], options: SideBySideOptions): string[] {
  const { mark } = options;
  let shared = 0;
  while (shared < old.length && isSame(old[shared], fixed[shared])) shared++;
  // What is marked belongs to the old side, wherever the timelines part.
  if (mark !== undefined) while (shared > 0 && (old[shared - 1] as Moment).timeUs > mark.timeUs) shared--;
  const before = old.slice(0, shared).map(({ timeUs, text }): Row => ({ timeUs, texts: [text, text] }));
  const marked = mark === undefined ? old.slice(shared) : inTime([...old.slice(shared), mark]);
  const after = zipped(marked, fixed.slice(shared));
  const rows = [...before, ...after];
  const render = options.width >= TWO_COLUMNS_FROM ? inTwoColumns : oneByOne;
  const chosen = choose(rows, mark);
  return chosen.flatMap((row, index) => {
    const lines = typeof row === "number" ? [gap(row, options.paint)] : render(row, isShared(rows, row, shared), options);
    const parts = typeof row !== "number" && rows.indexOf(row) === shared;
    return parts && index > 0 ? ["", ...heads(options), ...lines] : parts ? [...heads(options), ...lines] : lines;
  });
}

function isSame(a: Moment | undefined, b: Moment | undefined): boolean {
  return a !== undefined && b !== undefined && a.timeUs === b.timeUs && a.text === b.text;
}

function isShared(rows: readonly Row[], row: Row, shared: number): boolean {
  return rows.indexOf(row) < shared;
}

function inTime(moments: readonly Moment[]): Moment[] {
  return [...moments].sort((a, b) => a.timeUs - b.timeUs || a.step - b.step);
}

/** By time; what both sides tell at the same time shares a row. */
function zipped(old: readonly Moment[], fixed: readonly Moment[]): Row[] {
  const rows: Row[] = [];
  let [i, k] = [0, 0];
  while (i < old.length || k < fixed.length) {
    const [a, b] = [old[i], fixed[k]];
    if (a !== undefined && b !== undefined && a.timeUs === b.timeUs) {
      rows.push({ timeUs: a.timeUs, texts: [a.text, b.text] });
      i++;
      k++;
    } else if (b === undefined || (a !== undefined && a.timeUs < b.timeUs)) {
      rows.push({ timeUs: (a as Moment).timeUs, texts: [(a as Moment).text, undefined] });
      i++;
    } else {
      rows.push({ timeUs: b.timeUs, texts: [undefined, b.text] });
      k++;
    }
  }
  return rows;
}

/** Of many rows the first, those around the mark, and the last; in between, how many were left out. */
function choose(rows: readonly Row[], mark: Moment | undefined): (Row | number)[] {
  if (rows.length <= ROWS_MAX) return [...rows];
  const at = mark === undefined ? FIRST : rows.findIndex(({ timeUs, texts }) => timeUs === mark.timeUs && texts[0] === mark.text);
  const isShown = (index: number): boolean => index < FIRST || Math.abs(index - at) <= AROUND_MARK || index >= rows.length - LAST;
  const chosen: (Row | number)[] = [];
  for (const [index, row] of rows.entries()) {
    const last = chosen.at(-1);
    if (isShown(index)) chosen.push(row);
    else if (typeof last === "number") chosen[chosen.length - 1] = last + 1;
    else chosen.push(1);
  }
  return chosen;
}

function gap(count: number, paint: Paint): string {
  return paint.faint(`${" ".repeat(TIME_WIDTH)}… ${counted(count, "moment")} more (--json has them all)`);
}

function heads({ width, titles, paint }: SideBySideOptions): string[] {
  const [old, fixed] = titles;
  const indent = " ".repeat(TIME_WIDTH);
  if (width < TWO_COLUMNS_FROM) return [old, fixed].map((title) => `${indent}${paint.strong(title)}`);
  return [`${indent}${paint.strong(old.padEnd(cellWidth(width)))}  ${paint.strong(fixed)}`];
}

function cellWidth(width: number): number {
  return Math.floor((Math.min(width, WIDTH_MAX) - TIME_WIDTH - 2) / 2);
}

function inTwoColumns({ timeUs, texts }: Row, shared: boolean, { width, mark, paint }: SideBySideOptions): string[] {
  const time = ` ${clockTime(timeUs)}  `;
  if (shared) return [`${time}${printable(texts[0] ?? "")}`];
  const cell = cellWidth(width);
  const [left, right] = texts.map((text) => wrapped(printable(text ?? ""), cell));
  const lines = Math.max(left?.length ?? 0, right?.length ?? 0);
  const isMark = mark !== undefined && texts[0] === mark.text;
  return Array.from({ length: lines }, (_, index) => {
    const text = left?.[index] ?? "";
    const fill = " ".repeat(Math.max(0, cell - widthOf(text)));
    const shown = isMark && text !== "" ? paint.bad(text) : text;
    return `${index === 0 ? time : " ".repeat(TIME_WIDTH)}${shown}${fill}  ${right?.[index] ?? ""}`.trimEnd();
  });
}

function oneByOne({ timeUs, texts }: Row, shared: boolean, { width, mark, paint }: SideBySideOptions): string[] {
  const [old, fixed] = texts;
  const whose: [string, string | undefined][] =
    old === fixed
      ? [[shared ? "" : "both", old]]
      : [
          ["old", old],
          ["new", fixed],
        ];
  return whose.flatMap(([side, text]) => {
    if (text === undefined) return [];
    const indent = shared ? TIME_WIDTH : TIME_WIDTH + 6;
    return wrapped(printable(text), Math.max(30, width - indent)).map((line, index) => {
      const shown = mark !== undefined && text === mark.text ? paint.bad(line) : line;
      return index === 0
        ? ` ${clockTime(timeUs)}  ${shared ? "" : paint.faint(side.padEnd(6))}${shown}`
        : " ".repeat(indent) + shown;
    });
  });
}
