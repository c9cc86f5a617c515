/** What all parts of a ZooKeeper server know: who they are, who the others are, and the settings in the kernel's units. */
import { type Micros, ms } from "../../base/units.ts";
import type { Host, NodeName } from "../../sim/host.ts";
import type { ServiceCosts } from "../config/service-costs.ts";
import type { KafkaEvent } from "../events.ts";
import type { ZkServerId } from "../ids.ts";
import type { ClusterTopology } from "../server/topology.ts";
import type { ZooKeeperConfig } from "./config.ts";
import { majorityOf } from "./vote.ts";

/** Sessions last between two and twenty ticks, unless it is set otherwise. */
const MIN_SESSION_TICKS = 2;
const MAX_SESSION_TICKS = 20;

export class ServerContext {
  readonly host: Host;
  readonly serverId: ZkServerId;
  readonly costs: ServiceCosts;
  /** The whole ensemble, this server among it, by ascending id. */
  readonly servers: readonly { readonly id: ZkServerId; readonly node: NodeName }[];
  readonly tickUs: Micros;
  readonly initLimitUs: Micros;
  readonly syncLimitUs: Micros;
  readonly syncLimitTicks: number;
  readonly initLimitTicks: number;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  readonly snapCount: number;

  constructor(options: {
    readonly host: Host;
    readonly serverId: ZkServerId;
    readonly config: ZooKeeperConfig;
    readonly costs: ServiceCosts;
    readonly topology: ClusterTopology;
  }) {
    const { host, serverId, config, costs, topology } = options;
    this.host = host;
    this.serverId = serverId;
    this.costs = costs;
    this.servers = topology.zookeeper;
    this.tickUs = ms(config.tickTime);
    this.initLimitTicks = config.initLimit;
    this.syncLimitTicks = config.syncLimit;
    this.initLimitUs = this.tickUs * config.initLimit;
    this.syncLimitUs = this.tickUs * config.syncLimit;
    const { minSessionTimeout, maxSessionTimeout, tickTime } = config;
    this.minSessionTimeoutMs = minSessionTimeout === -1 ? MIN_SESSION_TICKS * tickTime : minSessionTimeout;
    this.maxSessionTimeoutMs = maxSessionTimeout === -1 ? MAX_SESSION_TICKS * tickTime : maxSessionTimeout;
    this.snapCount = config.snapCount;
  }

  /** Whether so many servers are a majority of the ensemble. */
  isQuorum(count: number): boolean {
    return count >= majorityOf(this.servers.length);
  }

  emit(event: KafkaEvent): void {
    this.host.emit(event);
  }

  /** The server cannot go on, and stops. */
  fatal(reason: string): void {
    this.host.exit(`zookeeper: ${reason}`);
  }
}
