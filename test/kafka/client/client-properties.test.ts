import { fc, test as property } from "@fast-check/vitest";
import { expect } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { ConsumerProcess } from "../../../src/kafka/consumer/consumer-process.ts";
import type { ErrorCode } from "../../../src/kafka/errors.ts";
import type { ApiName } from "../../../src/kafka/messages/apis.ts";
import { produce } from "../producer/workload.ts";
import { consumerConfig, nodeName, ScriptedCluster } from "./scripted-cluster.ts";

const BROKERS = 3;

type Trouble =
  | {
      readonly kind: "error";
      readonly at: number;
      readonly api: ApiName;
      readonly error: ErrorCode | "silence";
      readonly times: number;
    }
  | { readonly kind: "crash" | "cut"; readonly at: number; readonly broker: number; readonly forMs: number }
  | { readonly kind: "move"; readonly at: number; readonly partition: number; readonly leader: number };

const at = fc.integer({ min: 0, max: 4_000 });
const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  fc.record({
    kind: fc.constant("error" as const),
    at,
    api: fc.constantFrom<ApiName>("Produce", "Fetch", "Metadata", "ListOffsets", "OffsetForLeaderEpoch"),
    error: fc.constantFrom<ErrorCode | "silence">(
      "NOT_LEADER_OR_FOLLOWER",
      "NOT_ENOUGH_REPLICAS",
      "UNKNOWN_LEADER_EPOCH",
      "KAFKA_STORAGE_ERROR",
      "silence",
    ),
    times: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({
    kind: fc.constantFrom("crash" as const, "cut" as const),
    at,
    broker: fc.integer({ min: 1, max: BROKERS }),
    forMs: fc.integer({ min: 1, max: 2_000 }),
  }),
  fc.record({ kind: fc.constant("move" as const), at, partition: fc.nat(2), leader: fc.constantFrom(-1, 1, 2, 3) }),
);
const troubles = fc.array(trouble, { maxLength: 8 }).map((list) => [...list].sort((a, b) => a.at - b.at));

/** Lets the troubles happen, then heals everything. */
function suffer(c: ScriptedCluster, list: readonly Trouble[]): void {
  const repairs: { at: number; broker: number }[] = [];
  const moments = [...list.map((event) => event.at), ...list.map((event) => event.at + ("forMs" in event ? event.forMs : 0))];
  for (const moment of [...new Set(moments)].sort((a, b) => a - b)) {
    c.runFor(ms(moment) - c.now);
    for (const { broker } of repairs.filter((repair) => repair.at === moment)) mend(c, broker);
    for (const event of list) {
      if (event.at !== moment) continue;
      if (event.kind === "error") c.answerWith(event.api, event.error, event.times);
      else if (event.kind === "move") c.moveLeader("orders", event.partition, event.leader);
      else {
        if (event.kind === "crash") c.world.crash(nodeName(event.broker));
        else for (const client of ["checkout", "billing"]) c.world.cut(client, nodeName(event.broker));
        repairs.push({ at: moment + event.forMs, broker: event.broker });
      }
    }
  }
  for (let partition = 0; partition < 3; partition++)
    if (c.partition("orders", partition).leader === -1) c.moveLeader("orders", partition, 1);
  for (let broker = 1; broker <= BROKERS; broker++) mend(c, broker);
}

function mend(c: ScriptedCluster, broker: number): void {
  c.world.start(nodeName(broker));
  for (const client of ["checkout", "billing"]) c.world.heal(client, nodeName(broker));
}

function consume(c: ScriptedCluster, handlerUs: number): void {
  const config = consumerConfig({ "auto.offset.reset": "earliest", "request.timeout.ms": 2_000 });
  const assignments = [{ topic: "orders", partitions: "all" as const }];
  const { bootstrap, dials } = c;
  c.run("billing", (host) => new ConsumerProcess({ host, name: "billing", assignments, config, dials, handlerUs, bootstrap }));
}

property.prop(
  [
    troubles,
    fc.record({
      "linger.ms": fc.constantFrom(0, 5, 50),
      "batch.size": fc.constantFrom(1, 150, 16_384),
      "buffer.memory": fc.constantFrom(20_000, 33_554_432),
      "max.in.flight.requests.per.connection": fc.constantFrom(1, 2, 5),
      "delivery.timeout.ms": fc.constantFrom(1_500, 120_000),
      "max.block.ms": fc.constantFrom(500, 60_000),
    }),
  ],
  { numRuns: 150 },
)("every record that was sent ends exactly once, and what was acknowledged is in the log", (list, config) => {
  const c = new ScriptedCluster({ brokers: BROKERS }).createTopic("orders", 3);
  consume(c, 0);
  produce(c, { "request.timeout.ms": 1_000, ...config }, { count: 300, partition: "round-robin" });
  suffer(c, list);
  c.runFor(seconds(300));
  const sent = c.of("RecordSent").map(({ record }) => record.origin.sequence);
  const acknowledged = c.of("ProduceAcknowledged").flatMap(({ records }) => records.map(({ origin }) => origin.sequence));
  const failed = c.of("ProduceFailed").flatMap(({ records }) => records.map(({ origin }) => origin.sequence));
  expect(sent).toHaveLength(300);
  expect([...acknowledged, ...failed].sort((a, b) => a - b)).toEqual(sent);
  const logs = [0, 1, 2].map((partition) => c.sequences("orders", partition));
  const logged = new Set(logs.flat());
  expect(acknowledged.filter((sequence) => !logged.has(sequence))).toEqual([]);
  if (config["max.in.flight.requests.per.connection"] !== 1) return;
  // With one request in flight nothing overtakes: first occurrences ascend.
  for (const log of logs) {
    const first = [...new Set(log)];
    expect(first).toEqual([...first].sort((a, b) => a - b));
  }
});

property.prop([troubles, fc.constantFrom(0, 2_000)], { numRuns: 150 })(
  "while nothing is truncated a consumer reads every batch of the log once, in order, without a gap",
  (list, handlerUs) => {
    const c = new ScriptedCluster({ brokers: BROKERS }).createTopic("orders", 3);
    consume(c, handlerUs);
    produce(c, { "request.timeout.ms": 1_000 }, { count: 300, partition: "round-robin" });
    suffer(c, list);
    c.runFor(seconds(120));
    for (let partition = 0; partition < 3; partition++) {
      const read = c.of("RecordsRead").filter((event) => event.partition === partition);
      let next = 0;
      for (const { position, batches } of read) {
        expect(position).toBe(next);
        next = batches.at(-1)?.nextOffset as number;
      }
      expect(
        read.flatMap(({ batches }) => batches.flatMap(({ records }) => records.map(({ origin }) => origin.sequence))),
      ).toEqual(c.sequences("orders", partition));
    }
  },
);
