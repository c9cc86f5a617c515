/**
 * A cluster for tests of clients: brokers that know at once what the test says, and answer wrongly when told to.
 * One copy of each partition, no replication, no failure detection: the test moves leaders by hand.
 */
import type { Micros } from "../../../src/base/units.ts";
import {
  CONSUMER_CONFIG,
  type ConsumerConfig,
  PRODUCER_CONFIG,
  type ProducerConfig,
} from "../../../src/kafka/config/client-config.ts";
import { effectiveConfig } from "../../../src/kafka/config/definition.ts";
import type { Dials } from "../../../src/kafka/dials.ts";
import type { ErrorCode } from "../../../src/kafka/errors.ts";
import type { KafkaEvent, KafkaEventKind } from "../../../src/kafka/events.ts";
import type { ApiName, RequestOf, ResponseOf } from "../../../src/kafka/messages/apis.ts";
import type { FetchPartition, FetchPartitionResponse } from "../../../src/kafka/messages/fetch.ts";
import type { MetadataResponse } from "../../../src/kafka/messages/metadata.ts";
import type { AnyPendingRequest, PendingRequest } from "../../../src/kafka/net/request-channel.ts";
import { ServerProcess } from "../../../src/kafka/net/server-process.ts";
import type { RecordBatch } from "../../../src/kafka/records.ts";
import { newestRelease } from "../../../src/kafka/releases.ts";
import { constant } from "../../../src/sim/distribution.ts";
import type { DomainEvent, Host, NodeName, Process, Timer, TimerTarget } from "../../../src/sim/host.ts";
import { World } from "../../../src/sim/world.ts";

/** Time from one node to another. A round trip is twice this, a handshake too. */
export const LATENCY_US = 1_000;

export interface ScriptedPartition {
  leader: number;
  epoch: number;
  log: RecordBatch[];
  logStartOffset: number;
  /** Where each leader epoch ends, as OffsetForLeaderEpoch answers; others end at the log's end. */
  epochEnds: Map<number, { leaderEpoch: number; endOffset: number }>;
}

interface Override {
  readonly api: ApiName;
  readonly error: ErrorCode | "silence";
  left: number;
}

export interface SeenRequest {
  readonly at: Micros;
  readonly broker: number;
  readonly api: ApiName;
  readonly body: RequestOf<ApiName>;
}

export interface SeenEvent {
  readonly at: Micros;
  readonly event: DomainEvent & KafkaEvent;
}

export class ScriptedCluster {
  readonly world: World;
  /** How clients behave. */
  readonly dials: Dials;
  readonly brokers: readonly number[];
  readonly topics = new Map<string, ScriptedPartition[]>();
  readonly requests: SeenRequest[] = [];
  readonly events: SeenEvent[] = [];
  /** Topics as Metadata shows them, where that differs from the truth. */
  readonly staleMetadata = new Map<string, { leader: number; epoch: number }>();
  /** The broker that leaders send consumers to, and that serves them without leading (KIP-392). */
  readReplica: number | undefined = undefined;
  /** Replicas that Metadata says are offline. */
  offlineReplicas: readonly number[] = [];
  /** Whom Metadata names; the brokers answer as its like whoever they are. */
  controllerId = 1;
  /** Whether errors name the new leader (KIP-951). */
  leaderHints = false;
  /** How far the test has let time pass. */
  now: Micros = 0;
  maxMessageBytes = Number.POSITIVE_INFINITY;
  /** Who answers what this cluster knows nothing of. */
  others: { onRequest(broker: number, host: Host, request: AnyPendingRequest): void } | undefined = undefined;
  private readonly overrides: Override[] = [];

  constructor(options: { readonly brokers?: number; readonly seed?: string; readonly dials?: Partial<Dials> } = {}) {
    this.dials = { ...newestRelease("kraft").dials, ...options.dials };
    this.brokers = Array.from({ length: options.brokers ?? 1 }, (_, index) => index + 1);
    this.world = new World({ seed: options.seed ?? "clients", latency: { default: constant(LATENCY_US) } });
    this.world.observer = {
      onEvent: (world, _node, event) => this.events.push({ at: world.time, event: event as SeenEvent["event"] }),
      onWatch: () => {},
    };
    for (const id of this.brokers) {
      this.world.addNode({
        name: nodeName(id),
        factory: Object.freeze({ create: (host: Host) => new ScriptedBroker(this, id, host) }),
      });
      this.world.start(nodeName(id));
    }
  }

  get bootstrap(): NodeName[] {
    return this.brokers.map(nodeName);
  }

  /** Partition i is led by broker i+1, i+1 modulo the brokers. */
  createTopic(name: string, partitions = 1): this {
    const list = Array.from({ length: partitions }, (_, index) => ({
      leader: (index % this.brokers.length) + 1,
      epoch: 0,
      log: [],
      logStartOffset: 0,
      epochEnds: new Map(),
    }));
    this.topics.set(name, list);
    return this;
  }

  partition(topic: string, partition: number): ScriptedPartition {
    return this.topics.get(topic)?.[partition] as ScriptedPartition;
  }

  moveLeader(topic: string, partition: number, leader: number): void {
    const state = this.partition(topic, partition);
    state.leader = leader;
    state.epoch++;
  }

  /** The next `times` requests of this API are answered with `error`, or not at all. */
  answerWith(api: ApiName, error: ErrorCode | "silence", times = 1): this {
    this.overrides.push({ api, error, left: times });
    return this;
  }

  cutOff(client: NodeName, broker: number): void {
    this.world.cut(client, nodeName(broker));
  }

  /** Runs a client process from now on. */
  run(name: NodeName, create: (host: Host) => Process): this {
    this.world.addNode({ name, factory: Object.freeze({ create }) });
    this.world.start(name);
    return this;
  }

  runFor(us: Micros): this {
    this.now += us;
    this.world.runUntil(this.now);
    return this;
  }

  of<K extends KafkaEventKind>(kind: K): (Extract<KafkaEvent, { kind: K }> & { at: Micros })[] {
    return this.events
      .filter(({ event }) => event.kind === kind)
      .map(({ at, event }) => ({ ...(event as Extract<KafkaEvent, { kind: K }>), at }));
  }

  requestsOf<A extends ApiName>(api: A): (Omit<SeenRequest, "body"> & { body: RequestOf<A> })[] {
    return this.requests.filter((request) => request.api === api) as (Omit<SeenRequest, "body"> & { body: RequestOf<A> })[];
  }

  /** Sequences of the records in a partition's log, in order. */
  sequences(topic: string, partition: number): number[] {
    return this.partition(topic, partition).log.flatMap((batch) => batch.records.map((record) => record.origin.sequence));
  }

  takeOverride(api: ApiName): ErrorCode | "silence" | undefined {
    const override = this.overrides.find((candidate) => candidate.api === api && candidate.left > 0);
    if (override === undefined) return undefined;
    override.left--;
    return override.error;
  }
}

export function producerConfig(overrides: Partial<ProducerConfig> = {}): ProducerConfig {
  return effectiveConfig(PRODUCER_CONFIG, overrides);
}

export function consumerConfig(overrides: Partial<ConsumerConfig> = {}): ConsumerConfig {
  return effectiveConfig(CONSUMER_CONFIG, overrides);
}

export function nodeName(id: number): NodeName {
  return `broker-${id}`;
}

/** Their errors are for {@link ScriptedCluster.others} to make up. */
const GROUP_APIS: ReadonlySet<ApiName> = new Set<ApiName>([
  "FindCoordinator",
  "JoinGroup",
  "SyncGroup",
  "Heartbeat",
  "LeaveGroup",
  "ConsumerGroupHeartbeat",
  "OffsetCommit",
  "OffsetFetch",
]);

class FetchWait implements TimerTarget {
  private readonly broker: ScriptedBroker;

  constructor(broker: ScriptedBroker) {
    this.broker = broker;
  }

  onTimer(timer: Timer): void {
    this.broker.finishFetch((timer as Timer & { request: PendingRequest<"Fetch"> }).request, true);
  }
}

class ScriptedBroker extends ServerProcess {
  private readonly cluster: ScriptedCluster;
  private readonly id: number;
  private readonly waiting: PendingRequest<"Fetch">[] = [];

  constructor(cluster: ScriptedCluster, id: number, host: Host) {
    super(host);
    this.cluster = cluster;
    this.id = id;
  }

  onStart(): void {
    this.host.listen();
  }

  onShutdownRequested(): void {}

  onRequest(request: AnyPendingRequest): void {
    this.cluster.requests.push({ at: this.cluster.world.time, broker: this.id, api: request.api, body: request.body });
    const override = GROUP_APIS.has(request.api) ? undefined : this.cluster.takeOverride(request.api);
    if (override === "silence") return;
    switch (request.api) {
      case "Metadata":
        request.respond(this.metadata(request.body));
        return;
      case "Produce":
        this.produce(request, override);
        return;
      case "Fetch":
        this.fetch(request, override);
        return;
      case "ListOffsets":
        request.respond(this.listOffsets(request.body, override));
        return;
      case "OffsetForLeaderEpoch":
        request.respond(this.offsetForLeaderEpoch(request.body, override));
        return;
      case "CreateTopics":
        request.respond({
          topics: request.body.topics.map((topic) => ({
            name: topic.name,
            topicId: "",
            errorCode: override ?? "NONE",
            errorMessage: null,
          })),
        });
        return;
      case "ElectLeaders":
        request.respond({
          errorCode: "NONE",
          replicaElectionResults: [{ topic: "orders", partitionResult: [{ partitionId: 0, errorCode: override ?? "NONE" }] }],
        });
        return;
      case "DeleteTopics":
        request.respond({
          responses: request.body.topicNames.map((name) => ({ name, errorCode: override ?? "NONE" })),
        });
        return;
      case "AlterPartitionReassignments":
        request.respond({
          errorCode: override === "NOT_CONTROLLER" ? override : "NONE",
          responses: request.body.topics.map(({ name, partitions }) => ({
            name,
            partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: override ?? "NONE" })),
          })),
        });
        return;
      default:
        if (this.cluster.others === undefined) throw new Error(`no client sends ${request.api}`);
        this.cluster.others.onRequest(this.id, this.host, request);
    }
  }

  private metadata(request: RequestOf<"Metadata">): MetadataResponse {
    return {
      brokers: this.cluster.brokers.map((id) => ({ nodeId: id, host: nodeName(id), rack: null })),
      controllerId: this.cluster.controllerId,
      topics: (request.topics ?? []).map(({ name }) => this.topicMetadata(name)),
    };
  }

  private topicMetadata(name: string): MetadataResponse["topics"][number] {
    const partitions = this.cluster.topics.get(name);
    if (partitions === undefined) return { errorCode: "UNKNOWN_TOPIC_OR_PARTITION", name, topicId: "", partitions: [] };
    return {
      errorCode: "NONE",
      name,
      topicId: `id-of-${name}`,
      partitions: partitions.map((partition, partitionIndex) => {
        const { leader, epoch } = this.cluster.staleMetadata.get(name) ?? partition;
        return {
          errorCode: leader === -1 ? ("LEADER_NOT_AVAILABLE" as const) : ("NONE" as const),
          partitionIndex,
          leaderId: leader,
          leaderEpoch: epoch,
          replicaNodes: this.cluster.brokers,
          isrNodes: this.cluster.brokers,
          offlineReplicas: this.cluster.offlineReplicas,
        };
      }),
    };
  }

  private produce(request: PendingRequest<"Produce">, override: ErrorCode | undefined): void {
    const responses = request.body.topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(({ index, records }) => this.appendTo(name, index, records, override)),
    }));
    if (request.body.acks === 0) request.finishSilently();
    else request.respond({ responses });
    for (const waiting of [...this.waiting]) this.finishFetch(waiting, false);
  }

  private appendTo(
    topic: string,
    index: number,
    records: RecordBatch,
    override: ErrorCode | undefined,
  ): ResponseOf<"Produce">["responses"][number]["partitionResponses"][number] {
    const partition = this.cluster.partition(topic, index);
    let errorCode: ErrorCode = override ?? "NONE";
    if (partition.leader !== this.id) errorCode = "NOT_LEADER_OR_FOLLOWER";
    else if (records.sizeInBytes > this.cluster.maxMessageBytes) errorCode = "MESSAGE_TOO_LARGE";
    const currentLeader =
      errorCode === "NOT_LEADER_OR_FOLLOWER" && this.cluster.leaderHints
        ? { currentLeader: { leaderId: partition.leader, leaderEpoch: partition.epoch } }
        : {};
    if (errorCode !== "NONE") return { index, errorCode, baseOffset: -1, logStartOffset: -1, ...currentLeader };
    const baseOffset = endOf(partition);
    partition.log.push(records.stamped(baseOffset, partition.epoch));
    return { index, errorCode, baseOffset, logStartOffset: 0 };
  }

  private fetch(request: PendingRequest<"Fetch">, override: ErrorCode | undefined): void {
    if (override !== undefined) {
      request.respond(this.fetchResponse(request.body, override));
      return;
    }
    this.waiting.push(request);
    this.finishFetch(request, false);
    if (!this.waiting.includes(request)) return;
    const timer: Timer & { request: PendingRequest } = { kind: "test.fetch-wait", target: new FetchWait(this), request };
    this.host.setTimer(request.body.maxWaitMs * 1_000, timer);
  }

  finishFetch(request: PendingRequest<"Fetch">, waitOver: boolean): void {
    const index = this.waiting.indexOf(request);
    if (index < 0) return;
    const response = this.fetchResponse(request.body, undefined);
    const hasNews = response.responses.some(({ partitions }) =>
      partitions.some((each) => each.records.length > 0 || each.errorCode !== "NONE" || each.preferredReadReplica !== undefined),
    );
    if (!hasNews && !waitOver) return;
    this.waiting.splice(index, 1);
    request.respond(response);
  }

  private fetchResponse(request: RequestOf<"Fetch">, override: ErrorCode | undefined): ResponseOf<"Fetch"> {
    return {
      errorCode: "NONE",
      responses: request.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((asked) => this.fetchPartition(topic, asked, override)),
      })),
    };
  }

  private fetchPartition(topic: string, asked: FetchPartition, override: ErrorCode | undefined): FetchPartitionResponse {
    const partition = this.cluster.partition(topic, asked.partition);
    const end = endOf(partition);
    const errorCode =
      override ?? this.epochError(partition, asked.currentLeaderEpoch) ?? rangeError(partition, asked.fetchOffset);
    const hint =
      errorCode === "NOT_LEADER_OR_FOLLOWER" && this.cluster.leaderHints
        ? { currentLeader: { leaderId: partition.leader, leaderEpoch: partition.epoch } }
        : {};
    const { readReplica } = this.cluster;
    if (errorCode === "NONE" && readReplica !== undefined && readReplica !== this.id) {
      const { logStartOffset } = partition;
      const answer = { partitionIndex: asked.partition, errorCode, highWatermark: end, logStartOffset, records: [] };
      return { ...answer, preferredReadReplica: readReplica };
    }
    const records = errorCode === "NONE" ? partition.log.filter((batch) => batch.nextOffset > asked.fetchOffset) : [];
    return {
      partitionIndex: asked.partition,
      errorCode,
      highWatermark: end,
      logStartOffset: partition.logStartOffset,
      records,
      ...hint,
    };
  }

  private epochError(partition: ScriptedPartition, epoch: number): ErrorCode | undefined {
    if (partition.leader !== this.id && this.cluster.readReplica !== this.id) return "NOT_LEADER_OR_FOLLOWER";
    if (epoch !== -1 && epoch < partition.epoch) return "FENCED_LEADER_EPOCH";
    return epoch > partition.epoch ? "UNKNOWN_LEADER_EPOCH" : undefined;
  }

  private listOffsets(request: RequestOf<"ListOffsets">, override: ErrorCode | undefined): ResponseOf<"ListOffsets"> {
    return {
      topics: request.topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, timestamp, currentLeaderEpoch }) => {
          const partition = this.cluster.partition(name, partitionIndex);
          const errorCode = override ?? this.epochError(partition, currentLeaderEpoch) ?? "NONE";
          const offset = timestamp === -2 ? partition.logStartOffset : endOf(partition);
          return {
            partitionIndex,
            errorCode,
            timestamp,
            offset: errorCode === "NONE" ? offset : -1,
            leaderEpoch: partition.epoch,
          };
        }),
      })),
    };
  }

  private offsetForLeaderEpoch(
    request: RequestOf<"OffsetForLeaderEpoch">,
    override: ErrorCode | undefined,
  ): ResponseOf<"OffsetForLeaderEpoch"> {
    return {
      topics: request.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((asked) => {
          const partition = this.cluster.partition(topic, asked.partition);
          const end = partition.epochEnds.get(asked.leaderEpoch) ?? {
            leaderEpoch: asked.leaderEpoch,
            endOffset: endOf(partition),
          };
          return {
            partition: asked.partition,
            errorCode: override ?? this.epochError(partition, asked.currentLeaderEpoch) ?? "NONE",
            ...end,
          };
        }),
      })),
    };
  }
}

function endOf(partition: ScriptedPartition): number {
  return partition.log.at(-1)?.nextOffset ?? partition.logStartOffset;
}

function rangeError(partition: ScriptedPartition, offset: number): ErrorCode {
  return offset < partition.logStartOffset || offset > endOf(partition) ? "OFFSET_OUT_OF_RANGE" : "NONE";
}
