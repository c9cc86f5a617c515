/** Static members (KIP-345) that come back without their member id, in every state of their group. */
import { describe, expect, test } from "vitest";
import { assigned, ClassicWorld, SESSION_MS } from "./classic-world.ts";

const said = (client: string) => ({ instance: client });

/** Static members a (the leader) and b, Stable. */
function stable(options: ConstructorParameters<typeof ClassicWorld>[0] = {}): { world: ClassicWorld; a: string; b: string } {
  const world = new ClassicWorld(options);
  const [a = "", b = ""] = world.stable(["a", "b"], said);
  return { world, a, b };
}

test("a static member needs no id beforehand; its id begins with the instance's (KIP-345)", () => {
  const world = new ClassicWorld();
  const request = world.join("node-1", { instance: "one" });
  world.passJoinPhase();
  expect(request.answer?.memberId).toMatch(/^one-[\w-]{22}$/);
  expect(world.eventsOf("MemberAdded")).toMatchObject([{ client: "node-1", instanceId: "one", replaces: null }]);
});

describe("in a Stable group", () => {
  test("a follower goes on without a rebalance, once its new id is stored (KAFKA-10284)", () => {
    const { world, a, b } = stable();
    world.slowCommits = true;
    const back = world.join("b", said("b"));
    expect(back.error).toBe("waits");
    world.commit();
    const { memberId = "", ...answer } = back.answer ?? {};
    expect(memberId).not.toBe(b);
    expect(answer).toMatchObject({ errorCode: "NONE", generationId: 1, leader: a, skipAssignment: false, members: [] });
    expect(world.picture).toBe("Stable 1 (2)");
    expect(world.newestValue?.members.map((member) => [member.memberId, member.assignment])).toEqual([
      [a, assigned([0])],
      [memberId, assigned([1])],
    ]);
    expect(world.sync(memberId, { instance: "b" }).answer?.assignment).toEqual(assigned([1]));
    expect(world.eventsOf("MemberRemoved").at(-1)).toMatchObject({ member: b, reason: "replaced" });
    expect(world.eventsOf("MemberAdded").at(-1)).toMatchObject({ member: memberId, replaces: b });
  });

  test("the leader stays leader and is told not to assign (KIP-814)", () => {
    const { world } = stable();
    const { answer } = world.join("a", said("a"));
    expect(answer).toMatchObject({ errorCode: "NONE", generationId: 1, skipAssignment: true });
    expect(answer?.leader).toBe(answer?.memberId);
    expect(answer?.members).toHaveLength(2);
  });

  test("the older process is fenced wherever it asks (KIP-345)", () => {
    const { world, b } = stable();
    world.join("b", said("b"));
    expect(world.heartbeat(b, 1, "b")).toBe("FENCED_INSTANCE_ID");
    expect(world.sync(b, { instance: "b" }).error).toBe("FENCED_INSTANCE_ID");
    expect(world.join("b", { ...said("b"), memberId: b }).error).toBe("FENCED_INSTANCE_ID");
    const commit = { memberId: b, groupInstanceId: "b", generationIdOrMemberEpoch: 1 };
    expect(world.group.validateOffsetCommit(commit)).toBe("FENCED_INSTANCE_ID");
    // One that does not say who it is is a stranger.
    expect(world.heartbeat(b, 1)).toBe("UNKNOWN_MEMBER_ID");
  });

  test("without the fence two processes are one member, and both are served (KIP-345, a negative control)", () => {
    const { world, b } = stable({ dials: { "group.fenceStaticInstance": false } });
    const memberId = world.join("b", said("b")).answer?.memberId ?? "";
    for (const process of [b, memberId]) {
      expect(world.heartbeat(process, 1, "b")).toBe("NONE");
      expect(world.sync(process, { instance: "b" }).answer?.assignment).toEqual(assigned([1]));
      const commit = { memberId: process, groupInstanceId: "b", generationIdOrMemberEpoch: 1 };
      expect(world.group.validateOffsetCommit(commit)).toBe("NONE");
    }
    expect(world.picture).toBe("Stable 1 (2)");
  });

  test("what it subscribes to now is not looked at (KAFKA-12759), other assignors are", () => {
    const { world } = stable();
    expect(world.join("b", { ...said("b"), topics: ["returns"] }).error).toBe("NONE");
    expect(world.picture).toBe("Stable 1 (2)");

    const other = new ClassicWorld();
    other.stable(["a", "b"], (client) => ({ ...said(client), assignors: ["range", "sticky"] }));
    expect(other.join("b", { ...said("b"), assignors: ["sticky"] }).error).toBe("waits");
    expect(other.picture).toBe("PreparingRebalance 1 (2)");
  });

  test("an id that could not be stored is taken back (KAFKA-10284)", () => {
    for (const fail of ["refused", "timed out"]) {
      const { world, b } = stable();
      world.slowCommits = true;
      if (fail === "refused") world.shard.refuses = "NOT_COORDINATOR";
      const back = world.join("b", { ...said("b"), sessionMs: 20_000, topics: ["returns"] });
      if (fail === "timed out") world.timeOutWrites();
      expect(back.answer).toMatchObject({ memberId: "", generationId: -1 });
      expect(back.error).toBe(fail === "refused" ? "NOT_COORDINATOR" : "COORDINATOR_NOT_AVAILABLE");
      world.slowCommits = false;
      expect(world.heartbeat(b, 1, "b")).toBe("NONE");
      expect(world.sync(b, { instance: "b" }).answer?.assignment).toEqual(assigned([1]));
      expect(world.group.member(b)).toMatchObject({ sessionTimeoutMs: SESSION_MS });
      expect(world.group.member(b)?.subscription("range").topics).toEqual(["orders"]);
    }
  });

  test("a rebalance that begins while the new id is being stored takes the member along", () => {
    const { world, a } = stable();
    world.slowCommits = true;
    const back = world.join("b", said("b"));
    world.newMember("c", said("c"));
    world.join("a", { ...said("a"), memberId: a });
    expect(back.answer).toMatchObject({ errorCode: "NONE", generationId: 2 });
    world.commit();
    expect(world.picture).toBe("CompletingRebalance 2 (3)");
  });
});

test("while the assignment is awaited all rejoin, since the leader assigns to the old id (KAFKA-9801)", () => {
  const world = new ClassicWorld();
  const [, b = ""] = ["a", "b"].map((client) => world.newMember(client, said(client)).id);
  world.passJoinPhase();
  const waiting = world.sync(b, { instance: "b" });
  const back = world.join("b", said("b"));
  expect([waiting.error, back.error]).toEqual(["FENCED_INSTANCE_ID", "waits"]);
  expect(world.picture).toBe("PreparingRebalance 1 (2)");
});

test("while members join it takes the place of its predecessor, which is told", () => {
  const world = new ClassicWorld();
  const [a = "", b = ""] = world.stable(["a", "b"], said);
  const predecessor = world.join("b", { ...said("b"), memberId: b, topics: ["returns"] });
  const back = world.join("b", said("b"));
  expect(predecessor.answer).toMatchObject({ errorCode: "FENCED_INSTANCE_ID", memberId: b });
  world.join("a", { ...said("a"), memberId: a });
  expect(back.answer).toMatchObject({ errorCode: "NONE", generationId: 2 });
});

test("in an empty group it is somebody new", () => {
  const world = new ClassicWorld();
  const [a = ""] = world.stable(["a"], said("a"));
  world.leave({ instance: "a" });
  expect(world.picture).toBe("Empty 2 (0)");
  expect(world.join("a", { ...said("a"), memberId: a }).error).toBe("UNKNOWN_MEMBER_ID");
  expect(world.join("a", said("a")).error).toBe("waits");
  expect(world.eventsOf("MemberAdded").at(-1)).toMatchObject({ replaces: null });
});

test("a process that stays away keeps its place for a session timeout, and no longer", () => {
  const { world, a, b } = stable();
  world.pass(SESSION_MS - 1);
  world.heartbeat(a, 1, "a");
  world.pass(1);
  expect(world.group.member(b)).toBeUndefined();
  expect(world.picture).toBe("PreparingRebalance 1 (1)");
});

test("one that was replaced before it had synced is still missed under its old id, as in Kafka", () => {
  const world = new ClassicWorld();
  const [a = ""] = ["a", "b"].map((client) => world.newMember(client, said(client)).id);
  world.passJoinPhase();
  world.sync(a, { instance: "a" });
  const memberId = world.join("b", said("b")).answer?.memberId ?? "";
  world.sync(memberId, { instance: "b" });
  for (let i = 0; i < 12; i++) {
    expect(world.picture).toBe("Stable 1 (2)");
    world.heartbeat(a, 1, "a");
    world.heartbeat(memberId, 1, "b");
    world.pass(5_000);
  }
  expect(world.picture).toBe("PreparingRebalance 1 (2)");
});
