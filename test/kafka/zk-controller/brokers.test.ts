/** Brokers come, go, and come back before anybody has looked. Source: KafkaController.processBrokerChange; coordination A4, A5. */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { compareBrokers } from "../../../src/kafka/zk-controller/live-brokers.ts";
import { ControllerCluster } from "./controller-cluster.ts";

/** Brokers 1 (the controller), 2 and 3, and a topic of one partition with `replicas`; nobody has heard anything yet. */
function cluster(replicas: readonly number[], options: ConstructorParameters<typeof ControllerCluster>[0] = {}) {
  const c = new ControllerCluster(options).addBrokers(1, 2, 3);
  c.putTopic("orders", { assignment: [replicas] });
  c.runFor(ms(100));
  for (const id of [1, 2, 3]) c.broker(id).forget();
  return c;
}

const ORDERS_0 = { topic: "orders", partition: 0 };

describe("a broker that dies", () => {
  test("is followed by the next in sync, and leaves the ISR: two writes, two orders (A4)", () => {
    const c = cluster([3, 2, 1]);
    c.killBroker(3);
    expect(c.state("orders")).toEqual({
      leader: 2,
      leaderEpoch: 1,
      isr: [2, 1],
      controllerEpoch: 1,
      leaderRecoveryState: "RECOVERED",
    });
    const told = [
      "LeaderAndIsr orders-0 leader 2 epoch 1 isr 2,1",
      "UpdateMetadata orders-0 leader 2 epoch 1 isr 2,1",
      // The election has taken it out of the ISR already: it goes offline as things are.
      "LeaderAndIsr orders-0 leader 2 epoch 1 isr 2,1",
      "UpdateMetadata orders-0 leader 2 epoch 1 isr 2,1",
    ];
    expect(c.broker(1).heard).toEqual(told);
    expect(c.broker(2).heard).toEqual(told);
    const { context } = c.broker(1).controller;
    expect(context.replicaState({ ...ORDERS_0, replica: 3 })).toBe("OfflineReplica");
    expect(context.isLiveBroker(3)).toBe(false);
  });

  test("and only followed leaves the ISR, in a new leader epoch", () => {
    const c = cluster([2, 3, 1]);
    c.killBroker(3);
    expect(c.state("orders")).toMatchObject({ leader: 2, leaderEpoch: 1, isr: [2, 1] });
    expect(c.broker(2).heard).toEqual([
      "LeaderAndIsr orders-0 leader 2 epoch 1 isr 2,1",
      "UpdateMetadata orders-0 leader 2 epoch 1 isr 2,1",
    ]);
    expect(c.broker(2).got("UpdateMetadata")[0]?.topicStates[0]?.partitionStates[0]).toMatchObject({
      replicas: [2, 3, 1],
      offlineReplicas: [3],
    });
  });

  test("and was the last in sync stays in the ISR, and nobody leads; when it is back, it leads again", () => {
    const c = cluster([3]);
    c.killBroker(3);
    expect(c.state("orders")).toMatchObject({ leader: -1, leaderEpoch: 1, isr: [3] });
    expect(c.broker(1).controller.context.partitionState(ORDERS_0)).toBe("OfflinePartition");
    c.startBroker(3);
    expect(c.state("orders")).toMatchObject({ leader: 3, leaderEpoch: 2, isr: [3] });
  });

  test.each([
    ["the topic's own setting", { "unclean.leader.election.enable": "true" }, {}],
    ["the controller's setting", undefined, { "unclean.leader.election.enable": true }],
    [
      "neither, once the topic says otherwise",
      { "unclean.leader.election.enable": "false" },
      { "unclean.leader.election.enable": true },
    ],
  ])("and was the last in sync is replaced by one that was not, if that is allowed by %s", (_, topicConfig, config) => {
    const c = cluster([3, 2], { config });
    if (topicConfig !== undefined) c.putTopicConfig("orders", topicConfig);
    c.killBroker(2);
    c.startBroker(2);
    expect(c.state("orders")).toMatchObject({ leader: 3, isr: [3] });
    c.killBroker(3);
    const allowed = topicConfig?.["unclean.leader.election.enable"] !== "false";
    expect(c.state("orders")).toMatchObject(
      allowed
        ? { leader: 2, isr: [2], leaderRecoveryState: "RECOVERING" }
        : { leader: -1, isr: [3], leaderRecoveryState: "RECOVERED" },
    );
  });

  test("and hosted nothing is still told of: who lives is news by itself", () => {
    const c = cluster([2, 1]);
    c.killBroker(3);
    expect(c.broker(2).heard).toEqual(["UpdateMetadata -"]);
    expect(
      c
        .broker(2)
        .got("UpdateMetadata")[0]
        ?.liveBrokers.map(({ id }) => id),
    ).toEqual([1, 2]);
  });

  test("leaves a list of those that were shutting down", () => {
    const c = cluster([2, 1]);
    const { context } = c.broker(1).controller;
    context.shuttingDownBrokers.add(3);
    c.killBroker(3);
    expect(context.shuttingDownBrokers.size).toBe(0);
    c.startBroker(3);
    expect(context.isLiveBroker(3)).toBe(true);
  });
});

describe("a broker that comes up", () => {
  test("is told everything, the others that it is there; then its replicas hear whom to follow (A4)", () => {
    const c = cluster([2, 3, 1]);
    c.putTopic("payments", { assignment: [[2, 1]] });
    c.runFor(ms(100));
    c.killBroker(3);
    for (const id of [1, 2]) c.broker(id).forget();
    c.startBroker(3);
    const orders = "orders-0 leader 2 epoch 1 isr 2,1";
    expect(c.broker(3).heard).toEqual([
      `UpdateMetadata ${orders}`,
      "UpdateMetadata payments-0 leader 2 epoch 0 isr 2,1",
      `LeaderAndIsr ${orders}`,
      `UpdateMetadata ${orders}`,
    ]);
    expect(c.broker(2).heard).toEqual(["UpdateMetadata -", `UpdateMetadata ${orders}`]);
    const brokerEpoch = c.tree.get("/brokers/ids/3")?.stat.czxid;
    expect(c.broker(3).got("LeaderAndIsr")[0]).toMatchObject({ brokerEpoch, liveLeaders: [{ brokerId: 2, host: "broker-2" }] });
  });

  test("gives partitions that were never led a leader", () => {
    const c = new ControllerCluster().addBrokers(1);
    c.putTopic("orders", { assignment: [[2, 3]] });
    c.runFor(ms(100));
    expect(c.state("orders")).toBeUndefined();
    c.addBrokers(3);
    expect(c.state("orders")).toMatchObject({ leader: 3, isr: [3] });
  });
});

describe("a broker that has died and come back before the controller looked (KIP-380)", () => {
  /** Broker 3's second registration, seen together with the end of the first. */
  function bounced(detect: boolean) {
    const c = cluster([3, 2, 1], { dials: { "zk.detectBouncedBroker": detect } });
    c.world.pause("broker-1");
    const { session } = c.broker(3).zk;
    c.world.crash("broker-3");
    c.expire(session);
    c.startBroker(3);
    c.world.resume("broker-1");
    c.runFor(ms(200));
    return c;
  }

  test("is found by its czxid, and counts as dead and then as new", () => {
    const c = bounced(true);
    expect(c.state("orders")).toMatchObject({ leader: 2, leaderEpoch: 1, isr: [2, 1] });
    const orders = "orders-0 leader 2 epoch 1 isr 2,1";
    expect(c.broker(3).heard).toEqual([`UpdateMetadata ${orders}`, `LeaderAndIsr ${orders}`, `UpdateMetadata ${orders}`]);
    expect(c.broker(3).got("LeaderAndIsr")[0]?.brokerEpoch).toBe(c.broker(3).controller.brokerEpoch);
  });

  test("goes unnoticed without: it waits for orders that never come (before 2.2)", () => {
    const c = bounced(false);
    expect(c.broker(3).heard).toEqual([]);
    expect(c.state("orders")).toMatchObject({ leader: 3, leaderEpoch: 0, isr: [3, 2, 1] });
    // What it gets later is meant for the registration that the controller knows.
    c.killBroker(2);
    expect(c.broker(3).heard).not.toEqual([]);
    expect(c.broker(3).got("LeaderAndIsr")[0]?.brokerEpoch).toBeLessThan(c.broker(3).controller.brokerEpoch);
  });
});

test("brokers are compared by id, and those that stayed by their epochs", () => {
  const broker = (id: number, epoch: number) => ({ id, epoch, host: `broker-${id}`, rack: null });
  const before = [broker(1, 10), broker(2, 11), broker(3, 12)];
  const now = [broker(2, 11), broker(3, 20), broker(4, 21)];
  expect(compareBrokers(before, now, true)).toEqual({ added: [broker(4, 21)], bounced: [broker(3, 20)], dead: [1] });
  expect(compareBrokers(before, now, false)).toEqual({ added: [broker(4, 21)], bounced: [], dead: [1] });
});

describe("a replica whose log directory has failed (KIP-112)", () => {
  test("is offline as soon as its broker says so: somebody else leads, it leaves the ISR", () => {
    const c = cluster([3, 2, 1]);
    c.putTopic("payments", { assignment: [[3, 2]] });
    c.runFor(ms(100));
    c.broker(3).errors.set("orders-0", "KAFKA_STORAGE_ERROR");
    c.put("/log_dir_event_notification/log_dir_event_0000000000", { broker: 3 });
    c.runFor(ms(200));
    expect(c.state("orders")).toMatchObject({ leader: 2, isr: [2, 1] });
    expect(c.state("payments")).toMatchObject({ leader: 3, leaderEpoch: 0, isr: [3, 2] });
    const { context } = c.broker(1).controller;
    expect(context.isReplicaOnline(3, ORDERS_0)).toBe(false);
    expect(context.isReplicaOnline(3, { topic: "payments", partition: 0 })).toBe(true);
    expect(c.broker(3).heard).toContain("StopReplica orders-0 epoch 1");
  });

  test("is online again when the broker comes up anew", () => {
    const c = cluster([3, 2, 1]);
    c.broker(3).errors.set("orders-0", "KAFKA_STORAGE_ERROR");
    c.put("/log_dir_event_notification/log_dir_event_0000000000", { broker: 3 });
    c.runFor(ms(200));
    c.killBroker(3).startBroker(3);
    expect(c.broker(1).controller.context.isReplicaOnline(3, ORDERS_0)).toBe(true);
  });
});

describe("a state that changes while the controller works on it", () => {
  /** Somebody writes the state after it has been read for the election. */
  function disturbed(change: Parameters<ControllerCluster["setState"]>[2]) {
    const c = cluster([3, 2, 1]);
    const { session } = c.broker(3).zk;
    c.world.crash("broker-3");
    const before = c.arrived.length;
    c.expire(session);
    const path = "/brokers/topics/orders/partitions/0/state";
    const isRead = () => c.arrived.slice(before).some(({ request }) => request.op === "getData" && request.path === path);
    while (!isRead()) c.world.step();
    c.setState("orders", 0, change);
    c.runFor(ms(200));
    return c;
  }

  test("is read again: BADVERSION is no reason to give up (A5)", () => {
    const c = disturbed({ isr: [3, 1] });
    expect(c.state("orders")).toMatchObject({ leader: 1, leaderEpoch: 1, isr: [1] });
    expect(c.version("orders")).toBe(2);
    expect(c.broker(1).heard[0]).toBe("LeaderAndIsr orders-0 leader 1 epoch 1 isr 1");
  });

  test("by the controller's own write, whose answer was lost, is taken for another's: the leader is elected twice (A1)", () => {
    const c = cluster([3, 2, 1]);
    const { session } = c.broker(3).zk;
    c.world.crash("broker-3");
    c.expire(session);
    c.unanswered.add("multi");
    c.runFor(ms(100));
    expect(c.state("orders")).toMatchObject({ leader: 2, leaderEpoch: 1 });
    expect(c.broker(1).controller.context.leadership(ORDERS_0)).toMatchObject({ leader: 3, leaderEpoch: 0 });
    c.unanswered.delete("multi");
    for (const server of c.servers) c.world.resetConnections("broker-1", server);
    c.runFor(seconds(2));
    expect(c.state("orders")).toMatchObject({ leader: 2, leaderEpoch: 2, isr: [2, 1] });
    expect(c.broker(1).heard[0]).toBe("LeaderAndIsr orders-0 leader 2 epoch 2 isr 2,1");
  });

  test("is left alone once a newer controller has written it", () => {
    const c = disturbed({ controllerEpoch: 9 });
    expect(c.state("orders")).toMatchObject({ leader: 3, leaderEpoch: 0, controllerEpoch: 9 });
  });
});

test("a broker registers, dies and is forgotten a hundred times, and the controller keeps no trace of it", () => {
  const c = cluster([2, 1]);
  const statesBefore = c.version("orders");
  for (let i = 0; i < 100; i++) c.killBroker(3).startBroker(3);
  expect(c.version("orders")).toBe(statesBefore);
  expect(c.broker(1).controller.thread.isIdle).toBe(true);
  expect(c.broker(1).controller.context.liveOrShuttingDownBrokerIds()).toEqual([1, 2, 3]);
  c.runFor(seconds(1));
});
