import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { unstampedBatch } from "../../../src/kafka/records.ts";
import { ReplicaWorld, record, type TestClient, TOPIC, TOPIC_ID } from "./replica-world.ts";

describe("acks (replication 3.1, 3.2)", () => {
  test("acks=all is answered when every member of the ISR has the record, acks=1 at once", () => {
    const c = new ReplicaWorld();
    c.isolate(3);
    const [one, all] = [c.produce(1, { acks: 1 }), c.produce(1)];
    c.runFor(seconds(5));
    expect(c.produced(one)).toBe("at 0");
    expect(c.produced(all)).toBeUndefined();
    c.rejoin(3);
    c.runFor(seconds(5));
    expect(c.produced(all)).toBe("at 1");
  });

  test("acks=all waits for the ISR, not for min.insync.replicas", () => {
    const c = new ReplicaWorld({ topicConfig: { "min.insync.replicas": "2" } });
    c.isolate(3);
    const sent = c.produce(1);
    c.runFor(seconds(10));
    expect(c.produced(sent)).toBeUndefined();
  });

  test("a request that times out leaves its records in the log, where they are committed later", () => {
    const c = new ReplicaWorld();
    c.isolate(3);
    const sent = c.produce(1, { timeoutMs: 100 });
    c.runFor(ms(101));
    expect(c.produced(sent)).toBe("REQUEST_TIMED_OUT");
    c.rejoin(3);
    c.runFor(seconds(10));
    expect(c.offsets(1)).toEqual({ leo: 1, hw: 1 });
    expect(c.events("ProduceSatisfied")).toEqual([]);
  });

  test("below min.insync.replicas acks=all is refused and appends nothing, acks=1 is taken but not committed", () => {
    const c = new ReplicaWorld({ isr: [1], topicConfig: { "min.insync.replicas": "2" } });
    c.isolate(2, 3);
    const [all, one] = [c.produce(1), c.produce(1, { acks: 1 })];
    c.runFor(ms(10));
    expect(c.produced(all)).toBe("NOT_ENOUGH_REPLICAS");
    expect(c.produced(one)).toBe("at 0");
    expect(c.offsets(1)).toEqual({ leo: 1, hw: 0 });
  });

  test("a topic can't demand more in-sync replicas than it has replicas (3.7)", () => {
    const c = new ReplicaWorld({ brokers: 2, topicConfig: { "min.insync.replicas": "3" } });
    const sent = c.produce(1);
    c.settle();
    expect(c.produced(sent)).toBe("at 0");
  });

  test("min.insync.replicas may be changed while the topic is in use", () => {
    const c = new ReplicaWorld({ brokers: 2, isr: [1] });
    c.commit({ type: "Config", resourceType: "TOPIC", resourceName: TOPIC, name: "min.insync.replicas", value: "2" });
    c.tellAll();
    const refused = c.produce(1);
    c.runFor(ms(10));
    expect(c.produced(refused)).toBe("NOT_ENOUGH_REPLICAS");
    c.commit({ type: "Config", resourceType: "TOPIC", resourceName: TOPIC, name: "min.insync.replicas", value: "1" });
    c.tellAll();
    const taken = c.produce(1);
    c.runFor(ms(10));
    expect(c.produced(taken)).toBe("at 0");
  });

  test("acks=0 gets no answer; when it fails the broker closes the connection, and what waited behind it fails", () => {
    const c = new ReplicaWorld();
    c.consume(1, 0);
    c.runFor(ms(10));
    const after = [c.produce(1, { acks: 0 }), c.produce(1, { acks: 1 })][1] as number;
    c.runFor(ms(10));
    expect(c.produced(after)).toBe("at 1");
    expect(c.events("ProduceSatisfied").map(({ acks }) => acks)).toEqual([0, 1]);
    c.produce(1, { acks: 0, partition: 7 });
    const behind = c.consume(1, 0);
    c.runFor(ms(10));
    expect((c.world.node("client").process as TestClient).answers.find(({ context }) => context === behind)?.error).toBe(
      "NETWORK_EXCEPTION",
    );
  });

  test("acks other than 0, 1 and all are refused", () => {
    const c = new ReplicaWorld();
    const sent = c.produce(1, { acks: 2 });
    c.settle();
    expect(c.produced(sent)).toBe("INVALID_REQUIRED_ACKS");
    expect(c.offsets(1).leo).toBe(0);
  });

  test("a batch above max.message.bytes is refused", () => {
    const c = new ReplicaWorld({ topicConfig: { "max.message.bytes": "200" } });
    const sent = c.produce(1, { bytes: 300 });
    c.settle();
    expect(c.produced(sent)).toBe("MESSAGE_TOO_LARGE");
  });

  test("one bad partition does not spoil the others of a request", () => {
    const c = new ReplicaWorld();
    const records = unstampedBatch([record(1)]);
    const sent = c.send(1, "Produce", {
      acks: -1,
      timeoutMs: 1000,
      topicData: [
        { topicId: "", name: "payments", partitionData: [{ index: 0, records }] },
        { topicId: TOPIC_ID, name: TOPIC, partitionData: [{ index: 0, records }] },
      ],
    });
    c.settle();
    const answers = c.answer("Produce", sent)?.responses.map(({ partitionResponses }) => partitionResponses[0]?.errorCode);
    expect(answers).toEqual(["UNKNOWN_TOPIC_OR_PARTITION", "NONE"]);
  });

  test("the broker reports its promise just before it answers", () => {
    const c = new ReplicaWorld({ topicConfig: { "min.insync.replicas": "2" } });
    c.produce(1, { count: 3 });
    c.settle();
    expect(c.events("ProduceSatisfied")).toMatchObject([
      { broker: 1, leaderEpoch: 0, acks: -1, baseOffset: 0, nextOffset: 3, isr: [1, 2, 3], minIsr: 2 },
    ]);
  });
});

describe("roles and epochs (replication 3.9)", () => {
  test("a follower refuses a produce and says who leads (KIP-951)", () => {
    const c = new ReplicaWorld();
    const sent = c.produce(2);
    c.settle();
    expect(c.answer("Produce", sent)?.responses[0]?.partitionResponses[0]).toMatchObject({
      errorCode: "NOT_LEADER_OR_FOLLOWER",
      currentLeader: { leaderId: 1, leaderEpoch: 0 },
    });
  });

  test("a leader that is told of another one ends what waits for commits", () => {
    const c = new ReplicaWorld();
    c.isolate(3);
    const sent = c.produce(1);
    c.runFor(ms(100));
    c.change({ leader: 2 });
    c.tell(1);
    c.runFor(ms(10));
    expect(c.answer("Produce", sent)?.responses[0]?.partitionResponses[0]).toMatchObject({
      errorCode: "NOT_LEADER_OR_FOLLOWER",
      currentLeader: { leaderId: 2, leaderEpoch: 1 },
    });
  });

  test.each([
    [0, "FENCED_LEADER_EPOCH"],
    [1, "NONE"],
    [2, "UNKNOWN_LEADER_EPOCH"],
    [-1, "NONE"],
  ])("a fetch in epoch %i at a leader in epoch 1: %s (KIP-320)", (epoch, expected) => {
    const c = new ReplicaWorld();
    c.change({ leader: 1 });
    c.tellAll();
    const sent = c.consume(1, 0, { epoch });
    c.settle();
    expect(c.fetched(sent)?.errorCode).toBe(expected);
  });

  test("without replication.fetchEpochFencing a fetch of any epoch is served", () => {
    const c = new ReplicaWorld({ dials: { "replication.fetchEpochFencing": false } });
    c.produce(1);
    c.settle();
    const sent = c.consume(1, 0, { epoch: 17 });
    c.settle();
    expect(c.fetched(sent)).toMatchObject({ errorCode: "NONE", records: [{ baseOffset: 0 }] });
  });

  test("a fetch by a broker that is no replica: UNKNOWN_LEADER_EPOCH, for it may know more; without an epoch NOT_LEADER", () => {
    const c = new ReplicaWorld();
    const [named, unnamed] = [c.fetchAs(9, 1, 0), c.fetchAs(9, 1, 0, { epoch: -1 })];
    c.settle();
    expect(c.fetched(named)?.errorCode).toBe("UNKNOWN_LEADER_EPOCH");
    expect(c.fetched(unnamed)?.errorCode).toBe("NOT_LEADER_OR_FOLLOWER");
  });

  test("a topic of the same name but another id is another topic (KIP-516)", () => {
    const c = new ReplicaWorld();
    const partition = { index: 0, records: unstampedBatch([record(1)]) };
    const sent = c.send(1, "Produce", {
      acks: 1,
      timeoutMs: 1000,
      topicData: [{ topicId: "old", name: TOPIC, partitionData: [partition] }],
    });
    c.settle();
    expect(c.produced(sent)).toBe("UNKNOWN_TOPIC_ID");
  });
});

describe("reading (replication 1.7, 3.11)", () => {
  test("a consumer reads up to the high watermark and no further", () => {
    const c = new ReplicaWorld();
    c.produce(1);
    c.settle();
    c.isolate(2, 3);
    c.produce(1, { acks: 1 });
    c.runFor(ms(10));
    const [below, at, inside, beyond] = [0, 1, 2, 3].map((offset) => c.consume(1, offset));
    c.runFor(ms(10));
    expect(c.fetched(below as number)).toMatchObject({ highWatermark: 1, records: [{ baseOffset: 0 }] });
    expect(c.fetched(at as number)).toMatchObject({ errorCode: "NONE", records: [] });
    // Between the high watermark and the log end there is nothing yet, but it is no error.
    expect(c.fetched(inside as number)).toMatchObject({ errorCode: "NONE", records: [] });
    expect(c.fetched(beyond as number)?.errorCode).toBe("OFFSET_OUT_OF_RANGE");
  });

  test("a waiting consumer is woken by the high watermark, not by the append", () => {
    const c = new ReplicaWorld();
    const waiting = c.consume(1, 0, { maxWaitMs: 10_000 });
    c.isolate(3);
    c.runFor(ms(500));
    expect(c.fetched(waiting)).toBeUndefined();
    // The produce waits behind the fetch on the client's one connection, so another way in is needed.
    c.partition(1).replica.log.appendAsLeader(unstampedBatch([record(1)]), 0);
    c.runFor(ms(500));
    expect(c.fetched(waiting)).toBeUndefined();
    c.rejoin(3);
    c.runFor(seconds(5));
    expect(c.fetched(waiting)).toMatchObject({ highWatermark: 1, records: [{ baseOffset: 0 }] });
  });

  test("a fetch that asks for more bytes waits for them, at most its time", () => {
    const c = new ReplicaWorld();
    c.produce(1);
    c.settle();
    const sent = c.consume(1, 0, { minBytes: 10_000, maxWaitMs: 300 });
    c.runFor(ms(299));
    expect(c.fetched(sent)).toBeUndefined();
    c.runFor(ms(3));
    expect(c.fetched(sent)?.records).toHaveLength(1);
  });

  test("a consumer that names the epoch may read from a follower, up to that follower's high watermark (KIP-392)", () => {
    const c = new ReplicaWorld();
    c.produce(1);
    c.settle();
    const [named, unnamed] = [c.consume(2, 0, { epoch: 0 }), c.consume(2, 0)];
    c.settle();
    expect(c.fetched(named)).toMatchObject({ highWatermark: 1, records: [{ baseOffset: 0 }] });
    expect(c.fetched(unnamed)?.errorCode).toBe("NOT_LEADER_OR_FOLLOWER");
  });

  test("a first batch larger than every limit is returned all the same (KIP-74)", () => {
    const c = new ReplicaWorld({ config: { "replica.fetch.max.bytes": 100, "replica.fetch.response.max.bytes": 100 } });
    const sent = c.produce(1, { bytes: 5_000 });
    c.settle();
    expect(c.produced(sent)).toBe("at 0");
  });
});

describe("listing offsets (replication 3.9, KIP-207)", () => {
  function latest(c: ReplicaWorld, from: number, replicaId = -1): string | number | undefined {
    const question = { partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 };
    const sent = c.send(from, "ListOffsets", { replicaId, topics: [{ name: TOPIC, partitions: [question] }] });
    c.runFor(ms(5));
    const listed = c.answer("ListOffsets", sent)?.topics[0]?.partitions[0];
    return listed?.errorCode === "NONE" ? listed.offset : listed?.errorCode;
  }

  /** Leader 1 has committed offsets 0 and 1, which 2 has but does not know to be committed; then 2 leads without being heard by 3. */
  function afterFailover(listOffsetsWaitsForEpochStart: boolean): ReplicaWorld {
    const dials = { "replication.listOffsetsWaitsForEpochStart": listOffsetsWaitsForEpochStart };
    const c = new ReplicaWorld({ brokers: 3, dials });
    c.produce(1, { count: 2, acks: 1 });
    c.runUntil(() => c.offsets(2).leo === 2);
    c.world.crash("broker-1");
    expect(c.offsets(2)).toEqual({ leo: 2, hw: 0 });
    c.isolate(2);
    c.change({ leader: 2, isr: [2, 3] });
    c.tell(2);
    return c;
  }

  test("a new leader does not tell where the partition ends until it knows what was committed before it", () => {
    expect(latest(afterFailover(true), 2)).toBe("OFFSET_NOT_AVAILABLE");
    // Before 2.2 the end went back.
    expect(latest(afterFailover(false), 2)).toBe(0);
  });

  test("a replica is told the log end offset, a consumer the high watermark", () => {
    const c = new ReplicaWorld();
    c.isolate(2, 3);
    c.produce(1, { acks: 1 });
    c.runFor(ms(5));
    expect(latest(c, 1)).toBe(0);
    expect(latest(c, 1, 2)).toBe(1);
    expect(latest(c, 2)).toBe("NOT_LEADER_OR_FOLLOWER");
  });

  test("the first committed record at or after a time", () => {
    const c = new ReplicaWorld();
    c.produce(1, { count: 3 });
    c.produce(1, { count: 3 });
    c.settle();
    const partitions = [2, 4, 99].map((timestamp) => ({ partitionIndex: 0, currentLeaderEpoch: 0, timestamp }));
    const sent = c.send(1, "ListOffsets", { replicaId: -1, topics: [{ name: TOPIC, partitions }] });
    c.settle();
    const offsets = c.answer("ListOffsets", sent)?.topics[0]?.partitions.map(({ offset }) => offset);
    expect(offsets).toEqual([2, 4, -1]);
  });

  test("where an epoch ends", () => {
    const c = new ReplicaWorld();
    c.produce(1, { count: 3 });
    c.settle();
    c.change({ leader: 1 });
    c.tellAll();
    c.settle();
    const partitions = [0, 1, 2].map((leaderEpoch) => ({ partition: 0, currentLeaderEpoch: 1, leaderEpoch }));
    const sent = c.send(1, "OffsetForLeaderEpoch", { replicaId: -1, topics: [{ topic: TOPIC, partitions }] });
    c.settle();
    const ends = c.answer("OffsetForLeaderEpoch", sent)?.topics[0]?.partitions.map(({ endOffset }) => endOffset);
    expect(ends).toEqual([3, 3, -1]);
  });
});
