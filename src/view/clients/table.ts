/** Rows of one sort in columns: those columns that matter most, as many as the width allows, in their own order. */
import { cut, pad } from "../fitting.ts";
import { type Line, span, widthOf } from "../line.ts";

export interface Column {
  readonly key: string;
  /** The lower, the sooner it is shown. 0: always. */
  readonly rank: number;
  /** It takes what room the others leave, and makes the best of it. */
  readonly isElastic?: boolean;
}

export interface Row {
  /** Left out, or empty: nothing to tell. */
  readonly cells: Readonly<Record<string, Line | undefined>>;
  /** For the elastic column, at most so wide. */
  readonly elastic?: (width: number) => Line;
}

/** What is narrower is not worth its place, unless it needs no more. */
const ELASTIC_MIN = 12;

export function tabled(rows: readonly Row[], columns: readonly Column[], width: number): Line[] {
  const gap = width >= 70 ? 2 : 1;
  const widths = new Map(columns.map(({ key }) => [key, Math.max(0, ...rows.map(({ cells }) => widthOf(cells[key] ?? [])))]));
  const shown = new Set<string>();
  let used = -gap;
  for (const { key, rank, isElastic } of [...columns].sort((one, other) => one.rank - other.rank)) {
    const wanted = isElastic === true ? widestElastic(rows) : (widths.get(key) as number);
    const least = isElastic === true ? Math.min(ELASTIC_MIN, wanted) : wanted;
    if (wanted === 0 || (rank > 0 && used + gap + least > width)) continue;
    // What matters less takes nothing away from it.
    const taken = Math.max(least, Math.min(wanted, width - used - gap));
    shown.add(key);
    used += gap + taken;
    if (isElastic === true) widths.set(key, taken);
  }
  const elastic = columns.find(({ key, isElastic }) => isElastic === true && shown.has(key));
  const free = elastic === undefined ? 0 : (widths.get(elastic.key) as number) + Math.max(0, width - used);
  const stretched = rows.map((row) => (elastic === undefined ? [] : (row.elastic?.(free) ?? [])));
  if (elastic !== undefined) widths.set(elastic.key, Math.max(0, ...stretched.map(widthOf)));
  return rows.map((row, index) => {
    const line: Line[] = [];
    for (const { key } of columns) {
      if (!shown.has(key)) continue;
      const cell = key === elastic?.key ? (stretched[index] as Line) : (row.cells[key] ?? []);
      line.push(pad(cell, (widths.get(key) as number) + gap));
    }
    return cut(trimmed(line.flat()), width);
  });
}

function widestElastic(rows: readonly Row[]): number {
  return Math.max(0, ...rows.map(({ elastic }) => widthOf(elastic?.(200) ?? [])));
}

function trimmed(line: Line): Line {
  let end = line.length;
  while (end > 0 && (line[end - 1] as Line[number]).text.trim() === "") end--;
  const kept = line.slice(0, end);
  const last = kept.at(-1);
  return last === undefined ? [] : [...kept.slice(0, -1), span(last.text.trimEnd(), last.tone)];
}
