import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import { ReplicaWorld, TOPIC, TOPIC_ID } from "./replica-world.ts";

describe("restart (replication 1.8)", () => {
  test("a crash keeps the log; the high watermark is what was noted in the last five seconds", () => {
    const c = new ReplicaWorld();
    c.produce(1);
    c.runFor(seconds(6));
    c.produce(1);
    c.settle();
    expect(c.offsets(2)).toEqual({ leo: 2, hw: 2 });
    c.world.crash("broker-2");
    c.restart(2);
    expect(c.events("LogLoaded", 2).at(-1)).toMatchObject({ shutdown: "unclean", logEndOffset: 2, highWatermark: 1 });
    c.tell(2);
    expect(c.offsets(2)).toEqual({ leo: 2, hw: 1 });
    c.runFor(seconds(2));
    expect(c.offsets(2)).toEqual({ leo: 2, hw: 2 });
  });

  test("a power loss takes what was not flushed, and the follower copies it again", () => {
    const c = new ReplicaWorld();
    c.produce(1, { count: 2 });
    c.settle();
    c.world.losePower("broker-2");
    c.restart(2);
    expect(c.events("LogLoaded", 2).at(-1)).toMatchObject({ logEndOffset: 0 });
    c.tell(2);
    c.runFor(seconds(3));
    expect(c.offsets(2).leo).toBe(2);
  });

  test("a clean shutdown flushes everything and leaves the broker's epoch; the next one finds no mark if the start was not clean", () => {
    const c = new ReplicaWorld();
    c.produce(1);
    c.settle();
    c.replicas(2).shutdownCleanly(17);
    c.world.losePower("broker-2");
    c.restart(2);
    expect(c.replicas(2).previousBrokerEpoch).toBe(17);
    expect(c.events("LogLoaded", 2).at(-1)).toMatchObject({ shutdown: "clean", logEndOffset: 1, highWatermark: 1 });
    c.world.crash("broker-2");
    c.restart(2);
    expect(c.replicas(2).previousBrokerEpoch).toBe(-1);
  });

  test("high watermarks of partitions that are not led by anyone are not forgotten (KAFKA-1647)", () => {
    const c = new ReplicaWorld();
    c.produce(1);
    c.runFor(seconds(6));
    c.world.crash("broker-2");
    c.change({ leader: -1 });
    c.restart(2);
    c.tell(2);
    c.runFor(seconds(6));
    c.world.crash("broker-2");
    c.restart(2);
    expect(c.events("LogLoaded", 2).at(-1)).toMatchObject({ highWatermark: 1 });
  });
});

describe("topics that come and go", () => {
  test("a deleted topic's replicas go, and what waited on them ends", () => {
    const c = new ReplicaWorld();
    c.isolate(3);
    const sent = c.produce(1);
    c.runFor(ms(10));
    c.commit({ type: "RemoveTopic", topicId: TOPIC_ID });
    c.tellAll();
    c.runFor(ms(10));
    expect(c.produced(sent)).toBe("UNKNOWN_TOPIC_OR_PARTITION");
    expect(c.replicas(1).partition(TOPIC, 0)).toBeUndefined();
    expect(c.events("ReplicaStopped").map(({ broker }) => broker)).toEqual([1, 2, 3]);
    expect(c.world.node("broker-1").disk.list(`${TOPIC}-0/`)).toEqual([]);
  });

  test("a replica of a topic that was deleted while the broker was down goes at its start; one of the same name begins anew", () => {
    const c = new ReplicaWorld();
    c.produce(1);
    c.settle();
    c.world.crash("broker-2");
    c.commit({ type: "RemoveTopic", topicId: TOPIC_ID });
    c.commit({ type: "Topic", name: TOPIC, topicId: "another-orders" });
    c.commit({
      type: "Partition",
      topicId: "another-orders",
      partitionId: 0,
      replicas: [2],
      isr: [2],
      leader: 2,
      leaderEpoch: 0,
      partitionEpoch: 0,
      leaderRecoveryState: "RECOVERED",
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
    });
    c.restart(2);
    c.tell(2);
    expect(c.partition(2).replica.topicId).toBe("another-orders");
    expect(c.offsets(2)).toEqual({ leo: 0, hw: 0 });
  });

  test("a replica that is moved away goes", () => {
    const c = new ReplicaWorld();
    c.change({ replicas: [1, 2], isr: [1, 2] });
    c.tellAll();
    expect(c.replicas(3).partition(TOPIC, 0)).toBeUndefined();
    expect(c.partition(1).leading?.followers.map(({ brokerId }) => brokerId)).toEqual([2]);
  });

  test("a broker in controlled shutdown stops following where it is out of the ISR", () => {
    const c = new ReplicaWorld();
    c.commit({ type: "BrokerRegistrationChange", brokerId: 3, brokerEpoch: 2, inControlledShutdown: true });
    c.change({ isr: [1, 2] });
    c.tellAll();
    c.settle();
    c.produce(1);
    c.runFor(seconds(2));
    expect([c.offsets(2).leo, c.offsets(3).leo]).toEqual([1, 0]);
  });
});

describe("the disk", () => {
  test("an I/O error takes the only log directory offline: the producer is told, and the broker ends (KIP-112)", () => {
    const c = new ReplicaWorld();
    c.settle();
    c.world.node("broker-1").disk.failIo(true);
    const sent = c.produce(1, { acks: 1 });
    c.runFor(ms(10));
    expect(c.produced(sent)).toBe("KAFKA_STORAGE_ERROR");
    expect(c.events("LogDirFailed")).toEqual([{ kind: "LogDirFailed", broker: 1 }]);
    expect(c.world.node("broker-1").running).toBe(false);
  });

  test("so does one that a follower meets", () => {
    const c = new ReplicaWorld();
    c.settle();
    c.world.node("broker-2").disk.failIo(true);
    c.produce(1, { acks: 1 });
    c.runFor(ms(10));
    expect(c.world.node("broker-2").running).toBe(false);
    expect(c.world.node("broker-3").running).toBe(true);
  });

  test("an idle broker meets it at the next checkpoint", () => {
    const c = new ReplicaWorld();
    c.world.node("broker-3").disk.failIo(true);
    c.runFor(seconds(6));
    expect(c.world.node("broker-3").running).toBe(false);
  });

  test("a slow disk holds a write up, and what came behind it on the same connection", () => {
    const c = new ReplicaWorld({ brokers: 1 });
    c.world.node("broker-1").disk.slowDown(ms(200));
    const [first, second] = [c.produce(1), c.produce(1)];
    c.runFor(ms(150));
    expect([c.produced(first), c.produced(second)]).toEqual([undefined, undefined]);
    c.runFor(ms(100));
    expect([c.produced(first), c.produced(second)]).toEqual(["at 0", undefined]);
    c.runFor(ms(200));
    expect(c.produced(second)).toBe("at 1");
  });

  test("a follower whose disk stalls copies nothing and is not in the way of others", () => {
    const c = new ReplicaWorld({ config: { "replica.lag.time.max.ms": 4_000 } });
    c.settle();
    c.world.stallDisk("broker-3", true);
    const sent = c.produce(1);
    c.runUntil(() => c.asked.length > 0);
    expect(c.offsets(3).leo).toBe(0);
    c.grant();
    c.runFor(ms(10));
    expect(c.produced(sent)).toBe("at 0");
    c.world.stallDisk("broker-3", false);
    c.runFor(seconds(1));
    expect(c.offsets(3)).toEqual({ leo: 1, hw: 1 });
  });
});

test("a fork of the world, with requests waiting everywhere, goes on exactly as the original", () => {
  const c = new ReplicaWorld({ partitions: 2 });
  c.isolate(3);
  c.produce(1);
  c.runFor(seconds(20));
  const fork = forkOf(c);
  for (const each of [c, fork]) {
    each.rejoin(3);
    each.produce(1, { partition: 1 });
    each.runFor(seconds(40));
  }
  expect(fork.recorder.events).toEqual(c.recorder.events);
  expect(fork.world.trace.hash()).toEqual(c.world.trace.hash());
  expect(fork.partition(1)).not.toBe(c.partition(1));
});
