/** Domain events in words: what changes the course of a run is told, in Kafka's own terms. */
import { describe, expect, test } from "vitest";
import { describeEvent, isNotable } from "../../src/kafka/event-words.ts";
import { makeZxid } from "../../src/kafka/zookeeper/zxid.ts";

function told(event: object): string | undefined {
  return isNotable(event as never) ? describeEvent(event as never) : undefined;
}

const ORDERS = { topic: "orders", partition: 0, metadataOffset: 7 };

describe("in ZooKeeper mode", () => {
  test("a session that expires is told, one that is closed is not", () => {
    const closed = (reason: string) => ({ kind: "ZkSessionClosed", session: 5, client: "broker-1", reason, metadataOffset: 7 });
    expect(told(closed("expired"))).toBe("the ZooKeeper session of broker-1 expires");
    expect(told(closed("closed"))).toBeUndefined();
  });

  test("that its session has expired a broker learns later than the ensemble: both moments are told", () => {
    const client = (state: string) => ({ kind: "ZkClientStateChanged", client: "broker-1", session: 5, state });
    expect(told(client("EXPIRED"))).toBe("broker-1 learns that its ZooKeeper session has expired");
    expect(told(client("DISCONNECTED"))).toBeUndefined();
  });

  test("the way from one controller to the next is told in terms of the store", () => {
    expect(told({ kind: "ControllerChanged", controller: -1, metadataOffset: 7 })).toBe("/controller is gone");
    expect(told({ kind: "ControllerChanged", controller: 2, metadataOffset: 8 })).toBe("/controller names broker-2");
    expect(told({ kind: "ControllerEpochChanged", epoch: 3, metadataOffset: 8 })).toBe("/controller_epoch is 3");
    expect(told({ kind: "ControllerFailoverCompleted", controller: 2, epoch: 3, partitions: 1, tookUs: 12_400 })).toBe(
      "broker-2 has taken over as controller, epoch 3: 1 partition in 12 ms",
    );
  });

  test("so are brokers that come and go, topics that go, and leaders of the ensemble", () => {
    expect(told({ kind: "BrokerUnregistered", broker: 2, brokerEpoch: 5, metadataOffset: 7 })).toBe(
      "broker-2 is gone from /brokers/ids",
    );
    expect(told({ kind: "TopicDeleted", topic: "orders", metadataOffset: 7 })).toBe("topic orders is deleted");
    expect(told({ kind: "ZkLeaderEstablished", server: 2, epoch: 4, zxid: 1 })).toBe(
      "zookeeper-2 leads the ZooKeeper ensemble, epoch 4",
    );
  });

  test("an order is told where it is refused", () => {
    const order = (error: string) => ({
      ...{
        kind: "ControlRequestHandled",
        broker: 1,
        api: "LeaderAndIsr",
        controller: 2,
        controllerEpoch: 3,
        brokerEpoch: 5,
        error,
      },
    });
    expect(told(order("STALE_CONTROLLER_EPOCH"))).toBe(
      "broker-1 refuses LeaderAndIsr of controller broker-2, epoch 3: STALE_CONTROLLER_EPOCH",
    );
    expect(told(order("NONE"))).toBeUndefined();
  });

  test("what is not told in the story has words all the same, for whoever asks why", () => {
    const zxid = makeZxid(2, 3);
    const transaction = { zxid, session: 5, body: { type: "nodes", nodes: [] } };
    const words = [
      { kind: "ZkServerStateChanged", server: 1, state: "FOLLOWING", leader: 3, epoch: 2 },
      { kind: "ZkTransactionCommitted", server: 1, transaction, created: [], deleted: [] },
      { kind: "ZkLogTruncated", server: 1, to: zxid },
      { kind: "PartitionStateWritten", ...ORDERS, session: 5, leader: -1, leaderEpoch: 2, isr: [2, 3], controllerEpoch: 4 },
      { kind: "MetadataCacheUpdated", ...ORDERS, broker: 1, controllerEpoch: 4, leader: -2, leaderEpoch: 2 },
      { kind: "ControllerCacheUpdated", ...ORDERS, controller: 2, epoch: 4, leader: -1, leaderEpoch: -1, isr: [] },
    ].map((event) => describeEvent(event as never));
    expect(words).toEqual([
      "zookeeper-1 follows zookeeper-3",
      "zookeeper-1 applies transaction 0x200000003",
      "zookeeper-1: log cut back to 0x200000003",
      "state of orders-0 is written: no leader, epoch 2, ISR 2 3, controller epoch 4",
      "broker-1 hears that orders-0 is led by nobody, epoch 2",
      "controller broker-2 forgets orders-0",
    ]);
  });
});

test("what an administrator asked for in vain is told", () => {
  const event = { kind: "AdminRequestFailed", client: "admin", api: "DeleteTopics", error: "X", message: "orders: X" };
  expect(told(event)).toBe("admin: DeleteTopics failed: orders: X");
});

describe("of consumer groups", () => {
  const MEMBER = { group: "billing", client: "billing-1", member: "billing-1-Kd3a_x-9QmyJ0bTzLw4hPA", generation: 3 };
  const AT = { group: "billing", broker: 2 };
  const partitions = [
    { topic: "orders", partition: 0 },
    { topic: "orders", partition: 1 },
  ];
  const offsets = [{ topic: "orders", partition: 0, offset: 120, leaderEpoch: 1 }];

  test("a rebalance is told from when the group is stable no more until it is again", () => {
    const state = (from: string, to: string, reason: string) => ({
      ...AT,
      ...{ kind: "GroupStateChanged", protocol: "classic", from, to, generation: 3, reason },
    });
    expect(told(state("Stable", "PreparingRebalance", "member billing-2-Kd3a_x-9QmyJ0bTzLw4hPA joins"))).toBe(
      "billing: Stable → PreparingRebalance, generation 3 (member billing-2 joins)",
    );
    expect(told(state("PreparingRebalance", "CompletingRebalance", "all have joined"))).toBeUndefined();
    expect(told({ ...state("Reconciling", "Stable", ""), protocol: "consumer" })).toBe(
      "billing: Reconciling → Stable, group epoch 3",
    );
    expect(told(state("Stable", "Stable", "loaded"))).toBeUndefined();
  });

  test("a coordinator is told with the groups that it has found, where it has found any", () => {
    const loaded = (groups: string[]) => ({ kind: "CoordinatorLoaded", broker: 2, partition: 7, epoch: 4, groups });
    expect(told(loaded(["billing"]))).toBe("broker-2 coordinates billing (__consumer_offsets-7, epoch 4)");
    expect(told(loaded([]))).toBeUndefined();
  });

  test("who owns what, and who has lost what, is told of the member by its node", () => {
    expect(told({ kind: "PartitionsAssigned", ...MEMBER, partitions, owned: partitions })).toBe(
      "billing-1 now owns orders-0, orders-1, generation 3",
    );
    expect(told({ kind: "PartitionsLost", ...MEMBER, partitions, owned: [] })).toBe("billing-1 has lost orders-0, orders-1");
    expect(told({ kind: "PartitionsAssigned", ...MEMBER, partitions: [], owned: partitions })).toBeUndefined();
    expect(told({ kind: "MemberRemoved", ...AT, member: MEMBER.member, reason: "session-expired" })).toBe(
      "billing-1 is removed from billing: session-expired",
    );
    expect(told({ kind: "ConsumerLeft", ...MEMBER, reason: "max.poll.interval.ms" })).toBe(
      "billing-1 is out of billing: max.poll.interval.ms",
    );
    expect(told({ kind: "ConsumerLeft", ...MEMBER, reason: "closed" })).toBeUndefined();
  });

  test("a commit is told where it fails, an effect where it is refused", () => {
    expect(told({ kind: "OffsetCommitFailed", ...MEMBER, occasion: "sync", error: "ILLEGAL_GENERATION", offsets })).toBe(
      "billing-1: sync commit of orders-0 at 120 failed: ILLEGAL_GENERATION",
    );
    expect(told({ kind: "OffsetsCommitted", ...MEMBER, occasion: "sync", offsets })).toBeUndefined();
    const processed = (accepted: boolean) => ({
      ...{ kind: "RecordsProcessed", ...MEMBER, ...partitions[0], baseOffset: 5, nextOffset: 8, records: [], accepted },
    });
    expect(told(processed(false))).toBe(
      "the store refuses what billing-1 made of offsets 5 to 7 of orders-0: generation 3 is too old",
    );
    expect(told(processed(true))).toBeUndefined();
  });
});
