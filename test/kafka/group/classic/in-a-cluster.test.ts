/** Classic groups on real brokers: what is stored is on other brokers, too, and a crash loses none of it. */
import { expect, test } from "vitest";
import { seconds } from "../../../../src/base/units.ts";
import type { BrokerId } from "../../../../src/kafka/ids.ts";
import { ClusterWorld } from "../cluster-world.ts";

const OLD = { config: { "group.coordinator.rebalance.protocols": "classic" } };

function heartbeat(c: ClusterWorld, at: BrokerId, { member, generation }: ReturnType<ClusterWorld["join"]>): number {
  return c.send(at, "Heartbeat", { groupId: "billing", generationId: generation, memberId: member, groupInstanceId: null });
}

for (const [coordinator, options] of [
  ["new", {}],
  ["old", OLD],
] as const) {
  test(`a group outlives its coordinator (the ${coordinator} one)`, () => {
    const c = new ClusterWorld(options);
    c.createTopic("orders");
    const first = c.coordinator();
    const joined = c.join(first);
    const ok = heartbeat(c, first, joined);
    c.runFor(seconds(1));
    expect(c.answer("Heartbeat", ok)?.errorCode).toBe("NONE");

    c.crash(first);
    c.nextLeader();
    c.runFor(seconds(1));
    const second = c.coordinator();
    expect(second).not.toBe(first);
    const loaded = c.of("GroupStateChanged").filter(({ broker, reason }) => broker === second && reason === "loaded");
    expect(loaded).toMatchObject([{ group: "billing", to: "Stable", generation: joined.generation }]);
    const again = heartbeat(c, second, joined);
    c.runFor(seconds(1));
    expect(c.answer("Heartbeat", again)?.errorCode).toBe("NONE");
    const synced = c.ask(second, "SyncGroup", {
      groupId: "billing",
      generationId: joined.generation,
      memberId: joined.member,
      groupInstanceId: null,
      protocolType: "consumer",
      protocolName: "range",
      assignments: [],
    });
    expect(synced?.assignment.assignedPartitions).toEqual([{ topic: "orders", partition: 0 }]);

    c.leave(second, joined.member);
    expect(c.of("GroupStateChanged").at(-1)).toMatchObject({ broker: second, to: "Empty", generation: joined.generation + 1 });
  });
}

test("a leader that the others can't reach any more stores no assignment: its members begin anew elsewhere", () => {
  const c = new ClusterWorld();
  c.createTopic("orders");
  const first = c.coordinator();
  const joined = c.join(first);
  c.isolate(first);
  const rejoined = c.send(first, "JoinGroup", {
    groupId: "billing",
    sessionTimeoutMs: 1_800_000,
    rebalanceTimeoutMs: 300_000,
    memberId: joined.member,
    groupInstanceId: null,
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: { topics: ["orders"], ownedPartitions: [], generationId: 1, rackId: null } }],
    reason: "",
  });
  c.runFor(seconds(1));
  expect(c.answer("JoinGroup", rejoined)).toMatchObject({ errorCode: "NONE", generationId: joined.generation + 1 });
  const sync = c.send(first, "SyncGroup", {
    groupId: "billing",
    generationId: joined.generation + 1,
    memberId: joined.member,
    groupInstanceId: null,
    protocolType: "consumer",
    protocolName: "range",
    assignments: [],
  });
  // It waits for the high watermark, no longer than offsets.commit.timeout.ms.
  c.runFor(seconds(4));
  expect(c.answer("SyncGroup", sync)).toBeUndefined();
  c.runFor(seconds(2));
  expect(c.answer("SyncGroup", sync)?.errorCode).toBe("COORDINATOR_NOT_AVAILABLE");
  c.runUntil(() => c.of("CoordinatorLoaded").some(({ broker, groups }) => broker !== first && groups.includes("billing")));
  expect(c.of("GroupStateChanged").at(-1)).toMatchObject({ to: "Stable", generation: joined.generation, reason: "loaded" });
});
