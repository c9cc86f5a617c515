import { describe, expect, test } from "vitest";
import { seconds } from "../../../src/base/units.ts";
import { javaHash, partitionForGroup } from "../../../src/kafka/group/java-hash.ts";
import { ClusterWorld, OFFSETS } from "./cluster-world.ts";

describe("where a group lives (5.1)", () => {
  test("the partition is the absolute Java hash of the group id, modulo the number of partitions", () => {
    // What `"...".hashCode()` is in Java.
    expect(javaHash("")).toBe(0);
    expect(javaHash("billing")).toBe(-109829509);
    expect(javaHash("polygenelubricants")).toBe(-(2 ** 31));
    expect(partitionForGroup("billing", 50)).toBe(109829509 % 50);
    // abs(Integer.MIN_VALUE) is 0 in Kafka.
    expect(partitionForGroup("polygenelubricants", 50)).toBe(0);
  });

  test("the first who looks for a coordinator has the topic made; he is told COORDINATOR_NOT_AVAILABLE until it is there", () => {
    const c = new ClusterWorld({ config: { "offsets.topic.num.partitions": 50 } });
    expect(c.of("TopicCreated").map(({ topic }) => topic)).not.toContain(OFFSETS);
    expect(c.findCoordinator("billing")).toEqual({ errorCode: "COORDINATOR_NOT_AVAILABLE", nodeId: -1, host: "" });
    c.runFor(seconds(1));
    const found = c.findCoordinator("billing");
    expect(found?.errorCode).toBe("NONE");
    expect(found?.host).toBe(`broker-${found?.nodeId}`);
    const led = c.of("BecameLeader").filter(({ topic }) => topic === OFFSETS);
    expect(new Set(led.map(({ partition }) => partition)).size).toBe(50);
    expect(led.find(({ partition }) => partition === partitionForGroup("billing", 50))?.broker).toBe(found?.nodeId);
    // Everybody says the same.
    expect(c.brokers.map((at) => c.findCoordinator("billing", at)?.nodeId)).toEqual(c.brokers.map(() => found?.nodeId));
  });

  test("it is made once, compacted, with the settings for it, however many look for it", () => {
    const c = new ClusterWorld({ config: { "offsets.topic.num.partitions": 4, "offsets.topic.segment.bytes": 12_345 } });
    for (const at of c.brokers) c.send(at, "FindCoordinator", { key: "billing", keyType: "group" });
    for (const at of c.brokers) c.send(at, "FindCoordinator", { key: "shipping", keyType: "group" });
    c.runFor(seconds(1));
    const created = c.of("TopicCreated").filter(({ topic }) => topic === OFFSETS);
    expect(created).toHaveLength(1);
    expect(c.of("BecameLeader").filter(({ topic }) => topic === OFFSETS)).toHaveLength(4);
  });
});

describe("who may answer (5.1)", () => {
  const heartbeat = (groupId: string) => ({ groupId, generationId: 1, memberId: "m", groupInstanceId: null });

  test("a broker that does not lead the group's partition says NOT_COORDINATOR, whatever it is asked", () => {
    const c = new ClusterWorld().createTopic("orders");
    const coordinator = c.coordinator();
    const other = c.brokers.find((id) => id !== coordinator) as number;
    expect(c.commit(other, { offset: 1 })).toBe("NOT_COORDINATOR");
    expect(c.fetch(other)).toBe("NOT_COORDINATOR");
    expect(c.ask(other, "Heartbeat", heartbeat("billing"))?.errorCode).toBe("NOT_COORDINATOR");
    expect(c.ask(other, "LeaveGroup", { groupId: "billing", members: [] })?.errorCode).toBe("NOT_COORDINATOR");
    expect(c.ask(other, "SyncGroup", sync("billing"))?.errorCode).toBe("NOT_COORDINATOR");
    expect(c.ask(other, "JoinGroup", join("billing"))?.errorCode).toBe("NOT_COORDINATOR");
  });

  test("the empty group id is INVALID_GROUP_ID to members; offsets may be kept for it", () => {
    const c = new ClusterWorld().createTopic("orders");
    const coordinator = c.coordinator("");
    expect(c.ask(coordinator, "Heartbeat", heartbeat(""))?.errorCode).toBe("INVALID_GROUP_ID");
    expect(c.ask(coordinator, "JoinGroup", join(""))?.errorCode).toBe("INVALID_GROUP_ID");
    expect(c.commit(coordinator, { group: "", offset: 5 })).toBe("NONE");
    expect(c.fetch(coordinator, "")).toBe(5);
  });

  test("a coordinator of before KIP-848 does not know ConsumerGroupHeartbeat", () => {
    const c = new ClusterWorld({ config: { "group.coordinator.rebalance.protocols": "classic" } });
    const coordinator = c.coordinator();
    const body = {
      groupId: "billing",
      memberId: "m",
      memberEpoch: 0,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: 60_000,
      subscribedTopicNames: ["orders"],
      serverAssignor: null,
      topicPartitions: [],
    };
    expect(c.ask(coordinator, "ConsumerGroupHeartbeat", body)?.errorCode).toBe("UNSUPPORTED_VERSION");
  });

  test.each(["classic", "classic,consumer"])(
    "while it reads its partition it says so, but to heartbeats NONE, and to the old coordinator's syncs that they join again (%s)",
    (protocols) => {
      const c = new ClusterWorld({ config: { "group.coordinator.rebalance.protocols": protocols } }).createTopic("orders");
      const first = c.coordinator();
      expect(c.commit(first, { offset: 7 })).toBe("NONE");
      c.runFor(seconds(1));
      c.crash(first);
      const second = c.nextLeader();
      c.world.stallDisk(`broker-${second}`, true);
      expect(c.fetch(second)).toBe("COORDINATOR_LOAD_IN_PROGRESS");
      expect(c.ask(second, "Heartbeat", heartbeat("billing"))?.errorCode).toBe("NONE");
      const synced = protocols === "classic" ? "REBALANCE_IN_PROGRESS" : "COORDINATOR_LOAD_IN_PROGRESS";
      expect(c.ask(second, "SyncGroup", sync("billing"))?.errorCode).toBe(synced);
      c.world.stallDisk(`broker-${second}`, false);
      c.runFor(seconds(1));
      expect(c.of("CoordinatorLoaded").at(-1)).toMatchObject({ broker: second });
      expect(c.fetch(second)).toBe(7);
    },
  );
});

function join(groupId: string) {
  return {
    groupId,
    sessionTimeoutMs: 45_000,
    rebalanceTimeoutMs: 300_000,
    memberId: "",
    groupInstanceId: null,
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: { topics: ["orders"], ownedPartitions: [], generationId: -1, rackId: null } }],
    reason: "",
  };
}

function sync(groupId: string) {
  return {
    groupId,
    generationId: 1,
    memberId: "m",
    groupInstanceId: null,
    protocolType: "consumer",
    protocolName: "range",
    assignments: [],
  };
}
