import { expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import type { ErrorCode } from "../../../src/kafka/errors.ts";
import { LATENCY_US, ScriptedCluster } from "../client/scripted-cluster.ts";
import { produce } from "./workload.ts";

/** One record, sent without lingering, to a cluster of one broker. */
const ONE = { count: 1 } as const;
const AT_ONCE = { "linger.ms": 0 } as const;

function sequencesAcknowledged(c: ScriptedCluster): number[] {
  return c.of("ProduceAcknowledged").flatMap(({ records }) => records.map(({ origin }) => origin.sequence));
}

test.each<ErrorCode>([
  "NOT_ENOUGH_REPLICAS",
  "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
  "REQUEST_TIMED_OUT",
  "NOT_LEADER_OR_FOLLOWER",
  "KAFKA_STORAGE_ERROR",
])("%s is retried until it succeeds", (error) => {
  const c = new ScriptedCluster().createTopic("orders").answerWith("Produce", error, 3);
  produce(c, AT_ONCE, ONE);
  c.runFor(seconds(5));
  expect(c.of("ProduceRetried").map(({ error: seen, attempts }) => [seen, attempts])).toEqual([1, 2, 3].map((n) => [error, n]));
  expect(c.of("ProduceAcknowledged")).toHaveLength(1);
});

test.each<ErrorCode>(["INVALID_RECORD", "INVALID_REQUIRED_ACKS", "MESSAGE_TOO_LARGE", "UNKNOWN_SERVER_ERROR"])(
  "%s fails the batch at the first time",
  (error) => {
    const c = new ScriptedCluster().createTopic("orders").answerWith("Produce", error, 1);
    produce(c, AT_ONCE, ONE);
    c.runFor(seconds(5));
    expect(c.of("ProduceRetried")).toEqual([]);
    expect(c.of("ProduceFailed")).toMatchObject([{ error }]);
  },
);

test("retries rest retry.backoff.ms, doubling up to the longest, give or take a fifth (KIP-580)", () => {
  const c = new ScriptedCluster().createTopic("orders").answerWith("Produce", "NOT_ENOUGH_REPLICAS", 6);
  produce(c, AT_ONCE, ONE);
  c.runFor(seconds(10));
  const at = c.requestsOf("Produce").map((request) => request.at);
  expect(at).toHaveLength(7);
  // The answer takes a round trip, less the way that the request has gone already.
  const rests = at.slice(1).map((time, index) => time - (at[index] as number) - 2 * LATENCY_US);
  for (const [index, rest] of rests.entries()) {
    const nominal = Math.min(ms(100) * 2 ** index, seconds(1));
    expect(rest).toBeGreaterThanOrEqual(nominal * 0.8);
    expect(rest).toBeLessThanOrEqual(Math.min(nominal * 1.2, seconds(1)));
  }
});

test("with retries = 2 the third failure is final, and the application gets its error", () => {
  const c = new ScriptedCluster().createTopic("orders").answerWith("Produce", "NOT_ENOUGH_REPLICAS", 100);
  produce(c, { ...AT_ONCE, retries: 2 }, ONE);
  c.runFor(seconds(10));
  expect(c.of("ProduceRetried")).toHaveLength(2);
  expect(c.of("ProduceFailed")).toMatchObject([{ error: "NOT_ENOUGH_REPLICAS" }]);
});

test("a batch is given up exactly delivery.timeout.ms after its creation, though its request is in flight", () => {
  const c = new ScriptedCluster().createTopic("orders").answerWith("Produce", "silence", 100);
  produce(c, { ...AT_ONCE, "delivery.timeout.ms": 2_000, "request.timeout.ms": 30_000 }, ONE);
  c.runFor(seconds(1));
  const [sent] = c.requestsOf("Produce");
  const createdAt = (sent?.at as number) - LATENCY_US;
  c.runFor(createdAt + seconds(2) - 1 - c.now);
  expect(c.of("ProduceFailed")).toEqual([]);
  c.runFor(1);
  expect(c.of("ProduceFailed")).toMatchObject([{ error: "TIMEOUT", at: createdAt + seconds(2) }]);
  // The request's own end says nothing more to the application.
  c.runFor(seconds(60));
  expect(c.of("ProduceFailed")).toHaveLength(1);
  expect(c.of("ProduceRetried")).toEqual([]);
});

test("batches that wait for a leader expire too, in the order of sending", () => {
  const c = new ScriptedCluster().createTopic("orders");
  produce(c, { ...AT_ONCE, "delivery.timeout.ms": 3_000 }, { count: 5, startUs: seconds(1) });
  c.moveLeader("orders", 0, -1);
  c.runFor(seconds(10));
  expect(c.requestsOf("Produce")).toEqual([]);
  const failed = c.of("ProduceFailed");
  expect(failed.flatMap(({ records }) => records.map(({ origin }) => origin.sequence))).toEqual([0, 1, 2, 3, 4]);
  expect(failed.every(({ error }) => error === "TIMEOUT")).toBe(true);
});

test("an unanswered request ends with request.timeout.ms, is retried, and may then be in the log twice", () => {
  const c = new ScriptedCluster().createTopic("orders").answerWith("Produce", "silence", 1);
  produce(c, { ...AT_ONCE, "request.timeout.ms": 1_000 }, ONE);
  c.runFor(seconds(5));
  expect(c.of("ProduceRetried")).toMatchObject([{ error: "REQUEST_TIMED_OUT", attempts: 1 }]);
  expect(c.of("ProduceAcknowledged")).toHaveLength(1);
});

test("a lost connection is NETWORK_EXCEPTION for everything in flight on it, which is retried", () => {
  const c = new ScriptedCluster().createTopic("orders").answerWith("Produce", "silence", 1);
  produce(c, AT_ONCE, { count: 3 });
  c.runFor(ms(50));
  c.world.crash("broker-1");
  c.world.start("broker-1", ms(500));
  c.runFor(seconds(5));
  expect(c.of("ProduceRetried").every(({ error }) => error === "NETWORK_EXCEPTION")).toBe(true);
  expect(sequencesAcknowledged(c).sort()).toEqual([0, 1, 2]);
});

test("while a broker cannot be reached its batches wait, and no retry is used up", () => {
  const c = new ScriptedCluster({ brokers: 2 }).createTopic("orders");
  c.world.crash("broker-1");
  c.world.start("broker-1", seconds(3));
  produce(c, { ...AT_ONCE, retries: 0 }, ONE);
  c.runFor(seconds(10));
  expect(c.of("ProduceFailed")).toEqual([]);
  expect(c.of("ProduceAcknowledged")).toHaveLength(1);
});

test("no more than max.in.flight.requests.per.connection requests to a broker are unanswered", () => {
  const c = new ScriptedCluster().createTopic("orders");
  produce(c, { ...AT_ONCE, "batch.size": 1, "max.in.flight.requests.per.connection": 3 }, { count: 50 });
  c.world.setLatency("checkout", "broker-1", { kind: "constant", us: ms(100) });
  c.runFor(seconds(5));
  const at = c.requestsOf("Produce").map((request) => request.at);
  // An answer is back, and what it lets go has arrived, a round trip after the request arrived; not before.
  for (const [index, time] of at.entries())
    if (index >= 3) expect(time - (at[index - 3] as number)).toBeGreaterThanOrEqual(ms(200));
  expect(at.length).toBeGreaterThan(6);
  expect(sequencesAcknowledged(c)).toEqual([...Array(50).keys()]);
});

test("with one request in flight a retry keeps the order", () => {
  const c = new ScriptedCluster().createTopic("orders").answerWith("Produce", "NOT_ENOUGH_REPLICAS", 2);
  produce(c, { ...AT_ONCE, "max.in.flight.requests.per.connection": 1 }, { count: 30 });
  c.runFor(seconds(5));
  expect(c.sequences("orders", 0)).toEqual([...Array(30).keys()]);
});

test("with one request in flight a partition waits for its answer even when its leader has moved meanwhile", () => {
  // The limit is per connection: without muting, the new leader would get the second batch before the first is retried.
  const c = new ScriptedCluster({ brokers: 2 }).createTopic("orders", 2).answerWith("Produce", "silence", 1);
  const config = { "max.in.flight.requests.per.connection": 1, "request.timeout.ms": 2_000, "metadata.max.age.ms": 200 };
  // The first record is for partition 0 on broker 1, which goes silent; broker 2 tells of the move.
  produce(c, { ...AT_ONCE, ...config }, { count: 30, partition: "round-robin" });
  c.runFor(ms(50));
  c.moveLeader("orders", 0, 2);
  c.runFor(seconds(1));
  expect(c.sequences("orders", 0)).toEqual([]);
  expect(c.sequences("orders", 1)).toHaveLength(15);
  c.runFor(seconds(5));
  expect(c.sequences("orders", 0)).toEqual(Array.from({ length: 15 }, (_, index) => 2 * index));
});

test("with more in flight, and no idempotence, a retry lets later records overtake", () => {
  const c = new ScriptedCluster().createTopic("orders");
  // A record every half millisecond, a round trip of two: several requests are under way when one of them fails.
  produce(c, AT_ONCE, { count: 30, rate: 2_000, startUs: ms(20) });
  c.runFor(ms(30));
  c.answerWith("Produce", "NOT_ENOUGH_REPLICAS", 1);
  c.runFor(seconds(5));
  const sequences = c.sequences("orders", 0);
  expect([...sequences].sort((a, b) => a - b)).toEqual([...Array(30).keys()]);
  expect(sequences).not.toEqual([...Array(30).keys()]);
});

test("one request carries at most one batch per partition, and all partitions of its leader", () => {
  const c = new ScriptedCluster().createTopic("orders", 4);
  produce(c, { "linger.ms": 20, "batch.size": 100 }, { rate: 2_000, count: 200, partition: "round-robin" });
  c.runFor(seconds(5));
  const requests = c.requestsOf("Produce");
  for (const { body } of requests) {
    const partitions = body.topicData.flatMap(({ partitionData }) => partitionData.map(({ index }) => index));
    expect(new Set(partitions).size).toBe(partitions.length);
  }
  expect(requests.some(({ body }) => body.topicData[0]?.partitionData.length === 4)).toBe(true);
  for (let partition = 0; partition < 4; partition++) {
    expect(c.sequences("orders", partition)).toEqual(Array.from({ length: 50 }, (_, index) => partition + 4 * index));
  }
});

test("a request does not grow over max.request.size, and every partition gets its turn", () => {
  const c = new ScriptedCluster().createTopic("orders", 4);
  produce(
    c,
    { "linger.ms": 20, "batch.size": 100, "max.request.size": 250 },
    { rate: 2_000, count: 200, partition: "round-robin" },
  );
  c.runFor(seconds(5));
  for (const { body } of c.requestsOf("Produce")) {
    const bytes = body.topicData.flatMap(({ partitionData }) => partitionData.map(({ records }) => records.sizeInBytes));
    expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(250);
  }
  for (let partition = 0; partition < 4; partition++) expect(c.sequences("orders", partition)).toHaveLength(50);
});

test("a batch that the broker finds too large is split until it fits, in order, at no cost in retries (KAFKA-8350)", () => {
  const c = new ScriptedCluster().createTopic("orders");
  c.maxMessageBytes = 120;
  produce(c, { "linger.ms": 50, retries: 0, "max.in.flight.requests.per.connection": 1 }, { count: 10 });
  c.runFor(seconds(5));
  expect(c.sequences("orders", 0)).toEqual([...Array(10).keys()]);
  expect(c.partition("orders", 0).log.every((batch) => batch.sizeInBytes <= 120)).toBe(true);
  expect(c.of("ProduceFailed")).toEqual([]);
});

test("a leader that has moved is found by a metadata refresh", () => {
  const c = new ScriptedCluster({ brokers: 2 }).createTopic("orders");
  produce(c, AT_ONCE, { count: 100 });
  c.runFor(ms(500));
  c.moveLeader("orders", 0, 2);
  c.runFor(seconds(5));
  expect(c.of("ProduceRetried").some(({ error }) => error === "NOT_LEADER_OR_FOLLOWER")).toBe(true);
  expect(sequencesAcknowledged(c).sort((a, b) => a - b)).toEqual([...Array(100).keys()]);
});

test("a leader named in the error is used at once, without backoff and without waiting for metadata (KIP-951)", () => {
  const c = new ScriptedCluster({ brokers: 2 }).createTopic("orders");
  c.leaderHints = true;
  produce(c, AT_ONCE, { count: 2, rate: 1 });
  c.runFor(ms(500));
  c.moveLeader("orders", 0, 2);
  c.runFor(seconds(2));
  const [, refused, repeated] = c.requestsOf("Produce");
  expect([refused?.broker, repeated?.broker]).toEqual([1, 2]);
  // A round trip with the old leader, then a handshake and a way to the new one.
  expect((repeated?.at as number) - (refused?.at as number)).toBeLessThanOrEqual(4 * LATENCY_US);
});
