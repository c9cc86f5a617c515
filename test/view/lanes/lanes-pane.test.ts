/** The lanes of a partition: what they show at the moments of real runs that matter, in rooms of all sizes. */
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import type { KafkaEvent } from "../../../src/kafka/events.ts";
import type { NodeEvent } from "../../../src/sim/node-events.ts";
import { textOf } from "../../../src/view/fitting.ts";
import type { Frame } from "../../../src/view/frame.ts";
import { lanesPane } from "../../../src/view/lanes/lanes-pane.ts";
import type { Lane, LanesScene } from "../../../src/view/lanes/scene.ts";
import { widthOf } from "../../../src/view/line.ts";
import type { Walk } from "../../../src/walk/walk.ts";
import { readWatched } from "../../../src/walk/watched-value.ts";
import { bundledSide, walkThrough } from "../../walk/walks.ts";
import { choiceOf, frameAt, linesOf, roomOf, screenOf, stepAfter, stepOf } from "../moments.ts";

const lastReplica = walkThrough(bundledSide("museum/replication/kip-966-last-replica-standing"));
const zombie = walkThrough(bundledSide("museum/zookeeper/zk-isolated-leader-zombie-writes"));

const SIZES = [roomOf(75, 4), roomOf(116, 8), roomOf(40, 7), roomOf(116, 9, { present: true })];

function sceneAt(walk: Walk, step: number): LanesScene {
  return lanesPane.scene(frameAt(walk, step));
}

function laneOf(scene: LanesScene, node: string): Lane {
  const lane = scene.lanes.find((each) => each.node === node);
  if (lane === undefined) throw new Error(`no lane of ${node}`);
  return lane;
}

function happens(kind: (KafkaEvent | NodeEvent)["kind"], fields: object = {}) {
  return (event: KafkaEvent | NodeEvent): boolean =>
    event.kind === kind &&
    Object.entries(fields).every(([name, value]) => (event as unknown as Record<string, unknown>)[name] === value);
}

describe("what people see", () => {
  const moments: readonly (readonly [name: string, walk: Walk, step: number])[] = [
    ["time 0", lastReplica, lastReplica.start],
    ["a follower is cut off", lastReplica, stepAfter(lastReplica, 9)],
    ["the leader alone is in the ISR", lastReplica, stepAfter(lastReplica, 21)],
    ["the leader loses power", lastReplica, stepOf(lastReplica, happens("PowerLost"))],
    [
      "it is elected with what its disk has kept",
      lastReplica,
      stepOf(lastReplica, happens("BecameLeader", { broker: 1, leaderEpoch: 2 })),
    ],
    ["a follower cuts its log", lastReplica, stepOf(lastReplica, happens("LogTruncated", { broker: 3 }))],
    ["all is forgotten", lastReplica, lastReplica.end],
    ["a zombie writes", zombie, stepAfter(zombie, 30)],
    ["the zombie learns of it", zombie, stepOf(zombie, happens("LogTruncated", { broker: 1 }))],
  ];

  test.for(moments)("%s", async ([name, walk, step]) => {
    const frame = frameAt(walk, step);
    const screens = SIZES.map((room) => screenOf(lanesPane, frame, room));
    await expect(`${screens.join("\n\n")}\n`).toMatchFileSnapshot(`screens/${name.toLowerCase().replaceAll(" ", "-")}.txt`);
  });
});

describe("a lane", () => {
  test("tells what a loss of power would leave, and that is what it leaves", () => {
    const step = stepOf(lastReplica, happens("PowerLost", { node: "broker-1" }));
    const before = laneOf(sceneAt(lastReplica, step - 1), "broker-1");
    expect(before.durableTo).toBeLessThan(before.logEnd);
    const after = laneOf(sceneAt(lastReplica, step), "broker-1");
    expect(after).toMatchObject({ condition: "without power", logEnd: before.durableTo });
    expect(after.truncated).toEqual({ from: before.durableTo, to: before.logEnd });
    expect(after.lostByDisk).toEqual({ from: before.durableTo, to: before.logEnd });
  });

  test("of a broker that is down shows what it then comes back with", () => {
    const opened = stepOf(lastReplica, happens("LogLoaded", { broker: 1, shutdown: "unclean" }));
    const down = laneOf(sceneAt(lastReplica, opened - 2), "broker-1");
    const up = laneOf(sceneAt(lastReplica, opened), "broker-1");
    expect(down.condition).toBe("without power");
    expect(up.condition).toBe("running");
    expect([up.logEnd, up.highWatermark, up.runs]).toEqual([down.logEnd, down.highWatermark, down.runs]);
  });

  test("counts down to the moment when its follower may be evicted (3.5: replica.lag.time.max.ms since it was caught up)", () => {
    const evicted = stepOf(zombie, happens("IsrChanged", { partition: 0 }));
    const early = laneOf(sceneAt(zombie, stepAfter(zombie, 12)), "broker-2").membership.evictedIn as number;
    const late = laneOf(sceneAt(zombie, stepAfter(zombie, 20)), "broker-2").membership.evictedIn as number;
    expect(early - late).toBeCloseTo(8_000_000, -4);
    expect(late).toBeGreaterThan(0);
    expect(laneOf(sceneAt(zombie, evicted), "broker-1").membership).toMatchObject({ inIsr: false, outFor: 0 });
  });

  test("says who thinks to lead, and who does", () => {
    const scene = sceneAt(zombie, stepAfter(zombie, 30));
    expect(laneOf(scene, "broker-1")).toMatchObject({ role: "former", leaderEpoch: 0, isCutOff: true });
    expect(laneOf(scene, "broker-2")).toMatchObject({ role: "leader", leaderEpoch: 2 });
    expect(linesOf(lanesPane, frameAt(zombie, stepAfter(zombie, 30)), roomOf(120, 4))[1]).toContain("thinks it leads, epoch 0");
  });

  test("shows the records of this step, and those cut off in it, for this step only", () => {
    const cut = stepOf(lastReplica, happens("LogTruncated", { broker: 3 }));
    expect(linesOf(lanesPane, frameAt(lastReplica, cut), roomOf(100, 4)).join("\n")).toContain("░");
    expect(linesOf(lanesPane, frameAt(lastReplica, cut + 1), roomOf(100, 4)).join("\n")).not.toContain("░");
    const appended = stepOf(lastReplica, happens("RecordsAppended", { broker: 1, topic: "orders" }), 7);
    expect(laneOf(sceneAt(lastReplica, appended), "broker-1").appended).toEqual({ from: 6, to: 7 });
    const next = laneOf(sceneAt(lastReplica, appended + 1), "broker-1").appended;
    expect(next === undefined || next.from >= 7).toBe(true);
  });

  test("tells epochs apart without colour", () => {
    const [line] = linesOf(
      lanesPane,
      frameAt(lastReplica, stepOf(lastReplica, happens("LogTruncated", { broker: 3 })) - 1),
      roomOf(160, 4),
    ).slice(0, 1);
    const [other] = linesOf(lanesPane, frameAt(lastReplica, lastReplica.start + 200), roomOf(160, 4)).slice(1, 2);
    expect(line).toMatch(/2⣶/);
    expect(other).toMatch(/0⣀/);
  });

  test("agrees with what the observer knows of log end and high watermark, wherever the broker runs", () => {
    for (let step = lastReplica.start; step < lastReplica.end; step += 977) {
      const frame = frameAt(lastReplica, step);
      const scene = lanesPane.scene(frame);
      for (const { watched, id } of lanesPane.items(scene)) {
        if (watched === undefined || watched.what !== "log end") continue;
        const lane = laneOf(scene, id.split(" ")[0] as string);
        if (lane.condition === "running") expect(lane.logEnd).toBe(readWatched(frame.simulation, watched));
      }
    }
  });
});

describe("records that were acknowledged and are lost", () => {
  test("are marked from the moment on when the newest leader lacks them", () => {
    const lost = stepOf(lastReplica, happens("BecameLeader", { broker: 1, leaderEpoch: 2 }));
    expect(sceneAt(lastReplica, lost - 1).losses).toEqual([]);
    const scene = sceneAt(lastReplica, lost);
    expect(scene.losses).toMatchObject([{ from: 100, isFresh: true }]);
    for (const height of [2, 3, 4, 12]) {
      expect(linesOf(lanesPane, frameAt(lastReplica, lost), roomOf(75, height)).join("\n")).toMatch(
        /✗ .*acknowledged records lost: 100\.\./,
      );
    }
  });
});

describe("the items", () => {
  test("are leader, ISR, leader epoch, and of each lane the server, its log end and its high watermark, in the order of the lanes", () => {
    const items = lanesPane.items(sceneAt(lastReplica, lastReplica.start));
    expect(items.map(({ id }) => id)).toEqual([
      ...["leader", "ISR", "leader epoch"],
      ...[1, 2, 3].flatMap((id) => [`broker-${id}`, `broker-${id} log end`, `broker-${id} high watermark`]),
    ]);
    expect(items[0]).toMatchObject({ subject: { kind: "value" }, watched: { what: "leader" } });
    expect(items[3]).toMatchObject({
      subject: { kind: "server", node: "broker-1" },
      watched: { what: "state", node: "broker-1" },
    });
  });

  test("each shows its mark, in view, when it is selected", () => {
    const frame = frameAt(lastReplica, lastReplica.end);
    for (const { id } of lanesPane.items(lanesPane.scene(frame))) {
      for (const [width, height] of [
        [40, 2],
        [75, 4],
        [120, 12],
      ] as const) {
        const text = linesOf(lanesPane, frame, roomOf(width, height, { selected: id })).join("\n");
        expect(text.split("▸"), `${id} at ${width}×${height}:\n${text}`).toHaveLength(2);
      }
    }
  });
});

describe("more replicas than rows", () => {
  test("leave the leader in view, then those that are in trouble, and count the others", () => {
    const scene = sceneAt(lastReplica, stepAfter(lastReplica, 9));
    const [leader, lagging, follower] = scene.lanes as [Lane, Lane, Lane];
    const others = [4, 5, 6].map((broker) => ({ ...follower, broker, node: `broker-${broker}` }));
    const many = { ...scene, lanes: [follower, ...others, leader, lagging] };
    const shown = (selected?: string) =>
      lanesPane.lines(many, roomOf(75, 4, { selected })).map((line) => textOf(line).slice(1, 9));
    expect(shown()).toEqual(["broker-3", "broker-1", "broker-2", "… 3 more"]);
    expect(shown("broker-5 log end")).toEqual(["broker-5", "broker-1", "broker-2", "… 3 more"]);
  });
});

describe("a partition that is not there", () => {
  test.for([1, 40, 2_000])("has a line that says so, and nothing to select (step %i)", (step) => {
    const frame = frameAt(lastReplica, step, choiceOf("nowhere", 3));
    expect(linesOf(lanesPane, frame, roomOf(60, 6))).toEqual([" nowhere-3: not created yet"]);
    expect(lanesPane.items(lanesPane.scene(frame))).toEqual([]);
    expect(textOf(lanesPane.title(lanesPane.scene(frame)))).toBe("nowhere-3 · not created yet");
  });
});

describe("in any room, at any moment", () => {
  const walks = [
    lastReplica,
    zombie,
    walkThrough(bundledSide("failover/rolling-restart")),
    walkThrough(bundledSide("nemesis/random-faults")),
  ];
  const partitions = walks.map(({ side }) => side.scenario.topics.map(({ name }) => name));

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
  )("lines fit, and say something where there is room", ({ which, share, width, height, present, selected }) => {
    const walk = walks[which] as Walk;
    const topic = partitions[which]?.[0] ?? "orders";
    const frame: Frame = frameAt(walk, Math.floor(share * walk.end), choiceOf(topic));
    const scene = lanesPane.scene(frame);
    const lines = lanesPane.lines(scene, roomOf(width, height, { present, selected: lanesPane.items(scene)[selected]?.id }));
    expect(lines.length).toBeLessThanOrEqual(height);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
    if (width > 0 && height > 0) expect(lines.length).toBeGreaterThan(0);
    for (const line of [...lines, lanesPane.title(scene), lanesPane.summary(scene)])
      expect(textOf(line)).not.toMatch(/undefined|NaN|Infinity|\[object/);
  });
});
