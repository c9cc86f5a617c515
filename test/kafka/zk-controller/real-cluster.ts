/** The brokers of controller-cluster.ts around a real ensemble of three, whose committed decisions are noted once. */
import { seconds } from "../../../src/base/units.ts";
import { BROKER_CONFIG, type BrokerConfig } from "../../../src/kafka/config/broker-config.ts";
import { effectiveConfig } from "../../../src/kafka/config/definition.ts";
import { DEFAULT_SERVICE_COSTS, type ServiceCosts } from "../../../src/kafka/config/service-costs.ts";
import type { Dials } from "../../../src/kafka/dials.ts";
import type { KafkaEvent, KafkaEventKind } from "../../../src/kafka/events.ts";
import { type BrokerId, partitionName } from "../../../src/kafka/ids.ts";
import type { ClusterTopology } from "../../../src/kafka/server/topology.ts";
import { StoreDecisions } from "../../../src/kafka/zk/store-decisions.ts";
import { create } from "../../../src/kafka/zk/store-requests.ts";
import { PERSISTENT_PATHS, topicPath } from "../../../src/kafka/zk/znodes.ts";
import { ZOOKEEPER_CONFIG } from "../../../src/kafka/zookeeper/config.ts";
import { ZooKeeperServer } from "../../../src/kafka/zookeeper/zookeeper-server.ts";
import type { DomainEvent, Host, NodeName, Process } from "../../../src/sim/host.ts";
import { World, type WorldObserver } from "../../../src/sim/world.ts";
import { NEWEST_DIALS, TestBroker } from "./controller-cluster.ts";

type Written = Extract<KafkaEvent, { readonly kind: "PartitionStateWritten" }>;

export class RealCluster implements WorldObserver {
  readonly world: World;
  readonly events: KafkaEvent[] = [];
  /** What the store holds, by {@link partitionName}, and what was written before, in zxid order. */
  readonly states = new Map<string, Written>();
  readonly written: Written[] = [];
  readonly brokers: readonly BrokerId[];
  readonly zkServers = ["zk-1", "zk-2", "zk-3"];
  private readonly config: BrokerConfig;
  private readonly dials: Dials;
  private readonly costs: ServiceCosts = DEFAULT_SERVICE_COSTS;
  private newestZxid = 0;

  constructor(options: { readonly seed: string; readonly brokers: number; readonly dials?: Partial<Dials> }) {
    this.world = new World({ seed: options.seed });
    this.world.observer = this;
    this.config = effectiveConfig(
      BROKER_CONFIG,
      { "auto.leader.rebalance.enable": false, "zookeeper.session.timeout.ms": 6_000 },
      {},
    );
    this.dials = { ...NEWEST_DIALS, ...options.dials };
    this.brokers = Array.from({ length: options.brokers }, (_, i) => i + 1);
    const topology: ClusterTopology = {
      clusterId: "cluster",
      voters: [],
      zookeeper: this.zkServers.map((node, i) => ({ id: i + 1, node })),
      brokers: this.brokers.map((id) => ({ id, node: `broker-${id}`, rack: null })),
    };
    for (const { id, node } of topology.zookeeper) this.add(node, (host) => this.zooKeeper(host, id, topology));
    for (const { id, node } of topology.brokers) this.add(node, (host) => new PathMakingBroker(host, id, this.setting));
    this.runFor(20);
  }

  private get setting() {
    return { config: this.config, dials: this.dials, costs: this.costs, servers: this.zkServers };
  }

  private zooKeeper(host: Host, serverId: number, topology: ClusterTopology): ZooKeeperServer {
    const config = effectiveConfig(ZOOKEEPER_CONFIG, { tickTime: 1_000 }, {});
    const listener = new StoreDecisions({ host, config: this.config });
    return new ZooKeeperServer({ host, config, costs: this.costs, topology, serverId, listener });
  }

  private add(name: NodeName, create: (host: Host) => Process): void {
    this.world.addNode({ name, factory: Object.freeze({ create }) });
    this.world.start(name);
  }

  runFor(durationSeconds: number): void {
    this.world.runUntil(this.world.time + seconds(durationSeconds));
  }

  /** Each committed decision counts once, whoever of the three applies it first. */
  onEvent(_world: World, _node: NodeName | undefined, event: DomainEvent): void {
    const kafka = event as KafkaEvent;
    if (kafka.kind === "PartitionStateWritten" && kafka.metadataOffset > this.newestZxid) {
      this.newestZxid = kafka.metadataOffset;
      this.states.set(partitionName(kafka.topic, kafka.partition), kafka);
      this.written.push(kafka);
    }
    this.events.push(kafka);
  }

  onWatch(): void {}

  of<K extends KafkaEventKind>(kind: K): Extract<KafkaEvent, { kind: K }>[] {
    return this.events.filter((event) => event.kind === kind) as never;
  }

  /** Undefined while its process does not run. */
  broker(id: BrokerId): TestBroker | undefined {
    return this.world.node(`broker-${id}`).process as TestBroker | undefined;
  }

  living(): TestBroker[] {
    return this.brokers.flatMap((id) => this.broker(id) ?? []);
  }

  /** The one that takes itself for the controller; the first, if several do. */
  controller(): TestBroker | undefined {
    return this.living().find(({ controller }) => controller.isActive);
  }

  /** Whoever wrote it would be an administrator's tool. */
  putTopic(topic: string, assignment: readonly (readonly BrokerId[])[]): void {
    const partitions = assignment.map((replicas) => Object.freeze({ replicas, addingReplicas: [], removingReplicas: [] }));
    const znode = Object.freeze({ topicId: `id-of-${topic}`, partitions });
    this.living()[0]?.zk.request([create(topicPath(topic), znode)], NOBODY, undefined);
    this.runFor(2);
  }
}

const NOBODY = Object.freeze({ onZkResponses: () => undefined });

/** As a server does, it makes sure of the persistent paths before anything else. */
class PathMakingBroker extends TestBroker {
  override onZkConnected(fresh: boolean): void {
    if (fresh && this.registrations.length === 0) {
      this.zk.request(
        PERSISTENT_PATHS.map((path) => create(path)),
        NOBODY,
        undefined,
        "serially",
      );
    }
    super.onZkConnected(fresh);
  }
}
