import { expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import { LATENCY_US, ScriptedCluster } from "../client/scripted-cluster.ts";
import { produce, template } from "./workload.ts";

/** From the start of a client until it knows the topic: a handshake and a Metadata round trip. */
const BOOTSTRAP_US = 4 * LATENCY_US;

test("records are sent at the workload's rate, acknowledged in order, and end up in the log once", () => {
  const c = new ScriptedCluster().createTopic("orders");
  produce(c);
  c.runFor(seconds(1));
  // The first finds no metadata; that blocks it, but not so long that the second is late.
  expect(c.of("RecordSent").map(({ at }) => at)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90].map(ms));
  expect(c.of("ProduceAcknowledged").flatMap(({ records }) => records.map(({ origin }) => origin.sequence))).toEqual([
    ...Array(10).keys(),
  ]);
  expect(c.sequences("orders", 0)).toEqual([...Array(10).keys()]);
  const [record] = c.of("RecordSent");
  expect(new TextDecoder().decode(record?.record.value ?? undefined)).toBe("value-0");
});

test("the latency of an acknowledgement is linger.ms and a round trip", () => {
  const c = new ScriptedCluster().createTopic("orders");
  produce(c, { "linger.ms": 5 });
  c.runFor(seconds(1));
  const acknowledged = c.of("ProduceAcknowledged");
  expect(acknowledged.at(-1)?.latencyUs).toBe(ms(5) + 2 * LATENCY_US);
  // The first had to wait for metadata before its batch was created.
  expect(acknowledged[0]?.latencyUs).toBe(BOOTSTRAP_US + ms(5) + 2 * LATENCY_US);
});

test("records that come within linger.ms share a batch; linger.ms = 0 gives each its own", () => {
  const requests = (lingerMs: number) => {
    const c = new ScriptedCluster().createTopic("orders");
    produce(c, { "linger.ms": lingerMs }, { startUs: ms(20) });
    c.runFor(seconds(1));
    return c.requestsOf("Produce").length;
  };
  expect(requests(0)).toBe(10);
  // The batch is created at 20 ms + bootstrap: the records due up to 20 + 4 + 50 ms are six, then four are left.
  expect(requests(50)).toBe(2);
});

test("a full batch does not linger", () => {
  const c = new ScriptedCluster().createTopic("orders");
  produce(c, { "linger.ms": 60_000, "batch.size": 100 });
  c.runFor(seconds(1));
  // 61 bytes of header leave room for two records of 14; every third record opens a new batch, and that sends the one before.
  expect(c.of("ProduceAcknowledged").map(({ records }) => records.length)).toEqual([2, 2, 2, 2]);
});

test("acks=0 succeeds at the moment of sending, with offset -1", () => {
  const c = new ScriptedCluster().createTopic("orders");
  produce(c, { acks: "0", "linger.ms": 0 }, { startUs: seconds(1) });
  c.runFor(seconds(2));
  const acknowledged = c.of("ProduceAcknowledged");
  expect(acknowledged).toHaveLength(10);
  expect(acknowledged.at(-1)).toMatchObject({ acks: 0, baseOffset: -1, latencyUs: 0 });
  expect(c.sequences("orders", 0)).toEqual([...Array(10).keys()]);
});

test("send() blocks for max.block.ms while the topic does not exist, then fails; what became due meanwhile follows", () => {
  const c = new ScriptedCluster();
  produce(c, { "max.block.ms": 1_000 }, { count: 2 });
  c.runFor(ms(999));
  expect(c.of("ProduceFailed")).toEqual([]);
  c.runFor(ms(1));
  expect(c.of("ProduceFailed")).toMatchObject([{ at: seconds(1), error: "TIMEOUT", partition: -1, latencyUs: seconds(1) }]);
  c.createTopic("orders");
  c.runFor(seconds(1));
  // The second was due at 10 ms, but the thread was blocked.
  expect(c.of("RecordSent").map(({ at }) => at)).toEqual([0, seconds(1)]);
  expect(c.of("ProduceAcknowledged")).toHaveLength(1);
});

test("send() blocks while buffer.memory is used up, and goes on when an answer frees some", () => {
  const c = new ScriptedCluster().createTopic("orders").answerWith("Produce", "silence", 1);
  // Room for one batch of 100 bytes, never acknowledged: the third record does not fit.
  produce(c, { "batch.size": 100, "buffer.memory": 150, "linger.ms": 0, "request.timeout.ms": 500 });
  c.runFor(ms(400));
  expect(c.of("RecordSent")).toHaveLength(2);
  c.runFor(seconds(2));
  expect(c.of("RecordSent")).toHaveLength(10);
  expect(c.of("ProduceFailed")).toEqual([]);
});

test("a record larger than max.request.size is refused at once", () => {
  const c = new ScriptedCluster().createTopic("orders");
  produce(c, { "max.request.size": 70 }, { count: 1 });
  c.runFor(seconds(1));
  expect(c.of("ProduceFailed")).toMatchObject([{ error: "MESSAGE_TOO_LARGE", records: [{ origin: { sequence: 0 } }] }]);
});

test("a workload may name the partition, or deal its records out in turn", () => {
  const fixed = new ScriptedCluster({ brokers: 3 }).createTopic("orders", 3);
  produce(fixed, {}, { partition: 2 });
  fixed.runFor(seconds(1));
  expect(fixed.sequences("orders", 2)).toHaveLength(10);

  const dealt = new ScriptedCluster({ brokers: 3 }).createTopic("orders", 3);
  produce(dealt, {}, { partition: "round-robin" });
  dealt.runFor(seconds(1));
  expect([0, 1, 2].map((partition) => dealt.sequences("orders", partition))).toEqual([
    [0, 3, 6, 9],
    [1, 4, 7],
    [2, 5, 8],
  ]);
});

test("a rate that does not divide a second gathers no rounding error", () => {
  const c = new ScriptedCluster().createTopic("orders");
  produce(c, {}, { rate: 3, count: 7 });
  c.runFor(seconds(3));
  expect(c.of("RecordSent").map(({ at }) => at)).toEqual([0, 333_333, 666_666, 1_000_000, 1_333_333, 1_666_666, 2_000_000]);
});

test("stopUs ends the workload, and jitter delays records without changing their order", () => {
  const c = new ScriptedCluster().createTopic("orders");
  produce(c, {}, { rate: { intervalUs: ms(10) }, count: 1_000, startUs: ms(100), stopUs: ms(200), jitterUs: ms(30) });
  c.runFor(seconds(1));
  const times = c.of("RecordSent").map(({ at }) => at);
  expect(times).toHaveLength(10);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(times.some((at) => at % ms(10) !== 0)).toBe(true);
});

test("told to stop, the producer sends no more, flushes without lingering, and exits", () => {
  const c = new ScriptedCluster().createTopic("orders");
  produce(c, { "linger.ms": 5_000 }, { count: 1_000 });
  c.runFor(ms(100));
  expect(c.of("ProduceAcknowledged")).toEqual([]);
  c.world.requestShutdown("checkout");
  c.runFor(ms(100));
  expect(c.of("ProduceAcknowledged").flatMap(({ records }) => records)).toHaveLength(c.of("RecordSent").length);
  expect(c.world.node("checkout").running).toBe(false);
});

test("told to stop while nobody answers, it exits when every record has failed by its delivery timeout", () => {
  const c = new ScriptedCluster().createTopic("orders");
  produce(c, {
    "delivery.timeout.ms": 1_000,
    "request.timeout.ms": 800,
    "linger.ms": 0,
    "max.in.flight.requests.per.connection": 2,
  });
  c.runFor(ms(15));
  c.answerWith("Produce", "silence", 1_000);
  c.runFor(ms(45));
  c.world.requestShutdown("checkout");
  c.runFor(seconds(5));
  expect(c.world.node("checkout").running).toBe(false);
  const ended = c.of("ProduceAcknowledged").length + c.of("ProduceFailed").flatMap(({ records }) => records).length;
  expect(ended).toBe(c.of("RecordSent").length);
});

test("a restarted client goes on with sequence numbers of its own", () => {
  const c = new ScriptedCluster().createTopic("orders");
  produce(c, {}, { count: 2 });
  c.runFor(ms(100));
  c.world.crash("checkout");
  c.world.start("checkout");
  c.runFor(ms(100));
  expect(c.of("RecordSent").map(({ record }) => record.origin.sequence)).toEqual([0, 1, 1_000_000_000, 1_000_000_001]);
});

test("a steady producer costs three events of its own per record: the send, the end of lingering, the answer", () => {
  // Ten seconds at 100/s. The broker adds one delivery per request; the slack of 200 is for start-up and rare timers.
  const c = new ScriptedCluster().createTopic("orders");
  produce(c, {}, { count: 1_000 });
  let steps = 0;
  while ((c.world.nextEventAt ?? Number.POSITIVE_INFINITY) <= seconds(10)) {
    c.world.step();
    steps++;
  }
  expect(c.of("ProduceAcknowledged")).toHaveLength(1_000);
  expect(steps).toBeLessThan(4 * 1_000 + 200);
});

test("the state of a producer is data: a fork taken under load goes on exactly as the original", () => {
  const c = new ScriptedCluster({ brokers: 2 }).createTopic("orders", 4).answerWith("Produce", "NOT_ENOUGH_REPLICAS", 20);
  const key = template("k{random 1..5}");
  produce(c, { "batch.size": 200 }, { count: 500, key });
  c.runFor(ms(700));
  c.world.observer = undefined;
  const { world } = forkOf({ world: c.world });
  world.runUntil(seconds(8));
  c.world.runUntil(seconds(8));
  expect(world.trace.hash()).toEqual(c.world.trace.hash());
  expect(world.trace.step).toBe(c.world.trace.step);
});
