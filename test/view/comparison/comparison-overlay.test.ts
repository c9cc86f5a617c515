/** Two branches side by side, the tree of all, and where two runs begin to differ. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { DomainEvent } from "../../../src/sim/host.ts";
import { Step } from "../../../src/sim/trace.ts";
import { comparisonOverlay } from "../../../src/view/comparison/comparison-overlay.ts";
import { firstDifference } from "../../../src/view/comparison/first-difference.ts";
import { textOf } from "../../../src/view/fitting.ts";
import { type Frame, frameOf } from "../../../src/view/frame.ts";
import { widthOf } from "../../../src/view/line.ts";
import type { Overlay } from "../../../src/view/overlays/overlay.ts";
import { endingInWords } from "../../../src/view/tree/ending.ts";
import { firstDifferenceInWords, treeOrder, treeOverlay } from "../../../src/view/tree/tree-overlay.ts";
import type { TimelineDetail } from "../../../src/view/view-state.ts";
import type { Branch } from "../../../src/walk/branch.ts";
import { Tape } from "../../../src/walk/tape.ts";
import { choiceOf } from "../moments.ts";
import { branchedWalk } from "./branches.ts";

const { walk, main, healed, crashed, dropped } = branchedWalk();
const { scenario } = walk.simulation;
// By number in properties: what fails is printed, and a branch is everything.
const branches = [main, healed, crashed, dropped];

function frame(detail: TimelineDetail = "story"): Frame {
  return { ...frameOf(walk, { ...choiceOf(), detail }) };
}

function drawn(overlay: Overlay, width: number, height: number): string {
  const lines = overlay.lines({ width, height }).map((line) => textOf(line).trimEnd());
  return [`── ${textOf(overlay.title)} ── ${width}×${height}`, ...lines].join("\n");
}

describe("the first difference", () => {
  test("is what the branch has done, where that is reported", () => {
    const { tape, partsAt } = healed;
    const difference = firstDifference(main.tape, tape, partsAt);
    expect(tape.events[difference?.b ?? -1]?.event.kind).toBe("LinkHealed");
    expect(tape.events[difference?.b ?? -1]?.step).toBe(partsAt + 1);
    expect(main.tape.events[(difference?.a ?? 0) - 1]).toBe(tape.events[(difference?.b ?? 0) - 1]);
  });

  test("there is none where the runs have parted, and nobody has noticed", () => {
    expect(dropped.ending.traceHash).not.toBe(main.ending.traceHash);
    expect(firstDifference(main.tape, dropped.tape, dropped.partsAt)).toBeUndefined();
    expect(firstDifferenceInWords(dropped)).toContain("no domain event differs");
  });

  const event = fc.record({
    kind: fc.constantFrom("A", "B"),
    list: fc.array(fc.nat(2), { maxLength: 3 }),
    of: fc.record({ n: fc.nat(2) }),
  });

  test.prop([fc.array(event, { maxLength: 30 }), fc.array(event, { maxLength: 30 }), fc.nat(30)])(
    "is the first place where one of two tapes says something else, whatever it is",
    (before, after, cut) => {
      const [a, b] = [before, [...before.slice(0, cut), ...after]];
      const difference = firstDifference(tapeOf(a), tapeOf(structuredClone(b)), 0);
      let expected = 0;
      while (expected < Math.max(a.length, b.length) && JSON.stringify(a[expected]) === JSON.stringify(b[expected])) expected++;
      expect(difference).toEqual(expected >= Math.max(a.length, b.length) ? undefined : { a: expected, b: expected });
    },
  );

  test("is one of time or node, too", () => {
    const events = [{ kind: "A" }, { kind: "B" }];
    expect(firstDifference(tapeOf(events), tapeOf(events, { timeUs: 9 }), 0)).toEqual({ a: 1, b: 1 });
    expect(firstDifference(tapeOf(events), tapeOf(events, { node: "broker-2" }), 0)).toEqual({ a: 1, b: 1 });
    expect(firstDifference(tapeOf(events), tapeOf(events), 0)).toBeUndefined();
  });
});

/** A step for each event; the second one is changed. */
function tapeOf(events: readonly DomainEvent[], change: { readonly timeUs?: number; readonly node?: string } = {}): Tape {
  const tape = new Tape();
  for (const [index, event] of events.entries()) {
    const fixed = { number: index + 1, kind: "timer", label: "x", cause: 0, message: undefined, delivery: undefined } as const;
    const step = new Step({ ...fixed, timeUs: index, node: "broker-1", ...(index === 1 ? change : {}) });
    step.events.push(event);
    tape.add(step);
  }
  return tape;
}

describe("side by side", () => {
  test("what differs first, then what happens on either side, then what they come to", async () => {
    await expect(drawn(comparisonOverlay(frame(), main, healed, 0), 120, 24)).toMatchFileSnapshot("story.txt");
    await expect(drawn(comparisonOverlay(frame("partition"), healed, crashed, 0), 100, 20)).toMatchFileSnapshot("partition.txt");
  });

  test("one below the other where there is no room for two columns", async () => {
    await expect(drawn(comparisonOverlay(frame(), main, healed, 0), 60, 24)).toMatchFileSnapshot("stacked.txt");
  });

  test("what is the same on both sides stands in one row, with a sign that says so", () => {
    const text = drawn(comparisonOverlay(frame(), main, dropped, 0), 100, 30);
    expect(text).toContain("no domain event differs");
    const rows = text.split("\n").filter((line) => line.includes(" = "));
    expect(rows.length).toBeGreaterThan(5);
    for (const row of rows) {
      const [left, right] = row.split(" = ").map((half) => half.trim());
      expect(left).toBe(right);
    }
  });

  test("scrolled to the end it says so", () => {
    expect(drawn(comparisonOverlay(frame(), main, healed, 500), 100, 20)).toContain("the end");
  });

  test.prop([
    fc.constantFrom("story", "partition", "everything") as fc.Arbitrary<TimelineDetail>,
    fc.integer({ min: 0, max: 160 }),
    fc.integer({ min: 0, max: 50 }),
    fc.nat(60),
    fc.nat(3),
    fc.nat(3),
  ])("never exceeds its room", (detail, width, height, scrolled, left, right) => {
    const lines = comparisonOverlay(frame(detail), branches[left] as Branch, branches[right] as Branch, scrolled).lines({
      width,
      height,
    });
    expect(lines.length).toBeLessThanOrEqual(width === 0 ? 0 : height);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
  });
});

describe("the tree", () => {
  test("has each branch below the one that it was made from, how it ends, and what is first not as there", async () => {
    expect(treeOrder(walk.branches).map(({ id }) => id)).toEqual([main, healed, crashed, dropped].map(({ id }) => id));
    await expect(drawn(treeOverlay(frame(), healed), 120, 14)).toMatchFileSnapshot("../tree/wide.txt");
    await expect(drawn(treeOverlay(frame(), crashed), 72, 10)).toMatchFileSnapshot("../tree/narrow.txt");
  });

  test("tells of an ending the promise that the scenario is about, or that all went well", () => {
    expect(endingInWords(main, scenario)).toMatch(/^✗ NoAckedLoss 33\.714 s, 5 more$/);
    expect(endingInWords(healed, scenario)).toBe("✓ to the end, 0 lost");
  });

  test.prop([fc.integer({ min: 0, max: 160 }), fc.integer({ min: 0, max: 30 }), fc.nat(3)])(
    "never exceeds its room, and has the chosen one in view",
    (width, height, chosen) => {
      const lines = treeOverlay(frame(), branches[chosen] as Branch).lines({ width, height });
      expect(lines.length).toBeLessThanOrEqual(width === 0 ? 0 : height);
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
      if (width >= 10 && height >= 4) expect(lines.map(textOf).join("\n")).toContain("▸");
    },
  );
});
