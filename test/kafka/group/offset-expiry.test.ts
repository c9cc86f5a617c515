import { describe, expect, test } from "vitest";
import { seconds } from "../../../src/base/units.ts";
import type { Dials } from "../../../src/kafka/dials.ts";
import { type ExpiringGroup, expiryCondition, isExpired } from "../../../src/kafka/group/offset-expiry.ts";
import { ClusterWorld } from "./cluster-world.ts";

const NEWEST = { "group.expireOffsetsOnlyWhenEmpty": true, "group.expireOnlyWhenStable": true };
const RETENTION_MS = 1_000;

function classic(fields: Partial<ExpiringGroup> = {}): ExpiringGroup {
  return {
    protocol: "classic",
    protocolType: "consumer",
    state: "Stable",
    stateSinceMs: 5_000,
    usesConsumerProtocol: true,
    isSubscribedTo: (topic) => topic === "orders",
    ...fields,
  };
}

describe("when an offset goes", () => {
  /** Of an offset that was committed at 4000, the moment from which on it is expired; undefined if it never is. */
  function expiresAt(group: ExpiringGroup | undefined, dials: Partial<typeof NEWEST> = {}, topic = "orders"): number | undefined {
    const condition = expiryCondition(group, { ...NEWEST, ...dials });
    const offset = { topic, commitTimestamp: 4_000, expireTimestamp: undefined };
    return [4_999, 5_000, 5_999, 6_000].find((now) => isExpired(offset, condition, now, RETENTION_MS));
  }

  test("of a group without membership: offsets.retention.minutes after the commit", () => {
    expect(expiresAt(undefined)).toBe(5_000);
    // Somebody was given a member id and never came back with it (ClassicGroup.offsetExpirationCondition: no protocol type).
    expect(expiresAt(classic({ state: "Empty", protocolType: null, usesConsumerProtocol: false }))).toBe(5_000);
  });

  test("KIP-211: of a group with members never, of an empty one when it has been empty for so long", () => {
    expect(expiresAt(classic())).toBeUndefined();
    expect(expiresAt(classic({ state: "Empty" }))).toBe(6_000);
    expect(expiresAt(classic({ state: "Empty", stateSinceMs: undefined }))).toBe(5_000);
    expect(expiresAt(classic({ state: "PreparingRebalance" }))).toBeUndefined();
    expect(expiresAt(classic({ usesConsumerProtocol: false }))).toBeUndefined();
  });

  test("before KIP-211: so long after the commit, whoever is in the group", () => {
    const dials = { "group.expireOffsetsOnlyWhenEmpty": false };
    expect(expiresAt(classic(), dials)).toBe(5_000);
    expect(expiresAt(classic({ state: "Empty" }), dials)).toBe(5_000);
  });

  test("of a topic that nobody subscribes to: so long after the commit, but only while the group is Stable (KAFKA-13636)", () => {
    expect(expiresAt(classic(), {}, "payments")).toBe(5_000);
    const rebalancing = classic({ state: "PreparingRebalance", isSubscribedTo: () => false });
    expect(expiresAt(rebalancing)).toBeUndefined();
    expect(expiresAt(rebalancing, { "group.expireOnlyWhenStable": false })).toBe(5_000);
  });

  test("of a KIP-848 group: what nobody subscribes to, in whatever state", () => {
    expect(expiresAt(classic({ protocol: "consumer", state: "Reconciling" }))).toBeUndefined();
    expect(expiresAt(classic({ protocol: "consumer", state: "Reconciling" }), {}, "payments")).toBe(5_000);
    expect(expiresAt(classic({ protocol: "consumer", state: "Empty", isSubscribedTo: () => false }))).toBe(5_000);
  });

  test("an expiry time of its own counts instead of the retention", () => {
    const offset = { topic: "orders", commitTimestamp: 4_000, expireTimestamp: -1 };
    expect(isExpired(offset, { kind: "since-commit" }, 4_001, RETENTION_MS)).toBe(true);
    expect(isExpired(offset, { kind: "never" }, 4_001, RETENTION_MS)).toBe(false);
  });
});

describe("a coordinator that forgets", () => {
  const config = { "offsets.retention.minutes": 1, "offsets.retention.check.interval.ms": 10_000 };

  function begin(dials: Partial<Dials> = {}): { c: ClusterWorld; coordinator: number } {
    const c = new ClusterWorld({ config, dials }).createTopic("orders", 3);
    const coordinator = c.coordinator();
    c.runFor(seconds(2));
    return { c, coordinator };
  }

  test("offsets of a consumer without membership go after the retention, by tombstones that the next coordinator reads", () => {
    const { c, coordinator } = begin();
    c.commit(coordinator, { offset: 5 });
    c.runFor(seconds(55));
    expect(c.fetch(coordinator)).toBe(5);
    c.runFor(seconds(20));
    expect(c.fetch(coordinator)).toBe(-1);
    const removed = { group: "billing", topic: "orders", partition: 0, offset: 5, reason: "expired", state: "Empty" };
    expect(c.of("GroupOffsetRemoved")).toMatchObject([{ ...removed, broker: coordinator }]);
    c.crash(coordinator);
    const next = c.nextLeader();
    c.runFor(seconds(1));
    expect(c.fetch(next)).toBe(-1);
  });

  test.each([
    [true, 5],
    [false, -1],
  ])(
    "KIP-211: with group.expireOffsetsOnlyWhenEmpty %s the offset of a quiet partition of a living group is %s later",
    (dial, offset) => {
      const { c, coordinator } = begin({ "group.expireOffsetsOnlyWhenEmpty": dial });
      const { member, generation } = c.join(coordinator);
      expect(c.commit(coordinator, { offset: 5, member, generation })).toBe("NONE");
      c.runFor(seconds(80));
      expect(c.fetch(coordinator)).toBe(offset);
      expect(c.of("GroupOffsetRemoved").map(({ reason, state }) => `${reason} while ${state}`)).toEqual(
        dial ? [] : ["expired while Stable"],
      );
    },
  );

  test("an empty group goes with the last of its offsets", () => {
    const { c, coordinator } = begin();
    const { member, generation } = c.join(coordinator);
    c.commit(coordinator, { offset: 5, member, generation });
    c.leave(coordinator, member);
    c.runFor(seconds(50));
    expect(c.fetch(coordinator)).toBe(5);
    c.runFor(seconds(40));
    expect(c.fetch(coordinator)).toBe(-1);
    expect(c.of("GroupStateChanged").at(-1)).toMatchObject({ group: "billing", to: "Dead" });
    c.crash(coordinator);
    c.nextLeader();
    c.runFor(seconds(1));
    expect(c.of("CoordinatorLoaded").flatMap(({ groups }) => groups)).toEqual([]);
  });

  test.each([true, false])("KAFKA-8069: with group.loadDefaultExpireAsNone %s after a failover", (dial) => {
    const { c, coordinator } = begin({ "group.loadDefaultExpireAsNone": dial });
    const { member, generation } = c.join(coordinator);
    c.commit(coordinator, { offset: 5, member, generation });
    c.leave(coordinator, member);
    c.runFor(seconds(15));
    // Whoever wrote it knows better.
    expect(c.fetch(coordinator)).toBe(5);
    c.crash(coordinator);
    const next = c.nextLeader();
    c.runFor(seconds(12));
    expect(c.fetch(next)).toBe(dial ? 5 : -1);
  });

  test.each([true, false])("KAFKA-13636: with group.expireOnlyWhenStable %s, when a rebalance meets the check", (dial) => {
    const { c, coordinator } = begin({ "group.expireOnlyWhenStable": dial });
    const { member, generation } = c.join(coordinator);
    c.commit(coordinator, { offset: 5, member, generation });
    c.runFor(seconds(80));
    c.leave(coordinator, member);
    // Empty for a moment, then it waits for more members to join while the check comes by.
    const protocols = [{ name: "range", metadata: { topics: ["orders"], ownedPartitions: [], generationId: -1, rackId: null } }];
    const rejoin = (memberId: string) =>
      c.ask(coordinator, "JoinGroup", {
        groupId: "billing",
        sessionTimeoutMs: 60_000,
        rebalanceTimeoutMs: 300_000,
        memberId,
        groupInstanceId: null,
        protocolType: "consumer",
        protocols,
        reason: "",
      });
    const id = rejoin("")?.memberId ?? "";
    const before = c.of("GroupOffsetRemoved").length;
    for (let i = 0; i < 5; i++) {
      rejoin(id);
      c.runFor(seconds(2));
    }
    expect(before).toBe(0);
    const states = c.of("GroupOffsetRemoved").map(({ state }) => state);
    expect(states).toEqual(dial ? [] : ["PreparingRebalance"]);
  });
});
