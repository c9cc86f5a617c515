import { describe, expect, test } from "vitest";
import type { RequestOf } from "../../../src/kafka/messages/apis.ts";
import { ControllerFixture } from "./controller-fixture.ts";

type GrowingTopic = RequestOf<"CreatePartitions">["topics"][number];

function grow(fixture: ControllerFixture, ...topics: readonly Partial<GrowingTopic>[]): string[] {
  const wanted = topics.map((topic) => ({ name: "orders", count: 3, assignments: null, ...topic }));
  const { results } = fixture.call("CreatePartitions", { timeoutMs: 1_000, topics: wanted });
  return results.map(({ name, errorCode }) => `${name}: ${errorCode}`);
}

describe("a topic that grows (ReplicationControlManager.createPartitions)", () => {
  test("gets as many partitions as are missing, with its own replication factor, and keeps those that it has", () => {
    const fixture = new ControllerFixture().activate().withBrokers(3);
    fixture.createTopic([[1, 2]]);
    expect(grow(fixture, { count: 4 })).toEqual(["orders: NONE"]);
    const partitions = fixture.image().topicByName("orders")?.partitions ?? [];
    expect(partitions.map(({ replicas }) => replicas.length)).toEqual([2, 2, 2, 2]);
    expect(partitions[0]?.replicas).toEqual([1, 2]);
    for (const { replicas, isr, leader, leaderEpoch } of partitions.slice(1)) {
      expect(isr).toEqual(replicas);
      expect(leader).toBe(replicas[0]);
      expect(leaderEpoch).toBe(0);
    }
  });

  test("an assignment by hand is for the new partitions alone, with as many replicas as the others", () => {
    const fixture = new ControllerFixture().activate().withBrokers(3);
    fixture.createTopic([[1, 2]]);
    expect(grow(fixture, { count: 2, assignments: [{ brokerIds: [3, 1] }] })).toEqual(["orders: NONE"]);
    expect(fixture.partition(1).replicas).toEqual([3, 1]);
    expect(grow(fixture, { count: 3, assignments: [{ brokerIds: [3] }] })).toEqual(["orders: INVALID_REPLICA_ASSIGNMENT"]);
    const two = [{ brokerIds: [3, 1] }, { brokerIds: [1, 2] }];
    expect(grow(fixture, { count: 3, assignments: two })).toEqual(["orders: INVALID_REPLICA_ASSIGNMENT"]);
  });

  test("does not shrink, and is named once", () => {
    const fixture = new ControllerFixture().activate().withBrokers(3);
    fixture.createTopic([[1], [2]]);
    expect(grow(fixture, { count: 2 })).toEqual(["orders: INVALID_PARTITIONS"]);
    expect(grow(fixture, { count: 1 })).toEqual(["orders: INVALID_PARTITIONS"]);
    expect(grow(fixture, { name: "bills" })).toEqual(["bills: UNKNOWN_TOPIC_OR_PARTITION"]);
    expect(grow(fixture, { count: 3 }, { count: 4 })).toEqual(["orders: INVALID_REQUEST"]);
    expect(fixture.image().topicByName("orders")?.partitions).toHaveLength(2);
  });
});
