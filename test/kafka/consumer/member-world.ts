/** A whole cluster with a topic, a producer and a group of members: nothing in it is made for the test. */
import type { Micros } from "../../../src/base/units.ts";
import { CONSUMER_CONFIG, type ConsumerConfig, PRODUCER_CONFIG } from "../../../src/kafka/config/client-config.ts";
import { effectiveConfig } from "../../../src/kafka/config/definition.ts";
import { EffectStore } from "../../../src/kafka/consumer/effect-store.ts";
import type { HandlerSpec } from "../../../src/kafka/consumer/handler-spec.ts";
import { MemberProcess } from "../../../src/kafka/consumer/member-process.ts";
import type { Dials } from "../../../src/kafka/dials.ts";
import type { RecordsProcessed } from "../../../src/kafka/group-events.ts";
import { ProducerProcess } from "../../../src/kafka/producer/producer-process.ts";
import { newestRelease } from "../../../src/kafka/releases.ts";
import type { Host, Process } from "../../../src/sim/host.ts";
import { ClusterWorld } from "../group/cluster-world.ts";
import { template } from "../producer/workload.ts";
import { handler } from "./application-world.ts";

const BOOTSTRAP = ["broker-1"];

export class MemberWorld extends ClusterWorld {
  private readonly dials: Dials = newestRelease("kraft").dials;

  /** One broker; `orders` with so many partitions. */
  constructor(options: { readonly partitions?: number } = {}) {
    super({ brokers: 1, config: { "group.initial.rebalance.delay.ms": 0 } });
    this.createTopic("orders", options.partitions ?? 1);
  }

  produce(count: number, rate = 1_000): this {
    const workload = { rate, count, startUs: 0, key: null, value: template("value-{n}"), partition: "round-robin" } as const;
    const config = effectiveConfig(PRODUCER_CONFIG, { "linger.ms": 0 });
    const { dials } = this;
    return this.start("checkout", (host) => {
      return new ProducerProcess({ host, name: "checkout", topic: "orders", config, dials, workload, bootstrap: BOOTSTRAP });
    });
  }

  member(name: string, spec: Partial<HandlerSpec> = {}, config: Partial<ConsumerConfig> = {}): this {
    const effective = handler(spec);
    const consumer = effectiveConfig(CONSUMER_CONFIG, {
      "auto.offset.reset": "earliest",
      "enable.auto.commit": effective.commit === "auto",
      "session.timeout.ms": 10_000,
      ...config,
    });
    const { dials } = this;
    const group = { groupId: "billing", groupInstanceId: null, topics: ["orders"] };
    return this.start(name, (host) => {
      const store = effective.fencingToken ? "store" : undefined;
      return new MemberProcess({ host, name, group, config: consumer, dials, handler: effective, store, bootstrap: BOOTSTRAP });
    });
  }

  store(): this {
    return this.start("store", (host) => new EffectStore(host));
  }

  private start(name: string, create: (host: Host) => Process): this {
    this.world.addNode({ name, factory: Object.freeze({ create }) });
    this.world.start(name);
    return this;
  }

  processedBy(name: string): RecordsProcessed[] {
    return this.of("RecordsProcessed").filter(({ client }) => client === name);
  }

  /** How often the effects of each record were written, by the record's sequence. */
  effects(count: number): number[] {
    const effects: number[] = Array.from({ length: count }, () => 0);
    for (const { records, accepted } of this.of("RecordsProcessed")) {
      if (accepted) for (const { origin } of records) effects[origin.sequence] = (effects[origin.sequence] ?? 0) + 1;
    }
    return effects;
  }

  /** What the group has committed, as the coordinator keeps it. */
  committedOffset(partition = 0): number {
    return this.of("GroupOffsetChanged").findLast((event) => event.partition === partition)?.offset ?? -1;
  }

  untilProcessed(by: string, records: number): this {
    this.runUntil(() => this.processedBy(by).reduce((sum, event) => sum + event.records.length, 0) >= records);
    return this;
  }

  isRunning(name: string): boolean {
    return this.world.node(name).process !== undefined;
  }

  now(): Micros {
    return this.world.time;
  }
}
