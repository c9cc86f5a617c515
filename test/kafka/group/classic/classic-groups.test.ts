/** Classic groups in their shard: what they are to others, what of them is stored, and how they come and go with a coordinator. */
import { describe, expect, test } from "vitest";
import type { ClassicRequest } from "../../../../src/kafka/group/classic/classic-groups.ts";
import type { Group } from "../../../../src/kafka/group/group.ts";
import { forkOf } from "../../../../src/sim/fork.ts";
import { assigned, ClassicWorld, GROUP, SESSION_MS } from "./classic-world.ts";

const OLD = { config: { "group.coordinator.rebalance.protocols": "classic" } };

function commit(world: ClassicWorld, memberId: string, generation: number, groupInstanceId: string | null = null): string {
  return world.group.validateOffsetCommit({ memberId, groupInstanceId, generationIdOrMemberEpoch: generation });
}

describe("an offset commit (5.4)", () => {
  test("is taken from members of this generation, and from anybody while the group is empty", () => {
    const world = new ClassicWorld();
    const { id: a } = world.newMember("a");
    expect(commit(world, "", -1)).toBe("UNKNOWN_MEMBER_ID");
    expect(commit(world, a, 0)).toBe("NONE");
    world.passJoinPhase();
    // It knows its generation, but not yet its partitions.
    expect(commit(world, a, 1)).toBe("REBALANCE_IN_PROGRESS");
    world.syncAll();
    expect(commit(world, a, 1)).toBe("NONE");
    expect(commit(world, a, 0)).toBe("ILLEGAL_GENERATION");
    expect(commit(world, a, 2)).toBe("ILLEGAL_GENERATION");
    expect(commit(world, "stranger", 1)).toBe("UNKNOWN_MEMBER_ID");
    expect(commit(world, "", -1)).toBe("UNKNOWN_MEMBER_ID");
    world.newMember("b");
    // Before it rejoins, it may still commit what it has done in the last generation.
    expect(commit(world, a, 1)).toBe("NONE");
    world.leave(...world.group.allMembers().map(({ memberId }) => memberId));
    expect(world.group.state).toBe("Empty");
    expect(commit(world, "", -1)).toBe("NONE");
    expect(commit(world, a, 1)).toBe("UNKNOWN_MEMBER_ID");
  });

  test("with the check switched off, of a generation long gone and by somebody who is out (a negative control)", () => {
    const world = new ClassicWorld({ dials: { "group.checkGenerationOnCommit": false } });
    const [a = "", b = ""] = world.stable(["a", "b"]);
    world.leave(a);
    world.join("b", { memberId: b });
    world.syncAll();
    expect(world.picture).toBe("Stable 2 (1)");
    expect(commit(world, a, 1)).toBe("NONE");
    expect(commit(world, b, 1)).toBe("NONE");
  });

  test("begins its member's session anew", () => {
    const world = new ClassicWorld();
    const [a = ""] = world.stable(["a"]);
    world.pass(SESSION_MS - 1);
    commit(world, a, 1);
    world.pass(SESSION_MS - 1);
    expect(world.picture).toBe("Stable 1 (1)");
  });
});

describe("what a group subscribes to", () => {
  test("is known from the moment that its members have joined; before, it may be anything", () => {
    const world = new ClassicWorld();
    world.newMember("a", { topics: ["orders"] });
    expect([world.group.usesConsumerProtocol, world.group.isSubscribedTo("returns")]).toEqual([true, true]);
    world.newMember("b", { topics: ["returns"] });
    world.passJoinPhase();
    expect(["orders", "returns", "refunds"].map((topic) => world.group.isSubscribedTo(topic))).toEqual([true, true, false]);
    world.leave(...world.group.allMembers().map(({ memberId }) => memberId));
    expect(world.group.isSubscribedTo("orders")).toBe(false);
  });

  test("is nobody's business in a group of another protocol type", () => {
    const world = new ClassicWorld();
    world.newMember("a", { protocolType: "connect" });
    world.passJoinPhase();
    expect([world.group.usesConsumerProtocol, world.group.isSubscribedTo("orders")]).toEqual([false, false]);
  });
});

describe("a new coordinator", () => {
  test("finds a Stable group as it was, with its sessions begun anew", () => {
    const before = new ClassicWorld();
    const [a = "", b = ""] = before.stable(["a", "b"], (client) => ({ instance: client === "a" ? "one" : null }));
    const world = ClassicWorld.over(before.log);
    expect(world.picture).toBe("Stable 1 (2)");
    expect(world.eventsOf("GroupStateChanged")).toMatchObject([
      { from: "Stable", to: "Stable", generation: 1, reason: "loaded" },
    ]);
    expect(world.group.leaderId).toBe(a);
    expect(world.group.isSubscribedTo("orders")).toBe(true);
    expect(world.sync(b).answer?.assignment).toEqual(assigned([1]));
    expect(world.heartbeat(a, 1, "one")).toBe("NONE");
    expect(world.join("x", { instance: "one" }).answer).toMatchObject({ generationId: 1, skipAssignment: true });
    world.pass(SESSION_MS);
    expect(world.picture).toBe("Empty 2 (0)");
  });

  test("finds nothing of a generation whose assignment was never stored: members rejoin (5.1)", () => {
    const before = new ClassicWorld();
    const [a = "", b = ""] = before.stable(["a", "b"]);
    before.newMember("c");
    for (const [client, memberId] of [
      ["a", a],
      ["b", b],
    ] as const) {
      before.join(client, { memberId });
    }
    expect(before.picture).toBe("CompletingRebalance 2 (3)");
    const world = ClassicWorld.over(before.log);
    expect(world.picture).toBe("Stable 1 (2)");
    expect(world.heartbeat(a, 2)).toBe("ILLEGAL_GENERATION");
  });

  test("knows since when a group is empty", () => {
    const before = new ClassicWorld();
    const [a = ""] = before.stable(["a"]);
    before.pass(4_321);
    before.leave(a);
    expect(before.group.stateSinceMs).toBe(7_321);
    const world = ClassicWorld.over(before.log);
    expect([world.picture, world.group.stateSinceMs]).toEqual(["Empty 2 (0)", 7_321]);
  });
});

describe("a coordinator that resigns", () => {
  test("sends everybody who waits to its successor, and does nothing more", () => {
    const world = new ClassicWorld();
    const { request: joining } = world.newMember("a");
    world.shard.active = false;
    world.groups.onUnloaded();
    expect(joining.error).toBe("NOT_COORDINATOR");

    const other = new ClassicWorld();
    const [a = "", b = ""] = ["a", "b"].map((client) => other.newMember(client).id);
    other.passJoinPhase();
    other.slowCommits = true;
    const waiting = [other.sync(b), other.sync(a)];
    const events = other.host.events.length;
    other.shard.active = false;
    other.shard.end("NOT_COORDINATOR");
    other.groups.onUnloaded();
    expect(waiting.map(({ error }) => error)).toEqual(["NOT_COORDINATOR", "NOT_COORDINATOR"]);
    other.pass(1_000_000);
    expect([other.host.events.length, other.host.pendingTimers]).toEqual([events, 0]);
    expect(other.group.validateOffsetFetch(null, -1)).toBe("GROUP_ID_NOT_FOUND");
    expect(commit(other, a, 1)).toBe("COORDINATOR_NOT_AVAILABLE");
  });

  test("leaves timers alone that fire before it has been told", () => {
    const world = new ClassicWorld();
    world.stable(["a"]);
    const events = world.host.events.length;
    world.shard.active = false;
    world.pass(1_000_000);
    expect(world.host.events).toHaveLength(events);
  });
});

describe("a group", () => {
  test("that is new is stored at once by the new coordinator, and by the old one when it has an assignment", () => {
    const world = new ClassicWorld();
    world.newMember("a");
    expect(world.log).toMatchObject([
      { type: "GroupMetadata", key: { group: GROUP }, value: { generation: 0, protocolType: "", protocol: null, members: [] } },
    ]);
    const old = new ClassicWorld(OLD);
    old.newMember("a");
    expect(old.log).toEqual([]);
    old.passJoinPhase();
    old.syncAll();
    expect(old.log).toHaveLength(1);
  });

  test("whose founding can't be written is none", () => {
    const world = new ClassicWorld();
    world.shard.refuses = "COORDINATOR_NOT_AVAILABLE";
    const founding = world.join("a", { instance: "one" });
    expect(founding.error).toBe("COORDINATOR_NOT_AVAILABLE");
    expect(world.shard.groups.get(GROUP)).toBeUndefined();
    expect(world.host.pendingTimers).toBe(0);
  });

  test("whose founding is written, but not known to be committed, has its founder among its members", () => {
    const world = new ClassicWorld({ slowCommits: true });
    const founding = world.join("a", { instance: "one" });
    world.timeOutWrites();
    expect(founding.error).toBe("COORDINATOR_NOT_AVAILABLE");
    expect(world.picture).toBe("PreparingRebalance 0 (1)");
  });

  // ClassicGroup.isEmpty looks at the state alone: who was told an id and has not come back with it does not count.
  test("without members is deleted when asked, even if somebody is about to join", () => {
    const world = new ClassicWorld();
    const [a = ""] = world.stable(["a"]);
    world.deleteIfEmpty();
    expect(world.picture).toBe("Stable 1 (1)");
    world.leave(a);
    world.join("b");
    expect(world.picture).toBe("Empty 2 (0)");
    world.deleteIfEmpty();
    expect(world.shard.groups.get(GROUP)).toBeUndefined();
    expect(world.log.at(-1)).toEqual({ type: "GroupMetadata", key: { group: GROUP }, value: null });
    expect(world.eventsOf("GroupStateChanged").at(-1)).toMatchObject({ from: "Empty", to: "Dead", reason: "deleted" });
    expect(ClassicWorld.over(world.log).shard.groups.get(GROUP)).toBeUndefined();
  });

  test("that goes over to the other protocol sends those who wait back to join it (KIP-848)", () => {
    const world = new ClassicWorld();
    const [a = ""] = world.stable(["a", "b"]);
    const joining = world.join("a", { memberId: a });
    world.shard.write([{ type: "GroupMetadata", key: { group: GROUP }, value: null }]);
    expect(joining.error).toBe("REBALANCE_IN_PROGRESS");
    expect([world.shard.groups.get(GROUP), world.host.pendingTimers]).toEqual([undefined, 0]);
  });

  test("that comes back from the other protocol is taken up: sessions begin, members rejoin (KIP-848)", () => {
    const before = new ClassicWorld();
    const [a = ""] = before.stable(["a"]);
    const world = new ClassicWorld();
    world.shard.write([...before.log]);
    expect(world.host.pendingTimers).toBe(0);
    world.groups.takeUp(GROUP, "the last member of the other protocol left");
    expect(world.picture).toBe("PreparingRebalance 1 (1)");
    expect(world.heartbeat(a)).toBe("REBALANCE_IN_PROGRESS");
  });

  test("of the other protocol answers for itself", () => {
    const world = new ClassicWorld();
    const asked: string[] = [];
    const other = { groupId: GROUP, protocol: "consumer" } as unknown as Group;
    world.shard.groups.set(other);
    world.groups.consumerGroups = {
      onClassicRequest(request: ClassicRequest, group: Group) {
        asked.push(`${request.api} ${group.groupId}`);
      },
    };
    world.join("a");
    world.heartbeat("a", 1);
    world.sync("a", { generation: 1, assignor: "range" });
    world.leave("a");
    expect(asked).toEqual(["JoinGroup billing", "Heartbeat billing", "SyncGroup billing", "LeaveGroup billing"]);
  });
});

test("a fork goes on by itself", () => {
  const world = new ClassicWorld();
  const [a = "", b = ""] = world.stable(["a", "b"]);
  const waiting = world.join("a", { memberId: a });
  const fork = forkOf(world);
  fork.join("b", { memberId: b });
  expect([fork.picture, world.picture]).toEqual(["CompletingRebalance 2 (2)", "PreparingRebalance 1 (2)"]);
  expect(waiting.error).toBe("waits");
  world.pass(SESSION_MS);
  expect(world.picture).toBe("CompletingRebalance 2 (1)");
  expect(fork.picture).toBe("CompletingRebalance 2 (2)");
});
