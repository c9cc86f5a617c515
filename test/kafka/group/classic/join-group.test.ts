/** JoinGroup: clients.md 5.3; after GroupMetadataManager and GroupCoordinator. */
import { describe, expect, test } from "vitest";
import { ClassicWorld, SESSION_MS } from "./classic-world.ts";

const OLD = { config: { "group.coordinator.rebalance.protocols": "classic" } };

describe("who may join", () => {
  test("a session timeout outside of the broker's bounds is refused (5.3 rule 1)", () => {
    const world = new ClassicWorld();
    expect(world.join("a", { sessionMs: 5_999 }).error).toBe("INVALID_SESSION_TIMEOUT");
    expect(world.join("a", { sessionMs: 1_800_001 }).error).toBe("INVALID_SESSION_TIMEOUT");
    expect(world.join("a", { sessionMs: 6_000 }).error).toBe("MEMBER_ID_REQUIRED");
  });

  test("a member id that no group knows is refused, and founds none (5.3 rule 1)", () => {
    const world = new ClassicWorld();
    expect(world.join("a", { memberId: "a-1" }).error).toBe("UNKNOWN_MEMBER_ID");
    expect(world.log).toEqual([]);
    world.stable(["a"]);
    expect(world.join("b", { memberId: "b-1" }).error).toBe("UNKNOWN_MEMBER_ID");
  });

  test("a member that shares no assignor or protocol type with the others is refused (5.3 rule 1)", () => {
    const world = new ClassicWorld();
    expect(world.join("a", { assignors: [] }).error).toBe("INCONSISTENT_GROUP_PROTOCOL");
    const [first = ""] = world.stable(["a"], { assignors: ["range", "sticky"] });
    expect(world.join("b", { assignors: ["roundrobin"] }).error).toBe("INCONSISTENT_GROUP_PROTOCOL");
    expect(world.join("b", { protocolType: "connect" }).error).toBe("INCONSISTENT_GROUP_PROTOCOL");
    expect(world.join("a", { memberId: first, protocolType: "connect" }).error).toBe("INCONSISTENT_GROUP_PROTOCOL");
    expect(world.picture).toBe("Stable 1 (1)");
  });

  test("a full group takes nobody new, and keeps its members (group.max.size)", () => {
    const world = new ClassicWorld({ config: { "group.max.size": 2 } });
    const [leader = ""] = world.stable(["a", "b"]);
    expect(world.join("c").error).toBe("GROUP_MAX_SIZE_REACHED");
    expect(world.picture).toBe("Stable 1 (2)");
    expect(world.join("a", { memberId: leader }).error).toBe("waits");
  });

  test("when a group that became too large rebalances, those who come last are turned away (group.max.size)", () => {
    const before = new ClassicWorld();
    const [a = "", b = "", c = ""] = before.stable(["a", "b", "c"]);
    const world = ClassicWorld.over(before.log, { config: { "group.max.size": 2 } });
    // A group that is loaded over its size rebalances, so that members can commit before they go.
    expect(world.picture).toBe("PreparingRebalance 1 (3)");
    expect(world.heartbeat(a)).toBe("REBALANCE_IN_PROGRESS");
    const accepted = [world.join("c", { memberId: c }), world.join("b", { memberId: b })];
    expect(world.join("a", { memberId: a }).error).toBe("GROUP_MAX_SIZE_REACHED");
    expect(world.eventsOf("MemberRemoved").map(({ member, reason }) => [member, reason])).toEqual([[a, "group-is-full"]]);
    world.passJoinPhase();
    expect(accepted.map(({ error }) => error)).toEqual(["NONE", "NONE"]);
    expect(world.picture).toBe("CompletingRebalance 2 (2)");
  });
});

test("who is turned away may be the last that was waited for: the old coordinator notices, the new one at its timeout", () => {
  for (const [options, answered] of [
    [{}, "waits"],
    [OLD, "NONE"],
  ] as const) {
    const before = new ClassicWorld();
    const [a = "", b = ""] = before.stable(["a", "b"]);
    const config = { "group.max.size": 1, ...("config" in options ? options.config : {}) };
    const world = ClassicWorld.over(before.log, { config });
    const accepted = world.join("b", { memberId: b });
    expect(world.join("a", { memberId: a }).error).toBe("GROUP_MAX_SIZE_REACHED");
    expect(accepted.error).toBe(answered);
    world.passJoinPhase();
    expect(accepted.error).toBe("NONE");
  }
});

describe("member ids (KIP-394)", () => {
  test("somebody new is given an id and comes back with it", () => {
    const world = new ClassicWorld();
    const first = world.join("a");
    expect(first.answer).toMatchObject({ errorCode: "MEMBER_ID_REQUIRED", generationId: -1, members: [] });
    expect(first.answer?.memberId).toMatch(/^a-[\w-]{22}$/);
    expect(world.picture).toBe("Empty 0 (0)");
    // ClassicGroup.isEmpty: who is about to join is not in it.
    expect(world.group.isEmpty).toBe(true);
    expect(world.join("a", { memberId: first.answer?.memberId ?? "" }).error).toBe("waits");
    expect(world.picture).toBe("PreparingRebalance 0 (1)");
  });

  test("the id is good for one session timeout", () => {
    const world = new ClassicWorld();
    const memberId = world.join("a").answer?.memberId ?? "";
    world.pass(SESSION_MS - 1);
    expect(world.group.isPending(memberId)).toBe(true);
    world.pass(1);
    expect(world.join("a", { memberId }).error).toBe("UNKNOWN_MEMBER_ID");
  });

  test("a join phase waits for those who have been given an id, until it expires", () => {
    const world = new ClassicWorld();
    const [a = ""] = world.stable(["a"]);
    world.join("b");
    expect(world.picture).toBe("Stable 1 (1)");
    const rejoined = world.join("a", { memberId: a });
    expect(rejoined.error).toBe("waits");
    world.pass(SESSION_MS);
    expect(rejoined.error).toBe("NONE");
    expect(world.picture).toBe("CompletingRebalance 2 (1)");
  });

  test("without it, each retry of a client that gave up waiting is one more member (KAFKA-7824)", () => {
    const leaky = new ClassicWorld({ dials: { "group.requireMemberId": false } });
    for (let i = 0; i < 5; i++) leaky.join("a");
    expect(leaky.picture).toBe("PreparingRebalance 0 (5)");
    leaky.passJoinPhase();
    expect(leaky.picture).toBe("CompletingRebalance 1 (5)");

    const tight = new ClassicWorld();
    const memberId = tight.join("a").answer?.memberId ?? "";
    for (let i = 0; i < 5; i++) tight.join("a", { memberId });
    tight.passJoinPhase();
    expect(tight.picture).toBe("CompletingRebalance 1 (1)");
  });

  test("a join of somebody new is given up after five minutes, since he can't send heartbeats (KAFKA-7610)", () => {
    const world = new ClassicWorld({ dials: { "group.requireMemberId": false } });
    const [a = ""] = world.stable(["a"], { rebalanceMs: 600_000, sessionMs: 1_000_000 });
    const lost = world.join("b", { rebalanceMs: 600_000 });
    const { memberId } = world.group.allMembers()[1] ?? { memberId: "" };
    world.pass(299_999);
    expect(lost.error).toBe("waits");
    world.pass(1);
    expect(lost.answer).toMatchObject({ errorCode: "UNKNOWN_MEMBER_ID", memberId: "" });
    expect(world.eventsOf("MemberRemoved")).toMatchObject([{ member: memberId, reason: "join-never-completed" }]);
    expect(world.group.member(a)).toBeDefined();
  });
});

describe("the first rebalance of a group (5.3 rule 5)", () => {
  test("waits for group.initial.rebalance.delay.ms, even if everybody is there", () => {
    const world = new ClassicWorld();
    const { request } = world.newMember("a");
    world.pass(2_999);
    expect(request.error).toBe("waits");
    world.pass(1);
    expect(request.error).toBe("NONE");
    expect(world.picture).toBe("CompletingRebalance 1 (1)");
  });

  test("each new join makes it wait as long again", () => {
    const world = new ClassicWorld();
    const requests = ["a", "b", "c"].map((client) => {
      const { request } = world.newMember(client);
      world.pass(2_000);
      return request;
    });
    // b and c joined in the delays that began at 0 s and 3 s; nobody did in the one of 6 s.
    world.pass(2_999);
    expect(requests.map(({ error }) => error)).toEqual(["waits", "waits", "waits"]);
    world.pass(1);
    expect(requests.map(({ error }) => error)).toEqual(["NONE", "NONE", "NONE"]);
  });

  test("but never longer than the rebalance timeout", () => {
    const world = new ClassicWorld();
    const first = world.newMember("a", { rebalanceMs: 7_000 }).request;
    for (let i = 0; i < 6; i++) {
      world.pass(1_000);
      world.newMember(`b${i}`, { rebalanceMs: 7_000 });
    }
    world.pass(999);
    expect(first.error).toBe("waits");
    world.pass(1);
    expect(first.error).toBe("NONE");
    expect(world.picture).toBe("CompletingRebalance 1 (7)");
  });

  test("a group that lost all its members begins so again; the old coordinator does not wait for more than one delay then", () => {
    for (const [options, joinedAfterMs] of [
      [{}, 6_000],
      [OLD, 3_000],
    ] as const) {
      const world = new ClassicWorld(options);
      const [a = ""] = world.stable(["a"]);
      world.leave(a);
      expect(world.picture).toBe("Empty 2 (0)");
      const { request } = world.newMember("a");
      world.pass(1_000);
      world.newMember("b");
      world.pass(joinedAfterMs - 1_001);
      expect(request.error).toBe("waits");
      world.pass(1);
      expect(request.error).toBe("NONE");
    }
  });
});

describe("a join phase", () => {
  test("ends at once when all members have rejoined; the leader is told what everybody subscribes to (5.3 rules 5, 6)", () => {
    const world = new ClassicWorld();
    const [a = "", b = ""] = world.stable(["a", "b"]);
    const { id: c, request: third } = world.newMember("c", { topics: ["orders", "returns"] });
    expect(world.picture).toBe("PreparingRebalance 1 (3)");
    const second = world.join("b", { memberId: b });
    const first = world.join("a", { memberId: a });
    expect([first.error, second.error, third.error]).toEqual(["NONE", "NONE", "NONE"]);
    expect(first.answer).toMatchObject({ generationId: 2, protocolName: "range", leader: a, memberId: a, skipAssignment: false });
    expect(first.answer?.members.map(({ memberId, metadata }) => [memberId, metadata.topics])).toEqual([
      [a, ["orders"]],
      [b, ["orders"]],
      [c, ["orders", "returns"]],
    ]);
    expect(second.answer).toMatchObject({ generationId: 2, leader: a, memberId: b, members: [] });
  });

  test("ends after the longest rebalance timeout of a member; dynamic members that are not back are out (5.3 rules 5, 6)", () => {
    const world = new ClassicWorld();
    const [, b = ""] = world.stable(["a", "b"], (client) => ({
      rebalanceMs: client === "a" ? 20_000 : 30_000,
      sessionMs: 50_000,
    }));
    const { request } = world.newMember("c", { rebalanceMs: 10_000 });
    world.pass(29_999);
    expect(request.error).toBe("waits");
    world.pass(1);
    expect(request.answer).toMatchObject({ errorCode: "NONE", generationId: 2 });
    expect(world.picture).toBe("CompletingRebalance 2 (1)");
    expect(world.eventsOf("MemberRemoved").map(({ reason }) => reason)).toEqual(["did-not-rejoin", "did-not-rejoin"]);
    expect(world.heartbeat(b, 1)).toBe("UNKNOWN_MEMBER_ID");
  });

  test("a leader that does not rejoin loses its part to one that did (5.3 rule 6)", () => {
    const world = new ClassicWorld();
    const [, b = ""] = world.stable(["a", "b"], { rebalanceMs: 5_000 });
    const { id: c } = world.newMember("c", { rebalanceMs: 5_000 });
    const rejoined = world.join("b", { memberId: b, rebalanceMs: 5_000 });
    world.pass(5_000);
    expect(rejoined.answer).toMatchObject({ errorCode: "NONE", leader: b });
    expect(rejoined.answer?.members.map(({ memberId }) => memberId)).toEqual([b, c]);
  });

  test("who waits in it is not expired, however short its session (5.3)", () => {
    const world = new ClassicWorld();
    const [a = "", b = ""] = world.stable(["a", "b"]);
    world.join("a", { memberId: a });
    // b keeps sending heartbeats and does not rejoin.
    for (let i = 0; i < 10; i++) {
      world.pass(5_000);
      expect(world.heartbeat(b)).toBe("REBALANCE_IN_PROGRESS");
    }
    expect(world.picture).toBe("PreparingRebalance 1 (2)");
    world.pass(10_000);
    expect(world.picture).toBe("CompletingRebalance 2 (1)");
    expect(world.group.member(a)).toBeDefined();
  });

  test("static members that are not back stay; when all are silent their sessions decide (KIP-345)", () => {
    const world = new ClassicWorld();
    const said = (client: string) => ({ instance: client === "c" ? null : client, rebalanceMs: 5_000, sessionMs: 12_000 });
    const [a = "", , c = ""] = world.stable(["a", "b", "c"], said);
    world.leave(c);
    expect(world.picture).toBe("PreparingRebalance 1 (2)");
    world.pass(5_000);
    expect(world.picture).toBe("PreparingRebalance 1 (2)");
    const rejoined = world.join("a", { ...said("a"), memberId: a });
    world.pass(4_999);
    expect(rejoined.error).toBe("waits");
    world.pass(1);
    expect(rejoined.answer).toMatchObject({ errorCode: "NONE", generationId: 2 });
    expect(rejoined.answer?.members).toHaveLength(2);
    expect(world.picture).toBe("CompletingRebalance 2 (2)");
  });

  test("the assignor is the one that most want most among those that all support (5.3 rule 6)", () => {
    const world = new ClassicWorld();
    const wanted: Readonly<Record<string, readonly string[]>> = {
      a: ["range", "roundrobin", "sticky"],
      b: ["sticky", "roundrobin"],
      c: ["sticky", "range", "roundrobin"],
      d: ["range", "roundrobin", "sticky"],
    };
    world.stable(Object.keys(wanted), (client) => ({ assignors: wanted[client] ?? [] }));
    // range is not supported by b: a and d vote for roundrobin. A tie goes to the one that was voted for first.
    expect(world.group.protocolName).toBe("roundrobin");
  });
});

describe("a member that joins again (5.3 rule 4)", () => {
  test("while the assignment is awaited: with the same subscription it hears of its generation, with another one all rejoin", () => {
    const world = new ClassicWorld();
    const [a = "", b = ""] = ["a", "b"].map((client) => world.newMember(client).id);
    world.passJoinPhase();
    expect(world.picture).toBe("CompletingRebalance 1 (2)");
    expect(world.join("b", { memberId: b }).answer).toMatchObject({ errorCode: "NONE", generationId: 1, members: [] });
    const leader = world.join("a", { memberId: a });
    expect(leader.answer).toMatchObject({ errorCode: "NONE", generationId: 1, leader: a });
    expect(leader.answer?.members).toHaveLength(2);
    const waiting = world.sync(a);
    expect(world.picture).toBe("Stable 1 (2)");
    expect(waiting.error).toBe("NONE");

    const again = new ClassicWorld();
    const [, second = ""] = ["a", "b"].map((client) => again.newMember(client).id);
    again.passJoinPhase();
    expect(again.join("b", { memberId: second, topics: ["returns"] }).error).toBe("waits");
    expect(again.picture).toBe("PreparingRebalance 1 (2)");
  });

  test("in a Stable group: a follower only with another subscription begins a rebalance, the leader always does", () => {
    const world = new ClassicWorld();
    const [a = "", b = ""] = world.stable(["a", "b"]);
    expect(world.join("b", { memberId: b }).answer).toMatchObject({ errorCode: "NONE", generationId: 1, leader: a, members: [] });
    expect(world.picture).toBe("Stable 1 (2)");
    expect(world.join("b", { memberId: b, topics: ["returns"] }).error).toBe("waits");
    expect(world.picture).toBe("PreparingRebalance 1 (2)");

    const other = new ClassicWorld();
    const [leader = ""] = other.stable(["a", "b"]);
    expect(other.join("a", { memberId: leader }).error).toBe("waits");
    expect(other.picture).toBe("PreparingRebalance 1 (2)");
    expect(other.eventsOf("GroupStateChanged").at(-1)).toMatchObject({ reason: `leader ${leader} joins again` });
  });

  test("during a join phase a second request takes the place of the first, which is answered, too", () => {
    const world = new ClassicWorld();
    const [a = ""] = world.stable(["a", "b"]);
    const first = world.join("a", { memberId: a });
    const second = world.join("a", { memberId: a });
    expect([first.error, second.error]).toEqual(["REBALANCE_IN_PROGRESS", "waits"]);
  });
});
