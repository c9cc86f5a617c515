/** SyncGroup: clients.md 5.4; after GroupMetadataManager.classicGroupSyncToClassicGroup. */
import { describe, expect, test } from "vitest";
import { assigned, ClassicWorld, REBALANCE_MS, SESSION_MS } from "./classic-world.ts";

/** Clients a and b have joined; a leads. Nothing is committed before the test says so. */
function joined(options: ConstructorParameters<typeof ClassicWorld>[0] = {}): { world: ClassicWorld; a: string; b: string } {
  const world = new ClassicWorld(options);
  const [a = "", b = ""] = ["a", "b"].map((client) => world.newMember(client).id);
  world.passJoinPhase();
  world.slowCommits = true;
  return { world, a, b };
}

describe("the leader's assignment", () => {
  test("reaches the members when it is stored, and not before", () => {
    const { world, a, b } = joined();
    const follower = world.sync(b);
    const leader = world.sync(a, { assignments: { [a]: [0, 1], [b]: [2] } });
    expect([follower.error, leader.error, world.picture]).toEqual(["waits", "waits", "CompletingRebalance 1 (2)"]);
    world.commit();
    expect(leader.answer).toEqual({ errorCode: "NONE", protocolName: "range", assignment: assigned([0, 1]) });
    expect(follower.answer).toEqual({ errorCode: "NONE", protocolName: "range", assignment: assigned([2]) });
    expect(world.picture).toBe("Stable 1 (2)");
    expect(world.eventsOf("TargetAssignmentChosen")).toMatchObject([
      { epoch: 1, assignor: "range", members: [{ member: a, subscribedTopics: ["orders"] }, { member: b }] },
    ]);
  });

  test("is only for members: whom it leaves out gets nothing, and strangers do not count", () => {
    const { world, a, b } = joined();
    const follower = world.sync(b);
    world.sync(a, { assignments: { [a]: [0], stranger: [1] } });
    world.commit();
    expect(follower.answer).toEqual({ errorCode: "NONE", protocolName: "range", assignment: assigned([]) });
    expect(world.newestValue?.members.map(({ memberId, assignment }) => [memberId, assignment])).toEqual([
      [a, assigned([0])],
      [b, assigned([])],
    ]);
  });

  test("is there for who comes late (5.4)", () => {
    const { world, a, b } = joined();
    world.sync(a, { assignments: { [b]: [1] } });
    world.commit();
    expect(world.sync(b).answer?.assignment).toEqual(assigned([1]));
  });

  test("a store that fails tells everybody, and they begin anew (5.4)", () => {
    for (const fail of ["refused", "timed out"]) {
      const { world, a, b } = joined();
      const follower = world.sync(b);
      if (fail === "refused") world.shard.refuses = "COORDINATOR_NOT_AVAILABLE";
      const leader = world.sync(a, { assignments: { [a]: [0], [b]: [1] } });
      if (fail === "timed out") world.timeOutWrites();
      expect([leader.error, follower.error]).toEqual(["COORDINATOR_NOT_AVAILABLE", "COORDINATOR_NOT_AVAILABLE"]);
      expect(follower.answer?.assignment).toEqual(assigned([]));
      expect(world.picture).toBe("PreparingRebalance 1 (2)");
      world.shard.refuses = "NONE";
      world.slowCommits = false;
      world.join("a", { memberId: a });
      world.join("b", { memberId: b });
      world.syncAll();
      expect(world.picture).toBe("Stable 2 (2)");
    }
  });

  test("what the old coordinator could not store in time has members join again (GroupMetadataManager.scala, storeGroup)", () => {
    const world = new ClassicWorld({ config: { "group.coordinator.rebalance.protocols": "classic" } });
    const { id: a } = world.newMember("a");
    world.passJoinPhase();
    world.slowCommits = true;
    const leader = world.sync(a, { assignments: { [a]: [0] } });
    world.shard.end("REQUEST_TIMED_OUT");
    expect(leader.error).toBe("REBALANCE_IN_PROGRESS");
    expect(world.picture).toBe("PreparingRebalance 1 (1)");
  });

  test("counts for nothing when somebody has joined while it was being stored", () => {
    const { world, a, b } = joined();
    const leader = world.sync(a, { assignments: { [a]: [0], [b]: [1] } });
    world.newMember("c");
    expect(leader.error).toBe("REBALANCE_IN_PROGRESS");
    world.commit();
    expect(world.picture).toBe("PreparingRebalance 1 (3)");
  });
});

describe("SyncGroup is refused", () => {
  test("to strangers, with another generation, with another assignor (5.4)", () => {
    const { world, a, b } = joined();
    expect(world.sync("stranger").error).toBe("UNKNOWN_MEMBER_ID");
    expect(world.sync(b, { generation: 0 }).error).toBe("ILLEGAL_GENERATION");
    expect(world.sync(b, { generation: 2 }).error).toBe("ILLEGAL_GENERATION");
    expect(world.sync(b, { assignor: "sticky" }).error).toBe("INCONSISTENT_GROUP_PROTOCOL");
    expect(world.sync(b, { protocolType: "connect" }).error).toBe("INCONSISTENT_GROUP_PROTOCOL");
    world.leave(a, b);
    world.commit();
    expect(world.picture).toBe("Empty 2 (0)");
    expect(world.sync(b).error).toBe("UNKNOWN_MEMBER_ID");
    expect(new ClassicWorld().sync("a", { generation: 1, assignor: "range" }).error).toBe("UNKNOWN_MEMBER_ID");
  });

  test("while members join; those that wait are told when a join phase begins (5.4)", () => {
    const { world, a, b } = joined();
    const follower = world.sync(b);
    world.join("a", { memberId: a, topics: ["returns"] });
    expect(follower.error).toBe("REBALANCE_IN_PROGRESS");
    expect(world.sync(b).error).toBe("REBALANCE_IN_PROGRESS");
  });
});

describe("who has joined and never syncs", () => {
  test("is removed after the rebalance timeout, though it sends heartbeats (KAFKA-12890)", () => {
    const { world, a, b } = joined();
    world.sync(b);
    for (let i = 0; i < REBALANCE_MS / 5_000; i++) {
      expect(world.heartbeat(a)).toBe("NONE");
      world.pass(5_000);
    }
    expect(world.picture).toBe("PreparingRebalance 1 (1)");
    expect(world.eventsOf("MemberRemoved")).toMatchObject([{ member: a, reason: "did-not-sync" }]);
    expect(world.group.leaderId).toBe(b);
    world.join("b", { memberId: b });
    world.sync(b, { assignments: { [b]: [0, 1] } });
    world.commit();
    expect(world.picture).toBe("Stable 2 (1)");
  });

  test("holds the group up for ever where this is not looked at (KAFKA-12890)", () => {
    const { world, a, b } = joined({ dials: { "group.expireMissingSync": false } });
    const follower = world.sync(b);
    for (let i = 0; i < 1_000; i++) {
      world.pass(5_000);
      expect(world.heartbeat(a)).toBe("NONE");
    }
    expect([world.picture, follower.error]).toEqual(["CompletingRebalance 1 (2)", "waits"]);
  });

  test("is removed from a Stable group, too", () => {
    const { world, a, b } = joined();
    world.sync(a);
    world.commit();
    for (let i = 0; i < REBALANCE_MS / 5_000; i++) {
      world.heartbeat(a);
      world.heartbeat(b);
      world.pass(5_000);
    }
    expect(world.eventsOf("MemberRemoved")).toMatchObject([{ member: b, reason: "did-not-sync" }]);
    expect(world.picture).toBe("PreparingRebalance 1 (1)");
  });

  test("nobody is removed once all have synced", () => {
    const { world, a, b } = joined();
    world.sync(b);
    world.sync(a);
    world.commit();
    for (let i = 0; i < (2 * REBALANCE_MS) / 5_000; i++) {
      world.heartbeat(a);
      world.heartbeat(b);
      world.pass(5_000);
    }
    expect(world.picture).toBe("Stable 1 (2)");
  });

  test("who waits for the leader is not expired; its session begins anew with the answer", () => {
    const { world, a, b } = joined();
    const follower = world.sync(b);
    for (let i = 0; i < 4; i++) {
      world.pass(5_000);
      world.heartbeat(a);
    }
    expect(follower.error).toBe("waits");
    world.sync(a);
    world.commit();
    world.pass(SESSION_MS - 1);
    expect(world.group.member(b)).toBeDefined();
    world.pass(1);
    expect(world.group.member(b)).toBeUndefined();
  });
});
