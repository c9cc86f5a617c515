/** Heartbeat and LeaveGroup: clients.md 5.4; after GroupMetadataManager and GroupCoordinator. */
import { describe, expect, test } from "vitest";
import { ClassicWorld, REBALANCE_MS, SESSION_MS } from "./classic-world.ts";

const OLD = { config: { "group.coordinator.rebalance.protocols": "classic" } };

describe("a heartbeat", () => {
  test("is answered by the state of the group (5.4)", () => {
    const world = new ClassicWorld();
    const { id: a } = world.newMember("a");
    // It can't send any before it has joined, but somebody may try.
    expect(world.heartbeat(a)).toBe("REBALANCE_IN_PROGRESS");
    world.passJoinPhase();
    expect(world.heartbeat(a)).toBe("NONE");
    world.syncAll();
    expect(world.heartbeat(a)).toBe("NONE");
    expect(world.heartbeat(a, 0)).toBe("ILLEGAL_GENERATION");
    expect(world.heartbeat("stranger")).toBe("UNKNOWN_MEMBER_ID");
    world.newMember("b");
    expect(world.heartbeat(a)).toBe("REBALANCE_IN_PROGRESS");
    expect(world.heartbeat(a, 2)).toBe("ILLEGAL_GENERATION");
    world.leave(a);
    expect(world.heartbeat(a)).toBe("UNKNOWN_MEMBER_ID");
    expect(new ClassicWorld().heartbeat("a", 1)).toBe("UNKNOWN_MEMBER_ID");
  });

  test("begins the session anew, also while members rejoin", () => {
    const world = new ClassicWorld();
    const [a = "", b = ""] = world.stable(["a", "b"]);
    world.pass(SESSION_MS - 1);
    world.heartbeat(a);
    world.pass(1);
    expect(world.eventsOf("MemberRemoved")).toMatchObject([{ member: b, reason: "session-expired" }]);
    expect(world.picture).toBe("PreparingRebalance 1 (1)");
    world.heartbeat(a);
    world.pass(SESSION_MS - 1);
    expect(world.group.member(a)).toBeDefined();
    world.pass(1);
    // Nobody is left to wait for.
    expect(world.picture).toBe("Empty 2 (0)");
  });

  test("tells of a coordinator that can't commit, in the new one; the old one answers at once (CoordinatorRuntime)", () => {
    const world = new ClassicWorld();
    const [a = ""] = world.stable(["a"], { instance: "one" });
    world.slowCommits = true;
    const replaced = world.join("a", { instance: "one" });
    const b = world.group.allMembers()[0]?.memberId ?? "";
    expect([replaced.error, world.heartbeat(b, 1, "one")]).toEqual(["waits", "waits"]);
    expect(world.heartbeat(a, 1, "one")).toBe("FENCED_INSTANCE_ID");
    const waiting = world.requests.find(({ api, error }) => api === "Heartbeat" && error === "waits");
    world.timeOutWrites();
    expect(waiting?.error).toBe("COORDINATOR_NOT_AVAILABLE");

    const old = new ClassicWorld(OLD);
    old.stable(["a"], { instance: "one" });
    old.slowCommits = true;
    old.join("a", { instance: "one" });
    expect(old.heartbeat(old.group.allMembers()[0]?.memberId ?? "", 1, "one")).toBe("NONE");
  });
});

describe("a session that expires", () => {
  test("ends the phase that its member held up", () => {
    const world = new ClassicWorld();
    const [a = "", b = ""] = world.stable(["a", "b"]);
    const rejoined = world.join("a", { memberId: a });
    world.pass(SESSION_MS - 1);
    expect(rejoined.error).toBe("waits");
    world.pass(1);
    expect(rejoined.error).toBe("NONE");
    expect(world.picture).toBe("CompletingRebalance 2 (1)");
    expect(world.group.member(b)).toBeUndefined();
  });

  test("while the assignment is awaited begins a new join phase", () => {
    const world = new ClassicWorld();
    const [, b = ""] = ["a", "b"].map((client) => world.newMember(client).id);
    world.passJoinPhase();
    const waiting = world.sync(b);
    world.pass(SESSION_MS);
    expect(waiting.error).toBe("REBALANCE_IN_PROGRESS");
    expect(world.picture).toBe("PreparingRebalance 1 (1)");
    expect(world.group.leaderId).toBe(b);
  });

  test("of who was about to join ends a join phase; the first one of a group only in the new coordinator", () => {
    for (const [options, endsWithIt] of [
      [{}, true],
      [OLD, false],
    ] as const) {
      const delay = { "group.initial.rebalance.delay.ms": 30_000 };
      const world = new ClassicWorld({ config: { ...("config" in options ? options.config : {}), ...delay } });
      const { request } = world.newMember("a");
      world.join("b");
      world.pass(SESSION_MS);
      expect(request.error).toBe(endsWithIt ? "NONE" : "waits");
      world.pass(20_000);
      expect(request.error).toBe("NONE");
    }
  });
});

describe("LeaveGroup", () => {
  test("takes several at once, by member id, or static ones by their instance alone (5.4)", () => {
    const world = new ClassicWorld();
    const instances: Readonly<Record<string, string>> = { c: "third", d: "fourth" };
    const ids = world.stable(["a", "b", "c", "d"], (client) => ({ instance: instances[client] ?? null }));
    const [, b = "", c = ""] = ids;
    const { answer } = world.leave(b, { instance: "fourth" }, { memberId: c, instance: "fourth" }, "stranger", {
      instance: "fifth",
    });
    expect(answer).toEqual({
      errorCode: "NONE",
      members: [
        { memberId: b, groupInstanceId: null, errorCode: "NONE" },
        { memberId: "", groupInstanceId: "fourth", errorCode: "NONE" },
        { memberId: c, groupInstanceId: "fourth", errorCode: "UNKNOWN_MEMBER_ID" },
        { memberId: "stranger", groupInstanceId: null, errorCode: "UNKNOWN_MEMBER_ID" },
        { memberId: "", groupInstanceId: "fifth", errorCode: "UNKNOWN_MEMBER_ID" },
      ],
    });
    expect(world.eventsOf("MemberRemoved").map(({ member, reason }) => [member, reason])).toEqual([
      [b, "left"],
      [ids[3], "left"],
    ]);
    expect(world.picture).toBe("PreparingRebalance 1 (2)");
    expect(world.eventsOf("GroupStateChanged").at(-1)?.reason).toBe(`${b}, ${ids[3]} left`);
  });

  test("of somebody whom the static member's newer process has replaced is fenced (KIP-345)", () => {
    const world = new ClassicWorld();
    const [old = ""] = world.stable(["a"], { instance: "one" });
    world.join("a", { instance: "one" });
    expect(world.leave({ memberId: old, instance: "one" }).answer?.members[0]?.errorCode).toBe("FENCED_INSTANCE_ID");
    expect(world.picture).toBe("Stable 1 (1)");
  });

  test("of the last member empties the group, which is stored; the new coordinator answers when it is", () => {
    const world = new ClassicWorld();
    const [a = ""] = world.stable(["a"]);
    world.slowCommits = true;
    const left = world.leave(a);
    expect([world.picture, left.error]).toEqual(["Empty 2 (0)", "waits"]);
    expect(world.newestValue).toMatchObject({
      generation: 2,
      protocolType: "consumer",
      protocol: null,
      leader: null,
      members: [],
    });
    world.commit();
    expect(left.answer?.members).toMatchObject([{ memberId: a, errorCode: "NONE" }]);

    const old = new ClassicWorld(OLD);
    const [b = ""] = old.stable(["b"]);
    old.slowCommits = true;
    expect(old.leave(b).error).toBe("NONE");
  });

  test("is told of a store that failed; the group is empty all the same", () => {
    const world = new ClassicWorld();
    const [a = ""] = world.stable(["a"]);
    world.slowCommits = true;
    const left = world.leave(a);
    world.timeOutWrites();
    expect([left.error, world.picture]).toEqual(["COORDINATOR_NOT_AVAILABLE", "Empty 2 (0)"]);
  });

  test("of who has an id and was about to join: nobody waits for it any more", () => {
    const world = new ClassicWorld();
    const [a = ""] = world.stable(["a"]);
    const pending = world.join("b").answer?.memberId ?? "";
    const rejoined = world.join("a", { memberId: a });
    expect(rejoined.error).toBe("waits");
    expect(world.leave(pending).answer?.members).toMatchObject([{ errorCode: "NONE" }]);
    expect(rejoined.error).toBe("NONE");
    expect(world.join("b", { memberId: pending }).error).toBe("UNKNOWN_MEMBER_ID");
  });

  test("of somebody who was only about to join makes a Stable group rebalance in the new coordinator, not in the old one", () => {
    for (const [options, picture] of [
      [{}, "PreparingRebalance 1 (1)"],
      [OLD, "Stable 1 (1)"],
    ] as const) {
      const world = new ClassicWorld(options);
      world.stable(["a"]);
      world.leave(world.join("b").answer?.memberId ?? "");
      expect(world.picture).toBe(picture);
    }
  });

  test("answers what its member still waits for", () => {
    const world = new ClassicWorld();
    const said = (client: string) => ({ instance: client });
    const [a = ""] = world.stable(["a", "b"], said);
    const joining = world.join("a", { ...said("a"), memberId: a });
    world.leave({ instance: "a" });
    expect(joining.answer).toMatchObject({ errorCode: "UNKNOWN_MEMBER_ID", memberId: "" });

    const other = new ClassicWorld();
    const [, second = ""] = ["a", "b"].map((client) => other.newMember(client, said(client)).id);
    other.passJoinPhase();
    const syncing = other.sync(second, { instance: "b" });
    other.leave({ instance: "b" });
    expect(syncing.error).toBe("UNKNOWN_MEMBER_ID");
  });

  test("to a group that is not there knows nobody", () => {
    expect(new ClassicWorld().leave("a").answer).toEqual({
      errorCode: "NONE",
      members: [{ memberId: "a", groupInstanceId: null, errorCode: "UNKNOWN_MEMBER_ID" }],
    });
  });
});

test("who leaves while all others wait ends the join phase; in the first one of a group the delay is waited out", () => {
  const world = new ClassicWorld();
  const [a = "", b = ""] = world.stable(["a", "b"]);
  const rejoined = world.join("a", { memberId: a });
  world.leave(b);
  expect(rejoined.error).toBe("NONE");

  const first = new ClassicWorld({ config: { "group.initial.rebalance.delay.ms": REBALANCE_MS } });
  const { request } = first.newMember("a");
  first.leave(first.newMember("b").id);
  expect(request.error).toBe("waits");
});
