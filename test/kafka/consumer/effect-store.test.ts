/** The store outside of Kafka that refuses what comes with an older fencing token, and applications that write to it. */
import { expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import type { HandlerSpec } from "../../../src/kafka/consumer/handler-spec.ts";
import { constant } from "../../../src/sim/distribution.ts";
import { ApplicationWorld, type FakeConsumer, LATENCY_US, parsed, polled } from "./application-world.ts";

interface Pair {
  readonly w: ApplicationWorld;
  readonly first: FakeConsumer;
  readonly second: FakeConsumer;
}

/** Two members, each of which believes that orders-0 is its own: the second since a later generation. A record takes 10 ms. */
function pair(spec: Partial<HandlerSpec> = {}): Pair {
  const w = new ApplicationWorld().store();
  const options = { takes: constant(ms(10)), fencingToken: true, ...spec };
  const first = w.member(options, "billing-1");
  const second = w.member(options, "billing-2");
  second.generation = 2;
  for (const consumer of [first, second]) consumer.rebalance("onPartitionsAssigned", [parsed("orders-0")]);
  return { w, first, second };
}

test("effects are there when the store has said so, and the next record waits for that", () => {
  const { w, first } = pair();
  first.deliver(polled("orders-0", [0, 1]));
  w.runFor(ms(100));
  // A handshake and a round trip for the first, a round trip for the second.
  const [one, two] = [10_000 + 4 * LATENCY_US, 20_000 + 6 * LATENCY_US];
  expect(w.effects()).toEqual([`orders-0: 0..0 at ${one / 1_000} ms`, `orders-0: 1..1 at ${two / 1_000} ms`]);
});

test("a run of records that take no time is one write", () => {
  const { w, first } = pair({ takes: constant(0) });
  first.deliver(polled("orders-0", [0, 1, 2, 3]));
  w.runFor(ms(100));
  expect(w.effects()).toEqual(["orders-0: 0..3 at 4 ms"]);
});

test("what a paused member still writes after another has written is refused, and it drops the rest (zombie-consumer-gc-pause)", () => {
  const { w, first, second } = pair();
  first.deliver(polled("orders-0", [0, 1, 2, 3]));
  w.runFor(ms(16));
  w.world.pause("billing-1");
  second.deliver(polled("orders-0", [0, 1]));
  w.runFor(ms(100));
  w.world.resume("billing-1");
  w.runFor(ms(100));
  expect(w.of("RecordsProcessed", "billing-1").map(({ baseOffset, accepted }) => [baseOffset, accepted])).toEqual([
    [0, true],
    [1, false],
  ]);
  expect(w.of("RecordsProcessed", "billing-2").map(({ accepted }) => accepted)).toEqual([true, true]);
  // It commits what it had done, and nothing that was refused.
  expect(first.calls.filter(({ call }) => call === "commitSync").map(({ what }) => what)).toEqual(["orders-0@1/0"]);
});

test("a member that finishes lost work is refused again and again", () => {
  const { w, first, second } = pair({ finishesLostWork: true });
  second.deliver(polled("orders-0", [0]));
  w.runFor(ms(50));
  first.deliver(polled("orders-0", [0, 1, 2]));
  w.runFor(ms(200));
  expect(w.of("RecordsProcessed", "billing-1").map(({ accepted }) => accepted)).toEqual([false, false, false]);
  expect(first.calls.some(({ call }) => call === "commitSync")).toBe(false);
});

test("the token is that of the generation in which a record was polled, not of the one that the member has joined since", () => {
  const { w, first, second } = pair({ finishesLostWork: true, workers: 1 });
  first.deliver(polled("orders-0", [0, 1]));
  w.runFor(ms(5));
  second.deliver(polled("orders-0", [0]));
  w.runFor(ms(2));
  first.rebalance("onPartitionsLost", [parsed("orders-0")]);
  first.generation = 3;
  w.runFor(ms(200));
  const [one, two] = w.of("RecordsProcessed", "billing-1");
  expect([one?.accepted, two?.accepted]).toEqual([true, false]);
  expect(two?.generation).toBe(3);
});

test("other partitions are not concerned", () => {
  const { w, first, second } = pair();
  second.deliver(polled("orders-0", [0]));
  w.runFor(ms(50));
  first.rebalance("onPartitionsAssigned", [parsed("orders-1")]);
  first.deliver(polled("orders-1", [0]));
  w.runFor(ms(50));
  expect(w.of("RecordsProcessed", "billing-1").map(({ accepted }) => accepted)).toEqual([true]);
});

test("the store knows the tokens after a restart, and members wait for it meanwhile", () => {
  const { w, first, second } = pair();
  second.deliver(polled("orders-0", [0]));
  w.runFor(ms(50));
  w.world.losePower("store");
  first.deliver(polled("orders-0", [0]));
  w.runFor(seconds(30));
  expect(w.of("RecordsProcessed", "billing-1")).toEqual([]);
  w.world.start("store");
  w.runFor(seconds(30));
  expect(w.of("RecordsProcessed", "billing-1").map(({ accepted }) => accepted)).toEqual([false]);
});

test("effects on their way to the store are reported, even if the partition is lost before it answers", () => {
  const { w, first } = pair({ workers: 1 });
  first.deliver(polled("orders-0", [0, 1, 2]));
  w.runFor(ms(11));
  first.rebalance("onPartitionsLost", [parsed("orders-0")]);
  w.runFor(ms(200));
  expect(w.effects("billing-1")).toEqual(["orders-0: 0..0 at 14 ms"]);
  expect(first.calls.some(({ call }) => call === "commitSync")).toBe(false);
});

test("an answer that never comes is asked for again", () => {
  const { w, first } = pair();
  first.deliver(polled("orders-0", [0, 1]));
  w.runFor(ms(15));
  w.world.addEdit({ name: "lost", pattern: { kind: "WriteEffectsResponse", to: ["billing-1"] }, action: { do: "drop" } });
  w.runFor(seconds(5));
  expect(w.of("RecordsProcessed", "billing-1").length).toBe(1);
  w.runFor(seconds(30));
  expect(w.of("RecordsProcessed", "billing-1").length).toBe(2);
});
