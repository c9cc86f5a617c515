/** What happened and what will, as a list with the current moment in its middle. */
import { partitionName } from "../../kafka/ids.ts";
import { grouped } from "../../report/numbers.ts";
import { printable } from "../../report/printable.ts";
import { cut, highlight, pad, spread, toned, wrap } from "../fitting.ts";
import type { Frame } from "../frame.ts";
import { columnsOf, type Line, line, span, type Tone } from "../line.ts";
import type { Item, Pane, Room } from "../pane.ts";
import type { TimelineDetail } from "../view-state.ts";
import { clock } from "./clock.ts";
import { entriesOf } from "./entries.ts";
import { entryOfId, momentOf, type TimelineMoment } from "./moment.ts";
import { describeStep } from "./step-words.ts";
import { SIGN_TONES } from "./told.ts";

export interface TimelineScene {
  readonly detail: TimelineDetail;
  /** `orders-0`. */
  readonly partition: string;
  readonly search: string | undefined;
  /** Entries in all, and those of them that are over. */
  readonly count: number;
  readonly past: number;
  /** Those about the selected one, or else about the current moment; the first is the `from`th of all. */
  readonly moments: readonly TimelineMoment[];
  readonly from: number;
  readonly here: { readonly step: number; readonly time: string; readonly words: string };
}

/** So many entries to either side are looked up: more than a screen has lines. */
const AROUND = 120;

export const timelinePane: Pane<TimelineScene> = {
  id: "timeline",
  name: "timeline",
  scene: sceneOf,
  items: ({ moments }) => moments.map(itemOf),
  title({ detail, partition, search, past, count }) {
    const what = { story: "story", partition, everything: "everything" }[detail];
    const sought = search === undefined || search === "" ? "" : ` · /${printable(search)}`;
    return line(`timeline · ${what} · ${grouped(past)} of ${grouped(count)}${sought}`);
  },
  lines: (scene, room) => linesOf(scene, room),
  summary(scene) {
    const { moments, from, past, here, count } = scene;
    const last = moments[past - 1 - from];
    const next = moments[past - from];
    const words = (moment: TimelineMoment): string =>
      `${moment.time} ${moment.sign === " " ? "" : `${moment.sign} `}${moment.text}`;
    if (count === 0) return line("timeline: nothing to tell", "faint");
    return [
      span(last === undefined ? `▶ ${here.time} nothing yet` : `▶ ${words(last)}`),
      ...(next === undefined ? [span(" · the end", "faint")] : [span(` · next ${words(next)}`, "faint")]),
    ];
  },
};

function sceneOf(frame: Frame): TimelineScene {
  const { tape, position, branch, choice, simulation } = frame;
  const entries = entriesOf(frame);
  const past = entries.upTo(position);
  const selected = entryOfId(choice.selected.timeline);
  const centre = (selected && entries.find(selected)) ?? past;
  const from = Math.max(0, centre - AROUND);
  const moments: TimelineMoment[] = [];
  for (let place = from; place < Math.min(entries.count, centre + AROUND); place++) {
    moments.push(momentOf(entries.at(place), branch, simulation.scenario));
  }
  return {
    detail: choice.detail,
    partition: partitionName(choice.partition.topic, choice.partition.partition),
    search: choice.search,
    count: entries.count,
    past,
    moments,
    from,
    here: {
      step: position,
      time: clock(tape.timeOf(position), branch),
      words: position === 0 ? "before the first step" : describeStep(tape, position),
    },
  };
}

function itemOf({ id, time, text, step }: TimelineMoment): Item {
  return { id, label: `${time} s  ${text}`, subject: { kind: "moment", step } };
}

// ---- lines ----

function linesOf(scene: TimelineScene, room: Room): readonly Line[] {
  if (room.width <= 0 || room.height <= 0) return [];
  const { moments, past, from } = scene;
  const now = past - from;
  const selected = moments.findIndex(({ id }) => id === room.selected);
  // Rows: the entries, and between past and future the line that parts them.
  const rows = moments.length + 1;
  const rowOf = (entry: number): number => (entry < now ? entry : entry + 1);
  const half = Math.floor((room.height - 1) / 2);
  let first = clamp(now - half, 0, rows - room.height);
  const wanted = selected < 0 ? now : rowOf(selected);
  // What is selected is in view, in the middle if one would have to scroll for it.
  if (wanted < first || wanted >= first + room.height) first = clamp(wanted - half, 0, rows - room.height);
  const timeWidth = Math.max(6, ...moments.map(({ time }) => time.length));
  const lines: Line[] = [];
  for (let row = first; row < Math.min(rows, first + room.height); row++) {
    const entry = row < now ? row : row - 1;
    const moment = moments[entry];
    if (row === now) lines.push(partingLine(scene, moments[now - 1]?.step === scene.here.step, room.width));
    else if (moment !== undefined) {
      const isSelected = entry === selected;
      const last = row === first || row - 1 === now ? undefined : moments[entry - 1];
      const drawn = drawMoment(scene, moment, {
        isFuture: row > now,
        isSelected,
        timeWidth,
        isTimeKnown: last?.time === moment.time,
      });
      const isWhole = isSelected || (selected < 0 && isBrokenHere(moment, scene) && room.height >= ROOMY_LINES);
      lines.push(...fitted(drawn, moment, { isSelected, isWhole }, room, scene.search));
    }
  }
  return keepInView(lines, first, wanted, room.height);
}

interface Drawing {
  readonly isFuture: boolean;
  readonly isSelected: boolean;
  readonly timeWidth: number;
  /** Whether the line above has the same time. */
  readonly isTimeKnown: boolean;
}

function drawMoment({ here, search }: TimelineScene, moment: TimelineMoment, drawing: Drawing): Line {
  const { time, sign, text, step, node } = moment;
  const { isFuture, isSelected, timeWidth, isTimeKnown } = drawing;
  const isCurrent = step === here.step;
  const tone: Tone | undefined = isFuture ? "faint" : isCurrent ? "current" : undefined;
  const found = search !== undefined && search !== "" && `${text} ${node ?? ""}`.toLowerCase().includes(search.toLowerCase());
  const gutter = isSelected ? span("▸", "selected") : found ? span("*", "fresh") : span(" ");
  return [
    gutter,
    isCurrent ? span("▶", "current") : span(" "),
    span((isTimeKnown && !isSelected ? "" : time).padStart(timeWidth), isCurrent ? "current" : "faint"),
    span(` ${sign} `, SIGN_TONES[sign]),
    span(text, sign === "✗" && !isFuture ? "bad" : tone),
  ];
}

/** With so many lines, what breaks where one stands is told to its end. */
const ROOMY_LINES = 10;

function isBrokenHere({ sign, step }: TimelineMoment, { here }: TimelineScene): boolean {
  return sign === "✗" && step === here.step;
}

interface Fitting {
  readonly isSelected: boolean;
  /** It may take several lines. */
  readonly isWhole: boolean;
}

function fitted(drawn: Line, { node }: TimelineMoment, how: Fitting, room: Room, search: string | undefined): Line[] {
  const { width } = room;
  const { isSelected, isWhole } = how;
  const shown = (each: Line): Line => (isSelected ? mark(each, room) : cut(each, width));
  const marked = search === undefined ? drawn : [...drawn.slice(0, 4), ...highlight(drawn.slice(4), search, "fresh")];
  const reporter: Line = node === undefined ? [] : [span(node, "faint")];
  if (isWhole) {
    const indent = columnsOf(
      drawn
        .slice(0, 4)
        .map(({ text }) => text)
        .join(""),
    );
    const words: Line = node === undefined ? marked.slice(4) : [...marked.slice(4), span(`  ${node}`, "faint")];
    if (indent + 10 > width) return [shown(cut(marked, width))];
    return wrap(words, width - indent)
      .slice(0, SELECTED_LINES_MAX)
      .map((each, index) => shown([...(index === 0 ? marked.slice(0, 4) : [span(" ".repeat(indent))]), ...each]));
  }
  const isRoomForNode = node !== undefined && width >= 44;
  return [isRoomForNode ? spread(marked, reporter, width) : cut(marked, width)];
}

const SELECTED_LINES_MAX = 4;

/** Where the keys go, what they would act on stands out. */
function mark(drawn: Line, { focused, width }: Room): Line {
  return focused ? toned(pad(cut(drawn, width), width), "selected") : cut(drawn, width);
}

function partingLine({ here }: TimelineScene, isToldAbove: boolean, width: number): Line {
  const words = ` ${here.time} s · step ${grouped(here.step)} · ${printable(here.words)} `;
  const drawn = cut([span(isToldAbove ? "──" : "─▶", isToldAbove ? "frame" : "current"), span(words, "current")], width);
  const left = width - drawn.reduce((sum, { text }) => sum + columnsOf(text), 0);
  return left <= 0 ? drawn : [...drawn, span("─".repeat(left), "frame")];
}

/** A selected one that takes several lines pushes others out: below it, unless it would go itself. */
function keepInView(lines: readonly Line[], first: number, wanted: number, height: number): readonly Line[] {
  const surplus = lines.length - height;
  if (surplus <= 0) return lines;
  const above = Math.min(surplus, Math.max(0, wanted - first + 1 + surplus - height));
  return lines.slice(above, above + height);
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high));
}
