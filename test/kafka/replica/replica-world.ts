/**
 * Brokers that have replicas and nothing else, in the real kernel. The test is the metadata quorum: it says what is committed,
 * who has heard of it, and what the controller answers.
 */
import { ms, seconds } from "../../../src/base/units.ts";
import { BrokerMetadataPublisher } from "../../../src/kafka/broker/broker-metadata-publisher.ts";
import { BROKER_CONFIG, type BrokerConfig } from "../../../src/kafka/config/broker-config.ts";
import { effectiveConfig } from "../../../src/kafka/config/definition.ts";
import { DIAL_VALUES, type Dials } from "../../../src/kafka/dials.ts";
import type { KafkaEvent, KafkaEventKind } from "../../../src/kafka/events.ts";
import type { BrokerId } from "../../../src/kafka/ids.ts";
import type { ApiName, RequestOf, ResponseOf } from "../../../src/kafka/messages/apis.ts";
import type { AlterPartitionResponse } from "../../../src/kafka/messages/broker-lifecycle.ts";
import { MetadataImage } from "../../../src/kafka/metadata/image.ts";
import type { MetadataRecord, PartitionChangeRecord } from "../../../src/kafka/metadata/records.ts";
import { type Completion, type CompletionHandler, NetworkClient } from "../../../src/kafka/net/network-client.ts";
import type { AnyPendingRequest, PendingRequest } from "../../../src/kafka/net/request-channel.ts";
import { ServerProcess } from "../../../src/kafka/net/server-process.ts";
import { type KafkaRecord, unstampedBatch } from "../../../src/kafka/records.ts";
import { AlterPartitionManager } from "../../../src/kafka/replica/alter-partition-manager.ts";
import type { Partition } from "../../../src/kafka/replica/partition.ts";
import { type ControllerFinder, ReplicaContext } from "../../../src/kafka/replica/replica-context.ts";
import { ReplicaManager } from "../../../src/kafka/replica/replica-manager.ts";
import type { DomainEvent, Host, NodeName, Process } from "../../../src/sim/host.ts";
import type { TraceLevel } from "../../../src/sim/trace.ts";
import { World, type WorldObserver } from "../../../src/sim/world.ts";

const DEFAULT_DIALS = Object.fromEntries(
  Object.entries(DIAL_VALUES).map(([dial, values]) => [dial, values[0]]),
) as unknown as Dials;

export const TOPIC = "orders";
export const TOPIC_ID = "orders-topic-id-000000";

export function record(sequence: number, bytes = 10): KafkaRecord {
  return { key: null, value: new Uint8Array(bytes), timestamp: sequence, origin: { client: "test", sequence } };
}

abstract class TestNode extends ServerProcess {
  onShutdownRequested(): void {}
}

class TestBroker extends TestNode implements ControllerFinder {
  readonly replicas: ReplicaManager;
  readonly publisher: BrokerMetadataPublisher;
  readonly image = new MetadataImage();
  readonly id: BrokerId;

  constructor(host: Host, id: BrokerId, setup: Setup) {
    super(host);
    this.id = id;
    const brokers = setup.brokerIds.map((broker) => ({ id: broker, node: `broker-${broker}`, rack: null }));
    const { config, dials } = setup;
    const topology = { clusterId: "test", voters: [], zookeeper: [], brokers };
    const context = new ReplicaContext({
      host,
      config,
      dials,
      topology,
      brokerId: id,
      controller: this,
      metadata: this.image,
    });
    this.replicas = new ReplicaManager(context, new AlterPartitionManager(context));
    this.publisher = new BrokerMetadataPublisher(context, this.replicas, this.image);
  }

  onStart(): void {
    this.replicas.startup();
    this.publisher.startServing();
    this.host.listen();
  }

  onRequest(request: AnyPendingRequest): void {
    this.replicas.onRequest(request);
  }

  activeController(): NodeName {
    return "controller";
  }

  brokerEpoch(): number {
    return this.image.broker(this.id)?.epoch ?? -1;
  }
}

class TestController extends TestNode {
  readonly asked: PendingRequest<"AlterPartition">[] = [];

  onStart(): void {
    this.host.listen();
  }

  onRequest(request: AnyPendingRequest): void {
    if (request.api === "AlterPartition") this.asked.push(request);
  }
}

export class TestClient extends TestNode implements CompletionHandler<number> {
  readonly answers: Completion<number>[] = [];
  private readonly client: NetworkClient<number>;
  private sent = 0;

  constructor(host: Host, config: BrokerConfig) {
    super(host);
    this.client = new NetworkClient(host, config, 60_000, this);
  }

  onStart(): void {}
  onRequest(): void {}

  /** Returns the number under which the answer will be found. */
  send<A extends ApiName>(to: BrokerId, api: A, body: RequestOf<A>): number {
    const unanswered = api === "Produce" && (body as RequestOf<"Produce">).acks === 0;
    if (unanswered) this.client.sendOneWay(`broker-${to}`, api, body);
    else this.client.send(`broker-${to}`, api, body, this.sent);
    return this.sent++;
  }

  /** As {@link send}, to a node by its name. */
  sendTo<A extends ApiName>(node: NodeName, api: A, body: RequestOf<A>): number {
    this.client.send(node, api, body, this.sent);
    return this.sent++;
  }

  onCompletion(completion: Completion<number>): void {
    this.answers.push(completion);
  }
}

interface Setup {
  readonly brokerIds: readonly BrokerId[];
  readonly config: BrokerConfig;
  readonly dials: Dials;
}

class TestFactory {
  private readonly setup: Setup;
  private readonly role: "controller" | "client" | BrokerId;

  constructor(setup: Setup, role: "controller" | "client" | BrokerId) {
    this.setup = setup;
    this.role = role;
  }

  create(host: Host): Process {
    if (this.role === "controller") return new TestController(host);
    return this.role === "client" ? new TestClient(host, this.setup.config) : new TestBroker(host, this.role, this.setup);
  }
}

class Recorder implements WorldObserver {
  readonly events: { readonly node: NodeName | undefined; readonly event: KafkaEvent }[] = [];

  onEvent(_world: World, node: NodeName | undefined, event: DomainEvent): void {
    this.events.push({ node, event: event as KafkaEvent });
  }

  onWatch(): void {}
}

export class ReplicaWorld {
  readonly world: World;
  readonly recorder = new Recorder();
  /** The committed metadata, and up to where each broker has heard of it. */
  private readonly committed: MetadataRecord[] = [];
  private readonly truth = new MetadataImage();
  private sequence = 0;
  private readonly setup: Setup;
  private readonly racks: readonly string[];

  constructor(
    options: {
      brokers?: number;
      /** Of the brokers in order. */
      racks?: readonly string[];
      config?: Partial<Record<string, unknown>>;
      dials?: Partial<Dials>;
      topicConfig?: Record<string, string>;
      partitions?: number;
      isr?: readonly BrokerId[];
      traceLevel?: TraceLevel;
    } = {},
  ) {
    const { brokers = 3, config = {}, dials = {}, topicConfig = {}, partitions = 1 } = options;
    const brokerIds = Array.from({ length: brokers }, (_, i) => i + 1);
    const setup = { brokerIds, config: effectiveConfig(BROKER_CONFIG, config), dials: { ...DEFAULT_DIALS, ...dials } };
    this.setup = setup;
    this.racks = options.racks ?? [];
    const { traceLevel = "off" } = options;
    this.world = new World({ seed: "replica", latency: { default: { kind: "constant", us: 200 } }, traceLevel });
    this.world.observer = this.recorder;
    const { world } = this;
    world.addNode({ name: "controller", factory: new TestFactory(setup, "controller") });
    world.addNode({ name: "client", factory: new TestFactory(setup, "client") });
    for (const id of brokerIds) {
      world.addNode({ name: `broker-${id}`, factory: new TestFactory(setup, id) });
    }
    for (const node of [...world.nodes()]) world.start(node.name);
    this.runFor(ms(1));
    for (const id of brokerIds) this.commit(this.registration(id));
    for (const [name, value] of Object.entries(topicConfig)) {
      this.commit({ type: "Config", resourceType: "TOPIC", resourceName: TOPIC, name, value });
    }
    this.commit({ type: "Topic", name: TOPIC, topicId: TOPIC_ID });
    for (let partitionId = 0; partitionId < partitions; partitionId++) {
      this.commit({
        type: "Partition",
        topicId: TOPIC_ID,
        partitionId,
        replicas: brokerIds,
        isr: options.isr ?? brokerIds,
        leader: 1,
        leaderEpoch: 0,
        partitionEpoch: 0,
        leaderRecoveryState: "RECOVERED",
        eligibleLeaderReplicas: [],
        lastKnownElr: [],
      });
    }
    this.tellAll();
    this.runFor(ms(20));
  }

  // ---- metadata ----

  registration(id: BrokerId): MetadataRecord {
    const brokerEpoch = this.committed.length;
    return {
      type: "RegisterBroker",
      brokerId: id,
      brokerEpoch,
      incarnationId: `${id}@${brokerEpoch}`,
      host: `broker-${id}`,
      rack: this.racks[id - 1] ?? null,
      fenced: false,
      inControlledShutdown: false,
    };
  }

  commit(...records: MetadataRecord[]): void {
    for (const each of records) {
      this.truth.apply(each, this.committed.length);
      this.committed.push(each);
    }
  }

  change(fields: Omit<PartitionChangeRecord, "type" | "topicId" | "partitionId">, partitionId = 0): void {
    this.commit({ type: "PartitionChange", topicId: TOPIC_ID, partitionId, ...fields });
  }

  tell(...ids: BrokerId[]): void {
    for (const id of ids) {
      const { process } = this.world.node(`broker-${id}`);
      if (process === undefined) continue;
      const broker = process as TestBroker;
      const changed = new Map<string, { topic: string; topicId: string; partition: number }>();
      for (let offset = broker.image.nextOffset; offset < this.committed.length; offset++) {
        const each = this.committed[offset] as MetadataRecord;
        if (each.type === "RemoveTopic") {
          broker.image.topicById(each.topicId)?.partitions.forEach((_, partition) => {
            changed.set(`${each.topicId}-${partition}`, { topic: TOPIC, topicId: each.topicId, partition });
          });
        }
        if (each.type === "Config") changed.set(`${TOPIC_ID}-0`, { topic: TOPIC, topicId: TOPIC_ID, partition: 0 });
        if (each.type === "Partition" || each.type === "PartitionChange") {
          const { topicId, partitionId: partition } = each;
          changed.set(`${topicId}-${partition}`, { topic: TOPIC, topicId, partition });
        }
        broker.image.apply(each, offset);
      }
      broker.publisher.applyMetadata([...changed.values()]);
    }
  }

  tellAll(): void {
    this.tell(...this.setup.brokerIds);
  }

  // ---- the controller ----

  get asked(): readonly PendingRequest<"AlterPartition">[] {
    return (this.world.node("controller").process as TestController).asked;
  }

  /** Commits what the oldest unanswered AlterPartition asks for, and answers. */
  grant(): AlterPartitionResponse {
    const request = this.takeAsked();
    const topics = request.body.topics.map(({ topic, topicId, partitions }) => ({
      topic,
      topicId,
      partitions: partitions.map(({ partitionIndex, newIsrWithEpochs }) => {
        this.change({ isr: newIsrWithEpochs.map(({ brokerId }) => brokerId) }, partitionIndex);
        const now = this.truth.topicById(topicId)?.partitions[partitionIndex];
        if (now === undefined) throw new Error(`no partition ${partitionIndex}`);
        const { leader: leaderId, leaderEpoch, isr, leaderRecoveryState, partitionEpoch } = now;
        return { partitionIndex, errorCode: "NONE" as const, leaderId, leaderEpoch, isr, leaderRecoveryState, partitionEpoch };
      }),
    }));
    const response = { errorCode: "NONE" as const, topics };
    request.respond(response);
    return response;
  }

  refuse(error: AlterPartitionResponse["errorCode"], level: "partition" | "request" = "partition"): void {
    const request = this.takeAsked();
    if (level === "request") {
      request.respond({ errorCode: error, topics: [] });
      return;
    }
    request.respond({
      errorCode: "NONE",
      topics: request.body.topics.map(({ topic, topicId, partitions }) => ({
        topic,
        topicId,
        partitions: partitions.map(({ partitionIndex }) => ({
          partitionIndex,
          errorCode: error,
          leaderId: -1,
          leaderEpoch: -1,
          isr: [],
          leaderRecoveryState: "RECOVERED" as const,
          partitionEpoch: -1,
        })),
      })),
    });
  }

  private takeAsked(): PendingRequest<"AlterPartition"> {
    const request = (this.world.node("controller").process as TestController).asked.shift();
    if (request === undefined) throw new Error("nobody asked the controller for anything");
    return request;
  }

  // ---- the client ----

  produce(
    to: BrokerId,
    options: { acks?: number; count?: number; partition?: number; timeoutMs?: number; bytes?: number } = {},
  ): number {
    const { acks = -1, count = 1, partition = 0, timeoutMs = 30_000, bytes = 10 } = options;
    const records = unstampedBatch(Array.from({ length: count }, () => record(this.sequence++, bytes)));
    const partitionData = [{ index: partition, records }];
    return this.send(to, "Produce", { acks, timeoutMs, topicData: [{ topicId: TOPIC_ID, name: TOPIC, partitionData }] });
  }

  consume(
    from: BrokerId,
    fetchOffset: number,
    options: { epoch?: number; maxWaitMs?: number; minBytes?: number; rackId?: string } = {},
  ): number {
    const { epoch = -1, maxWaitMs = 0, minBytes = 1, rackId } = options;
    const wanted = {
      partition: 0,
      currentLeaderEpoch: epoch,
      fetchOffset,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes: 1_000_000,
    };
    return this.send(from, "Fetch", {
      replicaState: { replicaId: -1, replicaEpoch: -1 },
      clusterId: "test",
      maxWaitMs,
      minBytes,
      maxBytes: 10_000_000,
      ...(rackId !== undefined && { rackId }),
      topics: [{ topicId: TOPIC_ID, topic: TOPIC, partitions: [wanted] }],
    });
  }

  /** A fetch as `replica` would send it. */
  fetchAs(
    replica: BrokerId,
    from: BrokerId,
    fetchOffset: number,
    options: { epoch?: number; lastFetchedEpoch?: number; brokerEpoch?: number; maxWaitMs?: number } = {},
  ): number {
    const { epoch = 0, lastFetchedEpoch = -1, brokerEpoch = -1, maxWaitMs = 0 } = options;
    const wanted = {
      partition: 0,
      currentLeaderEpoch: epoch,
      fetchOffset,
      lastFetchedEpoch,
      logStartOffset: 0,
      partitionMaxBytes: 1_000_000,
    };
    return this.send(from, "Fetch", {
      replicaState: { replicaId: replica, replicaEpoch: brokerEpoch },
      clusterId: "test",
      maxWaitMs,
      minBytes: 1,
      maxBytes: 10_000_000,
      topics: [{ topicId: TOPIC_ID, topic: TOPIC, partitions: [wanted] }],
    });
  }

  send<A extends ApiName>(to: BrokerId, api: A, body: RequestOf<A>): number {
    return (this.world.node("client").process as TestClient).send(to, api, body);
  }

  answer<A extends ApiName>(_api: A, sent: number): ResponseOf<A> | undefined {
    const { answers } = this.world.node("client").process as TestClient;
    return answers.find(({ context }) => context === sent)?.response as ResponseOf<A> | undefined;
  }

  produced(sent: number): string | undefined {
    const answer = this.answer("Produce", sent)?.responses[0]?.partitionResponses[0];
    return answer === undefined ? undefined : answer.errorCode === "NONE" ? `at ${answer.baseOffset}` : answer.errorCode;
  }

  fetched(sent: number): NonNullable<ResponseOf<"Fetch">["responses"][number]["partitions"][number]> | undefined {
    return this.answer("Fetch", sent)?.responses[0]?.partitions[0];
  }

  // ---- looking ----

  replicas(id: BrokerId): ReplicaManager {
    const { process } = this.world.node(`broker-${id}`);
    if (process === undefined) throw new Error(`broker-${id} is down`);
    return (process as TestBroker).replicas;
  }

  partition(id: BrokerId, index = 0): Partition {
    const partition = this.replicas(id).partition(TOPIC, index);
    if (partition === undefined) throw new Error(`broker-${id} hosts no ${TOPIC}-${index}`);
    return partition;
  }

  /** `LEO HW`, for comparisons that read well. */
  offsets(id: BrokerId, index = 0): { leo: number; hw: number } {
    const { log } = this.partition(id, index).replica;
    return { leo: log.logEndOffset, hw: log.highWatermark };
  }

  isr(id: BrokerId): { isr: readonly BrokerId[]; maximal: readonly BrokerId[]; state: string } {
    const { leading } = this.partition(id);
    if (leading === undefined) throw new Error(`broker-${id} does not lead`);
    return { isr: leading.isrState.isr, maximal: leading.isrState.maximalIsr, state: leading.isrState.kind };
  }

  events<K extends KafkaEventKind>(kind: K, id?: BrokerId): Extract<KafkaEvent, { kind: K }>[] {
    return this.recorder.events
      .filter(({ node, event }) => event.kind === kind && (id === undefined || node === `broker-${id}`))
      .map(({ event }) => event as Extract<KafkaEvent, { kind: K }>);
  }

  // ---- time and harm ----

  runFor(us: number): void {
    this.world.runUntil(this.world.time + us);
  }

  runUntil(reached: () => boolean): void {
    const deadline = this.world.time + seconds(120);
    while (!reached()) if (this.world.time > deadline || !this.world.step()) throw new Error("not reached within two minutes");
  }

  settle(): void {
    this.runFor(seconds(1));
  }

  isolate(...ids: BrokerId[]): void {
    for (const id of ids) {
      for (const other of this.setup.brokerIds)
        if (other !== id && !ids.includes(other)) this.world.cut(`broker-${id}`, `broker-${other}`);
    }
  }

  rejoin(...ids: BrokerId[]): void {
    for (const id of ids) {
      for (const other of this.setup.brokerIds)
        if (other !== id && !ids.includes(other)) this.world.heal(`broker-${id}`, `broker-${other}`);
    }
  }

  /** Starts the broker again; it knows nothing of the cluster until it is told. */
  restart(id: BrokerId): void {
    this.world.start(`broker-${id}`);
    this.runFor(ms(1));
  }
}
