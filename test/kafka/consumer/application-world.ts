/**
 * Applications in a world of their own, around consumers that do what the test says: they hand over what it gives them, and answer
 * commits as it wants. If wanted with a store for effects.
 */
import { type Micros, ms } from "../../../src/base/units.ts";
import type {
  ConsumerApi,
  ConsumerApplication,
  PolledRecords,
  RebalanceCallback,
} from "../../../src/kafka/consumer/application.ts";
import { EffectClient } from "../../../src/kafka/consumer/effect-client.ts";
import { EffectStore } from "../../../src/kafka/consumer/effect-store.ts";
import type { HandlerSpec } from "../../../src/kafka/consumer/handler-spec.ts";
import { MemberApplication } from "../../../src/kafka/consumer/member-application.ts";
import type { ErrorCode } from "../../../src/kafka/errors.ts";
import type { KafkaEvent, KafkaEventKind } from "../../../src/kafka/events.ts";
import type { CommitOccasion, CommittedOffset } from "../../../src/kafka/group-events.ts";
import type { Offset, TopicPartition } from "../../../src/kafka/ids.ts";
import type { KafkaRecord } from "../../../src/kafka/records.ts";
import { constant } from "../../../src/sim/distribution.ts";
import type { Connection, Host, Message, NodeName, Process, Timer, TimerTarget } from "../../../src/sim/host.ts";
import { World } from "../../../src/sim/world.ts";

export const LATENCY_US = 1_000;
/** From commitSync to its return. */
const COMMIT_US = ms(5);
const STORE = "store";

type CommitError = ErrorCode | "TIMEOUT";

export interface SeenCall {
  readonly at: Micros;
  /** `poll`, `commitSync`, `commitAsync`, `auto`, `callbackReturned`, `seek`, `close`. */
  readonly call: string;
  readonly what: string;
}

const NO_HANDLER: HandlerSpec = {
  takes: constant(0),
  poison: undefined,
  workers: 0,
  commit: "after-poll",
  onRevokeTakes: 0,
  commitOnRevoke: true,
  fencingToken: false,
  finishesLostWork: false,
};

export function handler(spec: Partial<HandlerSpec>): HandlerSpec {
  return { ...NO_HANDLER, ...spec };
}

interface CommitTimer extends Timer {
  readonly kind: "fake.commit";
  readonly occasion: CommitOccasion;
  readonly offsets: readonly CommittedOffset[];
  readonly error: CommitError;
}

/** With auto-commit every poll() commits what the polls before it returned. */
export class FakeConsumer implements ConsumerApi, TimerTarget {
  readonly calls: SeenCall[] = [];
  readonly owned = new Set<string>();
  readonly application: ConsumerApplication;
  memberId = "billing-1-id";
  generation = 1;
  private readonly host: Host;
  private readonly autoCommits: boolean;
  private readonly positions = new Map<string, CommittedOffset>();
  private buffered: PolledRecords[] = [];
  private rebalances: [RebalanceCallback, TopicPartition[]][] = [];
  private inCallback = false;
  private errors: CommitError[] = [];
  private polling = false;
  private closing = false;

  constructor(host: Host, application: ConsumerApplication, autoCommits: boolean) {
    this.host = host;
    this.application = application;
    this.autoCommits = autoCommits;
  }

  get groupMetadata(): ConsumerApi["groupMetadata"] {
    return { groupId: "billing", memberId: this.memberId, generation: this.generation };
  }

  poll(): readonly PolledRecords[] {
    this.seen("poll", "");
    this.polling = true;
    if (this.autoCommits && this.positions.size > 0) this.seen("auto", written([...this.positions.values()]));
    this.callBack();
    const next = this.inCallback ? undefined : this.buffered.shift();
    if (next === undefined) return [];
    this.polling = false;
    const { topic, partition, nextOffset: offset, leaderEpoch } = next;
    this.positions.set(`${topic}-${partition}`, { topic, partition, offset, leaderEpoch });
    return [next];
  }

  commitSync(offsets: readonly CommittedOffset[] | null): void {
    this.polling = false;
    this.commit("sync", offsets ?? [...this.positions.values()]);
  }

  commitAsync(offsets: readonly CommittedOffset[] | null): void {
    this.commit("async", offsets ?? [...this.positions.values()]);
  }

  callbackReturned(): void {
    this.seen("callbackReturned", "");
    this.inCallback = false;
    if (this.closing) this.close();
    else if (this.polling && this.buffered.length + this.rebalances.length > 0) this.application.onWakeup();
  }

  pause(): void {}

  resume(): void {}

  seek({ topic, partition }: TopicPartition, offset: Offset): void {
    this.seen("seek", `${topic}-${partition}@${offset}`);
  }

  position({ topic, partition }: TopicPartition): Offset {
    return this.positions.get(`${topic}-${partition}`)?.offset ?? -1;
  }

  close(): void {
    if (!this.closing) {
      this.seen("close", "");
      this.closing = true;
      if (this.autoCommits) this.seen("auto", written([...this.positions.values()]));
      const owned = [...this.owned].map((name) => parsed(name));
      if (owned.length > 0) this.rebalance("onPartitionsRevoked", owned);
      this.callBack();
      if (this.inCallback || owned.length > 0) return;
    }
    this.application.onClosed();
  }

  onTimer(timer: Timer): void {
    const { occasion, offsets, error } = timer as CommitTimer;
    this.application.onCommitEnded(occasion, offsets, error);
  }

  deliver(polled: PolledRecords): void {
    this.buffered.push(polled);
    if (this.polling && !this.inCallback) this.application.onWakeup();
  }

  rebalance(callback: RebalanceCallback, partitions: TopicPartition[]): void {
    this.rebalances.push([callback, partitions]);
    if (this.polling && !this.inCallback) this.application.onWakeup();
  }

  /** The next commits end so; all others succeed. */
  answerWith(...errors: CommitError[]): void {
    this.errors.push(...errors);
  }

  /** One callback after another, as long as they return at once. */
  private callBack(): void {
    for (let next = this.rebalances.shift(); next !== undefined; next = this.rebalances.shift()) {
      const [callback, partitions] = next;
      for (const { topic, partition } of partitions) {
        if (callback === "onPartitionsAssigned") this.owned.add(`${topic}-${partition}`);
        else {
          this.owned.delete(`${topic}-${partition}`);
          this.positions.delete(`${topic}-${partition}`);
        }
      }
      this.inCallback = true;
      this.application.onRebalance(callback, partitions);
      if (this.inCallback) return;
    }
  }

  private commit(occasion: "sync" | "async", offsets: readonly CommittedOffset[]): void {
    const error = this.errors.shift() ?? "NONE";
    this.seen(
      occasion === "sync" ? "commitSync" : "commitAsync",
      error === "NONE" ? written(offsets) : `${written(offsets)} ${error}`,
    );
    const timer: CommitTimer = { kind: "fake.commit", target: this, occasion, offsets, error };
    this.host.setTimer(COMMIT_US, timer);
  }

  private seen(call: string, what: string): void {
    this.calls.push({ at: this.host.now(), call, what });
  }
}

class FakeMember implements Process {
  readonly consumer: FakeConsumer;
  private readonly application: MemberApplication;
  private readonly effects: EffectClient | undefined;

  constructor(host: Host, spec: HandlerSpec) {
    this.effects = spec.fencingToken ? new EffectClient(host, STORE) : undefined;
    this.application = new MemberApplication({ host, client: host.name, spec, effects: this.effects });
    this.consumer = new FakeConsumer(host, this.application, spec.commit === "auto");
  }

  onStart(): void {
    this.application.start(this.consumer);
  }

  onConnected(_connection: Connection): void {}

  onMessage(connection: Connection, message: Message): void {
    this.effects?.onMessage(connection, message);
  }

  onDisconnected(connection: Connection): void {
    this.effects?.onDisconnected(connection);
  }

  onTimer(timer: Timer): void {
    timer.target.onTimer(timer);
  }

  onDiskDone(): void {}

  onShutdownRequested(): void {
    this.application.stop();
  }
}

type EventOf<K extends KafkaEventKind> = Extract<KafkaEvent, { kind: K }>;

export class ApplicationWorld {
  readonly world: World;
  readonly events: { readonly at: Micros; readonly node: NodeName; readonly event: KafkaEvent }[] = [];
  now: Micros = 0;

  constructor(seed = "application") {
    this.world = new World({ seed, latency: { default: constant(LATENCY_US) } });
    this.observe();
  }

  /** Starts a member. */
  member(spec: Partial<HandlerSpec> = {}, name: NodeName = "billing-1"): FakeConsumer {
    const effective = handler(spec);
    this.world.addNode({ name, factory: Object.freeze({ create: (host: Host) => new FakeMember(host, effective) }) });
    this.world.start(name);
    this.runFor(0);
    return this.consumer(name);
  }

  store(): this {
    this.world.addNode({ name: STORE, factory: Object.freeze({ create: (host: Host) => new EffectStore(host) }) });
    this.world.start(STORE);
    return this;
  }

  consumer(name: NodeName = "billing-1"): FakeConsumer {
    return (this.world.node(name).process as FakeMember).consumer;
  }

  isRunning(name: NodeName = "billing-1"): boolean {
    return this.world.node(name).process !== undefined;
  }

  runFor(us: Micros): this {
    this.now += us;
    this.world.runUntil(this.now);
    return this;
  }

  of<K extends KafkaEventKind>(kind: K, node?: NodeName): EventOf<K>[] {
    return this.events
      .filter(({ event, node: at }) => event.kind === kind && (node === undefined || node === at))
      .map(({ event }) => event as EventOf<K>);
  }

  /** `orders-0: 3..5 at 15 ms`, one for each report of effects; those that the store refused with a `!`. */
  effects(node?: NodeName): string[] {
    return this.events.flatMap(({ at, node: from, event }) => {
      if (event.kind !== "RecordsProcessed" || (node !== undefined && from !== node)) return [];
      const { topic, partition, baseOffset, nextOffset, accepted } = event;
      return [`${topic}-${partition}: ${baseOffset}..${nextOffset - 1} at ${at / 1_000} ms${accepted ? "" : " !"}`];
    });
  }

  /** Lets this world go on from a state that was copied elsewhere. */
  observe(): void {
    this.world.observer = {
      onEvent: (world, node, event) => this.events.push({ at: world.time, node: node ?? "", event: event as KafkaEvent }),
      onWatch: () => {},
    };
  }
}

/** `orders-0`. */
export function parsed(name: string): TopicPartition {
  const at = name.lastIndexOf("-");
  return { topic: name.slice(0, at), partition: Number(name.slice(at + 1)) };
}

/** What one poll() returns: these offsets of a partition, the nth record of the producer "checkout" at offset n. */
export function polled(
  name: string,
  offsets: readonly Offset[],
  options: { readonly nextOffset?: Offset; readonly leaderEpochs?: readonly number[] } = {},
): PolledRecords {
  const last = offsets.at(-1) ?? -1;
  const leaderEpochs = options.leaderEpochs ?? offsets.map(() => 0);
  return {
    ...parsed(name),
    records: offsets.map(
      (sequence): KafkaRecord => ({ key: null, value: null, timestamp: 0, origin: { client: "checkout", sequence } }),
    ),
    offsets,
    leaderEpochs,
    batches: 1,
    nextOffset: options.nextOffset ?? last + 1,
    leaderEpoch: leaderEpochs.at(-1) ?? -1,
  };
}

function written(offsets: readonly CommittedOffset[]): string {
  return offsets.map(({ topic, partition, offset, leaderEpoch }) => `${topic}-${partition}@${offset}/${leaderEpoch}`).join(" ");
}
