/** A ZooKeeper ensemble in a world of its own: servers 1, 2, …, and clients that do what a test tells them. */
import { type Micros, seconds } from "../../../src/base/units.ts";
import { effectiveConfig } from "../../../src/kafka/config/definition.ts";
import type { ServiceCosts } from "../../../src/kafka/config/service-costs.ts";
import type { KafkaEvent } from "../../../src/kafka/events.ts";
import { NONE, type ZkServerId } from "../../../src/kafka/ids.ts";
import type { ClusterTopology } from "../../../src/kafka/server/topology.ts";
import type { ZkRequest, ZkResponse, ZkSessionRequest } from "../../../src/kafka/zookeeper/client-protocol.ts";
import { ZOOKEEPER_CONFIG } from "../../../src/kafka/zookeeper/config.ts";
import type { CommittedTransaction, TransactionListener, ZnodeReader } from "../../../src/kafka/zookeeper/znode.ts";
import { ZooKeeperServer } from "../../../src/kafka/zookeeper/zookeeper-server.ts";
import { DEFAULT_DISK, type DiskSpec } from "../../../src/sim/disk.ts";
import type { MessageWatch } from "../../../src/sim/edits.ts";
import type { DomainEvent, Host, Message, NodeName, Process } from "../../../src/sim/host.ts";
import type { ProcessFactory } from "../../../src/sim/node.ts";
import { World, type WorldObserver } from "../../../src/sim/world.ts";
import { type Asked, type TestClient, TestClientFactory } from "./test-client.ts";

export interface EnsembleOptions {
  readonly servers?: number;
  readonly seed?: string;
  readonly config?: Readonly<Record<string, number>>;
  readonly costs?: Partial<ServiceCosts>;
  readonly disk?: Partial<DiskSpec>;
}

/** What a server's listener has heard in one incarnation. */
export class Heard implements TransactionListener {
  readonly transactions: CommittedTransaction[] = [];
  /** By zxid: what the tree said of the transaction's first path when it was told. */
  readonly views: (number | undefined)[] = [];

  onCommitted(transaction: CommittedTransaction, tree: ZnodeReader): void {
    this.transactions.push(transaction);
    const path = transaction.changes[0]?.path;
    this.views.push(path === undefined ? undefined : tree.get(path)?.stat.mzxid);
  }
}

export class Journal implements WorldObserver {
  readonly entries: { readonly at: Micros; readonly node: NodeName | undefined; readonly event: KafkaEvent }[] = [];
  next: WorldObserver | undefined;
  /** Messages of the kinds that a test wants to see. */
  readonly messages: { readonly at: Micros; readonly from: NodeName; readonly to: NodeName; readonly message: Message }[] = [];

  onEvent(world: World, node: NodeName | undefined, event: DomainEvent): void {
    this.entries.push({ at: world.time, node, event: event as KafkaEvent });
    this.next?.onEvent(world, node, event);
  }

  onWatch(world: World, _watch: MessageWatch, message: Message, from: NodeName, to: NodeName): void {
    this.messages.push({ at: world.time, from, to, message });
  }

  of<K extends KafkaEvent["kind"]>(kind: K): (KafkaEvent & { kind: K })[] {
    return this.entries.flatMap(({ event }) => (event.kind === kind ? [event as KafkaEvent & { kind: K }] : []));
  }
}

class ServerFactory implements ProcessFactory {
  private readonly options: Omit<ConstructorParameters<typeof ZooKeeperServer>[0], "host" | "listener">;
  readonly heard: Heard[] = [];

  constructor(options: Omit<ConstructorParameters<typeof ZooKeeperServer>[0], "host" | "listener">) {
    this.options = options;
  }

  create(host: Host): Process {
    const listener = new Heard();
    this.heard.push(listener);
    return new ZooKeeperServer({ host, ...this.options, listener });
  }
}

const FREE: ServiceCosts = {
  zookeeperReadUs: 0,
  zookeeperWriteUs: 0,
  controllerPartitionUs: 0,
  brokerReplicaUs: 0,
  metadataRecordUs: 0,
};

export class TestEnsemble {
  readonly world: World;
  readonly journal = new Journal();
  readonly ids: readonly ZkServerId[];
  private readonly factories = new Map<ZkServerId, ServerFactory>();
  private clients = 0;

  constructor({ servers = 3, seed = "ensemble", config, costs, disk }: EnsembleOptions = {}) {
    this.ids = Array.from({ length: servers }, (_, i) => i + 1);
    this.world = new World({ seed });
    this.world.observer = this.journal;
    const topology: ClusterTopology = {
      clusterId: "test",
      voters: [],
      zookeeper: this.ids.map((id) => ({ id, node: nodeOf(id) })),
      brokers: [],
    };
    const effective = effectiveConfig(ZOOKEEPER_CONFIG, { tickTime: 2_000, ...config });
    for (const serverId of this.ids) {
      const factory = new ServerFactory({ config: effective, costs: { ...FREE, ...costs }, topology, serverId });
      this.factories.set(serverId, factory);
      this.world.addNode({ name: nodeOf(serverId), factory }, { ...DEFAULT_DISK, ...disk });
    }
  }

  /** Starts these servers, or all. */
  start(...ids: ZkServerId[]): this {
    for (const id of ids.length > 0 ? ids : this.ids) this.world.start(nodeOf(id));
    return this;
  }

  isRunning(id: ZkServerId): boolean {
    return this.world.node(nodeOf(id)).running;
  }

  server(id: ZkServerId): ZooKeeperServer {
    const { process } = this.world.node(nodeOf(id));
    if (process === undefined) throw new Error(`${nodeOf(id)} does not run`);
    return process as ZooKeeperServer;
  }

  /** What the running incarnation's listener has heard. */
  heard(id: ZkServerId): Heard {
    return this.factories.get(id)?.heard.at(-1) as Heard;
  }

  /** What its listeners have heard, of all incarnations. */
  allHeard(id: ZkServerId): readonly Heard[] {
    return (this.factories.get(id) as ServerFactory).heard;
  }

  /** The server that leads and serves; -1 if there is none. */
  get leader(): ZkServerId {
    return this.ids.find((id) => this.isRunning(id) && this.server(id).state === "LEADING" && this.server(id).isServing) ?? NONE;
  }

  /** A server that follows and serves. */
  get follower(): ZkServerId {
    return (
      this.ids.find((id) => this.isRunning(id) && this.server(id).state === "FOLLOWING" && this.server(id).isServing) ?? NONE
    );
  }

  /** Runs until one of `among` leads and all of them serve; which one. */
  elect(among: readonly ZkServerId[] = this.ids, withinSeconds = 30): ZkServerId {
    const ready = (): boolean =>
      among.includes(this.leader) && among.every((id) => this.isRunning(id) && this.server(id).isServing);
    if (!this.runUntil(ready, withinSeconds)) throw new Error(`no leader of ${among.join(",")} within ${withinSeconds} s`);
    return this.leader;
  }

  runFor(durationInSeconds: number): void {
    this.world.runUntil(this.world.time + seconds(durationInSeconds));
  }

  /** True if `condition` came to hold within the time. */
  runUntil(condition: () => boolean, withinSeconds = 30): boolean {
    const limit = this.world.time + seconds(withinSeconds);
    while (!condition()) {
      const next = this.world.nextEventAt;
      if (next === undefined || next > limit || !this.world.step()) return false;
    }
    return true;
  }

  /** A client of these servers, connected; by default of all. */
  client(servers: readonly ZkServerId[] = this.ids, timeoutMs?: number): TestClient {
    const name = this.addClient(servers, timeoutMs);
    this.world.start(name);
    if (!this.runUntil(() => this.world.node(name).running && this.clientNamed(name).connected))
      throw new Error(`${name} is not let in`);
    return this.clientNamed(name);
  }

  addClient(servers: readonly ZkServerId[] = this.ids, timeoutMs?: number): NodeName {
    const name = `client-${++this.clients}`;
    this.world.addNode({ name, factory: new TestClientFactory(servers.map(nodeOf), timeoutMs) });
    return name;
  }

  clientNamed(name: NodeName): TestClient {
    return this.world.node(name).process as TestClient;
  }

  /** Asks, and runs until the answer is there. */
  do(client: TestClient, request: ZkRequest | ZkSessionRequest): ZkResponse {
    return this.answer(client.ask(request));
  }

  answer(asked: Asked): ZkResponse {
    if (!this.runUntil(() => asked.response !== undefined)) throw new Error(`no answer to ${asked.request.op}`);
    return asked.response as ZkResponse;
  }

  create(client: TestClient, path: string, data: string | number = 0): ZkResponse {
    return this.do(client, { op: "create", path, data, mode: "PERSISTENT" });
  }

  /** Remembers messages of this kind from now on, as they are sent. */
  watch(kind: string): void {
    this.world.watch({ name: kind, moment: "sent", pattern: { kind } });
  }

  sent(kind: string): Journal["messages"] {
    return this.journal.messages.filter(({ message }) => message.kind === kind);
  }

  /** What stands on server `id`, by its own word. */
  read(id: ZkServerId, path: string): ZkResponse {
    return this.do(this.client([id]), { op: "getData", path, watch: false });
  }

  crash(...ids: ZkServerId[]): void {
    for (const id of ids) this.world.crash(nodeOf(id));
  }

  losePower(...ids: ZkServerId[]): void {
    for (const id of ids) this.world.losePower(nodeOf(id));
  }

  /** Cuts every link between the two sides. */
  cut(side: readonly NodeName[], other: readonly NodeName[]): void {
    for (const a of side) for (const b of other) if (a !== b) this.world.cut(a, b);
  }

  heal(): void {
    this.world.healAll();
  }

  /** Nothing goes from or to these servers, but between them and their clients. */
  isolate(...ids: ZkServerId[]): void {
    const others = this.ids.filter((id) => !ids.includes(id));
    this.cut(ids.map(nodeOf), others.map(nodeOf));
  }
}

export function nodeOf(id: ZkServerId): NodeName {
  return `zookeeper-${id}`;
}
