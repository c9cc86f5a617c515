import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import type { AlterPartitionRequest } from "../../../src/kafka/messages/broker-lifecycle.ts";
import { ISR_CHANGE_NOTIFICATION_PATH, LOG_DIR_EVENT_NOTIFICATION_PATH, topicPath } from "../../../src/kafka/zk/znodes.ts";
import { changedPartitions } from "../../../src/kafka/zk-controller/isr-change-notification.ts";
import { type Asked, ask } from "./asker.ts";
import { ControllerCluster } from "./controller-cluster.ts";

/** Brokers 1 to 3, the first of them the controller; of orders, 0 is led by 2 and 1 by 3, everybody in sync at epoch 0. */
function clusterWithOrders(options: ConstructorParameters<typeof ControllerCluster>[0] = {}): ControllerCluster {
  const cluster = new ControllerCluster(options).addBrokers(1, 2, 3);
  const assignment = [
    [2, 3, 1],
    [3, 1, 2],
  ];
  cluster.putTopic("orders", { assignment });
  cluster.runFor(ms(200));
  for (const id of [1, 2, 3]) cluster.broker(id).forget();
  return cluster;
}

function notify(cluster: ControllerCluster, number: number, ...partitions: number[]): void {
  const note = { partitions: partitions.map((partition) => ({ topic: "orders", partition })) };
  cluster.put(`${ISR_CHANGE_NOTIFICATION_PATH}/isr_change_${String(number).padStart(10, "0")}`, note);
}

function notesIn(cluster: ControllerCluster, folder: string): string[] {
  return [...cluster.tree.keys()].filter((path) => path.startsWith(`${folder}/`));
}

describe("ISR changes that leaders wrote themselves (3.8, A7)", () => {
  test("the controller reads them, tells all brokers, and removes the notes", () => {
    const cluster = clusterWithOrders({ dials: { "isr.alterPartition": false } });
    cluster.setState("orders", 0, { isr: [2, 1] });
    notify(cluster, 1, 0);
    cluster.runFor(ms(200));
    for (const id of [1, 2, 3]) {
      expect(cluster.broker(id).heard).toEqual(["UpdateMetadata orders-0 leader 2 epoch 0 isr 2,1"]);
    }
    expect(cluster.broker(1).controller.context.leadership({ topic: "orders", partition: 0 })).toMatchObject({
      isr: [2, 1],
      partitionEpoch: 1,
    });
    expect(notesIn(cluster, ISR_CHANGE_NOTIFICATION_PATH)).toEqual([]);
  });

  test("notes that come together are dealt with together, and later ones are heard of as well", () => {
    const cluster = clusterWithOrders({ dials: { "isr.alterPartition": false } });
    cluster.setState("orders", 0, { isr: [2] });
    cluster.setState("orders", 1, { isr: [3] });
    notify(cluster, 1, 0);
    notify(cluster, 2, 0, 1);
    cluster.runFor(ms(200));
    expect(cluster.broker(3).heard).toEqual([
      "UpdateMetadata orders-0 leader 2 epoch 0 isr 2",
      "UpdateMetadata orders-1 leader 3 epoch 0 isr 3",
    ]);
    cluster.broker(3).forget();
    cluster.setState("orders", 1, { isr: [3, 1] });
    notify(cluster, 3, 1);
    cluster.runFor(ms(200));
    expect(cluster.broker(3).heard).toEqual(["UpdateMetadata orders-1 leader 3 epoch 0 isr 3,1"]);
  });

  test("a note about a partition that nobody knows is removed", () => {
    const cluster = clusterWithOrders({ dials: { "isr.alterPartition": false } });
    notify(cluster, 1, 7);
    cluster.runFor(ms(200));
    expect(notesIn(cluster, ISR_CHANGE_NOTIFICATION_PATH)).toEqual([]);
    expect(cluster.broker(1).controller.thread.isIdle).toBe(true);
  });

  property.prop([fc.array(fc.array(fc.record({ topic: fc.constantFrom("a", "b"), partition: fc.nat(3) })))])(
    "each partition is looked at once, however many notes name it",
    (notes) => {
      const found = changedPartitions(notes.map((partitions) => ({ partitions })));
      const names = found.map(({ topic, partition }) => `${topic}-${partition}`);
      expect(new Set(names)).toEqual(new Set(notes.flat().map(({ topic, partition }) => `${topic}-${partition}`)));
      expect(new Set(names).size).toBe(names.length);
    },
  );
});

interface Proposal {
  readonly isr?: readonly number[];
  readonly leaderEpoch?: number;
  readonly partitionEpoch?: number;
  readonly partition?: number;
}

/** Broker 2 asks `to` for ISR {2, 3} of orders-0, but for what is given. */
function propose(
  cluster: ControllerCluster,
  proposal: Proposal = {},
  options: { to?: number; epoch?: number; topicId?: string; from?: string } = {},
) {
  const { isr = [2, 3], leaderEpoch = 0, partitionEpoch = 0, partition = 0 } = proposal;
  const { to = 1, epoch = cluster.broker(2).controller.brokerEpoch, topicId = "id-of-orders" } = options;
  const newIsrWithEpochs = isr.map((brokerId) => ({ brokerId, brokerEpoch: -1 }));
  const data = {
    partitionIndex: partition,
    leaderEpoch,
    newIsrWithEpochs,
    leaderRecoveryState: "RECOVERED" as const,
    partitionEpoch,
  };
  const body: AlterPartitionRequest = {
    brokerId: 2,
    brokerEpoch: epoch,
    topics: [{ topicId, topic: "orders", partitions: [data] }],
  };
  const asked = ask(cluster.world, { name: options.from ?? "leader", to: `broker-${to}`, api: "AlterPartition", body });
  cluster.runFor(ms(300));
  return asked;
}

function errorIn({ answer }: Asked<"AlterPartition">): string | undefined {
  return answer?.topics[0]?.partitions[0]?.errorCode ?? answer?.errorCode;
}

describe("AlterPartition in ZooKeeper mode (A7, KIP-497)", () => {
  test("what holds is written, told to all by UpdateMetadata, and answered with the new partition epoch", () => {
    const cluster = clusterWithOrders();
    const asked = propose(cluster);
    expect(asked.answer?.topics[0]?.partitions).toEqual([
      {
        partitionIndex: 0,
        errorCode: "NONE",
        leaderId: 2,
        leaderEpoch: 0,
        isr: [2, 3],
        leaderRecoveryState: "RECOVERED",
        partitionEpoch: 1,
      },
    ]);
    expect(cluster.state("orders")).toMatchObject({ isr: [2, 3], leader: 2, controllerEpoch: 1 });
    // Nobody gets a LeaderAndIsr: the leader knows from the answer, followers need not know.
    for (const id of [1, 2, 3]) expect(cluster.broker(id).heard).toEqual(["UpdateMetadata orders-0 leader 2 epoch 0 isr 2,3"]);
  });

  test("asked twice, the second time is answered as done, with the epoch that the first one got (KAFKA-14144)", () => {
    const cluster = clusterWithOrders();
    propose(cluster);
    const again = propose(cluster);
    expect(again.answer?.topics[0]?.partitions[0]).toMatchObject({ errorCode: "NONE", partitionEpoch: 1 });
    expect(cluster.version("orders")).toBe(1);
  });

  test("a broker that is no controller says so, and one that is does not take orders of an older registration", () => {
    const cluster = clusterWithOrders();
    expect(propose(cluster, {}, { to: 3 }).answer).toEqual({ errorCode: "NOT_CONTROLLER", topics: [] });
    const { brokerEpoch } = cluster.broker(2).controller;
    expect(propose(cluster, {}, { epoch: brokerEpoch - 1 }).answer).toEqual({ errorCode: "STALE_BROKER_EPOCH", topics: [] });
    expect(cluster.version("orders")).toBe(0);
  });

  test("unknown partitions and topics of another id are told apart", () => {
    const cluster = clusterWithOrders();
    expect(errorIn(propose(cluster, { partition: 5 }))).toBe("UNKNOWN_TOPIC_OR_PARTITION");
    expect(errorIn(propose(cluster, {}, { topicId: "another" }))).toBe("UNKNOWN_TOPIC_ID");
  });

  test("a leader that is ahead of the controller is sent away to find another (KAFKA-14154)", () => {
    const cluster = clusterWithOrders();
    expect(errorIn(propose(cluster, { partitionEpoch: 4 }))).toBe("NOT_CONTROLLER");
    const before = clusterWithOrders({ dials: { "controller.notControllerIfRequestAhead": false } });
    expect(errorIn(propose(before, { partitionEpoch: 4 }))).toBe("INVALID_UPDATE_VERSION");
    expect(errorIn(propose(before, { leaderEpoch: 4 }))).toBe("FENCED_LEADER_EPOCH");
  });

  test("a state that somebody has written behind the controller's back is not overwritten", () => {
    const cluster = clusterWithOrders();
    cluster.setState("orders", 0, { isr: [2] });
    expect(errorIn(propose(cluster))).toBe("INVALID_UPDATE_VERSION");
    expect(cluster.state("orders")).toMatchObject({ isr: [2] });
  });

  test("a controller that has been replaced, and does not know it, writes nothing (KAFKA-6082)", () => {
    const cluster = clusterWithOrders();
    // Another one has been elected; this one's watch has been lost on the way.
    cluster.tree.set("/controller_epoch", { data: 2, stat: { czxid: 1, mzxid: 2, version: 9, ephemeralOwner: 0 } });
    expect(propose(cluster).answer).toEqual({ errorCode: "UNKNOWN_SERVER_ERROR", topics: [] });
    expect(cluster.version("orders")).toBe(0);
    expect(cluster.broker(1).controller.isActive).toBe(true);
  });

  test("when the session expires, what runs fails, and what waited for its turn is dropped without an answer", () => {
    const cluster = clusterWithOrders();
    cluster.unanswered.add("getData");
    cluster.put(topicPath("more"), { topicId: "id-of-more", partitions: [] });
    cluster.runFor(ms(100));
    const [first, second] = [propose(cluster, {}, { from: "one" }), propose(cluster, {}, { from: "another" })];
    expect([first.answer, second.answer]).toEqual([undefined, undefined]);
    cluster.unanswered.clear();
    cluster.expireBroker(1);
    // The handler that held up both has ended by then, so the first has begun.
    expect(first.answer).toEqual({ errorCode: "UNKNOWN_SERVER_ERROR", topics: [] });
    expect(second).toEqual({ answer: undefined, lost: false });
    cluster.runFor(seconds(30));
    expect(second.lost).toBe(true);
  });

  test("of several partitions each is answered on its own", () => {
    const cluster = clusterWithOrders();
    const member = (brokerId: number) => ({ brokerId, brokerEpoch: -1 });
    const partition = (partitionIndex: number, leaderEpoch: number) => ({
      partitionIndex,
      leaderEpoch,
      newIsrWithEpochs: [member(2)],
      leaderRecoveryState: "RECOVERED" as const,
      partitionEpoch: 0,
    });
    const topics = [
      { topicId: "id-of-orders", topic: "orders", partitions: [partition(0, 0), partition(1, 3), partition(9, 0)] },
    ];
    const body = { brokerId: 2, brokerEpoch: cluster.broker(2).controller.brokerEpoch, topics };
    const asked = ask(cluster.world, { name: "leader", to: "broker-1", api: "AlterPartition", body });
    cluster.runFor(ms(300));
    expect(asked.answer?.topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([
      "NONE",
      "NOT_CONTROLLER",
      "UNKNOWN_TOPIC_OR_PARTITION",
    ]);
  });
});

describe("a log directory that failed (KIP-112)", () => {
  test("its broker is ordered everything once more; what it can't serve goes offline", () => {
    const cluster = clusterWithOrders();
    cluster.broker(2).errors.set("orders-0", "KAFKA_STORAGE_ERROR");
    cluster.put(`${LOG_DIR_EVENT_NOTIFICATION_PATH}/log_dir_event_0000000000`, { broker: 2 });
    cluster.runFor(ms(300));
    expect(notesIn(cluster, LOG_DIR_EVENT_NOTIFICATION_PATH)).toEqual([]);
    expect(cluster.broker(2).heard.slice(0, 2)).toEqual([
      "LeaderAndIsr orders-0 leader 2 epoch 0 isr 2,3,1",
      "LeaderAndIsr orders-1 leader 3 epoch 0 isr 3,1,2",
    ]);
    expect(cluster.state("orders", 0)).toMatchObject({ leader: 3, isr: [3, 1] });
    expect(cluster.state("orders", 1)).toMatchObject({ leader: 3, isr: [3, 1, 2] });
  });
});
