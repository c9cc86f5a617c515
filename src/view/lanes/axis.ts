/**
 * The axis that all lanes share: which offsets stand in which column. Between two columns there may be a seam, which holds no records: where
 * a high watermark runs. Pure.
 */
import type { Offset } from "../../kafka/ids.ts";
import { type Line, span } from "../line.ts";
import type { LanesScene, OffsetRange } from "./scene.ts";

/** A column of the lanes. */
export type Slot = { readonly kind: "seam"; readonly at: Offset } | ({ readonly kind: "cell" } & OffsetRange);

export interface Axis {
  /** Offsets in a column. */
  readonly scale: number;
  readonly slots: readonly Slot[];
  readonly from: Offset;
}

/** Who is so far behind that it would take a larger scale is shown at the margin; but never who may be elected. */
const SCALE_MAX = 10;
/** So many columns are shown of what lies before the first end in view. */
const CONTEXT = 2;
/** From so many columns on the window moves in steps, so that not every append shifts everything. */
const STEADY_COLUMNS = 20;

/** The window that shows as many of the ends as possible, from the last one on. */
export function axisOf(scene: LanesScene, columns: number): Axis {
  const last = scene.ends.at(-1)?.offset ?? 0;
  const seams = scene.lanes.map(({ highWatermark, logEnd }) => Math.min(highWatermark, logEnd));
  const records = Math.max(1, columns - Math.min(new Set(seams).size, 3) - 1);
  let { from, scale } = windowOf(last, last, records);
  for (const { offset, isVital } of scene.ends) {
    const wider = windowOf(offset, last, records);
    if (wider.scale > SCALE_MAX && !isVital) continue;
    ({ from, scale } = wider);
    break;
  }
  return { scale, from, slots: slotsOf({ from, scale, columns, seams: new Set(seams.map((at) => alignedUp(at, from, scale))) }) };
}

/** A round scale, and a round place to begin, so that [first, last] fits into so many columns. */
function windowOf(first: Offset, last: Offset, columns: number): { readonly from: Offset; readonly scale: number } {
  const steps = columns >= STEADY_COLUMNS ? Math.max(5, 5 * Math.floor(columns / 20)) : 1;
  for (let scale = 1; ; scale = nextRound(scale)) {
    const width = columns * scale;
    const step = steps * scale;
    const from = Math.max(0, Math.ceil((last + scale - width) / step) * step);
    if (from <= Math.max(0, first - CONTEXT * scale) || scale > last) return { from, scale };
  }
}

/** 1, 2, 5, 10, 20, 50, … */
function nextRound(scale: number): number {
  const power = 10 ** Math.floor(Math.log10(scale));
  return scale / power === 2 ? 5 * power : scale * 2;
}

function alignedUp(offset: Offset, from: Offset, scale: number): Offset {
  return from + Math.ceil((offset - from) / scale) * scale;
}

function slotsOf(of: {
  readonly from: Offset;
  readonly scale: number;
  readonly columns: number;
  readonly seams: ReadonlySet<Offset>;
}): Slot[] {
  const slots: Slot[] = [];
  for (let offset = of.from; slots.length < of.columns; offset += of.scale) {
    if (of.seams.has(offset)) slots.push({ kind: "seam", at: offset });
    if (slots.length < of.columns) slots.push({ kind: "cell", from: offset, to: offset + of.scale });
  }
  return slots;
}

/** Where the high watermark `at` is drawn. */
export function seamOf(axis: Axis, at: Offset): Offset {
  return alignedUp(at, axis.from, axis.scale);
}

/** The offsets above the columns, as many as there is room for. */
export function axisLine({ slots, scale, from }: Axis): Line {
  const longest = String(from + slots.length * scale).length;
  let step = 5 * scale;
  for (let round = 1; step < (longest + 2) * scale; round = nextRound(round)) step = 5 * scale * round;
  let text = "";
  slots.forEach((slot, column) => {
    if (slot.kind !== "cell" || slot.from % step !== 0) return;
    const label = String(slot.from);
    if (text === "" || column > text.length) text = text.padEnd(column) + label;
  });
  return [span(text, "faint")];
}
