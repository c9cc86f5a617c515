/** Two branches side by side: the first thing that is not the same in both, what happens from there on, and what each comes to. */
import { describeEvent } from "../../kafka/event-words.ts";
import type { KafkaEvent } from "../../kafka/events.ts";
import { counted, grouped } from "../../report/numbers.ts";
import { printable } from "../../report/printable.ts";
import type { ScenarioSpec } from "../../scenario/spec.ts";
import type { NodeEvent } from "../../sim/node-events.ts";
import type { Branch } from "../../walk/branch.ts";
import type { Tape, TapeEvent } from "../../walk/tape.ts";
import { commonSteps } from "../../walk/walk.ts";
import { cut, fitted, toned } from "../fitting.ts";
import type { Frame } from "../frame.ts";
import { type Line, line, span, widthOf } from "../line.ts";
import type { Overlay, OverlayRoom } from "../overlays/overlay.ts";
import { clock } from "../timeline/clock.ts";
import type { TimelineMoment } from "../timeline/moment.ts";
import { SIGN_TONES } from "../timeline/told.ts";
import { endingLine } from "../tree/ending.ts";
import { firstDifference } from "./first-difference.ts";
import { type ComparedRow, comparedRows } from "./side-by-side.ts";

export interface Compared extends Pick<Frame, "simulation" | "choice"> {
  readonly left: Branch;
  readonly right: Branch;
  /** So many rows are scrolled away. */
  readonly scrolled: number;
}

export function comparisonOverlay(
  frame: Pick<Frame, "simulation" | "choice">,
  left: Branch,
  right: Branch,
  scrolled: number,
): Overlay {
  const { simulation, choice } = frame;
  const compared = { simulation, choice, left, right, scrolled };
  return { size: "page", title: titleOf(compared), lines: (room) => comparisonLines(compared, room) };
}

/** Below this the two stand one below the other. */
const SIDE_BY_SIDE_MIN = 70;
/** Rows that are the same, before the first that is not. */
const ALIKE_ROWS = 2;

function titleOf({ left, right, choice }: Compared): Line {
  const { topic, partition } = choice.partition;
  const what = { story: "story", partition: `${topic}-${partition}`, everything: "everything" }[choice.detail];
  const at = commonSteps(left, right);
  const time = clock(at === 0 ? 0 : left.tape.timeOf(at), left);
  return [span("two branches", "title"), span(` · ${what} · they part at ${time} s, step ${grouped(at)}`, "faint")];
}

function comparisonLines(compared: Compared, room: OverlayRoom): readonly Line[] {
  const { width, height } = room;
  if (width <= 0 || height <= 0) return [];
  const scene = sceneOf(compared, height);
  const lines = width >= SIDE_BY_SIDE_MIN ? beside(compared, scene, room) : stacked(compared, scene, room);
  return lines.slice(0, height).map((each) => cut(each, width));
}

// ---- what there is to compare ----

interface ComparisonScene {
  /** In words; undefined if nothing differs. */
  readonly difference: { readonly left: TimedWords; readonly right: TimedWords } | undefined;
  /** Entries that are the same in both, between the parting and the first row. */
  readonly rows: readonly ComparedRow[];
}

interface TimedWords {
  readonly time: string;
  readonly text: string;
  /** Whether it is what differs; or what comes next on the side where nothing happened then. */
  readonly isFirst: boolean;
}

function sceneOf({ left, right, choice, simulation, scrolled }: Compared, count: number): ComparisonScene {
  const from = commonSteps(left, right);
  const difference = firstDifference(left.tape, right.tape, from);
  const sides = { left, right, choice, scenario: simulation.scenario };
  if (difference === undefined) {
    return {
      difference: undefined,
      rows: comparedRows(sides, { leftStep: from, rightStep: from }, { skipped: scrolled, count }),
    };
  }
  const [ours, theirs] = [left.tape.events[difference.a], right.tape.events[difference.b]];
  // A few that are the same come first: from the last moment before the difference.
  const before = Math.min(timeOf(left.tape, ours), timeOf(right.tape, theirs)) - 1;
  const [leftStep, rightStep] = [left, right].map(({ tape }) => Math.max(from, tape.stepAt(before))) as [number, number];
  const start = startOf(sides, { leftStep, rightStep }, from);
  return {
    difference: {
      left: wordsOf(ours, left, timeOf(left.tape, ours) <= timeOf(right.tape, theirs)),
      right: wordsOf(theirs, right, timeOf(right.tape, theirs) <= timeOf(left.tape, ours)),
    },
    rows: comparedRows(sides, start, { skipped: scrolled, count }),
  };
}

/** Back over a few entries that both have, but not behind the parting. */
function startOf(
  sides: Parameters<typeof comparedRows>[0],
  { leftStep, rightStep }: { readonly leftStep: number; readonly rightStep: number },
  from: number,
): { readonly leftStep: number; readonly rightStep: number } {
  const rows = comparedRows(sides, { leftStep: from, rightStep: from }, { skipped: 0, count: ROWS_SOUGHT });
  const alike = rows.filter(({ left, right }) => left !== undefined && right !== undefined && left.step <= leftStep);
  const isComplete = rows.length < ROWS_SOUGHT || (rows.at(-1)?.left?.step ?? 0) > leftStep;
  const first = alike[Math.max(0, alike.length - ALIKE_ROWS)];
  if (!isComplete || first === undefined) return { leftStep, rightStep };
  return { leftStep: (first.left?.step ?? leftStep + 1) - 1, rightStep: (first.right?.step ?? rightStep + 1) - 1 };
}
const ROWS_SOUGHT = 40;

function timeOf(tape: Tape, event: TapeEvent | undefined): number {
  return event === undefined ? Number.POSITIVE_INFINITY : tape.timeOf(event.step);
}

function wordsOf(event: TapeEvent | undefined, branch: Branch, isFirst: boolean): TimedWords {
  if (event === undefined) return { time: "", text: "nothing more", isFirst };
  const text = printable(describeEvent(event.event as KafkaEvent | NodeEvent));
  return { time: `${clock(branch.tape.timeOf(event.step), branch)} s`, text, isFirst };
}

function differenceLine({ time, text, isFirst }: TimedWords): Line {
  if (isFirst) return [span(`${time}  `, "fresh"), span(text, "fresh")];
  return line(time === "" ? text : `not so; next ${time}  ${text}`, "faint");
}

// ---- side by side ----

/** From here on the outcome is told at length. */
const TALL = 18;

function beside(
  { left, right, scrolled, simulation, choice }: Compared,
  { difference, rows }: ComparisonScene,
  { width, height }: OverlayRoom,
): Line[] {
  const half = Math.floor((width - 3) / 2);
  const two = (a: Line, b: Line, mark: Line[number]): Line => [
    ...fitted(a, half),
    ...[span(" "), mark, span(" ")],
    ...cut(b, half),
  ];
  const bar = span("│", "frame");
  const [outcomeLeft, outcomeRight] = [outcomeOf(left, simulation.scenario), outcomeOf(right, simulation.scenario)];
  const outcome = outcomeLeft.map((each, index) => two(each, outcomeRight[index] ?? [], bar));
  const head = [two(nameLine(left), nameLine(right), bar), ...headOfDifference(difference, width, two)];
  const foot = [rule("outcome", width), ...outcome.slice(0, height < TALL ? 2 : undefined)];
  const space = Math.max(1, height - head.length - foot.length);
  const timeWidth = timeWidthOf(rows);
  const besides = `${choice.partition.topic}-${choice.partition.partition} on `;
  const body = rows.slice(0, space).map(({ left: a, right: b }) => {
    const isAlike = a !== undefined && b !== undefined;
    const drawn = two(
      momentLine(a, timeWidth, besides),
      momentLine(b, timeWidth, besides),
      isAlike ? span("=", "faint") : span("≠", "warning"),
    );
    return isAlike ? toned(drawn, "faint") : drawn;
  });
  const blank = Array.from({ length: Math.max(0, space - body.length) }, (_, index): Line => {
    return index === 0 ? line(scrolled > 0 || rows.length > 0 ? " the end" : " nothing to tell", "faint") : [];
  });
  return [...head, ...body, ...blank, ...foot];
}

function headOfDifference(
  difference: ComparisonScene["difference"],
  width: number,
  two: (a: Line, b: Line, mark: Line[number]) => Line,
): Line[] {
  if (difference === undefined) return [rule("no domain event differs", width)];
  const drawn = two(differenceLine(difference.left), differenceLine(difference.right), span("≠", "warning"));
  return [rule("first difference", width), drawn, rule("", width)];
}

function nameLine(branch: Branch): Line {
  return [span(printable(branch.name), "strong"), ...(branch.saved ? [] : [span("  not saved", "faint")])];
}

function timeWidthOf(rows: readonly ComparedRow[]): number {
  return Math.max(6, ...rows.map(({ left, right }) => Math.max(left?.time.length ?? 0, right?.time.length ?? 0)));
}

/** `besides`: what the title says already. */
function momentLine(moment: TimelineMoment | undefined, timeWidth: number, besides: string): Line {
  if (moment === undefined) return [];
  const { time, sign } = moment;
  const text = moment.text.startsWith(besides) ? moment.text.slice(besides.length) : moment.text;
  return [
    span(time.padStart(timeWidth), "faint"),
    span(` ${sign} `, SIGN_TONES[sign]),
    span(text, sign === "✗" ? "bad" : undefined),
  ];
}

function rule(name: string, width: number): Line {
  const words = name === "" ? "" : ` ${name} `;
  const drawn = [span("──", "frame"), span(words, "faint")];
  return [...drawn, span("─".repeat(Math.max(0, width - widthOf(drawn))), "frame")];
}

/** How it ends, what became of the records, and which promises were broken. */
function outcomeOf(branch: Branch, scenario: ScenarioSpec): Line[] {
  const { records, violated } = branch.ending;
  const { acknowledged, lost, legallyLost, duplicated, failed, delayed } = records;
  const others = [
    `${grouped(duplicated)} duplicated`,
    `${grouped(failed)} failed`,
    `${grouped(delayed)} delayed`,
    ...(legallyLost > 0 ? [`${grouped(legallyLost)} lost legally`] : []),
  ];
  return [
    endingLine(branch, scenario),
    [span(`${grouped(acknowledged)} acknowledged · `), span(`${grouped(lost)} lost`, lost > 0 ? "bad" : undefined)],
    line(others.join(" · ")),
    violated.length > 1 ? line(`broken: ${violated.join(", ")}`, "bad") : [],
  ];
}

// ---- one below the other ----

function stacked(
  { left, right, simulation, choice }: Compared,
  { difference, rows }: ComparisonScene,
  { width, height }: OverlayRoom,
): Line[] {
  const timeWidth = timeWidthOf(rows);
  const besides = `${choice.partition.topic}-${choice.partition.partition} on `;
  const sides = (["left", "right"] as const).map((side): { head: Line[]; moments: Line[]; foot: Line[] } => {
    const branch = side === "left" ? left : right;
    const own = rows.filter((row) => row[side] !== undefined);
    return {
      head: [
        rule(printable(branch.name), width),
        ...(difference === undefined ? [] : [[span("≠ ", "warning"), ...differenceLine(difference[side])]]),
      ],
      moments: own.map(({ left: a, right: b }): Line => {
        const isAlike = a !== undefined && b !== undefined;
        const drawn = [
          span(isAlike ? "= " : "≠ ", isAlike ? "faint" : "warning"),
          ...momentLine(side === "left" ? a : b, timeWidth, besides),
        ];
        return isAlike ? toned(drawn, "faint") : drawn;
      }),
      foot: outcomeOf(branch, simulation.scenario).slice(0, 2),
    };
  });
  const heights = [Math.ceil(height / 2), Math.floor(height / 2)];
  return sides.flatMap(({ head, moments, foot }, index) => {
    const all = heights[index] as number;
    const space = Math.max(0, all - head.length - foot.length);
    const shown = moments.slice(0, space);
    const left = moments.length - shown.length;
    if (left > 0 && space > 1) shown[space - 1] = line(`  … ${counted(left + 1, "line")} more`, "faint");
    const blank = Array.from({ length: space - shown.length }, (): Line => []);
    return [...head, ...shown, ...blank, ...foot].slice(0, all);
  });
}
