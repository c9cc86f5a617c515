/**
 * Brokers of ZooKeeper mode without a controller: the test gives the orders, and is the store. Client, replicas and network are real.
 */
import { type Micros, ms, seconds } from "../../../src/base/units.ts";
import { BROKER_CONFIG, type BrokerConfig } from "../../../src/kafka/config/broker-config.ts";
import { effectiveConfig } from "../../../src/kafka/config/definition.ts";
import { DEFAULT_SERVICE_COSTS, type ServiceCosts } from "../../../src/kafka/config/service-costs.ts";
import { DIAL_VALUES, type Dials } from "../../../src/kafka/dials.ts";
import { type BrokerId, partitionName } from "../../../src/kafka/ids.ts";
import type { ApiName, RequestOf, ResponseOf } from "../../../src/kafka/messages/apis.ts";
import type { LeaderAndIsrPartitionState, UpdateMetadataPartitionState } from "../../../src/kafka/messages/control.ts";
import type { AnyPendingRequest } from "../../../src/kafka/net/request-channel.ts";
import { ServerProcess } from "../../../src/kafka/net/server-process.ts";
import { unstampedBatch } from "../../../src/kafka/records.ts";
import type { Partition } from "../../../src/kafka/replica/partition.ts";
import { KafkaZkClient } from "../../../src/kafka/zk/kafka-zk-client.ts";
import type { ZkClientListener } from "../../../src/kafka/zk/zk-client.ts";
import {
  type PartitionStateZnode,
  PERSISTENT_PATHS,
  partitionStatePath,
  topicConfigPath,
  topicPartitionPath,
  topicPartitionsPath,
  topicPath,
} from "../../../src/kafka/zk/znodes.ts";
import { ZkBroker, type ZkBrokerOwner } from "../../../src/kafka/zk-broker/zk-broker.ts";
import type { ZkRequest, ZkResult } from "../../../src/kafka/zookeeper/client-protocol.ts";
import type { SessionId, ZnodeData } from "../../../src/kafka/zookeeper/znode.ts";
import type { Host, NodeName } from "../../../src/sim/host.ts";
import { record, TestClient } from "../replica/replica-world.ts";
import { ScriptedEnsemble } from "../zk/scripted-ensemble.ts";

/** Of the newest release that has the mode, except that leaders change the ISR as a test says. */
export const ZK_DIALS: Dials = {
  ...(Object.fromEntries(Object.entries(DIAL_VALUES).map(([name, values]) => [name, values[0]])) as unknown as Dials),
  "isr.brokerEpochCheck": false,
  "election.eligibleLeaderReplicas": false,
};

export const TOPIC = "orders";
const BROKERS: readonly BrokerId[] = [1, 2, 3];
/** Of every broker's registration, until a test changes it. */
export const BROKER_EPOCH = 10;
const CONTROLLER_EPOCH = 1;

export function idOf(topic: string): string {
  return `id-of-${topic}`;
}

class TestBroker extends ServerProcess implements ZkClientListener, ZkBrokerOwner {
  readonly zk: KafkaZkClient;
  readonly broker: ZkBroker;
  brokerEpoch = BROKER_EPOCH;
  metadataUpdates = 0;
  private started = false;

  constructor(host: Host, brokerId: BrokerId, world: BrokerWorld) {
    super(host);
    const { config, dials, costs, servers } = world;
    this.zk = new KafkaZkClient({ host, servers, sessionTimeoutMs: 6_000, listener: this });
    const topology = {
      clusterId: "test",
      voters: [],
      zookeeper: [],
      brokers: BROKERS.map((id) => ({ id, node: `broker-${id}`, rack: null })),
    };
    const { zk } = this;
    this.broker = new ZkBroker({ host, config, dials, costs, topology, brokerId, zk, owner: this });
  }

  onStart(): void {
    this.zk.start();
  }

  onZkConnected(fresh: boolean): void {
    if (this.started && fresh) this.broker.onNewSession();
    if (!this.started) this.broker.loadLogs();
    this.started = true;
  }

  onLogsLoaded(): void {
    this.host.listen();
  }

  onMetadataUpdated(): void {
    this.metadataUpdates++;
  }

  /** Nobody makes topics here. */
  makeOffsetsTopic(): void {}

  onZkSessionExpired(): void {
    this.zk.startNewSession();
  }

  onZkDisconnected(): void {}
  onWatchedEvent(): void {}
  onZkClosed(): void {}

  onRequest(request: AnyPendingRequest): void {
    this.broker.admit(request);
  }

  onShutdownRequested(): void {
    this.broker.stop();
    this.host.exit("stopped");
  }
}

interface FromController {
  readonly controllerId?: number;
  readonly controllerEpoch?: number;
  readonly brokerEpoch?: number;
}

type Ordered = Partial<LeaderAndIsrPartitionState> & { readonly topic?: string; readonly topicId?: string };
type Told = Partial<UpdateMetadataPartitionState> & { readonly topic?: string; readonly topicId?: string };

export class BrokerWorld extends ScriptedEnsemble {
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly costs: ServiceCosts;
  private readonly numbers = new Map<string, number>();
  private sequence = 0;

  constructor(
    options: {
      readonly dials?: Partial<Dials>;
      readonly config?: Readonly<Record<string, string | number | boolean>>;
      readonly costs?: Partial<ServiceCosts>;
    } = {},
  ) {
    super({ seed: "zk-broker" });
    this.config = effectiveConfig(BROKER_CONFIG, options.config ?? {});
    this.dials = { ...ZK_DIALS, ...options.dials };
    this.costs = { ...DEFAULT_SERVICE_COSTS, ...options.costs };
    for (const path of PERSISTENT_PATHS) this.put(path, null);
    for (const id of BROKERS) {
      const create = (host: Host) => new TestBroker(host, id, this);
      this.world.addNode({ name: `broker-${id}`, factory: Object.freeze({ create }) });
      this.world.start(`broker-${id}`);
    }
    for (const name of ["client", "controller"]) {
      const create = (host: Host) => new TestClient(host, this.config);
      this.world.addNode({ name, factory: Object.freeze({ create }) });
      this.world.start(name);
    }
    this.runFor(ms(100));
  }

  // ---- the store ----

  override apply(request: ZkRequest, session: SessionId): ZkResult & { readonly results?: readonly ZkResult[] } {
    if (request.op !== "create" || !request.mode.endsWith("SEQUENTIAL")) return super.apply(request, session);
    const number = this.numbers.get(request.path) ?? 0;
    this.numbers.set(request.path, number + 1);
    return super.apply({ ...request, path: `${request.path}${String(number).padStart(10, "0")}` }, session);
  }

  put(path: string, data: ZnodeData): void {
    this.write({ op: "create", path, data: Object.freeze(data) as ZnodeData, mode: "PERSISTENT" });
  }

  putTopicConfig(topic: string, config: Readonly<Record<string, string>>): void {
    this.put(topicConfigPath(topic), config);
  }

  /** The state of partition 0, for the first time. */
  putState(state: Partial<PartitionStateZnode> = {}): void {
    for (const path of [topicPath(TOPIC), topicPartitionsPath(TOPIC), topicPartitionPath(TOPIC, 0)]) this.put(path, null);
    const whole = { leader: 1, leaderEpoch: 0, isr: BROKERS, controllerEpoch: 1, leaderRecoveryState: "RECOVERED" as const };
    this.put(partitionStatePath(TOPIC, 0), { ...whole, ...state });
  }

  state(): PartitionStateZnode & { readonly version: number } {
    const node = this.tree.get(partitionStatePath(TOPIC, 0));
    if (node === undefined) throw new Error("nothing stands there");
    return { ...(node.data as PartitionStateZnode), version: node.stat.version };
  }

  /** Somebody else's write. */
  overwriteState(change: Partial<PartitionStateZnode> = {}): void {
    const { version: _, ...state } = this.state();
    const data = Object.freeze({ ...state, ...change });
    this.write({ op: "setData", path: partitionStatePath(TOPIC, 0), data, version: -1 });
  }

  // ---- orders ----

  /** To each of `to`, in one request. The leader is 1, everybody is in the ISR, and epochs are 0 if nothing else is said. */
  order(to: BrokerId | readonly BrokerId[], orders: readonly Ordered[] = [{}], from: FromController = {}): string[] {
    const topicStates = grouped(orders).map(({ name, id, all }) => ({
      topicName: name,
      topicId: id,
      partitionStates: all.map(
        (order): LeaderAndIsrPartitionState => ({
          partitionIndex: 0,
          controllerEpoch: from.controllerEpoch ?? CONTROLLER_EPOCH,
          leader: 1,
          leaderEpoch: 0,
          isr: BROKERS,
          partitionEpoch: 0,
          replicas: BROKERS,
          addingReplicas: [],
          removingReplicas: [],
          isNew: false,
          leaderRecoveryState: "RECOVERED",
          ...order,
        }),
      ),
    }));
    const body = { ...requestFields(from), liveLeaders: [], topicStates };
    const answers = this.ask(to, "LeaderAndIsr", body).map((answer) => [
      answer?.errorCode ?? "nothing",
      ...(answer?.topics ?? []).flatMap(({ partitionErrors }) => partitionErrors.map(({ errorCode }) => errorCode)),
    ]);
    return (answers.at(-1) ?? []).slice(answers.at(-1)?.[0] === "NONE" ? 1 : 0);
  }

  /** To all of them, or to those in `to`. */
  tell(
    told: readonly Told[],
    options: FromController & { readonly alive?: readonly BrokerId[]; readonly to?: readonly BrokerId[] } = {},
  ): (string | undefined)[] {
    const topicStates = grouped(told).map(({ name, id, all }) => ({
      topicName: name,
      topicId: id,
      partitionStates: all.map(
        (state): UpdateMetadataPartitionState => ({
          partitionIndex: 0,
          controllerEpoch: options.controllerEpoch ?? CONTROLLER_EPOCH,
          leader: 1,
          leaderEpoch: 0,
          isr: BROKERS,
          partitionEpoch: 0,
          replicas: BROKERS,
          offlineReplicas: [],
          ...state,
        }),
      ),
    }));
    const liveBrokers = (options.alive ?? BROKERS).map((id) => ({ id, host: `broker-${id}`, rack: null }));
    const body = { ...requestFields(options), topicStates, liveBrokers };
    return this.ask(options.to ?? BROKERS, "UpdateMetadata", body).map((answer) => answer?.errorCode);
  }

  stopReplica(
    to: BrokerId,
    orders: readonly { topic?: string; partition?: number; leaderEpoch?: number; deletePartition?: boolean }[] = [{}],
    from: FromController = {},
  ): string[] {
    const topicStates = orders.map(({ topic = TOPIC, partition = 0, leaderEpoch = 0, deletePartition = false }) => ({
      topicName: topic,
      partitionStates: [{ partitionIndex: partition, leaderEpoch, deletePartition }],
    }));
    const [answer] = this.ask(to, "StopReplica", { ...requestFields(from), topicStates });
    if (answer?.errorCode !== "NONE") return [answer?.errorCode ?? "nothing"];
    return answer.partitionErrors.map(({ errorCode }) => errorCode);
  }

  /** Everybody lives, and broker 1 leads the partitions, which all follow. */
  begin(orders: readonly Ordered[] = [{}]): this {
    this.tell([]);
    this.order(BROKERS, orders);
    this.tell(orders.map(({ topic, topicId, partitionIndex, leader }) => defined({ topic, topicId, partitionIndex, leader })));
    return this.runFor(ms(50));
  }

  /** Asks each, over the controller's connections, lets time pass, and returns the answers there are. */
  ask<A extends ApiName>(to: BrokerId | readonly BrokerId[], api: A, body: RequestOf<A>): (ResponseOf<A> | undefined)[] {
    const controller = this.client("controller");
    const sent = (typeof to === "number" ? [to] : to).map((id) => controller.send(id, api, body));
    this.runFor(ms(20));
    return sent.map((number) => this.answer(api, number, "controller"));
  }

  private client(name: "client" | "controller"): TestClient {
    return this.world.node(name).process as TestClient;
  }

  private answer<A extends ApiName>(_api: A, sent: number, of: "client" | "controller"): ResponseOf<A> | undefined {
    return this.client(of).answers.find(({ context }) => context === sent)?.response as ResponseOf<A> | undefined;
  }

  produce(to: BrokerId, options: { readonly acks?: number; readonly topic?: string; readonly topicId?: string } = {}): number {
    const { acks = -1, topic = TOPIC, topicId = "" } = options;
    const partitionData = [{ index: 0, records: unstampedBatch([record(this.sequence++)]) }];
    return this.client("client").send(to, "Produce", {
      acks,
      timeoutMs: 30_000,
      topicData: [{ topicId, name: topic, partitionData }],
    });
  }

  produced(sent: number): string | undefined {
    return this.answer("Produce", sent, "client")?.responses[0]?.partitionResponses[0]?.errorCode;
  }

  // ---- brokers ----

  broker(id: BrokerId): TestBroker {
    const { process } = this.world.node(`broker-${id}`);
    if (process === undefined) throw new Error(`broker-${id} is down`);
    return process as TestBroker;
  }

  hosted(id: BrokerId, topic = TOPIC, index = 0): Partition | undefined {
    return this.broker(id).broker.partition(topic, index);
  }

  partition(id: BrokerId, topic = TOPIC, index = 0): Partition {
    const partition = this.hosted(id, topic, index);
    if (partition === undefined) throw new Error(`broker-${id} hosts no ${partitionName(topic, index)}`);
    return partition;
  }

  isr(id: BrokerId): readonly BrokerId[] | undefined {
    return this.partition(id).leading?.isrState.isr;
  }

  restart(id: BrokerId): void {
    this.world.crash(`broker-${id}`);
    this.world.start(`broker-${id}`);
    this.runFor(ms(100));
  }

  /** From each other and from the store. */
  cut(a: NodeName, b: NodeName): void {
    this.world.cut(a, b);
  }

  runUntil(reached: () => boolean, within: Micros = seconds(120)): void {
    const deadline = this.world.time + within;
    while (!reached()) if (this.world.time > deadline || !this.world.step()) throw new Error("not reached in time");
  }
}

function requestFields({ controllerId = 9, controllerEpoch = CONTROLLER_EPOCH, brokerEpoch = -1 }: FromController) {
  return { controllerId, controllerEpoch, brokerEpoch };
}

function grouped<T extends { readonly topic?: string; readonly topicId?: string }>(
  states: readonly T[],
): { readonly name: string; readonly id: string; readonly all: Omit<T, "topic" | "topicId">[] }[] {
  const byTopic = new Map<string, { name: string; id: string; all: Omit<T, "topic" | "topicId">[] }>();
  for (const { topic: name = TOPIC, topicId: id = idOf(name), ...rest } of states) {
    const entry = byTopic.get(name) ?? { name, id, all: [] };
    byTopic.set(name, entry);
    entry.all.push(rest);
  }
  return [...byTopic.values()];
}

function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
