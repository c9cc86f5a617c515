/** Where the keys lead that walk from event to event. */
import { describe, expect, test } from "vitest";
import type { Frame } from "../../../src/view/frame.ts";
import { entriesOf } from "../../../src/view/timeline/entries.ts";
import { idOf } from "../../../src/view/timeline/moment.ts";
import { nextEntry, nextLike, searchFrom } from "../../../src/view/timeline/moves.ts";
import type { TimelineDetail } from "../../../src/view/view-state.ts";
import { choiceOf, stepOf } from "../moments.ts";
import { bundledWalk } from "../walks.ts";

const walk = bundledWalk("museum/replication/kip-966-last-replica-standing");
const { tape } = walk.branch;

function at(step: number, detail: TimelineDetail = "story", timeline?: string): Frame {
  const { simulation, branch, branches } = walk;
  const selected = timeline === undefined ? {} : { timeline };
  return { simulation, branch, branches, tape, position: step, choice: { ...choiceOf(), detail, selected } };
}

describe("the next entry", () => {
  test.each(["story", "partition", "everything"] as const)("on and back, leads over all of them once (%s)", (detail) => {
    const entries = entriesOf(at(0, detail));
    const steps = new Set<number>();
    for (let place = 0; place < entries.count; place++) steps.add(entries.at(place).step);
    const on: number[] = [];
    for (let step = nextEntry(at(0, detail), 1); step !== undefined; step = nextEntry(at(step, detail), 1)) on.push(step);
    expect(on).toEqual([...steps]);
    const back: number[] = [];
    for (let step = nextEntry(at(walk.end + 1, detail), -1); step !== undefined; step = nextEntry(at(step, detail), -1))
      back.push(step);
    expect(back.reverse()).toEqual(on);
  });
});

describe("the next event like this one", () => {
  const isr = stepOf(walk, (event) => event.kind === "IsrChanged");

  test("of its kind, or of the kind of the selected one", () => {
    const second = stepOf(walk, (event) => event.kind === "IsrChanged", 2);
    const index = tape.firstEventOf(isr) + tape.eventsOf(isr).findIndex(({ event }) => event.kind === "IsrChanged");
    const selected = idOf({ of: "events", index });
    expect(nextLike(at(isr, "everything", selected), 1, "kind")).toBe(second);
    expect(nextLike(at(second, "everything", selected), -1, "kind")).toBe(isr);
  });

  test("where a step reports nothing, of the same message or timer", () => {
    let quiet = isr;
    while (tape.eventsOf(quiet).length > 0) quiet++;
    const next = nextLike(at(quiet), 1, "kind") as number;
    expect(next).toBeGreaterThan(quiet);
    expect([tape.kindOf(next), tape.labelOf(next)]).toEqual([tape.kindOf(quiet), tape.labelOf(quiet)]);
  });

  test("at a node: reported there, or about it", () => {
    const here = nextLike(at(isr), 1, "node", "broker-2") as number;
    const isAt = (step: number): boolean =>
      tape.eventsOf(step).some(({ node, event }) => node === "broker-2" || JSON.stringify(event).includes('"broker-2"'));
    expect(isAt(here)).toBe(true);
    for (let step = isr + 1; step < here; step++) expect(isAt(step)).toBe(false);
    const own = tape.nodeOf(isr);
    expect(tape.eventsOf(nextLike(at(isr), -1, "node") as number).some(({ node }) => node === own)).toBe(true);
  });

  test("of the partition, whatever the timeline shows", () => {
    expect(nextLike(at(isr), 1, "partition")).toBe(nextEntry(at(isr, "partition"), 1));
  });

  test("there is none behind the last, nor before the first", () => {
    expect(nextLike(at(walk.end), 1, "node", "broker-1")).toBeUndefined();
    expect(nextLike(at(0), -1, "partition")).toBeUndefined();
    expect(nextLike(at(1), -1, "kind")).toBeUndefined();
  });
});

describe("a search", () => {
  test("finds words in whatever case, on and back, within what the timeline shows", () => {
    const lost = tape.violations.find(({ invariant }) => invariant === "NoAckedLoss")?.step;
    expect(searchFrom(at(0), "noackedloss", 1)).toBe(lost);
    expect(searchFrom(at(walk.end), "NOACKEDLOSS", -1)).toBe(lost);
    expect(searchFrom(at(walk.end), "noackedloss", 1)).toBeUndefined();
    const appended = stepOf(walk, (event) => event.kind === "RecordsAppended");
    expect(searchFrom(at(0), "appends offset", 1)).toBeUndefined();
    expect(searchFrom(at(0, "partition"), "appends offset", 1)).toBe(appended);
  });

  test("for nothing finds nothing", () => {
    expect(searchFrom(at(0), "", 1)).toBeUndefined();
  });
});
