/** Several settings side by side, each over the same seeds: one row for each, or one block where the terminal is too narrow. */
import type { ComparedRow, Measure } from "../run/comparison.ts";
import type { RunResult } from "../run/result.ts";
import { neverMeansBelow, type Quantiles } from "../run/statistics.ts";
import { type Cell, inColumns, sharedParts, widthOf, wrapped } from "./columns.ts";
import { grouped, span } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

export interface ComparisonOptions {
  readonly paint: Paint;
  /** Columns of the terminal; undefined where nobody counts them. */
  readonly width: number | undefined;
  readonly wallMs: number;
  /** How to see one run again. */
  readonly commandFor: (result: RunResult, row: ComparedRow) => string;
}

/** A column: two lines of head, the value of the middle run, and the range over all runs. */
interface Column {
  readonly head: readonly [string, string];
  readonly middle: (row: ComparedRow) => string;
  readonly range: (row: ComparedRow) => string;
  /** Whether the row has something in it that should not be. */
  readonly isBad?: (row: ComparedRow) => boolean;
  /** How a block calls it. */
  readonly name: string;
}

/** Lines without line ends. */
export function comparisonTable(rows: readonly ComparedRow[], options: ComparisonOptions): string[] {
  const { paint, width = Number.POSITIVE_INFINITY } = options;
  const wide = asTable(rows, paint);
  const fits = wide.every((line) => widthOf(line.replace(PAINTED, "")) <= width);
  return ["", ...heading(rows, paint, width), "", ...(fits ? wide : asBlocks(rows, paint)), "", ...footnotes(rows, options), ""];
}

/** The scenario, and what all rows share. */
function heading(rows: readonly ComparedRow[], paint: Paint, width: number): string[] {
  const firsts = rows.flatMap(({ results }) => results.slice(0, 1));
  const name = printable(firsts[0]?.scenario ?? "");
  const about = sharedParts(firsts.map(({ setting, workload }) => `${setting} · ${workload}`));
  if (widthOf(name) + widthOf(about) + 4 <= width) return [` ${paint.strong(name)}${about === "" ? "" : ` · ${about}`}`];
  return [` ${paint.strong(name)}`, ...wrapped(about, width - 1).map((line) => ` ${line}`)];
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: this is how colour is written.
const PAINTED = /\u001b\[\d+m/g;

const seconds = (us: number): string => (us === Number.POSITIVE_INFINITY ? "never" : us === 0 ? "0 s" : span(us));

type CountColumn = (measure: Measure, head: readonly [string, string], name: string, isBad?: boolean) => Column;

/** Of all groups together. */
function groupColumns(count: CountColumn): Column[] {
  return [
    count("processedAgain", ["processed", "again"], "processed again"),
    count("skipped", ["", "skipped"], "skipped", true),
    count("outOfOrder", ["out of", "order"], "out of order"),
    count("highestLag", ["highest", "lag"], "highest lag"),
    {
      head: ["without", "owner"],
      name: "without owner",
      middle: ({ measures }) => told(measures.ownerless?.p50, seconds),
      range: ({ measures }) => rangeOf(measures.ownerless, seconds),
    },
    count("rebalances", ["", "rebalances"], "rebalances"),
  ];
}

function columnsOf(rows: readonly ComparedRow[]): Column[] {
  const count: CountColumn = (measure, head, name, isBad = false) => ({
    head,
    name,
    middle: ({ measures }) => told(measures[measure]?.p50, grouped),
    range: ({ measures }) => rangeOf(measures[measure], grouped),
    ...(isBad && { isBad: ({ measures }: ComparedRow) => (measures[measure]?.max ?? 0) > 0 }),
  });
  const hasLegalLoss = rows.some(({ measures }) => (measures.legallyLost?.max ?? 0) > 0);
  const hasGroups = rows.some(({ measures }) => measures.rebalances !== undefined);
  return [
    {
      head: ["unavailable", "p50"],
      name: "unavailable p50",
      middle: ({ measures }) => told(measures.unavailable?.p50, seconds),
      range: () => "",
    },
    {
      head: ["", "p95"],
      name: "unavailable p95",
      middle: ({ measures }) => told(measures.unavailable?.p95, seconds),
      range: ({ measures }) => rangeOf(measures.unavailable, seconds),
    },
    count("lost", ["", "lost"], "lost", true),
    ...(hasLegalLoss ? [count("legallyLost", ["lost", "legally"], "lost legally")] : []),
    count("duplicated", ["", "duplicated"], "duplicated"),
    count("failed", ["", "failed"], "failed"),
    count("delayed", ["", "delayed"], "delayed"),
    {
      head: ["full ISR", "after"],
      name: "full ISR after",
      middle: ({ measures }) => told(measures.fullIsrAfter?.p50, seconds),
      range: ({ measures }) => rangeOf(measures.fullIsrAfter, seconds),
    },
    count("elections", ["", "elections"], "elections"),
    ...(hasGroups ? groupColumns(count) : []),
    {
      head: ["runs with", "violations"],
      name: "runs with violations",
      middle: ({ runsWithViolations }) => grouped(runsWithViolations),
      range: ({ results }) => `of ${grouped(results.length)}`,
      isBad: ({ runsWithViolations }) => runsWithViolations > 0,
    },
  ];
}

function told(value: number | undefined, words: (value: number) => string): string {
  return value === undefined ? "–" : words(value);
}

/** `7.1–9.8 s`; nothing where all runs agree. */
function rangeOf(quantiles: Quantiles | undefined, words: (value: number) => string): string {
  if (quantiles === undefined || quantiles.min === quantiles.max) return "";
  const [low, high] = [words(quantiles.min), words(quantiles.max)];
  if (low === high) return "";
  const unit = / \w+$/.exec(high)?.[0] ?? "";
  return `${unit !== "" && low.endsWith(unit) ? low.slice(0, -unit.length) : low}–${high}`;
}

/** What tells the rows apart. */
function labelsOf(rows: readonly ComparedRow[]): {
  readonly head: readonly string[];
  readonly of: (row: ComparedRow) => readonly string[];
} {
  const [first] = rows as readonly [ComparedRow];
  const hasSides = rows.some(({ side }) => side !== undefined);
  return {
    head: [...first.settings.map(({ key }) => shortKey(key, first)), ...(hasSides ? [""] : [])],
    of: ({ settings, side }) => [...settings.map(({ value }) => value), ...(hasSides ? [side ?? ""] : [])],
  };
}

/** A setting without the place where it is set, unless another key would be called the same. */
function shortKey(key: string, { settings }: ComparedRow): string {
  const short = (each: string): string => each.replace(/^.*\.config\./, "");
  return settings.filter((other) => short(other.key) === short(key)).length > 1 ? key : short(key);
}

function asTable(rows: readonly ComparedRow[], paint: Paint): string[] {
  const columns = columnsOf(rows);
  const labels = labelsOf(rows);
  const faint = (text: string): Cell => ({ text, paint: (each) => paint.faint(each) });
  const heads = [0, 1].map((line) => [
    ...labels.head.map((key) => faint(line === 0 ? "" : key)),
    ...columns.map(({ head }) => faint(head[line] as string)),
  ]);
  const body = rows.flatMap((row) => {
    const own = labels.of(row);
    const values = columns.map(({ middle, isBad }): Cell => {
      return { text: middle(row), paint: isBad?.(row) ? (each) => paint.bad(each) : undefined };
    });
    const ranges = columns.map(({ range }) => faint(range(row)));
    const lines: Cell[][] = [
      [...own.map((text) => ({ text: printable(text), paint: (each: string) => paint.strong(each) })), ...values],
    ];
    if (ranges.some(({ text }) => text !== "")) lines.push([...own.map(() => ({ text: "" })), ...ranges]);
    return lines;
  });
  const right = new Set(columns.map((_, index) => labels.head.length + index));
  return inColumns([...heads, ...body], { right });
}

function asBlocks(rows: readonly ComparedRow[], paint: Paint): string[] {
  const columns = columnsOf(rows);
  return rows.flatMap((row, index) => {
    const cells = columns.map(({ name, middle, range, isBad }): Cell[] => [
      { text: ` ${name}` },
      { text: middle(row), paint: isBad?.(row) ? (each) => paint.bad(each) : undefined },
      { text: range(row), paint: (each) => paint.faint(each) },
    ]);
    return [
      ...(index > 0 ? [""] : []),
      ` ${paint.strong(printable(titleOf(row)))}`,
      ...inColumns(cells, { right: new Set([1]) }),
    ];
  });
}

/** `acks=1 · old rule`. */
function titleOf({ settings, side }: ComparedRow): string {
  const set = settings.map(({ key, value }) => `${key}=${value}`).join(" ");
  return side === undefined ? set : `${set} · ${side}`;
}

function footnotes(rows: readonly ComparedRow[], options: ComparisonOptions): string[] {
  const { paint, wallMs } = options;
  const [first] = rows as readonly [ComparedRow];
  const seeds = first.results.length;
  const lossless = rows.filter(({ runsWithLoss, counted }) => runsWithLoss === 0 && counted.length > 0);
  const fewest = Math.min(...lossless.map(({ counted }) => counted.length));
  const zero = ` · 0 lost means: less than ${percent(neverMeansBelow(fewest))} of runs, with 95 % confidence`;
  const lines = [
    paint.faint(" of each measure the middle run, and beside it, fainter, the range over all runs"),
    ` ${grouped(seeds)} ${seeds === 1 ? "seed" : "seeds"} each${lossless.length > 0 ? zero : ""} · ${(wallMs / 1_000).toFixed(1)} s`,
  ];
  const notes = rows.flatMap((row) => {
    const title = printable(titleOf(row));
    return [...losses(row, title, paint), ...violations(row, title, options), ...unfinished(row, title)];
  });
  return notes.length === 0 ? lines : [...notes, "", ...lines];
}

function losses({ runsWithLoss, counted }: ComparedRow, title: string, paint: Paint): string[] {
  return runsWithLoss === 0
    ? []
    : [` ${paint.bad("✗")} ${title}: records were lost in ${runsWithLoss} of ${counted.length} runs`];
}

/** Which invariants, in how many runs, and one of the runs to look at. */
function violations(row: ComparedRow, title: string, { paint, commandFor }: ComparisonOptions): string[] {
  const { results, violated } = row;
  const [first] = [...violated.values()][0] ?? [];
  if (first === undefined) return [];
  const named = [...violated].map(([invariant, found], index) =>
    index === 0 ? `${invariant} violated in ${found.length} of ${results.length} runs` : `${invariant} in ${found.length}`,
  );
  return [` ${paint.bad("✗")} ${title}: ${named.join(", ")}`, `   ${paint.faint(commandFor(first, row))}`];
}

/** Runs that are not counted, and why. */
function unfinished({ counted, results }: ComparedRow, title: string): string[] {
  const left = results.length - counted.length;
  if (left === 0) return [];
  const why = results.find(({ ending }) => ending !== "over")?.notes.at(-1) ?? "";
  return [` ? ${title}: ${left} of ${results.length} runs did not get to their end, and are not counted: ${printable(why)}`];
}

/** `1.5 %`. */
function percent(share: number): string {
  const value = share * 100;
  return `${value >= 10 ? Math.ceil(value) : Math.ceil(value * 10) / 10} %`;
}
