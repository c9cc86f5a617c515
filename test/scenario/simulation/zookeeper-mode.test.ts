/** A cluster of ZooKeeper mode, as scenarios play it: how it boots, who is who, and what can be done to it. */
import { describe, expect, test } from "vitest";
import { forkOf } from "../../../src/sim/fork.ts";
import type { Step } from "../../../src/sim/trace.ts";
import { play, playUntil, type Story, simulationOf } from "./story.ts";

/** One partition on brokers 1, 2, 3, led by broker-1; short sessions, so that little time has to pass. */
const BACKGROUND = `
name: zookeeper
cluster:
  mode: zookeeper
  zookeeper-config: { tickTime: 500 }
  config: { zookeeper.session.timeout.ms: 4000 }
topics: { orders: { assignment: [[1, 2, 3]], config: { min.insync.replicas: 2 } } }
producers: { checkout: { topic: orders, rate: 10/s, config: { acks: all, linger.ms: 0 } } }
`;

function tell(text: string, more: { readonly seed?: string; readonly background?: string } = {}): Story {
  return play(text, { background: BACKGROUND, ...more });
}

/** Whom the store names as the controller, and since when: each server reports it, the first one counts. */
function controllers(story: Story): [at: number, controller: number][] {
  const changes = story.events("ControllerChanged");
  const news = changes.filter(
    ({ metadataOffset }, i) => changes.findIndex((each) => each.metadataOffset === metadataOffset) === i,
  );
  return news.map(({ at, controller }) => [at, controller]);
}

describe("the boot", () => {
  const story = tell("run: { for: 2s }");
  const first = (...steps: readonly { readonly step: Step }[]): number => steps[0]?.step.number ?? Number.POSITIVE_INFINITY;

  test("goes from the ensemble to brokers, to a controller, to topics; then time 0 comes", () => {
    const order = [
      first(...story.events("ZkLeaderEstablished")),
      first(...story.events("BrokerRegistered")),
      first(...story.events("ControllerFailoverCompleted")),
      first(...story.events("ProcessStarted", { node: "admin" })),
      first(...story.events("TopicCreated")),
      first(...story.events("BecameLeader")),
      first(...story.events("ProcessStarted", { node: "checkout" })),
    ];
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(story.moments("ProcessStarted", { node: "checkout" })).toEqual([0]);
    expect(new Set(story.events("BrokerRegistered").map(({ broker }) => broker))).toEqual(new Set([1, 2, 3]));
  });

  test("a quorum of servers suffices, and a broker that can't connect in time is started again until it can", () => {
    const cut = `${BACKGROUND}network: { links: [{ between: broker-3, and: zookeepers, unreliable: { drop: 100% } }] }\n`;
    const lonely = tell("run: { for: 2s }", { background: cut });
    expect(lonely.simulation.phase).toBe("unready");
    const exits = lonely.events("ProcessExited", { node: "broker-3" });
    expect(exits.length).toBeGreaterThan(5);
    const starts = lonely.moments("ProcessStarted", { node: "broker-3" });
    exits.forEach(({ at }, index) => {
      if (index + 1 < starts.length) expect(starts[index + 1]).toBeCloseTo(at + 5, 6);
    });
  });

  test("every decision is seen once, though each of the servers reports it when it applies it", () => {
    expect(story.events("TopicCreated").length).toBe(3);
    expect(story.simulation.timeline?.entries.filter(({ text }) => /orders-0 is led by/.test(text))).toHaveLength(1);
    const goals = tell(
      "faults: [{ at: 1s, delete-znode: /controller }]\nrun: { for: 5s }\nexpect: { reaches: [ControllerEpochChanged] }",
    );
    expect(goals.simulation.reached()).toEqual([1]);
  });
});

describe("active-controller", () => {
  test("is the broker that the store names; the others stand by", () => {
    const story = tell(
      "faults: [{ at: 2s, pause: active-controller, for: 1s }, { at: 5s, pause: standby-controllers, for: 1s }]\nrun: { for: 8s }",
    );
    const active = `broker-${controllers(story).at(-1)?.[1]}`;
    const paused = story.events("Paused").map(({ at, node }) => [at, node]);
    const others = ["broker-1", "broker-2", "broker-3"].filter((name) => name !== active);
    expect(paused).toEqual([[2, active], ...others.map((name) => [5, name])]);
  });

  test("moves on when the controller dies, after its session", () => {
    const story = tell(
      "faults: [{ at: 2s, crash: active-controller, for: 20s }, { at: 12s, crash: active-controller }]\nrun: { for: 14s }",
    );
    const [first, second] = story.events("ProcessCrashed").map(({ node }) => node);
    expect(second).not.toBe(first);
    const [gone, taken] = controllers(story).filter(([at]) => at > 0);
    expect(gone?.[1]).toBe(-1);
    expect(`broker-${taken?.[1]}`).toBe(second);
    // The session of 4 s, counted from when the broker was last heard of; in ticks of 0.5 s.
    expect(gone?.[0]).toBeGreaterThan(2 + 4 - 1.5);
    expect(gone?.[0]).toBeLessThan(2 + 4 + 1);
  });
});

describe("the ensemble", () => {
  test("may be named by role: its leader, its followers", () => {
    const story = tell(
      "faults: [{ at: 2s, crash: zookeeper-leader }, { at: 8s, pause: zookeeper-follower, for: 100ms }]\nrun: { for: 12s }",
    );
    const leaders = story.events("ZkLeaderEstablished").map(({ server }) => `zookeeper-${server}`);
    expect(story.events("ProcessCrashed").map(({ node }) => node)).toEqual([leaders[0]]);
    expect(leaders).toHaveLength(2);
    expect(story.events("Paused").map(({ node }) => node)).not.toContain(leaders[1]);
  });

  test("what befalls any server befalls one of these: crash, power loss, stop, pause, cuts, disks, clocks, wipe", () => {
    const story = tell(
      `faults:
  - { at: 1s, power-loss: zookeeper-1, tail: torn, for: 2s }
  - { at: 6s, stop: zookeeper-2, for: 2s }
  - { at: 12s, stall-disk: zookeeper-3, for: 1s }
  - { at: 15s, isolate: zookeeper-1, for: 3s }
  - { at: 21s, clock: { node: zookeeper-2, jump: -10s } }
  - { at: 22s, wipe: zookeeper-3, restart: zookeeper-3 }
run: { for: 30s }`,
    );
    expect(story.simulation.unfiredFaults()).toEqual([]);
    expect(story.simulation.checker.violations).toEqual([]);
    expect(story.simulation.checker.records).toMatchObject({ lost: 0, failed: 0 });
    expect(story.events("ProcessExited", { node: "zookeeper-2" })).toHaveLength(1);
    // None of this costs a broker its session, for a majority was there all the time.
    expect(story.events("BrokerUnregistered").filter(({ at }) => at > 0)).toEqual([]);
  });

  test("without a majority nothing is decided, and the data flows on until somebody has to decide", () => {
    const story = tell("faults: [{ at: 2s, crash: zookeeper-followers, for: 6s }]\nrun: { for: 20s }");
    const during = story.eventsBetween(3, 8, "ZkTransactionCommitted");
    expect(during).toEqual([]);
    expect(story.eventsBetween(3, 8, "ProduceAcknowledged").length).toBeGreaterThan(30);
    expect(story.simulation.checker.records).toMatchObject({ lost: 0, failed: 0 });
  });
});

describe("what an administrator does", () => {
  test("delete-znode of /controller forces an election; the broker that held it goes on as a broker", () => {
    const story = tell("faults: [{ at: 2s, delete-znode: /controller }]\nrun: { for: 6s }");
    const [gone, taken] = controllers(story).filter(([at]) => at >= 2);
    expect([gone?.[1], (taken?.[1] ?? 0) > 0]).toEqual([-1, true]);
    expect(taken?.[0]).toBeLessThan(2.5);
    expect(story.eventsBetween(2, 6, "ControllerFailoverCompleted", { epoch: 2 })).toHaveLength(1);
    expect(story.eventsBetween(2, 6, "BrokerUnregistered")).toEqual([]);
  });

  test("create-topic and delete-topic, of one name after another: each topic has an id of its own", () => {
    const story = tell(
      `faults:
  - { at: 1s, create-topic: { topic: audit, partitions: 2, replication.factor: 2 } }
  - { at: 3s, delete-topic: audit }
  - { at: 8s, create-topic: { topic: audit, partitions: 1, replication.factor: 1 } }
run: { for: 12s }`,
    );
    const created = story.events("TopicCreated", { topic: "audit" });
    expect(new Set(created.map(({ topicId }) => topicId)).size).toBe(2);
    const [deleted] = story.moments("TopicDeleted", { topic: "audit" });
    expect(deleted).toBeGreaterThan(3);
    expect(deleted).toBeLessThan(6);
    expect(story.events("AdminRequestFailed")).toEqual([]);
    expect(story.eventsBetween(8, 12, "BecameLeader", { topic: "audit" })).toHaveLength(1);
  });

  test("reassign moves a partition, which has the new replicas only in the end", () => {
    const background = BACKGROUND.replace("mode: zookeeper\n", "mode: zookeeper\n  brokers: 4\n");
    const story = tell("faults: [{ at: 2s, reassign: { partition: orders-0, replicas: [2, 3, 4] } }]\nrun: { for: 15s }", {
      background,
    });
    const states = story.events("PartitionChanged", { topic: "orders" });
    expect(states.at(-1)).toMatchObject({ replicas: [2, 3, 4], leader: 2 });
    expect(states.some(({ replicas }) => replicas.length === 4)).toBe(true);
    expect(story.events("ReplicaStopped", { broker: 1 }).length).toBeGreaterThan(0);
    expect(story.simulation.checker.records).toMatchObject({ lost: 0, failed: 0 });
  });

  test("elect brings the preferred leader back", () => {
    const story = tell(
      `cluster: { mode: zookeeper, zookeeper-config: { tickTime: 500 }, config: { zookeeper.session.timeout.ms: 4000, auto.leader.rebalance.enable: false } }
faults: [{ at: 2s, stop: broker-1, for: 2s }, { at: 12s, elect: { partition: orders-0, type: preferred } }]
run: { for: 16s }`,
      { background: BACKGROUND.replace(/cluster:[\s\S]*?topics/, "topics") },
    );
    const elected = story.eventsBetween(12, 16, "LeaderElected", { topic: "orders" });
    expect(elected[0]).toMatchObject({ from: expect.any(Number), leader: 1 });
  });
});

describe("messages", () => {
  function hit(story: Story, beyondTcp: string): Step[] {
    return story.deliveries().filter(({ delivery }) => delivery?.beyondTcp === beyondTcp);
  }

  test("are picked by path, alone or in a multi: nobody but the controller writes a partition's state", () => {
    const state = "/brokers/topics/orders/partitions/0/state";
    const story = tell(
      `faults:
  - { at: 1s, delay: { message: ZkMulti, path: ${state}, times: all, by: 1ms } }
  - { at: 1s, delay: { message: ZkGetData, path: /brokers/topics/*, times: all, by: 2ms } }
  - { at: 2s, stop: broker-3, for: 2s }
run: { for: 12s }`,
    );
    const delayed = hit(story, "delayed");
    expect(delayed.length).toBeGreaterThan(2);
    const active = `broker-${
      controllers(story)
        .filter(([at]) => at < 2)
        .at(-1)?.[1]
    }`;
    const writers = new Set(delayed.filter(({ label }) => label === "ZkMulti").map(({ delivery }) => delivery?.from));
    if (active !== "broker-3") expect([...writers]).toEqual([active]);
    for (const { message } of delayed) expect(JSON.stringify(message)).toContain("/brokers/topics/");
  });

  test("what a watch tells may be held; `path` is that of the watched event", () => {
    const story = tell(
      `faults:
  - { at: 1s, name: held, hold: { message: ZkWatchEvent, path: /controller, times: all } }
  - { at: 2s, delete-znode: /controller }
  - { at: 6s, release: held }
run: { for: 10s }`,
    );
    const held = hit(story, "held");
    expect(held.length).toBeGreaterThan(0);
    // Until then nobody knows that there is no controller.
    const [, taken] = controllers(story).filter(([at]) => at >= 2);
    expect(taken?.[0]).toBeGreaterThan(6);
  });

  test("orders to brokers may be picked by partition, and wait", () => {
    const story = tell(
      `faults:
  - { at: 1s, name: held, hold: { message: LeaderAndIsr, partition: orders-0, to: broker-2, times: all } }
  - { at: 2s, crash: broker-1 }
  - { at: 9s, release: held }
run: { for: 14s }`,
    );
    const [elected] = story.eventsBetween(2, 14, "LeaderElected", { topic: "orders", leader: 2 });
    const [leads] = story.eventsBetween(2, 14, "BecameLeader", { broker: 2 });
    expect(elected?.at).toBeLessThan(8);
    expect(leads?.at).toBeGreaterThan(9);
    expect(hit(story, "held").every(({ label }) => label === "LeaderAndIsr")).toBe(true);
  });

  test("proposals between the servers are picked by the paths that they write", () => {
    const story = tell(
      `faults:
  - { at: 1s, name: held, hold: { message: ZabProposal, path: /controller, times: all } }
  - { at: 2s, delete-znode: /controller }
  - { at: 3s, release: held }
run: { for: 8s }`,
    );
    const [gone] = controllers(story).filter(([at]) => at >= 2);
    expect(gone?.[0]).toBeGreaterThan(3);
  });
});

describe("what TCP would never let through", () => {
  const DECIDED = "{ at: 4s, delete-znode: /controller }, { at: 8s, delete-znode: /controller }";

  test("a proposal that comes twice ends the server that gets it, as a commit that does not match would; it comes back", () => {
    const story = tell(`faults: [{ at: 1s, duplicate: { message: ZabProposal } }, ${DECIDED}]\nrun: { for: 20s }`);
    const exits = story.events("ProcessExited").filter(({ node }) => node.startsWith("zookeeper-"));
    expect(exits.map(({ reason }) => reason)).toEqual(["zookeeper: a proposal came twice, or too late"]);
    expect(story.moments("ProcessStarted", { node: exits[0]?.node as string }).at(-1)).toBeCloseTo(
      (exits[0]?.at as number) + 5,
      5,
    );
    expect(story.simulation.checker.violations).toEqual([]);
  });

  test("messages of clients that come twice, or not at all, break nothing", () => {
    const story = tell(
      `faults:
  - { at: 1s, duplicate: { message: ZkMulti, times: all } }
  - { at: 1s, duplicate: { message: ZkMultiResponse, times: all } }
  - { at: 1s, duplicate: { message: LeaderAndIsr, times: all } }
  - { at: 3s, drop: { message: ZkGetDataResponse } }
  - { at: 4s, delete-znode: /controller }
  - { at: 5s, stop: broker-1, for: 2s }
run: { for: 25s }`,
    );
    expect(story.simulation.checker.violations).toEqual([]);
    expect(story.events("IsrChanged", { topic: "orders" }).at(-1)?.isr.length).toBe(3);
  });
});

describe("a run", () => {
  const text =
    "faults: [{ at: 2s, crash: active-controller, for: 8s }, { at: 3s, power-loss: zookeeper-leader, for: 4s }]\nrun: { for: 14s }";

  test("is the same for the same seed, and another one for another", () => {
    const hash = (seed: string) => tell(text, { seed }).simulation.world.trace.hash();
    expect(hash("3")).toBe(hash("3"));
    expect(hash("3")).not.toBe(hash("4"));
  });

  test("can be forked at any moment, and the copy goes on as the original does", () => {
    for (const seconds of [-0.2, 2.001, 5, 9.5]) {
      const simulation = simulationOf(text, { background: BACKGROUND });
      playUntil(simulation, seconds);
      const copy = forkOf(simulation);
      simulation.run();
      copy.run();
      expect(copy.world.trace.hash(), `forked at ${seconds} s`).toBe(simulation.world.trace.hash());
      expect(simulation.checker.violations).toEqual([]);
    }
  });
});
