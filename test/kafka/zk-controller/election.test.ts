/** Who is the controller, and what keeps those from harm who only believe to be. Source: KafkaController.elect; coordination A3. */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { DONE, Procedure, type Step } from "../../../src/kafka/zk/procedure.ts";
import { setData } from "../../../src/kafka/zk/store-requests.ts";
import { CONTROLLER_EPOCH_PATH, CONTROLLER_PATH } from "../../../src/kafka/zk/znodes.ts";
import type { ControllerDuty } from "../../../src/kafka/zk-controller/controller-core.ts";
import { ControllerCluster } from "./controller-cluster.ts";

const TWO_STEPS = { dials: { "zk.fenceWritesWithControllerEpoch": false } } as const;

function activations(c: ControllerCluster): string[] {
  return c.events
    .map(({ event }) => event)
    .flatMap((event) => {
      if (event.kind === "ControllerActivated") return [`${event.replica} active in ${event.epoch}`];
      return event.kind === "ControllerRenounced" ? [`${event.replica} renounces ${event.epoch}`] : [];
    });
}

describe("an election", () => {
  test("the first broker that finds no /controller creates it and raises the epoch in one transaction; the others follow it (A3)", () => {
    const c = new ControllerCluster().addBrokers(1, 2, 3);
    expect([c.controllerId, c.epoch]).toEqual([1, 1]);
    expect([1, 2, 3].map((id) => c.broker(id).controller.isActive)).toEqual([true, false, false]);
    expect([1, 2, 3].map((id) => c.broker(id).controller.activeControllerId)).toEqual([1, 1, 1]);
    const claims = c.arrived.filter(
      ({ request }) => request.op === "multi" && request.ops.some(({ path }) => path === CONTROLLER_PATH),
    );
    expect(claims).toHaveLength(1);
    expect(claims[0]?.request).toMatchObject({
      ops: [
        { op: "create", mode: "EPHEMERAL" },
        { op: "setData", data: 1, version: 0 },
      ],
    });
  });

  test("when /controller goes, somebody is elected in the next epoch, and the old one renounces its own", () => {
    const c = new ControllerCluster().addBrokers(1, 2, 3).deleteController();
    expect(c.epoch).toBe(2);
    expect(activations(c)).toHaveLength(3);
    expect(activations(c)).toContain("1 renounces 1");
    expect(activations(c).at(-1)).toBe(`${c.controllerId} active in 2`);
    expect([1, 2, 3].filter((id) => c.broker(id).controller.isActive)).toEqual([c.controllerId]);
    expect([1, 2, 3].map((id) => c.broker(id).controller.activeControllerId)).toEqual(Array(3).fill(c.controllerId));
  });

  test.each([
    ["in one transaction", {}],
    ["in two steps (before 2.1)", TWO_STEPS],
  ])("an answer that was lost is recognised as one's own doing, %s", (_, options) => {
    const c = new ControllerCluster(options);
    c.addBroker(1);
    c.world.crash("broker-1");
    c.expire(c.of("ZkClientStateChanged").at(-1)?.session as number);
    // The claim is carried out, but the connection breaks before the answer comes.
    const op = options === TWO_STEPS ? "create" : "multi";
    c.world.start("broker-1");
    c.runFor(ms(8));
    c.unanswered.add(op);
    c.runFor(ms(50));
    expect(c.controllerId).toBe(1);
    expect(c.broker(1).controller.isActive).toBe(false);
    c.unanswered.delete(op);
    for (const server of c.servers) c.world.resetConnections("broker-1", server);
    c.runFor(seconds(2));
    expect(c.broker(1).controller.isActive).toBe(true);
    expect([c.controllerId, c.epoch, c.broker(1).controller.controllerEpoch]).toEqual([1, 2, 2]);
  });

  test("in two steps another election may come in between: the epoch can't be raised, and /controller is deleted once more (before 2.1)", () => {
    const c = new ControllerCluster(TWO_STEPS).addBrokers(1, 2);
    expect([c.controllerId, c.epoch]).toEqual([1, 1]);
    c.world.pause("broker-2");
    const arrivedBefore = c.arrived.length;
    c.write({ op: "delete", path: CONTROLLER_PATH, version: -1 });
    // Until it has read the epoch; then somebody else raises it.
    while (
      !c.arrived
        .slice(arrivedBefore)
        .some(({ request }) => "path" in request && request.op === "getData" && request.path === CONTROLLER_EPOCH_PATH)
    )
      c.world.step();
    c.write(setData(CONTROLLER_EPOCH_PATH, 7));
    c.runFor(ms(100));
    expect(c.asked("delete")).toContain(`delete ${CONTROLLER_PATH}`);
    // Nobody was watching when it went: the creation had just been told, and not been looked at yet. Others are needed.
    expect(c.controllerId).toBeUndefined();
    c.world.resume("broker-2");
    c.runFor(ms(100));
    expect([c.controllerId, c.epoch]).toEqual([2, 8]);
    expect(activations(c)).toEqual(["1 active in 1", "1 renounces 1", "2 active in 8"]);
  });
});

/** A duty that can't be done the first time. */
class Stumbles extends Procedure implements ControllerDuty {
  readonly name = "Stumbles";
  private stumbled = false;

  resumeAfterFailover(): Procedure {
    return this;
  }

  start(): Step {
    if (this.stumbled) return DONE;
    this.stumbled = true;
    return { kind: "abort", reason: "failed" };
  }
}

test("a takeover that fails is given up, /controller with it, and there is another election", () => {
  const c = new ControllerCluster().addBrokers(1, 2);
  (c.broker(2).controller.duties as ControllerDuty[]).push(new Stumbles());
  c.world.pause("broker-1");
  c.write({ op: "delete", path: CONTROLLER_PATH, version: -1 });
  c.runFor(ms(100));
  expect(activations(c)).toEqual(["1 active in 1", "2 active in 2", "2 renounces 2", "2 active in 3"]);
  expect(c.of("ControllerFailoverCompleted").map(({ epoch }) => epoch)).toEqual([1, 3]);
});

describe("a controller that has been replaced and does not know it (KAFKA-6082)", () => {
  function withTopic(options: ConstructorParameters<typeof ControllerCluster>[0]) {
    const c = new ControllerCluster(options).addBrokers(1, 2, 3);
    c.putTopic("orders", { assignment: [[3, 2, 1]] });
    c.runFor(ms(100));
    expect(c.state("orders")).toMatchObject({ leader: 3, leaderEpoch: 0, controllerEpoch: 1 });
    return c;
  }

  /** Broker 1, paused with "broker 3 has died" in its queue, while another was elected that has not done anything yet. */
  function zombie(options: ConstructorParameters<typeof ControllerCluster>[0] = {}) {
    const c = withTopic(options);
    c.world.pause("broker-1");
    c.killBroker(3);
    // Others would stand for election, and do the same work.
    c.world.pause("broker-2");
    c.write({ op: "delete", path: CONTROLLER_PATH, version: -1 });
    c.put(CONTROLLER_PATH, { brokerId: 9, timestampMs: 0 });
    c.write(setData(CONTROLLER_EPOCH_PATH, 2));
    c.world.resume("broker-1");
    c.runFor(ms(200));
    return c;
  }

  test("its writes are refused, and it resigns", () => {
    const c = zombie();
    expect(c.state("orders")).toMatchObject({ leader: 3, leaderEpoch: 0 });
    expect(c.broker(1).controller.isActive).toBe(false);
    expect(c.broker(1).controller.activeControllerId).toBe(9);
    expect(activations(c)).toEqual(["1 active in 1", "1 renounces 1"]);
  });

  test("without the fence its writes go through (before 2.1)", () => {
    const c = zombie(TWO_STEPS);
    expect(c.state("orders")).toMatchObject({ leader: 2, controllerEpoch: 1 });
    expect(c.broker(1).controller.isActive).toBe(false);
  });

  test("with or without a fence it leaves alone what a newer controller has written", () => {
    const c = withTopic(TWO_STEPS);
    c.setState("orders", 0, { controllerEpoch: 5 });
    c.killBroker(3);
    expect(c.state("orders")).toMatchObject({ leader: 3, leaderEpoch: 0, controllerEpoch: 5 });
    expect(c.broker(1).controller.context.partitionState({ topic: "orders", partition: 0 })).toBe("OfflinePartition");
  });
});

describe("a session that expires", () => {
  test("makes the controller resign before there is a new one; then it registers anew and stands again (A3, A4)", () => {
    const c = new ControllerCluster().addBrokers(1, 2);
    const epochBefore = c.broker(1).controller.brokerEpoch;
    c.expireBroker(1);
    expect(c.controllerId).toBe(2);
    expect(activations(c)).toEqual(["1 active in 1", "2 active in 2", "1 renounces 1"]);
    expect(c.broker(1).controller.activeControllerId).toBe(2);
    expect(c.broker(1).controller.brokerEpoch).toBeGreaterThan(epochBefore);
    expect(c.tree.get("/brokers/ids/1")?.stat.czxid).toBe(c.broker(1).controller.brokerEpoch);
  });

  test("what waits in the queue falls away, and no session begins before the running handler is over", () => {
    const c = new ControllerCluster({
      topics: { orders: { assignment: Array(2_000).fill([2, 1]), state: {} } },
      costs: { controllerPartitionUs: 1_000 },
    });
    c.addBrokers(1, 2);
    c.runFor(seconds(60));
    c.killBroker(2);
    // It is busy for seconds with what broker 2 has led.
    expect(c.broker(1).controller.thread.isIdle).toBe(false);
    const { session } = c.broker(1).zk;
    c.expire(session);
    for (const server of c.servers) c.world.resetConnections("broker-1", server);
    c.runFor(seconds(1) + ms(100));
    expect(c.broker(1).zk.state).toBe("EXPIRED");
    expect(c.broker(1).controller.isActive).toBe(true);
    c.runFor(seconds(10));
    expect(c.broker(1).zk.session).not.toBe(session);
    expect([c.controllerId, c.epoch]).toEqual([1, 2]);
  });
});

describe("a registration", () => {
  const path = "/brokers/ids/1";

  test("is an ephemeral node whose czxid is the broker epoch (KIP-380)", () => {
    const c = new ControllerCluster().addBrokers(1);
    expect(c.tree.get(path)).toMatchObject({
      data: { host: "broker-1", rack: null },
      stat: { ephemeralOwner: c.broker(1).zk.session },
    });
    expect(c.broker(1).registrations).toEqual([`registered ${c.tree.get(path)?.stat.czxid}`]);
  });

  test("fails under a foreign session, and whoever asked for it hears so (A4)", () => {
    const c = new ControllerCluster();
    c.write({ op: "create", path, data: null, mode: "EPHEMERAL" }, 77);
    const broker = c.addBroker(1);
    expect(broker).toBeUndefined();
    expect(c.of("ControllerActivated")).toEqual([]);
    expect(c.world.node("broker-1").running).toBe(false);
  });

  test("is its own if the first answer was lost", () => {
    const c = new ControllerCluster();
    c.unanswered.add("multi");
    c.addBroker(1);
    c.unanswered.delete("multi");
    const epoch = c.tree.get(path)?.stat.czxid;
    for (const server of c.servers) c.world.resetConnections("broker-1", server);
    c.runFor(seconds(2));
    expect(c.broker(1).registrations).toEqual([`registered ${epoch}`]);
  });

  test.each([
    [true, "replaces"],
    [false, "stumbles over"],
  ])("with zk.reclaimOwnEphemeral %s a new session %s what an earlier one of the process has left (KAFKA-7165)", (reclaim) => {
    const c = new ControllerCluster({ dials: { "zk.reclaimOwnEphemeral": reclaim } }).addBrokers(1, 2);
    const { session } = c.broker(2).zk;
    // The session is over, but its node stays (ZOOKEEPER-2985).
    c.alive.delete(session);
    for (const server of c.servers) c.world.resetConnections("broker-2", server);
    c.runFor(seconds(2));
    expect(c.broker(2).zk.session).not.toBe(session);
    expect(c.tree.get("/brokers/ids/2")?.stat.ephemeralOwner).toBe(reclaim ? c.broker(2).zk.session : session);
    // Whoever is not registered does not stand for election either, and does not know who the controller is.
    expect(c.broker(2).controller.activeControllerId).toBe(reclaim ? 1 : -1);
  });

  test("what a session has left that is not known to have registered stays in the way (KAFKA-7165)", () => {
    const c = new ControllerCluster().addBrokers(1, 2);
    c.unanswered.add("multi");
    c.expireBroker(2).runFor(seconds(2));
    const { session } = c.broker(2).zk;
    // It has registered, and has not been told; then it ends as well, and its node stays.
    expect(c.tree.get("/brokers/ids/2")?.stat.ephemeralOwner).toBe(session);
    c.unanswered.delete("multi");
    c.alive.delete(session);
    for (const server of c.servers) c.world.resetConnections("broker-2", server);
    c.runFor(seconds(2));
    expect(c.broker(2).zk.session).not.toBe(session);
    expect(c.tree.get("/brokers/ids/2")?.stat.ephemeralOwner).toBe(session);
    expect(c.broker(2).controller.activeControllerId).toBe(-1);
  });
});

test("a controller that is told to stop ends what it is doing, resigns and closes its session", () => {
  const c = new ControllerCluster().addBrokers(1, 2);
  c.world.requestShutdown("broker-1");
  c.runFor(ms(200));
  expect(c.world.node("broker-1").running).toBe(false);
  expect(activations(c)).toEqual(["1 active in 1", "1 renounces 1", "2 active in 2"]);
});
