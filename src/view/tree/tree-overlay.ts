/** The tree of branches: where each parts from its parent, how it ends, and what is the first thing in it that is not as in its parent. */
import { describeEvent } from "../../kafka/event-words.ts";
import type { KafkaEvent } from "../../kafka/events.ts";
import { printable } from "../../report/printable.ts";
import type { ScenarioSpec } from "../../scenario/spec.ts";
import type { NodeEvent } from "../../sim/node-events.ts";
import type { Branch } from "../../walk/branch.ts";
import type { Tape } from "../../walk/tape.ts";
import { firstDifference } from "../comparison/first-difference.ts";
import { cut, fitted, fittedRight, pad, toned, wrap } from "../fitting.ts";
import type { Frame } from "../frame.ts";
import { columnsOf, type Line, line, span, widthOf } from "../line.ts";
import type { Overlay, OverlayRoom } from "../overlays/overlay.ts";
import { clock } from "../timeline/clock.ts";
import { mainViolation } from "../violation.ts";
import { type Twig, twigsOf } from "./branch-order.ts";
import { endingLine } from "./ending.ts";

/** Branches in the order in which the tree shows them. */
export function treeOrder(branches: readonly Branch[]): Branch[] {
  return twigsOf(branches).map(({ branch }) => branch);
}

export function treeOverlay(frame: TreeFacts, chosen: Branch): Overlay {
  return { size: "page", title: line("branches", "title"), lines: (room) => treeLines(frame, chosen, room) };
}

export type TreeFacts = Pick<Frame, "branch" | "branches" | "position" | "simulation">;

/**
 * The event in words with its time; where the branch only lacks something, that.
 * @internal
 */
export function firstDifferenceInWords(branch: Branch): string | undefined {
  const { parent, tape, partsAt } = branch;
  if (parent === undefined) return undefined;
  const difference = firstDifference(parent.tape, tape, partsAt);
  if (difference === undefined) return "no domain event differs from its parent's";
  const theirs = timedWords(parent.tape, difference.a, branch);
  const own = timedWords(tape, difference.b, branch);
  if (own === undefined || (theirs !== undefined && theirs.timeUs < own.timeUs))
    return `first difference: ${theirs?.time} s, not here: ${theirs?.words}`;
  return `first difference: ${own.time} s, ${own.words}`;
}

function timedWords(
  tape: Tape,
  index: number,
  branch: Branch,
): { readonly timeUs: number; readonly time: string; readonly words: string } | undefined {
  const found = tape.events[index];
  if (found === undefined) return undefined;
  const timeUs = tape.timeOf(found.step);
  return { timeUs, time: clock(timeUs, branch), words: printable(describeEvent(found.event as KafkaEvent | NodeEvent)) };
}

function treeLines(
  { branch: here, branches, position, simulation }: TreeFacts,
  chosen: Branch,
  room: OverlayRoom,
): readonly Line[] {
  const { width, height } = room;
  if (width <= 0 || height <= 0) return [];
  const twigs = twigsOf(branches);
  const names = Math.max(...twigs.map(({ stem, branch }) => columnsOf(stem + printable(branch.name))));
  const endUs = Math.max(...branches.map(({ ending }) => ending.timeUs - ending.readyAt), 1);
  const { scenario } = simulation;
  const layout = {
    ...{ width, endUs, scenario },
    names: Math.min(names, Math.max(8, Math.floor(width * 0.4))),
    endings: Math.max(...branches.map((branch) => widthOf(endingOf(branch, scenario)))),
  };
  const blocks = twigs.map((twig) => {
    const isHere = twig.branch === here;
    return blockOf(twig, { ...layout, isHere, isChosen: twig.branch === chosen, position: isHere ? position : undefined });
  });
  const wanted = Math.max(
    0,
    twigs.findIndex(({ branch }) => branch === chosen),
  );
  const body = inView(blocks, wanted, Math.max(1, height - 2));
  return (height > body.length + 1 ? [...body, [], cut(KEYS, width)] : [...body, cut(KEYS, width)]).slice(0, height);
}

interface BlockLayout {
  readonly width: number;
  readonly names: number;
  /** Columns of the longest ending. */
  readonly endings: number;
  readonly endUs: number;
  readonly scenario: ScenarioSpec;
  readonly isHere: boolean;
  readonly isChosen: boolean;
  /** Where one stands, if on this branch. */
  readonly position: number | undefined;
}

/** From here on there is a bar. */
const BAR_WIDTH_MIN = 8;
const BAR_WIDTH_MAX = 40;

function blockOf({ branch, stem, under }: Twig, layout: BlockLayout): readonly Line[] {
  const { width, names, endings, isHere, isChosen, scenario } = layout;
  const partedUs = branch.parent === undefined ? branch.ending.readyAt : branch.tape.timeOf(branch.partsAt);
  const time = `${clock(partedUs, branch)} s`;
  const ending = endingOf(branch, scenario);
  const left: Line = [
    span(isChosen ? "▸" : " ", "selected"),
    span(isHere ? "▶" : " ", "current"),
    ...fitted([span(stem, "frame"), span(printable(branch.name), isHere ? "current" : undefined)], names),
    ...fittedRight([span(time, "faint")], Math.max(10, time.length + 1)),
    span(" "),
  ];
  const barWidth = Math.min(BAR_WIDTH_MAX, width - widthOf(left) - endings - 1);
  const bar: Line = barWidth < BAR_WIDTH_MIN ? [] : [...barOf(branch, partedUs, barWidth, layout), span(" ")];
  const head = cut([...left, ...bar, ...ending], width);
  const difference = firstDifferenceInWords(branch);
  return [
    isChosen ? toned(pad(head, width), "selected") : head,
    ...(difference === undefined ? [] : differenceLines(difference, `  ${under}`, isChosen, width)),
  ];
}

function endingOf(branch: Branch, scenario: ScenarioSpec): Line {
  return [...endingLine(branch, scenario), ...(branch.saved ? [] : [span("  not saved", "faint")])];
}

function differenceLines(difference: string, under: string, isChosen: boolean, width: number): readonly Line[] {
  const words = line(difference);
  const indent = columnsOf(under);
  const told = isChosen && indent + 20 <= width ? wrap(words, width - indent, 2).slice(0, 3) : [words];
  return told.map((each) => cut([span(under, "frame"), ...each], width));
}

/** The run's time from left to right: where it parts, where it breaks a promise, where one stands. */
function barOf(branch: Branch, partedUs: number, width: number, { endUs, position, scenario }: BlockLayout): Line {
  const { tape, ending } = branch;
  const columnOf = (timeUs: number): number => {
    const share = (timeUs - ending.readyAt) / endUs;
    return Math.max(0, Math.min(width - 1, Math.floor(share * (width - 1))));
  };
  const [from, to] = [columnOf(partedUs), columnOf(ending.timeUs)];
  const cells = Array.from({ length: width }, (_, column): string => (column < from || column > to ? " " : "─"));
  const broken = mainViolation(tape, scenario);
  if (broken !== undefined) cells[columnOf(broken.timeUs)] = "✗";
  if (position !== undefined) cells[columnOf(position === 0 ? 0 : tape.timeOf(position))] = "▶";
  return [span(cells.join(""), "frame")];
}

function inView(blocks: readonly (readonly Line[])[], wanted: number, height: number): readonly Line[] {
  const before = blocks.slice(0, wanted).reduce((sum, block) => sum + block.length, 0);
  const all = blocks.flat();
  const own = blocks[wanted]?.length ?? 0;
  const first = Math.max(0, Math.min(before - (Math.max(0, height - own) >> 1), all.length - height));
  return all.slice(first, first + height);
}

const KEYS: Line = [
  ...[span("↑↓", "key"), span(" choose  ", "faint"), span("Enter", "key"), span(" go there  ", "faint")],
  ...[span("m", "key"), span(" compare  ", "faint"), span("S", "key"), span(" save  ", "faint")],
  ...[span("d", "key"), span(" prune  ", "faint"), span("Esc", "key"), span(" close", "faint")],
];
