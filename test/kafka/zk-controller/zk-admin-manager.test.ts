import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import type { ApiName, RequestOf, ResponseOf } from "../../../src/kafka/messages/apis.ts";
import type { CreateTopicsRequest } from "../../../src/kafka/messages/metadata.ts";
import { deleteTopicPath, type TopicZnode, topicConfigPath, topicPath } from "../../../src/kafka/zk/znodes.ts";
import { ServerWorld } from "../zk-broker/server-world.ts";

type CreatableTopic = CreateTopicsRequest["topics"][number];

const AUTO = { numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] };

/** Three whole servers, the first of them the controller. */
function startedServers(options: ConstructorParameters<typeof ServerWorld>[0] = {}): ServerWorld {
  return new ServerWorld(options).startAll();
}

function asked<A extends ApiName>(world: ServerWorld, api: A, body: RequestOf<A>, { to = 1, within = ms(500) } = {}) {
  const sent = world.send(to, api, body);
  world.runFor(within);
  return world.answer(api, sent) as ResponseOf<A> | undefined;
}

function create(world: ServerWorld, topics: readonly (Partial<CreatableTopic> & { name: string })[], timeoutMs = 30_000, to = 1) {
  const answer = asked(world, "CreateTopics", { timeoutMs, topics: topics.map((topic) => ({ ...AUTO, ...topic })) }, { to });
  return answer?.topics.map(({ name, errorCode }) => `${name}: ${errorCode}`);
}

function znode<T>(world: ServerWorld, path: string): T | undefined {
  return world.tree.get(path)?.data as T | undefined;
}

describe("CreatePartitions in ZooKeeper mode (ZkAdminManager)", () => {
  function grow(world: ServerWorld, name: string, count: number, to = 1): string | undefined {
    const body = { timeoutMs: 30_000, topics: [{ name, count, assignments: null }] };
    return asked(world, "CreatePartitions", body, { to })?.results[0]?.errorCode;
  }

  test("the assignment is written anew, and the answer comes when the new partitions have leaders", () => {
    const world = startedServers();
    create(world, [{ name: "bills", numPartitions: 1, replicationFactor: 2 }]);
    const before = znode<TopicZnode>(world, topicPath("bills"));
    expect(grow(world, "bills", 4)).toBe("NONE");
    const stored = znode<TopicZnode>(world, topicPath("bills"));
    expect(stored?.topicId).toBe(before?.topicId);
    expect(stored?.partitions[0]).toEqual(before?.partitions[0]);
    expect(stored?.partitions.map(({ replicas }) => replicas.length)).toEqual([2, 2, 2, 2]);
    const known = asked(world, "Metadata", { topics: [{ name: "bills" }] });
    expect(known?.topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual(Array(4).fill("NONE"));
  });

  test("only the controller does it, only for a topic that there is, and only upwards", () => {
    const world = startedServers();
    create(world, [{ name: "bills", numPartitions: 2 }]);
    expect(grow(world, "bills", 2)).toBe("INVALID_PARTITIONS");
    expect(grow(world, "letters", 2)).toBe("UNKNOWN_TOPIC_OR_PARTITION");
    expect(grow(world, "bills", 3, 2)).toBe("NOT_CONTROLLER");
  });

  // The controller rewrites the assignment as the reassignment goes on (ZkAdminManager.createPartitions).
  test("not while a partition of the topic is being reassigned", () => {
    const world = startedServers();
    create(world, [{ name: "bills", assignments: [{ partitionIndex: 0, brokerIds: [1] }] }]);
    world.world.pause("broker-3");
    const partitions = [{ partitionIndex: 0, replicas: [3] }];
    asked(world, "AlterPartitionReassignments", { timeoutMs: 1_000, topics: [{ name: "bills", partitions }] });
    expect(znode<TopicZnode>(world, topicPath("bills"))?.partitions[0]).toMatchObject({ addingReplicas: [3] });
    expect(grow(world, "bills", 2)).toBe("REASSIGNMENT_IN_PROGRESS");
  });

  test.each([
    ["two of the same", [1, 1], "INVALID_REPLICA_ASSIGNMENT"],
    ["too few", [1], "INVALID_REPLICA_ASSIGNMENT"],
    ["an unknown broker", [1, 9], "INVALID_REPLICA_ASSIGNMENT"],
    ["what the topic has elsewhere", [3, 1], "NONE"],
  ] as const)("replicas by hand: %s (AdminZkClient.validateReplicaAssignment)", (_, brokerIds, error) => {
    const world = startedServers();
    create(world, [{ name: "bills", numPartitions: 1, replicationFactor: 2 }]);
    const topics = [{ name: "bills", count: 2, assignments: [{ brokerIds }] }];
    expect(asked(world, "CreatePartitions", { timeoutMs: 30_000, topics })?.results).toMatchObject([{ errorCode: error }]);
  });

  // KafkaApis.handleCreatePartitionsRequest
  test("a topic that is named twice is not grown, the others are", () => {
    const world = startedServers();
    create(world, [{ name: "bills", numPartitions: 1 }, { name: "letters" }]);
    const topics = ["bills", "letters", "bills"].map((name) => ({ name, count: 4, assignments: null }));
    const results = asked(world, "CreatePartitions", { timeoutMs: 30_000, topics })?.results;
    expect(results?.map(({ name, errorCode }) => `${name}: ${errorCode}`)).toEqual(["bills: INVALID_REQUEST", "letters: NONE"]);
    expect(znode<TopicZnode>(world, topicPath("bills"))?.partitions).toHaveLength(1);
  });

  test("a topic that is queued for deletion is invalid", () => {
    const world = startedServers();
    create(world, [{ name: "bills", numPartitions: 1, replicationFactor: 3 }]);
    world.world.pause("broker-3");
    asked(world, "DeleteTopics", { topicNames: ["bills"], timeoutMs: 100 });
    expect(grow(world, "bills", 2)).toBe("INVALID_TOPIC_EXCEPTION");
  });
});

describe("CreateTopics in ZooKeeper mode (ZkAdminManager)", () => {
  test("settings and assignment are written, and the answer comes when every partition has a leader", () => {
    const world = startedServers();
    const configs = [{ name: "min.insync.replicas", value: "2" }];
    expect(create(world, [{ name: "bills", numPartitions: 4, replicationFactor: 3, configs }])).toEqual(["bills: NONE"]);
    expect(znode(world, topicConfigPath("bills"))).toEqual({ "min.insync.replicas": "2" });
    const stored = znode<TopicZnode>(world, topicPath("bills"));
    expect(stored?.topicId).toMatch(/^[\w-]{22}$/);
    expect(stored?.partitions.map(({ replicas }) => [...replicas].sort())).toEqual(Array(4).fill([1, 2, 3]));
    const known = asked(world, "Metadata", { topics: [{ name: "bills" }] });
    expect(known?.topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual(Array(4).fill("NONE"));
  });

  test("a topic of old has no id, and no settings are settings too", () => {
    const world = startedServers({ dials: { "topic.identifyById": false } });
    expect(create(world, [{ name: "bills" }])).toEqual(["bills: NONE"]);
    expect(znode<TopicZnode>(world, topicPath("bills"))).toMatchObject({ topicId: "", partitions: [{}] });
    expect(znode(world, topicConfigPath("bills"))).toEqual({});
  });

  test("an assignment by hand is taken as it is", () => {
    const world = startedServers();
    const assignments = [
      { partitionIndex: 1, brokerIds: [3, 1] },
      { partitionIndex: 0, brokerIds: [2, 3] },
    ];
    expect(create(world, [{ name: "bills", assignments }])).toEqual(["bills: NONE"]);
    const replicas = znode<TopicZnode>(world, topicPath("bills"))?.partitions.map((partition) => partition.replicas);
    expect(replicas).toEqual([
      [2, 3],
      [3, 1],
    ]);
  });

  test("what can't be created is refused by its own error, and the others are created", () => {
    const world = startedServers();
    create(world, [{ name: "a.b" }]);
    const hand = (...brokerIds: number[][]) => ({
      assignments: brokerIds.map((ids, partitionIndex) => ({ partitionIndex, brokerIds: ids })),
    });
    const results = create(world, [
      { name: "a.b" },
      { name: "a_b" },
      { name: "no spaces" },
      { name: "__cluster_metadata" },
      { name: "twice" },
      { name: "twice" },
      { name: "none", numPartitions: 0 },
      { name: "many", replicationFactor: 4 },
      { name: "both", numPartitions: 1, ...hand([1]) },
      { name: "uneven", ...hand([1, 2], [1]) },
      { name: "double", ...hand([1, 1]) },
      { name: "gap", assignments: [{ partitionIndex: 1, brokerIds: [1] }] },
      { name: "odd", configs: [{ name: "min.insync.replicas", value: "few" }] },
      { name: "fine" },
    ]);
    expect(results).toEqual([
      "a.b: TOPIC_ALREADY_EXISTS",
      "a_b: INVALID_TOPIC_EXCEPTION",
      "no spaces: INVALID_TOPIC_EXCEPTION",
      "__cluster_metadata: INVALID_REQUEST",
      "twice: INVALID_REQUEST",
      "none: INVALID_PARTITIONS",
      "many: INVALID_REPLICATION_FACTOR",
      "both: INVALID_REQUEST",
      "uneven: INVALID_REPLICA_ASSIGNMENT",
      "double: INVALID_REPLICA_ASSIGNMENT",
      "gap: INVALID_REPLICA_ASSIGNMENT",
      "odd: INVALID_CONFIG",
      "fine: NONE",
    ]);
    expect([...world.tree.keys()].filter((path) => path.startsWith("/config/topics/"))).toEqual([
      topicConfigPath("a.b"),
      topicConfigPath("fine"),
    ]);
  });

  test("a broker that is not the controller refuses", () => {
    expect(create(startedServers(), [{ name: "bills" }], 30_000, 2)).toEqual(["bills: NOT_CONTROLLER"]);
  });

  test("without time to wait it is written all the same, and said to have timed out", () => {
    const world = startedServers();
    expect(create(world, [{ name: "bills" }], 0)).toEqual(["bills: REQUEST_TIMED_OUT"]);
    expect(world.state("bills")).toBeDefined();
  });

  test("a partition that gets no leader in time has timed out", () => {
    const world = startedServers();
    const assignments = [{ partitionIndex: 0, brokerIds: [9] }];
    const body = { timeoutMs: 1_000, topics: [{ ...AUTO, name: "bills", assignments }] };
    const sent = world.send(1, "CreateTopics", body);
    world.runFor(ms(1_000));
    expect(world.answer("CreateTopics", sent)).toBeUndefined();
    world.runFor(ms(100));
    expect(world.answer("CreateTopics", sent)?.topics).toMatchObject([{ name: "bills", errorCode: "REQUEST_TIMED_OUT" }]);
  });

  test("a topic that is marked for deletion counts as there", () => {
    const world = startedServers();
    world.write({ op: "create", path: deleteTopicPath("bills"), data: null, mode: "PERSISTENT" });
    expect(create(world, [{ name: "bills" }])).toEqual(["bills: NONE"]);
    // The controller has removed the mark of what it did not know; a mark that it has not seen yet stands in the way.
    world.tree.set(deleteTopicPath("carts"), { data: null, stat: { czxid: 1, mzxid: 1, version: 0, ephemeralOwner: 0 } });
    expect(create(world, [{ name: "carts" }])).toEqual(["carts: TOPIC_ALREADY_EXISTS"]);
  });

  test("where the session ends in the middle of it, what was not written has failed", () => {
    const world = startedServers();
    world.unanswered.add("exists");
    const body = { timeoutMs: 30_000, topics: [{ ...AUTO, name: "bills" }] };
    const sent = world.send(1, "CreateTopics", body);
    world.runFor(ms(100));
    world.unanswered.clear();
    world.expireSessionOf(1);
    expect(world.answer("CreateTopics", sent)?.topics).toMatchObject([{ name: "bills", errorCode: "UNKNOWN_SERVER_ERROR" }]);
  });
});

describe("DeleteTopics in ZooKeeper mode", () => {
  const remove = (world: ServerWorld, names: readonly string[], timeoutMs = 30_000, to = 1) =>
    asked(world, "DeleteTopics", { timeoutMs, topicNames: names }, { to, within: seconds(1) })?.responses.map(
      ({ name, errorCode }) => `${name}: ${errorCode}`,
    );

  test("the topic is gone from every broker when the answer comes, and can be created again at once", () => {
    const world = startedServers();
    create(world, [{ name: "bills", replicationFactor: 3 }]);
    expect(remove(world, ["bills", "nobody"])).toEqual(["bills: NONE", "nobody: UNKNOWN_TOPIC_OR_PARTITION"]);
    expect(world.tree.has(topicPath("bills"))).toBe(false);
    expect(create(world, [{ name: "bills" }])).toEqual(["bills: NONE"]);
  });

  test("is refused where topics can't be deleted, and by who is no controller", () => {
    const world = startedServers({ config: { "delete.topic.enable": false } });
    create(world, [{ name: "bills" }]);
    expect(remove(world, ["bills"])).toEqual(["bills: TOPIC_DELETION_DISABLED"]);
    expect(remove(world, ["bills"], 30_000, 2)).toEqual(["bills: NOT_CONTROLLER"]);
  });

  test("a topic with a replica out of reach is forgotten by the others; the answer does not wait for the rest", () => {
    const world = startedServers();
    create(world, [{ name: "bills", replicationFactor: 3 }]);
    const session = world.sessionOf(3);
    world.world.crash("broker-3");
    world.expire(session);
    world.runFor(ms(300));
    // The controller tells every broker to forget it before any replica is deleted: that is what the answer waits for.
    expect(remove(world, ["bills"])).toEqual(["bills: NONE"]);
    expect(world.tree.has(topicPath("bills"))).toBe(true);
  });
});

describe("ElectLeaders in ZooKeeper mode (KIP-460)", () => {
  const elect = (world: ServerWorld, body: Partial<RequestOf<"ElectLeaders">>, to = 1) =>
    asked(
      world,
      "ElectLeaders",
      { electionType: "PREFERRED", timeoutMs: 30_000, topicPartitions: null, ...body },
      { to, within: seconds(1) },
    )?.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
      partitionResult.map(({ partitionId, errorCode }) => `${topic}-${partitionId}: ${errorCode}`),
    );
  const NAMED = [{ topic: "bills", partitions: [0, 1, 5] }];

  /** bills-0 prefers 2 and is led by 3, since 2 was away; bills-1 prefers 3 and is led by it. */
  function worldWithStrayLeader(): ServerWorld {
    const world = startedServers({ config: { "auto.leader.rebalance.enable": false } });
    const assignments = [
      { partitionIndex: 0, brokerIds: [2, 3, 1] },
      { partitionIndex: 1, brokerIds: [3, 1, 2] },
    ];
    create(world, [{ name: "bills", assignments }]);
    const session = world.sessionOf(2);
    world.world.crash("broker-2");
    world.expire(session);
    world.runFor(ms(300));
    world.start(2);
    return world.runFor(seconds(5));
  }

  test("the preferred replica leads when the answer comes; what needs nothing, or is not there, is told", () => {
    const world = worldWithStrayLeader();
    expect(world.state("bills")?.leader).toBe(3);
    expect(elect(world, { topicPartitions: NAMED })).toEqual([
      "bills-0: NONE",
      "bills-1: ELECTION_NOT_NEEDED",
      "bills-5: UNKNOWN_TOPIC_OR_PARTITION",
    ]);
    expect(world.state("bills")?.leader).toBe(2);
  });

  test("asked for all, those that need nothing are left out", () => {
    const world = worldWithStrayLeader();
    expect(elect(world, {})).toEqual(["bills-0: NONE"]);
    expect(elect(world, {})).toEqual([]);
  });

  test("a broker that is not the controller refuses for each partition", () => {
    const world = worldWithStrayLeader();
    expect(elect(world, { topicPartitions: [{ topic: "bills", partitions: [0] }] }, 2)).toEqual(["bills-0: NOT_CONTROLLER"]);
  });

  test("a preferred replica that is not in sync can't be elected", () => {
    const world = worldWithStrayLeader();
    const session = world.sessionOf(2);
    world.world.crash("broker-2");
    world.expire(session);
    world.runFor(ms(300));
    expect(elect(world, { topicPartitions: NAMED })).toEqual([
      "bills-0: PREFERRED_LEADER_NOT_AVAILABLE",
      "bills-1: ELECTION_NOT_NEEDED",
      "bills-5: UNKNOWN_TOPIC_OR_PARTITION",
    ]);
  });

  test("an unclean election takes whoever lives, where nobody in sync is left, and only there", () => {
    const world = startedServers();
    create(world, [{ name: "bills", assignments: [{ partitionIndex: 0, brokerIds: [2, 3] }] }]);
    for (const id of [3, 2]) {
      const session = world.sessionOf(id);
      world.world.crash(`broker-${id}`);
      world.expire(session);
      world.runFor(ms(300));
    }
    world.start(3).runFor(ms(300));
    const named = [{ topic: "bills", partitions: [0] }];
    expect(world.state("bills")).toMatchObject({ leader: -1, isr: [2] });
    expect(elect(world, { topicPartitions: named })).toEqual(["bills-0: PREFERRED_LEADER_NOT_AVAILABLE"]);
    expect(elect(world, { electionType: "UNCLEAN", topicPartitions: named })).toEqual(["bills-0: NONE"]);
    expect(world.state("bills")).toMatchObject({ leader: 3, isr: [3] });
    expect(elect(world, { electionType: "UNCLEAN", topicPartitions: named })).toEqual(["bills-0: ELECTION_NOT_NEEDED"]);
  });
});
