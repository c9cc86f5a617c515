import { expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import type { ConsumerConfig } from "../../../src/kafka/config/client-config.ts";
import { ConsumerProcess } from "../../../src/kafka/consumer/consumer-process.ts";
import type { Assignment } from "../../../src/kafka/consumer/subscription-state.ts";
import type { ErrorCode } from "../../../src/kafka/errors.ts";
import { RecordBatch } from "../../../src/kafka/records.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import { consumerConfig, LATENCY_US, ScriptedCluster } from "../client/scripted-cluster.ts";
import { produce } from "../producer/workload.ts";

/** Reads all of "orders" from its beginning, in no time, unless told otherwise. */
function consume(
  c: ScriptedCluster,
  config: Partial<ConsumerConfig> = {},
  options: { handlerUs?: number; partitions?: Assignment["partitions"] } = {},
): void {
  const { handlerUs = 0, partitions = "all" } = options;
  c.run("billing", (host) => {
    const assignments = [{ topic: "orders", partitions }];
    const effective = consumerConfig({ "auto.offset.reset": "earliest", ...config });
    const { bootstrap, dials } = c;
    return new ConsumerProcess({ host, name: "billing", assignments, config: effective, dials, handlerUs, bootstrap });
  });
}

function sequencesRead(c: ScriptedCluster): number[] {
  return c
    .of("RecordsRead")
    .flatMap(({ batches }) => batches.flatMap(({ records }) => records.map(({ origin }) => origin.sequence)));
}

/** Sends `count` records and waits until they are in the log; each in a batch of its own. */
function filled(options: { brokers?: number; partitions?: number; count?: number } = {}): ScriptedCluster {
  const c = new ScriptedCluster({ brokers: options.brokers ?? 1 }).createTopic("orders", options.partitions ?? 1);
  produce(c, { "linger.ms": 0 }, { count: options.count ?? 10, partition: "round-robin" });
  return c.runFor(seconds(1));
}

test("from the earliest offset every record is read once and in order", () => {
  const c = filled();
  consume(c);
  c.runFor(seconds(2));
  expect(sequencesRead(c)).toEqual([...Array(10).keys()]);
  expect(c.of("OffsetsListed")).toMatchObject([{ timestamp: -2, offset: 0 }]);
  expect(c.of("ConsumerPositionReset")).toMatchObject([{ reason: "initial", from: -1, to: 0 }]);
  expect(c.of("RecordsRead")[0]).toMatchObject({ from: 1, position: 0, highWatermark: 10 });
});

test("from the latest offset only what comes later is read", () => {
  const c = filled();
  consume(c, { "auto.offset.reset": "latest" });
  c.runFor(ms(100));
  produceMore(c);
  c.runFor(seconds(2));
  expect(c.of("ConsumerPositionReset")).toMatchObject([{ reason: "initial", to: 10 }]);
  expect(c.of("RecordsRead")[0]?.position).toBe(10);
  expect(c.of("RecordsRead").every(({ client }) => client === "billing")).toBe(true);
});

test("without a reset policy and without a position the application ends with NoOffsetForPartitionException", () => {
  const c = filled();
  consume(c, { "auto.offset.reset": "none" });
  c.runFor(seconds(1));
  expect(c.world.node("billing").running).toBe(false);
});

test("a fetch waits at the broker for fetch.max.wait.ms, and the next goes out when it has been answered", () => {
  const c = filled();
  consume(c);
  c.runFor(seconds(10));
  const idle = c
    .requestsOf("Fetch")
    .map(({ at }) => at)
    .slice(2);
  expect(idle.length).toBeGreaterThan(15);
  for (const [index, at] of idle.entries())
    if (index > 0) expect(at - (idle[index - 1] as number)).toBe(ms(500) + 2 * LATENCY_US);
});

test("a record is read one network latency after it was appended: the fetch was waiting for it", () => {
  const c = new ScriptedCluster().createTopic("orders");
  consume(c);
  c.runFor(ms(100));
  produce(c, { "linger.ms": 0 }, { count: 1 });
  c.runFor(ms(100));
  const [appended] = c.requestsOf("Produce");
  expect(c.of("RecordsRead")[0]?.at).toBe((appended?.at as number) + LATENCY_US);
});

test("each leader gets one fetch, with all partitions that it leads", () => {
  const c = filled({ brokers: 2, partitions: 4, count: 40 });
  consume(c);
  c.runFor(seconds(2));
  expect(sequencesRead(c).sort((a, b) => a - b)).toEqual([...Array(40).keys()]);
  const first = [1, 2].map(
    (broker) => c.requestsOf("Fetch").find((request) => request.broker === broker)?.body.topics[0]?.partitions,
  );
  expect(first.map((partitions) => partitions?.map(({ partition }) => partition))).toEqual([
    [0, 2],
    [1, 3],
  ]);
});

test("assigned by number, only those partitions are read", () => {
  const c = filled({ partitions: 3, count: 9 });
  consume(c, {}, { partitions: [1] });
  c.runFor(seconds(1));
  expect(sequencesRead(c)).toEqual([1, 4, 7]);
});

test("a handler's time passes before the next poll, while the next fetch is on its way already", () => {
  const c = filled();
  consume(c, {}, { handlerUs: ms(20) });
  c.runFor(ms(300));
  const [first] = c.of("RecordsRead");
  expect(first?.batches).toHaveLength(10);
  produceMore(c);
  const fetches = c.requestsOf("Fetch");
  // The fetch that went out at the hand-over arrives one way later.
  expect(fetches[1]?.at).toBe((first?.at as number) + LATENCY_US);
  c.runFor(seconds(1));
  const second = c.of("RecordsRead")[1];
  expect((second?.at as number) - (first?.at as number)).toBeGreaterThanOrEqual(10 * ms(20));
});

test("control batches are not handed over, but the position moves past them", () => {
  const c = filled({ count: 2 });
  const { log } = c.partition("orders", 0);
  const control = new RecordBatch(
    { baseOffset: 2, partitionLeaderEpoch: 0, isControl: true, sizeInBytes: 80 },
    log[0]?.records ?? [],
  );
  log.push(control);
  consume(c);
  c.runFor(seconds(1));
  expect(c.of("RecordsRead").flatMap(({ batches }) => batches)).toHaveLength(2);
  expect(c.requestsOf("Fetch").at(-1)?.body.topics[0]?.partitions[0]?.fetchOffset).toBe(3);
});

test("when the leader moves, the position is validated by the epoch of the last batch consumed, then fetched on", () => {
  const c = filled({ brokers: 2 });
  consume(c);
  c.runFor(seconds(1));
  c.moveLeader("orders", 0, 2);
  c.runFor(seconds(2));
  expect(c.requestsOf("OffsetForLeaderEpoch")).toMatchObject([
    { broker: 2, body: { topics: [{ partitions: [{ partition: 0, currentLeaderEpoch: 1, leaderEpoch: 0 }] }] } },
  ]);
  expect(c.of("ConsumerPositionReset")).toHaveLength(1);
  const last = c.requestsOf("Fetch").at(-1);
  expect(last).toMatchObject({ broker: 2, body: { topics: [{ partitions: [{ fetchOffset: 10, currentLeaderEpoch: 1 }] }] } });
});

test("records that were consumed and are gone from the new leader's log: the position goes back to where the logs part", () => {
  const c = filled({ brokers: 2 });
  consume(c);
  c.runFor(seconds(1));
  const partition = c.partition("orders", 0);
  partition.log.splice(7);
  partition.epochEnds.set(0, { leaderEpoch: 0, endOffset: 7 });
  c.moveLeader("orders", 0, 2);
  c.runFor(seconds(2));
  expect(c.of("ConsumerPositionReset").at(-1)).toMatchObject({ reason: "truncation", from: 10, to: 7 });
  produceMore(c);
  c.runFor(seconds(1));
  expect(c.of("RecordsRead").at(-1)?.batches.at(-1)?.partitionLeaderEpoch).toBe(1);
});

test("an answer of the old leader that arrives after the position went back is thrown away", () => {
  const c = filled({ brokers: 2, partitions: 2, count: 20 });
  consume(c);
  c.runFor(ms(200));
  // Broker 1 answers the waiting fetch with records from offset 10 on, but the answer is held up on its way.
  c.world.cut("broker-1", "billing", "from");
  produceMore(c);
  c.runFor(seconds(1));
  const partition = c.partition("orders", 0);
  partition.log.splice(7);
  partition.epochEnds.set(0, { leaderEpoch: 0, endOffset: 7 });
  c.moveLeader("orders", 0, 2);
  // Makes the consumer ask broker 2 for metadata.
  c.answerWith("Fetch", "NOT_LEADER_OR_FOLLOWER", 1);
  c.runFor(seconds(4));
  expect(c.of("ConsumerPositionReset").at(-1)).toMatchObject({ partition: 0, reason: "truncation", from: 10, to: 7 });
  const before = c.of("RecordsRead").length;
  c.world.healAll();
  c.runFor(seconds(2));
  expect(c.of("RecordsRead")).toHaveLength(before);
});

test("an offset out of range is reset by the policy", () => {
  const c = filled();
  consume(c);
  c.runFor(seconds(1));
  const partition = c.partition("orders", 0);
  partition.log.length = 0;
  partition.logStartOffset = 20;
  c.runFor(seconds(2));
  expect(c.of("ConsumerPositionReset").at(-1)).toMatchObject({ reason: "out-of-range", from: 10, to: 20 });
});

test.each<ErrorCode>([
  "NOT_LEADER_OR_FOLLOWER",
  "FENCED_LEADER_EPOCH",
  "REPLICA_NOT_AVAILABLE",
  "KAFKA_STORAGE_ERROR",
  "OFFSET_NOT_AVAILABLE",
  "UNKNOWN_TOPIC_OR_PARTITION",
])("a fetch answered with %s is repeated only after metadata has been refreshed", (error) => {
  const c = filled().answerWith("Fetch", error, 1);
  consume(c);
  c.runFor(seconds(3));
  expect(sequencesRead(c)).toEqual([...Array(10).keys()]);
  const [refused, repeated] = c.requestsOf("Fetch");
  const refreshes = c.requestsOf("Metadata").filter(({ at }) => at > (refused?.at as number) && at < (repeated?.at as number));
  expect(refreshes.length).toBeGreaterThan(0);
});

test("a broker that does not know the epoch yet is asked again after a backoff", () => {
  const c = filled().answerWith("Fetch", "UNKNOWN_LEADER_EPOCH", 2);
  consume(c);
  c.runFor(seconds(3));
  const at = c.requestsOf("Fetch").map((request) => request.at);
  expect((at[1] as number) - (at[0] as number)).toBeGreaterThanOrEqual(ms(80));
  expect(sequencesRead(c)).toEqual([...Array(10).keys()]);
});

test("a leader that an error names is fetched from without waiting for metadata (KIP-951)", () => {
  const c = filled({ brokers: 2 });
  c.leaderHints = true;
  consume(c);
  c.runFor(seconds(1));
  c.moveLeader("orders", 0, 2);
  // Metadata goes on telling the old story; the hint is newer and stays.
  c.staleMetadata.set("orders", { leader: 1, epoch: 0 });
  c.runFor(seconds(2));
  expect(c.requestsOf("Fetch").at(-1)?.broker).toBe(2);
});

test("a leader that crashed is fetched from again when it is back, or its successor when there is one", () => {
  const c = filled({ brokers: 2 });
  consume(c);
  c.runFor(seconds(1));
  c.world.crash("broker-1");
  c.runFor(seconds(1));
  c.moveLeader("orders", 0, 2);
  c.runFor(seconds(3));
  expect(c.requestsOf("Fetch").at(-1)?.broker).toBe(2);
  expect(sequencesRead(c)).toEqual([...Array(10).keys()]);
});

test("ListOffsets is asked again until it is answered", () => {
  const c = filled().answerWith("ListOffsets", "OFFSET_NOT_AVAILABLE", 2);
  consume(c);
  c.runFor(seconds(3));
  expect(c.requestsOf("ListOffsets")).toHaveLength(3);
  expect(sequencesRead(c)).toEqual([...Array(10).keys()]);
});

test("a topic that does not exist yet is read once it does", () => {
  const c = new ScriptedCluster();
  consume(c);
  c.runFor(seconds(2));
  c.createTopic("orders", 2);
  produce(c, {}, { partition: "round-robin" });
  c.runFor(seconds(4));
  expect(sequencesRead(c).sort((a, b) => a - b)).toEqual([...Array(10).keys()]);
});

test("partitions added to a topic are read from the next refresh on", () => {
  const c = filled();
  consume(c, { "metadata.max.age.ms": 5_000 });
  c.runFor(seconds(1));
  const old = c.partition("orders", 0);
  c.createTopic("orders", 2);
  c.topics.get("orders")?.splice(0, 1, old);
  c.runFor(seconds(6));
  expect(
    c
      .requestsOf("Fetch")
      .at(-1)
      ?.body.topics[0]?.partitions.map(({ partition }) => partition),
  ).toEqual([0, 1]);
});

test("the state of a consumer is data: a fork taken in the middle goes on exactly as the original", () => {
  const c = filled({ brokers: 2, partitions: 4, count: 40 });
  consume(c, {}, { handlerUs: ms(3) });
  c.runFor(ms(10));
  c.world.observer = undefined;
  const { world } = forkOf({ world: c.world });
  world.runUntil(seconds(8));
  c.world.runUntil(seconds(8));
  expect(world.trace.hash()).toEqual(c.world.trace.hash());
});

/** Ten more records, by a second producer. */
function produceMore(c: ScriptedCluster): void {
  c.world.crash("checkout");
  c.world.start("checkout");
}
