/** What a redraw of the whole screen costs at 160×50: from the moment where the walk stands to the bytes for the terminal. */
import { Painter } from "../src/tui/painter.ts";
import { Stepper } from "../src/tui/stepper.ts";
import { openingView } from "../src/view/opening.ts";
import { complete } from "../src/walk/journey.ts";
import type { Walk } from "../src/walk/walk.ts";

const [COLUMNS, ROWS] = [160, 50];
const WARM_UP = 100;
const REDRAWS = 400;

export interface RedrawCosts {
  /** Milliseconds. */
  readonly median: number;
  readonly p95: number;
  readonly worst: number;
}

/** Each step of a stretch in the middle of the run, on a walk that is looked at all the while. */
export function measureRedraws(walk: Walk): RedrawCosts {
  const stepper = new Stepper({
    walk,
    view: openingView(walk),
    files: { proposedFor: () => "", save: () => ({ kind: "saved" }), commandFor: () => "" },
    depth: "256",
    suspend: () => {},
    onQuit: () => {},
  });
  const painter = new Painter();
  const from = Math.floor(walk.end / 2);
  const costs: number[] = [];
  let bytes = 0;
  for (let redraw = 0; redraw < WARM_UP + REDRAWS; redraw++) {
    complete(walk.goTo(from + redraw));
    const startedAt = performance.now();
    bytes += painter.paint(stepper.paint(COLUMNS, ROWS)).length;
    if (redraw >= WARM_UP) costs.push(performance.now() - startedAt);
  }
  if (bytes === 0) throw new Error("nothing was drawn");
  costs.sort((a, b) => a - b);
  const at = (share: number): number => costs[Math.floor((costs.length - 1) * share)] as number;
  return { median: at(0.5), p95: at(0.95), worst: at(1) };
}
