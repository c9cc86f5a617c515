/** What a new controller does before it serves. Source: KafkaController.onControllerFailover; coordination A3, "Failover sequence". */
import { expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { ControllerCluster } from "./controller-cluster.ts";

/** The requests that reached the ensemble, a run of equal ones as one. */
function askedOf(c: ControllerCluster): string[] {
  const lines = c.arrived.flatMap(({ request }) => {
    if (request.op === "ping" || request.op === "setWatches" || request.op === "closeSession" || request.op === "sync") return [];
    if (request.op !== "multi") return [`${request.op} ${request.path}${"watch" in request && request.watch ? " watch" : ""}`];
    return [`multi ${request.ops.map((op) => `${op.op} ${op.path}`).join(", ")}`];
  });
  return lines.filter((line, i) => line !== lines[i - 1]);
}

test("the store is read in order, watches are set on the way, old notifications are deleted under the fence", () => {
  const c = new ControllerCluster({ topics: { orders: { assignment: [[1]], state: {} } } });
  c.put("/isr_change_notification/isr_change_0000000003", { partitions: [] });
  c.put("/log_dir_event_notification/log_dir_event_0000000001", { broker: 1 });
  c.addBroker(1);
  const fence = "multi check /controller_epoch, ";
  expect(askedOf(c).slice(0, 18)).toEqual([
    "multi create /brokers/ids/1, setData /brokers/ids/1",
    "exists /controller watch",
    "getData /controller watch",
    "getData /controller_epoch",
    "create /controller_epoch",
    "multi create /controller, setData /controller_epoch",
    "exists /admin/preferred_replica_election watch",
    "exists /admin/reassign_partitions watch",
    "getChildren /log_dir_event_notification watch",
    "getChildren /isr_change_notification watch",
    `${fence}delete /log_dir_event_notification/log_dir_event_0000000001`,
    `${fence}delete /isr_change_notification/isr_change_0000000003`,
    "getChildren /brokers/ids watch",
    "getData /brokers/ids/1",
    "getChildren /brokers/topics watch",
    "getData /brokers/topics/orders watch",
    "getData /brokers/topics/orders/partitions/0/state",
    // From here on it is its duties' turn.
    "getChildren /admin/delete_topics watch",
  ]);
});

test("brokers first hear who lives, then whom their replicas follow; partitions without a live leader come last", () => {
  const c = new ControllerCluster().addBrokers(1, 2, 3);
  c.putTopic("orders", {
    assignment: [
      [3, 2, 1],
      [2, 3, 1],
    ],
  });
  c.runFor(ms(100));
  // While nobody is the controller broker 3 dies.
  c.world.pause("broker-1");
  c.world.pause("broker-2");
  c.killBroker(3);
  c.expire(c.broker(1).zk.session);
  c.world.crash("broker-1");
  const told = c.broker(2).forget();
  c.world.resume("broker-2");
  c.runFor(ms(200));
  expect([c.controllerId, c.epoch]).toEqual([2, 2]);
  expect(told.heard).toEqual([
    "UpdateMetadata -",
    // Replicas on live brokers are online: as they were found.
    "LeaderAndIsr orders-0 leader 3 epoch 0 isr 3,2,1",
    "LeaderAndIsr orders-1 leader 2 epoch 0 isr 2,3,1",
    "UpdateMetadata orders-0 leader 3 epoch 0 isr 3,2,1",
    "UpdateMetadata orders-1 leader 2 epoch 0 isr 2,3,1",
    // The others go offline, out of the ISR, and out of the lead.
    "LeaderAndIsr orders-0 leader -1 epoch 2 isr 2",
    "LeaderAndIsr orders-1 leader 2 epoch 2 isr 2",
    "UpdateMetadata orders-0 leader -1 epoch 2 isr 2",
    "UpdateMetadata orders-1 leader 2 epoch 2 isr 2",
    "LeaderAndIsr orders-0 leader 2 epoch 3 isr 2",
    "UpdateMetadata orders-0 leader 2 epoch 3 isr 2",
  ]);
  expect(c.state("orders", 0)).toMatchObject({ leader: 2, leaderEpoch: 3, isr: [2], controllerEpoch: 2 });
});

test("a partition that was assigned but never led is initialised by the next controller", () => {
  const c = new ControllerCluster({ topics: { orders: { assignment: [[2, 1], [1]] } } });
  c.addBroker(1);
  expect(c.state("orders", 0)).toMatchObject({ leader: 1, leaderEpoch: 0, isr: [1] });
  expect(c.state("orders", 1)).toMatchObject({ leader: 1, isr: [1] });
  expect(c.version("orders", 0)).toBe(0);
});

test("a topic from before topic ids gets one where they are used, and keeps none where not (KIP-516)", () => {
  const idOf = (identifyById: boolean) => {
    const c = new ControllerCluster({ dials: { "topic.identifyById": identifyById } });
    c.put("/brokers/topics/orders", { topicId: "", partitions: [] });
    c.addBroker(1);
    return (c.dataAt("/brokers/topics/orders") as { readonly topicId: string }).topicId;
  };
  expect(idOf(true)).toHaveLength(22);
  expect(idOf(false)).toBe("");
});

test.each([
  [true, "in batches"],
  [false, "one by one"],
])("with controller.pipelineZkRequests %s states are read %s: time grows accordingly (KAFKA-5642, 1.1)", (pipelined) => {
  const durationWith = (partitions: number) => {
    const topics = { orders: { assignment: Array(partitions).fill([1]), state: {} } };
    const c = new ControllerCluster({
      dials: { "controller.pipelineZkRequests": pipelined },
      topics,
      costs: { controllerPartitionUs: 0 },
    });
    c.addBroker(1);
    c.runFor(seconds(10));
    const [completed] = c.of("ControllerFailoverCompleted");
    expect(completed).toMatchObject({ controller: 1, epoch: 1, partitions });
    return completed?.tookUs as number;
  };
  // A round trip of 2 ms for each state; or for ten at a time, which is all that may be on the wire.
  expect(durationWith(501) - durationWith(1)).toBe(pipelined ? ms(2 * 50) : ms(2 * 500));
});

test("the controller works on each partition in each step, and is busy meanwhile", () => {
  const durationWith = (controllerPartitionUs: number) => {
    const c = new ControllerCluster({
      topics: { orders: { assignment: Array(100).fill([1]), state: {} } },
      costs: { controllerPartitionUs },
    });
    c.addBroker(1);
    c.runFor(seconds(10));
    return c.of("ControllerFailoverCompleted")[0]?.tookUs as number;
  };
  // Reading the states, starting replicas, bringing them online, starting partitions: each once for 100 partitions.
  expect(durationWith(1_000) - durationWith(0)).toBe(4 * 100 * 1_000);
});

test("what the controller caches is told as it changes, and is what the store holds (ControllerCacheUpdated)", () => {
  const c = new ControllerCluster().addBrokers(1, 2);
  c.putTopic("orders", { assignment: [[2, 1]] });
  c.runFor(ms(100));
  c.killBroker(2);
  const cached = c
    .of("ControllerCacheUpdated")
    .map(({ epoch, leader, leaderEpoch, isr, partitionEpoch }) => [epoch, leader, leaderEpoch, isr, partitionEpoch]);
  expect(cached).toEqual([
    [1, 2, 0, [2, 1], 0],
    [1, 1, 1, [1], 1],
  ]);
  expect(c.version("orders")).toBe(1);
});
