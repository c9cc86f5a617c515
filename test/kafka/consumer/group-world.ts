/** A scripted cluster with a group coordinator and members, and a log to read. */
import type { Micros } from "../../../src/base/units.ts";
import type { Dials } from "../../../src/kafka/dials.ts";
import type { KafkaEvent, KafkaEventKind } from "../../../src/kafka/events.ts";
import type { ApiName, RequestOf } from "../../../src/kafka/messages/apis.ts";
import { unstampedBatch } from "../../../src/kafka/records.ts";
import { ScriptedCluster, type SeenRequest } from "../client/scripted-cluster.ts";
import { FakeCoordinator } from "./fake-coordinator.ts";
import { type MemberOptions, TestMember } from "./test-member.ts";

export class GroupWorld {
  readonly cluster: ScriptedCluster;
  readonly coordinator: FakeCoordinator;
  private readonly members = new Map<string, TestMember>();

  /** One topic, `orders`, with so many partitions, and so many records in each at the beginning. */
  constructor(options: {
    readonly partitions?: number;
    readonly records?: number;
    readonly brokers?: number;
    readonly dials?: Partial<Dials>;
  }) {
    const { partitions = 1, records = 0, brokers = 1, dials } = options;
    this.cluster = new ScriptedCluster({ brokers, seed: "group", ...(dials !== undefined && { dials }) });
    this.coordinator = new FakeCoordinator(this.cluster);
    this.createTopic("orders", partitions);
    for (let partition = 0; partition < partitions; partition++) this.append(partition, records);
  }

  createTopic(name: string, partitions: number): void {
    this.cluster.createTopic(name, partitions);
  }

  /** Records appear in a partition of `orders`, each in a batch of its own. A waiting fetch sees them when its wait is over. */
  append(partition: number, count: number): void {
    const { log, epoch } = this.cluster.partition("orders", partition);
    for (let i = 0; i < count; i++) {
      const baseOffset = log.at(-1)?.nextOffset ?? 0;
      const record = { key: null, value: null, timestamp: 0, origin: { client: `orders-${partition}`, sequence: baseOffset } };
      log.push(unstampedBatch([record]).stamped(baseOffset, epoch));
    }
  }

  join(name: string, options: MemberOptions = {}): this {
    this.cluster.run(name, (host) => {
      const member = new TestMember(this.cluster, host, options);
      this.members.set(name, member);
      return member;
    });
    return this;
  }

  /** Its newest incarnation. */
  member(name: string): TestMember {
    return this.members.get(name) as TestMember;
  }

  runFor(us: Micros): this {
    this.cluster.runFor(us);
    return this;
  }

  of<K extends KafkaEventKind>(kind: K): (Extract<KafkaEvent, { kind: K }> & { at: Micros })[] {
    return this.cluster.of(kind);
  }

  requestsOf<A extends ApiName>(api: A): (Omit<SeenRequest, "body"> & { body: RequestOf<A> })[] {
    return this.cluster.requestsOf(api);
  }

  running(name: string): boolean {
    return this.cluster.world.node(name).running;
  }
}
