/** Domain events in words: what changes the course of a run is told, in Kafka's own terms. */
import { describe, expect, test } from "vitest";
import { describeEvent, isNotable } from "../../src/kafka/event-words.ts";
import { makeZxid } from "../../src/kafka/zookeeper/zxid.ts";
import { EVENT_FIELDS, type FieldType } from "../../src/scenario/event-fields.ts";

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

describe("what stands in no story", () => {
  const REPLICA = { topic: "orders", partition: 0, broker: 1 };
  const told = (events: readonly object[]): string[] => events.map((event) => describeEvent(event as never));

  test("a leader's own view of its ISR, where it waits for more than is committed", () => {
    const updated = { kind: "LeaderIsrUpdated", ...REPLICA, leaderEpoch: 2, isr: [1, 2] };
    const answered = { kind: "IsrChangeAnswered", ...REPLICA };
    expect(
      told([
        { ...updated, maximalIsr: [1, 2, 3] },
        { ...updated, maximalIsr: [1, 2] },
        { ...answered, error: "NONE" },
        { ...answered, error: "INVALID_UPDATE_VERSION" },
      ]),
    ).toEqual([
      "orders-0 on broker-1: leader takes 1 2 for the ISR, and waits for 1 2 3",
      "orders-0 on broker-1: leader takes 1 2 for the ISR",
      "orders-0 on broker-1: its ISR change is taken",
      "orders-0 on broker-1: its ISR change is refused: INVALID_UPDATE_VERSION",
    ]);
  });

  test("what the controller has committed, with the ELR where there is one", () => {
    const changed = { kind: "PartitionChanged", ...ORDERS, leader: 1, leaderEpoch: 2, partitionEpoch: 5, isr: [1] };
    expect(
      told([
        { ...changed, elr: [2, 3] },
        { ...changed, leader: -1, elr: [] },
      ]),
    ).toEqual([
      "orders-0: leader broker-1, epoch 2, ISR 1, ELR 2 3, partition epoch 5",
      "orders-0: no leader, epoch 2, ISR 1, partition epoch 5",
    ]);
  });

  test("the metadata quorum: roles, its log, and how far a node has followed it", () => {
    const role = { kind: "RaftStateChanged", replica: 3001, epoch: 4, votedFor: -1, leaderId: -1 };
    const records = [{ type: "Topic" }, { type: "Partition" }, { type: "Partition" }];
    expect(
      told([
        { ...role, role: "Follower", leaderId: 3002 },
        { ...role, role: "Candidate", votedFor: 3001 },
        { ...role, role: "Unattached", votedFor: 3003 },
        { kind: "RaftRecordsAppended", replica: 3001, epoch: 4, batch: { baseOffset: 7, nextOffset: 10, records } },
        { kind: "MetadataApplied", replica: 2, to: 10 },
      ]),
    ).toEqual([
      "node 3001 is Follower of 3002 in the metadata quorum, epoch 4",
      "node 3001 is Candidate in the metadata quorum, epoch 4",
      "node 3001 is Unattached in the metadata quorum, epoch 4, has voted for 3003",
      "metadata log of 3001: offsets 7 to 9 appended (Topic, 2 × Partition)",
      "node 2 knows the cluster as of metadata offset 9",
    ]);
  });

  test("what clients do: one record is one offset, and nobody waits with acks=0", () => {
    const acknowledged = { kind: "ProduceAcknowledged", client: "checkout", ...ORDERS, acks: -1, latencyUs: 5 };
    expect(
      told([
        { ...acknowledged, baseOffset: 118, records: [{}] },
        { ...acknowledged, baseOffset: 118, records: [{}, {}] },
        { ...acknowledged, acks: 0, baseOffset: -1, records: [{}] },
        { kind: "RecordsRead", client: "billing", ...ORDERS, from: 1, position: 4, nextPosition: 9 },
        { kind: "OffsetsListed", client: "billing", ...ORDERS, timestamp: -1, offset: 120, leaderEpoch: 1 },
      ]),
    ).toEqual([
      "checkout: offset 118 of orders-0 is acknowledged",
      "checkout: offsets 118 to 119 of orders-0 are acknowledged",
      "checkout: 1 for orders-0 sent, and not waited for (acks=0)",
      "billing reads offsets 4 to 8 of orders-0 from broker-1",
      "billing asked for the offset of the end in orders-0: 120",
    ]);
  });

  test("every kind of event has words, in one line", () => {
    for (const [kind, fields] of Object.entries(EVENT_FIELDS)) {
      const values = Object.entries(fields).map(([name, type]) => [name, someValue(name, type)]);
      const words = describeEvent({ kind, ...Object.fromEntries(values) } as never);
      expect(words, kind).not.toContain(kind);
      expect(words, kind).not.toMatch(/undefined|NaN|\[object|\n/);
    }
  });
});

/** Something that may stand in such a field. */
function someValue(name: string, type: FieldType): unknown {
  if (Array.isArray(type)) return type[0];
  if (type === "number" || type === "node" || type === "zookeeper") return 1;
  if (type === "boolean") return true;
  if (type === "nodes") return [1, 2];
  if (type === "partition") return 0;
  if (type === "partitions") return [{ topic: "orders", partition: 0, offset: 1 }];
  if (name === "batch") return { baseOffset: 3, nextOffset: 5, partitionLeaderEpoch: 1, records: [{ type: "Topic" }] };
  if (name === "record") return { origin: { client: "checkout", sequence: 7 } };
  if (name === "transaction") return { zxid: makeZxid(2, 3) };
  return type === "opaque" ? [] : "some";
}
