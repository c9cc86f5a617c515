/** Which pane gets which part of the screen. */
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { PANE_IDS, type PaneId } from "../../src/view/pane.ts";
import { type Box, type LayoutOptions, layoutOf, type PaneBox } from "../../src/view/screen/layout.ts";

const WALKING: LayoutOptions["view"] = { focus: "timeline", enlarged: undefined, hidden: [], present: false };

/** As for a screen of that size, less header and bottom line; a terminal keeps a line for itself. */
function layoutAt(columns: number, rows: number, view: Partial<LayoutOptions["view"]> = {}): Box {
  return layoutOf({
    width: columns,
    height: rows - 3,
    view: { ...WALKING, ...view },
    panes: PANE_IDS,
    wishes: { lanes: rows > 28 ? 10 : 5 },
  });
}

function panesOf(box: Box): PaneBox[] {
  if (box.kind === "pane") return [box];
  return box.kind === "summaries" ? [] : box.boxes.flatMap(panesOf);
}

function summariesOf(box: Box): PaneId[] {
  if (box.kind === "summaries") return [...box.panes];
  return box.kind === "pane" ? [] : box.boxes.flatMap(summariesOf);
}

const shownIn = (box: Box): PaneId[] => panesOf(box).map(({ pane }) => pane);
const linesOf = (box: Box, pane: PaneId): number => {
  const { height, isOpenBelow } = panesOf(box).find((each) => each.pane === pane) as PaneBox;
  return height - (isOpenBelow ? 1 : 2);
};

/** Every box is as large as its parts together. */
function checkSizes(box: Box): void {
  if (box.kind === "pane") {
    expect(box.height, box.pane).toBeGreaterThanOrEqual(2);
    expect(box.width, box.pane).toBeGreaterThanOrEqual(20);
    return;
  }
  if (box.kind === "summaries") return;
  const sum = (key: "width" | "height"): number => box.boxes.reduce((total, each) => total + each[key], 0);
  for (const each of box.boxes)
    expect(box.kind === "row" ? each.height : each.width).toBe(box.kind === "row" ? box.height : box.width);
  expect(box.kind === "row" ? sum("width") : sum("height")).toBe(box.kind === "row" ? box.width : box.height);
  for (const each of box.boxes) checkSizes(each);
}

describe("a screen of 80 × 24", () => {
  test("has lanes and timeline, and a line for each of the others", () => {
    const layout = layoutAt(80, 24);
    expect(shownIn(layout)).toEqual(["lanes", "timeline"]);
    expect(summariesOf(layout)).toEqual(["flight", "cluster", "clients", "checks", "causes"]);
    expect(linesOf(layout, "lanes")).toBe(5);
    expect(linesOf(layout, "timeline")).toBe(8);
  });

  test("a pane that gets the focus opens below the timeline, and its line goes", () => {
    const layout = layoutAt(80, 24, { focus: "flight" });
    expect(shownIn(layout)).toEqual(["lanes", "timeline", "flight"]);
    expect(summariesOf(layout)).not.toContain("flight");
    expect([linesOf(layout, "timeline"), linesOf(layout, "flight")]).toEqual([4, 4]);
  });
});

describe("smaller screens", () => {
  test("at 60 × 15 the checks and what is under way still have their lines", () => {
    const layout = layoutAt(60, 15);
    expect(shownIn(layout)).toEqual(["lanes", "timeline"]);
    expect(summariesOf(layout)).toEqual(["flight", "checks"]);
    expect(linesOf(layout, "timeline")).toBeGreaterThanOrEqual(3);
  });

  test("and a pane that gets the focus takes the place of the timeline", () => {
    expect(shownIn(layoutAt(60, 15, { focus: "cluster" }))).toEqual(["lanes", "cluster"]);
  });
});

describe("larger screens", () => {
  test.each([
    [120, 36],
    [160, 50],
    [200, 60],
  ])("%d × %d shows all panes", (columns, rows) => {
    expect(shownIn(layoutAt(columns, rows)).sort()).toEqual([...PANE_IDS].sort());
  });

  test("more room goes to clients and causes, too", () => {
    const [small, large] = [layoutAt(120, 36), layoutAt(160, 50)];
    for (const pane of ["clients", "causes", "timeline", "checks"] as const) {
      expect(linesOf(large, pane), pane).toBeGreaterThan(linesOf(small, pane));
    }
  });

  test("a high and narrow one opens pane after pane", () => {
    expect(shownIn(layoutAt(90, 60)).length).toBeGreaterThan(4);
  });
});

describe("what somebody wants to see", () => {
  test("an enlarged pane has all of the room", () => {
    expect(layoutAt(120, 36, { enlarged: "checks" })).toMatchObject({ kind: "pane", pane: "checks", width: 120, height: 33 });
  });

  test("a hidden pane gives its room to others", () => {
    const layout = layoutAt(120, 36, { hidden: ["causes", "cluster"] });
    expect(shownIn(layout)).not.toContain("causes");
    expect(linesOf(layout, "timeline")).toBeGreaterThan(linesOf(layoutAt(120, 36), "timeline"));
    expect(panesOf(layout).find(({ pane }) => pane === "lanes")?.width).toBe(120);
  });

  test("for a projector there are lanes and timeline, and where somebody works", () => {
    expect(shownIn(layoutAt(160, 50, { present: true }))).toEqual(["lanes", "timeline"]);
    expect(shownIn(layoutAt(160, 50, { present: true, focus: "flight" })).sort()).toEqual(["flight", "lanes"]);
  });
});

property.prop([
  fc.integer({ min: 60, max: 220 }),
  fc.integer({ min: 7, max: 70 }),
  fc.record({
    focus: fc.constantFrom(...PANE_IDS),
    enlarged: fc.option(fc.constantFrom(...PANE_IDS), { nil: undefined, freq: 4 }),
    hidden: fc.subarray([...PANE_IDS]),
    present: fc.boolean(),
  }),
  fc.dictionary(fc.constantFrom(...PANE_IDS), fc.integer({ min: 0, max: 60 })),
])(
  "at any size, whatever is hidden, all boxes fit into each other, and no pane is there twice",
  (columns, rows, view, wishes) => {
    const layout = layoutOf({ width: columns, height: rows - 3, view, panes: PANE_IDS, wishes });
    expect([layout.width, layout.height]).toEqual([columns, rows - 3]);
    checkSizes(layout);
    const all = [...shownIn(layout), ...summariesOf(layout)];
    expect(new Set(all).size).toBe(all.length);
    for (const pane of all) expect(view.enlarged === pane || !view.hidden.includes(pane)).toBe(true);
  },
);
