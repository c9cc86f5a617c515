import { describe, expect, test } from "vitest";
import { clusterPane } from "../../../src/view/cluster/cluster-pane.ts";
import { bundled, drawn, frameOf, roomOf, runTo, stepOn, textsOf, written } from "./frames.ts";

const ROOMS = [roomOf(38, 5), roomOf(60, 8), roomOf(110, 12)];
const LAST_REPLICA = "museum/replication/kip-966-last-replica-standing.yaml";

const TROUBLES = `
name: everything at once
cluster: { brokers: 3, controllers: 3 }
topics: { orders: { partitions: 4, replication.factor: 3 } }
producers: { checkout: { topic: orders, rate: 20/s } }
faults:
  - { at: 1s, cut: broker-1, from: broker-2, direction: outgoing }
  - { at: 1s, clog: broker-3, to: controller-1 }
  - { at: 1s, slow-link: broker-3, to: broker-1, by: 50ms }
  - { at: 1s, slow-disk: broker-1, by: 20ms }
  - { at: 1s, stall-disk: controller-2 }
  - { at: 1s, fill-disk: controller-3 }
  - { at: 1s, clock: { node: broker-2, jump: -5s, drift: 200ppm } }
  - { at: 1500ms, pause: broker-3 }
run: { for: 10s }
`;

describe("the cluster pane", () => {
  test("says who is fenced and draws what cuts it off", async () => {
    const simulation = runTo(bundled(LAST_REPLICA, "old"), 12);
    await expect(drawn(clusterPane, simulation, ROOMS)).toMatchFileSnapshot("fenced-and-cut-off.txt");
  });

  test("shows two leaders of the metadata quorum, the one that is and the one that takes itself for it (KAFKA-15489)", async () => {
    const simulation = runTo(bundled("museum/quorum/kafka-15489-no-check-quorum-zombie-controller.yaml", "old"), 15);
    await expect(drawn(clusterPane, simulation, ROOMS)).toMatchFileSnapshot("two-quorum-leaders.txt");
  });

  test("shows a broker that takes itself for the controller while the store names another (KAFKA-14154)", async () => {
    const path = "museum/zookeeper/kafka-14154-zombie-controller-answers-with-authority.yaml";
    await expect(drawn(clusterPane, runTo(bundled(path, "old"), 48), ROOMS)).toMatchFileSnapshot("two-zookeeper-controllers.txt");
  });

  test("draws one-way cuts, clogs and slow links, and tells of disks and clocks", async () => {
    await expect(drawn(clusterPane, runTo(written(TROUBLES), 2), ROOMS)).toMatchFileSnapshot("links-disks-clocks.txt");
  });

  test("tells how servers come up, before anybody leads", async () => {
    const started = drawn(clusterPane, stepOn(bundled(LAST_REPLICA), 4), [roomOf(38, 5)]);
    const without = drawn(clusterPane, bundled(LAST_REPLICA), [roomOf(38, 5)]);
    await expect(`${without}\n${started}`).toMatchFileSnapshot("boot.txt");
  });

  test("makes place for twenty brokers, and names those in trouble", async () => {
    const simulation = written(`
name: twenty brokers
cluster: { brokers: 20, controllers: 3 }
topics: { orders: { partitions: 20, replication.factor: 3 } }
faults:
  - { at: 1s, crash: [broker-4, broker-17] }
  - { at: 1s, isolate: broker-9 }
  - { at: 1s, pause: controller-2 }
run: { for: 20s }
`);
    const rooms = [roomOf(24, 3), roomOf(38, 5), roomOf(60, 8), roomOf(110, 12)];
    await expect(drawn(clusterPane, runTo(simulation, 3), rooms)).toMatchFileSnapshot("twenty-brokers.txt");
  });

  test("lets every server and every cut be selected, and marks what is", () => {
    const simulation = runTo(bundled(LAST_REPLICA, "old"), 12);
    const items = clusterPane.items(clusterPane.scene(frameOf(simulation)));
    const servers = ["broker-1", "broker-2", "broker-3", "controller-1", "controller-2", "controller-3"];
    expect(items.slice(0, 6).map(({ subject, watched }) => ({ subject, watched }))).toEqual(
      servers.map((node) => ({ subject: { kind: "server", node }, watched: { what: "state", node } })),
    );
    const cuts = items.slice(6);
    expect(cuts.length).toBeGreaterThanOrEqual(5);
    for (const { subject } of cuts) expect(subject.kind === "cut" && [subject.a, subject.b]).toContain("broker-2");
    for (const { id } of items) {
      const lines = textsOf(clusterPane, simulation, roomOf(60, 12, id)).join("\n");
      expect(lines.match(/▸/g), id).toHaveLength(1);
    }
  });

  test("calls one that was told to stop stopped, one that died down, and one without power so", () => {
    const simulation = written(`
name: ends
cluster: { brokers: 4, controllers: 1 }
topics: { orders: { partitions: 4, replication.factor: 3 } }
faults: [{ at: 1s, crash: broker-1 }, { at: 1s, power-loss: broker-2 }, { at: 1s, stop: broker-3 }]
run: { for: 30s }
`);
    const atOnce = textsOf(clusterPane, runTo(simulation, 1.1), roomOf(100, 12)).join("\n");
    expect(atOnce).toMatch(/broker-1 ✖ down · leads \d · not fenced yet/);
    expect(atOnce).toMatch(/broker-2 ⊗ no power · leads \d · not fenced yet/);
    const later = textsOf(clusterPane, runTo(simulation, 25), roomOf(100, 12)).join("\n");
    expect(later).toMatch(/broker-1 ✖ down +controller|broker-1 ✖ down$/m);
    expect(later).toMatch(/broker-3 ○ stopped/);
  });
});
