/** A group of KIP-848 for tests of its members: a coordinator that gives each client what the test says, and is wrong when told to. */
import type { Micros } from "../../../src/base/units.ts";
import type { Dials } from "../../../src/kafka/dials.ts";
import type { ErrorCode } from "../../../src/kafka/errors.ts";
import type { KafkaEvent, KafkaEventKind } from "../../../src/kafka/events.ts";
import type { ApiName, RequestOf } from "../../../src/kafka/messages/apis.ts";
import type { AnyPendingRequest, PendingRequest } from "../../../src/kafka/net/request-channel.ts";
import { unstampedBatch } from "../../../src/kafka/records.ts";
import type { Host, Timer, TimerTarget } from "../../../src/sim/host.ts";
import { nodeName, ScriptedCluster, type SeenRequest } from "../client/scripted-cluster.ts";
import { type MemberOptions, TestMember } from "./test-member.ts";

export const INTERVAL_MS = 1_000;

interface Delay extends Timer {
  readonly request: AnyPendingRequest;
}

/** `orders-0 orders-2`, by topic id as a heartbeat names it. */
export function byTopicId(partitions: string): { topicId: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>();
  for (const name of partitions.split(" ").filter((each) => each !== "")) {
    const [topic = "", partition] = name.split("-");
    topics.set(`id-of-${topic}`, [...(topics.get(`id-of-${topic}`) ?? []), Number(partition)]);
  }
  return [...topics].map(([topicId, numbers]) => ({ topicId, partitions: numbers }));
}

export class ConsumerGroupWorld implements TimerTarget {
  readonly cluster: ScriptedCluster;
  /** The broker that coordinates; 0: nobody does. */
  broker = 1;
  /** The member epoch that heartbeats are answered with; one that joins raises it. */
  epoch = 0;
  /** By `orders-0`. */
  readonly committed = new Map<string, number>();
  /** How long requests of an API lie about. */
  readonly delays = new Map<ApiName, Micros>();
  private readonly members = new Map<string, TestMember>();
  private readonly targets = new Map<string, string>();
  /** Those whose assignment is news. */
  private readonly unsent = new Set<string>();
  private readonly errors: { readonly api: ApiName; readonly error: ErrorCode }[] = [];

  /** One topic, `orders`, with so many partitions, and so many records in each. */
  constructor(
    options: {
      readonly partitions?: number;
      readonly records?: number;
      readonly brokers?: number;
      readonly dials?: Partial<Dials>;
    } = {},
  ) {
    const { partitions = 4, records = 0, brokers = 1, dials = {} } = options;
    this.cluster = new ScriptedCluster({ brokers, seed: "consumer-group", dials });
    this.cluster.others = this;
    this.cluster.createTopic("orders", partitions);
    for (let partition = 0; partition < partitions; partition++) this.append(partition, records);
  }

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
      const config = { "group.protocol": "consumer" as const, ...options.config };
      const member = new TestMember(this.cluster, host, { ...options, config });
      this.members.set(name, member);
      return member;
    });
    return this;
  }

  /** From its next heartbeat on the client is to own these: `orders-0 orders-1`. `raises`: in a new member epoch. */
  assign(client: string, partitions: string, raises = true): this {
    this.targets.set(client, partitions);
    this.unsent.add(client);
    if (raises) this.epoch++;
    return this;
  }

  /** The next `times` requests of this API are answered with `error`. */
  fail(api: ApiName, error: ErrorCode, times = 1): this {
    for (let i = 0; i < times; i++) this.errors.push({ api, error });
    return this;
  }

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

  /** Kinds of facts in their order, of those named. */
  story(...kinds: KafkaEventKind[]): string[] {
    return this.cluster.events.map(({ event }) => event.kind).filter((kind) => kinds.includes(kind));
  }

  requestsOf<A extends ApiName>(api: A): (Omit<SeenRequest, "body"> & { body: RequestOf<A> })[] {
    return this.cluster.requestsOf(api);
  }

  heartbeats(): (RequestOf<"ConsumerGroupHeartbeat"> & { at: Micros })[] {
    return this.requestsOf("ConsumerGroupHeartbeat").map(({ at, body }) => ({ ...body, at }));
  }

  onRequest(broker: number, host: Host, request: AnyPendingRequest): void {
    const delay = this.delays.get(request.api) ?? 0;
    const timer: Delay = { kind: "test.delay", target: this, request };
    if (delay > 0) host.setTimer(delay, timer);
    else this.handle(broker, request);
  }

  onTimer(timer: Timer): void {
    this.handle(this.broker, (timer as Delay).request);
  }

  private handle(broker: number, request: AnyPendingRequest): void {
    const scripted = this.errors.findIndex(({ api }) => api === request.api);
    const error = scripted < 0 ? "NONE" : (this.errors.splice(scripted, 1)[0]?.error ?? "NONE");
    switch (request.api) {
      case "FindCoordinator":
        if (this.broker === 0) request.respond({ errorCode: "COORDINATOR_NOT_AVAILABLE", nodeId: -1, host: "" });
        else request.respond({ errorCode: error, nodeId: this.broker, host: nodeName(this.broker) });
        return;
      case "ConsumerGroupHeartbeat":
        this.heartbeat(request, broker === this.broker ? error : "NOT_COORDINATOR");
        return;
      case "OffsetCommit":
        request.respond({
          topics: request.body.topics.map(({ name, partitions }) => ({
            name,
            partitions: partitions.map(({ partitionIndex, committedOffset }) => {
              if (error === "NONE") this.committed.set(`${name}-${partitionIndex}`, committedOffset);
              return { partitionIndex, errorCode: error };
            }),
          })),
        });
        return;
      case "OffsetFetch":
        this.offsetFetch(request, error);
        return;
      default:
        throw new Error(`no member of this group sends ${request.api}`);
    }
  }

  private heartbeat(request: PendingRequest<"ConsumerGroupHeartbeat">, errorCode: ErrorCode): void {
    const { memberId, memberEpoch, rebalanceTimeoutMs, subscribedTopicNames, topicPartitions: owned } = request.body;
    const refused = { errorCode, memberId, memberEpoch: -1, heartbeatIntervalMs: 0, assignment: null };
    if (errorCode !== "NONE") {
      request.respond(refused);
      return;
    }
    const joins = memberEpoch === 0;
    if (joins) this.epoch++;
    // Who says all, since an answer was lost perhaps, is told all.
    const isFull = rebalanceTimeoutMs !== -1 && subscribedTopicNames !== null && owned !== null;
    const isNews = joins || isFull || this.unsent.has(request.from);
    this.unsent.delete(request.from);
    const topicPartitions = byTopicId(this.targets.get(request.from) ?? "");
    request.respond({
      errorCode,
      memberId,
      memberEpoch: memberEpoch < 0 ? memberEpoch : this.epoch,
      heartbeatIntervalMs: INTERVAL_MS,
      assignment: isNews && memberEpoch >= 0 ? { topicPartitions } : null,
    });
  }

  private offsetFetch(request: PendingRequest<"OffsetFetch">, errorCode: ErrorCode): void {
    request.respond({
      errorCode,
      topics: (request.body.topics ?? []).map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => {
          const committedOffset = this.committed.get(`${name}-${partitionIndex}`) ?? -1;
          return { partitionIndex, errorCode: "NONE", committedOffset, committedLeaderEpoch: -1, metadata: "" };
        }),
      })),
    });
  }
}
