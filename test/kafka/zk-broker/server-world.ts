/** Whole servers of ZooKeeper mode around a store that does what the test says. */
import { ms, seconds } from "../../../src/base/units.ts";
import { BROKER_CONFIG, type BrokerConfig } from "../../../src/kafka/config/broker-config.ts";
import { effectiveConfig } from "../../../src/kafka/config/definition.ts";
import { DEFAULT_SERVICE_COSTS } from "../../../src/kafka/config/service-costs.ts";
import type { Dials } from "../../../src/kafka/dials.ts";
import type { BrokerId } from "../../../src/kafka/ids.ts";
import type { ApiName, RequestOf, ResponseOf } from "../../../src/kafka/messages/apis.ts";
import { unstampedBatch } from "../../../src/kafka/records.ts";
import { ZkKafkaServer } from "../../../src/kafka/server/zk-kafka-server.ts";
import {
  brokerIdPath,
  CONTROLLER_PATH,
  type ControllerZnode,
  type PartitionStateZnode,
  partitionStatePath,
  topicPath,
} from "../../../src/kafka/zk/znodes.ts";
import type { Host } from "../../../src/sim/host.ts";
import { record, TestClient } from "../replica/replica-world.ts";
import { ScriptedEnsemble } from "../zk/scripted-ensemble.ts";
import { idOf, TOPIC, ZK_DIALS } from "./broker-world.ts";

export class ServerWorld extends ScriptedEnsemble {
  readonly brokerIds: readonly BrokerId[];
  private readonly config: BrokerConfig;
  private sequence = 0;

  constructor(
    options: {
      readonly brokers?: number;
      readonly dials?: Partial<Dials>;
      readonly config?: Readonly<Record<string, string | number | boolean>>;
    } = {},
  ) {
    super({ seed: "zk-server" });
    this.brokerIds = Array.from({ length: options.brokers ?? 3 }, (_, i) => i + 1);
    this.config = effectiveConfig(BROKER_CONFIG, options.config ?? {});
    const topology = {
      clusterId: "test",
      voters: [],
      zookeeper: this.servers.map((node, i) => ({ id: i + 1, node })),
      brokers: this.brokerIds.map((id) => ({ id, node: `broker-${id}`, rack: null })),
    };
    const dials = { ...ZK_DIALS, ...options.dials };
    const { config } = this;
    for (const brokerId of this.brokerIds) {
      const create = (host: Host) =>
        new ZkKafkaServer({ host, config, dials, costs: DEFAULT_SERVICE_COSTS, topology, brokerId, rack: null });
      this.world.addNode({ name: `broker-${brokerId}`, factory: Object.freeze({ create }) });
    }
    const create = (host: Host) => new TestClient(host, config);
    this.world.addNode({ name: "client", factory: Object.freeze({ create }) });
    this.world.start("client");
    this.runFor(ms(1));
  }

  start(...ids: BrokerId[]): this {
    for (const id of ids) {
      this.world.start(`broker-${id}`);
      this.runFor(ms(200));
    }
    return this;
  }

  startAll(): this {
    return this.start(...this.brokerIds);
  }

  /** One partition, on all brokers, the first of which is preferred. */
  createTopic(topic = TOPIC): this {
    const partitions = Object.freeze([{ replicas: this.brokerIds, addingReplicas: [], removingReplicas: [] }]);
    const data = Object.freeze({ topicId: idOf(topic), partitions });
    this.write({ op: "create", path: topicPath(topic), data, mode: "PERSISTENT" });
    return this.runFor(ms(200));
  }

  state(topic = TOPIC): PartitionStateZnode | undefined {
    return this.tree.get(partitionStatePath(topic, 0))?.data as PartitionStateZnode | undefined;
  }

  get controllerId(): BrokerId | undefined {
    return (this.tree.get(CONTROLLER_PATH)?.data as ControllerZnode | undefined)?.brokerId;
  }

  isRegistered(id: BrokerId): boolean {
    return this.tree.has(brokerIdPath(id));
  }

  isUp(id: BrokerId): boolean {
    return this.world.node(`broker-${id}`).process !== undefined;
  }

  sessionOf(id: BrokerId): number {
    return this.tree.get(brokerIdPath(id))?.stat.ephemeralOwner ?? 0;
  }

  /** The session of a living broker ends; it learns so when its connections are broken. */
  expireSessionOf(id: BrokerId): this {
    this.expire(this.sessionOf(id));
    for (const server of this.servers) this.world.resetConnections(`broker-${id}`, server);
    return this.runFor(seconds(2));
  }

  statesOf(id: BrokerId): string[] {
    return this.of("BrokerStateChanged")
      .filter(({ broker }) => broker === id)
      .map(({ state }) => state);
  }

  // ---- the client ----

  send<A extends ApiName>(to: BrokerId, api: A, body: RequestOf<A>): number {
    return (this.world.node("client").process as TestClient).send(to, api, body);
  }

  answer<A extends ApiName>(_api: A, sent: number): ResponseOf<A> | undefined {
    const { answers } = this.world.node("client").process as TestClient;
    return answers.find(({ context }) => context === sent)?.response as ResponseOf<A> | undefined;
  }

  /** Why there is no answer. */
  ended(sent: number): string | undefined {
    return (this.world.node("client").process as TestClient).answers.find(({ context }) => context === sent)?.error;
  }

  produce(to: BrokerId): number {
    const partitionData = [{ index: 0, records: unstampedBatch([record(this.sequence++)]) }];
    return this.send(to, "Produce", { acks: -1, timeoutMs: 30_000, topicData: [{ topicId: "", name: TOPIC, partitionData }] });
  }

  produced(sent: number): string | undefined {
    return this.answer("Produce", sent)?.responses[0]?.partitionResponses[0]?.errorCode;
  }

  runUntil(reached: () => boolean): this {
    const deadline = this.world.time + seconds(120);
    while (!reached()) if (this.world.time > deadline || !this.world.step()) throw new Error("not reached within two minutes");
    return this;
  }
}
