/**
 * Groups that change their protocol while they live, and members of the classic protocol in a KIP-848 group (KIP-848, "Supporting
 * Online Consumer Group Upgrade", "Online Migration").
 */
import { describe, expect, test } from "vitest";
import type { JoinGroupResponse } from "../../../../src/kafka/messages/groups.ts";
import { ConsumerWorld, GROUP, SESSION_MS } from "./consumer-world.ts";

interface Said {
  readonly memberId?: string;
  readonly instance?: string | null;
  readonly assignors?: readonly string[];
  readonly topics?: readonly string[];
  readonly owned?: readonly number[];
  readonly protocolType?: string;
}

/** What clients of the classic protocol do. */
class ClassicClients {
  readonly world: ConsumerWorld;

  constructor(world: ConsumerWorld) {
    this.world = world;
  }

  join(client: string, said: Said = {}): JoinGroupResponse | undefined {
    const { memberId = "", instance = null, assignors = ["cooperative-sticky", "range"], topics = ["orders"] } = said;
    const { owned = [], protocolType = "consumer" } = said;
    const ownedPartitions = owned.map((partition) => ({ topic: "orders", partition }));
    const metadata = { topics, ownedPartitions, generationId: -1, rackId: null };
    return this.world.ask("JoinGroup", client, {
      groupId: GROUP,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 60_000,
      memberId,
      groupInstanceId: instance,
      protocolType,
      protocols: assignors.map((name) => ({ name, metadata })),
      reason: "",
    }).answer;
  }

  sync(memberId: string, generationId: number, said: { readonly instance?: string; readonly protocol?: string } = {}) {
    const { instance = null, protocol = "cooperative-sticky" } = said;
    const { answer } = this.world.ask("SyncGroup", memberId, {
      groupId: GROUP,
      generationId,
      memberId,
      groupInstanceId: instance,
      protocolType: "consumer",
      protocolName: protocol,
      assignments: [],
    });
    return { error: answer?.errorCode, partitions: answer?.assignment.assignedPartitions.map(({ partition }) => partition) };
  }

  heartbeat(memberId: string, generationId: number, instance: string | null = null) {
    const body = { groupId: GROUP, generationId, memberId, groupInstanceId: instance };
    return this.world.ask("Heartbeat", memberId, body).answer?.errorCode;
  }

  leave(...members: readonly { readonly memberId?: string; readonly instance?: string }[]) {
    const named = members.map(({ memberId = "", instance = null }) => ({ memberId, groupInstanceId: instance, reason: "" }));
    return this.world
      .ask("LeaveGroup", "client", { groupId: GROUP, members: named })
      .answer?.members.map((each) => each.errorCode);
  }

  /** Members that have joined a Stable classic group, in which the n-th has two partitions from 2n on; by their ids. */
  stable(...instances: readonly (string | null)[]): string[] {
    const { world } = this;
    const asked = instances.map((instance, i) => {
      const client = `old-${i}`;
      if (instance !== null) return this.ask(client, "", instance);
      return this.ask(client, this.join(client)?.memberId ?? "", null);
    });
    world.pass(6_000);
    const ids = asked.map(({ answer }) => answer?.memberId ?? "");
    const assignments = ids.map((memberId, i) => ({
      memberId,
      assignment: { assignedPartitions: [2 * i, 2 * i + 1].map((partition) => ({ topic: "orders", partition })) },
    }));
    for (const [i, memberId] of ids.toReversed().entries()) {
      world.ask("SyncGroup", memberId, {
        groupId: GROUP,
        generationId: 1,
        memberId,
        groupInstanceId: instances[ids.length - 1 - i] ?? null,
        protocolType: "consumer",
        protocolName: "cooperative-sticky",
        assignments: i === ids.length - 1 ? assignments : [],
      });
    }
    return ids;
  }

  private ask(client: string, memberId: string, groupInstanceId: string | null) {
    const metadata = { topics: ["orders"], ownedPartitions: [], generationId: -1, rackId: null };
    return this.world.ask("JoinGroup", client, {
      groupId: GROUP,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 60_000,
      memberId,
      groupInstanceId,
      protocolType: "consumer",
      protocols: ["cooperative-sticky", "range"].map((name) => ({ name, metadata })),
      reason: "",
    });
  }
}

function upgradedGroup(config: Readonly<Record<string, string>> = {}) {
  const world = new ConsumerWorld({ config });
  const clients = new ClassicClients(world);
  const [x = "", y = ""] = clients.stable(null, null);
  const answer = world.join("zz");
  return { world, clients, x, y, answer };
}

describe("upgrade", () => {
  test("the first member of the new protocol turns the group; the others keep what they have at their generation", () => {
    const { world, x, y, answer } = upgradedGroup();
    expect(answer).toEqual({ error: "NONE", epoch: 2, assignment: [] });
    expect(world.picture(x)).toBe("STABLE 1 [orders-0 orders-1]");
    expect(world.picture(y)).toBe("STABLE 1 [orders-2 orders-3]");
    expect(world.group).toMatchObject({ state: "Reconciling", groupEpoch: 2 });
    expect(world.states.slice(-2)).toEqual(["classic Stable>Dead", "consumer Empty>Reconciling"]);
    expect(world.eventsOf("MemberRemoved")).toEqual([]);
    expect(
      world.eventsOf("MemberReconciled").map(({ member, memberEpoch, assigned }) => [member, memberEpoch, assigned.length]),
    ).toEqual(
      [x, y]
        .sort()
        .map((id): unknown => [id, 1, 2])
        .concat([["zz", 2, 0]]),
    );
  });

  // GroupMetadataManager.maybeDeleteEmptyClassicGroup: a group is empty even if somebody was told to come back with an id.
  test("members of both protocols that begin together: the one that was told to come back with an id finds a group of the new one", () => {
    const world = new ConsumerWorld();
    const clients = new ClassicClients(world);
    const { memberId = "" } = clients.join("old") ?? {};
    expect(world.join("zz")).toMatchObject({ error: "NONE", epoch: 1 });
    expect(clients.join("old", { memberId })).toMatchObject({ errorCode: "NONE", memberId });
    expect(world.group.size).toBe(2);
  });

  test("the classic members are asked to join again, give up what moves, and get on, never holding what another has", () => {
    const { world, clients, x, y } = upgradedGroup();
    expect(clients.heartbeat(x, 1)).toBe("REBALANCE_IN_PROGRESS");
    expect(clients.heartbeat(y, 1)).toBe("REBALANCE_IN_PROGRESS");
    const joined: Record<string, number> = {};
    for (const [id, owned] of [
      [x, [0, 1]],
      [y, [2, 3]],
    ] as const) {
      const answer = clients.join("old", { memberId: id, owned });
      expect(answer).toMatchObject({
        errorCode: "NONE",
        memberId: id,
        leader: "",
        members: [],
        protocolName: "cooperative-sticky",
      });
      joined[id] = answer?.generationId ?? -1;
    }
    // One of the two has to give one partition up: it stays in its generation until it has joined without it.
    const revoking = [x, y].filter((id) => world.find(id)?.state === "UNREVOKED_PARTITIONS");
    expect(revoking).toHaveLength(1);
    const [giver = ""] = revoking;
    expect(joined[giver]).toBe(1);
    const { partitions = [] } = clients.sync(giver, 1);
    expect(partitions).toHaveLength(1);
    expect(clients.heartbeat(giver, 1)).toBe("REBALANCE_IN_PROGRESS");
    expect(world.heartbeat("zz").assignment).toBeNull();
    expect(clients.join("old", { memberId: giver, owned: partitions })?.generationId).toBe(2);
    expect(clients.sync(giver, 2)).toEqual({ error: "NONE", partitions });
    expect(clients.heartbeat(giver, 2)).toBe("NONE");
    expect(world.heartbeat("zz").assignment).toHaveLength(1);
    expect(world.group.state).toBe("Stable");
  });

  test("an eager member owns nothing when it joins, and has its assignment at once", () => {
    const { clients, world, x } = upgradedGroup();
    const answer = clients.join("old", { memberId: x, owned: [] });
    expect(answer?.generationId).toBe(2);
    expect(clients.sync(x, 2).partitions).toHaveLength(world.names(world.group.target(x)).length);
  });

  test("who waits for the others in a rebalance is told to join again", () => {
    const world = new ConsumerWorld();
    const clients = new ClassicClients(world);
    const [x = "", y = ""] = clients.stable(null, null);
    const waiting = world.ask("JoinGroup", "old-0", {
      groupId: GROUP,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 60_000,
      memberId: x,
      groupInstanceId: null,
      protocolType: "consumer",
      protocols: [
        { name: "range", metadata: { topics: ["orders", "more"], ownedPartitions: [], generationId: 1, rackId: null } },
      ],
      reason: "",
    });
    expect(waiting.answer).toBeUndefined();
    world.join("zz");
    expect(waiting.answer?.errorCode).toBe("REBALANCE_IN_PROGRESS");
    expect([...world.group.members()].map(({ memberId }) => memberId).sort()).toEqual([x, y, "zz"].sort());
  });

  test.each(["downgrade", "disabled"])("policy %s: a group with members stays what it is, GROUP_ID_NOT_FOUND", (policy) => {
    const { answer, world } = upgradedGroup({ "group.consumer.migration.policy": policy });
    expect(answer.error).toBe("GROUP_ID_NOT_FOUND");
    expect(world.classicGroup.size).toBe(2);
  });

  test("an empty group begins anew under any policy", () => {
    const world = new ConsumerWorld({ config: { "group.consumer.migration.policy": "disabled" } });
    const clients = new ClassicClients(world);
    const [x = ""] = clients.stable(null);
    clients.leave({ memberId: x });
    expect(world.join("zz")).toMatchObject({ error: "NONE", epoch: 1 });
  });

  test("a heartbeat of a member that has not joined does not turn a classic group", () => {
    const world = new ConsumerWorld();
    new ClassicClients(world).stable(null);
    expect(world.heartbeat("zz", { memberEpoch: 1 }).error).toBe("GROUP_ID_NOT_FOUND");
  });

  test("another coordinator finds the group as it was turned", () => {
    const { world, x, y } = upgradedGroup();
    const next = world.failover();
    for (const id of [x, y, "zz"]) expect(next.find(id)).toEqual(world.find(id));
    expect(next.states).toEqual(["consumer Reconciling>Reconciling"]);
  });

  test("a classic member that restarts with the new protocol, by its instance id, takes its place at once", () => {
    const world = new ConsumerWorld();
    const clients = new ClassicClients(world);
    const [x = ""] = clients.stable("one", "two");
    expect(world.join("zz", { instanceId: "one" })).toEqual({
      error: "NONE",
      epoch: 2,
      assignment: ["orders-0", "orders-1"],
    });
    expect(world.find(x)).toBeUndefined();
    expect(clients.heartbeat(x, 1, "one")).toBe("FENCED_INSTANCE_ID");
  });
});

describe("classic members of a KIP-848 group", () => {
  test("joining: a new dynamic member is given an id first (KIP-394), then its share", () => {
    const world = new ConsumerWorld();
    const clients = new ClassicClients(world);
    world.join("zz");
    const first = clients.join("old");
    expect(first?.errorCode).toBe("MEMBER_ID_REQUIRED");
    expect(first?.memberId).toMatch(/^old-.{22}$/);
    const second = clients.join("old", { memberId: first?.memberId ?? "" });
    expect(second).toMatchObject({ errorCode: "NONE", generationId: 2 });
    expect(clients.sync(first?.memberId ?? "", 2)).toEqual({ error: "NONE", partitions: [] });
    world.heartbeat("zz");
    expect(clients.heartbeat(first?.memberId ?? "", 2)).toBe("NONE");
    world.heartbeat("zz", { owned: ["orders-0", "orders-1"] });
    // What it waited for is free.
    expect(clients.heartbeat(first?.memberId ?? "", 2)).toBe("REBALANCE_IN_PROGRESS");
    expect(clients.join("old", { memberId: first?.memberId ?? "" })?.generationId).toBe(2);
    expect(clients.sync(first?.memberId ?? "", 2).partitions).toEqual([2, 3]);
  });

  test("joining with nothing in common is INCONSISTENT_GROUP_PROTOCOL, one too many GROUP_MAX_SIZE_REACHED", () => {
    const { clients } = upgradedGroup();
    expect(clients.join("z", { assignors: ["sticky"] })?.errorCode).toBe("INCONSISTENT_GROUP_PROTOCOL");
    expect(clients.join("z", { protocolType: "connect" })?.errorCode).toBe("INCONSISTENT_GROUP_PROTOCOL");
    const full = new ConsumerWorld({ config: { "group.consumer.max.size": 1 } });
    full.join("zz");
    expect(new ClassicClients(full).join("z")?.errorCode).toBe("GROUP_MAX_SIZE_REACHED");
  });

  test("syncing: UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, INCONSISTENT_GROUP_PROTOCOL, REBALANCE_IN_PROGRESS", () => {
    const { clients, x } = upgradedGroup();
    expect(clients.sync("nobody", 1).error).toBe("UNKNOWN_MEMBER_ID");
    expect(clients.sync("zz", 2).error).toBe("UNKNOWN_MEMBER_ID");
    expect(clients.sync(x, 7).error).toBe("ILLEGAL_GENERATION");
    expect(clients.sync(x, 1, { protocol: "range" }).error).toBe("INCONSISTENT_GROUP_PROTOCOL");
    expect(clients.sync(x, 1).error).toBe("REBALANCE_IN_PROGRESS");
  });

  test("heartbeats: UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION; commits of another generation ILLEGAL_GENERATION", () => {
    const { world, clients, x } = upgradedGroup();
    expect(clients.heartbeat("nobody", 1)).toBe("UNKNOWN_MEMBER_ID");
    expect(clients.heartbeat("zz", 2)).toBe("UNKNOWN_MEMBER_ID");
    expect(clients.heartbeat(x, 2)).toBe("ILLEGAL_GENERATION");
    expect(world.group.validateOffsetCommit({ memberId: x, generationIdOrMemberEpoch: 2 })).toBe("ILLEGAL_GENERATION");
    expect(world.group.validateOffsetCommit({ memberId: x, generationIdOrMemberEpoch: 1 })).toBe("NONE");
  });

  test("who does not join again in time is out, and who has joined and does not sync", () => {
    const { world, clients, x, y } = upgradedGroup();
    clients.heartbeat(x, 1);
    clients.join("old", { memberId: y, owned: [] });
    for (let passed = 0; passed < 60_000; passed += 5_000) {
      world.pass(5_000);
      clients.heartbeat(x, 1);
      clients.heartbeat(y, 2);
      world.heartbeat("zz");
    }
    expect(
      world
        .eventsOf("MemberRemoved")
        .map(({ member, reason }) => `${member === x ? "x" : "y"} ${reason}`)
        .sort(),
    ).toEqual(["x did-not-rejoin", "y did-not-sync"]);
  });

  test("their sessions are as long as they asked for", () => {
    const { world, x, y } = upgradedGroup();
    world.pass(9_999);
    expect(world.group.size).toBe(3);
    world.pass(1);
    expect([x, y].map((id) => world.picture(id))).toEqual(["unknown", "unknown"]);
    expect(world.find("zz")).toBeDefined();
  });

  test("leaving: by id, or by instance id alone; who speaks the new protocol is UNKNOWN_MEMBER_ID here", () => {
    const world = new ConsumerWorld();
    const clients = new ClassicClients(world);
    world.join("zz");
    const { memberId = "" } = clients.join("old") ?? {};
    clients.join("old", { memberId });
    const named = clients.join("named", { instance: "one" })?.memberId;
    expect(named).toMatch(/^one-/);
    const { groupEpoch } = world.group;
    expect(clients.leave({ memberId: "zz" }, { memberId }, { instance: "one" }, { memberId: "x", instance: "one" })).toEqual([
      "UNKNOWN_MEMBER_ID",
      "NONE",
      "NONE",
      "FENCED_INSTANCE_ID",
    ]);
    expect(world.group).toMatchObject({ size: 1, groupEpoch: groupEpoch + 1 });
  });
});

describe("downgrade", () => {
  test("when the last member of the new protocol leaves, the group is a classic one again and rebalances", () => {
    const { world, x, y } = upgradedGroup();
    expect(world.heartbeat("zz", { memberEpoch: -1 }).error).toBe("NONE");
    expect(world.classicGroup).toMatchObject({ state: "PreparingRebalance", generation: 2, size: 2 });
    expect(world.classicGroup.allMembers().map(({ memberId }) => memberId)).toEqual([x, y].sort());
    expect(world.eventsOf("MemberRemoved")).toMatchObject([{ member: "zz", reason: "left" }]);
    expect(world.states.slice(-3)).toEqual([
      "consumer Reconciling>Dead",
      "classic Empty>Stable",
      "classic Stable>PreparingRebalance",
    ]);
  });

  test("so it is when that member is fenced; the classic ones go on by their own protocol", () => {
    const { world, clients, x, y } = upgradedGroup();
    // Their sessions are shorter than the new member's.
    for (let passed = 0; passed < SESSION_MS; passed += 5_000) {
      world.pass(5_000);
      for (const id of [x, y]) clients.heartbeat(id, 1);
    }
    expect(world.eventsOf("MemberRemoved")).toMatchObject([{ member: "zz", reason: "session-expired" }]);
    expect(clients.heartbeat(x, 2)).toBe("REBALANCE_IN_PROGRESS");
    const joins = [x, y].map((memberId) => clients.join("old", { memberId }));
    expect(joins.at(-1)?.errorCode).toBe("NONE");
    expect(world.classicGroup.state).toBe("CompletingRebalance");
    expect(world.classicGroup.generation).toBe(3);
  });

  test.each(["upgrade", "disabled"])("policy %s: the group stays a KIP-848 one", (policy) => {
    const world = new ConsumerWorld({ config: { "group.consumer.migration.policy": policy } });
    const clients = new ClassicClients(world);
    world.join("zz");
    const { memberId = "" } = clients.join("old") ?? {};
    clients.join("old", { memberId });
    world.heartbeat("zz", { memberEpoch: -1 });
    expect(world.group.size).toBe(1);
  });

  test("another coordinator finds the classic group, with what was the target", () => {
    const { world, x, y } = upgradedGroup();
    const targets = [x, y].map((id) => world.names(world.group.target(id)));
    world.heartbeat("zz", { memberEpoch: -1 });
    const next = world.failover();
    expect(next.classicGroup).toMatchObject({ state: "Stable", generation: 2 });
    const assigned = [x, y].map((id) => next.classicGroup.member(id)?.assignment.assignedPartitions);
    expect(assigned.map((each) => each?.map(({ topic, partition }) => `${topic}-${partition}`))).toEqual(targets);
  });

  test("a static member that goes back to the classic protocol turns the group without a rebalance, with what it had", () => {
    const world = new ConsumerWorld();
    const clients = new ClassicClients(world);
    clients.stable("one", "two");
    world.join("zz", { instanceId: "one" });
    const answer = clients.join("back", { instance: "one", owned: [0, 1] });
    expect(answer).toMatchObject({ errorCode: "NONE", generationId: 2 });
    expect(world.classicGroup).toMatchObject({ state: "Stable", generation: 2, size: 2 });
    expect(world.classicGroup.staticMember("one")?.memberId).toBe(answer?.memberId);
    expect(clients.sync(answer?.memberId ?? "", 2, { instance: "one" })).toEqual({ error: "NONE", partitions: [0, 1] });
    expect(world.host.pendingTimers.filter((kind) => kind.startsWith("group.member."))).toEqual([]);
  });

  test("an empty KIP-848 group that a classic member joins begins anew as a classic one", () => {
    const world = new ConsumerWorld();
    const clients = new ClassicClients(world);
    world.join("zz");
    world.heartbeat("zz", { memberEpoch: -1 });
    expect(clients.join("old", { memberId: "somebody" })?.errorCode).toBe("UNKNOWN_MEMBER_ID");
    const { memberId = "" } = clients.join("old") ?? {};
    expect(world.classicGroup.isPending(memberId)).toBe(true);
    expect(world.states).toContain("consumer Empty>Dead");
  });
});
