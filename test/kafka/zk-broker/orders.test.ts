/** What a broker of ZooKeeper mode makes of the controller's orders: replication.md 3.10, coordination.md A6. */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { EPOCH_DURING_DELETE } from "../../../src/kafka/messages/control.ts";
import { BROKER_EPOCH, BrokerWorld, idOf, TOPIC } from "./broker-world.ts";

/** Of one broker, of the kinds that orders lead to, in their order. */
function whatHappened(c: BrokerWorld, broker: number): string[] {
  const kinds = ["ControlRequestHandled", "ControlOrderObeyed", "BecameLeader", "BecameFollower", "ReplicaStopped"];
  return c.events
    .filter(({ event }) => kinds.includes(event.kind) && "broker" in event && event.broker === broker)
    .map(({ event }) =>
      "topic" in event && "partition" in event ? `${event.kind} ${event.topic}-${event.partition}` : event.kind,
    );
}

describe("which orders are obeyed", () => {
  test("a LeaderAndIsr makes leader and followers, and the followers copy", () => {
    const c = new BrokerWorld().begin();
    const sent = c.produce(1);
    c.runFor(ms(50));
    expect(c.produced(sent)).toBe("NONE");
    expect(c.partition(3).replica.log.logEndOffset).toBe(1);
    expect(whatHappened(c, 2)).toEqual([
      "ControlRequestHandled",
      "ControlRequestHandled",
      "ControlOrderObeyed orders-0",
      "BecameFollower orders-0",
      "ControlRequestHandled",
    ]);
  });

  test("an older controller is refused as a whole, whatever it asks for (A6)", () => {
    const c = new BrokerWorld().begin();
    c.tell([], { controllerEpoch: 6 });
    expect(c.order(1, [{ leaderEpoch: 9 }], { controllerEpoch: 5 })).toEqual(["STALE_CONTROLLER_EPOCH"]);
    expect(c.stopReplica(1, [{ deletePartition: true }], { controllerEpoch: 5 })).toEqual(["STALE_CONTROLLER_EPOCH"]);
    expect(c.tell([{ leader: 3 }], { controllerEpoch: 5, to: [1] })).toEqual(["STALE_CONTROLLER_EPOCH"]);
    expect(c.partition(1).leaderEpoch).toBe(0);
    expect(c.broker(1).broker.metadata.partition(TOPIC, 0)?.leader).toBe(1);
    expect(c.order(1, [{ leaderEpoch: 9 }], { controllerEpoch: 6 })).toEqual(["NONE"]);
  });

  test("with broker.checkControllerEpoch off an older controller is obeyed: two may lead in one epoch", () => {
    const c = new BrokerWorld({ dials: { "broker.checkControllerEpoch": false } }).begin();
    c.order([2, 3], [{ leader: 2, leaderEpoch: 7 }], { controllerEpoch: 6 });
    expect(c.order(1, [{ leader: 1, leaderEpoch: 7 }], { controllerEpoch: 5 })).toEqual(["NONE"]);
    expect([c.partition(1).leading, c.partition(2).leading].every((leading) => leading !== undefined)).toBe(true);
  });

  test("an order meant for an earlier registration is refused (KIP-380); a newer epoch than its own is none of that (KAFKA-9839)", () => {
    const c = new BrokerWorld().begin();
    const order = [{ leaderEpoch: 1 }];
    expect(c.order(1, order, { brokerEpoch: BROKER_EPOCH - 1 })).toEqual(["STALE_BROKER_EPOCH"]);
    expect(c.stopReplica(1, [{ leaderEpoch: 1 }], { brokerEpoch: BROKER_EPOCH - 1 })).toEqual(["STALE_BROKER_EPOCH"]);
    expect(c.tell([], { brokerEpoch: BROKER_EPOCH - 1, to: [1] })).toEqual(["STALE_BROKER_EPOCH"]);
    expect(c.order(1, order, { brokerEpoch: BROKER_EPOCH + 1 })).toEqual(["NONE"]);
    expect(c.order(1, [{ leaderEpoch: 2 }], { brokerEpoch: -1 })).toEqual(["NONE"]);
    const handled = c.of("ControlRequestHandled").filter(({ error }) => error === "STALE_BROKER_EPOCH");
    expect(handled.map(({ api }) => api)).toEqual(["LeaderAndIsr", "StopReplica", "UpdateMetadata"]);
  });

  test("with broker.checkBrokerEpoch off it obeys what was meant for its former self", () => {
    const c = new BrokerWorld({ dials: { "broker.checkBrokerEpoch": false } }).begin();
    expect(c.order(1, [{ leaderEpoch: 1 }], { brokerEpoch: BROKER_EPOCH - 1 })).toEqual(["NONE"]);
    expect(c.partition(1).leaderEpoch).toBe(1);
  });

  test("a leader epoch that is not newer than the replica's is refused for its partition only (3.10)", () => {
    const c = new BrokerWorld().begin([{}, { partitionIndex: 1 }]);
    c.order(1, [{ leaderEpoch: 4 }]);
    expect(c.order(1, [{ leaderEpoch: 4 }, { partitionIndex: 1, leaderEpoch: 4 }])).toEqual(["STALE_CONTROLLER_EPOCH", "NONE"]);
    expect(c.order(1, [{ leaderEpoch: 3 }])).toEqual(["STALE_CONTROLLER_EPOCH"]);
    expect(c.partition(1, TOPIC, 1).leaderEpoch).toBe(4);
  });

  test("who is not among the replicas does not host the partition", () => {
    const c = new BrokerWorld().begin();
    expect(c.order(3, [{ topic: "payments", replicas: [1, 2] }])).toEqual(["UNKNOWN_TOPIC_OR_PARTITION"]);
    expect(c.hosted(3, "payments")).toBeUndefined();
  });

  test("each change is announced right before it is made, and a request once", () => {
    const c = new BrokerWorld().begin();
    const before = whatHappened(c, 1).length;
    c.order(1, [
      { leaderEpoch: 1, isr: [1, 2] },
      { partitionIndex: 1, leader: 2 },
    ]);
    expect(whatHappened(c, 1).slice(before)).toEqual([
      "ControlRequestHandled",
      "ControlOrderObeyed orders-0",
      "BecameLeader orders-0",
      "ControlOrderObeyed orders-1",
      "BecameFollower orders-1",
    ]);
    expect(c.of("ControlOrderObeyed").at(-1)).toMatchObject({ api: "LeaderAndIsr", leaderEpoch: 0, controllerEpoch: 1 });
  });
});

describe("leaders that are not there", () => {
  test("a replica whose leader does not live is hosted, but keeps its epoch and copies nothing", () => {
    const c = new BrokerWorld();
    c.tell([], { alive: [2, 3] });
    expect(c.order(2, [{ leader: 1, leaderEpoch: 5 }])).toEqual(["NONE"]);
    expect(c.partition(2).leaderEpoch).toBe(-1);
    expect(c.of("ControlOrderObeyed")).toEqual([]);
    c.tell([]);
    expect(c.order(2, [{ leader: 1, leaderEpoch: 5 }])).toEqual(["NONE"]);
    expect(c.partition(2).leaderEpoch).toBe(5);
  });

  test("a former leader that is told of a leader that does not live goes on leading in its old epoch", () => {
    const c = new BrokerWorld().begin();
    c.tell([], { alive: [1, 2] });
    expect(c.order(1, [{ leader: 3, leaderEpoch: 1, partitionEpoch: 1 }])).toEqual(["NONE"]);
    expect(c.partition(1).leading).toBeDefined();
    expect(c.partition(1).leaderEpoch).toBe(0);
  });

  test("what a broker follows while it is stopping it does not copy, so that it stays out of the ISR (A8)", () => {
    const c = new BrokerWorld().begin();
    c.broker(1).broker.beginShutdown();
    c.order([1, 2, 3], [{ leader: 2, leaderEpoch: 1, partitionEpoch: 1, isr: [2, 3] }]);
    const sent = c.produce(2);
    c.runFor(seconds(1));
    expect(c.produced(sent)).toBe("NONE");
    expect(c.partition(1).leaderEpoch).toBe(1);
    expect(c.partition(1).replica.log.logEndOffset).toBe(0);
  });
});

describe("topics of one name", () => {
  const second = { topicId: "another-id", leaderEpoch: 0, leader: 1 };

  test("with ids, a log of the former topic is not taken for the new one's (KIP-516)", () => {
    const c = new BrokerWorld().begin();
    c.produce(1);
    c.runFor(ms(50));
    c.restart(2);
    expect(c.order(2, [second])).toEqual(["INCONSISTENT_TOPIC_ID"]);
    expect(c.hosted(2)).toBeUndefined();
  });

  test("without ids it is: the old records are still there", () => {
    const c = new BrokerWorld({ dials: { "topic.identifyById": false } }).begin([{ topicId: "" }]);
    c.produce(1);
    c.runFor(ms(50));
    c.restart(2);
    expect(c.order(2, [{ ...second, topicId: "" }])).toEqual(["NONE"]);
    expect(c.partition(2).replica.log.logEndOffset).toBe(1);
  });

  test("without ids followers copy from several topics", () => {
    const none = { topicId: "", leader: 1 };
    const c = new BrokerWorld({ dials: { "topic.identifyById": false } }).begin([none, { ...none, topic: "payments" }]);
    c.produce(1);
    c.produce(1, { topic: "payments" });
    c.runFor(ms(50));
    expect(c.partition(2).replica.log.logEndOffset).toBe(1);
    expect(c.partition(2, "payments").replica.log.logEndOffset).toBe(1);
  });

  test("what is set on a topic is read from the store when its log is created, and again after a restart", () => {
    const c = new BrokerWorld();
    c.putTopicConfig(TOPIC, { "min.insync.replicas": "2" });
    c.tell([]);
    c.order(1, [{ isr: [1] }]);
    const sent = c.produce(1);
    c.runFor(ms(50));
    expect(c.produced(sent)).toBe("NOT_ENOUGH_REPLICAS");
    expect(c.asked("getData")).toContain(`getData /config/topics/${TOPIC}`);
    c.restart(1);
    c.tell([]);
    c.order(1, [{ isr: [1], leaderEpoch: 1 }]);
    const again = c.produce(1);
    c.runFor(ms(50));
    expect(c.produced(again)).toBe("NOT_ENOUGH_REPLICAS");
  });
});

describe("high watermark checkpoints", () => {
  const both = [{}, { partitionIndex: 1 }];

  test("the first LeaderAndIsr starts them: what it does not name is forgotten (the variant of KIP-380)", () => {
    const c = new BrokerWorld().begin(both);
    c.produce(1);
    c.runFor(seconds(11));
    expect(c.partition(2).replica.log.highWatermark).toBe(1);
    c.restart(2);
    c.tell([]);
    // Only one of the two that are on the disk.
    c.order(2, [{ partitionIndex: 1, leaderEpoch: 1 }]);
    c.restart(2);
    const loaded = c.of("LogLoaded").filter(({ broker, partition }) => broker === 2 && partition === 0);
    expect(loaded.map(({ highWatermark }) => highWatermark)).toEqual([0, 1, 0]);
  });

  test("before it none is written: a broker that is stopped without having been told anything forgets nothing", () => {
    const c = new BrokerWorld().begin(both);
    c.produce(1);
    c.runFor(seconds(11));
    c.restart(2);
    c.world.requestShutdown("broker-2");
    c.runFor(ms(100));
    c.restart(2);
    const loaded = c.of("LogLoaded").filter(({ broker, partition }) => broker === 2 && partition === 0);
    expect(loaded.map(({ highWatermark }) => highWatermark)).toEqual([0, 1, 1]);
  });
});

describe("StopReplica", () => {
  test("without deletion a follower only stops copying, and the same epoch does not make it begin again (KIP-570)", () => {
    const c = new BrokerWorld().begin();
    expect(c.stopReplica(2)).toEqual(["NONE"]);
    const sent = c.produce(1, { acks: 1 });
    c.runFor(seconds(1));
    expect(c.produced(sent)).toBe("NONE");
    expect(c.partition(2).replica.log.logEndOffset).toBe(0);
    expect(c.partition(3).replica.log.logEndOffset).toBe(1);
    expect(c.of("ReplicaStopped")).toEqual([]);
    expect(c.of("ControlOrderObeyed").at(-1)).toMatchObject({ api: "StopReplica", broker: 2 });
    expect(c.order(2)).toEqual(["STALE_CONTROLLER_EPOCH"]);
  });

  test("with deletion the log goes", () => {
    const c = new BrokerWorld().begin();
    expect(c.stopReplica(2, [{ deletePartition: true, leaderEpoch: EPOCH_DURING_DELETE }])).toEqual(["NONE"]);
    expect(c.hosted(2)).toBeUndefined();
    expect(c.world.node("broker-2").disk.list(`${TOPIC}-0/`)).toEqual([]);
    expect(whatHappened(c, 2).slice(-2)).toEqual(["ControlOrderObeyed orders-0", "ReplicaStopped orders-0"]);
  });

  test("with deletion a log goes that is only on the disk: the topic was deleted while the broker was down", () => {
    const c = new BrokerWorld().begin();
    c.restart(2);
    expect(c.stopReplica(2, [{ deletePartition: true }])).toEqual(["NONE"]);
    expect(c.world.node("broker-2").disk.list(`${TOPIC}-0/`)).toEqual([]);
  });

  test("a leader that loses its replica ends what waits there", () => {
    const c = new BrokerWorld().begin();
    c.cut("broker-1", "broker-2");
    const sent = c.produce(1);
    c.runFor(ms(50));
    expect(c.produced(sent)).toBeUndefined();
    c.stopReplica(1, [{ deletePartition: true }]);
    expect(c.produced(sent)).toBe("NOT_LEADER_OR_FOLLOWER");
  });

  test.each([
    ["an older leader epoch", 4, "FENCED_LEADER_EPOCH"],
    ["the same one", 5, "NONE"],
    ["none (-1), as before 2.6", -1, "NONE"],
    ["that of a topic being deleted (-2)", EPOCH_DURING_DELETE, "NONE"],
  ])("%s is judged (KIP-570)", (_what, leaderEpoch, error) => {
    const c = new BrokerWorld().begin([{ leaderEpoch: 5 }]);
    expect(c.stopReplica(1, [{ leaderEpoch, deletePartition: true }])).toEqual([error]);
    expect(c.hosted(1) === undefined).toBe(error === "NONE");
  });

  test("with broker.stopReplicaCheckLeaderEpoch off a stale one takes a leader away", () => {
    const c = new BrokerWorld({ dials: { "broker.stopReplicaCheckLeaderEpoch": false } }).begin([{ leaderEpoch: 5 }]);
    expect(c.stopReplica(1, [{ leaderEpoch: 4, deletePartition: true }])).toEqual(["NONE"]);
    expect(c.hosted(1)).toBeUndefined();
  });
});

describe("UpdateMetadata", () => {
  const metadata = (c: BrokerWorld, topics: readonly { name: string }[] | null = null) => {
    const [answer] = c.ask(1, "Metadata", { topics });
    if (answer === undefined) throw new Error("no answer");
    return answer;
  };

  test("clients hear what the controller has told, and who it is", () => {
    const c = new BrokerWorld();
    expect(metadata(c)).toEqual({ brokers: [], controllerId: -1, topics: [] });
    c.tell([{ leader: 2, leaderEpoch: 3, isr: [2, 3] }], { controllerId: 3, alive: [2, 3] });
    const answer = metadata(c);
    expect(answer.controllerId).toBe(3);
    expect(answer.brokers.map(({ nodeId }) => nodeId)).toEqual([2, 3]);
    expect(answer.topics).toMatchObject([
      {
        name: TOPIC,
        topicId: idOf(TOPIC),
        partitions: [{ leaderId: 2, leaderEpoch: 3, isrNodes: [2, 3], offlineReplicas: [1], errorCode: "NONE" }],
      },
    ]);
  });

  test("live brokers are replaced as a whole, partitions are not", () => {
    const c = new BrokerWorld();
    c.tell([{ leader: 2 }, { topic: "payments", partitionIndex: 2 }]);
    c.tell([{ leader: 3, leaderEpoch: 1 }], { alive: [1] });
    const { brokers, topics } = metadata(c);
    expect(brokers.map(({ nodeId }) => nodeId)).toEqual([1]);
    expect(topics.map(({ name, partitions }) => [name, partitions.map(({ partitionIndex }) => partitionIndex)])).toEqual([
      [TOPIC, [0]],
      ["payments", [2]],
    ]);
    expect(topics[0]?.partitions[0]).toMatchObject({ leaderId: -1, errorCode: "LEADER_NOT_AVAILABLE" });
  });

  test("partitions of a topic that is being deleted vanish, and the topic with the last of them", () => {
    const c = new BrokerWorld();
    c.tell([{}, { partitionIndex: 1 }]);
    c.tell([{ leader: -2, leaderEpoch: -2 }]);
    expect(metadata(c).topics[0]?.partitions.map(({ partitionIndex }) => partitionIndex)).toEqual([1]);
    c.tell([{ partitionIndex: 1, leader: -2, leaderEpoch: -2 }]);
    expect(metadata(c, [{ name: TOPIC }]).topics).toMatchObject([{ errorCode: "UNKNOWN_TOPIC_OR_PARTITION" }]);
    expect(c.broker(1).broker.metadata.topicById(idOf(TOPIC))).toBeUndefined();
  });

  test("only another leader or leader epoch is news, told with the epoch of the controller that sent it", () => {
    const c = new BrokerWorld();
    c.tell([{ controllerEpoch: 2 }], { to: [1], controllerEpoch: 4 });
    c.tell([{ isr: [1], partitionEpoch: 1 }], { to: [1], controllerEpoch: 4 });
    c.tell([{ leaderEpoch: 1 }], { to: [1], controllerEpoch: 4 });
    c.tell([{ leader: -2, leaderEpoch: -2 }], { to: [1], controllerEpoch: 4 });
    c.tell([{ leader: -2, leaderEpoch: -2 }], { to: [1], controllerEpoch: 4 });
    const told = c.of("MetadataCacheUpdated");
    expect(told.map(({ leader, leaderEpoch }) => [leader, leaderEpoch])).toEqual([
      [1, 0],
      [1, 1],
      [-2, -2],
    ]);
    expect(new Set(told.map(({ controllerEpoch }) => controllerEpoch))).toEqual(new Set([4]));
    expect(c.broker(1).metadataUpdates).toBe(5);
  });
});

describe("what an order takes", () => {
  test("orders are carried out one after the other, each after the time for its replicas", () => {
    const c = new BrokerWorld({ costs: { brokerReplicaUs: 1_000 } });
    c.tell([]);
    const at = c.world.time;
    c.order(1, [{}, { partitionIndex: 1 }, { partitionIndex: 2 }]);
    c.order(1, [{ leaderEpoch: 1 }]);
    c.runFor(ms(50));
    const led = c.events.filter(({ event }) => event.kind === "BecameLeader").map(({ at: when }) => when - at);
    // A handshake was made before; 1 ms on the way, 3 ms for three replicas, 2 ms for what is set on their topic.
    expect(led.slice(0, 3)).toEqual([ms(6), ms(6), ms(6)]);
    expect(led).toHaveLength(4);
  });

  test("an UpdateMetadata that comes behind a LeaderAndIsr waits for it", () => {
    const c = new BrokerWorld({ costs: { brokerReplicaUs: 50_000 } });
    c.tell([]);
    expect(c.order(1, [{}])).toEqual(["nothing"]);
    expect(c.tell([{}], { to: [1] })).toEqual([undefined]);
    c.runFor(ms(100));
    const order = c.of("ControlRequestHandled").filter(({ broker }) => broker === 1);
    expect(order.map(({ api }) => api)).toEqual(["UpdateMetadata", "LeaderAndIsr", "UpdateMetadata"]);
  });
});
