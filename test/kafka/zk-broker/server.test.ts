/** A server of ZooKeeper mode from its start to its end: coordination.md A4, A8. */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { brokerIdPath, PERSISTENT_PATHS } from "../../../src/kafka/zk/znodes.ts";
import { TOPIC } from "./broker-world.ts";
import { ServerWorld } from "./server-world.ts";

describe("starting", () => {
  test("it makes the persistent paths, registers, stands for election, and then opens its port", () => {
    const c = new ServerWorld({ brokers: 1 }).start(1);
    const asked = c.asked("create", "multi", "getData").map((each) => each.replace("create ", ""));
    expect(asked.slice(0, PERSISTENT_PATHS.length)).toEqual(PERSISTENT_PATHS);
    expect(asked.slice(PERSISTENT_PATHS.length, PERSISTENT_PATHS.length + 2)).toEqual(["multi", "getData /controller"]);
    expect(c.statesOf(1)).toEqual(["STARTING", "RUNNING"]);
    expect(c.isRegistered(1)).toBe(true);
    expect(c.controllerId).toBe(1);
  });

  test("before it has registered it refuses connections", () => {
    const c = new ServerWorld({ brokers: 1 });
    c.silent.add("zk-1");
    c.world.start("broker-1");
    c.runFor(ms(1));
    const early = c.send(1, "Metadata", { topics: null });
    c.runFor(seconds(1));
    expect(c.statesOf(1)).toEqual(["STARTING"]);
    expect(c.ended(early)).toBe("NETWORK_EXCEPTION");
  });

  test("a registration under a foreign session makes it end (A4)", () => {
    const c = new ServerWorld({ brokers: 1 }).start(1);
    // The process dies, and its session lives on.
    c.world.crash("broker-1");
    c.start(1);
    expect(c.isUp(1)).toBe(false);
    expect(c.statesOf(1).slice(2)).toEqual(["STARTING"]);
    // The session of the dead process is the only one that is left.
    expect([...c.alive]).toEqual([c.sessionOf(1)]);
    c.expire(c.sessionOf(1));
    c.start(1);
    expect(c.isUp(1)).toBe(true);
  });

  test("without a server of ZooKeeper it gives up after the session's time", () => {
    const c = new ServerWorld({ brokers: 1, config: { "zookeeper.session.timeout.ms": 6_000 } });
    c.silent.add("zk-1");
    c.world.start("broker-1");
    c.runFor(seconds(5.9));
    expect(c.isUp(1)).toBe(true);
    c.runFor(seconds(0.2));
    expect(c.isUp(1)).toBe(false);
  });

  test("told to stop while it starts, it just ends", () => {
    const c = new ServerWorld({ brokers: 1 });
    c.silent.add("zk-1");
    c.world.start("broker-1");
    c.runFor(ms(100));
    c.world.requestShutdown("broker-1");
    c.runFor(ms(10));
    expect(c.isUp(1)).toBe(false);
    expect(c.statesOf(1)).toEqual(["STARTING"]);
  });
});

describe("serving", () => {
  test("a topic that appears in the store is led, followed, and written to", () => {
    const c = new ServerWorld().startAll().createTopic();
    expect(c.state()).toMatchObject({ leader: 1, isr: [1, 2, 3] });
    const sent = c.produce(1);
    c.runFor(ms(100));
    expect(c.produced(sent)).toBe("NONE");
    expect(c.of("RecordsAppended").map(({ broker }) => broker)).toEqual([1, 2, 3]);
  });

  test("Metadata names the controller, and changes with it", () => {
    const c = new ServerWorld().startAll();
    const first = c.send(2, "Metadata", { topics: [] });
    c.runFor(ms(50));
    expect(c.answer("Metadata", first)).toMatchObject({
      controllerId: 1,
      brokers: [{ nodeId: 1 }, { nodeId: 2 }, { nodeId: 3 }],
    });
    c.write({ op: "delete", path: "/controller", version: -1 });
    c.runFor(ms(500));
    const second = c.send(2, "Metadata", { topics: [] });
    c.runFor(ms(50));
    expect(c.answer("Metadata", second)?.controllerId).toBe(c.controllerId);
  });

  test.each([true, false])(
    "a follower that falls behind leaves the ISR in the store (isr.alterPartition %s)",
    (alterPartition) => {
      const c = new ServerWorld({
        dials: { "isr.alterPartition": alterPartition },
        config: { "replica.lag.time.max.ms": 1_000 },
      });
      c.startAll().createTopic();
      c.world.cut("broker-1", "broker-3");
      c.produce(1);
      c.runUntil(() => c.state()?.isr.length === 2);
      expect(c.state()).toMatchObject({ leader: 1, leaderEpoch: 0, isr: [1, 2] });
      c.world.heal("broker-1", "broker-3");
      c.runUntil(() => c.state()?.isr.length === 3);
    },
  );

  test("a proposal that reaches a former controller goes to the next one: NOT_CONTROLLER is not final", () => {
    const c = new ServerWorld({ config: { "replica.lag.time.max.ms": 1_000 } }).startAll().createTopic();
    // Broker 2 becomes the controller; broker 1, which leads, does not hear of it.
    c.world.cut("broker-2", "broker-1");
    while (c.controllerId !== 2) {
      c.write({ op: "delete", path: "/controller", version: -1 });
      c.runFor(ms(500));
    }
    c.world.cut("broker-1", "broker-3");
    c.produce(1);
    c.runFor(seconds(3));
    expect(c.state()?.isr).toEqual([1, 2, 3]);
    expect(c.of("IsrChangeProposed")).not.toEqual([]);
    c.world.heal("broker-2", "broker-1");
    c.runUntil(() => c.state()?.isr.length === 2);
  });
});

describe("when its session expires", () => {
  test("it registers anew with another epoch, and its replicas keep what they have (A4)", () => {
    const c = new ServerWorld().startAll().createTopic();
    const sent = c.produce(1);
    c.runFor(ms(100));
    expect(c.produced(sent)).toBe("NONE");
    const before = c.tree.get(brokerIdPath(2))?.stat.czxid ?? 0;
    c.expireSessionOf(2);
    expect(c.tree.get(brokerIdPath(2))?.stat.czxid).toBeGreaterThan(before);
    expect(c.isUp(2)).toBe(true);
    expect(c.of("LogLoaded").filter(({ broker }) => broker === 2)).toHaveLength(1);
    expect(c.statesOf(2)).toEqual(["STARTING", "RUNNING"]);
    const again = c.produce(1);
    c.runFor(seconds(2));
    expect(c.produced(again)).toBe("NONE");
    c.runUntil(() => c.state()?.isr.length === 3);
  });

  test("an expired controller is followed by another, whose orders it obeys", () => {
    const c = new ServerWorld().startAll().createTopic();
    expect(c.controllerId).toBe(1);
    c.expire(c.sessionOf(1));
    c.runFor(ms(500));
    expect(c.controllerId).not.toBe(1);
    expect(c.state()?.leaderEpoch).toBeGreaterThan(0);
    for (const server of c.servers) c.world.resetConnections("broker-1", server);
    c.runUntil(() => c.state()?.isr.includes(1) === true);
    const follower = c.of("BecameFollower").filter(({ broker }) => broker === 1);
    expect(follower.at(-1)).toMatchObject({ topic: TOPIC, leader: c.state()?.leader });
  });
});

describe("controlled shutdown (A8)", () => {
  test("what it led is led by others before it goes, and its registration goes with it at once", () => {
    const c = new ServerWorld().startAll().createTopic();
    c.world.requestShutdown("broker-1");
    c.runUntil(() => !c.isUp(1));
    expect(c.state()).toMatchObject({ isr: [2, 3] });
    expect([2, 3]).toContain(c.state()?.leader);
    expect(c.isRegistered(1)).toBe(false);
    expect(c.statesOf(1).slice(2)).toEqual(["PENDING_CONTROLLED_SHUTDOWN", "SHUTTING_DOWN"]);
    c.start(1);
    expect(c.of("LogLoaded").at(-1)).toMatchObject({ broker: 1, shutdown: "clean" });
  });

  test("without an answer it asks controlled.shutdown.max.retries times, and goes all the same", () => {
    const c = new ServerWorld({ config: { "controlled.shutdown.retry.backoff.ms": 5_000, "request.timeout.ms": 1_000 } });
    c.startAll().createTopic();
    c.world.cut("broker-2", "broker-1", "to");
    c.world.cut("broker-3", "broker-1", "to");
    // The store answers nothing that the controller asks for.
    c.unanswered.add("multi");
    const at = c.world.time;
    c.world.requestShutdown("broker-2");
    c.runUntil(() => c.statesOf(2).includes("SHUTTING_DOWN"));
    // Three attempts of a second each, and two rests of five.
    expect(c.world.time - at).toBeGreaterThanOrEqual(seconds(13));
    expect(c.world.time - at).toBeLessThan(seconds(14));
  });

  test("with controlled.shutdown.enable=false nobody is asked", () => {
    const c = new ServerWorld({ config: { "controlled.shutdown.enable": false } }).startAll().createTopic();
    c.world.requestShutdown("broker-1");
    c.runUntil(() => !c.isUp(1));
    expect(c.statesOf(1)).not.toContain("PENDING_CONTROLLED_SHUTDOWN");
    expect(c.isRegistered(1)).toBe(false);
  });
});
