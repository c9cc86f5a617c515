/** What every part of a broker's replica manager shares. */
import type { Host, NodeName } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { Dials } from "../dials.ts";
import type { BrokerEpoch, BrokerId } from "../ids.ts";
import { MetadataImage } from "../metadata/image.ts";
import type { ClusterTopology } from "../server/topology.ts";

/** Where the active controller is, and as which incarnation this broker is registered with it. */
export interface ControllerFinder {
  /** Undefined while none is known. */
  activeController(): NodeName | undefined;
  /** -1 before the registration. */
  brokerEpoch(): BrokerEpoch;
}

export interface ReplicaManagerOptions {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly topology: ClusterTopology;
  readonly brokerId: BrokerId;
  readonly controllerNode: ControllerFinder;
}

export class ReplicaContext {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly topology: ClusterTopology;
  readonly brokerId: BrokerId;
  readonly controller: ControllerFinder;
  /** The cluster as last applied; read only. */
  image = new MetadataImage();
  /** True once the log directory has answered with an I/O error: nothing on it is served any more. */
  logDirFailed = false;

  constructor(options: ReplicaManagerOptions) {
    this.host = options.host;
    this.config = options.config;
    this.dials = options.dials;
    this.topology = options.topology;
    this.brokerId = options.brokerId;
    this.controller = options.controllerNode;
  }
}
