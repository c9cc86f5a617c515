/** ConsumerGroupHeartbeat: who is taken in, who is turned away and how, and what an answer says (KIP-848, clients.md 6). */
import { describe, expect, test } from "vitest";
import { ConsumerWorld, GROUP } from "./consumer-world.ts";

const FULL = { rebalanceTimeoutMs: 60_000, subscribedTopicNames: ["orders"] };

describe("joining", () => {
  test("the first member gets everything, at epoch 1 (KIP-848)", () => {
    const world = new ConsumerWorld();
    expect(world.join("a")).toEqual({ error: "NONE", epoch: 1, assignment: ["orders-0", "orders-1", "orders-2", "orders-3"] });
    expect(world.group).toMatchObject({ state: "Stable", groupEpoch: 1, assignmentEpoch: 1 });
  });

  test("a second member waits until the first has let go, and each step is one heartbeat (6, reconciliation 1 to 4)", () => {
    const world = new ConsumerWorld();
    world.join("a");
    expect(world.join("b")).toEqual({ error: "NONE", epoch: 2, assignment: [] });
    expect(world.picture("b")).toBe("UNRELEASED_PARTITIONS 2 []");
    // The first learns what is left to it, and keeps its epoch.
    expect(world.heartbeat("a")).toEqual({ error: "NONE", epoch: 1, assignment: ["orders-0", "orders-1"] });
    expect(world.picture("a")).toBe("UNREVOKED_PARTITIONS 1 [orders-0 orders-1] -[orders-2 orders-3]");
    expect(world.heartbeat("b").assignment).toBeNull();
    expect(world.heartbeat("a", { owned: ["orders-0", "orders-1"] })).toEqual({ error: "NONE", epoch: 2, assignment: null });
    expect(world.group.state).toBe("Reconciling");
    expect(world.heartbeat("b")).toEqual({ error: "NONE", epoch: 2, assignment: ["orders-2", "orders-3"] });
    expect(world.group.state).toBe("Stable");
  });

  test("what still owns a revoked partition, or does not say what it owns, stays in its epoch (6, reconciliation 2)", () => {
    const world = new ConsumerWorld();
    world.join("a");
    world.join("b");
    world.heartbeat("a");
    for (const owned of [null, ["orders-0", "orders-1", "orders-3"]]) {
      expect(world.heartbeat("a", { owned }).epoch).toBe(1);
      expect(world.picture("a")).toBe("UNREVOKED_PARTITIONS 1 [orders-0 orders-1] -[orders-2 orders-3]");
    }
  });

  test("a join that was answered in vain is answered again", () => {
    const world = new ConsumerWorld();
    const first = world.join("a");
    expect(world.join("a")).toEqual(first);
    expect(world.group.groupEpoch).toBe(1);
  });

  test("a member that is known cannot join again at epoch 0, but after its first answer: so it is in Kafka up to 4.1 at least", () => {
    const world = new ConsumerWorld();
    world.join("a");
    world.join("b");
    world.heartbeat("a");
    world.heartbeat("a", { owned: ["orders-0", "orders-1"] });
    expect(world.join("a").error).toBe("FENCED_MEMBER_EPOCH");
  });
});

describe("what is refused", () => {
  test.each([
    ["no member id", { memberId: "" }],
    ["an empty instance id", { instanceId: "" }],
    ["an empty rack", { rackId: "" }],
    ["an empty group id", { groupId: "" }],
    ["a join without a rebalance timeout", { rebalanceTimeoutMs: -1 }],
    ["a join without subscription", { subscribedTopicNames: null }],
    ["a join that subscribes to nothing", { subscribedTopicNames: [] }],
    ["a join that owns something", { owned: ["orders-0"] }],
    ["a join that does not say what it owns", { owned: null }],
    ["an epoch that means nothing", { memberEpoch: -3 }],
    ["a leave for a while without instance id", { memberEpoch: -2 }],
  ])("%s is an INVALID_REQUEST", (_what, said) => {
    const world = new ConsumerWorld();
    expect(world.join("a", said).error).toBe("INVALID_REQUEST");
    expect(world.shard.log).toEqual([]);
  });

  test("an assignor that the broker does not have is UNSUPPORTED_ASSIGNOR", () => {
    expect(new ConsumerWorld().join("a", { serverAssignor: "sticky" }).error).toBe("UNSUPPORTED_ASSIGNOR");
    const onlyRange = new ConsumerWorld({ config: { "group.consumer.assignors": "range" } });
    expect(onlyRange.join("a", { serverAssignor: "uniform" }).error).toBe("UNSUPPORTED_ASSIGNOR");
    expect(onlyRange.join("a", { serverAssignor: "range" }).error).toBe("NONE");
  });

  test("a group that there is not is GROUP_ID_NOT_FOUND, a member UNKNOWN_MEMBER_ID", () => {
    const world = new ConsumerWorld();
    for (const memberEpoch of [1, -1]) expect(world.heartbeat("a", { memberEpoch }).error).toBe("GROUP_ID_NOT_FOUND");
    world.join("a");
    for (const memberEpoch of [1, -1]) expect(world.heartbeat("b", { memberEpoch }).error).toBe("UNKNOWN_MEMBER_ID");
  });

  test("one member too many is GROUP_MAX_SIZE_REACHED, one that is there is not", () => {
    const world = new ConsumerWorld({ config: { "group.consumer.max.size": 1 } });
    world.join("a");
    expect(world.join("b").error).toBe("GROUP_MAX_SIZE_REACHED");
    expect(world.heartbeat("a").error).toBe("NONE");
  });

  test("a broker that speaks only the classic protocol says UNSUPPORTED_VERSION", () => {
    const world = new ConsumerWorld({ config: { "group.coordinator.rebalance.protocols": "classic" } });
    expect(world.join("a").error).toBe("UNSUPPORTED_VERSION");
  });

  test("what the log refuses has not happened", () => {
    const world = new ConsumerWorld();
    world.shard.refuses = "COORDINATOR_NOT_AVAILABLE";
    expect(world.join("a").error).toBe("COORDINATOR_NOT_AVAILABLE");
    expect(world.shard.groups.get(GROUP)).toBeUndefined();
    expect(world.host.events).toEqual([]);
  });
});

describe("the member epoch", () => {
  function withLostAnswer(): ConsumerWorld {
    const world = new ConsumerWorld();
    world.join("a");
    world.join("b");
    world.heartbeat("a");
    // Its epoch is 2 from here on, and it never hears of it.
    world.heartbeat("a", { owned: ["orders-0", "orders-1"] });
    return world;
  }

  test("greater than known is FENCED_MEMBER_EPOCH", () => {
    expect(withLostAnswer().heartbeat("a", { memberEpoch: 3, owned: [] }).error).toBe("FENCED_MEMBER_EPOCH");
  });

  test("the previous one is let through when it owns no more than it was given: the answer was lost", () => {
    const owned = ["orders-0", "orders-1"];
    expect(withLostAnswer().heartbeat("a", { memberEpoch: 1, owned })).toMatchObject({ error: "NONE", epoch: 2 });
    expect(withLostAnswer().heartbeat("a", { memberEpoch: 1, owned: [] })).toMatchObject({ error: "NONE", epoch: 2 });
  });

  test("the previous one is fenced when it owns more, or does not say", () => {
    expect(withLostAnswer().heartbeat("a", { memberEpoch: 1, owned: ["orders-2"] }).error).toBe("FENCED_MEMBER_EPOCH");
    expect(withLostAnswer().heartbeat("a", { memberEpoch: 1, owned: null }).error).toBe("FENCED_MEMBER_EPOCH");
  });

  test("an older one is fenced", () => {
    const world = withLostAnswer();
    world.join("c");
    world.heartbeat("a", { owned: ["orders-0", "orders-1"] });
    world.heartbeat("a", { owned: ["orders-0"] });
    expect(world.find("a")?.memberEpoch).toBe(3);
    expect(world.heartbeat("a", { memberEpoch: 1, owned: [] }).error).toBe("FENCED_MEMBER_EPOCH");
  });
});

describe("an answer", () => {
  test("tells the assignment to a full request, and else only when it has changed", () => {
    const world = new ConsumerWorld();
    const { assignment } = world.join("a");
    expect(world.heartbeat("a").assignment).toBeNull();
    expect(world.heartbeat("a", { ...FULL }).assignment).toBeNull();
    expect(world.heartbeat("a", { ...FULL, owned: assignment }).assignment).toEqual(assignment);
  });

  test("waits until what was decided is committed, and until what it rests on is", () => {
    const world = new ConsumerWorld({ slowCommits: true });
    const body = {
      groupId: GROUP,
      memberId: "a",
      memberEpoch: 0,
      instanceId: null,
      rackId: null,
      ...FULL,
      serverAssignor: null,
      topicPartitions: [],
    };
    const join = world.ask("ConsumerGroupHeartbeat", "a", body);
    const next = world.ask("ConsumerGroupHeartbeat", "a", { ...body, memberEpoch: 1, topicPartitions: null });
    expect([join.answer, next.answer]).toEqual([undefined, undefined]);
    world.commit();
    expect([join.answer?.errorCode, next.answer?.errorCode]).toEqual(["NONE", "NONE"]);
  });

  test("says so when it is not known whether what was decided is committed", () => {
    const world = new ConsumerWorld({ slowCommits: true });
    const asked = world.join("a");
    expect(asked.error).toBe("waits");
    world.shard.end("COORDINATOR_NOT_AVAILABLE");
    // It stands in the log all the same: the member is in, and may ask again.
    expect(world.picture("a")).toMatch(/^STABLE 1/);
  });

  test("carries the interval of heartbeats", () => {
    const world = new ConsumerWorld({ config: { "group.consumer.heartbeat.interval.ms": 1_234 } });
    const request = world.ask("ConsumerGroupHeartbeat", "a", {
      groupId: GROUP,
      memberId: "a",
      memberEpoch: 0,
      instanceId: null,
      rackId: null,
      ...FULL,
      serverAssignor: null,
      topicPartitions: [],
    });
    expect(request.answer?.heartbeatIntervalMs).toBe(1_234);
  });
});

describe("the group epoch", () => {
  test("is raised by another subscription, not by the same in another order", () => {
    const world = new ConsumerWorld({ topics: { orders: 2, refunds: 2 } });
    world.join("a", { subscribedTopicNames: ["orders", "refunds"] });
    world.heartbeat("a", { subscribedTopicNames: ["refunds", "orders"] });
    expect(world.group.groupEpoch).toBe(1);
    expect(world.heartbeat("a", { subscribedTopicNames: ["refunds"] })).toMatchObject({
      epoch: 1,
      assignment: ["refunds-0", "refunds-1"],
    });
    expect(world.group.groupEpoch).toBe(2);
    expect(world.picture("a")).toBe("UNREVOKED_PARTITIONS 1 [refunds-0 refunds-1] -[orders-0 orders-1]");
  });

  test("is raised by new partitions, with the next heartbeat (onMetadataChanged)", () => {
    const world = new ConsumerWorld();
    world.join("a");
    world.changeTopics((metadata) => metadata.grow("orders", 5));
    expect(world.group.groupEpoch).toBe(1);
    expect(world.heartbeat("a")).toMatchObject({ epoch: 2, assignment: expect.arrayContaining(["orders-4"]) });
  });

  test("is raised by a topic that comes, that goes, and that is made anew under its name", () => {
    const world = new ConsumerWorld({ topics: {} });
    expect(world.join("a")).toMatchObject({ epoch: 1, assignment: [] });
    world.changeTopics((metadata) => metadata.make("orders", 1));
    expect(world.heartbeat("a")).toMatchObject({ epoch: 2, assignment: ["orders-0"] });
    world.changeTopics((metadata) => metadata.make("orders", 1));
    expect(world.heartbeat("a", { owned: [] })).toMatchObject({ epoch: 3, assignment: ["orders'-0"] });
    world.changeTopics((metadata) => metadata.delete("orders"));
    expect(world.heartbeat("a", { owned: [] })).toMatchObject({ epoch: 4, assignment: [] });
    expect(world.group.state).toBe("Stable");
  });

  test("is raised by other racks of replicas (KIP-1101), and not by topics that are nothing to the group", () => {
    const world = new ConsumerWorld();
    world.join("a");
    world.changeTopics((metadata) => metadata.make("others", 3));
    world.heartbeat("a");
    expect(world.group.groupEpoch).toBe(1);
    world.changeTopics((metadata) => metadata.racks.set(2, "west"));
    world.heartbeat("a");
    expect(world.group.groupEpoch).toBe(2);
  });

  test("is raised by who leaves; the next heartbeat of another computes the target", () => {
    const world = new ConsumerWorld();
    world.join("a");
    world.join("b");
    expect(world.heartbeat("a", { memberEpoch: -1 })).toMatchObject({ error: "NONE", epoch: -1 });
    expect(world.group).toMatchObject({ state: "Assigning", groupEpoch: 3, assignmentEpoch: 2 });
    expect(world.heartbeat("b").assignment).toHaveLength(4);
    expect(world.group).toMatchObject({ state: "Stable", groupEpoch: 3, assignmentEpoch: 3 });
    world.heartbeat("b", { memberEpoch: -1 });
    expect(world.group).toMatchObject({ state: "Empty", groupEpoch: 4, isEmpty: true });
  });
});

describe("the assignor", () => {
  test("is the one that most members want, the configured first one if none wants any", () => {
    const world = new ConsumerWorld({ topics: { orders: 3, refunds: 3 } });
    const subscribedTopicNames = ["orders", "refunds"];
    world.join("a", { subscribedTopicNames });
    world.join("b", { subscribedTopicNames, serverAssignor: "range" });
    world.join("c", { subscribedTopicNames });
    expect(world.eventsOf("TargetAssignmentChosen").map(({ assignor }) => assignor)).toEqual(["uniform", "range", "range"]);
  });
});

describe("static members (KIP-345, KIP-848)", () => {
  const one = { instanceId: "one" };

  test("who leaves for a while keeps its partitions, and takes them up under another id without a rebalance", () => {
    const world = new ConsumerWorld();
    world.join("a:1", one);
    world.join("b");
    world.heartbeat("a:1", one);
    world.heartbeat("a:1", { ...one, owned: ["orders-0", "orders-1"] });
    world.heartbeat("b");
    expect(world.heartbeat("a:1", { ...one, memberEpoch: -2 })).toMatchObject({ error: "NONE", epoch: -2 });
    expect(world.heartbeat("b").assignment).toBeNull();
    expect(world.join("a:2", one)).toEqual({ error: "NONE", epoch: 2, assignment: ["orders-0", "orders-1"] });
    expect(world.group).toMatchObject({ state: "Stable", groupEpoch: 2, size: 2 });
    expect(world.eventsOf("MemberAdded").at(-1)).toMatchObject({ member: "a:2", instanceId: "one", replaces: "a:1" });
    expect(world.eventsOf("MemberRemoved").at(-1)).toMatchObject({ member: "a:1", reason: "replaced" });
  });

  test("an instance id that is in use is UNRELEASED_INSTANCE_ID", () => {
    const world = new ConsumerWorld();
    world.join("a:1", one);
    expect(world.join("a:2", one).error).toBe("UNRELEASED_INSTANCE_ID");
    expect(world.find("a:1")).toBeDefined();
  });

  test("whose instance id another one has taken over is FENCED_INSTANCE_ID, also when it leaves", () => {
    const world = new ConsumerWorld();
    world.join("a:1", one);
    world.heartbeat("a:1", { ...one, memberEpoch: -2 });
    world.join("a:2", one);
    for (const memberEpoch of [1, -1, -2]) {
      expect(world.heartbeat("a:1", { ...one, memberEpoch }).error).toBe("FENCED_INSTANCE_ID");
    }
    expect(world.find("a:2")).toBeDefined();
  });

  test("an instance id that nobody has is UNKNOWN_MEMBER_ID; -1 leaves for good", () => {
    const world = new ConsumerWorld();
    world.join("a", one);
    expect(world.heartbeat("b", { instanceId: "two", memberEpoch: 1 }).error).toBe("UNKNOWN_MEMBER_ID");
    expect(world.heartbeat("a", { ...one, memberEpoch: -1 }).error).toBe("NONE");
    expect(world.group.isEmpty).toBe(true);
  });

  test("who has not come back when its session ends is removed", () => {
    const world = new ConsumerWorld();
    world.join("a", one);
    world.heartbeat("a", { ...one, memberEpoch: -2 });
    world.pass(45_000);
    expect(world.group.isEmpty).toBe(true);
  });
});
