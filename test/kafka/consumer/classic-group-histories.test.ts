/** Members of a classic group and a whole cluster, through all sorts of trouble. Everything is real but the application. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { PRODUCER_CONFIG } from "../../../src/kafka/config/client-config.ts";
import { effectiveConfig } from "../../../src/kafka/config/definition.ts";
import { partitionName } from "../../../src/kafka/ids.ts";
import { ProducerProcess } from "../../../src/kafka/producer/producer-process.ts";
import { newestRelease } from "../../../src/kafka/releases.ts";
import type { Host, Process } from "../../../src/sim/host.ts";
import { ClusterWorld } from "../group/cluster-world.ts";
import { template } from "../producer/workload.ts";
import { TestMember } from "./test-member.ts";

const PARTITIONS = 4;
const RECORDS = 400;
const MEMBERS = ["billing-1", "billing-2", "billing-3"] as const;

const step = fc.record({
  after: fc.integer({ min: 0, max: 8_000 }),
  what: fc.constantFrom("crash", "stop", "start", "pause", "resume", "crash coordinator", "restart brokers"),
  whom: fc.constantFrom(...MEMBERS),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

class History extends ClusterWorld {
  private readonly dials = newestRelease("kraft").dials;

  constructor(strategy: string) {
    super({ brokers: 3, config: { "group.initial.rebalance.delay.ms": 1_000 } });
    this.createTopic("orders", PARTITIONS);
    const config = effectiveConfig(PRODUCER_CONFIG, { "linger.ms": 0 });
    const { dials } = this;
    const bootstrap = ["broker-1", "broker-2", "broker-3"];
    const workload = {
      rate: 10,
      count: RECORDS,
      startUs: 0,
      key: null,
      value: template("{n}"),
      partition: "round-robin",
    } as const;
    const options = {
      config: { "partition.assignment.strategy": strategy, "session.timeout.ms": 10_000, "auto.commit.interval.ms": 1_000 },
      handlerUs: ms(40),
    };
    this.run(
      "checkout",
      (host) => new ProducerProcess({ host, name: "checkout", topic: "orders", config, dials, workload, bootstrap }),
    );
    for (const name of MEMBERS) this.run(name, (host) => new TestMember({ dials, bootstrap }, host, options));
  }

  private run(name: string, create: (host: Host) => Process): void {
    this.world.addNode({ name, factory: Object.freeze({ create }) });
    this.world.start(name);
  }

  play(steps: readonly Step[]): this {
    for (const { after, what, whom } of steps) {
      this.runFor(ms(after));
      const running = this.world.node(whom).process !== undefined;
      if (what === "crash" && running) this.world.crash(whom);
      else if (what === "stop" && running) this.world.requestShutdown(whom);
      else if (what === "start" && !running) this.world.start(whom);
      else if (what === "pause") this.world.pause(whom);
      else if (what === "resume") this.world.resume(whom);
      else if (what === "crash coordinator") this.crashCoordinator();
      else if (what === "restart brokers") this.startAll(this.brokers.map((id) => `broker-${id}`));
    }
    return this;
  }

  /** Everybody is there again, and has time enough. */
  heal(): this {
    for (const name of MEMBERS) this.world.resume(name);
    this.startAll(this.brokers.map((id) => `broker-${id}`));
    this.runFor(seconds(1));
    this.startAll(MEMBERS);
    return this.runFor(seconds(90));
  }

  private startAll(names: readonly string[]): void {
    for (const name of names) if (this.world.node(name).process === undefined) this.world.start(name);
  }

  private crashCoordinator(): void {
    const loaded = this.of("CoordinatorLoaded").findLast(({ partition }) => partition === this.partitionOf("billing"));
    const node = `broker-${loaded?.broker ?? 1}`;
    if (this.world.node(node).process !== undefined) this.world.crash(node);
  }

  /** Of the last generation: who believes to own what. */
  owners(): Map<string, string[]> {
    const owners = new Map<string, string[]>();
    for (const name of MEMBERS) {
      const last = this.events.findLast(
        (event) =>
          (event.kind === "PartitionsAssigned" || event.kind === "PartitionsRevoked" || event.kind === "PartitionsLost") &&
          event.client === name,
      ) as { owned: readonly { topic: string; partition: number }[] } | undefined;
      for (const { topic, partition } of last?.owned ?? []) {
        const key = partitionName(topic, partition);
        owners.set(key, [...(owners.get(key) ?? []), name]);
      }
    }
    return owners;
  }
}

describe.each(["range", "roundrobin", "sticky", "cooperative-sticky"])("%s", (strategy) => {
  test.prop([fc.array(step, { maxLength: 12 })], { numRuns: 5, seed: 7 })(
    "whatever happens, in the end each partition has one owner, and every record has been read",
    (steps) => {
      const w = new History(strategy).play(steps).heal();
      const owners = w.owners();
      expect([...owners.keys()].sort()).toEqual(Array.from({ length: PARTITIONS }, (_, i) => `orders-${i}`));
      expect([...owners.values()].every((names) => names.length === 1)).toBe(true);
      const read = new Set(
        w
          .of("RecordsRead")
          .flatMap(({ batches }) => batches.flatMap(({ records }) => records.map(({ origin }) => origin.sequence))),
      );
      const acknowledged = w.of("ProduceAcknowledged");
      expect(acknowledged.length).toBeGreaterThan(0);
      expect(read.size).toBeGreaterThanOrEqual(RECORDS - w.of("ProduceFailed").length);
      // Within one generation nobody owns what somebody else does.
      const byGeneration = new Map<string, string>();
      for (const { generation, client, owned } of w.of("PartitionsAssigned")) {
        for (const { topic, partition } of owned) {
          const key = `${generation} ${partitionName(topic, partition)}`;
          expect(byGeneration.get(key) ?? client).toBe(client);
          byGeneration.set(key, client);
        }
      }
    },
  );
});
