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
