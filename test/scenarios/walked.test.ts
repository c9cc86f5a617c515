/**
 * Every bundled scenario can be walked through: opened, to its end, back to its start, with the whole screen on the way. Of an exhibit, the side
 * at which `step` opens it.
 */
import { describe, expect, test } from "vitest";
import { bundledNames } from "../../src/cli/scenario-files.ts";
import { frameOf } from "../../src/view/frame.ts";
import { columnsOf } from "../../src/view/line.ts";
import { lookAt } from "../../src/view/look.ts";
import { openingView } from "../../src/view/opening.ts";
import { PANES } from "../../src/view/panes.ts";
import { composeScreen, type Size, screenOf } from "../../src/view/screen/screen.ts";
import type { TimelineDetail } from "../../src/view/view-state.ts";
import { complete } from "../../src/walk/journey.ts";
import { Walk } from "../../src/walk/walk.ts";
import { BUNDLED, BUNDLED_TURNED, type BundledSide } from "./bundled.ts";

const SIZES: readonly Size[] = [
  { width: 80, height: 23 },
  { width: 120, height: 39 },
  { width: 200, height: 59 },
];
const DETAILS: readonly TimelineDetail[] = ["story", "partition", "everything"];
/** Stops on the way from the start to the end, and as many on the way back. */
const STOPS = 6;

/** The screen of where one stands, as text; of the size and with the detail of the nth stop. */
function screenHere(walk: Walk, stop: number): string[] {
  const view = openingView(walk);
  const size = SIZES[stop % SIZES.length] as Size;
  const choice = { ...view.choice, detail: DETAILS[stop % DETAILS.length] as TimelineDetail };
  const frame = frameOf(walk, choice);
  const extras = { seed: walk.seed, side: walk.side.label, speed: undefined, bottom: () => [] };
  const lines = composeScreen(screenOf(frame, lookAt(frame, PANES), { ...view, choice }, extras, size));
  expect(lines.length).toBe(size.height);
  const texts = lines.map((spans) => spans.map(({ text }) => text).join(""));
  for (const text of texts) expect(columnsOf(text)).toBe(size.width);
  return texts;
}

const OPENED = BUNDLED.filter(({ label }) => label !== "new rule");

test("there is one for each file", () => {
  expect(OPENED.map(({ name }) => name)).toEqual(bundledNames());
});

/** With a side's own seed. */
function walkThrough(side: BundledSide): Walk {
  return complete(Walk.open({ side, seed: String(side.scenario.seed) }));
}

/** What the author says comes up, in the order of the file, and not while the cluster boots. */
function expectEveryNote({ side, branch, start }: Walk): void {
  const { notes } = branch.tape;
  expect(notes.map(({ note }) => note.source)).toEqual(side.scenario.notes.map(({ source }) => source));
  for (const { step } of notes) expect(step).toBeGreaterThanOrEqual(start);
}

test.each(OPENED.map((side) => [side.title, side] as const))("%s", (_title, side) => {
  const walk = walkThrough(side);
  expectEveryNote(walk);
  const { start, end } = walk;
  const stops = [0, ...Array.from({ length: STOPS }, (_, stop) => start + Math.floor(((end - start) * stop) / (STOPS - 1)))];
  const there = stops.map((step, stop) => {
    complete(walk.goTo(step));
    expect(walk.position).toBe(step);
    return { hash: walk.simulation.world.trace.hash(), screen: screenHere(walk, stop) };
  });
  expect(there.at(-1)?.hash).toBe(walk.branch.ending.traceHash);
  for (let stop = stops.length - 1; stop >= 0; stop--) {
    complete(walk.goTo(stops[stop] as number));
    expect({ hash: walk.simulation.world.trace.hash(), screen: screenHere(walk, stop) }).toEqual(there[stop]);
  }
});

const SPOKEN = [...BUNDLED, ...BUNDLED_TURNED].filter(({ scenario }) => scenario.notes.length > 0);

describe("every note comes up on the other side, and with ZooKeeper, too", () => {
  test.each(SPOKEN.filter((side) => !OPENED.includes(side)).map((side) => [side.title, side] as const))("%s", (_title, side) => {
    expectEveryNote(walkThrough(side));
  });
});

test("a learner is asked something, with KRaft and with ZooKeeper, on brokers and in groups", () => {
  const asked = SPOKEN.filter(({ scenario }) => scenario.notes.some(({ question }) => question !== undefined));
  const themes = new Set(asked.map(({ name }) => name.replace(/\/[^/]+$/, "")));
  expect([...themes].sort()).toEqual([
    ...["disk", "failover", "groups", "healthy", "museum/replication", "museum/zookeeper", "network"],
  ]);
});
