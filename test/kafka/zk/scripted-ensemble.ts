/**
 * ZooKeeper as a test tells it to be: servers that share one tree, know every session at once, and fall silent, refuse or forget on
 * demand. There is no replication and no clock: a session expires when the test says so.
 */
import type { Micros } from "../../../src/base/units.ts";
import type { KafkaEvent, KafkaEventKind } from "../../../src/kafka/events.ts";
import { KafkaZkClient } from "../../../src/kafka/zk/kafka-zk-client.ts";
import type { ZkClientListener, ZkResponseHandler } from "../../../src/kafka/zk/zk-client.ts";
import {
  type WatchedEvent,
  ZkConnectFrame,
  ZkConnectResponseFrame,
  type ZkMultiOp,
  type ZkOp,
  type ZkRequest,
  ZkRequestFrame,
  type ZkResponse,
  ZkResponseFrame,
  type ZkResult,
  type ZkSessionRequest,
  ZkWatchEventFrame,
} from "../../../src/kafka/zookeeper/client-protocol.ts";
import type { SessionId, Znode } from "../../../src/kafka/zookeeper/znode.ts";
import type { Zxid } from "../../../src/kafka/zookeeper/zxid.ts";
import { constant } from "../../../src/sim/distribution.ts";
import type { Connection, DomainEvent, Host, Message, NodeName, Process, Timer } from "../../../src/sim/host.ts";
import { World, type WorldObserver } from "../../../src/sim/world.ts";

/** Time from one node to another. A round trip is twice this, a handshake too. */
export const LATENCY_US: Micros = 1_000;

interface Arrived {
  readonly at: Micros;
  readonly server: NodeName;
  readonly xid: number;
  readonly request: ZkRequest | ZkSessionRequest;
}

interface Reached {
  readonly at: Micros;
  readonly server: NodeName;
  readonly session: SessionId;
  readonly lastZxidSeen: Zxid;
}

export class ScriptedEnsemble implements WorldObserver {
  readonly world: World;
  readonly servers: readonly NodeName[];
  readonly tree = new Map<string, Znode>();
  zxid: Zxid = 100;
  readonly alive = new Set<SessionId>();
  /** What the servers grant, whatever is asked for. */
  timeoutMs = 6_000;
  /** Requests, pings included, and connections, in the order in which they came. */
  readonly arrived: Arrived[] = [];
  readonly reached: Reached[] = [];
  /** Servers that let a client in and then say nothing. */
  readonly silent = new Set<NodeName>();
  /** Ops that are carried out but not answered. */
  readonly unanswered = new Set<ZkOp>();
  /** How far a server has got, where that is not the newest zxid. */
  readonly behind = new Map<NodeName, Zxid>();
  readonly events: { readonly at: Micros; readonly event: DomainEvent & KafkaEvent }[] = [];
  private nextSession: SessionId = 1;

  constructor(options: { readonly servers?: number; readonly seed?: string } = {}) {
    this.servers = Array.from({ length: options.servers ?? 1 }, (_, index) => `zk-${index + 1}`);
    this.world = new World({ seed: options.seed ?? "zk", latency: { default: constant(LATENCY_US) } });
    this.world.observer = this;
    for (const name of this.servers) {
      this.world.addNode({ name, factory: Object.freeze({ create: (host: Host) => new ScriptedServer(this, host) }) });
      this.world.start(name);
    }
  }

  onEvent(world: World, _node: NodeName | undefined, event: DomainEvent): void {
    this.events.push({ at: world.time, event: event as DomainEvent & KafkaEvent });
  }

  onWatch(): void {}

  runFor(us: Micros): this {
    this.world.runUntil(this.world.time + us);
    return this;
  }

  /** Starts a node with a client on it. */
  addUser(name: NodeName, options: { readonly sessionTimeoutMs?: number } = {}): ZkUser {
    const create = (host: Host) => new ZkUser(host, this.servers, options.sessionTimeoutMs ?? 6_000);
    this.world.addNode({ name, factory: Object.freeze({ create }) });
    this.world.start(name);
    this.runFor(0);
    return this.user(name);
  }

  user(name: NodeName): ZkUser {
    return this.world.node(name).process as ZkUser;
  }

  of<K extends KafkaEventKind>(kind: K): Extract<KafkaEvent, { kind: K }>[] {
    return this.events.map(({ event }) => event as KafkaEvent).filter((event) => event.kind === kind) as never;
  }

  /** The requests of one sort, as `op path` or op. */
  asked(...ops: ZkOp[]): string[] {
    return this.arrived
      .filter(({ request }) => ops.length === 0 || ops.includes(request.op))
      .map(({ request }) => ("path" in request ? `${request.op} ${request.path}` : request.op));
  }

  openSession(asked: SessionId): SessionId {
    if (asked !== 0) return this.alive.has(asked) ? asked : 0;
    const session = this.nextSession++;
    this.alive.add(session);
    return session;
  }

  /** As the leader would: its ephemeral nodes go, and it is told only when it comes back. */
  expire(session: SessionId): void {
    this.alive.delete(session);
    for (const [path, { stat }] of [...this.tree]) {
      if (stat.ephemeralOwner === session) this.write({ op: "delete", path, version: -1 }, 0);
    }
  }

  /** Another client's write. */
  write(request: ZkRequest, session: SessionId = 0): ZkResponse {
    this.zxid += 1;
    return { ...this.apply(request, session), zxid: this.zxid };
  }

  apply(request: ZkRequest, session: SessionId): ZkResult & { readonly results?: readonly ZkResult[] } {
    switch (request.op) {
      case "multi":
        return this.multi(request, session);
      case "create": {
        const { path, data, mode } = request;
        if (this.tree.has(path)) return { error: "NODEEXISTS" };
        const parent = path.slice(0, path.lastIndexOf("/"));
        if (parent !== "" && !this.tree.has(parent)) return { error: "NONODE" };
        const stat = {
          czxid: this.zxid,
          mzxid: this.zxid,
          version: 0,
          ephemeralOwner: mode.startsWith("EPHEMERAL") ? session : 0,
        };
        this.tree.set(path, { data, stat });
        this.fire("NodeCreated", path);
        this.fire("NodeChildrenChanged", parent);
        return { error: "OK", path, stat };
      }
      case "delete": {
        if (!this.tree.delete(request.path)) return { error: "NONODE" };
        this.fire("NodeDeleted", request.path);
        this.fire("NodeChildrenChanged", request.path.slice(0, request.path.lastIndexOf("/")));
        return { error: "OK" };
      }
      case "setData": {
        const { path, data, version } = request;
        const node = this.tree.get(path);
        if (node === undefined) return { error: "NONODE" };
        if (version !== -1 && version !== node.stat.version) return { error: "BADVERSION" };
        const stat = { ...node.stat, version: node.stat.version + 1, mzxid: this.zxid };
        this.tree.set(path, { data, stat });
        this.fire("NodeDataChanged", path);
        return { error: "OK", stat };
      }
      case "getChildren": {
        if (!this.tree.has(request.path)) return { error: "NONODE" };
        const children = [...this.tree.keys()].filter((path) => path.slice(0, path.lastIndexOf("/")) === request.path);
        return { error: "OK", children: children.map((path) => path.slice(request.path.length + 1)).sort() };
      }
      case "sync":
        return { error: "OK" };
      default: {
        const node = this.tree.get(request.path);
        return node === undefined ? { error: "NONODE" } : { error: "OK", ...node };
      }
    }
  }

  private multi({ ops }: ZkMultiOp, session: SessionId): ZkResult & { readonly results: readonly ZkResult[] } {
    const created = new Set<string>();
    for (const [failing, op] of ops.entries()) {
      const isWrittenAtOnce = op.op === "setData" && created.has(op.path) && op.version <= 0;
      const error = isWrittenAtOnce ? "OK" : this.errorOf(op);
      if (op.op === "create") created.add(op.path);
      if (error === "OK") continue;
      const results = ops.map(
        (_, i) => ({ error: i < failing ? "OK" : i === failing ? error : "RUNTIMEINCONSISTENCY" }) as const,
      );
      return { error, results };
    }
    const results = ops.map((op): ZkResult => (op.op === "check" ? { error: "OK" } : this.apply(op, session)));
    return { error: "OK", results };
  }

  private errorOf(op: ZkMultiOp["ops"][number]): ZkResult["error"] {
    const node = this.tree.get(op.path);
    if (op.op === "create") return node === undefined ? "OK" : "NODEEXISTS";
    if (node === undefined) return "NONODE";
    return op.version !== -1 && op.version !== node.stat.version ? "BADVERSION" : "OK";
  }

  fire(type: WatchedEvent["type"], path: string): void {
    for (const name of this.servers) (this.world.node(name).process as ScriptedServer | undefined)?.fire({ type, path });
  }
}

class ScriptedServer implements Process {
  private readonly ensemble: ScriptedEnsemble;
  private readonly host: Host;
  private readonly sessions = new Map<Connection, SessionId>();
  private readonly watchers = new Map<string, Set<Connection>>();

  constructor(ensemble: ScriptedEnsemble, host: Host) {
    this.ensemble = ensemble;
    this.host = host;
  }

  onStart(): void {
    this.host.listen();
  }

  onConnected(): void {}
  onTimer(): void {}
  onDiskDone(): void {}
  onShutdownRequested(): void {}

  onDisconnected(connection: Connection): void {
    this.sessions.delete(connection);
    for (const connections of this.watchers.values()) connections.delete(connection);
  }

  onMessage(connection: Connection, message: Message): void {
    if (message instanceof ZkConnectFrame) this.letIn(connection, message);
    else if (message instanceof ZkRequestFrame) this.serve(connection, message);
  }

  private letIn(connection: Connection, { session, timeoutMs, lastZxidSeen }: ZkConnectFrame): void {
    const { ensemble, host } = this;
    ensemble.reached.push({ at: ensemble.world.time, server: host.name, session, lastZxidSeen });
    if (lastZxidSeen > (ensemble.behind.get(host.name) ?? ensemble.zxid)) {
      host.close(connection);
      return;
    }
    const granted = ensemble.openSession(session);
    this.sessions.set(connection, granted);
    this.say(connection, new ZkConnectResponseFrame(granted, granted === 0 ? 0 : Math.min(timeoutMs, ensemble.timeoutMs)));
  }

  private serve(connection: Connection, { xid, request }: ZkRequestFrame): void {
    const { ensemble, host } = this;
    ensemble.arrived.push({ at: ensemble.world.time, server: host.name, xid, request });
    const session = this.sessions.get(connection) as SessionId;
    const response = this.answer(connection, request, session);
    if (!ensemble.unanswered.has(request.op)) this.say(connection, new ZkResponseFrame(request.op, xid, response));
  }

  private answer(connection: Connection, request: ZkRequest | ZkSessionRequest, session: SessionId): ZkResponse {
    const { ensemble } = this;
    switch (request.op) {
      case "ping":
        return { error: "OK", zxid: ensemble.zxid };
      case "closeSession":
        ensemble.zxid += 1;
        ensemble.expire(session);
        return { error: "OK", zxid: ensemble.zxid };
      case "setWatches":
        for (const path of request.dataWatches) {
          const node = ensemble.tree.get(path);
          if (node === undefined) this.tell(connection, { type: "NodeDeleted", path });
          else if (node.stat.mzxid > request.relativeZxid) this.tell(connection, { type: "NodeDataChanged", path });
          else this.watch(`data ${path}`, connection);
        }
        for (const path of request.existWatches) {
          if (ensemble.tree.has(path)) this.tell(connection, { type: "NodeCreated", path });
          else this.watch(`data ${path}`, connection);
        }
        for (const path of request.childWatches) this.watch(`child ${path}`, connection);
        return { error: "OK", zxid: ensemble.zxid };
      case "getData":
      case "exists":
      case "getChildren": {
        if (request.watch) this.watch(`${request.op === "getChildren" ? "child" : "data"} ${request.path}`, connection);
        return { ...ensemble.apply(request, session), zxid: ensemble.zxid };
      }
      default:
        return ensemble.write(request, session);
    }
  }

  private watch(key: string, connection: Connection): void {
    const watchers = this.watchers.get(key) ?? new Set();
    this.watchers.set(key, watchers.add(connection));
  }

  fire(event: WatchedEvent): void {
    const key = `${event.type === "NodeChildrenChanged" ? "child" : "data"} ${event.path}`;
    const watchers = this.watchers.get(key);
    this.watchers.delete(key);
    for (const connection of watchers ?? []) this.tell(connection, event);
  }

  private tell(connection: Connection, event: WatchedEvent): void {
    this.say(connection, new ZkWatchEventFrame(event));
  }

  private say(connection: Connection, message: Message): void {
    if (!this.ensemble.silent.has(this.host.name)) this.host.send(connection, message);
  }
}

/** A node that has a client, and writes down what it hears. */
export class ZkUser implements Process, ZkClientListener, ZkResponseHandler<string> {
  readonly host: Host;
  readonly zk: KafkaZkClient;
  /** In order: `connected`, `connected fresh`, `disconnected`, `expired`, `closed`, `NodeCreated /a`, `label: OK NONODE`. */
  heard: string[] = [];
  readonly answers = new Map<string, readonly ZkResponse[]>();
  /** What to do as soon as something is heard. */
  readonly reactions = new Map<string, () => void>();

  constructor(host: Host, servers: readonly NodeName[], sessionTimeoutMs: number) {
    this.host = host;
    this.zk = new KafkaZkClient({ host, servers, sessionTimeoutMs, listener: this });
  }

  ask(label: string, requests: readonly ZkRequest[], how?: "pipelined" | "serially"): void {
    this.zk.request(requests, this, label, how);
  }

  onStart(): void {
    this.zk.start();
  }

  onConnected(connection: Connection): void {
    (connection.attachment as KafkaZkClient).onConnected(connection);
  }

  onMessage(connection: Connection, message: Message): void {
    (connection.attachment as KafkaZkClient).onMessage(connection, message);
  }

  onDisconnected(connection: Connection): void {
    (connection.attachment as KafkaZkClient).onDisconnected(connection);
  }

  onTimer(timer: Timer): void {
    timer.target.onTimer(timer);
  }

  onDiskDone(): void {}
  onShutdownRequested(): void {}

  onZkResponses(responses: readonly ZkResponse[], label: string): void {
    this.answers.set(label, responses);
    this.hear(`${label}: ${responses.map(({ error }) => error).join(" ")}`);
  }

  onZkConnected(fresh: boolean): void {
    this.hear(fresh ? "connected fresh" : "connected");
  }

  onZkDisconnected(): void {
    this.hear("disconnected");
  }

  onZkSessionExpired(): void {
    this.hear("expired");
  }

  onWatchedEvent({ type, path }: WatchedEvent): void {
    this.hear(`${type} ${path}`);
  }

  onZkClosed(): void {
    this.hear("closed");
  }

  private hear(what: string): void {
    this.heard.push(what);
    this.reactions.get(what)?.();
  }
}
