import { describe, expect, test } from "vitest";
import { ms } from "../../../src/base/units.ts";
import { type TopicZnode, topicPath } from "../../../src/kafka/zk/znodes.ts";
import { settledAssignment } from "../../../src/kafka/zk-controller/replica-assignment.ts";
import { ControllerCluster } from "./controller-cluster.ts";

/** The topic's znode is written anew, as the old tool did to add partitions. */
function grow(cluster: ControllerCluster, topic: string, ...added: (readonly number[])[]): void {
  const stored = cluster.dataAt(topicPath(topic)) as TopicZnode;
  const data = Object.freeze({ ...stored, partitions: [...stored.partitions, ...added.map(settledAssignment)] });
  cluster.write({ op: "setData", path: topicPath(topic), data, version: -1 });
  cluster.runFor(ms(200));
}

describe("new topics in ZooKeeper mode", () => {
  test("a topic that appears in the store gets leaders: the first live replica, with all live ones in sync, at epoch 0 (5.1)", () => {
    const cluster = new ControllerCluster().addBrokers(1, 2, 3);
    for (const id of [1, 2, 3]) cluster.broker(id).forget();
    cluster.putTopic("orders", { assignment: [[2, 3, 1]] });
    cluster.runFor(ms(200));
    expect(cluster.state("orders")).toEqual({
      leader: 2,
      leaderEpoch: 0,
      isr: [2, 3, 1],
      controllerEpoch: 1,
      leaderRecoveryState: "RECOVERED",
    });
    for (const id of [1, 2, 3]) {
      expect(cluster.broker(id).heard).toEqual([
        "LeaderAndIsr orders-0 leader 2 epoch 0 isr 2,3,1 new",
        "UpdateMetadata orders-0 leader 2 epoch 0 isr 2,3,1",
      ]);
    }
  });

  test("a replica whose broker is not there is neither leader nor in sync", () => {
    const cluster = new ControllerCluster().addBrokers(1, 2, 3).killBroker(2);
    cluster.putTopic("orders", { assignment: [[2, 3, 1]] });
    cluster.runFor(ms(200));
    expect(cluster.state("orders")).toMatchObject({ leader: 3, isr: [3, 1] });
  });

  test("where no replica lives, the partition waits for its first broker (A5)", () => {
    const cluster = new ControllerCluster().addBrokers(1, 2).killBroker(2);
    cluster.putTopic("orders", { assignment: [[2], [1]] });
    cluster.runFor(ms(200));
    expect(cluster.state("orders", 0)).toBeUndefined();
    expect(cluster.state("orders", 1)).toMatchObject({ leader: 1 });
    cluster.startBroker(2);
    expect(cluster.state("orders", 0)).toMatchObject({ leader: 2, leaderEpoch: 0 });
  });

  test("topics of one change are brought online together, in three batches of writes", () => {
    const cluster = new ControllerCluster().addBrokers(1);
    cluster.arrived.length = 0;
    cluster.putTopic("a", { assignment: [[1], [1]] });
    cluster.putTopic("b", { assignment: [[1]] });
    cluster.runFor(ms(200));
    expect(cluster.asked("multi")).toHaveLength(2 + 3 + 3);
    expect(cluster.state("b")).toMatchObject({ leader: 1 });
  });

  test("a topic without an id gets one, unless topics have none (KIP-516)", () => {
    const znode = Object.freeze({ topicId: "", partitions: [settledAssignment([1])] });
    const cluster = new ControllerCluster().addBrokers(1);
    cluster.put(topicPath("orders"), znode);
    cluster.runFor(ms(200));
    const { topicId } = cluster.dataAt(topicPath("orders")) as TopicZnode;
    expect(topicId).toMatch(/^[\w-]{22}$/);
    expect(cluster.broker(1).got("LeaderAndIsr").at(-1)?.topicStates).toMatchObject([{ topicName: "orders", topicId }]);

    const before = new ControllerCluster({ dials: { "topic.identifyById": false } }).addBrokers(1);
    before.put(topicPath("orders"), znode);
    before.runFor(ms(200));
    expect(before.dataAt(topicPath("orders"))).toEqual(znode);
    expect(before.state("orders")).toMatchObject({ leader: 1 });
  });

  test("partitions that are added come online, and the others stay as they are", () => {
    const cluster = new ControllerCluster().addBrokers(1, 2);
    cluster.putTopic("orders", { assignment: [[1, 2]] });
    cluster.runFor(ms(200));
    cluster.broker(2).forget();
    grow(cluster, "orders", [2, 1]);
    expect(cluster.state("orders", 1)).toMatchObject({ leader: 2, leaderEpoch: 0, isr: [2, 1] });
    expect(cluster.version("orders", 0)).toBe(0);
    expect(cluster.broker(2).heard).toEqual([
      "LeaderAndIsr orders-1 leader 2 epoch 0 isr 2,1 new",
      "UpdateMetadata orders-1 leader 2 epoch 0 isr 2,1",
    ]);
    // The watch has been set again.
    grow(cluster, "orders", [1, 2]);
    expect(cluster.state("orders", 2)).toMatchObject({ leader: 1 });
  });

  test("a topic that vanishes from the store without the controller is forgotten, and may come again", () => {
    const cluster = new ControllerCluster().addBrokers(1);
    cluster.putTopic("orders", { assignment: [[1]] });
    cluster.runFor(ms(200));
    for (const path of [...cluster.tree.keys()].filter((each) => each.startsWith(topicPath("orders"))).reverse()) {
      cluster.write({ op: "delete", path, version: -1 });
    }
    cluster.runFor(ms(200));
    expect(cluster.broker(1).controller.context.hasTopic("orders")).toBe(false);
    cluster.putTopic("orders", { assignment: [[1], [1]] });
    cluster.runFor(ms(200));
    expect(cluster.state("orders", 1)).toMatchObject({ leader: 1, leaderEpoch: 0 });
  });
});
