/** Why something happened: the chain of causes back to a timer, a fault or a start. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { KafkaEvent, ProduceAcknowledged } from "../../../src/kafka/events.ts";
import { runSide } from "../../../src/run/run-scenario.ts";
import { causesPane } from "../../../src/view/causes/causes-pane.ts";
import { textOf } from "../../../src/view/fitting.ts";
import type { Frame } from "../../../src/view/frame.ts";
import { widthOf } from "../../../src/view/line.ts";
import { timelinePane } from "../../../src/view/timeline/timeline-pane.ts";
import { choiceOf, roomOf, screenOf, stepAfter, stepOf } from "../moments.ts";
import { bundledWalk } from "../walks.ts";

const exhibit = bundledWalk("museum/replication/kip-966-last-replica-standing");
const inZooKeeperMode = bundledWalk("museum/zookeeper/kip-570-stale-stop-replica");

function at(step: number, selected: Frame["choice"]["selected"] = {}, walk = exhibit): Frame {
  const { simulation, branch, branches } = walk;
  const choice = { ...choiceOf(), detail: "everything" as const, selected };
  return { simulation, branch, branches, tape: branch.tape, position: step, choice };
}

const acknowledged = stepOf(exhibit, (event) => event.kind === "ProduceAcknowledged", 50);

describe("the chain of a step", () => {
  test("leads from an acknowledgement over the followers' fetches and the append to the record that was sent", async () => {
    const { rows } = causesPane.scene(at(acknowledged));
    const texts = rows.map(({ text }) => text);
    const events = exhibit.branch.tape.eventsOf(acknowledged).map(({ event }) => event as KafkaEvent);
    const { baseOffset } = events.find(({ kind }) => kind === "ProduceAcknowledged") as ProduceAcknowledged;
    const order = [
      `checkout: offset ${baseOffset} of orders-0 is acknowledged`,
      "ProduceResponse",
      "high watermark",
      "Fetch #",
      `follower appends offset ${baseOffset}`,
      "FetchResponse #",
      `leader appends offset ${baseOffset}`,
      "Produce #",
      "timer application.send at checkout, set 20 ms before",
    ].map((words) => texts.findIndex((text) => text.includes(words)));
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    await expect(screenOf(causesPane, at(acknowledged), roomOf(90, 24))).toMatchFileSnapshot("acknowledged.txt");
  });

  test("goes back over recorded causes only, from one step to the one that has scheduled it", () => {
    for (const walk of [exhibit, inZooKeeperMode]) {
      const { tape } = walk.branch;
      for (let step = 1; step <= tape.length; step += 53) {
        if (tape.violations.some((violation) => violation.step === step)) continue;
        const steps = [...new Set(causesPane.scene(at(step, {}, walk)).rows.flatMap((row) => row.step ?? []))];
        expect(steps[0]).toBe(step);
        expect(steps.length).toBeLessThanOrEqual(30);
        for (let i = 1; i < steps.length; i++) expect(steps[i]).toBe(tape.causeOf(steps[i - 1] as number));
      }
    }
  });

  test("of a selected event begins with that event, wherever one stands", () => {
    const items = timelinePane.items(timelinePane.scene(at(acknowledged)));
    const selected = items.find(({ label }) => label.includes("high watermark")) as (typeof items)[number];
    const { rows, isSelected } = causesPane.scene(at(acknowledged, { timeline: selected.id }));
    expect(isSelected).toBe(true);
    expect(selected.label).toContain(rows[0]?.text.replace(/ \(\+\d+\)$/, ""));
  });

  test("ends at what is done from outside", () => {
    const cut = stepOf(exhibit, (event) => event.kind === "PowerLost");
    const { rows } = causesPane.scene(at(cut));
    expect(rows.at(-1)?.text).toMatch(/^fault 4/);
  });
});

test("a timer that sets itself is where a chain ends, however short it is", () => {
  const { rows } = causesPane.scene(at(stepOf(exhibit, (event) => event.kind === "RecordSent", 20)));
  expect(rows.map(({ text }) => text)).toEqual([
    "checkout sends record 19 to orders",
    "timer application.send at checkout, set 20 ms before",
    "a timer that sets itself again and again",
  ]);
});

describe("a broken promise", () => {
  const [violation] = exhibit.branch.tape.violations;

  test("is explained as `run` explains it", () => {
    const result = runSide(exhibit.side, exhibit.seed, { withCauses: true });
    for (const reported of result.violations) {
      const { rows } = causesPane.scene(at(0, { checks: reported.invariant }));
      const because = rows.filter(({ kind }) => kind === "because");
      expect(because.map(({ step, text }) => ({ step, text }))).toEqual(reported.cause.map(({ step, text }) => ({ step, text })));
      expect(rows.filter(({ kind }) => kind === "fact")).toHaveLength(reported.facts.length);
    }
  });

  test("where one stands, and where one has selected it in the timeline", async () => {
    const here = screenOf(causesPane, at(violation?.step ?? 0), roomOf(80, 14));
    await expect(here).toMatchFileSnapshot("violation.txt");
    const items = timelinePane.items(timelinePane.scene(at(violation?.step ?? 0)));
    const line = items.find(({ label }) => label.includes(violation?.invariant as string))?.id;
    const elsewhere = causesPane.scene(at(10, { timeline: line as string }));
    expect(elsewhere.rows).toEqual(causesPane.scene(at(violation?.step ?? 0)).rows);
  });
});

describe("lines", () => {
  test("of the start of the run say that nothing has led to it", () => {
    expect(screenOf(causesPane, at(0), roomOf(60, 5))).toContain("nothing has led to the start of the run");
  });

  test("in ZooKeeper mode", async () => {
    const elected = stepOf(inZooKeeperMode, (event) => event.kind === "BecameLeader", 3);
    await expect(screenOf(causesPane, at(elected, {}, inZooKeeperMode), roomOf(90, 24))).toMatchFileSnapshot("zookeeper.txt");
  });

  test.prop([fc.nat(), fc.integer({ min: 0, max: 130 }), fc.integer({ min: 0, max: 50 }), fc.nat(40)])(
    "never exceed their room, and have what is selected in view",
    (step, width, height, nth) => {
      for (const walk of [exhibit, inZooKeeperMode]) {
        const scene = causesPane.scene(at(step % (walk.end + 1), {}, walk));
        const items = causesPane.items(scene);
        const selected = items[nth]?.id;
        expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
        const lines = causesPane.lines(scene, roomOf(width, height, { selected }));
        expect(lines.length).toBeLessThanOrEqual(width === 0 ? 0 : height);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
        if (selected !== undefined && width >= 20 && height >= 2) expect(lines.map(textOf).join("\n")).toContain("▸");
        expect(textOf(causesPane.summary(scene))).not.toBe("");
      }
    },
  );

  test("of an ordinary moment", async () => {
    await expect(screenOf(causesPane, at(stepAfter(exhibit, 28.689)), roomOf(70, 12))).toMatchFileSnapshot("moment.txt");
  });
});
