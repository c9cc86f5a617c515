/** The timeline: past and future in three depths, with the current moment in the middle. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { Frame } from "../../../src/view/frame.ts";
import { widthOf } from "../../../src/view/line.ts";
import { entriesOf } from "../../../src/view/timeline/entries.ts";
import { momentOf } from "../../../src/view/timeline/moment.ts";
import { timelinePane } from "../../../src/view/timeline/timeline-pane.ts";
import type { TimelineDetail } from "../../../src/view/view-state.ts";
import { complete } from "../../../src/walk/journey.ts";
import { choiceOf, frameAt, linesOf, roomOf, screenOf, stepAfter, stepOf } from "../moments.ts";
import { bundledWalk } from "../walks.ts";

const DETAILS: readonly TimelineDetail[] = ["story", "partition", "everything"];

const exhibit = bundledWalk("museum/replication/kip-966-last-replica-standing");
const inZooKeeperMode = bundledWalk("museum/zookeeper/kip-570-stale-stop-replica");

/** Nothing in the timeline looks into the world: a frame of another step needs no journey. */
function at(step: number, detail: TimelineDetail = "story", walk = exhibit, more: Partial<Frame["choice"]> = {}): Frame {
  const { simulation, branch, branches } = walk;
  return { simulation, branch, branches, tape: branch.tape, position: step, choice: { ...choiceOf(), detail, ...more } };
}

describe("entries", () => {
  test("are in order in every detail, and each is found again", () => {
    for (const walk of [exhibit, inZooKeeperMode]) {
      for (const detail of DETAILS) {
        const entries = entriesOf(at(0, detail, walk));
        expect(entries.count).toBeGreaterThan(10);
        let step = 0;
        for (let place = 0; place < entries.count; place++) {
          const entry = entries.at(place);
          expect(entry.step).toBeGreaterThanOrEqual(step);
          if (place % 37 === 0) expect(entries.find(entry)).toBe(place);
          step = entry.step;
        }
        expect(entries.upTo(walk.end)).toBe(entries.count);
      }
    }
  });

  test("of everything are all domain events, and besides them what is broken, the faults, and what is done by hand", () => {
    const { tape } = exhibit.branch;
    const entries = entriesOf(at(0, "everything"));
    const faults = exhibit.simulation.scenario.faults.length;
    expect(entries.count).toBe(tape.events.length + tape.violations.length + faults);
  });

  test("of a partition are about it, or about the nodes that have it, and tell what is decided once", () => {
    const frame = at(0, "partition", inZooKeeperMode);
    const entries = entriesOf(frame);
    const texts: string[] = [];
    for (let place = 0; place < entries.count; place++) {
      const { text, sign } = momentOf(entries.at(place), frame.branch, frame.simulation.scenario);
      if (sign === " ") expect(text).toMatch(/orders|broker-/);
      texts.push(text);
    }
    // Three servers of the ensemble report it.
    expect(texts.filter((text) => text === "topic orders is created")).toHaveLength(1);
  });

  test("tell of a fault before what it does", () => {
    const fault = stepOf(exhibit, (event) => event.kind === "PowerLost");
    const [title, ...lines] = screenOf(timelinePane, at(fault, "everything"), roomOf(90, 12)).split("\n");
    expect(title).toContain("everything");
    const told = lines.filter((each) => each.includes("power"));
    expect(told[0]).toContain("✖ fault 4: power-loss broker-1");
    expect(told[1]).toContain("✖ broker-1 loses power");
  });
});

describe("lines", () => {
  test("at the violation: past above, future below, the step itself in between", async () => {
    const [violation] = exhibit.branch.tape.violations;
    const screen = screenOf(timelinePane, at(violation?.step ?? 0), roomOf(90, 16));
    await expect(screen).toMatchFileSnapshot("violation.txt");
  });

  test("everything about a partition, with who reported it", async () => {
    const isr = stepOf(exhibit, (event) => event.kind === "IsrChanged");
    await expect(screenOf(timelinePane, at(isr, "partition"), roomOf(100, 16))).toMatchFileSnapshot("partition.txt");
  });

  test("where nothing is reported at this step, the line between past and future says what happens", async () => {
    const frame = at(stepAfter(inZooKeeperMode, 30) + 1, "everything", inZooKeeperMode);
    await expect(screenOf(timelinePane, frame, roomOf(60, 12))).toMatchFileSnapshot("quiet-step.txt");
  });

  test("the boot lies before time 0, and the first entry has nothing above it", async () => {
    await expect(screenOf(timelinePane, at(0, "everything"), roomOf(70, 8))).toMatchFileSnapshot("boot.txt");
  });

  test("what is searched for is marked, and what is selected is in view, whole", async () => {
    const step = stepAfter(exhibit, 34);
    const search = "ORDERS-0: ISR";
    const items = timelinePane.items(timelinePane.scene(at(step, "story", exhibit, { search })));
    const lost = items.find(({ label }) => label.includes("NoAckedLoss"))?.id as string;
    const frame = at(step, "story", exhibit, { search, selected: { timeline: lost } });
    const screen = screenOf(timelinePane, frame, roomOf(64, 12, { selected: lost }));
    expect(screen).toContain("▸");
    await expect(screen).toMatchFileSnapshot("search.txt");
  });

  test("the future is faint, what is broken then is marked all the same", () => {
    const frame = at(stepAfter(exhibit, 33.66));
    const lines = timelinePane.lines(timelinePane.scene(frame), roomOf(90, 20));
    const ahead = lines.slice(lines.findIndex((line) => line.some(({ text }) => text.includes(" · step "))) + 1);
    const broken = ahead.find((line) => line.some(({ text }) => text.includes("NoAckedLoss")));
    expect(broken?.find(({ text }) => text.includes("NoAckedLoss"))?.tone).toBe("faint");
    expect(broken?.some(({ text, tone }) => text.includes("✗") && tone === "bad")).toBe(true);
  });

  test.prop([
    fc.nat(),
    fc.constantFrom(...DETAILS),
    fc.integer({ min: 0, max: 130 }),
    fc.integer({ min: 0, max: 50 }),
    fc.nat(300),
  ])(
    "never exceed their room, fill it, and have what is selected and the current moment in view",
    (step, detail, width, height, nth) => {
      for (const walk of [exhibit, inZooKeeperMode]) {
        const position = step % (walk.end + 1);
        const items = timelinePane.items(timelinePane.scene(at(position, detail, walk)));
        const selected = items[nth]?.id;
        const frame = at(position, detail, walk, { search: "broker", selected: { timeline: selected } as never });
        const scene = timelinePane.scene(frame);
        const lines = timelinePane.lines(scene, roomOf(width, height, { selected }));
        expect(lines.length).toBeLessThanOrEqual(width === 0 ? 0 : height);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
        expect(timelinePane.items(scene).some(({ id }) => id === selected)).toBe(selected !== undefined);
        if (height < 8 || width < 40) continue;
        const text = linesOf(timelinePane, frame, roomOf(width, height, { selected })).join("\n");
        expect(lines.length).toBeGreaterThanOrEqual(Math.min(height, scene.count));
        if (selected === undefined) expect(text).toContain(" · step ");
        else expect(text).toContain("▸");
      }
    },
  );

  test("sit where the world is, too", () => {
    const { tape } = inZooKeeperMode.branch;
    const middle = tape.length >> 1;
    complete(inZooKeeperMode.goTo(middle));
    expect(screenOf(timelinePane, frameAt(inZooKeeperMode, middle), roomOf(80, 20))).toBe(
      screenOf(timelinePane, at(middle, "story", inZooKeeperMode), roomOf(80, 20)),
    );
  });
});
