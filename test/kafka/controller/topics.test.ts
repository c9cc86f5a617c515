import { describe, expect, test } from "vitest";
import type { RequestOf, ResponseOf } from "../../../src/kafka/messages/apis.ts";
import { ControllerFixture } from "./controller-fixture.ts";

type CreatableTopic = RequestOf<"CreateTopics">["topics"][number];

/** Asks for one topic, by default `orders` with 3 partitions and 2 replicas. */
function create(fixture: ControllerFixture, topic: Partial<CreatableTopic> = {}): ResponseOf<"CreateTopics">["topics"][number] {
  const wanted = { name: "orders", numPartitions: 3, replicationFactor: 2, assignments: [], configs: [], ...topic };
  const { topics } = fixture.call("CreateTopics", { timeoutMs: 1_000, topics: [wanted] });
  expect(topics).toHaveLength(1);
  return topics[0] as ResponseOf<"CreateTopics">["topics"][number];
}

/** By hand: a list of replicas per partition. */
function by(...assignments: number[][]): Partial<CreatableTopic> {
  return {
    numPartitions: -1,
    replicationFactor: -1,
    assignments: assignments.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
  };
}

describe("creation (ReplicationControlManager.createTopics)", () => {
  test("topic, settings and partitions are one batch, in that order", () => {
    const fixture = new ControllerFixture().activate().withBrokers(3);
    create(fixture, { numPartitions: 2, configs: [{ name: "min.insync.replicas", value: "2" }] });
    expect(fixture.lastBatch().map((record) => record.type)).toEqual(["Topic", "Config", "Partition", "Partition"]);
    expect(fixture.image().topicConfig("orders").get("min.insync.replicas")).toBe("2");
  });

  test("a topic's id is a version 4 UUID in 22 characters", () => {
    const fixture = new ControllerFixture().activate().withBrokers(2);
    const { topicId } = create(fixture);
    expect(topicId).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);
    const bytes = Buffer.from(topicId, "base64url");
    expect(bytes).toHaveLength(16);
    expect(bytes.toString("base64url")).toBe(topicId);
    expect((bytes[6] as number) >> 4).toBe(4);
    expect(create(fixture, { name: "payments" }).topicId).not.toBe(topicId);
  });

  test("without a number the broker's defaults hold", () => {
    const config = { "num.partitions": 4, "default.replication.factor": 3 };
    const fixture = new ControllerFixture({ config }).activate().withBrokers(3);
    create(fixture, { numPartitions: -1, replicationFactor: -1 });
    const partitions = fixture.image().topicByName("orders")?.partitions ?? [];
    expect(partitions.map((partition) => partition.replicas.length)).toEqual([3, 3, 3, 3]);
  });

  test("a fenced replica starts outside the ISR, and does not lead (KIP-841)", () => {
    const fixture = new ControllerFixture().activate().withBrokers(2);
    fixture.register(3);
    fixture.createTopic([[3, 2, 1]]);
    expect(fixture.partition()).toMatchObject({ replicas: [3, 2, 1], isr: [2, 1], leader: 2, leaderEpoch: 0, partitionEpoch: 0 });
  });

  test("a broker in controlled shutdown is no candidate, a fenced one is", () => {
    const fixture = new ControllerFixture().activate().withBrokers(3);
    fixture.createTopic([[1, 2]]);
    fixture.heartbeat(1, { wantShutDown: true });
    expect(create(fixture, { name: "other", replicationFactor: 3 }).errorCode).toBe("INVALID_REPLICATION_FACTOR");
    for (const id of [2, 3]) fixture.heartbeat(id);
    expect(fixture.heartbeat(1, { wantShutDown: true }).shouldShutDown).toBe(true);
    expect(create(fixture, { name: "other", replicationFactor: 3 }).errorCode).toBe("NONE");
  });

  test("each topic of a request succeeds or fails by itself, and all that succeed are one batch", () => {
    const fixture = new ControllerFixture().activate().withBrokers(1);
    const topic = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
    const names = ["a", "b!", "c"];
    const { topics } = fixture.call("CreateTopics", { timeoutMs: 1, topics: names.map((name) => ({ ...topic, name })) });
    expect(topics.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      ["a", "NONE"],
      ["b!", "INVALID_TOPIC_EXCEPTION"],
      ["c", "NONE"],
    ]);
    expect(fixture.lastBatch().map((record) => record.type)).toEqual(["Topic", "Partition", "Topic", "Partition"]);
  });

  test("a name given twice in a request is not created", () => {
    const fixture = new ControllerFixture().activate().withBrokers(1);
    const topic = { name: "a", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
    const { topics } = fixture.call("CreateTopics", { timeoutMs: 1, topics: [topic, topic] });
    expect(topics).toMatchObject([{ name: "a", errorCode: "INVALID_REQUEST" }]);
    expect(fixture.image().topicByName("a")).toBeUndefined();
  });

  test("the same seed places the same way", () => {
    const place = () => {
      const fixture = new ControllerFixture().activate().withBrokers(5);
      create(fixture, { numPartitions: 12, replicationFactor: 3 });
      return fixture.image().topicByName("orders");
    };
    expect(place()).toEqual(place());
  });
});

describe("refusals", () => {
  test.each<{ topic: Partial<CreatableTopic>; error: string }>([
    { topic: { name: "" }, error: "INVALID_TOPIC_EXCEPTION" },
    { topic: { name: ".." }, error: "INVALID_TOPIC_EXCEPTION" },
    { topic: { name: "or ders" }, error: "INVALID_TOPIC_EXCEPTION" },
    { topic: { name: "x".repeat(250) }, error: "INVALID_TOPIC_EXCEPTION" },
    { topic: { name: "__cluster_metadata" }, error: "INVALID_TOPIC_EXCEPTION" },
    { topic: { name: "ex.isting" }, error: "INVALID_TOPIC_EXCEPTION" },
    { topic: { name: "ex_isting" }, error: "TOPIC_ALREADY_EXISTS" },
    { topic: { numPartitions: 0 }, error: "INVALID_PARTITIONS" },
    { topic: { numPartitions: -2 }, error: "INVALID_PARTITIONS" },
    { topic: { replicationFactor: 0 }, error: "INVALID_REPLICATION_FACTOR" },
    { topic: { replicationFactor: -2 }, error: "INVALID_REPLICATION_FACTOR" },
    { topic: { replicationFactor: 4 }, error: "INVALID_REPLICATION_FACTOR" },
    { topic: { configs: [{ name: "no.such.thing", value: "1" }] }, error: "INVALID_CONFIG" },
    { topic: { configs: [{ name: "min.insync.replicas", value: "0" }] }, error: "INVALID_CONFIG" },
    { topic: { configs: [{ name: "min.insync.replicas", value: "two" }] }, error: "INVALID_CONFIG" },
    { topic: { configs: [{ name: "unclean.leader.election.enable", value: "yes" }] }, error: "INVALID_CONFIG" },
    { topic: { ...by([1]), replicationFactor: 1 }, error: "INVALID_REQUEST" },
    { topic: { ...by([1]), numPartitions: 1 }, error: "INVALID_REQUEST" },
    { topic: by([1, 9]), error: "INVALID_REPLICA_ASSIGNMENT" },
    { topic: by([1, 1]), error: "INVALID_REPLICA_ASSIGNMENT" },
    { topic: by([]), error: "INVALID_REPLICA_ASSIGNMENT" },
    { topic: by([1, 2], [1]), error: "INVALID_REPLICA_ASSIGNMENT" },
    { topic: by([3]), error: "INVALID_REPLICA_ASSIGNMENT" },
    { topic: { ...by([1]), assignments: [{ partitionIndex: 1, brokerIds: [1] }] }, error: "INVALID_REPLICA_ASSIGNMENT" },
    {
      topic: {
        ...by(),
        assignments: [
          { partitionIndex: 0, brokerIds: [1] },
          { partitionIndex: 0, brokerIds: [2] },
        ],
      },
      error: "INVALID_REPLICA_ASSIGNMENT",
    },
  ])("$error: $topic", ({ topic, error }) => {
    const fixture = new ControllerFixture().activate().withBrokers(2);
    fixture.register(3); // fenced
    create(fixture, { name: "ex_isting", numPartitions: 1 });
    const end = fixture.log.logEndOffset;
    const { errorCode, errorMessage } = create(fixture, topic);
    expect(errorCode).toBe(error);
    expect(errorMessage).not.toBeNull();
    expect(fixture.log.logEndOffset).toBe(end);
  });

  test("with every broker fenced nothing can be placed", () => {
    const fixture = new ControllerFixture().activate();
    fixture.register(1);
    expect(create(fixture, { replicationFactor: 1 }).errorCode).toBe("INVALID_REPLICATION_FACTOR");
  });
});
