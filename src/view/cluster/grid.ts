/** Servers side by side: as many facts for each as there is room for, in as few rows as that takes. */
import { join, pad } from "../fitting.ts";
import { columnsOf, type Line, type Span, span, widthOf } from "../line.ts";
import type { Cell } from "./server-words.ts";

/** Servers of one sort: `brokers`. */
export interface CellGroup {
  readonly name: string;
  readonly cells: readonly Cell[];
}

interface GridRoom {
  readonly width: number;
  readonly height: number;
  readonly selected: string | undefined;
}

/** So many facts for each cell, from the richest on. */
const RICHNESS = [9, 4, 3, 2, 1, 0];
const GAP = 1;
/** Between the sorts. */
const BLOCK_GAP = 1;
/** From so few facts on, they are told in short. */
const FEW = 2;

/** What fits into the room, as rich as it gets; strips of signs where no cells fit. Undefined where even those do not. */
export function gridLines(groups: readonly CellGroup[], room: GridRoom, richest: number): Line[] {
  const kinds = groups.filter(({ cells }) => cells.length > 0).slice(0, 2);
  const steps = RICHNESS.filter((facts) => facts <= richest);
  const made = kinds.map(() => new Map<number, Block>());
  const blockOf = (index: number, facts: number): Block => {
    const known = made[index]?.get(facts) ?? block((kinds[index] as CellGroup).cells, facts, room.selected);
    made[index]?.set(facts, known);
    return known;
  };
  for (const poverty of povertiesOf(steps.length)) {
    const lines = arranged(
      kinds.map((_, index) => blockOf(index, steps[poverty[index] as number] as number)),
      room,
    );
    if (lines !== undefined) return lines;
  }
  const height = Math.max(1, Math.floor(room.height / kinds.length));
  return kinds.flatMap((kind) => strip(kind, room.width, height, room.selected));
}

/** How few rows the servers can be shown in. */
export function leastRows(groups: readonly CellGroup[], width: number): number {
  return groups.reduce((rows, group) => rows + (group.cells.length === 0 ? 0 : strip(group, width, 99, undefined).length), 0);
}

/** How poor either sort is, from rich to poor. As long as it is no poorer itself, the brokers, which come first, tell more. */
function povertiesOf(count: number): readonly [number, number][] {
  const pairs = Array.from({ length: count * count }, (_, i): [number, number] => [Math.floor(i / count), i % count]);
  const byPoorest = (one: [number, number], other: [number, number]): number => Math.max(...one) - Math.max(...other);
  return pairs.sort((one, other) => byPoorest(one, other) || one[0] - other[0] || one[1] - other[1]);
}

// ---- cells ----

interface Block {
  readonly cells: readonly Line[];
  readonly width: number;
}

function block(cells: readonly Cell[], facts: number, selected: string | undefined): Block {
  const nameWidth = Math.max(...cells.map(({ node }) => columnsOf(node)));
  const lines = cells.map((cell) => cellLine(cell, facts, nameWidth, cell.node === selected));
  return { cells: lines, width: Math.max(...lines.map(widthOf)) };
}

function cellLine({ node, sign, facts }: Cell, count: number, nameWidth: number, isSelected: boolean): Line {
  const shown = facts.slice(0, count).map(({ text, short, tone }): Line => [span(count <= FEW ? (short ?? text) : text, tone)]);
  const name: Span[] = [span(isSelected ? "▸" : " ", "selected"), span(node, isSelected ? "selected" : undefined)];
  const head = [...pad(name, nameWidth + 1), span(" "), sign];
  return shown.length === 0 ? head : [...head, span(" "), ...join(shown, [span(" · ", "faint")])];
}

/** Blocks beside each other in as few columns as the height allows; or below each other, where that does not fit. */
function arranged(blocks: readonly Block[], { width, height }: GridRoom): Line[] | undefined {
  const [first, second] = blocks;
  if (first === undefined) return [];
  if (second === undefined) return inColumns(first, leastColumns(first, height), width);
  const columns = leastColumns(first, height);
  const left = widthIn(first, columns);
  const one = inColumns(first, columns, width);
  const other = inColumns(second, leastColumns(second, height), width - left - BLOCK_GAP);
  if (one !== undefined && other !== undefined) return beside(one, other, left + BLOCK_GAP);
  for (let rows = 1; rows < height; rows++) {
    const above = inColumns(first, leastColumns(first, rows), width);
    const below = inColumns(second, leastColumns(second, height - rows), width);
    if (above !== undefined && below !== undefined) return [...above, ...below];
  }
  return undefined;
}

function beside(one: readonly Line[], other: readonly Line[], from: number): Line[] {
  return Array.from({ length: Math.max(one.length, other.length) }, (_, row) => {
    const right = other[row];
    return right === undefined ? (one[row] ?? []) : [...pad(one[row] ?? [], from), ...right];
  });
}

function leastColumns({ cells }: Block, rows: number): number {
  return Math.ceil(cells.length / Math.max(1, rows));
}

function widthIn({ width }: Block, columns: number): number {
  return columns * (width + GAP) - GAP;
}

/** Down first, as people read lists. Undefined where it is wider than that. */
function inColumns(block: Block, columns: number, width: number): Line[] | undefined {
  if (widthIn(block, columns) > width) return undefined;
  const rows = Math.ceil(block.cells.length / columns);
  return Array.from({ length: rows }, (_, row) => {
    const line: Line[] = [];
    for (let place = row; place < block.cells.length; place += rows) line.push(block.cells[place] as Line);
    return line.flatMap((cell, index) => (index === line.length - 1 ? cell : pad(cell, block.width + GAP)));
  });
}

// ---- strips ----

/** `brokers 1★ 2⊘ 3●`; where that is too much, those in trouble, and how many are well. */
export function strip({ name, cells }: CellGroup, width: number, height: number, selected: string | undefined): Line[] {
  const head: Line = [span(name, "faint")];
  const all = flow([head, ...cells.map((cell) => stripCell(cell, selected))], width, 1);
  if (all.length <= height) return all;
  const matters = cells.filter(({ isTroubled, node }) => isTroubled || node === selected);
  const well: Line = [span(`and ${cells.length - matters.length}`), span("●", "good")];
  const others = cells.length === matters.length ? [] : [well];
  for (let count = matters.length; count > 0; count--) {
    const left = matters.length - count;
    const more: Line[] = left === 0 ? [] : [[span(`+${left}`, "bad")]];
    const shown = matters.slice(0, count).map((cell) => stripCell(cell, selected));
    const lines = flow([head, ...shown, ...more, ...others], width, 1);
    if (lines.length <= height) return lines;
  }
  const count: Line[] = matters.length === 0 ? [] : [[span(`${matters.length} in trouble`, "bad")]];
  return flow([head, ...count, ...others], width, 1).slice(0, height);
}

function stripCell({ short, sign, node }: Cell, selected: string | undefined): Line {
  return node === selected ? [span(`▸${short}`, "selected"), sign] : [span(short), sign];
}

/** One after the other, as many in a line as fit; the first one stands by itself at the front. */
export function flow(parts: readonly Line[], width: number, gap: number): Line[] {
  const lines: Line[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last === undefined) lines.push(part);
    else if (widthOf(last) + gap + widthOf(part) <= width) lines[lines.length - 1] = [...last, span(" ".repeat(gap)), ...part];
    else lines.push(part);
  }
  return lines;
}
