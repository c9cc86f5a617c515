/**
 * One controller over a pretended world: a clock that the test moves, a metadata log that commits when the test says so,
 * and requests whose answers can be looked at.
 */
import { type Micros, ms } from "../../../src/base/units.ts";
import { BROKER_CONFIG, type BrokerConfig } from "../../../src/kafka/config/broker-config.ts";
import { effectiveConfig } from "../../../src/kafka/config/definition.ts";
import type { MetadataLogWriter } from "../../../src/kafka/controller/metadata-log-writer.ts";
import { QuorumController } from "../../../src/kafka/controller/quorum-controller.ts";
import { DIAL_VALUES, type Dials } from "../../../src/kafka/dials.ts";
import type { KafkaEvent, KafkaEventKind } from "../../../src/kafka/events.ts";
import type { ApiName, RequestOf, ResponseOf } from "../../../src/kafka/messages/apis.ts";
import { RequestFrame, type ResponseFrame } from "../../../src/kafka/messages/frame.ts";
import { MetadataImage, type PartitionRegistration } from "../../../src/kafka/metadata/image.ts";
import type { MetadataRecord } from "../../../src/kafka/metadata/records.ts";
import { InboundConnection, RequestQueue } from "../../../src/kafka/net/request-channel.ts";
import { RecordBatch } from "../../../src/kafka/records.ts";
import type { Connection, DomainEvent, Host, Message, Timer, TimerId } from "../../../src/sim/host.ts";
import { RandomStream } from "../../../src/sim/random.ts";

const CONTROLLER = 3001;
export const OTHER_CONTROLLER = 3002;

const NEWEST_DIALS = Object.fromEntries(
  Object.entries(DIAL_VALUES).map(([name, values]) => [name, values[0]]),
) as unknown as Dials;
/** As 4.0 comes: without eligible leader replicas. */
const DEFAULT_DIALS: Dials = { ...NEWEST_DIALS, "election.eligibleLeaderReplicas": false };

/** The part of a host that a controller uses. */
class FakeHost {
  readonly name = "controller-3001";
  readonly alive = true;
  readonly events: KafkaEvent[] = [];
  readonly answers = new Map<Connection, Message>();
  private clock: Micros = 0;
  private nextId = 1;
  private readonly timers = new Map<TimerId, { readonly at: Micros; readonly timer: Timer }>();
  private readonly streams = new Map<string, RandomStream>();

  now(): Micros {
    return this.clock;
  }

  steadyNow(): Micros {
    return this.clock;
  }

  random(purpose: string): RandomStream {
    const stream = this.streams.get(purpose) ?? new RandomStream("42", purpose);
    this.streams.set(purpose, stream);
    return stream;
  }

  setTimer(delay: Micros, timer: Timer): TimerId {
    const id = this.nextId++;
    this.timers.set(id, { at: this.clock + delay, timer });
    return id;
  }

  cancelTimer(id: TimerId): void {
    this.timers.delete(id);
  }

  emit(event: DomainEvent): void {
    this.events.push(event as KafkaEvent);
  }

  send(connection: Connection, message: Message): void {
    this.answers.set(connection, message);
  }

  /** Moves the clock by `duration` and fires what is due, in order; `between` runs after each timer. */
  run(duration: Micros, between: () => void): void {
    const until = this.clock + duration;
    for (;;) {
      let next: TimerId | undefined;
      for (const [id, { at }] of this.timers) {
        if (at <= until && (next === undefined || at < (this.timers.get(next)?.at ?? 0))) next = id;
      }
      if (next === undefined) break;
      const { at, timer } = this.timers.get(next) as { at: Micros; timer: Timer };
      this.timers.delete(next);
      this.clock = at;
      timer.target.onTimer(timer);
      between();
    }
    this.clock = until;
  }
}

/** The quorum's leader in one node: records get their offsets at once and commit when told. */
class FakeMetadataLog implements MetadataLogWriter {
  isLeader = false;
  epoch = 0;
  readonly batches: RecordBatch<MetadataRecord>[] = [];
  committedBatches = 0;

  get logEndOffset(): number {
    return this.batches.at(-1)?.nextOffset ?? 0;
  }

  scheduleAppend(epoch: number, records: readonly MetadataRecord[]): number | undefined {
    if (!this.isLeader || epoch !== this.epoch) return undefined;
    this.batches.push(
      new RecordBatch({ baseOffset: this.logEndOffset, partitionLeaderEpoch: epoch, sizeInBytes: 0 }, [...records]),
    );
    return this.logEndOffset - 1;
  }
}

/** A request on a connection of its own. */
export interface Asked<A extends ApiName> {
  /** Undefined while there is none. */
  readonly answer: ResponseOf<A> | undefined;
}

export class ControllerFixture {
  readonly host = new FakeHost();
  readonly log = new FakeMetadataLog();
  readonly controller: QuorumController;
  private connections = 0;

  constructor(
    options: {
      readonly config?: Partial<BrokerConfig>;
      readonly dials?: Partial<Dials>;
      readonly recordCost?: Micros;
    } = {},
  ) {
    this.controller = new QuorumController({
      host: this.host as unknown as Host,
      config: effectiveConfig(BROKER_CONFIG, { "metadata.max.idle.interval.ms": 0 }, options.config ?? {}),
      dials: { ...DEFAULT_DIALS, ...options.dials },
      topology: { clusterId: "cluster", voters: [], zookeeper: [], brokers: [] },
      nodeId: CONTROLLER,
      raft: this.log,
      recordCost: options.recordCost ?? 0,
    });
  }

  /** The node wins a Raft election; its controller is active once `commit` has been called. */
  becomeRaftLeader(): void {
    this.log.epoch++;
    this.log.isLeader = true;
    this.log.scheduleAppend(this.log.epoch, [{ type: "LeaderChange", leaderId: CONTROLLER, voters: [CONTROLLER] }]);
    this.controller.onLeaderChange(CONTROLLER, this.log.epoch);
  }

  activate(): this {
    this.becomeRaftLeader();
    this.commit();
    return this;
  }

  /** Another node leads from now on, with what was committed. */
  loseRaftLeadership(): void {
    this.log.isLeader = false;
    this.log.epoch++;
    this.log.batches.length = this.log.committedBatches;
    this.controller.onLeaderChange(OTHER_CONTROLLER, this.log.epoch);
  }

  /** Everything appended commits, and what is appended meanwhile as well. */
  commit(): void {
    while (this.log.committedBatches < this.log.batches.length) {
      const batches = this.log.batches.slice(this.log.committedBatches);
      this.log.committedBatches = this.log.batches.length;
      this.controller.onCommit(batches, this.log.logEndOffset);
    }
  }

  /** Lets time pass. What the controller writes commits at once. */
  runFor(milliseconds: number): void {
    this.host.run(ms(milliseconds), () => this.commit());
  }

  /** Sends a request; nothing commits by itself. */
  ask<A extends ApiName>(api: A, body: RequestOf<A>): Asked<A> {
    const connection: Connection = { id: this.connections++, peer: "someone", outbound: false, attachment: undefined };
    const requests = new RequestQueue();
    const inbound = new InboundConnection(this.host as unknown as Host, connection, this.controller, requests);
    inbound.onMessage(connection, new RequestFrame(api, 0, body, 100));
    requests.drain();
    const { answers } = this.host;
    return {
      get answer() {
        return (answers.get(connection) as ResponseFrame<A> | undefined)?.body;
      },
    };
  }

  /** Sends a request, lets everything commit, and returns the answer. */
  call<A extends ApiName>(api: A, body: RequestOf<A>): ResponseOf<A> {
    const asked = this.ask(api, body);
    this.commit();
    const { answer } = asked;
    if (answer === undefined) throw new Error(`${api} was not answered`);
    return answer;
  }

  register(brokerId: number, options: Partial<RequestOf<"BrokerRegistration">> = {}): ResponseOf<"BrokerRegistration"> {
    return this.call("BrokerRegistration", registration(brokerId, options));
  }

  /** From the broker's current registration, caught up with the whole log unless it says otherwise. */
  heartbeat(brokerId: number, options: Partial<RequestOf<"BrokerHeartbeat">> = {}): ResponseOf<"BrokerHeartbeat"> {
    return this.call("BrokerHeartbeat", {
      brokerId,
      brokerEpoch: this.brokerEpoch(brokerId),
      currentMetadataOffset: this.log.logEndOffset - 1,
      wantFence: false,
      wantShutDown: false,
      ...options,
    });
  }

  /** Registers and unfences brokers 1 to `count`. */
  withBrokers(count: number): this {
    for (let id = 1; id <= count; id++) this.startBroker(id);
    return this;
  }

  /** A new incarnation arrives and is unfenced. */
  startBroker(id: number, options: Partial<RequestOf<"BrokerRegistration">> = {}): void {
    this.register(id, options);
    this.heartbeat(id);
  }

  /** Lets the sessions of `dead` run out while the brokers of `alive` go on. */
  fenceBySilence(dead: readonly number[], alive: readonly number[]): void {
    for (let elapsed = 0; elapsed < 10_000; elapsed += 2_000) {
      this.runFor(2_000);
      for (const id of alive) this.heartbeat(id);
    }
    for (const id of dead) if (this.image().broker(id)?.fenced !== true) throw new Error(`broker ${id} is not fenced`);
  }

  /** A topic `orders` with the given replicas for each partition. */
  createTopic(assignments: readonly (readonly number[])[], configs: Readonly<Record<string, string>> = {}): void {
    const { topics } = this.call("CreateTopics", {
      timeoutMs: 1_000,
      topics: [
        {
          name: "orders",
          numPartitions: -1,
          replicationFactor: -1,
          assignments: assignments.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
          configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
        },
      ],
    });
    if (topics[0]?.errorCode !== "NONE") throw new Error(`orders was not created: ${topics[0]?.errorMessage}`);
  }

  /** The leader of orders-`partition` proposes an ISR, all members in their current incarnation. */
  alterIsr(partition: number, isr: readonly number[]): ResponseOf<"AlterPartition"> {
    const { leader, leaderEpoch, partitionEpoch } = this.partition(partition);
    return this.call("AlterPartition", {
      brokerId: leader,
      brokerEpoch: this.brokerEpoch(leader),
      topics: [
        {
          topicId: this.image().topicByName("orders")?.id ?? "",
          topic: "orders",
          partitions: [
            {
              partitionIndex: partition,
              leaderEpoch,
              partitionEpoch,
              leaderRecoveryState: "RECOVERED",
              newIsrWithEpochs: isr.map((brokerId) => ({ brokerId, brokerEpoch: this.brokerEpoch(brokerId) })),
            },
          ],
        },
      ],
    });
  }

  /** What everybody has seen: the committed records, replayed. */
  image(): MetadataImage {
    const image = new MetadataImage();
    for (const batch of this.log.batches.slice(0, this.log.committedBatches)) {
      for (const [i, record] of batch.records.entries()) image.apply(record, batch.baseOffset + i);
    }
    return image;
  }

  partition(partition = 0): PartitionRegistration {
    const registration = this.image().partition("orders", partition);
    if (registration === undefined) throw new Error(`there is no orders-${partition}`);
    return registration;
  }

  brokerEpoch(id: number): number {
    return this.image().broker(id)?.epoch ?? -1;
  }

  /** The records of the last batch. */
  lastBatch(): readonly MetadataRecord[] {
    return this.log.batches.at(-1)?.records ?? [];
  }

  /** Events of one kind, from the `from`-th event on. */
  events<K extends KafkaEventKind>(kind: K, from = 0): Extract<KafkaEvent, { kind: K }>[] {
    return this.host.events.slice(from).filter((event) => event.kind === kind) as Extract<KafkaEvent, { kind: K }>[];
  }
}

export function registration(
  brokerId: number,
  options: Partial<RequestOf<"BrokerRegistration">> = {},
): RequestOf<"BrokerRegistration"> {
  return {
    brokerId,
    clusterId: "cluster",
    incarnationId: `broker-${brokerId}/1`,
    host: `broker-${brokerId}`,
    rack: null,
    previousBrokerEpoch: -1,
    ...options,
  };
}
