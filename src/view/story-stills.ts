/** A walk over the story of a run, to be recorded: a still for each thing that is told, longer where more happens. */
import { US_PER_SECOND } from "../base/units.ts";
import { complete } from "../walk/journey.ts";
import type { Walk } from "../walk/walk.ts";
import type { Still } from "./asciicast.ts";
import { frameOf } from "./frame.ts";
import { lookAt } from "./look.ts";
import { aboutCard } from "./overlays/about.ts";
import type { Overlay } from "./overlays/overlay.ts";
import { PANES } from "./panes.ts";
import { footLine } from "./screen/bottom-line.ts";
import { composeScreen, type Size, screenOf } from "./screen/screen.ts";
import type { ViewState } from "./view-state.ts";

export interface StillsOptions {
  readonly walk: Walk;
  readonly view: ViewState;
  readonly size: Size;
  /** Twice as fast: 2. */
  readonly speed: number;
  /** What stands at the bottom. */
  readonly command: string;
}

const ABOUT_SECONDS = 6;
const STILL_SECONDS = { least: 1.2, most: 3 } as const;
const VIOLATION_SECONDS = 5;
const END_SECONDS = 4;
/** So much virtual time takes a second. */
const VIRTUAL_PER_SECOND = 4 * US_PER_SECOND;

export function* storyStills(options: StillsOptions): Generator<Still, void, void> {
  const { walk, speed } = options;
  const { side, seed, branch } = walk;
  const { tape } = branch;
  complete(walk.goTo(walk.start));
  const about = aboutCard({ frame: frameOf(walk, options.view.choice), seed, side: side.label });
  yield { lines: linesOf(options, about), seconds: ABOUT_SECONDS / speed };
  const steps = [...new Set([walk.start, ...tape.story.map(({ step }) => step).filter((step) => step > walk.start), walk.end])];
  const broken = new Set(tape.violations.map(({ step }) => step));
  for (const [index, step] of steps.entries()) {
    complete(walk.goTo(step));
    const next = steps[index + 1];
    yield { lines: linesOf(options, undefined), seconds: secondsAt(step, next) / speed };
  }

  function secondsAt(step: number, next: number | undefined): number {
    if (next === undefined) return END_SECONDS;
    if (broken.has(step)) return VIOLATION_SECONDS;
    const gap = (tape.timeOf(next) - tape.timeOf(step)) / VIRTUAL_PER_SECOND;
    return Math.min(STILL_SECONDS.most, Math.max(STILL_SECONDS.least, gap));
  }
}

function linesOf({ walk, view, size, command }: StillsOptions, overlay: Overlay | undefined): Still["lines"] {
  const frame = frameOf(walk, view.choice);
  const extras = {
    seed: walk.seed,
    side: walk.side.label,
    speed: undefined,
    overlay,
    bottom: (width: number) => footLine(command, width),
  };
  return composeScreen(screenOf(frame, lookAt(frame, PANES), view, extras, size));
}
