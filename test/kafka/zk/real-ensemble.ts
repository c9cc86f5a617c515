/** A real ensemble with clients, so that both sides of the protocol are held against each other. */
import type { Micros } from "../../../src/base/units.ts";
import { BROKER_CONFIG } from "../../../src/kafka/config/broker-config.ts";
import { effectiveConfig } from "../../../src/kafka/config/definition.ts";
import { DEFAULT_SERVICE_COSTS } from "../../../src/kafka/config/service-costs.ts";
import type { KafkaEvent, KafkaEventKind } from "../../../src/kafka/events.ts";
import { StoreDecisions } from "../../../src/kafka/zk/store-decisions.ts";
import { ZOOKEEPER_CONFIG, type ZooKeeperConfig } from "../../../src/kafka/zookeeper/config.ts";
import { ZooKeeperServer } from "../../../src/kafka/zookeeper/zookeeper-server.ts";
import { constant } from "../../../src/sim/distribution.ts";
import type { DomainEvent, Host, NodeName } from "../../../src/sim/host.ts";
import { World, type WorldObserver } from "../../../src/sim/world.ts";
import { LATENCY_US, ZkUser } from "./scripted-ensemble.ts";

export type Seen = KafkaEvent & { readonly at: Micros; readonly node: NodeName };

export class RealEnsemble implements WorldObserver {
  readonly world: World;
  readonly servers: readonly NodeName[];
  readonly events: Seen[] = [];

  constructor(options: { readonly servers?: number; readonly seed?: string; readonly config?: Partial<ZooKeeperConfig> } = {}) {
    const ids = Array.from({ length: options.servers ?? 3 }, (_, index) => index + 1);
    this.servers = ids.map((id) => `zk-${id}`);
    this.world = new World({ seed: options.seed ?? "ensemble", latency: { default: constant(LATENCY_US) } });
    this.world.observer = this;
    const topology = { clusterId: "test", voters: [], zookeeper: ids.map((id) => ({ id, node: `zk-${id}` })), brokers: [] };
    const config = effectiveConfig(ZOOKEEPER_CONFIG, { tickTime: 2_000, ...options.config });
    const brokerConfig = effectiveConfig(BROKER_CONFIG, {});
    for (const { id: serverId, node: name } of topology.zookeeper) {
      const create = (host: Host) => {
        const listener = new StoreDecisions({ host, config: brokerConfig });
        return new ZooKeeperServer({ host, config, costs: DEFAULT_SERVICE_COSTS, topology, serverId, listener });
      };
      this.world.addNode({ name, factory: Object.freeze({ create }) });
      this.world.start(name);
    }
  }

  onEvent(world: World, node: NodeName | undefined, event: DomainEvent): void {
    this.events.push({ ...(event as KafkaEvent & DomainEvent), at: world.time, node: node ?? "" });
  }

  onWatch(): void {}

  runFor(us: Micros): this {
    this.world.runUntil(this.world.time + us);
    return this;
  }

  /** A node with a client that asks for a new session whenever it has lost one. */
  addUser(name: NodeName, sessionTimeoutMs = 6_000): ZkUser {
    const create = (host: Host) => new ZkUser(host, this.servers, sessionTimeoutMs);
    this.world.addNode({ name, factory: Object.freeze({ create }) });
    this.world.start(name);
    this.runFor(0);
    return this.world.node(name).process as ZkUser;
  }

  of<K extends KafkaEventKind>(kind: K): (Extract<KafkaEvent, { kind: K }> & { at: Micros; node: NodeName })[] {
    return this.events.filter((event) => event.kind === kind) as never;
  }

  get leader(): NodeName {
    const leading = this.servers.filter(
      (name) => (this.world.node(name).process as ZooKeeperServer | undefined)?.state === "LEADING",
    );
    if (leading.length !== 1) throw new Error(`leaders: ${leading.join(" ")}`);
    return leading[0] as NodeName;
  }

  /** The server that `client` is connected to, as the last one that it sent a handshake to. */
  serverOf(client: NodeName): NodeName {
    const host = this.world.node(client).host;
    const peers = [...(host?.endpoints ?? [])].filter(({ state }) => state === "open").map(({ peer }) => peer);
    if (peers.length !== 1) throw new Error(`${client} is connected to ${peers.join(" ")}`);
    return peers[0] as NodeName;
  }
}
