/** What poll(), pause and seek take from the fetches of partitions that were assigned by hand; brokers are scripted. */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import type { ConsumerConfig } from "../../../src/kafka/config/client-config.ts";
import type { ConsumerApplication, PolledRecords } from "../../../src/kafka/consumer/application.ts";
import { KafkaConsumer } from "../../../src/kafka/consumer/kafka-consumer.ts";
import type { Dials } from "../../../src/kafka/dials.ts";
import { unstampedBatch } from "../../../src/kafka/records.ts";
import type { Connection, DiskOperation, Host, Message, Process, Timer } from "../../../src/sim/host.ts";
import { consumerConfig, ScriptedCluster } from "../client/scripted-cluster.ts";

/** Polls whenever it is woken up, unless it is told to wait. */
class Reader implements Process, ConsumerApplication {
  readonly consumer: KafkaConsumer;
  /** What each poll() returned: `orders-0: 0 1 2`. */
  readonly polls: string[] = [];
  private readonly host: Host;
  waits: boolean;

  constructor(host: Host, cluster: ScriptedCluster, config: Partial<ConsumerConfig>, waits: boolean) {
    const { bootstrap, dials } = cluster;
    this.host = host;
    this.waits = waits;
    this.consumer = new KafkaConsumer({
      host,
      name: host.name,
      config: consumerConfig({ "auto.offset.reset": "earliest", ...config }),
      dials,
      assignments: [{ topic: "orders", partitions: "all" }],
      bootstrap,
      application: this,
    });
  }

  /** One poll(), and then so on until there is nothing, unless it waits. */
  poll(): void {
    for (let polled = this.consumer.poll(); polled.length > 0; polled = this.consumer.poll()) {
      this.polls.push(polled.map(text).join(", "));
      if (this.waits) return;
    }
  }

  onStart(): void {
    this.poll();
  }

  onConnected(connection: Connection): void {
    this.consumer.onConnected(connection);
  }

  onMessage(connection: Connection, message: Message): void {
    this.consumer.onMessage(connection, message);
  }

  onDisconnected(connection: Connection): void {
    this.consumer.onDisconnected(connection);
  }

  onTimer(timer: Timer): void {
    timer.target.onTimer(timer);
  }

  onDiskDone(_operation: DiskOperation, _ok: boolean): void {}

  onShutdownRequested(): void {}

  onWakeup(): void {
    this.poll();
  }

  onException(name: string): void {
    this.host.exit(name);
  }

  onRebalance(): void {}

  onCommitEnded(): void {}

  onClosed(): void {}
}

function text({ topic, partition, offsets }: PolledRecords): string {
  return `${topic}-${partition}: ${offsets.join(" ")}`;
}

/** One broker, and a topic with batches of three records. */
function world(
  options: { partitions?: number; batches?: number; brokers?: number; dials?: Partial<Dials> } = {},
): ScriptedCluster {
  const { partitions = 1, batches = 2, brokers = 1, dials = {} } = options;
  const c = new ScriptedCluster({ brokers, dials }).createTopic("orders", partitions);
  for (let partition = 0; partition < partitions; partition++) append(c, partition, batches);
  return c;
}

function append(c: ScriptedCluster, partition: number, batches: number): void {
  const { log, epoch, logStartOffset } = c.partition("orders", partition);
  for (let i = 0; i < batches; i++) {
    const baseOffset = log.at(-1)?.nextOffset ?? logStartOffset;
    const records = [0, 1, 2].map((n) => ({
      key: null,
      value: null,
      timestamp: 0,
      origin: { client: `orders-${partition}`, sequence: baseOffset + n },
    }));
    log.push(unstampedBatch(records).stamped(baseOffset, epoch));
  }
}

function read(c: ScriptedCluster, config: Partial<ConsumerConfig> = {}, waits = false): Reader {
  let reader: Reader | undefined;
  c.run("billing", (host) => {
    reader = new Reader(host, c, config, waits);
    return reader;
  });
  c.runFor(0);
  return reader as unknown as Reader;
}

describe("max.poll.records", () => {
  test("a poll returns so many records, and the rest of the batch without another fetch", () => {
    const c = world();
    const reader = read(c, { "max.poll.records": 2 });
    c.runFor(ms(100));
    expect(reader.polls).toEqual(["orders-0: 0 1", "orders-0: 2 3", "orders-0: 4 5"]);
    expect(c.requestsOf("Fetch").map(({ body }) => body.topics[0]?.partitions[0]?.fetchOffset)).toEqual([0, 6]);
    expect(c.of("RecordsRead").map(({ position, nextPosition }) => [position, nextPosition])).toEqual([
      [0, 2],
      [2, 4],
      [4, 6],
    ]);
  });

  test("a partition whose records wait to be polled is not fetched again before", () => {
    const c = world();
    const reader = read(c, { "max.poll.records": 2 }, true);
    c.runFor(seconds(2));
    expect(reader.polls).toEqual(["orders-0: 0 1"]);
    expect(c.requestsOf("Fetch")).toHaveLength(1);
    reader.waits = false;
    reader.poll();
    c.runFor(ms(10));
    expect(reader.consumer.position({ topic: "orders", partition: 0 })).toBe(6);
    expect(c.requestsOf("Fetch")).toHaveLength(2);
  });
});

describe("pause and resume", () => {
  test("what was fetched for a paused partition stays, and is handed over when it is resumed (FetchCollector)", () => {
    const c = world({ partitions: 2 });
    const reader = read(c, { "max.poll.records": 3 }, true);
    c.runFor(ms(100));
    expect(reader.polls).toEqual(["orders-0: 0 1 2"]);
    const paused = [{ topic: "orders", partition: 0 }];
    reader.consumer.pause(paused);
    reader.waits = false;
    reader.poll();
    c.runFor(seconds(1));
    expect(reader.polls.slice(1)).toEqual(["orders-1: 0 1 2", "orders-1: 3 4 5"]);
    const fetches = c.requestsOf("Fetch").flatMap(({ body }) => body.topics.flatMap(({ partitions }) => partitions));
    reader.consumer.resume(paused);
    reader.poll();
    expect(reader.polls.slice(3)).toEqual(["orders-0: 3 4 5"]);
    // It had not been fetched again for that.
    expect(fetches.filter(({ partition }) => partition === 0)).toHaveLength(1);
  });

  test("a paused partition is not fetched", () => {
    const c = world();
    const reader = read(c, {}, true);
    c.runFor(ms(100));
    reader.consumer.pause([{ topic: "orders", partition: 0 }]);
    append(c, 0, 1);
    reader.waits = false;
    reader.poll();
    c.runFor(seconds(3));
    expect(reader.polls).toHaveLength(1);
  });
});

describe("seek", () => {
  test("the consumer goes on where the application wants, and what was fetched for elsewhere is thrown away", () => {
    const c = world();
    const reader = read(c, { "max.poll.records": 1 }, true);
    c.runFor(ms(100));
    reader.consumer.seek({ topic: "orders", partition: 0 }, 4);
    reader.waits = false;
    reader.poll();
    c.runFor(seconds(1));
    expect(reader.polls).toEqual(["orders-0: 0", "orders-0: 4", "orders-0: 5"]);
  });
});

describe("the dials of the fetch side", () => {
  test("with consumer.validateOffsetEpoch off a new leader is believed: the part that was written anew is skipped (KIP-320)", () => {
    const c = world({ brokers: 2, dials: { "consumer.validateOffsetEpoch": false } });
    const reader = read(c);
    c.runFor(seconds(1));
    const partition = c.partition("orders", 0);
    // Offsets 3 to 5 are lost with broker 1, and others written in their place, and more.
    partition.log.splice(1);
    partition.epochEnds.set(0, { leaderEpoch: 0, endOffset: 3 });
    c.moveLeader("orders", 0, 2);
    append(c, 0, 2);
    c.runFor(seconds(2));
    expect(reader.polls).toEqual(["orders-0: 0 1 2 3 4 5", "orders-0: 6 7 8"]);
    expect(c.requestsOf("OffsetForLeaderEpoch")).toEqual([]);
  });

  test("with it on, the consumer goes back to where the logs part", () => {
    const c = world({ brokers: 2 });
    const reader = read(c);
    c.runFor(seconds(1));
    const partition = c.partition("orders", 0);
    partition.log.splice(1);
    partition.epochEnds.set(0, { leaderEpoch: 0, endOffset: 3 });
    c.moveLeader("orders", 0, 2);
    append(c, 0, 2);
    c.runFor(seconds(2));
    expect(reader.polls).toEqual(["orders-0: 0 1 2 3 4 5", "orders-0: 3 4 5 6 7 8"]);
  });

  test.each(["latest", "earliest"] as const)(
    "auto.offset.reset=latest begins a partition that is newer than the consumer at %s (client.resetForNewPartitions, KIP-1327)",
    (where) => {
      const c = world({ dials: { "client.resetForNewPartitions": where } });
      const reader = read(c, { "auto.offset.reset": "latest", "metadata.max.age.ms": 1_000 });
      c.runFor(ms(100));
      c.topics.get("orders")?.push({ leader: 1, epoch: 0, log: [], logStartOffset: 0, epochEnds: new Map() });
      append(c, 1, 1);
      c.runFor(seconds(3));
      append(c, 0, 1);
      append(c, 1, 1);
      c.runFor(seconds(3));
      expect(reader.polls.toSorted()).toEqual(
        where === "latest" ? ["orders-0: 6 7 8", "orders-1: 3 4 5"] : ["orders-0: 6 7 8", "orders-1: 0 1 2", "orders-1: 3 4 5"],
      );
    },
  );

  test("with client.rejectOlderLeaderEpoch off stale metadata leads to a deposed leader, and from there to the beginning (KIP-232)", () => {
    const dials = { "client.rejectOlderLeaderEpoch": false, "consumer.validateOffsetEpoch": false };
    const c = world({ brokers: 2, dials });
    const reader = read(c, { "metadata.max.age.ms": 1_000 });
    c.moveLeader("orders", 0, 2);
    c.runFor(seconds(1));
    expect(reader.polls).toEqual(["orders-0: 0 1 2 3 4 5"]);
    // Metadata comes from a broker that lags behind, and broker 1 still takes itself for the leader of a shorter log.
    c.staleMetadata.set("orders", { leader: 1, epoch: 0 });
    const truth = c.partition("orders", 0);
    const [first] = truth.log;
    c.topics.set("orders", [{ ...truth, leader: 1, epoch: 0, log: first === undefined ? [] : [first] }]);
    c.runFor(seconds(3));
    expect(c.of("ConsumerPositionReset").at(-1)).toMatchObject({ reason: "out-of-range", from: 6, to: 0 });
    expect(reader.polls.at(-1)).toBe("orders-0: 0 1 2");
  });
});
