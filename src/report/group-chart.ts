/**
 * Who owned what when, as a picture for a terminal: one row for each partition, or, where those are many, for each member; time goes to the
 * right.
 *
 *     billing     0 s            20 s            40 s            60 s
 *     orders-0    aaaaaaaaaaaaaaaaa········bbbbbbbbbbbbbbbbbbbbbbbbbb
 *     orders-1    bbbbbbbbbbbbbbbbb········bbbbbbbbbbbbbbbbbbbbbbbbbb
 *     generation  1               2        3
 *                 a billing-1 · b billing-2
 */
import { type Micros, US_PER_SECOND } from "../base/units.ts";
import type { OwnershipSpan } from "../checks/group-numbers.ts";
import type { GroupResult } from "../run/group-result.ts";
import { joined, widthOf } from "./columns.ts";
import { counted } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

export interface GroupChartOptions {
  readonly paint: Paint;
  /** Columns that a line may have. */
  readonly width: number;
  /** When the run ended. */
  readonly endUs: Micros;
}

const PARTITION_ROWS_MAX = 12;
const MEMBER_ROWS_MAX = 16;
const LABEL_MAX = 18;

const NOBODY = "·";
const SEVERAL = "!";
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const HEIGHTS = "▁▂▃▄▅▆▇█";

/** A stretch of time that one column stands for. */
interface Column {
  readonly fromUs: Micros;
  readonly toUs: Micros;
}

/** Lines without line ends; none for a group that never owned anything. */
export function groupChart(result: GroupResult, { paint, width, endUs }: GroupChartOptions): string[] {
  if (result.ownership.length === 0 || endUs <= 0) return [];
  const byPartition = partitionsOf(result);
  const isByPartition = byPartition.size <= PARTITION_ROWS_MAX;
  const labels = isByPartition ? [...byPartition.keys()] : result.members.slice(0, MEMBER_ROWS_MAX);
  const titles = [result.group, "generation", ...labels].map(shortened);
  const labelWidth = Math.max(...titles.map(widthOf));
  const columns = columnsOf(Math.max(20, width - labelWidth - 4), endUs);
  const line = (label: string, bar: string): string => ` ${shortened(label).padEnd(labelWidth)}  ${bar}`.trimEnd();
  const rows = isByPartition
    ? labels.map((label) => line(label, partitionBar(byPartition.get(label) ?? [], columns, result)))
    : labels.map((label) => line(label, memberBar(label, columns, result, byPartition.size)));
  const left = isByPartition ? 0 : result.members.length - labels.length;
  return [
    line(result.group, axis(columns)).replace(shortened(result.group), (group) => paint.strong(group)),
    ...rows,
    ...(left > 0 ? [paint.faint(line("", `… and ${counted(left, "member")} more (--json has them all)`))] : []),
    line("generation", generationBar(result, columns)),
    ...legend(result, rows, isByPartition, byPartition.size, width - labelWidth - 4).map((text) => paint.faint(line("", text))),
    "",
  ];
}

/** In the order of topics and partitions. */
function partitionsOf({ ownership }: GroupResult): ReadonlyMap<string, readonly OwnershipSpan[]> {
  const spans = new Map<string, OwnershipSpan[]>();
  for (const span of ownership) {
    const name = `${span.topic}-${span.partition}`;
    const own = spans.get(name) ?? [];
    spans.set(name, own);
    own.push(span);
  }
  return spans;
}

function columnsOf(count: number, endUs: Micros): readonly Column[] {
  const at = (index: number): Micros => Math.floor((endUs * index) / count);
  return Array.from({ length: count }, (_, index) => ({ fromUs: at(index), toUs: Math.max(at(index) + 1, at(index + 1)) }));
}

/** For how long of the column the span lasts. */
function overlap({ fromUs, toUs }: OwnershipSpan, column: Column): Micros {
  return Math.max(0, Math.min(toUs ?? Number.POSITIVE_INFINITY, column.toUs) - Math.max(fromUs, column.fromUs));
}

function partitionBar(spans: readonly OwnershipSpan[], columns: readonly Column[], result: GroupResult): string {
  const beganAt = beginning(result);
  return columns
    .map(({ fromUs, toUs }) => {
      const column = { fromUs: Math.max(fromUs, beganAt), toUs };
      return toUs <= beganAt ? " " : ownerIn(column, spans, result.members);
    })
    .join("");
}

/** Who had it for most of the time; a moment with two is told in any case. */
function ownerIn(column: Column, spans: readonly OwnershipSpan[], members: readonly string[]): string {
  const here = spans.filter((span) => overlap(span, column) > 0);
  if (here.some((a, index) => here.slice(0, index).some((b) => areAtOnce(a, b)))) return SEVERAL;
  const owned = here.reduce((sum, span) => sum + overlap(span, column), 0);
  if (owned * 2 < column.toUs - column.fromUs) return NOBODY;
  const byLength = [...here].sort((a, b) => overlap(b, column) - overlap(a, column));
  return letterOf((byLength[0] as OwnershipSpan).client, members);
}

function areAtOnce(a: OwnershipSpan, b: OwnershipSpan): boolean {
  const end = ({ toUs }: OwnershipSpan): number => toUs ?? Number.POSITIVE_INFINITY;
  return a.client !== b.client && a.fromUs < end(b) && b.fromUs < end(a);
}

function letterOf(client: string, members: readonly string[]): string {
  return LETTERS[members.indexOf(client)] ?? "*";
}

/** How much of the group's work the member has. */
function memberBar(member: string, columns: readonly Column[], { ownership }: GroupResult, partitions: number): string {
  const own = ownership.filter((span) => span.client === member);
  const bar = columns.map((column) => {
    const owned = own.reduce((sum, span) => sum + overlap(span, column), 0) / (column.toUs - column.fromUs);
    if (owned < 0.5) return own.some((span) => span.fromUs <= column.fromUs) ? NOBODY : " ";
    return HEIGHTS[Math.min(HEIGHTS.length, Math.ceil((owned / partitions) * HEIGHTS.length)) - 1];
  });
  return bar.join("");
}

function beginning({ ownership }: GroupResult): Micros {
  return Math.min(...ownership.map(({ fromUs }) => fromUs));
}

/** The number of each generation where it began, as far as there is room. */
function generationBar({ generations }: GroupResult, columns: readonly Column[]): string {
  let bar = "";
  for (const [index, { timeUs, generation }] of generations.entries()) {
    const at = columns.findIndex((column) => timeUs < column.toUs);
    const text = String(generation);
    const next = generations[index + 1];
    // Of those that began too close to each other, the last is told.
    const isCrowded = next !== undefined && columns.findIndex((column) => next.timeUs < column.toUs) <= at + text.length;
    if (at < 0 || generation <= 0 || isCrowded || at < bar.length || at + text.length > columns.length) continue;
    bar = `${bar.padEnd(at)}${text} `;
  }
  return bar.trimEnd();
}

const TICKS_S = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600] as const;
const TICK_COLUMNS_MIN = 12;

/** `0 s            20 s`. */
function axis(columns: readonly Column[]): string {
  const endUs = (columns.at(-1) as Column).toUs;
  const perColumn = endUs / columns.length / US_PER_SECOND;
  const tick = TICKS_S.find((seconds) => seconds / perColumn >= TICK_COLUMNS_MIN) ?? 7_200;
  let text = "";
  for (let seconds = 0; seconds * US_PER_SECOND < endUs; seconds += tick) {
    const at = Math.round(seconds / perColumn);
    const label = `${seconds} s`;
    if (at + label.length <= columns.length) text = text.padEnd(at) + label;
  }
  return text;
}

function legend(
  { members }: GroupResult,
  rows: readonly string[],
  isByPartition: boolean,
  partitions: number,
  width: number,
): string[] {
  if (!isByPartition) return [`▁ to █: its share of ${counted(partitions, "partition")}`, `${NOBODY} none`];
  const bars = rows.join("");
  const owners = members.filter((member) => bars.includes(letterOf(member, members)));
  const shown = members.length > LETTERS.length ? owners.slice(0, LETTERS.length) : owners;
  const parts = shown.map((member) => `${letterOf(member, members)} ${printable(member)}`);
  if (bars.includes(NOBODY)) parts.push(`${NOBODY} nobody`);
  if (bars.includes(SEVERAL)) parts.push(`${SEVERAL} more than one`);
  return joined(parts, width);
}

function shortened(label: string): string {
  const text = printable(label);
  return widthOf(text) <= LABEL_MAX ? text : `…${[...text].slice(1 - LABEL_MAX).join("")}`;
}
