/** The messages in flight: what they say, when they arrive, what holds them up, and which of them matter most. */
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { textOf } from "../../../src/view/fitting.ts";
import { flightPane } from "../../../src/view/flight/flight-pane.ts";
import { lanesPane } from "../../../src/view/lanes/lanes-pane.ts";
import { widthOf } from "../../../src/view/line.ts";
import { complete } from "../../../src/walk/journey.ts";
import type { Walk } from "../../../src/walk/walk.ts";
import { bundledSide, walkThrough } from "../../walk/walks.ts";
import { choiceOf, frameAt, linesOf, roomOf, screenOf, stepAfter, stepOf } from "../moments.ts";

const lastReplica = walkThrough(bundledSide("museum/replication/kip-966-last-replica-standing"));
const laggard = walkThrough(bundledSide("network/follower-cut-off-from-leader"));
const zombie = walkThrough(bundledSide("museum/zookeeper/zk-isolated-leader-zombie-writes"));

/** The first moment from `seconds` on at which something of that kind is on its way. */
function frameWith(walk: Walk, seconds: number, kind: string) {
  for (let step = stepAfter(walk, seconds); step < walk.end; step++) {
    const frame = frameAt(walk, step);
    if (
      flightPane.scene(frame).rows.some(({ delivery, whereabouts }) => delivery?.message === kind && whereabouts === "travelling")
    )
      return frame;
  }
  throw new Error(`no ${kind} from ${seconds} s on`);
}

describe("what people see", () => {
  const moments: readonly (readonly [name: string, walk: Walk, step: number])[] = [
    ["all is well", lastReplica, frameWith(lastReplica, 1, "Produce").position],
    ["a follower is cut off", lastReplica, stepAfter(lastReplica, 9)],
    ["the ISR shrinks", laggard, frameWith(laggard, 10, "AlterPartition").position],
    ["the leader is without power", lastReplica, stepAfter(lastReplica, 22)],
    ["a controller changes", zombie, stepOf(zombie, (event) => event.kind === "ControllerChanged" && event.controller === 3)],
  ];

  test.for(moments)("%s", async ([name, walk, step]) => {
    const frame = frameAt(walk, step);
    const screens = [roomOf(47, 5), roomOf(80, 8), roomOf(120, 20, { present: true })].map((room) =>
      screenOf(flightPane, frame, room),
    );
    await expect(`${screens.join("\n\n")}\n`).toMatchFileSnapshot(`screens/${name.toLowerCase().replaceAll(" ", "-")}.txt`);
  });
});

describe("a message", () => {
  test("that travels shows how long it still takes, and is there no more once it has arrived", () => {
    const frame = frameWith(lastReplica, 1, "Produce");
    const row = flightPane.scene(frame).rows.find(({ name, isResponse }) => name === "Produce" && !isResponse);
    expect(row?.arrivesIn).toBeGreaterThan(0);
    const arrival = frame.simulation.world.time + (row?.arrivesIn ?? 0);
    const after = frameAt(lastReplica, frame.tape.stepAt(arrival));
    expect(flightPane.scene(after).rows.map(({ id }) => id)).not.toContain(row?.id);
    expect(after.tape.timeOf(after.position)).toBe(arrival);
  });

  test("that is cut off says so, in words", () => {
    expect(linesOf(flightPane, frameAt(lastReplica, stepAfter(lastReplica, 9)), roomOf(80, 8))[0]).toMatch(
      /^ •broker-1 +→ broker-2 +Fetch ok .*✂ cut$/,
    );
  });

  test("that somebody holds says so, comes before what does not matter, and can be released", () => {
    const walk = walkThrough(bundledSide("museum/replication/kip-966-last-replica-standing"));
    const frame = frameWith(walk, 1, "Fetch");
    const item = flightPane.items(flightPane.scene(frame)).find(({ id }) => id.startsWith("Fetch "));
    if (item?.subject.kind !== "message") throw new Error("nothing to hold");
    complete(walk.changeMessage(item.subject.delivery, { do: "hold" }));
    const scene = flightPane.scene(frameAt(walk, walk.position));
    const held = flightPane.items(scene).find(({ id }) => id === item.id);
    expect(held?.subject).toMatchObject({ kind: "message", isHeld: true, isCopy: false });
    expect(linesOf(flightPane, frameAt(walk, walk.position), roomOf(80, 8)).join("\n")).toContain("■ held");
    expect(textOf(flightPane.title(scene))).toContain("1 held");
  });

  test("can be selected if it has a name, shows its mark, and stays in view where there is little room", () => {
    const frame = frameAt(
      zombie,
      stepOf(zombie, (event) => event.kind === "ControllerChanged" && event.controller === 3),
    );
    const items = flightPane.items(flightPane.scene(frame));
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
    for (const { id, subject } of items) {
      expect(subject.kind).toBe("message");
      for (const height of [1, 2, 3, 40]) {
        expect(
          linesOf(flightPane, frame, roomOf(60, height, { selected: id })).filter((line) => line.startsWith("▸")),
        ).toHaveLength(1);
      }
    }
  });
});

describe("the order", () => {
  test("is: what concerns the chosen partition, the rest, routine, and in the end what will never arrive", () => {
    for (const [walk, seconds] of [
      [lastReplica, 9],
      [lastReplica, 20.65],
      [zombie, 20],
      [zombie, 30],
    ] as const) {
      const weights = flightPane
        .scene(frameAt(walk, stepAfter(walk, seconds)))
        .rows.map(({ concerns, isRoutine, isLost, isFresh }) => (isLost && !isFresh ? 3 : concerns ? 0 : isRoutine ? 2 : 1));
      expect(weights.length).toBeGreaterThan(0);
      expect(weights).toEqual([...weights].sort());
    }
  });

  test("puts a follower's fetch first even where its session names no partition (KIP-227)", () => {
    const { rows } = flightPane.scene(frameWith(lastReplica, 36, "Fetch"));
    const fetches = rows.filter(
      ({ name, from, to }) => name === "Fetch" && [from, to].every((node) => node.startsWith("broker-")),
    );
    for (const { concerns } of fetches) expect(concerns).toBe(true);
  });
});

describe("looking", () => {
  test("tells a selected message whole: in a line of its own where the first one is too short", () => {
    const frame = frameAt(lastReplica, stepAfter(lastReplica, 9));
    const [first] = flightPane.items(flightPane.scene(frame));
    const lines = linesOf(flightPane, frame, roomOf(34, 6, { selected: first?.id }));
    expect(lines[0]).toMatch(/^▸•broker-1 → broker-2 +✂ cut$/);
    expect(lines[1]).toMatch(/^ {4}Fetch ok \d+\.\.\d+ HW \d+$/);
    expect(linesOf(flightPane, frame, roomOf(34, 6))[0]).toContain("…");
  });

  test("changes nothing: a walk on which everything is looked at ends as the run did", () => {
    const walk = walkThrough(bundledSide("museum/replication/kip-966-last-replica-standing"));
    for (let step = 0; step < walk.end; step += 331) {
      const frame = frameAt(walk, step);
      for (const pane of [lanesPane, flightPane]) pane.lines(pane.scene(frame) as never, roomOf(120, 20));
    }
    complete(walk.goTo(walk.end));
    expect(walk.simulation.world.trace.hash()).toBe(walk.branch.ending.traceHash);
  });
});

describe("in any room, at any moment", () => {
  const walks = [
    lastReplica,
    zombie,
    walkThrough(bundledSide("groups/rolling-deploy")),
    walkThrough(bundledSide("nemesis/random-faults")),
  ];

  property.prop(
    {
      which: fc.nat({ max: walks.length - 1 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      width: fc.integer({ min: 0, max: 220 }),
      height: fc.integer({ min: 0, max: 60 }),
      present: fc.boolean(),
      selected: fc.nat({ max: 12 }),
    },
    { numRuns: 120 },
  )("lines fit, and what does not is counted", ({ which, share, width, height, present, selected }) => {
    const walk = walks[which] as Walk;
    const frame = frameAt(walk, Math.floor(share * walk.end), choiceOf(walk.side.scenario.topics[0]?.name));
    const scene = flightPane.scene(frame);
    const lines = flightPane.lines(scene, roomOf(width, height, { present, selected: flightPane.items(scene)[selected]?.id }));
    expect(lines.length).toBeLessThanOrEqual(height);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
    const told = [...lines, flightPane.title(scene), flightPane.summary(scene)].map(textOf);
    for (const text of told) expect(text).not.toMatch(/undefined|NaN|\[object|\n/);
    if (width >= 40 && height > 1 && scene.rows.length > height)
      expect(told[height - 1]).toMatch(new RegExp(`… ${scene.rows.length - height + 1} more`));
  });
});
