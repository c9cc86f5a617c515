/**
 * Members of groups of KIP-848, against a coordinator that does what the test says. Source of the rules: clients.md 6;
 * AbstractMembershipManager, ConsumerMembershipManager, AbstractHeartbeatRequestManager, ConsumerHeartbeatRequestManager.
 */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import type { ErrorCode } from "../../../src/kafka/errors.ts";
import { nodeName } from "../client/scripted-cluster.ts";
import { byTopicId, ConsumerGroupWorld, INTERVAL_MS } from "./consumer-group-world.ts";

const MANUAL = { "enable.auto.commit": false };

describe("heartbeats", () => {
  test("a member chooses its id and joins with epoch 0, telling all; what it owns it acknowledges at once", () => {
    const w = new ConsumerGroupWorld().assign("billing-1", "orders-1 orders-0", false);
    w.join("billing-1").runFor(ms(500));
    const [joins, acknowledges, ...more] = w.heartbeats();
    expect(joins).toMatchObject({
      memberEpoch: 0,
      instanceId: null,
      rebalanceTimeoutMs: 300_000,
      subscribedTopicNames: ["orders"],
      serverAssignor: "uniform",
      topicPartitions: [],
    });
    expect(joins?.memberId).toMatch(/^billing-1-[A-Za-z0-9_-]{22}$/);
    expect(acknowledges).toMatchObject({ memberEpoch: 1, topicPartitions: byTopicId("orders-0 orders-1") });
    expect(acknowledges).toMatchObject({ rebalanceTimeoutMs: -1, subscribedTopicNames: null, serverAssignor: null });
    expect(more).toEqual([]);
    expect(w.member("billing-1").log).toEqual(["assigned orders-0 orders-1"]);
    const { memberId: member } = joins ?? {};
    expect(w.of("ConsumerJoined")).toMatchObject([{ member, generation: 1, protocol: "consumer", leader: false }]);
    expect(w.of("PartitionsAssigned")).toMatchObject([{ member, generation: 1, owned: [{ partition: 0 }, { partition: 1 }] }]);
  });

  test("then it says that it lives, as often as the coordinator wants, and nothing else while nothing changes", () => {
    const w = new ConsumerGroupWorld().assign("billing-1", "orders-0", false).join("billing-1").runFor(seconds(10));
    const [, acknowledged, ...regular] = w.heartbeats();
    expect(regular.length).toBeGreaterThanOrEqual(8);
    for (const [index, { at, ...beat }] of regular.entries()) {
      expect(at - (acknowledged?.at as number)).toBe((index + 1) * ms(INTERVAL_MS));
      expect(beat).toMatchObject({ memberEpoch: 1, topicPartitions: null, subscribedTopicNames: null, serverAssignor: null });
    }
  });

  test("one without partitions is told so, and acknowledges that, too: onPartitionsAssigned is called about nothing", () => {
    const w = new ConsumerGroupWorld().join("billing-1").runFor(ms(500));
    expect(w.member("billing-1").log).toEqual(["assigned"]);
    expect(w.heartbeats().map(({ topicPartitions }) => topicPartitions)).toEqual([[], []]);
  });

  test("only one is unanswered at a time, however much there is to say", () => {
    const w = new ConsumerGroupWorld().assign("billing-1", "orders-0", false);
    w.delays.set("ConsumerGroupHeartbeat", ms(700));
    w.join("billing-1").runFor(seconds(2));
    w.assign("billing-1", "orders-0 orders-1").runFor(seconds(10));
    const at = w.heartbeats().map((beat) => beat.at);
    expect(at.length).toBeGreaterThan(5);
    for (const [index, each] of at.entries()) if (index > 0) expect(each - (at[index - 1] as number)).toBeGreaterThan(ms(700));
  });

  test("when the coordinator moves the member asks where to, and tells the new one everything at once", () => {
    const w = new ConsumerGroupWorld({ brokers: 2 }).assign("billing-1", "orders-0", false).join("billing-1").runFor(seconds(2));
    w.broker = 2;
    w.runFor(seconds(2));
    const to = w.requestsOf("ConsumerGroupHeartbeat").filter(({ broker }) => broker === 2);
    expect(to[0]?.body).toMatchObject({
      memberEpoch: 1,
      subscribedTopicNames: ["orders"],
      topicPartitions: byTopicId("orders-0"),
    });
    expect(to[1]?.body).toMatchObject({ subscribedTopicNames: null, topicPartitions: null });
    expect(w.member("billing-1").log).toEqual(["assigned orders-0"]);
  });

  test("while the coordinator loads, it rests between heartbeats", () => {
    const w = new ConsumerGroupWorld().fail("ConsumerGroupHeartbeat", "COORDINATOR_LOAD_IN_PROGRESS", 4);
    w.assign("billing-1", "orders-0", false).join("billing-1").runFor(seconds(5));
    const at = w.heartbeats().map((beat) => beat.at);
    for (let i = 1; i <= 4; i++) expect((at[i] as number) - (at[i - 1] as number)).toBeGreaterThanOrEqual(ms(80));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0"]);
  });

  test("a coordinator that does not answer is looked up anew, and told everything", () => {
    const w = new ConsumerGroupWorld({ brokers: 2 });
    w.assign("billing-1", "orders-0", false)
      .join("billing-1", { config: { "request.timeout.ms": 2_000 } })
      .runFor(seconds(2));
    w.cluster.world.crash(nodeName(1));
    w.broker = 2;
    w.runFor(seconds(10));
    const to = w.requestsOf("ConsumerGroupHeartbeat").filter(({ broker }) => broker === 2);
    expect(to[0]?.body).toMatchObject({
      memberEpoch: 1,
      subscribedTopicNames: ["orders"],
      topicPartitions: byTopicId("orders-0"),
    });
  });

  test("a rack is told with the first heartbeat (KIP-881)", () => {
    const w = new ConsumerGroupWorld().join("billing-1", { config: { "client.rack": "a" } }).runFor(seconds(3));
    expect(w.heartbeats().map(({ rackId }) => rackId)).toEqual(["a", null, null, null]);
  });
});

describe("reconciliation", () => {
  test("auto-commit, then onPartitionsRevoked, then onPartitionsAssigned, then the acknowledgement", () => {
    const w = new ConsumerGroupWorld({ records: 2 }).assign("billing-1", "orders-0 orders-1", false);
    w.join("billing-1", { callbackUs: { onPartitionsRevoked: ms(20), onPartitionsAssigned: ms(30) } }).runFor(seconds(2));
    w.assign("billing-1", "orders-1 orders-2").runFor(seconds(2));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0 orders-1", "revoked orders-0", "assigned orders-2"]);
    const kinds = ["OffsetsCommitted", "PartitionsRevoked", "PartitionsAssigned"] as const;
    expect(w.story(...kinds).slice(1)).toEqual(kinds);
    const [commit] = w.of("OffsetsCommitted");
    expect(commit).toMatchObject({ occasion: "before-rebalance", generation: 2 });
    const revoked = w.of("PartitionsRevoked")[0];
    expect(revoked).toMatchObject({ at: (commit?.at as number) + ms(20), owned: [{ partition: 1 }] });
    const [, assigned] = w.of("PartitionsAssigned");
    expect(assigned).toMatchObject({
      at: revoked?.at,
      partitions: [{ partition: 2 }],
      owned: [{ partition: 1 }, { partition: 2 }],
    });
    const acknowledgement = w.heartbeats().find(({ topicPartitions }) => topicPartitions?.[0]?.partitions.join() === "1,2");
    expect(acknowledgement?.at).toBe((assigned?.at as number) + ms(30) + ms(1));
  });

  test("an auto-commit is made when the one before is answered, however long that takes (CommitRequestManager.AutoCommitState)", () => {
    const w = new ConsumerGroupWorld({ partitions: 1, records: 1 }).assign("billing-1", "orders-0", false);
    w.delays.set("OffsetCommit", seconds(12));
    w.join("billing-1").runFor(seconds(40));
    const commits = w.requestsOf("OffsetCommit").map(({ at }) => at);
    expect(commits.slice(1).every((at, i) => at - (commits[i] as number) > seconds(12))).toBe(true);
    expect(commits.length).toBe(3);
  });

  // CommitRequestManager.autoCommitSyncBeforeRebalanceWithRetries: else the revocation would not end in time.
  test.each([
    ["UNKNOWN_TOPIC_OR_PARTITION", 1],
    ["COORDINATOR_LOAD_IN_PROGRESS", 2],
    ["STALE_MEMBER_EPOCH", 2],
  ] as const)("an auto-commit that is refused with %s is made %i time(s) before partitions are revoked", (error, times) => {
    const w = new ConsumerGroupWorld({ records: 2 }).assign("billing-1", "orders-0 orders-1", false);
    w.join("billing-1").runFor(seconds(2));
    w.fail("OffsetCommit", error).assign("billing-1", "orders-1").runFor(seconds(2));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0 orders-1", "revoked orders-0", "assigned"]);
    expect(w.cluster.requestsOf("OffsetCommit")).toHaveLength(times);
  });

  test("what is about to be revoked is read no further, not even while the commit is under way", () => {
    const w = new ConsumerGroupWorld({ records: 1 }).assign("billing-1", "orders-0 orders-1", false);
    w.join("billing-1").runFor(seconds(2));
    w.delays.set("OffsetCommit", ms(1_500));
    w.assign("billing-1", "orders-1").runFor(ms(300));
    w.append(0, 1);
    w.append(1, 1);
    w.runFor(seconds(1));
    expect(w.of("PartitionsRevoked")).toEqual([]);
    expect(w.member("billing-1").read).toEqual(["orders-0@0", "orders-1@0", "orders-1@1"]);
    w.runFor(seconds(2));
    expect(w.committed.get("orders-0")).toBe(1);
    expect(w.of("PartitionsRevoked")).toHaveLength(1);
  });

  test("while a callback takes its time heartbeats go on, and acknowledge nothing", () => {
    const w = new ConsumerGroupWorld().assign("billing-1", "orders-0 orders-1", false);
    w.join("billing-1", { callbackUs: { onPartitionsRevoked: seconds(5) } }).runFor(seconds(2));
    const before = w.heartbeats().length;
    w.assign("billing-1", "orders-1").runFor(seconds(5));
    const during = w.heartbeats().slice(before);
    expect(during.length).toBeGreaterThanOrEqual(4);
    for (const { topicPartitions, memberEpoch } of during.slice(1)) expect([topicPartitions, memberEpoch]).toEqual([null, 2]);
    w.runFor(seconds(2));
    expect(w.heartbeats().some(({ topicPartitions }) => topicPartitions?.[0]?.partitions.join() === "1")).toBe(true);
  });

  test("another assignment that comes meanwhile waits until the first is acknowledged", () => {
    const w = new ConsumerGroupWorld().assign("billing-1", "orders-0", false);
    w.join("billing-1", { callbackUs: { onPartitionsRevoked: seconds(3) } }).runFor(seconds(2));
    w.assign("billing-1", "orders-1").runFor(ms(1_500));
    w.assign("billing-1", "orders-2").runFor(seconds(10));
    expect(w.member("billing-1").log).toEqual([
      "assigned orders-0",
      "revoked orders-0",
      "assigned orders-1",
      "revoked orders-1",
      "assigned orders-2",
    ]);
    const named = w.heartbeats().flatMap(({ topicPartitions }) => topicPartitions ?? []);
    expect(named.map(({ partitions }) => partitions.join())).toEqual(["0", "1", "2"]);
  });

  test("a member that commits by itself reconciles inside poll() only: what it has returned last is then done with", () => {
    const w = new ConsumerGroupWorld({ records: 1 }).assign("billing-1", "orders-0 orders-1", false);
    w.join("billing-1", { handlerUs: seconds(4) }).runFor(seconds(1));
    const reader = w.member("billing-1");
    expect(reader.read).toEqual(["orders-0@0", "orders-1@0"]);
    w.assign("billing-1", "orders-1").runFor(seconds(2));
    expect([w.requestsOf("OffsetCommit"), reader.log]).toEqual([[], ["assigned orders-0 orders-1"]]);
    w.runFor(seconds(2));
    expect(w.committed.get("orders-0")).toBe(1);
    expect(reader.log).toEqual(["assigned orders-0 orders-1", "revoked orders-0", "assigned"]);
  });

  test("one that does not stops reading at once, but is called back inside poll() only", () => {
    const w = new ConsumerGroupWorld({ records: 1 }).assign("billing-1", "orders-0 orders-1", false);
    w.join("billing-1", { handlerUs: seconds(4), config: { ...MANUAL, "max.poll.records": 1 } }).runFor(seconds(1));
    w.assign("billing-1", "orders-1").runFor(seconds(2));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0 orders-1"]);
    w.runFor(seconds(4));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0 orders-1", "revoked orders-0", "assigned"]);
  });

  test("a topic that is known by its id only waits for metadata, and what is known does not wait for it", () => {
    const w = new ConsumerGroupWorld().assign("billing-1", "orders-0 payments-0", false);
    w.join("billing-1", { topics: ["orders", "payments"] }).runFor(seconds(3));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0"]);
    // It says what it owns, and goes on in its own time.
    expect(w.heartbeats().length).toBeLessThan(7);
    w.cluster.createTopic("payments", 1);
    w.runFor(seconds(3));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0", "assigned payments-0"]);
    expect(w.heartbeats().at(-1)?.memberEpoch).toBe(1);
    const owned = w.heartbeats().flatMap(({ topicPartitions }) => (topicPartitions === null ? [] : [topicPartitions]));
    expect(owned.at(-1)).toEqual(byTopicId("orders-0 payments-0"));
  });

  test("a commit that fails for a passing reason is made again, with STALE_MEMBER_EPOCH, too, and only then is anything revoked", () => {
    const w = new ConsumerGroupWorld({ records: 1 }).assign("billing-1", "orders-0", false).join("billing-1").runFor(seconds(2));
    w.fail("OffsetCommit", "COORDINATOR_LOAD_IN_PROGRESS").fail("OffsetCommit", "STALE_MEMBER_EPOCH", 2);
    w.assign("billing-1", "orders-1").runFor(seconds(3));
    expect(w.requestsOf("OffsetCommit")).toHaveLength(4);
    expect(w.story("OffsetCommitFailed", "OffsetsCommitted", "PartitionsRevoked")).toEqual([
      "OffsetCommitFailed",
      "OffsetCommitFailed",
      "OffsetCommitFailed",
      "OffsetsCommitted",
      "PartitionsRevoked",
    ]);
    expect(w.committed.get("orders-0")).toBe(1);
  });

  test("one that fails for good is left, and so is one that does not succeed within max.poll.interval.ms", () => {
    const w = new ConsumerGroupWorld({ records: 1 }).assign("billing-1", "orders-0", false);
    w.join("billing-1", { config: { "max.poll.interval.ms": 3_000 } }).runFor(seconds(2));
    w.fail("OffsetCommit", "UNKNOWN_MEMBER_ID").assign("billing-1", "orders-1").runFor(seconds(2));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0", "revoked orders-0", "assigned orders-1"]);
    w.fail("OffsetCommit", "COORDINATOR_LOAD_IN_PROGRESS", 1_000).assign("billing-1", "orders-2").runFor(seconds(2));
    expect(w.member("billing-1").log).toHaveLength(3);
    w.runFor(seconds(3));
    expect(w.member("billing-1").log.slice(3)).toEqual(["revoked orders-1", "assigned orders-2"]);
  });

  test("new partitions begin where the group has committed, asked for with the member's epoch", () => {
    const w = new ConsumerGroupWorld({ records: 5 }).assign("billing-1", "orders-0 orders-1", false);
    w.committed.set("orders-0", 3);
    w.join("billing-1").runFor(seconds(1));
    expect(w.requestsOf("OffsetFetch")[0]?.body).toMatchObject({ memberId: w.heartbeats()[0]?.memberId, memberEpoch: 1 });
    const read = w.member("billing-1").read.filter((each) => each.startsWith("orders-0"));
    expect(read).toEqual(["orders-0@3", "orders-0@4"]);
    expect(w.of("ConsumerPositionSet")).toMatchObject([{ source: "committed", partition: 0, offset: 3 }]);
  });
});

describe("fencing", () => {
  test.each<ErrorCode>(["FENCED_MEMBER_EPOCH", "UNKNOWN_MEMBER_ID"])(
    "after %s it gives all up by onPartitionsLost, without a commit, and joins anew with epoch 0 under its old id",
    (error) => {
      const w = new ConsumerGroupWorld({ records: 1 }).assign("billing-1", "orders-0 orders-1", false);
      w.join("billing-1").runFor(seconds(2));
      w.fail("ConsumerGroupHeartbeat", error).runFor(seconds(2));
      expect(w.member("billing-1").log).toEqual([
        "assigned orders-0 orders-1",
        "lost orders-0 orders-1",
        "assigned orders-0 orders-1",
      ]);
      expect(w.requestsOf("OffsetCommit")).toEqual([]);
      expect(w.story("ConsumerJoined", "ConsumerLeft", "PartitionsLost", "PartitionsAssigned")).toEqual([
        "ConsumerJoined",
        "PartitionsAssigned",
        "ConsumerLeft",
        "PartitionsLost",
        "ConsumerJoined",
        "PartitionsAssigned",
      ]);
      expect(w.of("ConsumerLeft")).toMatchObject([{ reason: error, generation: 1 }]);
      expect(w.of("ConsumerJoined").map(({ generation }) => generation)).toEqual([1, 2]);
      const joins = w.heartbeats().filter(({ memberEpoch }) => memberEpoch === 0);
      expect(joins).toHaveLength(2);
      expect(joins[1]).toMatchObject({ memberId: joins[0]?.memberId, topicPartitions: [], subscribedTopicNames: ["orders"] });
    },
  );

  test("while the application works, it does not know: it is told in its next poll(), and no heartbeat goes out before", () => {
    const w = new ConsumerGroupWorld({ records: 1 }).assign("billing-1", "orders-0", false);
    w.join("billing-1", { handlerUs: seconds(5) }).runFor(seconds(1));
    w.fail("ConsumerGroupHeartbeat", "UNKNOWN_MEMBER_ID").runFor(seconds(3));
    const fencedAt = w.of("ConsumerLeft")[0]?.at as number;
    expect(w.member("billing-1").log).toEqual(["assigned orders-0"]);
    expect(w.heartbeats().filter(({ at }) => at > fencedAt)).toEqual([]);
    w.runFor(seconds(3));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0", "lost orders-0", "assigned orders-0"]);
  });

  test("fenced within onPartitionsRevoked it goes on with nothing of that: all is lost, then it joins anew", () => {
    const w = new ConsumerGroupWorld().assign("billing-1", "orders-0 orders-1", false);
    w.join("billing-1", { callbackUs: { onPartitionsRevoked: seconds(4) } }).runFor(seconds(2));
    w.assign("billing-1", "orders-1 orders-2").runFor(ms(1_500));
    w.fail("ConsumerGroupHeartbeat", "FENCED_MEMBER_EPOCH").runFor(seconds(8));
    expect(w.member("billing-1").log).toEqual([
      "assigned orders-0 orders-1",
      "revoked orders-0",
      "lost orders-1",
      "assigned orders-1 orders-2",
    ]);
    expect(w.of("ConsumerLeft")).toHaveLength(1);
  });

  test.each<[ErrorCode, string]>([
    ["UNRELEASED_INSTANCE_ID", "UnreleasedInstanceIdException"],
    ["FENCED_INSTANCE_ID", "FencedInstanceIdException"],
    ["UNSUPPORTED_ASSIGNOR", "UnsupportedAssignorException"],
    ["GROUP_MAX_SIZE_REACHED", "GroupMaxSizeReachedException"],
    ["UNSUPPORTED_VERSION", "UnsupportedVersionException"],
  ])("%s ends the member for good: poll() throws %s", (error, exception) => {
    const w = new ConsumerGroupWorld().assign("billing-1", "orders-0", false);
    w.join("billing-1", { groupInstanceId: "one", survivesExceptions: true }).runFor(seconds(2));
    const before = w.heartbeats().length;
    w.fail("ConsumerGroupHeartbeat", error).runFor(seconds(5));
    expect(w.member("billing-1").log.toSorted()).toEqual(["assigned orders-0", "lost orders-0", `threw ${exception}`]);
    expect(w.heartbeats()).toHaveLength(before + 1);
    expect(w.of("ConsumerLeft")).toMatchObject([{ reason: error }]);
  });

  test("a commit that comes with an epoch of the past fails (CommitFailedException), and the member goes on", () => {
    const w = new ConsumerGroupWorld({ records: 1 }).fail("OffsetCommit", "STALE_MEMBER_EPOCH");
    w.assign("billing-1", "orders-0", false).join("billing-1", { commits: "sync", config: MANUAL }).runFor(seconds(2));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0", "commit sync orders-0@1 STALE_MEMBER_EPOCH"]);
    expect(w.requestsOf("OffsetCommit")[0]?.body).toMatchObject({ generationIdOrMemberEpoch: 1 });
    w.append(0, 1);
    w.runFor(seconds(2));
    expect(w.member("billing-1").log.at(-1)).toBe("commit sync orders-0@2 NONE");
  });
});

describe("leaving", () => {
  test.each([
    ["a dynamic member", undefined, -1],
    ["a static member", "one", -2],
  ])(
    "after max.poll.interval.ms without poll() %s says goodbye, and joins anew with the next poll()",
    (_, groupInstanceId, epoch) => {
      const w = new ConsumerGroupWorld({ records: 1 }).assign("billing-1", "orders-0", false);
      const config = { "max.poll.interval.ms": 3_000 };
      w.join("billing-1", { handlerUs: seconds(8), config, ...(groupInstanceId !== undefined && { groupInstanceId }) });
      w.runFor(seconds(6));
      const [polled] = w.of("RecordsRead");
      const [left] = w.of("ConsumerLeft");
      expect(left).toMatchObject({ reason: "max.poll.interval.ms", at: (polled?.at as number) + seconds(3) });
      expect(w.heartbeats().at(-1)).toMatchObject({ memberEpoch: epoch, at: (left?.at as number) + ms(1) });
      expect(w.member("billing-1").log).toEqual(["assigned orders-0"]);
      w.runFor(seconds(6));
      expect(w.member("billing-1").log.slice(0, 3)).toEqual(["assigned orders-0", "lost orders-0", "assigned orders-0"]);
      expect(w.of("ConsumerJoined")).toHaveLength(2);
    },
  );

  test("a callback that takes longer than max.poll.interval.ms costs the membership, too", () => {
    const w = new ConsumerGroupWorld().assign("billing-1", "orders-0 orders-1", false);
    const config = { ...MANUAL, "max.poll.interval.ms": 3_000 };
    w.join("billing-1", { callbackUs: { onPartitionsRevoked: seconds(5) }, config }).runFor(seconds(2));
    w.assign("billing-1", "orders-1").runFor(seconds(10));
    expect(w.of("ConsumerLeft")).toMatchObject([{ reason: "max.poll.interval.ms" }]);
    expect(w.member("billing-1").log).toEqual([
      "assigned orders-0 orders-1",
      "revoked orders-0",
      "lost orders-1",
      "assigned orders-1",
    ]);
  });

  test("it stays as long as the application is inside poll(), however long nothing comes", () => {
    const w = new ConsumerGroupWorld().assign("billing-1", "orders-0", false);
    w.join("billing-1", { config: { "max.poll.interval.ms": 3_000 } }).runFor(seconds(20));
    expect(w.of("ConsumerLeft")).toEqual([]);
  });

  test.each([
    ["a dynamic member", undefined, -1],
    ["a static member", "one", -2],
  ])("%s that closes commits, gives up what it owns, and says goodbye", (_, groupInstanceId, epoch) => {
    const w = new ConsumerGroupWorld({ records: 1 }).assign("billing-1", "orders-0", false);
    w.join("billing-1", groupInstanceId === undefined ? {} : { groupInstanceId }).runFor(seconds(2));
    w.cluster.world.requestShutdown("billing-1");
    w.runFor(seconds(2));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0", "revoked orders-0", "closed"]);
    expect(w.story("OffsetsCommitted", "PartitionsRevoked", "ConsumerLeft")).toEqual([
      "OffsetsCommitted",
      "PartitionsRevoked",
      "ConsumerLeft",
    ]);
    expect(w.of("OffsetsCommitted")).toMatchObject([{ occasion: "close" }]);
    expect(w.of("ConsumerLeft")).toMatchObject([{ reason: "closed" }]);
    expect(w.heartbeats().at(-1)).toMatchObject({ memberEpoch: epoch });
  });

  test("without a coordinator it closes without a goodbye", () => {
    const w = new ConsumerGroupWorld({ brokers: 2 }).assign("billing-1", "orders-0", false);
    w.join("billing-1", { config: { ...MANUAL, "request.timeout.ms": 1_000 } }).runFor(seconds(2));
    w.cluster.world.crash(nodeName(1));
    w.broker = 0;
    w.runFor(seconds(5));
    w.cluster.world.requestShutdown("billing-1");
    w.runFor(seconds(1));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0", "revoked orders-0", "closed"]);
    expect(w.of("ConsumerLeft")).toMatchObject([{ reason: "closed" }]);
  });
});
