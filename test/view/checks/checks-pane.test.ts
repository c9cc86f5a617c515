/** The promises, live. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { INVARIANTS } from "../../../src/checks/catalogue.ts";
import { checksPane } from "../../../src/view/checks/checks-pane.ts";
import { textOf } from "../../../src/view/fitting.ts";
import type { Frame } from "../../../src/view/frame.ts";
import { widthOf } from "../../../src/view/line.ts";
import { choiceOf, roomOf, screenOf, stepAfter } from "../moments.ts";
import { bundledWalk } from "../walks.ts";

const exhibit = bundledWalk("museum/replication/kip-966-last-replica-standing");
const lost = exhibit.branch.tape.violations.find(({ invariant }) => invariant === "NoAckedLoss");
const whole = bundledWalk("museum/zookeeper/kip-570-stale-stop-replica");

/** Which promises are watched does not change on the way: a frame of another step needs no journey. */
function at(step: number, walk = exhibit): Frame {
  const { simulation, branch, branches } = walk;
  return { simulation, branch, branches, tape: branch.tape, position: step, choice: choiceOf() };
}

function summaryAt(step: number): string {
  return textOf(checksPane.summary(checksPane.scene(at(step))));
}

describe("a promise", () => {
  test("that is broken later still holds, and is broken from that step on", () => {
    const step = lost?.step ?? 0;
    const broken = new Set(exhibit.branch.tape.violations.map(({ invariant }) => invariant)).size;
    const held = exhibit.simulation.checker.invariants.length - broken;
    expect(summaryAt(exhibit.start)).toMatch(new RegExp(`^✓ ${held} ✗ ${broken} ahead: NoAckedLoss in 33\\.7 s`));
    expect(summaryAt(step - 1)).toMatch(/NoAckedLoss in 0(\.\d)? ms/);
    expect(summaryAt(step)).toContain("NoAckedLoss broken");
    expect(summaryAt(step)).not.toContain("NoAckedLoss in");
  });

  test("that is broken comes with the facts that contradict each other, as places to go to", () => {
    const items = checksPane.items(checksPane.scene(at(exhibit.end)));
    const facts = items.filter(({ id }) => id.startsWith("NoAckedLoss fact"));
    expect(facts.map(({ subject }) => subject)).toEqual(lost?.facts.map(({ step }) => ({ kind: "moment", step })));
    const ids = items.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { name } of exhibit.simulation.checker.invariants) expect(ids).toContain(name);
  });

  test("is told in words when it is selected", () => {
    const { promise } = INVARIANTS.find(({ name }) => name === "LogMatching") as (typeof INVARIANTS)[number];
    const screen = screenOf(checksPane, at(10), roomOf(160, 40, { selected: "LogMatching" }));
    expect(screen).toContain(promise);
    expect(screen).toContain("▸✓ LogMatching");
  });
});

describe("lines", () => {
  test("before the loss, and behind it with one of its facts selected", async () => {
    await expect(screenOf(checksPane, at(stepAfter(exhibit, 30)), roomOf(100, 14))).toMatchFileSnapshot("ahead.txt");
    const room = roomOf(64, 22, { selected: "NoAckedLoss fact 2" });
    await expect(screenOf(checksPane, at(stepAfter(exhibit, 40)), room)).toMatchFileSnapshot("broken.txt");
  });

  test("of a run in which most holds, in a narrow room", async () => {
    await expect(screenOf(checksPane, at(whole.start, whole), roomOf(38, 10))).toMatchFileSnapshot("narrow.txt");
  });

  test.prop([fc.nat(), fc.integer({ min: 0, max: 170 }), fc.integer({ min: 0, max: 60 }), fc.nat(100)])(
    "never exceed their room, and have what is selected in view",
    (step, width, height, nth) => {
      for (const walk of [exhibit, whole]) {
        const scene = checksPane.scene(at(step % (walk.end + 1), walk));
        const selected = checksPane.items(scene)[nth]?.id;
        const lines = checksPane.lines(scene, roomOf(width, height, { selected }));
        expect(lines.length).toBeLessThanOrEqual(width === 0 ? 0 : height);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
        if (selected !== undefined && width >= 20 && height >= 2) expect(lines.map(textOf).join("\n")).toContain("▸");
      }
    },
  );
});
