/** The museum as a table: each documented failure of Kafka, and whether it showed at the old rule and no longer at the new one. */
import { type ExhibitOutcome, isReproduced, type SideOutcome } from "../run/museum.ts";
import type { RunResult } from "../run/result.ts";
import type { Bounds, ExhibitKind, ExpectSpec, GroupCount } from "../scenario/spec.ts";
import { type Cell, inColumns, widthOf } from "./columns.ts";
import { grouped } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

export interface ShownExhibit {
  /** What it is called on the command line. */
  readonly slug: string;
  readonly theme: string;
  readonly outcome: ExhibitOutcome;
}

export interface MuseumOptions {
  readonly paint: Paint;
  /** Columns of the terminal; undefined where nobody counts them. */
  readonly width: number | undefined;
  readonly wallMs: number;
  /** How to see one run again. */
  readonly commandFor: (result: RunResult) => string;
}

const BROKEN_AS: { readonly [K in ExhibitKind]: string } = {
  bug: "✗ as recorded",
  open: "✗ as recorded",
  "by-design": "✗ as documented",
  control: "✗ as predicted",
};

/** Lines without line ends. */
export function museumTable(exhibits: readonly ShownExhibit[], options: MuseumOptions): string[] {
  const { paint, width } = options;
  const rows = exhibits.map((exhibit) => rowOf(exhibit, paint));
  const wide = table([HEAD.map((text) => ({ text, paint: (each: string) => paint.faint(each) })), ...rows]);
  const isNarrow = width !== undefined && wide.some((line) => widthOf(line.replace(PAINTED, "")) > width);
  const [head, ...lines] = isNarrow ? narrow(rows, paint) : wide.map((line) => [line]);
  const themed = lines.flatMap((own, index) => [...themeHead(exhibits, index, paint), ...own]);
  return ["", ...(head ?? []), ...themed, "", ...otherwise(exhibits, options), ...conclusion(exhibits, options), ""];
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: this is how colour is written.
const PAINTED = /\u001b\[\d+m/g;
const HEAD = ["exhibit", "source", "what breaks", "old rule", "new rule", "events"];

function table(rows: readonly (readonly Cell[])[]): string[] {
  return inColumns(rows, { right: new Set([5]) });
}

/** Two lines for each: what it is, and how it went. */
function narrow(rows: readonly (readonly Cell[])[], paint: Paint): string[][] {
  const below = (cells: readonly Cell[]): Cell[] => [{ text: "  " }, ...cells.slice(2)];
  const faint = (text: string): Cell => ({ text, paint: (each) => paint.faint(each) });
  const lower = inColumns([below(HEAD.map(faint)), ...rows.map(below)], { right: new Set([4]), gap: 1 });
  const upper = [
    faint(`${HEAD[0]} · ${HEAD[1]}`),
    ...rows.map(([slug, source]) => ({ text: `${slug?.text} · ${source?.text}` })),
  ];
  return lower.map((line, index) => [inColumns([[upper[index] as Cell]])[0] as string, line]);
}

function themeHead(exhibits: readonly ShownExhibit[], index: number, paint: Paint): string[] {
  const [before, here] = [exhibits[index - 1]?.theme, exhibits[index]?.theme as string];
  if (before === here || new Set(exhibits.map(({ theme }) => theme)).size === 1) return [];
  return [...(before === undefined ? [] : [""]), ` ${paint.strong(here)}`];
}

function rowOf({ slug, outcome }: ShownExhibit, paint: Paint): Cell[] {
  const { scenario, old, fixed, stepsToBreak } = outcome;
  const { exhibit } = scenario;
  const holds = exhibit?.kind === "open" ? "✓ would hold" : "✓ holds";
  return [
    { text: slug },
    { text: exhibit === undefined ? "–" : printable(exhibit.source) },
    { text: whatBreaks(old.scenario.expect) },
    sideCell(old, BROKEN_AS[exhibit?.kind ?? "by-design"], (text) => text, paint),
    fixed === undefined ? { text: "–" } : sideCell(fixed, holds, (text) => paint.good(text), paint),
    { text: stepsToBreak === undefined ? "–" : grouped(stepsToBreak.p50) },
  ];
}

function sideCell(
  { asSaid, undecided, results }: SideOutcome,
  words: string,
  good: (text: string) => string,
  paint: Paint,
): Cell {
  if (asSaid === results.length) return { text: words, paint: good };
  const bad = (text: string): string => paint.bad(text);
  if (asSaid + undecided === results.length) return { text: `? ${asSaid} of ${results.length}`, paint: bad };
  return { text: `! ${asSaid} of ${results.length}`, paint: bad };
}

/** What the old side is said to break. */
function whatBreaks({ violates, records, groups, longestOutage }: ExpectSpec): string {
  if (violates.length > 0) return violates.join(", ");
  if ((records.lost?.min ?? 0) > 0) return "records are lost";
  if ((records.legallyLost?.min ?? 0) > 0) return "records are lost, legally";
  if ((records.duplicated?.min ?? 0) > 0) return "records are duplicated";
  if ((records.failed?.min ?? 0) > 0) return "records fail";
  if ((records.delayed?.min ?? 0) > 0) return "records are delayed";
  if (longestOutage !== undefined) return "nobody can write";
  const isSaid = (of: (group: ExpectSpec["groups"][number]) => Bounds | undefined): boolean =>
    groups.some((group) => (of(group)?.min ?? 0) > 0);
  for (const [count, words] of OF_GROUPS) if (isSaid(({ counts }) => counts[count])) return words;
  return isSaid(({ ownerless }) => ownerless) ? "partitions have no owner" : "no promise";
}

/** What may happen to a group, the worst first. */
const OF_GROUPS: readonly (readonly [GroupCount, string])[] = [
  ["skipped", "records are skipped"],
  ["unprocessed", "records wait for ever"],
  ["outOfOrder", "records come out of order"],
  ["processedAgain", "records are processed again"],
  ["givenUp", "records are given up"],
  ["lag", "the group falls behind"],
  ["highestLag", "the group falls behind"],
  ["rebalances", "the group does not settle"],
];

/** One line for each side that did not end as the file says, with a run to look at. */
function otherwise(exhibits: readonly ShownExhibit[], { paint, commandFor }: MuseumOptions): string[] {
  const lines = exhibits.flatMap(({ slug, outcome: { old, fixed } }) =>
    [old, fixed].flatMap((side) => {
      const first = side?.results.find(({ verdict }) => verdict !== "as-expected");
      if (side === undefined || first === undefined) return [];
      const where = side.label === undefined ? slug : `${slug}, ${side.label}`;
      const why = [
        ...first.expectations.filter(({ met }) => !met).map(({ expectation, found }) => `expected ${expectation}, but ${found}`),
      ];
      const reason = printable([...why, ...first.notes][0] ?? first.verdict);
      return [` ${paint.bad("!")} ${where}: ${reason}`, `   ${paint.faint(commandFor(first))}`];
    }),
  );
  return lines.length === 0 ? [] : [...lines, ""];
}

function conclusion(exhibits: readonly ShownExhibit[], { paint, width, wallMs }: MuseumOptions): string[] {
  const outcomes = exhibits.map(({ outcome }) => outcome);
  const count = (which: readonly ExhibitOutcome[]): string => `${which.filter(isReproduced).length} of ${which.length}`;
  const [two, one] = [outcomes.filter(({ fixed }) => fixed), outcomes.filter(({ fixed }) => fixed === undefined)];
  const parts = [
    ...(two.length > 0 ? [`${count(two)} reproduced on both sides`] : []),
    ...(one.length > 0 ? [`${count(one)} as documented, with nothing to switch`] : []),
  ];
  const verdict = outcomes.every(isReproduced) ? paint.good(parts.join(", ")) : paint.bad(parts.join(", "));
  const seeds = outcomes[0]?.old.results.length ?? 0;
  const line = ` ${verdict} · ${seeds} ${seeds === 1 ? "seed" : "seeds"} each · ${(wallMs / 1_000).toFixed(1)} s`;
  const next = "kafka-sim museum SLUG --tell   the story of one";
  const plain = widthOf(line.replace(PAINTED, ""));
  if (width !== undefined && plain + next.length + 4 > width) return [line, ` ${paint.faint(next)}`];
  return [`${line}          ${paint.faint(next)}`];
}
