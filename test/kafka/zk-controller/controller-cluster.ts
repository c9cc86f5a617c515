/**
 * Brokers that are nothing but a controller and a log of the orders that they get, around a ZooKeeper that does what the test says.
 * The client of ZooKeeper, the channels and the network are real.
 */
import { ms } from "../../../src/base/units.ts";
import { BROKER_CONFIG, type BrokerConfig } from "../../../src/kafka/config/broker-config.ts";
import { effectiveConfig } from "../../../src/kafka/config/definition.ts";
import { DEFAULT_SERVICE_COSTS, type ServiceCosts } from "../../../src/kafka/config/service-costs.ts";
import { DIAL_VALUES, type Dials } from "../../../src/kafka/dials.ts";
import type { ErrorCode } from "../../../src/kafka/errors.ts";
import { type BrokerId, partitionName } from "../../../src/kafka/ids.ts";
import type { RequestOf } from "../../../src/kafka/messages/apis.ts";
import type { AnyPendingRequest } from "../../../src/kafka/net/request-channel.ts";
import { ServerProcess } from "../../../src/kafka/net/server-process.ts";
import { KafkaZkClient } from "../../../src/kafka/zk/kafka-zk-client.ts";
import type { ZkClientListener } from "../../../src/kafka/zk/zk-client.ts";
import {
  CONTROLLER_EPOCH_PATH,
  CONTROLLER_PATH,
  type ControllerZnode,
  type PartitionStateZnode,
  PERSISTENT_PATHS,
  partitionStatePath,
  topicConfigPath,
  topicPartitionPath,
  topicPartitionsPath,
  topicPath,
} from "../../../src/kafka/zk/znodes.ts";
import { KafkaController } from "../../../src/kafka/zk-controller/kafka-controller.ts";
import type { WatchedEvent } from "../../../src/kafka/zookeeper/client-protocol.ts";
import type { ZnodeData } from "../../../src/kafka/zookeeper/znode.ts";
import type { ControlApi } from "../../../src/kafka/zookeeper-events.ts";
import type { Host, NodeName } from "../../../src/sim/host.ts";
import { ScriptedEnsemble } from "../zk/scripted-ensemble.ts";

export const NEWEST_DIALS = Object.fromEntries(
  Object.entries(DIAL_VALUES).map(([name, values]) => [name, values[0]]),
) as unknown as Dials;

interface Order {
  readonly api: ControlApi;
  readonly body: RequestOf<ControlApi>;
}

/** What a topic is before anybody has started. */
interface StoredTopic {
  readonly assignment: readonly (readonly BrokerId[])[];
  /** Of every partition; without one they are new. */
  readonly state?: Partial<PartitionStateZnode>;
}

export class ControllerCluster extends ScriptedEnsemble {
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly costs: ServiceCosts;

  constructor(
    options: {
      readonly dials?: Partial<Dials>;
      readonly config?: Readonly<Record<string, string | number | boolean>>;
      readonly costs?: Partial<ServiceCosts>;
      readonly topics?: Readonly<Record<string, StoredTopic>>;
      readonly seed?: string;
    } = {},
  ) {
    super({ seed: options.seed ?? "controller" });
    this.config = effectiveConfig(BROKER_CONFIG, { "auto.leader.rebalance.enable": false }, options.config ?? {});
    this.dials = { ...NEWEST_DIALS, ...options.dials };
    this.costs = { ...DEFAULT_SERVICE_COSTS, ...options.costs };
    for (const path of PERSISTENT_PATHS) this.put(path, null);
    for (const [topic, stored] of Object.entries(options.topics ?? {})) this.putTopic(topic, stored);
  }

  /** Adds and starts a broker, and lets it settle. */
  addBroker(id: BrokerId): TestBroker {
    const create = (host: Host) => new TestBroker(host, id, this);
    this.world.addNode({ name: `broker-${id}`, factory: Object.freeze({ create }) });
    this.world.start(`broker-${id}`);
    this.runFor(ms(100));
    return this.broker(id);
  }

  addBrokers(...ids: BrokerId[]): this {
    for (const id of ids) this.addBroker(id);
    return this;
  }

  broker(id: BrokerId): TestBroker {
    return this.world.node(`broker-${id}`).process as TestBroker;
  }

  /** The process dies, and its session with it. */
  killBroker(id: BrokerId): this {
    const { session } = this.broker(id).zk;
    this.world.crash(`broker-${id}`);
    this.expire(session);
    return this.runFor(ms(100));
  }

  startBroker(id: BrokerId): this {
    this.world.start(`broker-${id}`);
    return this.runFor(ms(100));
  }

  /** The session of a living broker ends; it learns so when its connections are broken. */
  expireBroker(id: BrokerId): this {
    this.expire(this.broker(id).zk.session);
    for (const server of this.servers) this.world.resetConnections(`broker-${id}`, server);
    return this.runFor(ms(1_500));
  }

  /** By another client. */
  put(path: string, data: ZnodeData): void {
    this.write({ op: "create", path, data: Object.freeze(data) as ZnodeData, mode: "PERSISTENT" });
  }

  putTopic(topic: string, { assignment, state }: StoredTopic): void {
    const partitions = assignment.map((replicas) => Object.freeze({ replicas, addingReplicas: [], removingReplicas: [] }));
    this.put(topicPath(topic), { topicId: `id-of-${topic}`, partitions });
    if (state === undefined) return;
    this.put(topicPartitionsPath(topic), null);
    for (const [partition, replicas] of assignment.entries()) {
      this.put(topicPartitionPath(topic, partition), null);
      const whole = { leader: replicas[0], leaderEpoch: 0, isr: replicas, controllerEpoch: 0, leaderRecoveryState: "RECOVERED" };
      this.put(partitionStatePath(topic, partition), { ...whole, ...state } as PartitionStateZnode);
    }
  }

  putTopicConfig(topic: string, config: Readonly<Record<string, string>>): void {
    this.put(topicConfigPath(topic), config);
  }

  /** By another client, whatever the version. */
  setState(topic: string, partition: number, change: Partial<PartitionStateZnode>): void {
    const path = partitionStatePath(topic, partition);
    const data = Object.freeze({ ...(this.dataAt(path) as PartitionStateZnode), ...change });
    this.write({ op: "setData", path, data, version: -1 });
  }

  dataAt(path: string): ZnodeData | undefined {
    return this.tree.get(path)?.data;
  }

  /** What stands in the store. */
  state(topic: string, partition = 0): PartitionStateZnode | undefined {
    return this.dataAt(partitionStatePath(topic, partition)) as PartitionStateZnode | undefined;
  }

  version(topic: string, partition = 0): number | undefined {
    return this.tree.get(partitionStatePath(topic, partition))?.stat.version;
  }

  get controllerId(): BrokerId | undefined {
    return (this.dataAt(CONTROLLER_PATH) as ControllerZnode | undefined)?.brokerId;
  }

  get epoch(): number | undefined {
    return this.dataAt(CONTROLLER_EPOCH_PATH) as number | undefined;
  }

  /** Deletes `/controller`, as the old tool does to force an election. */
  deleteController(): this {
    this.write({ op: "delete", path: CONTROLLER_PATH, version: -1 });
    return this.runFor(ms(100));
  }
}

interface BrokerSetting {
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly costs: ServiceCosts;
  readonly servers: readonly NodeName[];
}

export class TestBroker extends ServerProcess implements ZkClientListener {
  readonly id: BrokerId;
  readonly zk: KafkaZkClient;
  readonly controller: KafkaController;
  /** In the order in which they came. */
  readonly orders: Order[] = [];
  /** Replicas, by {@link partitionName}, that are answered with an error. */
  readonly errors = new Map<string, ErrorCode>();
  /** Orders come in and are not answered. */
  mute = false;
  /** How the first registration ended. */
  readonly registrations: string[] = [];

  constructor(host: Host, id: BrokerId, setting: BrokerSetting) {
    super(host);
    this.id = id;
    const { config, dials, costs, servers } = setting;
    const sessionTimeoutMs = config["zookeeper.session.timeout.ms"];
    this.zk = new KafkaZkClient({ host, servers, sessionTimeoutMs, listener: this });
    this.controller = new KafkaController({ host, config, dials, costs, brokerId: id, rack: null, zk: this.zk });
  }

  onStart(): void {
    this.host.listen();
    this.zk.start();
  }

  onShutdownRequested(): void {
    this.controller.shutdown(this);
  }

  onControllerStopped(): void {
    this.zk.close();
  }

  onZkConnected(fresh: boolean): void {
    if (fresh && this.registrations.length === 0) this.controller.registerBroker(this);
    else this.controller.onZkConnected(fresh);
  }

  onZkDisconnected(): void {}

  onZkSessionExpired(): void {
    this.controller.onZkSessionExpired();
  }

  onZkClosed(): void {
    this.host.exit("stopped");
  }

  onWatchedEvent(event: WatchedEvent): void {
    this.controller.onWatchedEvent(event);
  }

  onBrokerRegistered(brokerEpoch: number): void {
    this.registrations.push(`registered ${brokerEpoch}`);
    this.controller.startup();
  }

  onBrokerRegistrationFailed(reason: string): void {
    this.registrations.push(reason);
    this.host.exit(`not registered: ${reason}`);
  }

  onRequest(request: AnyPendingRequest): void {
    if (request.api !== "LeaderAndIsr" && request.api !== "UpdateMetadata" && request.api !== "StopReplica") {
      this.controller.onRequest(request);
      return;
    }
    this.orders.push({ api: request.api, body: request.body });
    if (this.mute) return;
    const errorOf = (topic: string, partition: number) => this.errors.get(partitionName(topic, partition)) ?? "NONE";
    if (request.api === "UpdateMetadata") request.respond({ errorCode: "NONE" });
    else if (request.api === "StopReplica") {
      const partitionErrors = request.body.topicStates.flatMap(({ topicName, partitionStates }) =>
        partitionStates.map(({ partitionIndex }) => ({
          topicName,
          partitionIndex,
          errorCode: errorOf(topicName, partitionIndex),
        })),
      );
      request.respond({ errorCode: "NONE", partitionErrors });
    } else {
      const topics = request.body.topicStates.map(({ topicName, topicId, partitionStates }) => ({
        topicId,
        topicName,
        partitionErrors: partitionStates.map(({ partitionIndex }) => ({
          partitionIndex,
          errorCode: errorOf(topicName, partitionIndex),
        })),
      }));
      request.respond({ errorCode: "NONE", topics });
    }
  }

  /** Those of one API, oldest first. */
  got<A extends ControlApi>(api: A): RequestOf<A>[] {
    return this.orders.filter((order) => order.api === api).map(({ body }) => body as RequestOf<A>);
  }

  /** `LeaderAndIsr orders-0 leader 1 epoch 0 isr 1,2 new`, one line for each partition of each order; UpdateMetadata of nothing as `UpdateMetadata -`. */
  get heard(): string[] {
    return this.orders.flatMap(linesOf);
  }

  forget(): this {
    this.orders.length = 0;
    return this;
  }
}

function linesOf({ api, body }: Order): string[] {
  const lines = (body as RequestOf<"LeaderAndIsr">).topicStates.flatMap(({ topicName, partitionStates }) =>
    partitionStates.map((state) => {
      const name = partitionName(topicName, state.partitionIndex);
      if (api === "StopReplica") {
        const { deletePartition } = state as unknown as { deletePartition: boolean };
        return `StopReplica ${name} epoch ${state.leaderEpoch}${deletePartition ? " delete" : ""}`;
      }
      const what = `${api} ${name} leader ${state.leader} epoch ${state.leaderEpoch} isr ${state.isr.join(",")}`;
      return state.isNew ? `${what} new` : what;
    }),
  );
  return lines.length === 0 ? [`${api} -`] : lines;
}
