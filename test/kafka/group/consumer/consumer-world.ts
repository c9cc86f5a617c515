/**
 * KIP-848 groups, and classic ones beside them, on a shard of their own: its log is an array, its writes are committed when a test says
 * so, its clock moves when a test lets time pass, and its topics are what a test says.
 */
import { type Micros, ms } from "../../../../src/base/units.ts";
import { BROKER_CONFIG, type BrokerConfig } from "../../../../src/kafka/config/broker-config.ts";
import { effectiveConfig } from "../../../../src/kafka/config/definition.ts";
import { DIAL_VALUES, type Dials } from "../../../../src/kafka/dials.ts";
import type { ErrorCode } from "../../../../src/kafka/errors.ts";
import type { KafkaEvent } from "../../../../src/kafka/events.ts";
import { ClassicGroup } from "../../../../src/kafka/group/classic/classic-group.ts";
import { ClassicGroups, type ClassicRequest } from "../../../../src/kafka/group/classic/classic-groups.ts";
import { ConsumerGroup } from "../../../../src/kafka/group/consumer/consumer-group.ts";
import type { ConsumerGroupMember } from "../../../../src/kafka/group/consumer/consumer-group-member.ts";
import { ConsumerGroups } from "../../../../src/kafka/group/consumer/consumer-groups.ts";
import type { PartitionSet } from "../../../../src/kafka/group/consumer/partition-set.ts";
import type { CoordinatorRecord } from "../../../../src/kafka/group/coordinator-records.ts";
import { GroupRegistry } from "../../../../src/kafka/group/group.ts";
import type { ShardContext, ShardPart, WriteWaiter } from "../../../../src/kafka/group/shard.ts";
import type { ApiName, RequestOf, ResponseOf } from "../../../../src/kafka/messages/apis.ts";
import type { ConsumerGroupHeartbeatRequest } from "../../../../src/kafka/messages/groups.ts";
import type { BrokerMetadataCache, CachedTopic } from "../../../../src/kafka/metadata/broker-metadata-cache.ts";
import type { BrokerRegistration, PartitionRegistration } from "../../../../src/kafka/metadata/image.ts";
import type { PendingRequest } from "../../../../src/kafka/net/request-channel.ts";
import type { Host, Timer, TimerId } from "../../../../src/sim/host.ts";
import { RandomStream } from "../../../../src/sim/random.ts";

const NEWEST = Object.fromEntries(Object.entries(DIAL_VALUES).map(([dial, values]) => [dial, values[0]])) as unknown as Dials;

export const GROUP = "billing";
export const SESSION_MS = 45_000;
export const REBALANCE_MS = 60_000;

class TestHost {
  time: Micros = 0;
  readonly events: KafkaEvent[] = [];
  private readonly streams = new Map<string, RandomStream>();
  private timers: { readonly id: TimerId; readonly at: Micros; readonly timer: Timer }[] = [];
  private lastTimer: TimerId = 0;

  now(): Micros {
    return this.time;
  }

  steadyNow(): Micros {
    return this.time;
  }

  random(purpose: string): RandomStream {
    const stream = this.streams.get(purpose) ?? new RandomStream("test", purpose);
    this.streams.set(purpose, stream);
    return stream;
  }

  setTimer(delay: Micros, timer: Timer): TimerId {
    this.lastTimer += 1;
    this.timers.push({ id: this.lastTimer, at: this.time + delay, timer });
    return this.lastTimer;
  }

  cancelTimer(id: TimerId): void {
    this.timers = this.timers.filter((each) => each.id !== id);
  }

  emit(event: KafkaEvent): void {
    this.events.push(event);
  }

  get pendingTimers(): readonly string[] {
    return this.timers.map(({ timer }) => timer.kind);
  }

  /** False if none is due by then. */
  fireNext(until: Micros): boolean {
    const due = this.timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at || a.id - b.id)[0];
    if (due === undefined) return false;
    this.cancelTimer(due.id);
    this.time = due.at;
    due.timer.target.onTimer(due.timer);
    return true;
  }
}

/** The id of a topic is its name after "id-"; a topic made anew under the same name has a dash more. */
class TestMetadata implements BrokerMetadataCache {
  readonly racks = new Map<number, string>();
  private readonly byName = new Map<string, CachedTopic>();
  private readonly made = new Map<string, number>();

  make(name: string, partitions: number): void {
    const times = (this.made.get(name) ?? 0) + 1;
    this.made.set(name, times);
    this.byName.set(name, { name, id: `id-${name}${"'".repeat(times - 1)}`, partitions: registrations(partitions) });
  }

  grow(name: string, partitions: number): void {
    const topic = this.byName.get(name);
    if (topic !== undefined) this.byName.set(name, { ...topic, partitions: registrations(partitions) });
  }

  delete(name: string): void {
    this.byName.delete(name);
  }

  brokers(): Iterable<BrokerRegistration> {
    return [];
  }

  broker(id: number): BrokerRegistration | undefined {
    const rack = this.racks.get(id) ?? null;
    return { id, epoch: 0, incarnationId: "", host: `broker-${id}`, rack, fenced: false, inControlledShutdown: false };
  }

  topics(): Iterable<CachedTopic> {
    return this.byName.values();
  }

  topicById(id: string): CachedTopic | undefined {
    return [...this.byName.values()].find((topic) => topic.id === id);
  }

  topicByName(name: string): CachedTopic | undefined {
    return this.byName.get(name);
  }

  partition(topic: string, partition: number): PartitionRegistration | undefined {
    return this.byName.get(topic)?.partitions[partition];
  }

  topicConfig(): ReadonlyMap<string, string> {
    return new Map();
  }
}

function registrations(count: number): PartitionRegistration[] {
  return Array.from({ length: count }, () => ({
    replicas: [1, 2],
    isr: [1, 2],
    elr: [],
    lastKnownElr: [],
    leader: 1,
    leaderEpoch: 0,
    partitionEpoch: 0,
    leaderRecoveryState: "RECOVERED",
  }));
}

class TestShard implements ShardContext {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly brokerId = 1;
  readonly metadata: BrokerMetadataCache;
  readonly groups = new GroupRegistry();
  readonly partition = 0;
  readonly epoch = 0;
  active = false;
  readonly log: CoordinatorRecord[] = [];
  /** Every write is answered with it, and nothing is written. */
  refuses: ErrorCode = "NONE";
  parts: readonly ShardPart[] = [];
  private waiting: WriteWaiter[] = [];
  private uncommitted = 0;

  constructor(options: Pick<ShardContext, "host" | "config" | "dials" | "metadata">) {
    this.host = options.host;
    this.config = options.config;
    this.dials = options.dials;
    this.metadata = options.metadata;
  }

  replay(record: CoordinatorRecord): void {
    for (const part of this.parts) part.replay(record, this.log.length);
    this.log.push(record);
  }

  write(records: readonly CoordinatorRecord[], waiter?: WriteWaiter): ErrorCode {
    if (records.length > 0 && this.refuses !== "NONE") {
      waiter?.onWritten(this.refuses);
      return this.refuses;
    }
    for (const record of records) this.replay(record);
    this.uncommitted += records.length;
    if (waiter === undefined) return "NONE";
    if (this.uncommitted === 0) waiter.onWritten("NONE");
    else this.waiting.push(waiter);
    return "NONE";
  }

  /** What was written so far is committed, or not known to be. */
  end(error: ErrorCode): void {
    const { waiting } = this;
    this.waiting = [];
    this.uncommitted = 0;
    for (const waiter of waiting) waiter.onWritten(error);
  }
}

/** A request and, when it came, its answer. */
export class TestRequest<A extends ApiName> {
  readonly api: A;
  readonly body: RequestOf<A>;
  readonly from: string;
  answer: ResponseOf<A> | undefined;

  constructor(api: A, body: RequestOf<A>, from: string) {
    this.api = api;
    this.body = body;
    this.from = from;
  }

  respond(body: ResponseOf<A>): void {
    if (this.answer !== undefined) throw new Error(`a second answer to ${this.api} of ${this.from}`);
    this.answer = body;
  }
}

export type Heartbeat = Partial<Omit<ConsumerGroupHeartbeatRequest, "topicPartitions">> & {
  /** `orders-0`. */
  readonly owned?: readonly string[] | null;
};

export interface Answer {
  readonly error: ErrorCode | "waits";
  readonly epoch: number;
  /** `orders-0`; null when it is as it was. */
  readonly assignment: readonly string[] | null;
}

interface WorldOptions {
  readonly topics?: Readonly<Record<string, number>>;
  readonly config?: Readonly<Record<string, number | string>>;
  readonly dials?: Partial<Dials>;
  /** Whether tests say when a write is committed; else it is before anything else happens. */
  readonly slowCommits?: boolean;
}

export class ConsumerWorld {
  readonly host = new TestHost();
  readonly metadata = new TestMetadata();
  readonly shard: TestShard;
  readonly classic: ClassicGroups;
  readonly groups: ConsumerGroups;
  private readonly options: WorldOptions;

  constructor(options: WorldOptions = {}, log: readonly CoordinatorRecord[] = []) {
    const { topics = { orders: 4 }, config = {}, dials = {} } = options;
    this.options = options;
    for (const [name, partitions] of Object.entries(topics)) this.metadata.make(name, partitions);
    this.shard = new TestShard({
      host: this.host as unknown as Host,
      config: effectiveConfig(BROKER_CONFIG, config),
      dials: { ...NEWEST, ...dials },
      metadata: this.metadata,
    });
    this.classic = new ClassicGroups(this.shard);
    this.groups = new ConsumerGroups(this.shard, this.classic);
    this.shard.parts = [this.classic, this.groups];
    for (const record of log) this.shard.replay(record);
    this.shard.active = true;
    for (const part of this.shard.parts) part.onLoaded();
  }

  /** Another coordinator, which finds `log` (as it is, unless said) and the same topics. */
  failover(log: readonly CoordinatorRecord[] = this.shard.log): ConsumerWorld {
    const topics = Object.fromEntries([...this.metadata.topics()].map(({ name, partitions }) => [name, partitions.length]));
    return new ConsumerWorld({ ...this.options, topics }, log);
  }

  // ---- requests ----

  ask<A extends ApiName>(api: A, from: string, body: RequestOf<A>): TestRequest<A> {
    const request = new TestRequest(api, body, from);
    if (api === "ConsumerGroupHeartbeat") this.groups.onRequest(request as unknown as PendingRequest<"ConsumerGroupHeartbeat">);
    else this.classic.onRequest(request as unknown as ClassicRequest);
    this.settle();
    return request;
  }

  /** Says nothing but what a test says. */
  heartbeat(memberId: string, said: Heartbeat = {}): Answer {
    const { owned = null, ...fields } = said;
    const request = this.ask("ConsumerGroupHeartbeat", memberId.split(":")[0] ?? memberId, {
      groupId: GROUP,
      memberId,
      memberEpoch: this.find(memberId)?.memberEpoch ?? 0,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: -1,
      subscribedTopicNames: null,
      serverAssignor: null,
      topicPartitions: owned === null ? null : this.byId(owned),
      ...fields,
    });
    const { answer } = request;
    return {
      error: answer?.errorCode ?? "waits",
      epoch: answer?.memberEpoch ?? -1,
      assignment: answer?.assignment == null ? null : this.names(answer.assignment.topicPartitions),
    };
  }

  join(memberId: string, said: Heartbeat = {}): Answer {
    const first = { memberEpoch: 0, rebalanceTimeoutMs: REBALANCE_MS, subscribedTopicNames: ["orders"], owned: [] };
    return this.heartbeat(memberId, { ...first, ...said });
  }

  // ---- the group ----

  get group(): ConsumerGroup {
    const group = this.shard.groups.get(GROUP);
    if (!(group instanceof ConsumerGroup)) throw new Error("no KIP-848 group");
    return group;
  }

  get classicGroup(): ClassicGroup {
    const group = this.shard.groups.get(GROUP);
    if (!(group instanceof ClassicGroup)) throw new Error("no classic group");
    return group;
  }

  find(memberId: string): ConsumerGroupMember | undefined {
    const group = this.shard.groups.get(GROUP);
    return group instanceof ConsumerGroup ? group.member(memberId) : undefined;
  }

  /** `STABLE 3 [orders-0 orders-1] -[orders-2]`: state, epoch, assigned, pending revocation. */
  picture(memberId: string): string {
    const member = this.find(memberId);
    if (member === undefined) return "unknown";
    const { state, memberEpoch, assigned, pendingRevocation } = member;
    const pending = pendingRevocation.length === 0 ? "" : ` -[${this.names(pendingRevocation).join(" ")}]`;
    return `${state} ${memberEpoch} [${this.names(assigned).join(" ")}]${pending}`;
  }

  names(set: PartitionSet): string[] {
    return set.flatMap(({ topicId, partitions }) => partitions.map((partition) => `${topicId.slice(3)}-${partition}`)).sort();
  }

  /** Of all partitions that exist. */
  byId(names: readonly string[]): PartitionSet {
    return names.map((name) => {
      const at = name.lastIndexOf("-");
      return { topicId: `id-${name.slice(0, at)}`, partitions: [Number(name.slice(at + 1))] };
    });
  }

  // ---- time, topics and the log ----

  pass(milliseconds: number): void {
    const until = this.host.time + ms(milliseconds);
    while (this.host.fireNext(until)) this.settle();
    this.host.time = until;
  }

  changeTopics(change: (metadata: TestMetadata) => void): void {
    change(this.metadata);
    for (const part of this.shard.parts) part.onMetadataChanged();
  }

  commit(): void {
    this.shard.end("NONE");
  }

  private settle(): void {
    if (this.options.slowCommits !== true) this.commit();
  }

  eventsOf<K extends KafkaEvent["kind"]>(kind: K): Extract<KafkaEvent, { kind: K }>[] {
    return this.host.events.filter((event) => event.kind === kind) as Extract<KafkaEvent, { kind: K }>[];
  }

  /** `Empty>Stable`, in their order. */
  get states(): readonly string[] {
    return this.eventsOf("GroupStateChanged").map(({ protocol, from, to }) => `${protocol} ${from}>${to}`);
  }
}
