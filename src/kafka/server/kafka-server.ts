/**
 * One Kafka server process: a member or observer of the metadata quorum, with the broker role, the controller role, or both.
 *
 * It wires the parts together and passes on what arrives; it decides nothing. Source: KafkaRaftServer, SharedServer.
 */
import type { Host, NodeName } from "../../sim/host.ts";
import { Broker, type BrokerOwner } from "../broker/broker.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { ServiceCosts } from "../config/service-costs.ts";
import { QuorumController } from "../controller/quorum-controller.ts";
import type { Dials } from "../dials.ts";
import { type LeaderEpoch, NONE, type Offset, type ReplicaId } from "../ids.ts";
import { METADATA_TOPIC, type MetadataRecord } from "../metadata/records.ts";
import type { AnyPendingRequest } from "../net/request-channel.ts";
import { ServerProcess } from "../net/server-process.ts";
import { RaftClient, type RaftListener, type RaftShutdownHandler } from "../raft/raft-client.ts";
import type { RecordBatch } from "../records.ts";
import type { ReplicaManager } from "../replica/replica-manager.ts";
import type { ClusterTopology } from "./topology.ts";

export interface KafkaServerOptions {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly costs: ServiceCosts;
  readonly topology: ClusterTopology;
  readonly nodeId: ReplicaId;
  readonly roles: readonly ("broker" | "controller")[];
  readonly rack: string | null;
}

export class KafkaServer extends ServerProcess implements RaftListener, RaftShutdownHandler, BrokerOwner {
  private readonly config: BrokerConfig;
  readonly raft: RaftClient;
  /** Undefined without the controller role. */
  readonly controller: QuorumController | undefined;
  /** Undefined without the broker role. */
  readonly broker: Broker | undefined;

  constructor(options: KafkaServerOptions) {
    const { host, config, dials, costs, topology, nodeId, roles, rack } = options;
    super(host);
    this.config = config;
    this.raft = new RaftClient({ host, config, dials, topology, nodeId });
    this.raft.listener = this;
    if (roles.includes("controller")) {
      const recordCost = costs.metadataRecordUs;
      this.controller = new QuorumController({ host, config, dials, topology, nodeId, raft: this.raft, recordCost });
    }
    if (roles.includes("broker")) {
      this.broker = new Broker({ host, config, dials, costs, topology, brokerId: nodeId, rack, controller: this }, this);
    }
  }

  /** What the server does as a broker; undefined if it is none. */
  get replicaManager(): ReplicaManager | undefined {
    return this.broker?.replicaManager;
  }

  onStart(): void {
    // Brokers open their port when they have been unfenced; a voter must be reachable to get a quorum at all.
    if (this.controller !== undefined) this.host.listen();
    this.raft.start();
    this.broker?.start();
  }

  activeController(): NodeName | undefined {
    const { leaderId } = this.raft;
    return leaderId === NONE ? undefined : this.raft.nodeOf(leaderId);
  }

  onCommit(batches: readonly RecordBatch<MetadataRecord>[], highWatermark: Offset): void {
    this.controller?.onCommit(batches, highWatermark);
    this.broker?.onCommit(batches, highWatermark);
  }

  onLeaderChange(leaderId: ReplicaId, epoch: LeaderEpoch): void {
    this.controller?.onLeaderChange(leaderId, epoch);
  }

  onBrokerReady(): void {
    this.host.listen();
  }

  onBrokerStopped(): void {
    this.raft.shutdown(this);
  }

  onRaftShutdown(): void {
    this.host.exit("shut down");
  }

  onShutdownRequested(): void {
    if (this.broker !== undefined) this.broker.shutdown(this.config["controlled.shutdown.enable"]);
    else this.onBrokerStopped();
  }

  onRequest(request: AnyPendingRequest): void {
    switch (request.api) {
      case "Vote":
      case "BeginQuorumEpoch":
      case "EndQuorumEpoch":
        this.raft.onRequest(request);
        return;
      case "Fetch":
        if (request.body.topics[0]?.topic === METADATA_TOPIC) this.raft.onRequest(request);
        else this.toBroker(request);
        return;
      case "BrokerRegistration":
      case "BrokerHeartbeat":
      case "AlterPartition":
      case "CreateTopics":
      case "CreatePartitions":
      case "ElectLeaders":
        if (this.controller === undefined) request.closeConnection();
        else this.controller.onRequest(request);
        return;
      default:
        this.toBroker(request);
    }
  }

  private toBroker(request: AnyPendingRequest): void {
    if (this.broker === undefined) request.closeConnection();
    else this.broker.onRequest(request);
  }
}
