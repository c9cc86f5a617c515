/** How members go, what a new coordinator knows, and what is reported (KIP-848, clients.md 6). */
import { describe, expect, test } from "vitest";
import { forkOf } from "../../../../src/sim/fork.ts";
import { ConsumerWorld, REBALANCE_MS, SESSION_MS } from "./consumer-world.ts";

/** Two members, each with two of four partitions, at epoch 2. */
function twoMembers(options: ConstructorParameters<typeof ConsumerWorld>[0] = {}): ConsumerWorld {
  const world = new ConsumerWorld(options);
  world.join("a");
  world.join("b");
  world.heartbeat("a");
  world.heartbeat("a", { owned: ["orders-0", "orders-1"] });
  world.heartbeat("b");
  return world;
}

describe("sessions", () => {
  test("who is silent for 45 s is out, and its partitions go to the others with their next heartbeat", () => {
    const world = twoMembers();
    world.pass(SESSION_MS - 1);
    world.heartbeat("b");
    expect(world.picture("a")).toBe("STABLE 2 [orders-0 orders-1]");
    world.pass(1);
    expect(world.picture("a")).toBe("unknown");
    expect(world.group).toMatchObject({ state: "Assigning", groupEpoch: 3 });
    expect(world.heartbeat("b")).toMatchObject({ epoch: 3, assignment: ["orders-0", "orders-1", "orders-2", "orders-3"] });
    expect(world.heartbeat("a", { memberEpoch: 2 }).error).toBe("UNKNOWN_MEMBER_ID");
    expect(world.eventsOf("MemberRemoved")).toMatchObject([{ member: "a", reason: "session-expired" }]);
  });

  test("every heartbeat begins it anew, one that is refused does not", () => {
    const world = new ConsumerWorld();
    world.join("a");
    world.pass(SESSION_MS - 1);
    world.heartbeat("a");
    world.pass(SESSION_MS - 1);
    world.heartbeat("a", { memberEpoch: 7 });
    expect(world.find("a")).toBeDefined();
    world.pass(1);
    expect(world.find("a")).toBeUndefined();
  });

  test("a fencing that the log refuses is tried again half a second later", () => {
    const world = new ConsumerWorld();
    world.join("a");
    world.shard.refuses = "COORDINATOR_NOT_AVAILABLE";
    world.pass(SESSION_MS);
    expect(world.find("a")).toBeDefined();
    world.shard.refuses = "NONE";
    world.pass(500);
    expect(world.find("a")).toBeUndefined();
  });

  test("of a coordinator that has resigned nothing fires, and nothing is left running", () => {
    const world = twoMembers();
    world.shard.active = false;
    for (const part of world.shard.parts) part.onUnloaded();
    expect(world.host.pendingTimers).toEqual([]);
  });

  test("who has left has no timer any more", () => {
    const world = twoMembers();
    world.heartbeat("a", { memberEpoch: -1 });
    expect(world.host.pendingTimers).toEqual(["group.member.session"]);
  });
});

describe("rebalance timers", () => {
  test("who does not revoke in time is fenced, and what it was to give up goes to its new owner (6, reconciliation 2)", () => {
    const world = new ConsumerWorld();
    world.join("a");
    world.join("b");
    world.heartbeat("a");
    for (let passed = 0; passed < REBALANCE_MS; passed += 5_000) {
      expect(world.heartbeat("a").error).toBe("NONE");
      expect(world.heartbeat("b").assignment).toBeNull();
      world.pass(5_000);
    }
    expect(world.picture("a")).toBe("unknown");
    expect(world.eventsOf("MemberRemoved")).toMatchObject([{ member: "a", reason: "rebalance-timeout" }]);
    expect(world.heartbeat("b").assignment).toHaveLength(4);
  });

  test("who has entered its next epoch in time has a new deadline for what it is to give up there", () => {
    const world = new ConsumerWorld();
    world.join("a");
    world.join("b");
    world.heartbeat("a");
    world.pass(40_000);
    for (const other of ["b", "c"]) {
      if (world.find(other) === undefined) world.join(other);
      else world.heartbeat(other);
    }
    // c has come meanwhile: a, which gives up two, is asked for one more.
    world.heartbeat("a", { owned: ["orders-0", "orders-1"] });
    world.pass(40_000);
    for (const each of ["a", "b", "c"]) world.heartbeat(each);
    expect(world.eventsOf("MemberRemoved")).toEqual([]);
  });
});

describe("another coordinator", () => {
  test("that replays the log knows the same group", () => {
    const world = twoMembers();
    world.join("c:1", { instanceId: "one", serverAssignor: "range", rackId: "west" });
    world.heartbeat("a");
    world.heartbeat("c:1", { instanceId: "one", memberEpoch: -2 });
    const next = world.failover();
    for (const member of ["a", "b", "c:1"]) expect(next.find(member)).toEqual(world.find(member));
    const { groupEpoch, assignmentEpoch, metadataHash, state } = world.group;
    expect(next.group).toMatchObject({ groupEpoch, assignmentEpoch, metadataHash, state });
    for (const member of ["a", "b", "c:1"]) expect(next.group.target(member)).toEqual(world.group.target(member));
  });

  test("knows it from a log of which only the last record of each key is left (compaction)", () => {
    const world = twoMembers();
    world.heartbeat("a", { memberEpoch: -1 });
    world.heartbeat("b");
    world.join("a");
    world.heartbeat("b");
    const last = new Map(world.shard.log.map((record) => [JSON.stringify([record.type, record.key]), record]));
    const next = world.failover(world.shard.log.filter((record) => [...last.values()].includes(record)));
    expect(next.picture("b")).toBe(world.picture("b"));
    expect(next.picture("a")).toBe(world.picture("a"));
    expect(next.group.state).toBe(world.group.state);
  });

  test("begins sessions and rebalance deadlines anew, and says which groups it has", () => {
    const world = new ConsumerWorld();
    world.join("a");
    world.join("b");
    world.heartbeat("a");
    world.pass(SESSION_MS - 1);
    const next = world.failover();
    expect(next.host.pendingTimers.toSorted()).toEqual([
      "group.member.rebalance",
      "group.member.session",
      "group.member.session",
    ]);
    expect(next.states).toEqual(["consumer Reconciling>Reconciling"]);
    next.pass(SESSION_MS - 1);
    expect(next.find("a")).toBeDefined();
    next.pass(1);
    expect(next.group.isEmpty).toBe(true);
  });

  test("compares the topics with those of the group epoch: what changed meanwhile raises it", () => {
    const world = twoMembers();
    expect(world.failover().heartbeat("a").epoch).toBe(2);
    world.metadata.grow("orders", 5);
    const next = world.failover();
    next.heartbeat("a");
    expect(next.group.groupEpoch).toBe(3);
  });

  test("a group is data: a fork of it goes its own way", () => {
    const world = twoMembers();
    const fork = forkOf(world);
    fork.heartbeat("a", { memberEpoch: -1 });
    fork.heartbeat("b");
    expect(fork.picture("b")).toBe("STABLE 3 [orders-0 orders-1 orders-2 orders-3]");
    expect(world.picture("b")).toBe("STABLE 2 [orders-2 orders-3]");
  });
});

describe("commits", () => {
  const commit = (memberId: string, generationIdOrMemberEpoch: number) => ({ memberId, generationIdOrMemberEpoch });

  test("are taken from a member at its epoch only: STALE_MEMBER_EPOCH, UNKNOWN_MEMBER_ID", () => {
    const { group } = twoMembers();
    expect(group.validateOffsetCommit(commit("a", 2))).toBe("NONE");
    for (const epoch of [1, 3, -1]) expect(group.validateOffsetCommit(commit("a", epoch))).toBe("STALE_MEMBER_EPOCH");
    expect(group.validateOffsetCommit(commit("c", 2))).toBe("UNKNOWN_MEMBER_ID");
    expect(group.validateOffsetCommit(commit("", -1))).toBe("UNKNOWN_MEMBER_ID");
  });

  test("of an empty group are taken from who is no member", () => {
    const world = new ConsumerWorld();
    world.join("a");
    world.heartbeat("a", { memberEpoch: -1 });
    expect(world.group.validateOffsetCommit(commit("", -1))).toBe("NONE");
    expect(world.group.validateOffsetCommit(commit("a", 1))).toBe("UNKNOWN_MEMBER_ID");
  });

  test("are told to who is no member, and to members at their epoch", () => {
    const { group } = twoMembers();
    expect(group.validateOffsetFetch(null, -1)).toBe("NONE");
    expect(group.validateOffsetFetch("a", 2)).toBe("NONE");
    expect(group.validateOffsetFetch("a", 1)).toBe("STALE_MEMBER_EPOCH");
    expect(group.validateOffsetFetch("c", 2)).toBe("UNKNOWN_MEMBER_ID");
  });
});

describe("reports", () => {
  test("tell the story of a group", () => {
    const world = twoMembers();
    world.heartbeat("b", { memberEpoch: -1 });
    world.heartbeat("a", { memberEpoch: -1 });
    expect(world.host.events.map((event) => event.kind)).toEqual([
      ...["MemberAdded", "TargetAssignmentChosen", "MemberReconciled", "GroupStateChanged"],
      ...["MemberAdded", "TargetAssignmentChosen", "MemberReconciled", "GroupStateChanged"],
      ...["MemberReconciled", "MemberReconciled", "MemberReconciled", "GroupStateChanged"],
      ...["MemberRemoved", "GroupStateChanged", "MemberRemoved", "GroupStateChanged"],
    ]);
    expect(world.states).toEqual([
      "consumer Empty>Stable",
      "consumer Stable>Reconciling",
      "consumer Reconciling>Stable",
      "consumer Stable>Assigning",
      "consumer Assigning>Empty",
    ]);
    expect(world.eventsOf("TargetAssignmentChosen")[1]).toMatchObject({
      epoch: 2,
      assignor: "uniform",
      members: [
        { member: "a", subscribedTopics: ["orders"], partitions: [{ partition: 0 }, { partition: 1 }] },
        { member: "b", subscribedTopics: ["orders"], partitions: [{ partition: 2 }, { partition: 3 }] },
      ],
    });
    expect(world.eventsOf("MemberReconciled")[2]).toMatchObject({
      member: "a",
      memberEpoch: 1,
      state: "UNREVOKED_PARTITIONS",
      assigned: [
        { topic: "orders", partition: 0 },
        { topic: "orders", partition: 1 },
      ],
      pendingRevocation: [
        { topic: "orders", partition: 2 },
        { topic: "orders", partition: 3 },
      ],
    });
  });

  test("a heartbeat that changes nothing writes nothing and reports nothing", () => {
    const world = twoMembers();
    const before = [world.shard.log.length, world.host.events.length];
    world.heartbeat("a", { owned: ["orders-0", "orders-1"] });
    expect([world.shard.log.length, world.host.events.length]).toEqual(before);
  });

  test("a group that is deleted is Dead", () => {
    const world = twoMembers();
    for (const member of ["a", "b"]) world.heartbeat(member, { memberEpoch: -1 });
    const key = { group: world.group.groupId };
    world.shard.write([
      { type: "ConsumerGroupTargetAssignmentMetadata", key, value: null },
      { type: "ConsumerGroupMetadata", key, value: null },
    ]);
    expect(world.states.at(-1)).toBe("consumer Empty>Dead");
    expect(world.shard.groups.get(key.group)).toBeUndefined();
  });
});
