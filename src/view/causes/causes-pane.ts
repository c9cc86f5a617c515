/** The causes of what is selected, the latest first. Every line is a place to go to. */
import { counted } from "../../report/numbers.ts";
import { cut, pad, toned, wrap } from "../fitting.ts";
import { columnsOf, type Line, line, span, type Tone } from "../line.ts";
import type { Item, Pane, Room } from "../pane.ts";
import { type CauseKind, type CauseRow, type CausesScene, lookAtCauses } from "./causes-scene.ts";

export const causesPane: Pane<CausesScene> = {
  id: "causes",
  name: "causes",
  scene: lookAtCauses,
  items: ({ rows }) => rows.flatMap(itemsOf),
  title: ({ of, isSelected }) => [span("causes · "), span(isSelected ? "of the selected: " : "", "faint"), span(of)],
  lines: linesOf,
  summary({ of, rows }) {
    const first = rows.find(({ kind }) => kind === "because") ?? rows.find(({ kind }) => kind === "came");
    if (first === undefined) return line(`causes: none of ${of}`, "faint");
    const words: Line = [span("← ", "faint"), span(`${first.time} s  ${first.text}`)];
    return first.text.startsWith(of) ? words : [span(`${of} `), ...words];
  },
};

function itemsOf({ id, step, time, text }: CauseRow): Item[] {
  return step === undefined ? [] : [{ id, label: `${time} s  ${text}`, subject: { kind: "moment", step } }];
}

/** How a line begins: what it is, told without colour. */
const SIGNS: Readonly<Record<CauseKind, string>> = { what: " ", fact: "≠", because: " ", came: "←", end: " " };
const TONES: Readonly<Record<CauseKind, Tone | undefined>> = {
  what: "strong",
  fact: "warning",
  because: undefined,
  came: "faint",
  end: "faint",
};

function linesOf({ rows, of }: CausesScene, room: Room): readonly Line[] {
  const { width, height, selected } = room;
  if (width <= 0 || height <= 0) return [];
  if (rows.length === 0) return [cut(line(` nothing has led to ${of}`, "faint"), width)];
  const timeWidth = Math.max(...rows.map(({ time }) => time.length));
  const whole = rows.flatMap((row, index) => draw(row, rows[index - 1], timeWidth, room, true));
  if (whole.length <= height) return whole.map((each) => each.line);
  const drawn = rows.flatMap((row, index) => draw(row, rows[index - 1], timeWidth, room, false));
  if (drawn.length <= height) return drawn.map((each) => each.line);
  const wanted = drawn.findIndex(({ id }) => id === selected);
  const space = Math.max(1, height - 1);
  const first = wanted < 0 ? 0 : Math.max(0, Math.min(wanted - (space >> 1), drawn.length - space));
  const shown = drawn.slice(first, first + space).map((each) => each.line);
  const below = drawn.length - first - space;
  if (height === 1) return shown;
  const above = first > 0 ? `↑ ${counted(first, "line")}  ` : "";
  return [...shown, cut(line(` ${above}${below > 0 ? `↓ ${counted(below, "line")} further back` : ""}`, "faint"), width)];
}

function draw(
  row: CauseRow,
  before: CauseRow | undefined,
  timeWidth: number,
  { width, selected, focused }: Room,
  isWhole: boolean,
): { readonly id: string; readonly line: Line }[] {
  const { id, kind, time, text } = row;
  const isSelected = id === selected;
  const isSameMoment = before !== undefined && before.time === time && before.step === row.step && !isSelected;
  const head: Line = [
    isSelected ? span("▸", "selected") : span(" "),
    span((isSameMoment ? "" : time).padStart(timeWidth), "faint"),
    span(` ${SIGNS[kind]} `, kind === "fact" ? "warning" : "faint"),
  ];
  const words = line(text, TONES[kind]);
  const indent = columnsOf(head.map((each) => each.text).join(""));
  if ((!isSelected && !isWhole) || indent + 10 > width)
    return [{ id, line: marked(cut([...head, ...words], width), isSelected && focused, width) }];
  return wrap(words, width - indent).map((each, nth) => ({
    id,
    line: marked(cut(nth === 0 ? [...head, ...each] : [span(" ".repeat(indent)), ...each], width), isSelected && focused, width),
  }));
}

function marked(drawn: Line, isMarked: boolean, width: number): Line {
  return isMarked ? toned(pad(drawn, width), "selected") : drawn;
}
