/** What every part of a broker's replica manager shares. */
import type { Host, NodeName } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { Dials } from "../dials.ts";
import { type BrokerEpoch, type BrokerId, NONE } from "../ids.ts";
import type { FetchRequest } from "../messages/fetch.ts";
import type { BrokerMetadataCache } from "../metadata/broker-metadata-cache.ts";
import type { ClusterTopology } from "../server/topology.ts";

/** Where the active controller is, and as which incarnation this broker is registered with it. */
export interface ControllerFinder {
  /** Undefined while none is known. */
  activeController(): NodeName | undefined;
  /** -1 before the registration. */
  brokerEpoch(): BrokerEpoch;
}

interface ReplicaContextOptions {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly topology: ClusterTopology;
  readonly brokerId: BrokerId;
  readonly controller: ControllerFinder;
  readonly metadata: BrokerMetadataCache;
}

export class ReplicaContext {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly topology: ClusterTopology;
  readonly brokerId: BrokerId;
  readonly controller: ControllerFinder;
  readonly metadata: BrokerMetadataCache;
  /** True once the log directory has answered with an I/O error: nothing on it is served any more. */
  logDirFailed = false;

  constructor(options: ReplicaContextOptions) {
    this.host = options.host;
    this.config = options.config;
    this.dials = options.dials;
    this.topology = options.topology;
    this.brokerId = options.brokerId;
    this.controller = options.controller;
    this.metadata = options.metadata;
  }

  /** Whether a fetch comes from an incarnation of its broker that has registered again since (KIP-903). */
  isOfOlderIncarnation({ replicaId, replicaEpoch }: FetchRequest["replicaState"]): boolean {
    if (!this.dials["isr.brokerEpochCheck"] || replicaEpoch === NONE) return false;
    const registered = this.metadata.broker(replicaId);
    return registered !== undefined && !registered.fenced && registered.epoch > replicaEpoch;
  }
}
