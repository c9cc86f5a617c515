import { describe, expect, test } from "vitest";
import { ms } from "../../../src/base/units.ts";
import { LEADER_DURING_DELETE } from "../../../src/kafka/messages/control.ts";
import {
  CONTROLLER_EPOCH_PATH,
  DELETE_TOPICS_PATH,
  deleteTopicPath,
  type TopicZnode,
  topicPath,
} from "../../../src/kafka/zk/znodes.ts";
import { reassignedTo, settledAssignment } from "../../../src/kafka/zk-controller/replica-assignment.ts";
import { ControllerCluster } from "./controller-cluster.ts";

/** Brokers 1 to 3, the first of them the controller; topic orders with one partition on 2, 3 and 1. */
function clusterWithOrders(options: ConstructorParameters<typeof ControllerCluster>[0] = {}): ControllerCluster {
  const cluster = new ControllerCluster(options).addBrokers(1, 2, 3);
  cluster.putTopic("orders", { assignment: [[2, 3, 1]] });
  cluster.putTopicConfig("orders", { "min.insync.replicas": "2" });
  cluster.runFor(ms(200));
  for (const id of [1, 2, 3]) cluster.broker(id).forget();
  return cluster;
}

/** As DeleteTopics does it. */
function mark(cluster: ControllerCluster, topic: string): void {
  cluster.put(deleteTopicPath(topic), null);
  cluster.runFor(ms(300));
}

function pathsOf(cluster: ControllerCluster, topic: string): string[] {
  return [...cluster.tree.keys()].filter((path) => path.includes(topic));
}

describe("topic deletion in ZooKeeper mode (TopicDeletionManager)", () => {
  test("brokers forget the topic, stop its replicas, delete them, and then it leaves the store", () => {
    const cluster = clusterWithOrders();
    mark(cluster, "orders");
    // The leader's ISR shrinks on the way, but of a topic that is being deleted nobody is told. -2: whatever the epoch (KIP-570).
    for (const id of [1, 2, 3]) {
      const { orders } = cluster.broker(id);
      const [first] = cluster.broker(id).got("UpdateMetadata");
      expect(first?.topicStates[0]?.partitionStates[0]?.leader).toBe(LEADER_DURING_DELETE);
      expect(cluster.broker(id).heard.filter((line) => line.startsWith("StopReplica"))).toEqual([
        "StopReplica orders-0 epoch -2",
        "StopReplica orders-0 epoch -2 delete",
      ]);
      expect(orders.some(({ api }) => api === "LeaderAndIsr")).toBe(false);
    }
    expect(pathsOf(cluster, "orders")).toEqual([]);
    expect(cluster.broker(1).controller.context.hasTopic("orders")).toBe(false);
  });

  test("the znodes go from the leaves up, then the settings, and the mark last of all, each write fenced (KAFKA-6082)", () => {
    const cluster = clusterWithOrders();
    cluster.arrived.length = 0;
    mark(cluster, "orders");
    const deletes = cluster.arrived.flatMap(({ request }) => {
      if (request.op !== "multi") return [];
      const [check, op] = request.ops;
      expect(check).toMatchObject({ op: "check", path: CONTROLLER_EPOCH_PATH });
      return op?.op === "delete" ? [op.path] : [];
    });
    expect(deletes).toEqual([
      "/brokers/topics/orders/partitions/0/state",
      "/brokers/topics/orders/partitions/0",
      "/brokers/topics/orders/partitions",
      "/brokers/topics/orders",
      "/config/topics/orders",
      "/admin/delete_topics/orders",
    ]);
  });

  test("while a replica can't be reached the topic waits; when its broker is back the deletion is taken up again", () => {
    const cluster = clusterWithOrders().killBroker(3);
    mark(cluster, "orders");
    expect(cluster.dataAt(topicPath("orders"))).toBeDefined();
    const { context } = cluster.broker(1).controller;
    expect([...context.topicsIneligibleForDeletion]).toEqual(["orders"]);
    expect(context.replicaState({ topic: "orders", partition: 0, replica: 2 })).toBe("ReplicaDeletionSuccessful");
    cluster.startBroker(3).runFor(ms(300));
    expect(cluster.broker(3).heard).toContain("StopReplica orders-0 epoch -2 delete");
    expect(pathsOf(cluster, "orders")).toEqual([]);
  });

  test("a broker that dies in the middle of it makes the topic wait too", () => {
    const cluster = clusterWithOrders();
    cluster.broker(3).mute = true;
    mark(cluster, "orders");
    expect(cluster.broker(1).controller.context.replicaState({ topic: "orders", partition: 0, replica: 3 })).toBe(
      "ReplicaDeletionStarted",
    );
    cluster.killBroker(3);
    expect([...cluster.broker(1).controller.context.topicsIneligibleForDeletion]).toEqual(["orders"]);
    cluster.startBroker(3).runFor(ms(300));
    expect(pathsOf(cluster, "orders")).toEqual([]);
  });

  test("a broker that can't delete makes the topic wait until a broker with one of its replicas starts", () => {
    const cluster = clusterWithOrders();
    cluster.broker(3).errors.set("orders-0", "KAFKA_STORAGE_ERROR");
    mark(cluster, "orders");
    expect([...cluster.broker(1).controller.context.topicsIneligibleForDeletion]).toEqual(["orders"]);
    cluster.killBroker(3).startBroker(3).runFor(ms(300));
    expect(pathsOf(cluster, "orders")).toEqual([]);
  });

  test("a new controller takes up what it finds marked", () => {
    const cluster = clusterWithOrders().killBroker(3);
    mark(cluster, "orders");
    cluster.killBroker(1);
    expect(cluster.controllerId).toBe(2);
    expect([...cluster.broker(2).controller.context.topicsToBeDeleted]).toEqual(["orders"]);
    cluster.startBroker(3).startBroker(1).runFor(ms(300));
    expect(pathsOf(cluster, "orders")).toEqual([]);
  });

  test("a topic whose partitions are being reassigned waits for that (5.5)", () => {
    const assignment = reassignedTo(settledAssignment([1, 2]), [1, 3]);
    const cluster = new ControllerCluster({ topics: { orders: { assignment: [[1, 2]], state: {} } } });
    const znode = { topicId: "id-of-orders", partitions: [assignment] };
    cluster.write({ op: "setData", path: topicPath("orders"), data: znode, version: -1 });
    cluster.addBrokers(1, 2, 3).runFor(ms(300));
    mark(cluster, "orders");
    expect([...cluster.broker(1).controller.context.topicsIneligibleForDeletion]).toEqual(["orders"]);
    expect(cluster.broker(2).heard.some((line) => line.startsWith("StopReplica"))).toBe(false);
  });

  test("where topics can't be deleted the mark is removed, and nothing else happens", () => {
    const cluster = clusterWithOrders({ config: { "delete.topic.enable": false } });
    mark(cluster, "orders");
    expect(cluster.dataAt(deleteTopicPath("orders"))).toBeUndefined();
    expect(cluster.broker(1).orders).toEqual([]);
    // Also what a new controller finds.
    cluster.broker(1).mute = true;
    cluster.write({ op: "create", path: deleteTopicPath("orders"), data: null, mode: "PERSISTENT" });
    cluster.deleteController();
    expect(cluster.dataAt(deleteTopicPath("orders"))).toBeUndefined();
    expect((cluster.dataAt(topicPath("orders")) as TopicZnode).partitions).toHaveLength(1);
  });

  test("the mark of a topic that nobody knows is removed", () => {
    const cluster = clusterWithOrders();
    mark(cluster, "nobody");
    expect(pathsOf(cluster, DELETE_TOPICS_PATH)).toEqual([DELETE_TOPICS_PATH]);
  });

  test("a topic that is being deleted does not grow: its assignment is put back", () => {
    const cluster = clusterWithOrders().killBroker(3);
    mark(cluster, "orders");
    const stored = cluster.dataAt(topicPath("orders")) as TopicZnode;
    const data = Object.freeze({ ...stored, partitions: [...stored.partitions, settledAssignment([1])] });
    cluster.write({ op: "setData", path: topicPath("orders"), data, version: -1 });
    cluster.runFor(ms(300));
    expect((cluster.dataAt(topicPath("orders")) as TopicZnode).partitions).toHaveLength(1);
    expect(cluster.state("orders", 1)).toBeUndefined();
  });

  test("several topics go together, and one that waits holds up no other", () => {
    const cluster = clusterWithOrders();
    cluster.putTopic("bills", {
      assignment: [
        [1, 2],
        [2, 1],
      ],
    });
    cluster.putTopic("carts", { assignment: [[1], [2]] });
    cluster.runFor(ms(200));
    cluster.killBroker(3);
    for (const topic of ["orders", "bills", "carts"]) cluster.put(deleteTopicPath(topic), null);
    cluster.runFor(ms(500));
    expect(pathsOf(cluster, "bills")).toEqual([]);
    expect(pathsOf(cluster, "carts")).toEqual([]);
    expect(cluster.dataAt(topicPath("orders"))).toBeDefined();
  });

  test("a topic that is created again under its name starts anew", () => {
    const cluster = clusterWithOrders();
    mark(cluster, "orders");
    for (const id of [1, 2, 3]) cluster.broker(id).forget();
    cluster.putTopic("orders", { assignment: [[3, 1]] });
    cluster.runFor(ms(200));
    expect(cluster.state("orders")).toMatchObject({ leader: 3, leaderEpoch: 0, isr: [3, 1] });
    expect(cluster.broker(3).heard).toContain("LeaderAndIsr orders-0 leader 3 epoch 0 isr 3,1 new");
  });
});
