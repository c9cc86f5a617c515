/** Settings of groups that Kafka takes and that hurt are named, each with its place. */
import { expect, test } from "vitest";
import { dangersOf } from "../../src/run/dangers.ts";
import { parseScenario } from "../../src/scenario/loader.ts";

/** Told of one group, billing, that is written so; `rest` is more of the scenario. */
function dangers(billing: string, rest = ""): string[] {
  const text = `name: x
topics: { orders: { partitions: 1, replication.factor: 1 } }
producers: { checkout: { topic: orders, rate: 1/s } }
consumers:
  billing: { topics: orders, ${billing} }
${rest}`;
  return dangersOf(parseScenario(text, "x.yaml"));
}

test("a group with Kafka's defaults is in no danger, nor is a scenario without groups", () => {
  expect(dangers("members: 3, delivery: at-least-once, handler: 5ms")).toEqual([]);
  expect(dangers("handler: 10m", "cluster: { config: { offsets.topic.replication.factor: 9 } }")).toEqual([]);
});

test("a full poll that takes longer than max.poll.interval.ms is told once for members that are alike", () => {
  // 500 records of 300 ms each, and 100 of 10 to 30 ms.
  const tooSlow =
    "x.yaml:5:12: 500 records of a full poll() take about 150 s, and after max.poll.interval.ms=60000 the member is out of its group";
  expect(dangers("members: 3, handler: 300ms, config: { max.poll.interval.ms: 60000 }")).toEqual([tooSlow]);
  expect(dangers("members: 1, handler: 10ms..30ms, config: { max.poll.records: 100, max.poll.interval.ms: 2001 }")).toEqual([]);
  expect(dangers("members: 1, handler: 10ms..30ms, config: { max.poll.records: 100, max.poll.interval.ms: 1999 }")).toHaveLength(
    1,
  );
  expect(dangers("members: 1, handler: 1ms..1ms..1ms..100s, config: { max.poll.interval.ms: 60000 }")).toHaveLength(1);
});

test("worker threads keep poll() free; with auto-commit it commits what they have not done", () => {
  const slow = "config: { max.poll.interval.ms: 60000 }";
  expect(dangers(`members: 1, commit: after-poll, handler: { takes: 300ms, workers: 4 }, ${slow}`)).toEqual([]);
  expect(dangers("members: 1, handler: { workers: 4 }")).toEqual([
    "x.yaml:5:12: poll() commits records that worker threads have not processed yet: what a crash interrupts is skipped",
  ]);
});

test("a poison record that outlasts max.poll.interval.ms is told", () => {
  const handler = "handler: { poison: { producer: checkout, record: 3, takes: 70s } }";
  expect(dangers(`members: 1, ${handler}, config: { max.poll.interval.ms: 60000 }`)[0]).toContain(
    "the poison record takes longer",
  );
  expect(dangers(`members: 1, ${handler}`)).toEqual([]);
});

test("a session beyond the brokers' bounds is told: who joins is refused", () => {
  expect(dangers("members: 1, config: { session.timeout.ms: 5000 }")).toEqual([
    "x.yaml:5:12: session.timeout.ms=5000 is beyond the brokers' group.min.session.timeout.ms=6000: who joins is refused (INVALID_SESSION_TIMEOUT)",
  ]);
  const bounds = "cluster: { config: { group.max.session.timeout.ms: 30000 } }";
  expect(dangers("members: 1", bounds)[0]).toContain("group.max.session.timeout.ms=30000");
  expect(dangers("members: 1, config: { group.protocol: consumer }", bounds)).toEqual([]);
});

test("replicas of __consumer_offsets that are more than the brokers, or fewer than the min ISR, are told", () => {
  expect(dangers("members: 1", "cluster: { brokers: 2 }")).toEqual([
    "offsets.topic.replication.factor=3 with 2 brokers: __consumer_offsets can't be created, and no group finds its coordinator",
  ]);
  const tooFew = "cluster: { config: { offsets.topic.replication.factor: 1, min.insync.replicas: 2 } }";
  expect(dangers("members: 1", tooFew)).toEqual([
    "__consumer_offsets has 1 replicas, fewer than min.insync.replicas=2: no commit is accepted",
  ]);
});

test("offsets that expire within the run, commits that never come and a reset that throws are told", () => {
  expect(dangers("members: 1", "cluster: { config: { offsets.retention.minutes: 1 } }\nrun: { for: 50s, settle: 11s }")).toEqual([
    "offsets.retention.minutes=1 is shorter than the run: what billing has committed may be forgotten in it",
  ]);
  expect(dangers("members: 1", "cluster: { config: { offsets.retention.minutes: 1 } }\nrun: { for: 50s, settle: 10s }")).toEqual(
    [],
  );
  expect(dangers("members: 1, config: { enable.auto.commit: false }")[0]).toContain("nothing is ever committed");
  expect(dangers("members: 1, config: { auto.offset.reset: none }")[0]).toContain("NoOffsetForPartitionException");
  expect(dangers("members: 1, racks: [z]")).toEqual(["x.yaml:5:12: no broker stands in rack z"]);
});
