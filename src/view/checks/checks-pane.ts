/** The promises, live: those that are broken with the facts that contradict each other, those that will be, and all that hold. */

import { counted } from "../../report/numbers.ts";
import { cut, pad, toned, wrap } from "../fitting.ts";
import { columnsOf, type Line, line, span } from "../line.ts";
import type { Item, Pane, Room } from "../pane.ts";
import { lasting } from "../timeline/clock.ts";
import { type CheckedPromise, type ChecksScene, type HeldPromise, lookAtChecks } from "./checks-scene.ts";

export const checksPane: Pane<ChecksScene> = {
  id: "checks",
  name: "checks",
  scene: lookAtChecks,
  items: ({ broken, ahead, held }) => [
    ...[...broken, ...ahead].flatMap(itemsOf),
    ...held.map(({ name }): Item => ({ id: name, label: `${name} holds`, subject: { kind: "invariant", name } })),
  ],
  title: (scene) => [span("checks · "), ...countsOf(scene)],
  lines: linesOf,
  summary(scene) {
    const { broken, ahead } = scene;
    const named = [
      ...broken.map(({ name }) => `${name} broken`),
      ...ahead.map(({ name, awayUs }) => `${name} in ${lasting(awayUs)}`),
    ];
    return named.length === 0 ? countsOf(scene) : [...countsOf(scene), span(`: ${named.join(", ")}`)];
  },
};

function countsOf({ broken, ahead, held }: ChecksScene): Line {
  return [
    span(`✓ ${held.length}`, "good"),
    ...(broken.length === 0 ? [] : [span(` ✗ ${broken.length}`, "bad")]),
    ...(ahead.length === 0 ? [] : [span(` ✗ ${ahead.length} ahead`, "warning")]),
  ];
}

function itemsOf({ name, step, time, facts }: CheckedPromise): Item[] {
  return [
    { id: name, label: `${name}, broken at ${time} s`, subject: { kind: "moment", step } },
    ...facts.map(
      (fact, index): Item => ({
        id: `${name} fact ${index + 1}`,
        label: `fact ${index + 1}, ${fact.time} s  ${fact.text}`,
        subject: { kind: "moment", step: fact.step },
      }),
    ),
  ];
}

// ---- lines ----

/** A line, and what is selected when it is. */
interface Row {
  readonly id: string | undefined;
  readonly line: Line;
  /** Of so many promises that hold. */
  readonly held?: number;
}

function linesOf(scene: ChecksScene, room: Room): readonly Line[] {
  const { width, height } = room;
  if (width <= 0 || height <= 0) return [];
  const { broken, ahead, held } = scene;
  const rows = [
    ...broken.flatMap((check) => rowsOfBroken(check, room)),
    ...ahead.flatMap((check) => rowsOfAhead(check, room)),
    ...rowsOfHeld(held, room),
  ];
  return windowOf(rows, room);
}

function rowsOfBroken(check: CheckedPromise, room: Room): Row[] {
  const { name, time, awayUs, more } = check;
  const when = awayUs === 0 ? `broken here, at ${time} s` : `broken since ${time} s, for ${lasting(awayUs)}`;
  const head: Line = [span(`✗ ${name}`, "bad"), span(`  ${when}${andMore(more)}`)];
  return [headRow(check, head, room), ...wordsIfSelected(check, room), ...rowsOfFacts(check, room)];
}

function rowsOfAhead(check: CheckedPromise, room: Room): Row[] {
  const { name, awayUs, more } = check;
  const head = span(`✗ ${name} in ${lasting(awayUs)}`, "warning");
  const words = `  (here it still holds)${andMore(more)}`;
  const isRoomForAll = 1 + columnsOf(head.text + words) <= room.width;
  return [
    headRow(check, [head, span(isRoomForAll ? words : " (still holds)", "faint")], room),
    ...wordsIfSelected(check, room),
    // What is still to come is told to those who ask.
    ...(isWithin(room.selected, check.name) ? rowsOfFacts(check, room) : []),
  ];
}

function andMore(more: number): string {
  return more === 0 ? "" : `, and ${more} more`;
}

function isWithin(selected: string | undefined, name: string): boolean {
  return selected === name || selected?.startsWith(`${name} fact `) === true;
}

function headRow({ name }: HeldPromise, head: Line, room: Room): Row {
  return { id: name, line: marked(head, room.selected === name, room) };
}

/** The first column is for the mark of what is selected. */
function marked(words: Line, isSelected: boolean, { width, focused }: Room, mark = "▸"): Line {
  const whole = cut([isSelected ? span(mark, "selected") : span(" "), ...words], width);
  return isSelected && focused ? toned(pad(whole, width), "selected") : whole;
}

const INDENT = 3;
/** With so many lines, facts are told to their end; with fewer, the selected one. */
const ROOMY_LINES = 24;

function rowsOfFacts({ name, facts }: CheckedPromise, room: Room): Row[] {
  return facts.flatMap(({ time, text }, index) => {
    const id = `${name} fact ${index + 1}`;
    const head = `  fact ${index + 1}  ${time} s  `;
    const space = room.width - 1 - head.length;
    const isSelected = room.selected === id;
    if (!(isSelected || room.height >= ROOMY_LINES) || space < 10) {
      return [{ id, line: marked([span(head, "faint"), span(text)], isSelected, room) }];
    }
    return wrap([span(text)], space).map((each, row) => ({
      id,
      line: marked([span(row === 0 ? head : " ".repeat(head.length), "faint"), ...each], isSelected, room, row === 0 ? "▸" : " "),
    }));
  });
}

/** What was promised, and what has become of it. */
function wordsIfSelected(promise: HeldPromise | CheckedPromise, { selected, width }: Room): Row[] {
  const { name } = promise;
  if (!isWithin(selected, name)) return [];
  const told = [
    ...wrap([span(promise.promise), span(` (${promise.source})`, "faint")], width - INDENT),
    ...("message" in promise ? wrap([span(promise.message)], width - INDENT) : []),
  ];
  return told.map((each) => ({ id: name, line: cut([span(" ".repeat(INDENT)), ...each], width) }));
}

const GAP = 2;
/** `▸✓ `, or blanks instead. */
const MARKS = 3;

/** In as many columns as fit; the selected one is told below its line. */
function rowsOfHeld(held: readonly HeldPromise[], room: Room): Row[] {
  const chosen = held.find(({ name }) => name === room.selected);
  const words = chosen === undefined ? [] : wordsIfSelected(chosen, room);
  const widths = columnWidths(held, room.width);
  const rows: Row[] = [];
  for (let first = 0; first < held.length; first += widths.length) {
    const among = held.slice(first, first + widths.length);
    const cells = among.map(({ name }, column) => pad(drawHeld(name, room), (widths[column] as number) + GAP));
    const isChosen = chosen !== undefined && among.includes(chosen);
    rows.push({ id: isChosen ? chosen.name : undefined, line: cut(trimEnd(cells.flat()), room.width), held: among.length });
    if (isChosen) rows.push(...words);
  }
  return rows;
}

function drawHeld(name: string, { selected, focused }: Room): Line {
  const isSelected = name === selected;
  return [
    isSelected ? span("▸", "selected") : span(" "),
    span("✓", "good"),
    span(` ${name}`, isSelected && focused ? "selected" : undefined),
  ];
}

/** As many as fit, each as wide as its widest name. */
function columnWidths(held: readonly HeldPromise[], width: number): readonly number[] {
  const cells = held.map(({ name }) => columnsOf(name) + MARKS);
  for (let columns = Math.floor((width + GAP) / (Math.min(...cells) + GAP)); columns > 1; columns--) {
    const widths = Array.from({ length: columns }, () => 0);
    for (let index = 0; index < cells.length; index++) {
      widths[index % columns] = Math.max(widths[index % columns] as number, cells[index] as number);
    }
    if (widths.reduce((sum, each) => sum + each + GAP, -GAP) <= width) return widths;
  }
  return [width];
}

function trimEnd(drawn: Line): Line {
  const last = drawn.at(-1);
  return last !== undefined && last.text.trim() === "" ? drawn.slice(0, -1) : drawn;
}

/** From the top, unless what is selected lies below; what is left out is counted. */
function windowOf(rows: readonly Row[], { selected, width, height }: Room): readonly Line[] {
  if (rows.length <= height) return rows.map((row) => row.line);
  const wanted = rows.findIndex(({ id }) => id !== undefined && id === selected);
  const end = rows.findLastIndex(({ id }) => id === selected) + 1;
  // The last line tells what is below it.
  const room = Math.max(1, height - 1);
  const first = wanted < 0 || end <= room ? 0 : Math.min(wanted, rows.length - room, Math.max(0, end - room));
  const shown = rows.slice(first, first + room).map((row) => row.line);
  if (height === 1) return shown;
  return [...shown, cut(leftOut(first, rows.slice(first + room)), width)];
}

function leftOut(above: number, below: readonly Row[]): Line {
  const held = below.reduce((sum, row) => sum + (row.held ?? 0), 0);
  const others = below.filter((row) => row.held === undefined).length;
  const parts = [
    ...(above > 0 ? [`↑ ${counted(above, "line")}`] : []),
    ...(others > 0 ? [`↓ ${counted(others, "line")}`] : []),
    ...(held > 0 ? [`✓ ${held} more hold`] : []),
  ];
  return line(` ${parts.join(", ")}`, "faint");
}
