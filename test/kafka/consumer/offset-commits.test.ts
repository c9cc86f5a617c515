/** Committed offsets: how a member commits them, and how it begins with them. Source of the rules: clients.md 4.1, 4.2 (ConsumerCoordinator). */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import { LATENCY_US } from "../client/scripted-cluster.ts";
import { GroupWorld } from "./group-world.ts";

const BY_HAND = { "enable.auto.commit": false };

describe("where a partition begins", () => {
  test("at what the group has committed", () => {
    const w = new GroupWorld({ records: 5 });
    w.coordinator.committed.set("orders-0", { offset: 3, leaderEpoch: 0 });
    w.join("billing-1").runFor(seconds(1));
    expect(w.member("billing-1").read).toEqual(["orders-0@3", "orders-0@4"]);
    expect(w.of("ConsumerPositionSet")).toMatchObject([{ source: "committed", offset: 3, leaderEpoch: 0, generation: 1 }]);
    // With an epoch it is validated first (KIP-320).
    expect(w.requestsOf("OffsetForLeaderEpoch")[0]?.body.topics[0]?.partitions).toMatchObject([{ partition: 0, leaderEpoch: 0 }]);
    expect(w.requestsOf("ListOffsets")).toEqual([]);
  });

  test("by auto.offset.reset where nothing is committed", () => {
    const w = new GroupWorld({ partitions: 2, records: 2 });
    w.coordinator.committed.set("orders-1", { offset: 1, leaderEpoch: -1 });
    w.join("billing-1").runFor(seconds(1));
    expect([...w.member("billing-1").read].sort()).toEqual(["orders-0@0", "orders-0@1", "orders-1@1"]);
    expect(w.of("ConsumerPositionReset")).toMatchObject([{ partition: 0, reason: "initial", to: 0 }]);
  });

  test("nowhere without a reset policy: poll() throws", () => {
    const w = new GroupWorld({ records: 2 }).join("billing-1", { config: { "auto.offset.reset": "none" } }).runFor(seconds(1));
    expect(w.member("billing-1").log.at(-1)).toBe("threw NoOffsetForPartitionException");
  });

  test.each(["COORDINATOR_LOAD_IN_PROGRESS", "NOT_COORDINATOR", "UNSTABLE_OFFSET_COMMIT"] as const)(
    "%s: it is asked again, and not begun before",
    (error) => {
      const w = new GroupWorld({ records: 5 });
      w.coordinator.committed.set("orders-0", { offset: 3, leaderEpoch: -1 });
      w.cluster.answerWith("OffsetFetch", error, 3);
      w.join("billing-1").runFor(seconds(3));
      expect(w.member("billing-1").read).toEqual(["orders-0@3", "orders-0@4"]);
      expect(w.requestsOf("OffsetFetch")).toHaveLength(4);
      expect(w.requestsOf("OffsetFetch").every(({ body }) => body.requireStable && body.memberId === null)).toBe(true);
    },
  );
});

describe("auto-commit", () => {
  test("commits every auto.commit.interval.ms what poll() has returned, with the epoch of the last record", () => {
    const w = new GroupWorld({ records: 4 }).join("billing-1").runFor(seconds(12));
    const commits = w.requestsOf("OffsetCommit");
    expect(commits.map(({ body }) => body)).toMatchObject([
      {
        groupId: "billing",
        memberId: "billing-1-1",
        generationIdOrMemberEpoch: 1,
        topics: [{ name: "orders", partitions: [{ partitionIndex: 0, committedOffset: 4, committedLeaderEpoch: 0 }] }],
      },
      {},
    ]);
    expect((commits[1]?.at as number) - (commits[0]?.at as number)).toBe(seconds(5));
    expect(w.of("OffsetsCommitted").map(({ occasion }) => occasion)).toEqual(["auto", "auto"]);
  });

  test("counts the records of one poll() as done at the next: not while they are worked on", () => {
    const w = new GroupWorld({ records: 4 });
    w.join("billing-1", { config: { "max.poll.records": 2 }, handlerUs: seconds(7) }).runFor(seconds(6));
    expect(w.requestsOf("OffsetCommit")).toEqual([]);
    w.runFor(seconds(3));
    // Within the poll() that returns records 2 and 3.
    expect(w.requestsOf("OffsetCommit").map(({ body }) => body.topics[0]?.partitions[0]?.committedOffset)).toEqual([2]);
  });

  // ClassicKafkaConsumer.updateFetchPositions: positions are validated in poll(), and there after the commit.
  test("counts what was worked on while metadata told of another leader", () => {
    const w = new GroupWorld({ brokers: 2, records: 4 });
    const config = { "max.poll.records": 2, "metadata.max.age.ms": 2_000 };
    w.join("billing-1", { config, handlerUs: seconds(7) }).runFor(seconds(1));
    w.cluster.moveLeader("orders", 0, 2);
    w.runFor(seconds(8));
    expect(w.requestsOf("OffsetCommit").map(({ body }) => body.topics[0]?.partitions[0]?.committedOffset)).toEqual([2]);
    expect(w.requestsOf("OffsetForLeaderEpoch")[0]?.at).toBeGreaterThan(w.requestsOf("OffsetCommit")[0]?.at as number);
    w.runFor(seconds(8));
    expect(w.member("billing-1").read).toEqual([0, 1, 2, 3].map((at) => `orders-0@${at}`));
  });

  test("a failure that passes is followed by another commit after retry.backoff.ms", () => {
    const w = new GroupWorld({ records: 1 });
    w.cluster.answerWith("OffsetCommit", "COORDINATOR_LOAD_IN_PROGRESS");
    w.join("billing-1").runFor(seconds(6));
    const [first, second] = w.requestsOf("OffsetCommit");
    expect((second?.at as number) - (first?.at as number)).toBe(ms(100) + 2 * LATENCY_US);
    expect(w.of("OffsetCommitFailed")).toMatchObject([{ occasion: "auto", error: "COORDINATOR_LOAD_IN_PROGRESS" }]);
  });

  test("before a rebalance it is made again until it succeeds, and only then the partitions are given up", () => {
    const w = new GroupWorld({ records: 1 }).join("billing-1").runFor(seconds(1));
    w.cluster.answerWith("OffsetCommit", "COORDINATOR_LOAD_IN_PROGRESS", 3);
    w.coordinator.rebalance();
    w.runFor(seconds(4));
    expect(w.requestsOf("OffsetCommit").length).toBe(4);
    expect(w.of("OffsetsCommitted")).toMatchObject([{ occasion: "before-rebalance", at: w.of("PartitionsRevoked")[0]?.at }]);
  });

  // ConsumerCoordinator.onJoinPrepare runs in poll() only; KAFKA-18641 for members of KIP-848.
  test("before a rebalance it is made again within poll() only, so that nothing is committed that is still worked on", () => {
    const handlerUs = seconds(2);
    const w = new GroupWorld({ records: 10 });
    const config = { "partition.assignment.strategy": "cooperative-sticky", "max.poll.records": 1 };
    w.join("billing-1", { config, handlerUs }).runFor(seconds(1));
    w.cluster.answerWith("OffsetCommit", "COORDINATOR_LOAD_IN_PROGRESS", 2);
    w.coordinator.rebalance();
    w.runFor(seconds(12));
    const commits = w.requestsOf("OffsetCommit");
    expect(w.of("OffsetCommitFailed")).toMatchObject([{ occasion: "before-rebalance" }, { occasion: "before-rebalance" }]);
    expect(commits.length).toBeGreaterThan(2);
    for (const { at, body } of commits) {
      const committed = body.topics[0]?.partitions[0]?.committedOffset;
      const read = w.of("RecordsRead").find(({ nextPosition }) => nextPosition === committed)?.at ?? 0;
      expect(at - read).toBeGreaterThanOrEqual(handlerUs);
    }
  });

  test("before a rebalance it is waited for no longer than the rebalance may take", () => {
    const w = new GroupWorld({ records: 1 }).join("billing-1", { config: { "max.poll.interval.ms": 6_000 } }).runFor(seconds(1));
    w.coordinator.delays.set("OffsetCommit", seconds(20));
    w.coordinator.rebalance();
    w.runFor(seconds(12));
    const heartbeat = w.requestsOf("Heartbeat")[0]?.at as number;
    expect(w.of("PartitionsRevoked")[0]?.at).toBe(heartbeat + LATENCY_US + seconds(6));
  });

  test("the members of a group of which one leaves go on where it was", () => {
    const w = new GroupWorld({ partitions: 2, records: 3 });
    w.coordinator.waitsFor = 2;
    w.join("billing-1").join("billing-2").runFor(seconds(2));
    w.cluster.world.requestShutdown("billing-1");
    w.runFor(seconds(5));
    const read = [...w.member("billing-1").read, ...w.member("billing-2").read];
    expect([...read].sort()).toEqual(["orders-0@0", "orders-0@1", "orders-0@2", "orders-1@0", "orders-1@1", "orders-1@2"]);
  });
});

describe("commitSync", () => {
  test.each(["COORDINATOR_LOAD_IN_PROGRESS", "NOT_COORDINATOR", "UNKNOWN_TOPIC_OR_PARTITION", "REQUEST_TIMED_OUT"] as const)(
    "is made again after %s",
    (error) => {
      const w = new GroupWorld({ records: 2 });
      w.cluster.answerWith("OffsetCommit", error, 2);
      w.join("billing-1", { config: BY_HAND, commits: "sync" }).runFor(seconds(3));
      expect(w.member("billing-1").log).toEqual(["assigned orders-0", "commit sync orders-0@2 NONE"]);
      expect(w.requestsOf("OffsetCommit")).toHaveLength(3);
      const lookups = error === "NOT_COORDINATOR" || error === "REQUEST_TIMED_OUT" ? 3 : 1;
      expect(w.requestsOf("FindCoordinator").length).toBeGreaterThanOrEqual(lookups);
    },
  );

  test("is given up after default.api.timeout.ms", () => {
    const w = new GroupWorld({ records: 2 });
    w.cluster.answerWith("OffsetCommit", "COORDINATOR_LOAD_IN_PROGRESS", 1_000);
    w.join("billing-1", { config: { ...BY_HAND, "default.api.timeout.ms": 5_000 }, commits: "sync" }).runFor(seconds(7));
    expect(w.member("billing-1").log.at(-1)).toBe("commit sync orders-0@2 TIMEOUT");
    const [failed] = w.of("OffsetCommitFailed");
    expect(failed).toMatchObject({ error: "TIMEOUT", at: (w.of("RecordsRead")[0]?.at as number) + seconds(5) });
  });

  test("of somebody who is out of the group fails, and costs the partitions", () => {
    const w = new GroupWorld({ records: 2 });
    const options = { config: { ...BY_HAND, "heartbeat.interval.ms": 30_000 }, commits: "sync", handlerUs: seconds(2) } as const;
    w.join("billing-1", options).runFor(seconds(1));
    w.coordinator.expel("billing-1");
    w.runFor(seconds(3));
    expect(w.member("billing-1").log.slice(0, 3)).toEqual([
      "assigned orders-0",
      "commit sync orders-0@2 UNKNOWN_MEMBER_ID",
      "lost orders-0",
    ]);
  });

  test("of an old generation fails; the member id is kept", () => {
    const w = new GroupWorld({ records: 2 });
    w.cluster.answerWith("OffsetCommit", "ILLEGAL_GENERATION");
    w.join("billing-1", { config: BY_HAND, commits: "sync" }).runFor(seconds(1));
    expect(w.member("billing-1").log.slice(0, 3)).toEqual([
      "assigned orders-0",
      "commit sync orders-0@2 ILLEGAL_GENERATION",
      "lost orders-0",
    ]);
    expect(w.requestsOf("JoinGroup").at(-1)?.body.memberId).toBe("billing-1-1");
  });

  test("in the middle of a rebalance fails, and asks for a poll() that ends it", () => {
    const w = new GroupWorld({ records: 2 });
    w.cluster.answerWith("OffsetCommit", "REBALANCE_IN_PROGRESS");
    w.join("billing-1", { config: BY_HAND, commits: "sync" }).runFor(seconds(1));
    expect(w.member("billing-1").log.slice(0, 4)).toEqual([
      "assigned orders-0",
      "commit sync orders-0@2 REBALANCE_IN_PROGRESS",
      "revoked orders-0",
      "assigned orders-0",
    ]);
    expect(w.of("ConsumerLeft")).toEqual([]);
  });
});

describe("commitAsync", () => {
  test("is not made again; its callback comes within a later poll()", () => {
    const w = new GroupWorld({ records: 2 });
    w.cluster.answerWith("OffsetCommit", "COORDINATOR_LOAD_IN_PROGRESS");
    w.join("billing-1", { config: BY_HAND, commits: "async" }).runFor(seconds(2));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0", "commit async orders-0@2 COORDINATOR_LOAD_IN_PROGRESS"]);
    expect(w.requestsOf("OffsetCommit")).toHaveLength(1);
  });

  test("refused with FENCED_INSTANCE_ID makes the next poll() throw (KIP-345)", () => {
    const w = new GroupWorld({ records: 2 });
    w.cluster.answerWith("OffsetCommit", "FENCED_INSTANCE_ID");
    w.join("billing-1", { config: BY_HAND, commits: "async", groupInstanceId: "till" }).runFor(seconds(2));
    expect(w.member("billing-1").log.at(-1)).toBe("threw FencedInstanceIdException");
  });
});

describe("KAFKA-14196: client.stopFetchingBeforeRevoke", () => {
  /** New records arrive while the commit before an eager rebalance takes three seconds. */
  function slowCommit(stopFetchingBeforeRevoke: boolean): GroupWorld {
    const w = new GroupWorld({ records: 10, dials: { "client.stopFetchingBeforeRevoke": stopFetchingBeforeRevoke } });
    w.join("billing-1").runFor(seconds(1));
    w.coordinator.delays.set("OffsetCommit", seconds(3));
    w.coordinator.rebalance();
    w.runFor(seconds(3));
    w.append(0, 5);
    return w.runFor(seconds(5));
  }

  test("off: poll() goes on returning records that the commit does not cover, and the next owner reads them again", () => {
    const w = slowCommit(false);
    expect(w.member("billing-1").log).toEqual(["assigned orders-0", "revoked orders-0", "assigned orders-0"]);
    expect(w.of("OffsetsCommitted")[0]).toMatchObject({ occasion: "before-rebalance", offsets: [{ offset: 10 }] });
    expect(w.member("billing-1").read.slice(10, 20)).toEqual(
      [10, 11, 12, 13, 14, 10, 11, 12, 13, 14].map((at) => `orders-0@${at}`),
    );
  });

  test("on: what waits to be revoked is neither fetched nor handed over", () => {
    const w = slowCommit(true);
    expect(w.member("billing-1").read.slice(10)).toEqual([10, 11, 12, 13, 14].map((at) => `orders-0@${at}`));
  });
});

describe("KAFKA-14024: client.trackInflightPreJoinCommit", () => {
  /** A commit takes two seconds; fetches are answered twice a second. */
  function slowCommit(trackInflightPreJoinCommit: boolean): GroupWorld {
    const w = new GroupWorld({ records: 10, dials: { "client.trackInflightPreJoinCommit": trackInflightPreJoinCommit } });
    w.join("billing-1", { config: { "partition.assignment.strategy": "cooperative-sticky" } }).runFor(seconds(1));
    w.coordinator.delays.set("OffsetCommit", seconds(2));
    w.coordinator.rebalance();
    return w.runFor(seconds(20));
  }

  test("off: each poll() begins another commit, and the member never joins", () => {
    const w = slowCommit(false);
    expect(w.requestsOf("JoinGroup")).toHaveLength(2);
    expect(w.requestsOf("OffsetCommit").length).toBeGreaterThan(3);
    expect(w.coordinator.state).toBe("PreparingRebalance");
  });

  test("on: one commit is waited for over many of them", () => {
    const w = slowCommit(true);
    expect(w.requestsOf("JoinGroup")).toHaveLength(3);
    expect(w.of("OffsetsCommitted").filter(({ occasion }) => occasion === "before-rebalance")).toHaveLength(1);
    expect(w.coordinator.state).toBe("Stable");
  });
});

test("the state of a member is data: a fork taken in the middle of a rebalance goes on exactly as the original", () => {
  const w = new GroupWorld({ partitions: 4, records: 20 });
  w.join("billing-1", { handlerUs: ms(300), config: { "max.poll.records": 3 }, callbackUs: { onPartitionsRevoked: ms(50) } });
  w.runFor(seconds(1))
    .join("billing-2", { handlerUs: ms(200) })
    .runFor(ms(2_040));
  w.cluster.world.observer = undefined;
  const { world } = forkOf({ world: w.cluster.world });
  world.runUntil(seconds(20));
  w.cluster.world.runUntil(seconds(20));
  expect(world.trace.hash()).toEqual(w.cluster.world.trace.hash());
});
