/** Classic groups on a shard of their own: its log is an array, its writes are committed when a test says so, its clock stands still. */
import { type Micros, ms } from "../../../../src/base/units.ts";
import { BROKER_CONFIG, type BrokerConfig } from "../../../../src/kafka/config/broker-config.ts";
import { effectiveConfig } from "../../../../src/kafka/config/definition.ts";
import { DIAL_VALUES, type Dials } from "../../../../src/kafka/dials.ts";
import type { ErrorCode } from "../../../../src/kafka/errors.ts";
import type { KafkaEvent } from "../../../../src/kafka/events.ts";
import { ClassicGroup } from "../../../../src/kafka/group/classic/classic-group.ts";
import { ClassicGroups, type ClassicRequest } from "../../../../src/kafka/group/classic/classic-groups.ts";
import { groupTombstone } from "../../../../src/kafka/group/classic/group-store.ts";
import type { CoordinatorRecord, GroupMetadataValue } from "../../../../src/kafka/group/coordinator-records.ts";
import { GroupRegistry } from "../../../../src/kafka/group/group.ts";
import type { ShardContext, WriteWaiter } from "../../../../src/kafka/group/shard.ts";
import type { RequestOf, ResponseOf } from "../../../../src/kafka/messages/apis.ts";
import type { ConsumerAssignment } from "../../../../src/kafka/messages/groups.ts";
import type { BrokerMetadataCache } from "../../../../src/kafka/metadata/broker-metadata-cache.ts";
import type { Host, Timer, TimerId } from "../../../../src/sim/host.ts";
import { RandomStream } from "../../../../src/sim/random.ts";

const NEWEST = Object.fromEntries(Object.entries(DIAL_VALUES).map(([dial, values]) => [dial, values[0]])) as unknown as Dials;

export const GROUP = "billing";
export const SESSION_MS = 10_000;
export const REBALANCE_MS = 60_000;

class TestHost {
  /** Two coordinators draw different member ids. */
  readonly name: string;
  time: Micros;
  readonly events: KafkaEvent[] = [];
  private readonly streams = new Map<string, RandomStream>();
  private timers: { readonly id: TimerId; readonly at: Micros; readonly timer: Timer }[] = [];
  private lastTimer: TimerId = 0;

  constructor(name: string, time: Micros) {
    this.name = name;
    this.time = time;
  }

  now(): Micros {
    return this.time;
  }

  steadyNow(): Micros {
    return this.time;
  }

  random(purpose: string): RandomStream {
    const stream = this.streams.get(purpose) ?? new RandomStream(this.name, purpose);
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

  get pendingTimers(): number {
    return this.timers.length;
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

class TestShard implements ShardContext {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly brokerId = 1;
  readonly metadata = {} as BrokerMetadataCache;
  readonly groups = new GroupRegistry();
  readonly partition = 0;
  readonly epoch = 0;
  active = true;
  readonly log: CoordinatorRecord[] = [];
  /** Every write is answered with it, and nothing is written. */
  refuses: ErrorCode = "NONE";
  part: ClassicGroups | undefined;
  waiting: WriteWaiter[] = [];
  private uncommitted = 0;

  constructor(host: TestHost, { config, dials }: { readonly config: BrokerConfig; readonly dials: Dials }) {
    this.host = host as unknown as Host;
    this.config = config;
    this.dials = dials;
  }

  write(records: readonly CoordinatorRecord[], waiter?: WriteWaiter): ErrorCode {
    if (records.length > 0 && this.refuses !== "NONE") {
      waiter?.onWritten(this.refuses);
      return this.refuses;
    }
    for (const record of records) {
      this.part?.replay(record);
      this.log.push(record);
    }
    this.uncommitted += records.length;
    if (waiter === undefined) return "NONE";
    if (this.uncommitted === 0) waiter.onWritten("NONE");
    else this.waiting.push(waiter);
    return "NONE";
  }

  /** What was written so far is committed, or known to be lost. */
  end(error: ErrorCode): void {
    const { waiting } = this;
    this.waiting = [];
    this.uncommitted = 0;
    for (const waiter of waiting) waiter.onWritten(error);
  }
}

type ClassicApi = ClassicRequest["api"];

/** A request and, when it came, its answer. */
export class TestRequest<A extends ClassicApi = ClassicApi> {
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

  get error(): ErrorCode | "waits" {
    return this.answer?.errorCode ?? "waits";
  }
}

export interface Said {
  readonly memberId?: string;
  readonly instance?: string | null;
  readonly assignors?: readonly string[];
  readonly topics?: readonly string[];
  readonly sessionMs?: number;
  readonly rebalanceMs?: number;
  readonly protocolType?: string;
}

interface WorldOptions {
  readonly config?: Readonly<Record<string, number | string>>;
  readonly dials?: Partial<Dials>;
  /** Whether tests say when a write is committed; else it is before anything else happens. */
  readonly slowCommits?: boolean;
  /** What the coordinator finds when it begins. */
  readonly log?: readonly CoordinatorRecord[];
  readonly time?: Micros;
  readonly node?: string;
}

export class ClassicWorld {
  readonly host: TestHost;
  readonly shard: TestShard;
  readonly groups: ClassicGroups;
  readonly requests: TestRequest[] = [];
  slowCommits: boolean;

  constructor({ config = {}, dials = {}, slowCommits = false, log = [], time = 0, node = "broker-1" }: WorldOptions = {}) {
    this.host = new TestHost(node, time);
    this.shard = new TestShard(this.host, { config: effectiveConfig(BROKER_CONFIG, config), dials: { ...NEWEST, ...dials } });
    this.groups = new ClassicGroups(this.shard);
    this.shard.part = this.groups;
    this.slowCommits = slowCommits;
    for (const record of log) {
      this.groups.replay(record);
      this.shard.log.push(record);
    }
    this.groups.onLoaded();
  }

  /** A coordinator that finds `log`. */
  static over(log: readonly CoordinatorRecord[], options: WorldOptions = {}): ClassicWorld {
    return new ClassicWorld({ ...options, log });
  }

  get group(): ClassicGroup {
    const group = this.shard.groups.get(GROUP);
    if (!(group instanceof ClassicGroup)) throw new Error("no group");
    return group;
  }

  get log(): readonly CoordinatorRecord[] {
    return this.shard.log;
  }

  get newestValue(): GroupMetadataValue | null | undefined {
    const record = this.log.at(-1);
    return record?.type === "GroupMetadata" ? record.value : undefined;
  }

  // ---- requests ----

  join(client: string, said: Said = {}): TestRequest<"JoinGroup"> {
    const { memberId = "", instance = null, assignors = ["range"], topics = ["orders"] } = said;
    const { sessionMs = SESSION_MS, rebalanceMs = REBALANCE_MS, protocolType = "consumer" } = said;
    const metadata = { topics, ownedPartitions: [], generationId: -1, rackId: null };
    return this.ask("JoinGroup", client, {
      groupId: GROUP,
      sessionTimeoutMs: sessionMs,
      rebalanceTimeoutMs: rebalanceMs,
      memberId,
      groupInstanceId: instance,
      protocolType,
      protocols: assignors.map((name) => ({ name, metadata })),
      reason: "",
    });
  }

  /** As a client does it: a dynamic one asks for an id first. The second request, and the id that it has. */
  newMember(client: string, said: Said = {}): { readonly id: string; readonly request: TestRequest<"JoinGroup"> } {
    const first = this.join(client, said);
    if (first.error !== "MEMBER_ID_REQUIRED") {
      const id = this.group.allMembers().at(-1)?.memberId ?? "";
      return { id, request: first };
    }
    const id = first.answer?.memberId ?? "";
    return { id, request: this.join(client, { ...said, memberId: id }) };
  }

  sync(
    memberId: string,
    given: {
      readonly generation?: number;
      readonly assignments?: Readonly<Record<string, readonly number[]>>;
      readonly instance?: string | null;
      readonly assignor?: string;
      readonly protocolType?: string;
    } = {},
  ): TestRequest<"SyncGroup"> {
    const { generation = this.group.generation, assignments = {}, instance = null } = given;
    const { assignor = this.group.protocolName ?? "range", protocolType = "consumer" } = given;
    return this.ask("SyncGroup", memberId, {
      groupId: GROUP,
      generationId: generation,
      memberId,
      groupInstanceId: instance,
      protocolType,
      protocolName: assignor,
      assignments: Object.entries(assignments).map(([id, partitions]) => ({ memberId: id, assignment: assigned(partitions) })),
    });
  }

  heartbeat(memberId: string, generation = this.group.generation, instance: string | null = null): ErrorCode | "waits" {
    return this.ask("Heartbeat", memberId, { groupId: GROUP, generationId: generation, memberId, groupInstanceId: instance })
      .error;
  }

  leave(...members: readonly (string | { readonly memberId?: string; readonly instance: string })[]): TestRequest<"LeaveGroup"> {
    const named = members.map((each) =>
      typeof each === "string"
        ? { memberId: each, groupInstanceId: null, reason: "" }
        : { memberId: each.memberId ?? "", groupInstanceId: each.instance, reason: "" },
    );
    return this.ask("LeaveGroup", "client", { groupId: GROUP, members: named });
  }

  ask<A extends ClassicApi>(api: A, from: string, body: RequestOf<A>): TestRequest<A> {
    const request = new TestRequest(api, body, from);
    this.requests.push(request as unknown as TestRequest);
    this.groups.onRequest(request as unknown as ClassicRequest);
    this.settle();
    return request;
  }

  // ---- time and the log ----

  pass(milliseconds: number): void {
    const until = this.host.time + ms(milliseconds);
    while (this.host.fireNext(until)) this.settle();
    this.host.time = until;
  }

  /** Time passes until the join phase has ended. */
  passJoinPhase(): void {
    while (this.group.state === "PreparingRebalance" && this.host.fireNext(Number.POSITIVE_INFINITY)) this.settle();
  }

  /** What was written is committed. */
  commit(): void {
    this.shard.end("NONE");
  }

  /** What was written stays in the log, and nobody knows whether it will be committed. */
  timeOutWrites(): void {
    this.shard.end("COORDINATOR_NOT_AVAILABLE");
  }

  private settle(): void {
    if (!this.slowCommits) this.commit();
  }

  /** As who looks after offsets does when a group has none left. */
  deleteIfEmpty(): void {
    if (this.shard.groups.get(GROUP)?.isEmpty === true) this.shard.write([groupTombstone(GROUP)]);
  }

  // ---- whole stories ----

  /** A Stable group of these clients, the first of them the leader; the n-th has partition n. Their ids. */
  stable(clients: readonly string[], said: Said | ((client: string) => Said) = {}): string[] {
    const joined = clients.map((client) => this.newMember(client, typeof said === "function" ? said(client) : said));
    this.passJoinPhase();
    this.syncAll();
    return joined.map(({ id }) => id);
  }

  /** Everybody sends SyncGroup, the leader last; the n-th gets partition n. */
  syncAll(): TestRequest<"SyncGroup">[] {
    const members = this.group.allMembers();
    const assignments = Object.fromEntries(members.map(({ memberId }, i) => [memberId, [i]]));
    const leader = members.filter((member) => this.group.isLeader(member));
    const others = members.filter((member) => !this.group.isLeader(member));
    return [...others, ...leader].map(({ memberId, groupInstanceId: instance }) =>
      this.sync(memberId, { assignments, instance }),
    );
  }

  /** State, generation and size. */
  get picture(): string {
    const { state, generation, size } = this.group;
    return `${state} ${generation} (${size})`;
  }

  eventsOf<K extends KafkaEvent["kind"]>(kind: K): Extract<KafkaEvent, { kind: K }>[] {
    return this.host.events.filter((event) => event.kind === kind) as Extract<KafkaEvent, { kind: K }>[];
  }
}

export function assigned(partitions: readonly number[]): ConsumerAssignment {
  return { assignedPartitions: partitions.map((partition) => ({ topic: "orders", partition })) };
}
