/**
 * A lane's records as cells: the height tells the epoch, and so does the number at its beginning; solid is what is on the platter, dotted what
 * a loss of power would take. ┃ is the high watermark, │ the log end, ░ what has just been cut off, ✗ what was acknowledged and is lost. Pure.
 */
import type { LeaderEpoch, Offset } from "../../kafka/ids.ts";
import type { Line, Span, Tone } from "../line.ts";
import { type Axis, type Slot, seamOf } from "./axis.ts";
import type { EpochRun, Lane, LostRecords, OffsetRange } from "./scene.ts";

/** By height, from below: a lane of one row, and the upper and the lower of two rows. */
const SOLID = ["▂", "▄", "▆", "█"] as const;
const DOTTED = ["⣀", "⣤", "⣶", "⣿"] as const;
const SOLID_UPPER = [" ", " ", "▄", "█"] as const;
const SOLID_LOWER = ["▄", "█", "█", "█"] as const;
const DOTTED_UPPER = [" ", " ", "⣤", "⣿"] as const;
const DOTTED_LOWER = ["⣤", "⣿", "⣿", "⣿"] as const;

const HEIGHTS = 4;
const TONES = 6;

export type Row = "only" | "upper" | "lower";

interface Cell {
  readonly glyph: string;
  readonly tone: Tone | undefined;
}

const BLANK: Cell = { glyph: " ", tone: undefined };

/** One row of a lane, as wide as the axis. */
export function cellsOf(lane: Lane, axis: Axis, row: Row, losses: readonly LostRecords[]): Line {
  const seam = seamOf(axis, Math.min(lane.highWatermark, lane.logEnd));
  const runs = new Runs(lane.runs);
  const spans: { text: string; tone: Tone | undefined }[] = [];
  for (const [column, slot] of axis.slots.entries()) {
    const cell = column === 0 && lane.logEnd < axis.from ? FURTHER_LEFT : cellOf(slot, { lane, axis, row, losses, seam, runs });
    const last = spans.at(-1);
    if (last !== undefined && last.tone === cell.tone) last.text += cell.glyph;
    else spans.push({ text: cell.glyph, tone: cell.tone });
  }
  return spans as readonly Span[];
}

const FURTHER_LEFT: Cell = { glyph: "◂", tone: "warning" };

interface Around {
  readonly lane: Lane;
  readonly axis: Axis;
  readonly row: Row;
  readonly losses: readonly LostRecords[];
  readonly seam: Offset;
  readonly runs: Runs;
}

function cellOf(slot: Slot, around: Around): Cell {
  const { lane, seam } = around;
  if (slot.kind === "seam") {
    if (slot.at === seam) return { glyph: "┃", tone: lane.highWatermarkMoved ? "fresh" : "strong" };
    return slot.at < lane.logEnd && slot.at > lane.logStart ? { glyph: "┊", tone: "faint" } : BLANK;
  }
  if (slot.from >= lane.logEnd) return behindTheEnd(slot, around);
  if (slot.to <= lane.logStart) return { glyph: around.row === "upper" ? " " : "·", tone: "faint" };
  return recordCell(slot, around);
}

function behindTheEnd(slot: OffsetRange, { lane, axis, losses, seam }: Around): Cell {
  if (overlap(slot, lane.truncated)) return { glyph: "░", tone: "bad" };
  if (lane.isElectable && losses.some((lost) => overlap(slot, lost))) return { glyph: "✗", tone: "bad" };
  const isEnd = slot.from - axis.scale < lane.logEnd && seam !== slot.from;
  return isEnd ? { glyph: "│", tone: lane.appended === undefined ? "plain" : "fresh" } : BLANK;
}

function recordCell(slot: OffsetRange, { lane, axis, row, runs }: Around): Cell {
  const from = Math.max(slot.from, lane.logStart);
  const run = runs.at(from);
  const began = runs.beginningIn({ from, to: Math.min(slot.to, lane.logEnd) });
  const { epoch } = began ?? run ?? { epoch: -1 };
  if (epoch < 0) return { glyph: "?", tone: "bad" };
  const isFresh = overlap(slot, lane.appended);
  const tone: Tone = isFresh ? "fresh" : epochTone(epoch);
  // The number of the epoch where it begins, and where the window does.
  const isFirst = slot.from <= axis.from || slot.from <= lane.logStart;
  if (row !== "upper" && (isFirst || began !== undefined)) return { glyph: String(epoch % 10), tone };
  return { glyph: glyphOf(epoch, row, slot.from < lane.durableTo), tone };
}

function glyphOf(epoch: LeaderEpoch, row: Row, isDurable: boolean): string {
  const height = epoch % HEIGHTS;
  if (row === "only") return (isDurable ? SOLID : DOTTED)[height] as string;
  if (row === "upper") return (isDurable ? SOLID_UPPER : DOTTED_UPPER)[height] as string;
  return (isDurable ? SOLID_LOWER : DOTTED_LOWER)[height] as string;
}

function epochTone(epoch: LeaderEpoch): Tone {
  return `epoch-${(epoch % TONES) as 0 | 1 | 2 | 3 | 4 | 5}`;
}

function overlap(slot: OffsetRange, range: OffsetRange | undefined): boolean {
  return range !== undefined && slot.from < range.to && slot.to > range.from;
}

/** Runs as they are asked for, from left to right. */
class Runs {
  private readonly runs: readonly EpochRun[];
  private index = 0;

  constructor(runs: readonly EpochRun[]) {
    this.runs = runs;
  }

  at(offset: Offset): EpochRun | undefined {
    while (this.index < this.runs.length && (this.runs[this.index] as EpochRun).to <= offset) this.index++;
    const run = this.runs[this.index];
    return run !== undefined && run.from <= offset ? run : undefined;
  }

  /** The last run that begins in `range`, if it is not the first that is known. */
  beginningIn({ from, to }: OffsetRange): EpochRun | undefined {
    let found: EpochRun | undefined;
    for (let i = Math.max(1, this.index); i < this.runs.length; i++) {
      const run = this.runs[i] as EpochRun;
      if (run.from >= to) break;
      if (run.from >= from) found = run;
    }
    return found;
  }
}
