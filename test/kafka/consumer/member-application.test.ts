/** The application around a consumer, by what a scenario says of it (HandlerSpec), with a consumer that does as the test says. */
import { describe, expect, test } from "vitest";
import { ms } from "../../../src/base/units.ts";
import type { HandlerSpec } from "../../../src/kafka/consumer/handler-spec.ts";
import { constant, uniform } from "../../../src/sim/distribution.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import { ApplicationWorld, type FakeConsumer, parsed, polled, type SeenCall } from "./application-world.ts";

interface Started {
  readonly w: ApplicationWorld;
  readonly consumer: FakeConsumer;
}

/** A member that owns these partitions and waits in poll(). */
function started(spec: Partial<HandlerSpec>, ...partitions: string[]): Started {
  const w = new ApplicationWorld();
  const consumer = w.member(spec);
  consumer.rebalance("onPartitionsAssigned", (partitions.length > 0 ? partitions : ["orders-0"]).map(parsed));
  return { w, consumer };
}

/** Calls of these kinds, as `call what`. */
function called(consumer: FakeConsumer, ...kinds: string[]): string[] {
  return consumer.calls.filter(({ call }) => kinds.includes(call)).map(({ call, what }) => `${call} ${what}`.trim());
}

function last(consumer: FakeConsumer, kind: string): SeenCall | undefined {
  return consumer.calls.filter(({ call }) => call === kind).at(-1);
}

function commits(consumer: FakeConsumer): string[] {
  return called(consumer, "commitSync", "commitAsync", "auto");
}

describe("handling", () => {
  test("records that take no time are done in one go, and poll() is called again", () => {
    const { w, consumer } = started({ commit: "none" });
    consumer.deliver(polled("orders-0", [0, 1, 2]));
    expect(w.effects()).toEqual(["orders-0: 0..2 at 0 ms"]);
    expect(w.of("RecordsProcessed")[0]).toMatchObject({
      group: "billing",
      client: "billing-1",
      member: "billing-1-id",
      generation: 1,
    });
    expect(last(consumer, "poll")?.at).toBe(0);
    expect(commits(consumer)).toEqual([]);
  });

  test("records that take time are done one by one, and poll() waits for them", () => {
    const { w, consumer } = started({ takes: constant(ms(10)), commit: "none" });
    consumer.deliver(polled("orders-0", [0, 1]));
    consumer.deliver(polled("orders-0", [2]));
    const before = called(consumer, "poll").length;
    w.runFor(ms(15));
    expect(called(consumer, "poll").length).toBe(before);
    w.runFor(ms(100));
    expect(w.effects()).toEqual(["orders-0: 0..0 at 10 ms", "orders-0: 1..1 at 20 ms", "orders-0: 2..2 at 30 ms"]);
  });

  test("what a record takes is drawn for each, and the same seed draws the same", () => {
    const timesOf = (): number[] => {
      const { w, consumer } = started({ takes: uniform(ms(1), ms(9)), commit: "none" });
      consumer.deliver(polled("orders-0", [...Array(20).keys()]));
      w.runFor(ms(1_000));
      return w.events.filter(({ event }) => event.kind === "RecordsProcessed").map(({ at }) => at);
    };
    const times = timesOf();
    expect(times.length).toBe(20);
    expect(new Set(times.map((at, i) => at - (times[i - 1] ?? 0))).size).toBeGreaterThan(5);
    expect(timesOf()).toEqual(times);
  });

  test("a record that takes time ends the run of those that take none", () => {
    const { w, consumer } = started({
      commit: "none",
      poison: { producer: "checkout", sequence: 2, takes: ms(50), attempts: undefined },
    });
    consumer.deliver(polled("orders-0", [0, 1, 2, 3, 4]));
    w.runFor(ms(100));
    expect(w.effects()).toEqual(["orders-0: 0..1 at 0 ms", "orders-0: 2..2 at 50 ms", "orders-0: 3..4 at 50 ms"]);
  });

  test("a poison record fails, is tried again, and is given up; what comes behind it goes on", () => {
    const { w, consumer } = started({
      takes: constant(ms(1)),
      poison: { producer: "checkout", sequence: 1, takes: ms(20), attempts: 3 },
    });
    consumer.deliver(polled("orders-0", [0, 1, 2]));
    w.runFor(ms(200));
    expect(w.effects()).toEqual(["orders-0: 0..0 at 1 ms", "orders-0: 2..2 at 62 ms"]);
    expect(w.of("RecordGivenUp")).toMatchObject([{ topic: "orders", partition: 0, offset: 1, attempts: 3, client: "billing-1" }]);
    expect(commits(consumer)).toEqual(["commitSync orders-0@3/0"]);
  });

  test("where the log has gaps, what is processed and what is committed have them, too", () => {
    const { w, consumer } = started({ takes: constant(ms(1)), commit: "per-record" });
    consumer.deliver(polled("orders-0", [3, 7, 8], { nextOffset: 12, leaderEpochs: [0, 1, 1] }));
    w.runFor(ms(100));
    expect(w.of("RecordsProcessed").map(({ baseOffset, nextOffset }) => [baseOffset, nextOffset])).toEqual([
      [3, 7],
      [7, 8],
      [8, 12],
    ]);
    // The offset behind the last record, with its epoch: what an application knows.
    expect(commits(consumer)).toEqual(["commitSync orders-0@4/0", "commitSync orders-0@8/1", "commitSync orders-0@9/1"]);
  });

  test("the thread is data: a copy of the world goes on by itself", () => {
    const { w, consumer } = started({ takes: constant(ms(10)), workers: 2 }, "orders-0", "orders-1");
    consumer.deliver(polled("orders-0", [0, 1, 2]));
    consumer.deliver(polled("orders-1", [0, 1, 2]));
    w.runFor(ms(15));
    w.world.observer = undefined;
    const copy = new ApplicationWorld();
    Object.assign(copy, { world: forkOf(w.world), now: w.now });
    copy.observe();
    copy.runFor(ms(300));
    w.observe();
    w.runFor(ms(300));
    expect(copy.effects()).toEqual(w.effects().slice(2));
    expect(copy.consumer().calls).toEqual(consumer.calls);
  });
});

describe("commit policies", () => {
  const three = polled("orders-0", [0, 1, 2]);

  test("auto: the consumer commits in poll() what the polls before returned, and by then it is processed", () => {
    const { w, consumer } = started({ takes: constant(ms(10)), commit: "auto" });
    consumer.deliver(three);
    w.runFor(ms(29));
    expect(commits(consumer)).toEqual([]);
    w.runFor(ms(2));
    expect(commits(consumer)).toEqual(["auto orders-0@3/0"]);
    expect(w.effects().length).toBe(3);
  });

  test("before: nothing is worked on before it is committed", () => {
    const { w, consumer } = started({ takes: constant(ms(10)), commit: "before" });
    consumer.deliver(three);
    expect(commits(consumer)).toEqual(["commitSync orders-0@3/0"]);
    w.runFor(ms(100));
    expect(w.effects()[0]).toBe("orders-0: 0..0 at 15 ms");
  });

  test("before: what could not be committed is not worked on; what is still its own is polled again", () => {
    const { w, consumer } = started({ commit: "before" });
    consumer.answerWith("TIMEOUT");
    consumer.deliver(three);
    w.runFor(ms(100));
    expect(w.effects()).toEqual([]);
    expect(called(consumer, "seek")).toEqual(["seek orders-0@0"]);
    // Expelled, it leaves them to whoever owns the partition now.
    consumer.answerWith("ILLEGAL_GENERATION");
    consumer.deliver(three);
    w.runFor(ms(100));
    expect(w.effects()).toEqual([]);
    expect(called(consumer, "seek").length).toBe(1);
    expect(last(consumer, "poll")?.at).toBe(ms(105));
  });

  test("after-poll: one commit when all that a poll() returned is processed, and poll() waits for it", () => {
    const { w, consumer } = started({ takes: constant(ms(10)), commit: "after-poll" });
    consumer.deliver(three);
    w.runFor(ms(34));
    expect(consumer.calls.at(-1)).toEqual({ at: ms(30), call: "commitSync", what: "orders-0@3/0" });
    w.runFor(ms(2));
    expect(consumer.calls.at(-1)).toEqual({ at: ms(35), call: "poll", what: "" });
  });

  test("per-record: one commit after each record, and the next one waits for it", () => {
    const { w, consumer } = started({ commit: "per-record" });
    consumer.deliver(three);
    w.runFor(ms(100));
    expect(commits(consumer)).toEqual([1, 2, 3].map((offset) => `commitSync orders-0@${offset}/0`));
    expect(w.effects()).toEqual(["orders-0: 0..0 at 0 ms", "orders-0: 1..1 at 5 ms", "orders-0: 2..2 at 10 ms"]);
  });

  test("async: poll() does not wait for the commit, and one that fails is not repeated by itself", () => {
    const { w, consumer } = started({ commit: "async" });
    consumer.answerWith("COORDINATOR_NOT_AVAILABLE");
    consumer.deliver(three);
    expect(consumer.calls.at(-1)).toMatchObject({ at: 0, call: "poll" });
    w.runFor(ms(100));
    expect(commits(consumer)).toEqual(["commitAsync orders-0@3/0 COORDINATOR_NOT_AVAILABLE"]);
    consumer.deliver(polled("orders-0", [3]));
    expect(commits(consumer).at(-1)).toBe("commitAsync orders-0@4/0");
  });

  test("none: nothing is ever committed", () => {
    const { w, consumer } = started({ commit: "none" });
    consumer.deliver(three);
    w.world.requestShutdown("billing-1");
    w.runFor(ms(100));
    expect(commits(consumer)).toEqual([]);
    expect(w.isRunning()).toBe(false);
  });

  test("a commit that is refused since the member was expelled ends nothing: the next poll() joins again", () => {
    const { w, consumer } = started({});
    consumer.answerWith("UNKNOWN_MEMBER_ID");
    consumer.deliver(three);
    w.runFor(ms(10));
    expect(w.isRunning()).toBe(true);
    expect(consumer.calls.at(-1)).toMatchObject({ at: ms(5), call: "poll" });
  });

  test("a commit that fails for another reason goes with the next one, after a poll() at the latest", () => {
    const { w, consumer } = started({}, "orders-0", "orders-1");
    consumer.answerWith("REBALANCE_IN_PROGRESS", "TIMEOUT");
    consumer.deliver(three);
    w.runFor(ms(10));
    consumer.deliver(polled("orders-1", [0]));
    w.runFor(ms(300));
    const [first, second, third, ...more] = consumer.calls.filter(({ call }) => call === "commitSync");
    expect([first, second, third].map((call) => [call?.at, call?.what])).toEqual([
      [0, "orders-0@3/0 REBALANCE_IN_PROGRESS"],
      [ms(10), "orders-0@3/0 orders-1@1/0 TIMEOUT"],
      [ms(115), "orders-0@3/0 orders-1@1/0"],
    ]);
    expect(more).toEqual([]);
  });

  test("per-record: who learns from a commit that it was expelled drops what it has in hand, unless it finishes lost work", () => {
    const run = (finishesLostWork: boolean): string[] => {
      const { w, consumer } = started({ commit: "per-record", finishesLostWork });
      consumer.answerWith("NONE", "ILLEGAL_GENERATION");
      consumer.deliver(three);
      return w.runFor(ms(100)).effects();
    };
    expect(run(false).length).toBe(2);
    expect(run(true).length).toBe(3);
  });

  test("an error of commitSync that does not pass ends the application", () => {
    const { w, consumer } = started({});
    consumer.answerWith("FENCED_INSTANCE_ID");
    consumer.deliver(three);
    w.runFor(ms(10));
    expect(w.isRunning()).toBe(false);
  });

  test("an exception from poll() ends the application", () => {
    const { w, consumer } = started({});
    consumer.application.onException("FencedInstanceIdException", "billing-1");
    w.runFor(0);
    expect(w.isRunning()).toBe(false);
  });
});

describe("workers", () => {
  test("poll() goes on at once, and one partition is always worked on by the same worker, in order", () => {
    const { w, consumer } = started({ takes: constant(ms(10)), workers: 2, commit: "auto" }, "orders-0", "orders-1");
    consumer.deliver(polled("orders-0", [0, 1]));
    consumer.deliver(polled("orders-1", [0]));
    consumer.deliver(polled("orders-0", [2]));
    expect(consumer.calls.at(-2)).toMatchObject({ at: 0, call: "poll" });
    w.runFor(ms(100));
    expect(w.effects()).toEqual([
      "orders-0: 0..0 at 10 ms",
      "orders-1: 0..0 at 10 ms",
      "orders-0: 1..1 at 20 ms",
      "orders-0: 2..2 at 30 ms",
    ]);
  });

  test("auto-commit then commits what is not processed, and a crash loses it (auto-commit-async-processing-loss)", () => {
    const { w, consumer } = started({ takes: constant(ms(10)), workers: 1, commit: "auto" });
    consumer.deliver(polled("orders-0", [...Array(10).keys()]));
    expect(commits(consumer)).toEqual(["auto orders-0@10/0"]);
    w.runFor(ms(45));
    w.world.crash("billing-1");
    w.runFor(ms(500));
    expect(w.effects().length).toBe(4);
  });

  test("with commits by hand only what is processed is committed, at the latest when a poll() has found nothing for a while", () => {
    const { w, consumer } = started({ takes: constant(ms(10)), workers: 1, commit: "after-poll" });
    consumer.deliver(polled("orders-0", [...Array(5).keys()]));
    expect(commits(consumer)).toEqual([]);
    w.runFor(ms(25));
    consumer.deliver(polled("orders-0", [5]));
    expect(commits(consumer)).toEqual(["commitSync orders-0@2/0"]);
    w.runFor(ms(500));
    expect(commits(consumer).at(-1)).toBe("commitSync orders-0@6/0");
    expect(consumer.calls.at(-1)?.call).toBe("poll");
  });

  test("what is lost is dropped, or finished if the application does not care; either way it is not committed", () => {
    const run = (finishesLostWork: boolean): { effects: number; commits: string[] } => {
      const { w, consumer } = started({ takes: constant(ms(10)), workers: 2, finishesLostWork }, "orders-0", "orders-1");
      consumer.deliver(polled("orders-0", [0, 1, 2]));
      consumer.deliver(polled("orders-1", [0, 1]));
      w.runFor(ms(5));
      consumer.rebalance("onPartitionsLost", [parsed("orders-0")]);
      w.runFor(ms(500));
      return { effects: w.effects().filter((effect) => effect.startsWith("orders-0")).length, commits: commits(consumer) };
    };
    expect(run(false)).toMatchObject({ effects: 0 });
    expect(run(true)).toMatchObject({ effects: 3 });
    for (const { commits } of [run(false), run(true)]) {
      expect(commits.every((commit) => commit.includes("orders-1") && !commit.includes("orders-0"))).toBe(true);
      expect(commits.at(-1)).toContain("orders-1@2/0");
    }
  });

  test("work from an earlier tenure of a partition does not count when it has come back", () => {
    const { w, consumer } = started({ takes: constant(ms(10)), workers: 1, finishesLostWork: true });
    consumer.deliver(polled("orders-0", [0, 1, 2]));
    w.runFor(ms(5));
    consumer.rebalance("onPartitionsLost", [parsed("orders-0")]);
    consumer.rebalance("onPartitionsAssigned", [parsed("orders-0")]);
    w.runFor(ms(500));
    expect(w.effects().length).toBe(3);
    expect(commits(consumer)).toEqual([]);
    consumer.deliver(polled("orders-0", [8]));
    w.runFor(ms(500));
    expect(commits(consumer)).toEqual(["commitSync orders-0@9/0"]);
  });
});

describe("callbacks", () => {
  test("onPartitionsRevoked takes its time, commits what is processed, and returns only then", () => {
    const { w, consumer } = started({ takes: constant(ms(10)), workers: 1, onRevokeTakes: ms(70) });
    consumer.deliver(polled("orders-0", [0, 1, 2]));
    w.runFor(ms(25));
    consumer.rebalance("onPartitionsRevoked", [parsed("orders-0")]);
    w.runFor(ms(200));
    expect(called(consumer, "commitSync")).toEqual(["commitSync orders-0@2/0"]);
    expect(last(consumer, "commitSync")?.at).toBe(ms(95));
    expect(last(consumer, "callbackReturned")?.at).toBe(ms(100));
    expect(w.effects().length).toBe(2);
  });

  test("without a commit on revoke the next owner starts where the last commit was", () => {
    const { w, consumer } = started({ workers: 1, takes: constant(ms(10)), commitOnRevoke: false });
    consumer.deliver(polled("orders-0", [0, 1, 2]));
    w.runFor(ms(25));
    consumer.rebalance("onPartitionsRevoked", [parsed("orders-0")]);
    w.runFor(ms(200));
    expect(commits(consumer)).toEqual([]);
  });

  test("a commit on revoke that fails does not keep the callback from returning", () => {
    const { w, consumer } = started({ workers: 1, takes: constant(ms(10)) });
    consumer.answerWith("REBALANCE_IN_PROGRESS");
    consumer.deliver(polled("orders-0", [0, 1, 2]));
    w.runFor(ms(25));
    consumer.rebalance("onPartitionsRevoked", [parsed("orders-0")]);
    w.runFor(ms(200));
    expect(last(consumer, "callbackReturned")?.at).toBe(ms(30));
  });

  test("async: what failed or is not known to be committed is committed once more on revoke", () => {
    const { w, consumer } = started({ commit: "async" });
    consumer.answerWith("NOT_COORDINATOR");
    consumer.deliver(polled("orders-0", [0, 1, 2]));
    w.runFor(ms(100));
    consumer.rebalance("onPartitionsRevoked", [parsed("orders-0")]);
    w.runFor(ms(100));
    expect(commits(consumer)).toEqual(["commitAsync orders-0@3/0 NOT_COORDINATOR", "commitSync orders-0@3/0"]);
  });

  test("while onPartitionsRevoked runs, the other thread goes on with what stays", () => {
    const { w, consumer } = started({ takes: constant(ms(10)), workers: 2, onRevokeTakes: ms(50) }, "orders-0", "orders-1");
    consumer.deliver(polled("orders-0", [0, 1, 2]));
    consumer.deliver(polled("orders-1", [0, 1, 2]));
    w.runFor(ms(15));
    consumer.rebalance("onPartitionsRevoked", [parsed("orders-0")]);
    w.runFor(ms(40));
    expect(w.effects().filter((effect) => effect.startsWith("orders-1")).length).toBe(3);
    expect(w.effects().filter((effect) => effect.startsWith("orders-0")).length).toBe(1);
  });
});

describe("a graceful stop", () => {
  test("finishes the record in hand, commits what is processed, and closes the consumer", () => {
    const { w, consumer } = started({ takes: constant(ms(10)) });
    consumer.deliver(polled("orders-0", [0, 1, 2, 3]));
    w.runFor(ms(15));
    w.world.requestShutdown("billing-1");
    w.runFor(ms(100));
    expect(w.effects()).toEqual(["orders-0: 0..0 at 10 ms", "orders-0: 1..1 at 20 ms"]);
    expect(called(consumer, "commitSync", "close")).toEqual(["commitSync orders-0@2/0", "close"]);
    expect(last(consumer, "close")?.at).toBe(ms(25));
    expect(w.isRunning()).toBe(false);
  });

  test.each(["auto", "before"] as const)("%s: what a poll() returned is finished, since the commit covers it", (commit) => {
    const { w, consumer } = started({ takes: constant(ms(10)), commit });
    consumer.deliver(polled("orders-0", [0, 1, 2, 3]));
    w.runFor(ms(15));
    w.world.requestShutdown("billing-1");
    w.runFor(ms(100));
    expect(w.effects().length).toBe(4);
    expect(called(consumer, "close").length).toBe(1);
  });

  test("in poll() it closes at once, and onPartitionsRevoked is called and takes its time", () => {
    const { w, consumer } = started({ onRevokeTakes: ms(30) });
    w.world.requestShutdown("billing-1");
    w.runFor(ms(29));
    expect(last(consumer, "close")?.at).toBe(0);
    expect(w.isRunning()).toBe(true);
    w.runFor(ms(2));
    expect(w.isRunning()).toBe(false);
  });

  test("within onPartitionsRevoked it waits until that has returned", () => {
    const { w, consumer } = started({ onRevokeTakes: ms(30) });
    consumer.rebalance("onPartitionsRevoked", [parsed("orders-0")]);
    w.runFor(ms(10));
    w.world.requestShutdown("billing-1");
    w.runFor(ms(100));
    expect(last(consumer, "close")?.at).toBe(ms(30));
    expect(w.isRunning()).toBe(false);
  });

  test("all workers finish what is in hand", () => {
    const { w, consumer } = started({ takes: constant(ms(10)), workers: 2 }, "orders-0", "orders-1");
    consumer.deliver(polled("orders-0", [0, 1, 2]));
    consumer.deliver(polled("orders-1", [0, 1, 2]));
    w.runFor(ms(15));
    w.world.requestShutdown("billing-1");
    w.runFor(ms(100));
    expect(w.effects().length).toBe(4);
    expect(called(consumer, "commitSync")).toEqual(["commitSync orders-0@2/0 orders-1@2/0"]);
  });
});

describe("a paused process", () => {
  test("stands still, and then goes on with its old batch (zombie-consumer-gc-pause)", () => {
    const { w, consumer } = started({ takes: constant(ms(10)) });
    consumer.deliver(polled("orders-0", [0, 1, 2, 3]));
    w.runFor(ms(15));
    w.world.pause("billing-1");
    consumer.answerWith("UNKNOWN_MEMBER_ID");
    w.runFor(ms(1_000));
    expect(w.effects().length).toBe(1);
    w.world.resume("billing-1");
    w.runFor(ms(1_000));
    expect(w.effects()).toEqual([
      "orders-0: 0..0 at 10 ms",
      "orders-0: 1..1 at 1015 ms",
      "orders-0: 2..2 at 1025 ms",
      "orders-0: 3..3 at 1035 ms",
    ]);
    expect(commits(consumer)).toEqual(["commitSync orders-0@4/0 UNKNOWN_MEMBER_ID"]);
  });
});
