/**
 * The broker part of a server in ZooKeeper mode: it keeps replicas as the controller orders, knows of the cluster what the controller
 * tells, and serves clients. Source: KafkaServer, KafkaApis.
 */
import type { Host, NodeName } from "../../sim/host.ts";
import { answerMetadata } from "../broker/metadata-request.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { ServiceCosts } from "../config/service-costs.ts";
import type { Dials } from "../dials.ts";
import type { OffsetsTopicMaker } from "../group/auto-topic-creation.ts";
import { GroupCoordinator, isForCoordinator } from "../group/group-coordinator.ts";
import type { BrokerEpoch, BrokerId, TopicPartition } from "../ids.ts";
import type { BrokerMetadataCache } from "../metadata/broker-metadata-cache.ts";
import type { AnyPendingRequest, RequestHandler } from "../net/request-channel.ts";
import { AlterPartitionManager } from "../replica/alter-partition-manager.ts";
import type { Partition } from "../replica/partition.ts";
import { type ControllerFinder, ReplicaContext } from "../replica/replica-context.ts";
import { ReplicaManager } from "../replica/replica-manager.ts";
import type { ClusterTopology } from "../server/topology.ts";
import type { ZkClient } from "../zk/zk-client.ts";
import { ControlRequests, isControlRequest, type MetadataListener } from "./control-requests.ts";
import { LockedRequests } from "./locked-requests.ts";
import { OrderedReplicas } from "./ordered-replicas.ts";
import { TopicConfigs, type TopicConfigsReader } from "./topic-configs.ts";
import { type UnlockListener, ZkIsrManager } from "./zk-isr-manager.ts";
import { ZkMetadataCache } from "./zk-metadata-cache.ts";

/** The server that the broker is part of. */
export interface ZkBrokerOwner extends OffsetsTopicMaker {
  /** Of the newest registration that this process knows of; -1 before the first. */
  readonly brokerEpoch: BrokerEpoch;
  /** The logs that the disk holds have been opened. */
  onLogsLoaded(): void;
  /** The metadata cache has changed. */
  onMetadataUpdated(): void;
}

export class ZkBroker implements ControllerFinder, RequestHandler, TopicConfigsReader, UnlockListener, MetadataListener {
  private readonly owner: ZkBrokerOwner;
  private readonly configs: TopicConfigs;
  private readonly cache: ZkMetadataCache;
  private readonly replicas: ReplicaManager;
  private readonly ordered: OrderedReplicas;
  private readonly control: ControlRequests;
  readonly groups: GroupCoordinator;
  /** Where leaders write the ISR to the store themselves. */
  private readonly isr: ZkIsrManager | undefined = undefined;
  private readonly locked: LockedRequests | undefined = undefined;

  constructor(options: {
    readonly host: Host;
    readonly config: BrokerConfig;
    readonly dials: Dials;
    readonly costs: ServiceCosts;
    readonly topology: ClusterTopology;
    readonly brokerId: BrokerId;
    readonly zk: ZkClient;
    readonly owner: ZkBrokerOwner;
  }) {
    const { host, config, dials, topology, brokerId, zk, owner } = options;
    this.owner = owner;
    this.configs = new TopicConfigs(zk);
    this.cache = new ZkMetadataCache(host, brokerId, this.configs);
    const { configs, cache: metadata } = this;
    const context = new ReplicaContext({ host, config, dials, topology, brokerId, controller: this, metadata });
    if (!dials["isr.alterPartition"]) this.isr = new ZkIsrManager({ host, brokerId, zk, listener: this });
    this.replicas = new ReplicaManager(context, this.isr ?? new AlterPartitionManager(context));
    if (this.isr !== undefined) this.locked = new LockedRequests(this.isr, this.replicas, this);
    this.ordered = new OrderedReplicas(context, this.replicas);
    const { ordered: replicas } = this;
    const replicaCost = options.costs.brokerReplicaUs;
    const { locked: locks } = this;
    this.control = new ControlRequests({ context, metadata, replicas, configs, locks, replicaCost, listener: this });
    this.groups = new GroupCoordinator(context, owner);
    this.replicas.leadershipListener = this.groups;
  }

  get metadata(): BrokerMetadataCache {
    return this.cache;
  }

  /** For who looks at the broker from outside. */
  get replicaManager(): ReplicaManager {
    return this.replicas;
  }

  /** @internal */
  partition(topic: string, index: number): Partition | undefined {
    return this.replicas.partition(topic, index);
  }

  activeController(): NodeName | undefined {
    return this.cache.broker(this.cache.controllerId)?.host;
  }

  brokerEpoch(): BrokerEpoch {
    return this.owner.brokerEpoch;
  }

  /** There is a session: what is set on the topics is read, then the logs are opened. */
  loadLogs(): void {
    this.configs.read([...this.replicas.topicsOnDisk()], this);
  }

  onTopicConfigsRead(): void {
    this.replicas.startup();
    this.isr?.start();
    this.owner.onLogsLoaded();
  }

  /** The session that it had before has expired. */
  onNewSession(): void {
    this.configs.onNewSession();
  }

  /** From the network. */
  admit(request: AnyPendingRequest): void {
    if (isControlRequest(request)) this.control.onRequest(request);
    else if (this.locked !== undefined) this.locked.admit(request);
    else this.onRequest(request);
  }

  onRequest(request: AnyPendingRequest): void {
    if (request.api === "Metadata") request.respond(answerMetadata(this.cache, this.cache.controllerId, request.body));
    else if (isForCoordinator(request)) this.groups.onRequest(request);
    else this.replicas.onRequest(request);
  }

  onMetadataUpdated(deleted: readonly TopicPartition[]): void {
    this.groups.onPartitionsDeleted(deleted);
    this.groups.onMetadataChanged();
    this.owner.onMetadataUpdated();
  }

  onUnlocked(): void {
    this.control.onUnlocked();
    this.locked?.onUnlocked();
  }

  beginShutdown(): void {
    this.ordered.beginShutdown();
  }

  /** Everything is put on disk: nothing may be asked of it any more. */
  stop(): void {
    this.groups.shutdown();
    this.replicas.shutdownCleanly(this.owner.brokerEpoch);
  }
}
