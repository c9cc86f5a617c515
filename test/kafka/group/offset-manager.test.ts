import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import { ClusterWorld, OFFSETS } from "./cluster-world.ts";

function begin(options: ConstructorParameters<typeof ClusterWorld>[0] = {}): { c: ClusterWorld; coordinator: number } {
  const c = new ClusterWorld(options).createTopic("orders", 3);
  const coordinator = c.coordinator();
  // Followers that heard of the topic before its leaders did rest before they fetch again.
  c.runFor(seconds(2));
  return { c, coordinator };
}

describe("commits (5.4)", () => {
  test("a consumer that is no member commits, and reads what it committed; the last commit wins", () => {
    const { c, coordinator } = begin();
    expect(c.fetch(coordinator)).toBe(-1);
    expect(c.commit(coordinator, { offset: 10 })).toBe("NONE");
    expect(c.commit(coordinator, { offset: 5, epoch: 3, metadata: "note" })).toBe("NONE");
    expect(c.fetch(coordinator)).toBe(5);
    expect(c.of("GroupOffsetChanged")).toMatchObject([
      { group: "billing", topic: "orders", partition: 0, offset: 10, member: "", generation: -1, broker: coordinator },
      { offset: 5, leaderEpoch: 3 },
    ]);
  });

  test("a fetch without topics tells all that is committed, with epoch and metadata; one that names topics -1 where nothing is", () => {
    const { c, coordinator } = begin();
    c.commit(coordinator, { offset: 10, epoch: 2, metadata: "a" });
    c.commit(coordinator, { partition: 2, offset: 20 });
    const all = c.sendFetch(coordinator, "billing", { all: true });
    c.runFor(ms(50));
    expect(c.fetchAnswer(all)?.topics).toEqual([
      {
        name: "orders",
        partitions: [
          { partitionIndex: 0, errorCode: "NONE", committedOffset: 10, committedLeaderEpoch: 2, metadata: "a" },
          { partitionIndex: 2, errorCode: "NONE", committedOffset: 20, committedLeaderEpoch: 0, metadata: "" },
        ],
      },
    ]);
    const body = { groupId: "billing", memberId: null, memberEpoch: -1, requireStable: true };
    const some = c.ask(coordinator, "OffsetFetch", { ...body, topics: [{ name: "orders", partitionIndexes: [1, 2] }] });
    expect(some?.topics[0]?.partitions).toMatchObject([
      { partitionIndex: 1, committedOffset: -1, committedLeaderEpoch: -1, metadata: "", errorCode: "NONE" },
      { partitionIndex: 2, committedOffset: 20 },
    ]);
  });

  test("each partition gets its own answer: UNKNOWN_TOPIC_OR_PARTITION, OFFSET_METADATA_TOO_LARGE, and the rest is written", () => {
    const { c, coordinator } = begin({ config: { "offset.metadata.max.bytes": 4 } });
    const partition = (partitionIndex: number, committedMetadata: string) => ({
      partitionIndex,
      committedOffset: 7,
      committedLeaderEpoch: 0,
      committedMetadata,
    });
    const answer = c.ask(coordinator, "OffsetCommit", {
      groupId: "billing",
      generationIdOrMemberEpoch: -1,
      memberId: "",
      groupInstanceId: null,
      topics: [
        { name: "orders", partitions: [partition(0, "1234"), partition(1, "12345"), partition(9, "")] },
        { name: "nowhere", partitions: [partition(0, "")] },
      ],
    });
    expect(answer?.topics.map(({ partitions }) => partitions.map(({ errorCode }) => errorCode))).toEqual([
      ["NONE", "OFFSET_METADATA_TOO_LARGE", "UNKNOWN_TOPIC_OR_PARTITION"],
      ["UNKNOWN_TOPIC_OR_PARTITION"],
    ]);
    expect(c.of("GroupOffsetChanged")).toHaveLength(1);
  });

  test("who names a generation of a group that there is not is refused, by the old coordinator in its own words", () => {
    const { c, coordinator } = begin();
    expect(c.commit(coordinator, { offset: 1, generation: 3, member: "m" })).toBe("GROUP_ID_NOT_FOUND");
    const old = begin({ config: { "group.coordinator.rebalance.protocols": "classic" } });
    expect(old.c.commit(old.coordinator, { offset: 1, generation: 3, member: "m" })).toBe("ILLEGAL_GENERATION");
    expect([...c.of("GroupOffsetChanged"), ...old.c.of("GroupOffsetChanged")]).toEqual([]);
  });

  test("group.checkGenerationOnCommit off: anybody's commit is taken", () => {
    const { c, coordinator } = begin({ dials: { "group.checkGenerationOnCommit": false } });
    expect(c.commit(coordinator, { offset: 1, generation: 3, member: "m" })).toBe("NONE");
    expect(c.of("GroupOffsetChanged")).toMatchObject([{ offset: 1, generation: 3, member: "m" }]);
  });
});

describe("what is written and what is committed", () => {
  test("a commit is answered, and seen, when the followers have it, not before", () => {
    const { c, coordinator } = begin();
    c.commit(coordinator, { offset: 1 });
    c.cutReplication(coordinator);
    const sent = c.sendCommit(coordinator, { offset: 2 });
    c.runFor(seconds(2));
    expect(c.committed(sent)).toBeUndefined();
    // The record is in the log, and nobody may see it yet.
    expect(c.of("GroupOffsetChanged")).toHaveLength(1);
    expect(c.fetch(coordinator, "billing", { requireStable: false })).toBe(1);
    const stable = c.sendFetch(coordinator);
    c.runFor(ms(100));
    expect(c.fetched(stable)).toBeUndefined();
    c.healReplication(coordinator).runFor(seconds(2));
    expect(c.committed(sent)).toBe("NONE");
    expect(c.fetched(stable)).toBe(2);
    expect(c.of("GroupOffsetChanged").at(-1)).toMatchObject({ offset: 2 });
  });

  test("after offsets.commit.timeout.ms the answer is COORDINATOR_NOT_AVAILABLE; the commit may come true all the same", () => {
    const { c, coordinator } = begin();
    c.cutReplication(coordinator);
    const sent = c.sendCommit(coordinator, { offset: 2 });
    c.runFor(ms(4_990));
    expect(c.committed(sent)).toBeUndefined();
    c.runFor(ms(20));
    expect(c.committed(sent)).toBe("COORDINATOR_NOT_AVAILABLE");
    c.healReplication(coordinator).runFor(seconds(2));
    expect(c.fetch(coordinator)).toBe(2);
    expect(c.of("GroupOffsetChanged")).toMatchObject([{ offset: 2 }]);
  });

  test("with too small an ISR the old coordinator refuses to write, the new one writes and waits", () => {
    for (const protocols of ["classic", "classic,consumer"]) {
      const config = {
        "min.insync.replicas": 2,
        "replica.lag.time.max.ms": 2_000,
        "group.coordinator.rebalance.protocols": protocols,
      };
      const { c, coordinator } = begin({ config });
      // An idle follower stays in the ISR: the first commit is what they miss.
      const first = c.cutReplication(coordinator).sendCommit(coordinator, { offset: 1 });
      c.runFor(seconds(8));
      const old = protocols === "classic";
      // GroupMetadataManager.scala passes it on (createPutCacheCallback, maybeConvertOffsetCommitError).
      expect(c.committed(first)).toBe(old ? "REQUEST_TIMED_OUT" : "COORDINATOR_NOT_AVAILABLE");
      const appended = () => c.of("RecordsAppended").filter(({ topic, role }) => topic === OFFSETS && role === "leader").length;
      const before = appended();
      const sent = c.sendCommit(coordinator, { offset: 2 });
      c.runFor(seconds(1));
      expect(c.committed(sent)).toBe(old ? "COORDINATOR_NOT_AVAILABLE" : undefined);
      expect(appended() - before).toBe(old ? 0 : 1);
      c.runFor(seconds(5));
      expect(c.committed(sent)).toBe("COORDINATOR_NOT_AVAILABLE");
      expect(c.of("GroupOffsetChanged")).toEqual([]);
    }
  });

  test("a cluster of one broker commits at once", () => {
    const { c, coordinator } = begin({ brokers: 1 });
    expect(c.commit(coordinator, { offset: 2 })).toBe("NONE");
    expect(c.fetch(coordinator)).toBe(2);
  });
});

describe("another coordinator", () => {
  test("it reads the log, and knows every commit that was acknowledged", () => {
    const { c, coordinator } = begin();
    for (let offset = 1; offset <= 20; offset++) expect(c.commit(coordinator, { offset, partition: offset % 3 })).toBe("NONE");
    const changes = c.of("GroupOffsetChanged").length;
    expect(changes).toBe(20);
    c.crash(coordinator);
    const next = c.nextLeader();
    c.runFor(seconds(1));
    expect(c.of("CoordinatorLoaded").findLast(({ partition }) => partition === c.partitionOf("billing"))).toMatchObject({
      broker: next,
      groups: ["billing"],
    });
    expect(c.fetch(next)).toBe(18);
    // What was committed before is no news; at most the last ones, which the new leader did not know to be committed, are told again.
    expect(c.of("GroupOffsetChanged").length - changes).toBeLessThanOrEqual(1);
    expect(c.commit(next, { offset: 100 })).toBe("NONE");
    expect(c.fetch(next)).toBe(100);
  });

  test("a coordinator that was cut off has no say any more: its waiting commits end in NOT_COORDINATOR when it learns of it", () => {
    const { c, coordinator } = begin();
    expect(c.commit(coordinator, { offset: 1 })).toBe("NONE");
    c.isolate(coordinator);
    const next = c.nextLeader();
    const late = c.sendCommit(coordinator, { offset: 50 });
    c.runFor(seconds(1));
    expect(c.committed(late)).toBeUndefined();
    expect(c.commit(next, { offset: 2 })).toBe("NONE");
    for (const other of ["controller", ...c.brokers.map((id) => `broker-${id}`)]) {
      if (other !== `broker-${coordinator}`) c.world.heal(`broker-${coordinator}`, other);
    }
    c.runFor(seconds(3));
    expect(c.committed(late)).toBe("NOT_COORDINATOR");
    expect(
      c
        .of("CoordinatorUnloaded")
        .some(({ broker, partition }) => broker === coordinator && partition === c.partitionOf("billing")),
    ).toBe(true);
    expect(c.commit(coordinator, { offset: 51 })).toBe("NOT_COORDINATOR");
    expect(c.fetch(next)).toBe(2);
    // The new leader did not know yet that the first one was committed, and tells of it once more.
    expect(c.of("GroupOffsetChanged").map(({ offset, broker }) => ({ offset, broker }))).toEqual([
      { offset: 1, broker: coordinator },
      { offset: 1, broker: next },
      { offset: 2, broker: next },
    ]);
  });

  test("a controlled shutdown hands the groups over; who waits is told NOT_COORDINATOR", () => {
    const { c, coordinator } = begin();
    expect(c.commit(coordinator, { offset: 3 })).toBe("NONE");
    c.world.requestShutdown(`broker-${coordinator}`);
    c.runFor(seconds(5));
    const next = c.coordinator();
    expect(next).not.toBe(coordinator);
    expect(c.fetch(next)).toBe(3);
    expect(c.of("CoordinatorUnloaded").some(({ broker }) => broker === coordinator)).toBe(true);
  });

  test("a fork of the world goes on with the same groups", () => {
    const { c, coordinator } = begin();
    c.commit(coordinator, { offset: 3 });
    const sent = c.sendCommit(coordinator, { offset: 4 });
    const fork = forkOf(c);
    fork.runFor(ms(100));
    expect(fork.committed(sent)).toBe("NONE");
    expect(fork.fetch(coordinator)).toBe(4);
    expect(c.committed(sent)).toBeUndefined();
    c.runFor(ms(100));
    expect(c.fetch(coordinator)).toBe(4);
  });
});
