/** The lanes in lines of text. Pure. */

import { printable } from "../../report/printable.ts";
import { cut, fitted } from "../fitting.ts";
import { type Line, line, type Span, span, type Tone, widthOf } from "../line.ts";
import type { Room } from "../pane.ts";
import { type Axis, axisLine, axisOf } from "./axis.ts";
import { cellsOf } from "./cells.ts";
import { rangeWords } from "./lane-words.ts";
import { BETWEEN_WORDS, type LanesLayout, layoutOf, wordsShown } from "./layout.ts";
import type { CommittedState, Lane, LanesScene, Role, ServerCondition } from "./scene.ts";

const SELECTED = "▸";
/** For whoever sees lanes for the first time; where a row is left over. */
const LEGEND = " higher cells: a newer epoch · ⣀ not on disk · ┃ HW · ┊ another's · │ log end";

interface Drawing {
  readonly scene: LanesScene;
  readonly state: CommittedState;
  readonly room: Room;
  readonly layout: LanesLayout;
  readonly axis: Axis;
}

export function laneLines(scene: LanesScene, room: Room): readonly Line[] {
  if (room.height <= 0 || room.width <= 0) return [];
  const { state, name, absence } = scene;
  if (state === undefined) return [cut(line(` ${name}: ${absence}`, "faint"), room.width)];
  const layout = layoutOf(scene, room);
  const drawing: Drawing = { scene, state, room, layout, axis: axisOf(scene, layout.cells) };
  const lines: Line[] = [];
  if (layout.hasFacts) lines.push(factsLine(drawing));
  if (layout.hasAxis) lines.push([span(" ".repeat(layout.labelWidth)), ...axisLine(drawing.axis)]);
  layout.lanes.forEach((lane, index) => {
    if (index > 0 && layout.hasGaps) lines.push([]);
    lines.push(...linesOf(lane, drawing));
  });
  if (layout.lanesLeftOut > 0) lines.push(line(leftOutText(drawing), "faint"));
  if (layout.hasLosses) lines.push(lossesLine(drawing));
  if (lines.length < room.height) lines.push(line(LEGEND, "faint"));
  return lines.slice(0, room.height).map((each) => cut(each, room.width));
}

function linesOf(lane: Lane, drawing: Drawing): readonly Line[] {
  const { layout, axis, scene } = drawing;
  const numbers = numbersOf(lane, drawing);
  const words = wordsOf(lane, drawing);
  if (layout.rowsPerLane === 1) {
    return [
      [
        ...labelOf(lane, drawing),
        ...cellsOf(lane, axis, "only", scene.losses),
        ...numbers,
        ...(words.length > 0 ? [span("  "), ...words] : []),
      ],
    ];
  }
  return [
    [span(" ".repeat(layout.labelWidth)), ...cellsOf(lane, axis, "upper", scene.losses), ...numbers],
    [...labelOf(lane, drawing), ...cellsOf(lane, axis, "lower", scene.losses), span(" "), ...words],
  ];
}

const ROLE_MARKS: Readonly<Record<Role, string>> = { leader: "★", former: "☆", named: " ", follower: " ", none: " " };
const CONDITION_MARKS: Readonly<Partial<Record<ServerCondition, string>>> = {
  down: "✖",
  "without power": "✖",
  paused: "‖",
};

function labelOf({ node, role, condition }: Lane, { layout, room }: Drawing): readonly Span[] {
  const isSelected = room.selected === node;
  const mark = CONDITION_MARKS[condition] ?? ROLE_MARKS[role];
  const tone: Tone = role === "leader" ? "strong" : condition === "running" ? "plain" : "faint";
  const name = fitted([span(printable(node), isSelected ? "selected" : tone)], layout.nameWidth);
  return [span(isSelected ? SELECTED : " ", "selected"), ...name, span(` ${mark} `, tone)];
}

function numbersOf(
  { node, logEnd, highWatermark, appended, truncated, highWatermarkMoved }: Lane,
  { layout, room }: Drawing,
): readonly Span[] {
  const number = (what: string, id: string, value: number, changed: Tone | undefined): readonly Span[] => {
    const isSelected = room.selected === `${node} ${id}`;
    return [
      span(isSelected ? SELECTED : " ", "selected"),
      span(`${what} `, isSelected ? "selected" : "faint"),
      span(String(value).padEnd(layout.digits), isSelected ? "selected" : (changed ?? "plain")),
    ];
  };
  const endChanged = truncated !== undefined ? "bad" : appended !== undefined ? "fresh" : undefined;
  return [
    ...number("LEO", "log end", logEnd, endChanged),
    span(" "),
    ...number("HW", "high watermark", highWatermark, highWatermarkMoved ? "fresh" : undefined),
  ];
}

/** All of it, or in short as much of it as fits. */
function wordsOf(lane: Lane, { state, room, layout }: Drawing): Line {
  const shown = wordsShown(lane, state, room);
  const whole = wordsLine(shown);
  if (widthOf(whole) <= layout.wordsWidth) return whole;
  const short = shown.map(({ short: text, tone }) => ({ text, tone }));
  for (let count = short.length; count > 0; count--) {
    const part = wordsLine(short.slice(0, count));
    const left = layout.wordsWidth - widthOf(part);
    if (left >= 0) return count < short.length && left >= 2 ? [...part, span(" …", "faint")] : part;
  }
  return cut(wordsLine(short), layout.wordsWidth);
}

function wordsLine(words: readonly { readonly text: string; readonly tone: Tone | undefined }[]): Line {
  return words.flatMap(({ text, tone }, index) => [...(index > 0 ? [span(BETWEEN_WORDS, "faint")] : []), span(text, tone)]);
}

function factsLine({ state, room }: Drawing): Line {
  const fact = (id: string, value: string): readonly Span[] => {
    const isSelected = room.selected === id;
    return [span(isSelected ? SELECTED : " ", "selected"), span(`${id} ${value}`, isSelected ? "selected" : "plain"), span("  ")];
  };
  return [
    ...fact("leader", state.leaderName ?? "none"),
    ...fact("ISR", state.isr.join(" ") || "∅"),
    ...fact("leader epoch", String(state.leaderEpoch)),
  ];
}

function leftOutText({ layout, scene }: Drawing): string {
  const names = scene.lanes.filter((lane) => !layout.lanes.includes(lane)).map(({ node }) => node);
  return ` … ${layout.lanesLeftOut} more: ${names.join(" ")}`;
}

/** What had been acknowledged and no electable replica has any more: above all else. */
function lossesLine({ scene, layout, axis, room }: Drawing): Line {
  const { losses } = scene;
  const cells = axis.slots
    .map((slot) => (slot.kind === "cell" && losses.some(({ from, to }) => slot.from < to && slot.to > from) ? "✗" : " "))
    .join("");
  const count = losses.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  const ranges = losses.map(rangeWords).join(" ");
  const text = `${count} acknowledged ${count === 1 ? "record" : "records"} lost: ${ranges}`;
  const label = " ✗ lost".padEnd(layout.labelWidth);
  if (layout.labelWidth + layout.cells + text.length > room.width || cells.trim() === "") return [span(` ✗ ${text}`, "bad")];
  return [span(label + cells, "bad"), span(` ${text}`, losses.some(({ isFresh }) => isFresh) ? "bad" : "warning")];
}
