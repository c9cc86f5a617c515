/**
 * The broker role of a server: it follows the metadata, keeps replicas, serves clients, and tells the controller that it lives.
 * Source: BrokerServer.
 */
import type { Host, NodeName } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { ServiceCosts } from "../config/service-costs.ts";
import type { Dials } from "../dials.ts";
import { type BrokerState, report } from "../events.ts";
import { AutoTopicCreation } from "../group/auto-topic-creation.ts";
import { GroupCoordinator, isForCoordinator } from "../group/group-coordinator.ts";
import type { BrokerEpoch, BrokerId, Offset } from "../ids.ts";
import type { MetadataImage } from "../metadata/image.ts";
import type { MetadataRecord } from "../metadata/records.ts";
import type { AnyPendingRequest } from "../net/request-channel.ts";
import type { RecordBatch } from "../records.ts";
import { AlterPartitionManager } from "../replica/alter-partition-manager.ts";
import { ReplicaContext } from "../replica/replica-context.ts";
import { ReplicaManager } from "../replica/replica-manager.ts";
import type { ClusterTopology } from "../server/topology.ts";
import type { ActiveController } from "./active-controller.ts";
import { BrokerMetadataPublisher } from "./broker-metadata-publisher.ts";
import { BrokerLifecycle, type LifecycleOwner } from "./lifecycle.ts";
import { type ChangedPartition, MetadataLoader, type MetadataPublisher } from "./metadata-loader.ts";
import { answerMetadata, anyLiveBroker } from "./metadata-request.ts";

interface BrokerOptions {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly costs: ServiceCosts;
  readonly topology: ClusterTopology;
  readonly brokerId: BrokerId;
  readonly rack: string | null;
  readonly controller: ActiveController;
}

/** The server that the broker is part of. */
export interface BrokerOwner {
  /** The broker has been unfenced and takes requests from now on. */
  onBrokerReady(): void;
  /** The broker has put everything on disk and the process may end. */
  onBrokerStopped(): void;
}

export class Broker implements MetadataPublisher, LifecycleOwner {
  private readonly host: Host;
  private readonly brokerId: BrokerId;
  private readonly controller: ActiveController;
  private readonly owner: BrokerOwner;
  private readonly loader: MetadataLoader;
  private readonly replicas: ReplicaManager;
  private readonly publisher: BrokerMetadataPublisher;
  readonly groups: GroupCoordinator;
  private readonly lifecycle: BrokerLifecycle;
  /** The controller has acknowledged that this broker knows of its own registration. */
  private caughtUp = false;
  private readyToUnfence = false;
  /** Requests are served. */
  private ready = false;
  /** Everything is on disk, and nothing may change there any more: the server only waits for its voter to hand over. */
  private stopped = false;

  constructor(options: BrokerOptions, owner: BrokerOwner) {
    const { host, config, dials, costs, topology, brokerId, rack, controller } = options;
    this.host = host;
    this.brokerId = brokerId;
    this.controller = controller;
    this.owner = owner;
    this.loader = new MetadataLoader({ host, brokerId, replicaCost: costs.brokerReplicaUs, publisher: this });
    const { image } = this.loader;
    const context = new ReplicaContext({ host, config, dials, topology, brokerId, controller: this, metadata: image });
    this.replicas = new ReplicaManager(context, new AlterPartitionManager(context));
    this.publisher = new BrokerMetadataPublisher(context, this.replicas, image);
    this.groups = new GroupCoordinator(context, new AutoTopicCreation(context));
    this.replicas.leadershipListener = this.groups;
    this.replicas.startup();
    const { previousBrokerEpoch } = this.replicas;
    const { clusterId } = topology;
    this.lifecycle = new BrokerLifecycle({
      host,
      config,
      clusterId,
      brokerId,
      rack,
      previousBrokerEpoch,
      controller,
      owner: this,
    });
  }

  /** For who looks at the broker from outside. */
  get replicaManager(): ReplicaManager {
    return this.replicas;
  }

  start(): void {
    this.lifecycle.start();
  }

  /** As it says itself. */
  get state(): BrokerState {
    return this.lifecycle.state;
  }

  /** Where requests to the controller go. */
  activeController(): NodeName | undefined {
    return this.controller.activeController();
  }

  brokerEpoch(): BrokerEpoch {
    return this.lifecycle.brokerEpoch;
  }

  appliedMetadataOffset(): Offset {
    return this.loader.image.nextOffset - 1;
  }

  onCommit(batches: readonly RecordBatch<MetadataRecord>[], highWatermark: Offset): void {
    this.loader.load(batches, highWatermark);
  }

  onMetadata(image: MetadataImage, changed: readonly ChangedPartition[]): void {
    if (this.stopped) return;
    this.publisher.applyMetadata(changed);
    if (changed.length > 0) {
      this.groups.onPartitionsDeleted(changed.filter(({ topicId }) => image.topicById(topicId) === undefined));
      this.groups.onMetadataChanged();
    }
    report(this.host, { kind: "MetadataApplied", replica: this.brokerId, to: image.nextOffset });
    this.maybeAskToBeUnfenced();
  }

  onCaughtUp(): void {
    this.caughtUp = true;
    this.maybeAskToBeUnfenced();
  }

  private maybeAskToBeUnfenced(): void {
    if (this.readyToUnfence || this.stopped || !this.caughtUp || !this.loader.hasPublished) return;
    this.readyToUnfence = true;
    this.lifecycle.setReadyToUnfence();
  }

  /** Only now are requests let in (BrokerServer.startup). */
  onUnfenced(): void {
    if (this.stopped) return;
    this.ready = true;
    this.publisher.startServing();
    this.owner.onBrokerReady();
  }

  onRequest(request: AnyPendingRequest): void {
    // A combined server listens before its broker part is ready, and after it has stopped.
    if (!this.ready || this.stopped) request.closeConnection();
    else if (request.api === "Metadata")
      request.respond(answerMetadata(this.loader.image, anyLiveBroker(this.loader.image), request.body));
    else if (isForCoordinator(request)) this.groups.onRequest(request);
    else this.replicas.onRequest(request);
  }

  /** SIGTERM: hands over what it leads, then stops. */
  shutdown(controlled: boolean): void {
    if (!controlled || !this.lifecycle.beginControlledShutdown()) this.onShutdownGranted();
  }

  onShutdownGranted(): void {
    this.stopped = true;
    this.lifecycle.stop();
    this.groups.shutdown();
    this.replicas.shutdownCleanly(this.lifecycle.brokerEpoch);
    this.owner.onBrokerStopped();
  }
}
