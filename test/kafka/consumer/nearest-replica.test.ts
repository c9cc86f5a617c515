/** KIP-392 on the consumer's side: with scripted brokers, of which the leader sends consumers to broker 2, and with real ones. */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { ConsumerProcess } from "../../../src/kafka/consumer/consumer-process.ts";
import type { ErrorCode } from "../../../src/kafka/errors.ts";
import type { RecordsRead } from "../../../src/kafka/events.ts";
import { unstampedBatch } from "../../../src/kafka/records.ts";
import { parseScenario } from "../../../src/scenario/loader.ts";
import { Simulation } from "../../../src/scenario/simulation/simulation.ts";
import { consumerConfig, nodeName, ScriptedCluster } from "../client/scripted-cluster.ts";

const LEASE_MS = 5_000;

/** Broker 1 leads, broker 2 is nearer, broker 3 is spare; five records. */
function world(): ScriptedCluster {
  const c = new ScriptedCluster({ brokers: 3 }).createTopic("orders");
  c.readReplica = 2;
  append(c, 5);
  c.run("billing", (host) => {
    const { bootstrap, dials } = c;
    const config = consumerConfig({
      "auto.offset.reset": "earliest",
      "client.rack": "b",
      "metadata.max.age.ms": LEASE_MS,
      "request.timeout.ms": 2_000,
    });
    const assignments = [{ topic: "orders", partitions: "all" as const }];
    return new ConsumerProcess({ host, name: "billing", assignments, config, dials, handlerUs: 0, bootstrap });
  });
  return c;
}

function append(c: ScriptedCluster, count: number): void {
  const { log, epoch } = c.partition("orders", 0);
  for (let i = 0; i < count; i++) {
    const baseOffset = log.at(-1)?.nextOffset ?? 0;
    const record = { key: null, value: null, timestamp: 0, origin: { client: "checkout", sequence: baseOffset } };
    log.push(unstampedBatch([record]).stamped(baseOffset, epoch));
  }
}

/** Which broker each fetch since then went to. */
function fetchedFrom(c: ScriptedCluster, since = 0): number[] {
  return c
    .requestsOf("Fetch")
    .filter(({ at }) => at >= since)
    .map(({ broker }) => broker);
}

describe("a consumer with a client.rack", () => {
  test("says where it is, goes where the leader sends it, at once, and stays there", () => {
    const c = world();
    c.runFor(seconds(3));
    expect(c.requestsOf("Fetch")[0]).toMatchObject({ broker: 1, body: { rackId: "b" } });
    const [asked, ...read] = fetchedFrom(c);
    expect(asked).toBe(1);
    expect(new Set(read)).toEqual(new Set([2]));
    expect(c.of("RecordsRead")).toMatchObject([{ from: 2, position: 0, nextPosition: 5 }]);
  });

  test("asks the leader again when its lease of metadata.max.age.ms has ended, however well it is served", () => {
    const c = world();
    c.runFor(seconds(30));
    const asked = c.requestsOf("Fetch").filter(({ broker }) => broker === 1);
    expect(asked.length).toBeGreaterThanOrEqual(5);
    for (let i = 1; i < asked.length; i++) {
      const between = (asked[i]?.at as number) - (asked[i - 1]?.at as number);
      expect(between).toBeGreaterThan(ms(LEASE_MS));
      // It is noticed when the fetch has been answered that was waiting then.
      expect(between).toBeLessThan(ms(LEASE_MS + 600));
    }
  });

  test("asks the leader when the replica says OFFSET_OUT_OF_RANGE: only the leader's word moves the position (FetchCollector)", () => {
    const c = world();
    c.runFor(seconds(1));
    const since = c.now;
    c.answerWith("Fetch", "OFFSET_OUT_OF_RANGE", 1);
    c.runFor(seconds(1));
    expect(fetchedFrom(c, since).slice(0, 3)).toEqual([2, 1, 2]);
    expect(c.of("ConsumerPositionReset")).toHaveLength(1);
    c.readReplica = undefined;
    c.answerWith("Fetch", "OFFSET_OUT_OF_RANGE", 2);
    c.runFor(seconds(2));
    expect(c.of("ConsumerPositionReset").at(-1)).toMatchObject({ reason: "out-of-range" });
  });

  test.each<ErrorCode>([
    "NOT_LEADER_OR_FOLLOWER",
    "REPLICA_NOT_AVAILABLE",
    "KAFKA_STORAGE_ERROR",
    "FENCED_LEADER_EPOCH",
    "OFFSET_NOT_AVAILABLE",
    "UNKNOWN_TOPIC_OR_PARTITION",
  ])(
    "%s of the replica sends it back to the leader at once, and has metadata refreshed (FetchUtils.requestMetadataUpdate)",
    (error) => {
      const c = world();
      c.runFor(seconds(1));
      const since = c.now;
      c.answerWith("Fetch", error, 1);
      c.runFor(ms(600));
      const [refused, ...next] = c.requestsOf("Fetch").filter(({ at }) => at >= since);
      expect([refused?.broker, next[0]?.broker]).toEqual([2, 1]);
      expect((next[0]?.at as number) - (refused?.at as number)).toBe(ms(2));
      expect(c.requestsOf("Metadata").some(({ at }) => at >= since)).toBe(true);
    },
  );

  test("UNKNOWN_LEADER_EPOCH of the replica does not: it is behind, and asked again", () => {
    const c = world();
    c.runFor(seconds(1));
    const since = c.now;
    c.answerWith("Fetch", "UNKNOWN_LEADER_EPOCH", 1);
    c.runFor(seconds(1));
    expect(new Set(fetchedFrom(c, since))).toEqual(new Set([2]));
  });

  test("goes back to the leader when the replica is gone", () => {
    const c = world();
    c.runFor(seconds(1));
    c.world.crash(nodeName(2));
    c.readReplica = undefined;
    append(c, 1);
    c.runFor(seconds(1));
    expect(c.of("RecordsRead").at(-1)).toMatchObject({ from: 1, position: 5 });
  });

  test("goes back to the leader when metadata says that the replica is offline (KAFKA-14379)", () => {
    const c = world();
    c.runFor(seconds(1));
    const since = c.now;
    c.readReplica = 2;
    c.offlineReplicas = [2];
    c.answerWith("Fetch", "UNKNOWN_LEADER_EPOCH", 1);
    c.runFor(ms(LEASE_MS) + seconds(1));
    const after = fetchedFrom(c, since);
    // Once it is known, nobody goes there any more, although the leader still names it.
    expect(after.slice(-3)).toEqual([1, 1, 1]);
  });

  test("asks the new leader when the lead moves", () => {
    const c = world();
    c.runFor(seconds(1));
    c.moveLeader("orders", 0, 3);
    const since = c.now;
    c.answerWith("Fetch", "FENCED_LEADER_EPOCH", 1);
    c.runFor(seconds(2));
    expect(fetchedFrom(c, since).filter((broker) => broker !== 1)).toContain(3);
    append(c, 1);
    c.runFor(seconds(1));
    expect(c.of("RecordsRead").at(-1)).toMatchObject({ from: 2, position: 5 });
  });
});

test("with real brokers it reads from its rack while a replica there is in sync, else from the leader; nothing twice, nothing left out", () => {
  const scenario = parseScenario(
    `
name: racks
cluster: { brokers: 3, controllers: 1, racks: [a, b, c], config: { replica.selector.class: RackAwareReplicaSelector } }
topics: { orders: { assignment: [[1, 2, 3]], config: { min.insync.replicas: 1 } } }
producers: { checkout: { topic: orders, rate: 20/s } }
consumers: { billing: { topics: [orders], config: { auto.offset.reset: earliest, client.rack: c } } }
faults: [{ at: 10s, crash: broker-3, for: 15s }]
run: { for: 40s }
`,
    "racks.yaml",
  );
  const simulation = new Simulation({ scenario, seed: "1", traceLevel: "full" });
  simulation.run();
  const reads = simulation.world.trace
    .steps()
    .flatMap(({ timeUs, events }) =>
      events.filter(({ kind }) => kind === "RecordsRead").map((event) => ({ ...(event as RecordsRead), timeUs })),
    );
  const fromAt = (from: number, to: number): number[] => [
    ...new Set(reads.filter(({ timeUs }) => timeUs >= seconds(from) && timeUs < seconds(to)).map((read) => read.from)),
  ];
  expect(fromAt(1, 10)).toEqual([3]);
  expect(fromAt(21, 25)).toEqual([1]);
  expect(fromAt(30, 40)).toEqual([3]);
  for (const [index, { position }] of reads.entries()) expect(position).toBe(index === 0 ? 0 : reads[index - 1]?.nextPosition);
  expect(reads.at(-1)?.nextPosition).toBeGreaterThan(700);
});
