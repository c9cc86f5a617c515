import { describe, expect, test } from "vitest";
import { ms } from "../../../src/base/units.ts";
import type { AlterPartitionReassignmentsRequest } from "../../../src/kafka/messages/control.ts";
import {
  deleteTopicPath,
  ISR_CHANGE_NOTIFICATION_PATH,
  REASSIGN_PARTITIONS_PATH,
  type ReplicaAssignment,
  type TopicZnode,
  topicPath,
} from "../../../src/kafka/zk/znodes.ts";
import { ask } from "./asker.ts";
import { ControllerCluster } from "./controller-cluster.ts";

/** Brokers 1 to 4, the first of them the controller; orders-0 on 1, 2 and 3, led by 1. */
function clusterWithOrders(options: ConstructorParameters<typeof ControllerCluster>[0] = {}): ControllerCluster {
  const cluster = new ControllerCluster(options).addBrokers(1, 2, 3, 4);
  cluster.putTopic("orders", { assignment: [[1, 2, 3]] });
  cluster.runFor(ms(200));
  return forget(cluster);
}

function forget(cluster: ControllerCluster): ControllerCluster {
  for (const id of [1, 2, 3, 4]) cluster.broker(id).forget();
  return cluster;
}

function assignmentOf(cluster: ControllerCluster, topic = "orders"): ReplicaAssignment | undefined {
  return (cluster.dataAt(topicPath(topic)) as TopicZnode | undefined)?.partitions[0];
}

type Partitions = AlterPartitionReassignmentsRequest["topics"][number]["partitions"];

/** The errors for each partition of `topic`, or for the request. */
function reassign(cluster: ControllerCluster, partitions: Partitions, { to = 1, topic = "orders" } = {}): string[] {
  const body = { timeoutMs: 30_000, topics: [{ name: topic, partitions }] };
  const asked = ask(cluster.world, { name: "admin", to: `broker-${to}`, api: "AlterPartitionReassignments", body });
  cluster.runFor(ms(500));
  const { answer } = asked;
  if (answer === undefined) return ["no answer"];
  if (answer.errorCode !== "NONE") return [answer.errorCode];
  return answer.responses.flatMap((response) => response.partitions.map(({ errorCode }) => errorCode));
}

function moveTo(cluster: ControllerCluster, replicas: readonly number[] | null): string[] {
  return reassign(cluster, [{ partitionIndex: 0, replicas }]);
}

/** The leader, broker 1 unless said otherwise, proposes an ISR by AlterPartition. */
function proposeIsr(cluster: ControllerCluster, isr: readonly number[], controller = 1): void {
  const { leader, leaderEpoch } = cluster.state("orders") as { leader: number; leaderEpoch: number };
  const data = {
    partitionIndex: 0,
    leaderEpoch,
    newIsrWithEpochs: isr.map((brokerId) => ({ brokerId, brokerEpoch: -1 })),
    leaderRecoveryState: "RECOVERED" as const,
    partitionEpoch: cluster.version("orders") as number,
  };
  const topics = [{ topicId: "id-of-orders", topic: "orders", partitions: [data] }];
  const body = { brokerId: leader, brokerEpoch: cluster.broker(leader).controller.brokerEpoch, topics };
  const asked = ask(cluster.world, { name: "leader", to: `broker-${controller}`, api: "AlterPartition", body });
  cluster.runFor(ms(500));
  expect(asked.answer?.topics[0]?.partitions[0]?.errorCode).toBe("NONE");
}

describe("reassignment in ZooKeeper mode (KIP-455, 5.5)", () => {
  test("U, A: the store names old and new replicas together; the leader epoch rises; the new replica starts", () => {
    const cluster = clusterWithOrders();
    expect(moveTo(cluster, [1, 2, 4])).toEqual(["NONE"]);
    expect(assignmentOf(cluster)).toEqual({ replicas: [1, 2, 4, 3], addingReplicas: [4], removingReplicas: [3] });
    expect(cluster.state("orders")).toMatchObject({ leader: 1, leaderEpoch: 1, isr: [1, 2, 3] });
    for (const id of [1, 2, 3]) {
      expect(cluster.broker(id).heard).toContain("LeaderAndIsr orders-0 leader 1 epoch 1 isr 1,2,3");
    }
    expect(cluster.broker(4).heard).toContain("LeaderAndIsr orders-0 leader 1 epoch 1 isr 1,2,3 new");
    const order = cluster.broker(1).got("LeaderAndIsr")[0]?.topicStates[0]?.partitionStates[0];
    expect(order).toMatchObject({ replicas: [1, 2, 4, 3], addingReplicas: [4], removingReplicas: [3] });
  });

  test("B: when the new replica is in sync, the old one leaves the ISR and is deleted, and the store says so last", () => {
    const cluster = clusterWithOrders();
    moveTo(cluster, [1, 2, 4]);
    forget(cluster);
    proposeIsr(cluster, [1, 2, 3, 4]);
    expect(assignmentOf(cluster)).toEqual({ replicas: [1, 2, 4], addingReplicas: [], removingReplicas: [] });
    // One epoch for the shorter list of replicas, one for the shorter ISR.
    expect(cluster.state("orders")).toMatchObject({ leader: 1, leaderEpoch: 3, isr: [1, 2, 4] });
    expect(cluster.broker(3).heard.filter((line) => line.startsWith("StopReplica"))).toEqual([
      "StopReplica orders-0 epoch 2",
      "StopReplica orders-0 epoch 3 delete",
    ]);
    expect(cluster.broker(1).controller.context.partitionsBeingReassigned.size).toBe(0);
    const last = cluster.broker(2).got("UpdateMetadata").at(-1);
    expect(last?.topicStates[0]?.partitionStates[0]?.replicas).toEqual([1, 2, 4]);
  });

  test("a leader that is not to stay is replaced by the first of the new replicas that is in sync", () => {
    const cluster = clusterWithOrders();
    moveTo(cluster, [4, 2, 3]);
    forget(cluster);
    proposeIsr(cluster, [1, 2, 3, 4]);
    expect(cluster.state("orders")).toMatchObject({ leader: 4, isr: [2, 3, 4] });
    expect(assignmentOf(cluster)).toEqual({ replicas: [4, 2, 3], addingReplicas: [], removingReplicas: [] });
    expect(cluster.broker(1).heard.filter((line) => line.startsWith("StopReplica"))).toHaveLength(2);
    // Between the election and the removal the new leader is told of an ISR that names somebody outside its replicas (KAFKA-9672).
    const told = cluster.broker(4).got("LeaderAndIsr")[0]?.topicStates[0]?.partitionStates[0];
    expect(told).toMatchObject({ leader: 4, isr: [1, 2, 3, 4], replicas: [4, 2, 3] });
  });

  test("what is in sync already is done at once: another order, or fewer replicas", () => {
    const cluster = clusterWithOrders();
    expect(moveTo(cluster, [3, 1])).toEqual(["NONE"]);
    expect(assignmentOf(cluster)).toEqual({ replicas: [3, 1], addingReplicas: [], removingReplicas: [] });
    expect(cluster.state("orders")).toMatchObject({ leader: 1, isr: [1, 3] });
  });

  test("a second wish replaces the first: who need not join any more is stopped and deleted", () => {
    const cluster = clusterWithOrders().addBrokers(5);
    moveTo(cluster, [1, 2, 4]);
    forget(cluster);
    moveTo(cluster, [1, 2, 5]);
    expect(assignmentOf(cluster)).toEqual({ replicas: [1, 2, 5, 3], addingReplicas: [5], removingReplicas: [3] });
    expect(cluster.broker(4).heard.filter((line) => line.startsWith("StopReplica"))).toEqual([
      "StopReplica orders-0 epoch 1",
      "StopReplica orders-0 epoch 1 delete",
    ]);
  });

  test("cancelled, the partition goes back to whom it had", () => {
    const cluster = clusterWithOrders();
    moveTo(cluster, [1, 2, 4]);
    expect(moveTo(cluster, null)).toEqual(["NONE"]);
    expect(assignmentOf(cluster)).toEqual({ replicas: [1, 2, 3], addingReplicas: [], removingReplicas: [] });
    expect(cluster.broker(4).heard).toContain("StopReplica orders-0 epoch 1 delete");
    expect(moveTo(cluster, null)).toEqual(["NO_REASSIGNMENT_IN_PROGRESS"]);
  });

  test("wishes that make no sense are refused one by one", () => {
    const cluster = clusterWithOrders();
    const targets = [[], [1, 1], [-1], [1, 9]];
    for (const replicas of targets) expect(moveTo(cluster, replicas)).toEqual(["INVALID_REPLICA_ASSIGNMENT"]);
    const [known, unknown] = [
      { partitionIndex: 0, replicas: [2, 1, 3] },
      { partitionIndex: 7, replicas: [1] },
    ];
    expect(reassign(cluster, [known, unknown])).toEqual(["NONE", "UNKNOWN_TOPIC_OR_PARTITION"]);
    expect(reassign(cluster, [known], { to: 3 })).toEqual(["NOT_CONTROLLER"]);
  });

  test("a topic that is to be deleted is not reassigned; one that is reassigned is deleted afterwards", () => {
    const cluster = clusterWithOrders();
    moveTo(cluster, [1, 2, 4]);
    cluster.put(deleteTopicPath("orders"), null);
    cluster.runFor(ms(300));
    expect(moveTo(cluster, [1, 3, 4])).toEqual(["UNKNOWN_TOPIC_OR_PARTITION"]);
    expect(assignmentOf(cluster)).toBeDefined();
    proposeIsr(cluster, [1, 2, 3, 4]);
    cluster.runFor(ms(500));
    expect(assignmentOf(cluster)).toBeUndefined();
  });

  test("while a new replica's broker is away nothing moves; when it is back it is started again", () => {
    const cluster = clusterWithOrders();
    moveTo(cluster, [1, 2, 4]);
    cluster.killBroker(4);
    expect(assignmentOf(cluster)).toMatchObject({ addingReplicas: [4] });
    cluster.startBroker(4).runFor(ms(300));
    expect(cluster.broker(4).heard.at(-1)).toMatch(/orders-0 leader 1/);
    expect(cluster.broker(4).heard.some((line) => line.startsWith("LeaderAndIsr orders-0"))).toBe(true);
    proposeIsr(cluster, [1, 2, 3, 4]);
    expect(assignmentOf(cluster)).toMatchObject({ replicas: [1, 2, 4], addingReplicas: [] });
  });

  test("a new controller goes on with what the topic's znode says", () => {
    const cluster = clusterWithOrders();
    moveTo(cluster, [2, 3, 4]);
    cluster.killBroker(1);
    expect(cluster.controllerId).toBe(2);
    cluster.runFor(ms(500));
    expect(cluster.broker(2).controller.context.partitionsBeingReassigned.size).toBe(1);
    proposeIsr(cluster, [2, 3, 4], 2);
    expect(assignmentOf(cluster)).toEqual({ replicas: [2, 3, 4], addingReplicas: [], removingReplicas: [] });
    expect(cluster.state("orders")?.isr).toEqual([2, 3, 4]);
  });

  test("where leaders write the ISR themselves, the controller watches the state znode (before 2.7)", () => {
    const cluster = clusterWithOrders({ dials: { "isr.alterPartition": false } });
    moveTo(cluster, [1, 2, 4]);
    cluster.setState("orders", 0, { isr: [1, 2, 3] });
    cluster.runFor(ms(300));
    expect(assignmentOf(cluster)).toMatchObject({ addingReplicas: [4] });
    cluster.setState("orders", 0, { isr: [1, 2, 3, 4] });
    cluster.runFor(ms(500));
    expect(assignmentOf(cluster)).toEqual({ replicas: [1, 2, 4], addingReplicas: [], removingReplicas: [] });
  });

  test("a note about the ISR completes a reassignment too", () => {
    const cluster = clusterWithOrders();
    moveTo(cluster, [1, 2, 4]);
    cluster.setState("orders", 0, { isr: [1, 2, 3, 4] });
    cluster.put(`${ISR_CHANGE_NOTIFICATION_PATH}/isr_change_0000000000`, { partitions: [{ topic: "orders", partition: 0 }] });
    cluster.runFor(ms(500));
    expect(assignmentOf(cluster)).toEqual({ replicas: [1, 2, 4], addingReplicas: [], removingReplicas: [] });
  });
});

describe("orders in /admin/reassign_partitions", () => {
  const order = (...partitions: { topic: string; partition: number; replicas: number[] }[]) => ({ partitions });

  test("are carried out, and removed when they are done", () => {
    const cluster = clusterWithOrders();
    cluster.put(REASSIGN_PARTITIONS_PATH, order({ topic: "orders", partition: 0, replicas: [1, 2, 4] }));
    cluster.runFor(ms(500));
    expect(assignmentOf(cluster)).toMatchObject({ addingReplicas: [4] });
    expect(cluster.dataAt(REASSIGN_PARTITIONS_PATH)).toBeDefined();
    proposeIsr(cluster, [1, 2, 3, 4]);
    expect(assignmentOf(cluster)).toMatchObject({ replicas: [1, 2, 4], addingReplicas: [] });
    expect(cluster.dataAt(REASSIGN_PARTITIONS_PATH)).toBeUndefined();
    // The next one is heard of.
    cluster.put(REASSIGN_PARTITIONS_PATH, order({ topic: "orders", partition: 0, replicas: [2, 1, 4] }));
    cluster.runFor(ms(500));
    expect(assignmentOf(cluster)).toMatchObject({ replicas: [2, 1, 4] });
    expect(cluster.dataAt(REASSIGN_PARTITIONS_PATH)).toBeUndefined();
  });

  test("that nobody can carry out are removed, the others stay until they are done", () => {
    const cluster = clusterWithOrders();
    const possible = { topic: "orders", partition: 0, replicas: [1, 2, 4] };
    cluster.put(REASSIGN_PARTITIONS_PATH, order({ topic: "nobody", partition: 0, replicas: [1] }, possible));
    cluster.runFor(ms(500));
    expect(cluster.dataAt(REASSIGN_PARTITIONS_PATH)).toEqual(order(possible));
  });

  test("are overruled by the API", () => {
    const cluster = clusterWithOrders();
    cluster.put(REASSIGN_PARTITIONS_PATH, order({ topic: "orders", partition: 0, replicas: [1, 2, 4] }));
    cluster.runFor(ms(500));
    expect(moveTo(cluster, [3, 2, 1])).toEqual(["NONE"]);
    expect(assignmentOf(cluster)).toMatchObject({ replicas: [3, 2, 1], addingReplicas: [] });
    expect(cluster.dataAt(REASSIGN_PARTITIONS_PATH)).toBeUndefined();
  });

  test("that were written while there was no controller are found by the next one", () => {
    const cluster = clusterWithOrders();
    const { session } = cluster.broker(1).zk;
    cluster.world.crash("broker-1");
    cluster.put(REASSIGN_PARTITIONS_PATH, order({ topic: "orders", partition: 0, replicas: [2, 3, 4] }));
    cluster.expire(session);
    cluster.runFor(ms(500));
    expect(cluster.controllerId).toBe(2);
    expect(assignmentOf(cluster)).toMatchObject({ addingReplicas: [4], removingReplicas: [1] });
  });
});
