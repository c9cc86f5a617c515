/** What brokers are ordered to do, and how that gets there. Source: ControllerChannelManager, AbstractControllerBrokerRequestBatch; coordination A6. */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { ControlRequestBatch, sendUpdateMetadata } from "../../../src/kafka/zk-controller/control-request-batch.ts";
import { ControllerCluster } from "./controller-cluster.ts";

/** Brokers 1 (the controller), 2 and 3, and a topic of two partitions on all of them; nobody has heard anything yet. */
function cluster(options: ConstructorParameters<typeof ControllerCluster>[0] = {}) {
  const c = new ControllerCluster(options).addBrokers(1, 2, 3);
  c.putTopic("orders", {
    assignment: [
      [2, 3, 1],
      [3, 2, 1],
    ],
  });
  c.runFor(ms(100));
  for (const id of [1, 2, 3]) c.broker(id).forget();
  const core = c.broker(1).controller;
  const leadership = (partition: number) => core.context.leadership({ topic: "orders", partition }) ?? expect.fail();
  return { c, core, leadership };
}

const P0 = { topic: "orders", partition: 0 };
const P1 = { topic: "orders", partition: 1 };

describe("a batch", () => {
  test("becomes one request of each kind per broker: LeaderAndIsr, UpdateMetadata, StopReplica, in this order (A6)", () => {
    const { c, core, leadership } = cluster();
    const batch = new ControlRequestBatch(core);
    batch.addStopReplica(2, P1, { deletePartition: false });
    batch.addLeaderAndIsr([2, 3], P0, leadership(0), { isNew: false });
    batch.addLeaderAndIsr([2], P1, leadership(1), { isNew: false });
    batch.send();
    c.runFor(ms(50));
    expect(c.broker(2).orders.map(({ api }) => api)).toEqual(["LeaderAndIsr", "UpdateMetadata", "StopReplica"]);
    expect(c.broker(3).orders.map(({ api }) => api)).toEqual(["LeaderAndIsr", "UpdateMetadata"]);
    expect(c.broker(1).orders.map(({ api }) => api)).toEqual(["UpdateMetadata"]);
    expect(c.broker(2).got("LeaderAndIsr")[0]?.topicStates[0]?.partitionStates).toHaveLength(2);
  });

  test("keeps what was ordered as new or as a deletion, whatever is added later", () => {
    const { c, core, leadership } = cluster();
    const batch = new ControlRequestBatch(core);
    batch.addLeaderAndIsr([2], P0, leadership(0), { isNew: true });
    batch.addLeaderAndIsr([2, 3], P0, leadership(0), { isNew: false });
    batch.addStopReplica(2, P1, { deletePartition: true });
    batch.addStopReplica(2, P1, { deletePartition: false });
    batch.send();
    c.runFor(ms(50));
    expect(c.broker(2).heard[0]).toBe("LeaderAndIsr orders-0 leader 2 epoch 0 isr 2,3,1 new");
    expect(c.broker(3).heard[0]).toBe("LeaderAndIsr orders-0 leader 2 epoch 0 isr 2,3,1");
    expect(c.broker(2).heard.at(-1)).toBe("StopReplica orders-1 epoch 0 delete");
  });

  test("names its controller, the controller's epoch and the registration that it is meant for (A3, KIP-380)", () => {
    const { c, core } = cluster();
    sendUpdateMetadata(core, [2, 3], [P0]);
    c.runFor(ms(50));
    for (const id of [2, 3]) {
      const brokerEpoch = c.tree.get(`/brokers/ids/${id}`)?.stat.czxid;
      expect(c.broker(id).got("UpdateMetadata")[0]).toMatchObject({ controllerId: 1, controllerEpoch: 1, brokerEpoch });
    }
    expect(c.broker(1).orders).toEqual([]);
  });

  test("shares between brokers what is equal for them", () => {
    const { c, core } = cluster();
    sendUpdateMetadata(core, [2, 3], [P0, P1]);
    c.runFor(ms(50));
    expect(c.broker(2).got("UpdateMetadata")[0]?.topicStates).toBe(c.broker(3).got("UpdateMetadata")[0]?.topicStates);
  });

  test("shows a topic that is queued for deletion as led by -2, and stops its replicas whatever their epoch", () => {
    const { c, core } = cluster();
    core.context.topicsToBeDeleted.add("orders");
    const batch = new ControlRequestBatch(core);
    batch.addUpdateMetadata([2], [P0]);
    batch.addStopReplica(2, P0, { deletePartition: true });
    batch.send();
    c.runFor(ms(50));
    expect(c.broker(2).heard).toEqual([
      "UpdateMetadata orders-0 leader -2 epoch 0 isr 2,3,1",
      "StopReplica orders-0 epoch -2 delete",
    ]);
  });

  test("before leader epochs were checked, deletions went apart from other StopReplica orders (KIP-570, 2.6)", () => {
    const { c, core } = cluster({ dials: { "broker.stopReplicaCheckLeaderEpoch": false } });
    const batch = new ControlRequestBatch(core);
    batch.addStopReplica(2, P0, { deletePartition: false });
    batch.addStopReplica(2, P1, { deletePartition: true });
    batch.send();
    c.runFor(ms(50));
    expect(c.broker(2).got("StopReplica")).toHaveLength(2);
    expect(c.broker(2).heard).toEqual(["StopReplica orders-1 epoch 0 delete", "StopReplica orders-0 epoch 0"]);
  });

  test("says nothing of a partition that has never had a leader", () => {
    const { c, core } = cluster();
    core.context.addTopic("payments", "");
    core.context.setAssignment({ topic: "payments", partition: 0 }, { replicas: [2], addingReplicas: [], removingReplicas: [] });
    sendUpdateMetadata(core, [2], [{ topic: "payments", partition: 0 }]);
    c.runFor(ms(50));
    expect(c.broker(2).heard).toEqual(["UpdateMetadata -"]);
  });
});

describe("a channel", () => {
  test("has one request in flight, and the next goes out when that is answered, in order", () => {
    const { c, core } = cluster();
    c.broker(2).mute = true;
    for (const partitions of [[P0], [P1], []]) sendUpdateMetadata(core, [2, 3], partitions);
    c.runFor(seconds(5));
    expect(c.broker(2).orders).toHaveLength(1);
    // Others get theirs meanwhile: what brokers know differs for a while.
    expect(c.broker(3).heard).toEqual([
      "UpdateMetadata orders-0 leader 2 epoch 0 isr 2,3,1",
      "UpdateMetadata orders-1 leader 3 epoch 0 isr 3,2,1",
      "UpdateMetadata -",
    ]);
  });

  test("asks again until there is an answer, every 100 ms, over a new connection", () => {
    const { c, core } = cluster();
    c.broker(2).mute = true;
    sendUpdateMetadata(core, [2], [P0]);
    sendUpdateMetadata(core, [2], [P1]);
    c.runFor(seconds(10));
    c.world.resetConnections("broker-1", "broker-2");
    c.runFor(ms(99));
    expect(c.broker(2).orders).toHaveLength(1);
    c.broker(2).mute = false;
    c.runFor(ms(20));
    const [first, again, second] = c.broker(2).heard;
    expect(again).toBe(first);
    expect(second).toBe("UpdateMetadata orders-1 leader 3 epoch 0 isr 3,2,1");
  });

  test("gives up waiting after request.timeout.ms, and asks again", () => {
    const { c, core } = cluster({ config: { "request.timeout.ms": 2_000 } });
    c.broker(2).mute = true;
    sendUpdateMetadata(core, [2], [P0]);
    c.runFor(ms(2_050));
    expect(c.broker(2).orders).toHaveLength(1);
    c.runFor(ms(100));
    expect(c.broker(2).orders).toHaveLength(2);
  });

  test("to a broker that can't be reached keeps everything, in order, for when it can be", () => {
    const { c, core } = cluster();
    c.world.cut("broker-1", "broker-2");
    for (const partitions of [[P0], [P1]]) sendUpdateMetadata(core, [2], partitions);
    c.runFor(seconds(60));
    expect(c.broker(2).orders).toEqual([]);
    c.world.healAll();
    c.runFor(seconds(60));
    expect(new Set(c.broker(2).heard)).toEqual(
      new Set(["UpdateMetadata orders-0 leader 2 epoch 0 isr 2,3,1", "UpdateMetadata orders-1 leader 3 epoch 0 isr 3,2,1"]),
    );
    expect(c.broker(2).heard.at(-1)).toBe("UpdateMetadata orders-1 leader 3 epoch 0 isr 3,2,1");
  });

  test("is closed with all that waits when its broker is gone or the controller resigns", () => {
    const { c, core } = cluster();
    c.broker(2).mute = true;
    for (const partitions of [[P0], [P1]]) sendUpdateMetadata(core, [2], partitions);
    c.runFor(ms(50));
    c.world.pause("broker-2");
    c.world.pause("broker-3");
    c.expireBroker(1);
    c.world.resume("broker-2");
    c.runFor(ms(500));
    const first = c.broker(2).got("UpdateMetadata")[0];
    expect(
      c
        .broker(2)
        .got("UpdateMetadata")
        .filter((order) => order.controllerEpoch === first?.controllerEpoch),
    ).toHaveLength(1);
  });
});
