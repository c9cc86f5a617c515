/** `kafka-sim show`: the screen of a walk, printed once; or a walk over the whole story, as a recording. */
import { grouped } from "../report/numbers.ts";
import { printable } from "../report/printable.ts";
import { writeBranchFile } from "../scenario/branch-file.ts";
import { nearest } from "../scenario/nearest.ts";
import { argumentError } from "../scenario/scenario-error.ts";
import { asciicast } from "../view/asciicast.ts";
import { parseDestination } from "../view/destination.ts";
import { frameOf } from "../view/frame.ts";
import { lookAt } from "../view/look.ts";
import { openingView } from "../view/opening.ts";
import { type ColourDepth, depthOf, Palette, paintLine } from "../view/palette.ts";
import { PANE_IDS, type PaneId } from "../view/pane.ts";
import { PANES } from "../view/panes.ts";
import { footLine } from "../view/screen/bottom-line.ts";
import { SMALLEST } from "../view/screen/layout.ts";
import { composeScreen, type Size, screenOf } from "../view/screen/screen.ts";
import { storyStills } from "../view/story-stills.ts";
import type { TimelineDetail, ViewState } from "../view/view-state.ts";
import { mainViolation } from "../view/violation.ts";
import { complete } from "../walk/journey.ts";
import { Walk, type WalkOptions } from "../walk/walk.ts";
import { type ChoosingFlags, chosenRun } from "./chosen-run.ts";
import { EXIT } from "./errors.ts";
import { print, shellWord, usesColour } from "./options.ts";
import { shortName } from "./scenario-files.ts";

export interface ShowFlags extends ChoosingFlags {
  readonly at?: string;
  readonly size?: string;
  readonly pane?: string;
  readonly detail?: string;
  readonly asciicast?: string;
  readonly speed?: string;
}

/** Where nobody says how much room there is. */
const SIZE_BY_DEFAULT: Size = { width: 120, height: 36 };
const SIZE_MAX = 1_000;
const DETAILS: readonly TimelineDetail[] = ["story", "partition", "everything"];

/** Returns the exit status. Throws ScenarioError for unusable input, before anything is written. */
export function showCommand(path: string, flags: ShowFlags): number {
  const size = sizeOf(flags.size);
  const [pane, detail] = [paneOf(flags.pane), detailOf(flags.detail)];
  const speed = speedOf(flags);
  if (flags.asciicast !== undefined && flags.at !== undefined) {
    throw argumentError("--at", flags.at, "a recording walks over the whole story", "leave out --at or --asciicast");
  }
  const run = chosenRun("show", path, flags);
  const walk = complete(Walk.open(run));
  const opened = openingView(walk);
  const view: ViewState = {
    ...opened,
    choice: { ...opened.choice, detail: detail ?? opened.choice.detail },
    focus: pane ?? opened.focus,
    enlarged: pane,
  };
  if (flags.asciicast !== undefined)
    return recordWalk(flags.asciicast, { walk, view, size, speed, command: stepCommand(run, flags) });
  complete(walk.goTo(destinationOf(walk, flags.at)));
  const frame = frameOf(walk, view.choice);
  const command = `${stepCommand(run, flags)} --at ${walk.position}`;
  const extras = {
    seed: walk.seed,
    side: walk.side.label,
    speed: undefined,
    bottom: (width: number) => footLine(command, width),
  };
  const screen = screenOf(frame, lookAt(frame, PANES), view, extras, size);
  const palette = new Palette(depthOfOutput());
  print(composeScreen(screen).map((line) => paintLine(line, palette).trimEnd()));
  return EXIT.asExpected;
}

/** Where something breaks, unless somebody says where; the start where nothing does. */
function destinationOf(walk: Walk, at: string | undefined): number {
  if (at === undefined) return mainViolation(walk.branch.tape, walk.side.scenario)?.step ?? walk.start;
  const place = parseDestination(at, walk);
  if (place.ok) return place.value;
  throw argumentError("--at", at, place.message, place.hint);
}

function stepCommand({ source }: WalkOptions, { seed, side, set }: ShowFlags): string {
  const options = [
    ...set.map((each) => `--set ${shellWord(each)}`),
    ...(seed === undefined ? [] : [`--seed ${seed}`]),
    ...(side === undefined ? [] : [`--side ${side}`]),
  ];
  return ["kafka-sim step", shellWord(shortName(source?.file ?? "")), ...options].join(" ");
}

/** As Paint has it: no terminal, or NO_COLOR, no escape code at all. */
function depthOfOutput(): ColourDepth {
  const isTerminal = process.stdout.isTTY === true;
  if (!usesColour(isTerminal)) return "text";
  return depthOf(process.env, isTerminal);
}

// ---- recordings ----

function recordWalk(path: string, options: Parameters<typeof storyStills>[0]): number {
  const { walk, size } = options;
  const title = `${printable(walk.side.scenario.name)} · seed ${walk.seed}`;
  const palette = new Palette((process.env.NO_COLOR ?? "") === "" ? "256" : "mono");
  const lines = [...asciicast(storyStills(options), { title, palette, ...size })];
  writeBranchFile(path, `${lines.join("\n")}\n`, true, "--asciicast");
  print([`${path}: ${grouped(lines.length - 2)} screens`]);
  return EXIT.asExpected;
}

// ---- flags ----

/** The terminal's, less the line of its prompt. */
function sizeOf(text: string | undefined): Size {
  if (text === undefined) {
    const { isTTY, columns, rows } = process.stdout;
    return isTTY === true && columns > 0 && rows > 0 ? { width: columns, height: rows - 1 } : SIZE_BY_DEFAULT;
  }
  const match = /^(\d{1,4})[x×,](\d{1,4})$/.exec(text);
  if (match === null) throw argumentError("--size", text, "a size is written in columns and lines", "write 120x36");
  const size = { width: Number(match[1]), height: Number(match[2]) };
  if (size.width < SMALLEST.width || size.height < SMALLEST.height) {
    throw argumentError("--size", text, "nothing can be seen in so little room", `from ${SMALLEST.width}x${SMALLEST.height} on`);
  }
  if (Math.max(size.width, size.height) > SIZE_MAX) {
    throw argumentError("--size", text, "no screen is as large as that", `up to ${SIZE_MAX}x${SIZE_MAX}`);
  }
  return size;
}

function paneOf(name: string | undefined): PaneId | undefined {
  return oneOf("--pane", name, PANE_IDS);
}

function detailOf(name: string | undefined): TimelineDetail | undefined {
  return oneOf("--detail", name, DETAILS);
}

function oneOf<W extends string>(option: string, text: string | undefined, words: readonly W[]): W | undefined {
  if (text === undefined) return undefined;
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  const guess = nearest(text, words);
  throw argumentError(
    option,
    text,
    `it is one of ${words.join(", ")}`,
    guess === undefined ? undefined : `did you mean ${guess}?`,
  );
}

function speedOf({ speed, asciicast: path }: ShowFlags): number {
  if (speed === undefined) return 1;
  if (path === undefined) throw argumentError("--speed", speed, "only a recording has a speed", "add --asciicast FILE");
  const value = Number(speed);
  if (/^\d+(\.\d+)?$/.test(speed) && value > 0 && value <= 100) return value;
  throw argumentError("--speed", speed, "a speed is a number over 0, up to 100", "write 2 for twice as fast");
}
