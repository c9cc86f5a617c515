/** Members of a group with all that they need, brokers and a coordinator among it. What goes wrong here follows from the protocol. */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { COMMIT_POLICIES } from "../../../src/kafka/consumer/handler-spec.ts";
import { constant } from "../../../src/sim/distribution.ts";
import { MemberWorld } from "./member-world.ts";

const ONCE = 1;
const perRecord = constant(ms(10));

const PROTOCOLS = ["classic", "consumer"] as const;
const EVERY_WAY = PROTOCOLS.flatMap((protocol) =>
  COMMIT_POLICIES.filter((policy) => policy !== "none").map((commit) => ({ protocol, commit })),
);

describe.each(EVERY_WAY)("$protocol, commit: $commit", ({ protocol, commit }) => {
  const config = { "group.protocol": protocol };

  test("in peace every record is processed once, and all is committed", () => {
    const w = new MemberWorld({ partitions: 2 }).produce(100);
    for (const name of ["billing-1", "billing-2"]) w.member(name, { takes: constant(ms(1)), commit }, config);
    w.runFor(seconds(30));
    expect(new Set(w.effects(100))).toEqual(new Set([ONCE]));
    expect([w.committedOffset(0), w.committedOffset(1)]).toEqual([50, 50]);
    expect(w.of("OffsetCommitFailed")).toEqual([]);
  });

  test("a member that is stopped hands over at once, and nothing is lost or processed twice", () => {
    const w = new MemberWorld({ partitions: 2 }).produce(400, 50);
    for (const name of ["billing-1", "billing-2"]) w.member(name, { takes: constant(ms(5)), commit }, config);
    w.runFor(seconds(5));
    w.world.requestShutdown("billing-1");
    w.runFor(seconds(2));
    expect(w.isRunning("billing-1")).toBe(false);
    w.runFor(seconds(20));
    expect(w.processedBy("billing-1").length).toBeGreaterThan(10);
    expect(new Set(w.effects(400))).toEqual(new Set([ONCE]));
  });
});

test("none: nothing is committed, and who comes next begins again", () => {
  const w = new MemberWorld().produce(10);
  w.member("billing-1", { commit: "none" }).runFor(seconds(5));
  w.world.requestShutdown("billing-1");
  w.runFor(seconds(1));
  w.member("billing-2", { commit: "none" }).runFor(seconds(5));
  expect(w.of("GroupOffsetChanged")).toEqual([]);
  expect(w.effects(10)).toEqual(Array.from({ length: 10 }, () => 2));
});

describe("a crash", () => {
  function crashed(commit: "auto" | "after-poll" | "before", workers: number): MemberWorld {
    const w = new MemberWorld().produce(100);
    const config = { "auto.commit.interval.ms": 100, "max.poll.records": 10 };
    w.runFor(seconds(2));
    w.member("billing-1", { takes: perRecord, commit, workers }, config);
    w.untilProcessed("billing-1", 25).runFor(ms(5));
    w.world.crash("billing-1");
    w.member("billing-2", { takes: constant(0), commit }, config);
    return w.runFor(seconds(30));
  }

  test("with workers and auto-commit, what was committed and not processed is lost (auto-commit-async-processing-loss)", () => {
    const effects = crashed("auto", 1).effects(100);
    expect(effects.filter((count) => count === 0).length).toBeGreaterThan(50);
    expect(effects.every((count) => count <= 1)).toBe(true);
  });

  test("with auto-commit in one thread nothing is lost, and the last poll() is processed again", () => {
    const effects = crashed("auto", 0).effects(100);
    expect(effects.every((count) => count >= 1)).toBe(true);
    expect(effects.filter((count) => count === 2).length).toBeGreaterThan(0);
  });

  test("after-poll: between processing and commit it repeats what is not committed (commit-after-process-duplicate)", () => {
    const w = crashed("after-poll", 0);
    const effects = w.effects(100);
    expect(effects.every((count) => count >= 1)).toBe(true);
    // 25 were processed, two polls of ten committed.
    expect(effects.flatMap((count, sequence) => (count === 2 ? [sequence] : []))).toEqual([20, 21, 22, 23, 24]);
  });

  test("after-poll with workers: nothing is lost", () => {
    expect(
      crashed("after-poll", 3)
        .effects(100)
        .every((count) => count >= 1),
    ).toBe(true);
  });

  test("before: what was committed and not processed is lost, and nothing is processed twice", () => {
    const effects = crashed("before", 0).effects(100);
    expect(effects.flatMap((count, sequence) => (count === 0 ? [sequence] : []))).toEqual([25, 26, 27, 28, 29]);
    expect(effects.every((count) => count <= 1)).toBe(true);
  });
});

describe.each(PROTOCOLS)("%s, a pause that is longer than the session (zombie-consumer-gc-pause)", (protocol) => {
  function paused(fencingToken: boolean): MemberWorld {
    const config = { "group.protocol": protocol };
    const w = new MemberWorld().produce(100).store();
    w.runFor(seconds(2));
    w.member("billing-1", { takes: perRecord, fencingToken }, config);
    w.untilProcessed("billing-1", 50).runFor(ms(5));
    w.world.pause("billing-1");
    w.member("billing-2", { takes: perRecord, fencingToken }, config);
    w.runFor(seconds(80));
    w.world.resume("billing-1");
    return w.runFor(seconds(20));
  }

  test("its old batch is processed twice, and its commit is refused", () => {
    const w = paused(false);
    expect(new Set(w.effects(100))).toEqual(new Set([2]));
    expect(w.of("OffsetCommitFailed")).toMatchObject([{ client: "billing-1", error: "UNKNOWN_MEMBER_ID" }]);
    expect(w.committedOffset()).toBe(100);
    expect(w.isRunning("billing-1")).toBe(true);
  });

  test("with a fencing token the store refuses what it still writes", () => {
    const w = paused(true);
    expect(w.effects(100).slice(50)).toEqual(Array.from({ length: 50 }, () => ONCE));
    const refused = w.processedBy("billing-1").filter(({ accepted }) => !accepted);
    expect(refused).toMatchObject([{ baseOffset: 50, nextOffset: 51 }]);
  });
});

test("a record that takes longer than max.poll.interval.ms throws its owner out, and the next one after it (slow-poll-rebalance-storm)", () => {
  const w = new MemberWorld({ partitions: 2 }).produce(100);
  const poison = { producer: "checkout", sequence: 20, takes: seconds(12), attempts: undefined };
  const config = { "max.poll.interval.ms": 8_000 };
  for (const name of ["billing-1", "billing-2"]) w.member(name, { takes: constant(ms(1)), poison }, config);
  w.runFor(seconds(80));
  const left = w.of("ConsumerLeft").filter(({ reason }) => reason === "max.poll.interval.ms");
  expect(new Set(left.map(({ client }) => client)).size).toBe(2);
  expect(w.committedOffset(0)).toBe(-1);
  expect(w.effects(100)[20]).toBeGreaterThan(2);
});

test("records that fail again and again are given up, and the group goes on", () => {
  const w = new MemberWorld().produce(100);
  const poison = { producer: "checkout", sequence: 20, takes: ms(100), attempts: 3 };
  w.member("billing-1", { takes: constant(ms(1)), poison }).runFor(seconds(10));
  expect(w.of("RecordGivenUp")).toMatchObject([{ offset: 20, attempts: 3 }]);
  expect(w.effects(100).flatMap((count, sequence) => (count === 0 ? [sequence] : []))).toEqual([20]);
  expect(w.committedOffset()).toBe(100);
});

describe.each([
  { way: "eager", config: { "partition.assignment.strategy": "range" } },
  { way: "cooperative", config: { "partition.assignment.strategy": "cooperative-sticky" } },
  { way: "KIP-848", config: { "group.protocol": "consumer" } },
])("a rebalance under load, $way", ({ config }) => {
  test.each([
    ["in one thread", 0],
    ["with workers", 2],
  ])("%s: with a commit on revoke nothing is processed twice or lost", (_, workers) => {
    const w = new MemberWorld({ partitions: 4 }).produce(600, 60);
    const spec = { takes: constant(ms(4)), workers, onRevokeTakes: ms(30) };
    w.member("billing-1", spec, config).runFor(seconds(4));
    w.member("billing-2", spec, config).runFor(seconds(4));
    w.member("billing-3", spec, config).runFor(seconds(20));
    expect(w.of("PartitionsRevoked").length).toBeGreaterThan(0);
    expect(w.processedBy("billing-3").length).toBeGreaterThan(10);
    expect(new Set(w.effects(600))).toEqual(new Set([ONCE]));
  });
});
