import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { clientsPane } from "../../../src/view/clients/clients-pane.ts";
import { clusterPane } from "../../../src/view/cluster/cluster-pane.ts";
import { type Line, widthOf } from "../../../src/view/line.ts";
import type { Item, Pane, Room } from "../../../src/view/pane.ts";
import { bundled, frameOf, runTo, stepOn } from "./frames.ts";

/** A scene with the pane that made it. */
interface Shown {
  readonly items: readonly Item[];
  readonly title: Line;
  readonly summary: Line;
  readonly lines: (room: Room) => readonly Line[];
}

const RUNS = [
  ["museum/replication/kip-966-last-replica-standing.yaml", "old"],
  ["museum/zookeeper/kafka-6082-zombie-controller-writes-zk.yaml", "old"],
  ["failover/rolling-restart.yaml", "new"],
  ["nemesis/groups-of-kip-848.yaml", "new"],
  ["nemesis/random-faults.yaml", "new"],
] as const;

/** From before anything runs, through the boot, to some time in the run and its end. */
function momentsOf(path: string, side: "old" | "new"): Shown[] {
  const simulation = bundled(path, side);
  const moments: Shown[] = [];
  const look = (): void => {
    const frame = frameOf(simulation);
    for (const pane of [clusterPane, clientsPane] as Pane<unknown>[]) {
      const scene = pane.scene(frame);
      const lines = (room: Room): readonly Line[] => pane.lines(scene, room);
      moments.push({ items: pane.items(scene), title: pane.title(scene), summary: pane.summary(scene), lines });
    }
  };
  look();
  for (let boot = 0; boot < 12; boot++) {
    stepOn(simulation, 97);
    look();
  }
  for (let second = 0; second <= 24; second += 1.5) {
    runTo(simulation, second);
    look();
  }
  return moments;
}

const SHOWN = RUNS.flatMap(([path, side]) => momentsOf(path, side));

describe("both panes, at any moment and in any room", () => {
  test("name each thing once, and say what it is in one line", () => {
    for (const { items, title, summary } of SHOWN) {
      const ids = items.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(widthOf(title)).toBeGreaterThan(0);
      expect(widthOf(summary)).toBeGreaterThan(0);
    }
  });

  test.prop(
    {
      moment: fc.nat(SHOWN.length - 1),
      width: fc.integer({ min: 0, max: 180 }),
      height: fc.integer({ min: 0, max: 50 }),
      choice: fc.option(fc.nat(60), { nil: undefined }),
      present: fc.boolean(),
    },
    { numRuns: 2_000 },
  )("keep to the room", ({ moment, width, height, choice, present }) => {
    const { items, lines } = SHOWN[moment] as Shown;
    const selected = choice === undefined ? undefined : items[choice % Math.max(1, items.length)]?.id;
    const drawn = lines({ width, height, selected, focused: true, present });
    expect(drawn.length).toBeLessThanOrEqual(height);
    for (const each of drawn) expect(widthOf(each)).toBeLessThanOrEqual(width);
    if (width >= 38 && height >= 5) expect(drawn.length).toBeGreaterThan(0);
  });
});
