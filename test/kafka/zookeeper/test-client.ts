/** A client that speaks the protocol, and does only what a test tells it: it keeps its session alive, and goes to the next server when it loses one. */
import { type Micros, ms } from "../../../src/base/units.ts";
import {
  type WatchedEvent,
  ZkConnectFrame,
  ZkConnectResponseFrame,
  type ZkRequest,
  ZkRequestFrame,
  type ZkResponse,
  ZkResponseFrame,
  type ZkSessionRequest,
  ZkWatchEventFrame,
} from "../../../src/kafka/zookeeper/client-protocol.ts";
import type { SessionId } from "../../../src/kafka/zookeeper/znode.ts";
import type { Zxid } from "../../../src/kafka/zookeeper/zxid.ts";
import type { ZkClientSaw } from "../../../src/kafka/zookeeper-events.ts";
import type { Connection, Host, Message, NodeName, Process, Timer } from "../../../src/sim/host.ts";
import type { ProcessFactory } from "../../../src/sim/node.ts";

/** What a client asked for, and what became of it. */
export interface Asked {
  readonly xid: number;
  readonly session: SessionId;
  readonly request: ZkRequest | ZkSessionRequest;
  /** Undefined while there is none; it never comes if the connection was lost. */
  response: ZkResponse | undefined;
  lost: boolean;
}

/** What came from a server, or that the connection was lost. */
export type Arrival =
  | { readonly kind: "answer"; readonly asked: Asked }
  | { readonly kind: "event"; readonly event: WatchedEvent }
  | { readonly kind: "lost" };

const RECONNECT_REST: Micros = ms(100);
const DEFAULT_TIMEOUT_MS = 6_000;

export class TestClient implements Process {
  readonly host: Host;
  servers: readonly NodeName[];
  session: SessionId = 0;
  /** As negotiated. */
  timeoutMs: number;
  connected = false;
  /** The sessions that it was told are over. */
  readonly expired: SessionId[] = [];
  readonly asked: Asked[] = [];
  readonly events: WatchedEvent[] = [];
  /** What was seen, in the order in which it came: `NodeCreated /a`, `#3 OK`, `lost`. */
  readonly seen: string[] = [];
  /** The same, in full. */
  readonly arrivals: Arrival[] = [];
  lastZxid: Zxid = 0;
  connection: Connection | undefined;
  silent = false;
  reconnects = true;
  private wanted: number;
  private next = 0;
  private xid = 0;
  private lastHeard: Micros = 0;

  constructor(host: Host, servers: readonly NodeName[], timeoutMs = DEFAULT_TIMEOUT_MS) {
    this.host = host;
    this.servers = servers;
    this.wanted = timeoutMs;
    this.timeoutMs = timeoutMs;
  }

  onStart(): void {
    this.connect();
    this.host.setTimer(ms(this.wanted / 6), { kind: "test.ping", target: this });
  }

  ask(request: ZkRequest | ZkSessionRequest): Asked {
    const asked: Asked = { xid: ++this.xid, session: this.session, request, response: undefined, lost: !this.connected };
    this.asked.push(asked);
    if (this.connected) this.send(new ZkRequestFrame(asked.xid, request));
    return asked;
  }

  /** Leaves the server that it is connected to, for `server` if that is given. */
  leave(server?: NodeName): void {
    if (server !== undefined) this.servers = [server];
    if (this.connection !== undefined) this.host.close(this.connection);
    this.disconnected();
  }

  onConnected(connection: Connection): void {
    if (connection === this.connection) this.send(new ZkConnectFrame(this.session, this.wanted, this.lastZxid));
  }

  onMessage(connection: Connection, message: Message): void {
    if (connection !== this.connection) return;
    this.lastHeard = this.host.steadyNow();
    if (message instanceof ZkConnectResponseFrame) this.onSession(message);
    else if (message instanceof ZkWatchEventFrame) {
      this.events.push(message.event);
      this.arrivals.push({ kind: "event", event: message.event });
      this.seen.push(`${message.event.type} ${message.event.path}`);
    } else if (message instanceof ZkResponseFrame) this.onResponse(message);
  }

  onDisconnected(connection: Connection): void {
    if (connection === this.connection) this.disconnected();
  }

  onTimer(timer: Timer): void {
    if (timer.kind === "test.connect") {
      if (this.connection === undefined && this.reconnects) this.connect();
      return;
    }
    this.host.setTimer(ms(this.timeoutMs / 6), { kind: "test.ping", target: this });
    if (this.silent) return;
    if (this.connection !== undefined && this.host.steadyNow() - this.lastHeard > (ms(this.timeoutMs) * 2) / 3) this.leave();
    else if (this.connected) this.send(new ZkRequestFrame(-2, Object.freeze({ op: "ping" })));
  }

  onDiskDone(): void {}

  onShutdownRequested(): void {
    this.host.exit("asked to");
  }

  private onSession({ session, timeoutMs }: ZkConnectResponseFrame): void {
    if (session === 0) {
      this.expired.push(this.session);
      this.session = 0;
      this.lastZxid = 0;
      this.leave();
      return;
    }
    this.session = session;
    this.timeoutMs = timeoutMs;
    this.connected = true;
  }

  private onResponse({ xid, response }: ZkResponseFrame): void {
    const saw: ZkClientSaw = { kind: "ZkClientSaw", client: this.host.name, session: this.session, zxid: response.zxid };
    this.host.emit(saw);
    this.lastZxid = Math.max(this.lastZxid, response.zxid);
    const asked = this.asked.find((each) => each.xid === xid);
    if (asked === undefined) return;
    asked.response = response;
    this.arrivals.push({ kind: "answer", asked });
    this.seen.push(`#${xid} ${response.error}`);
  }

  private send(message: Message): void {
    if (this.connection !== undefined) this.host.send(this.connection, message);
  }

  private connect(): void {
    const server = this.servers[this.next++ % this.servers.length] as NodeName;
    this.connection = this.host.connect(server);
    this.lastHeard = this.host.steadyNow();
  }

  private disconnected(): void {
    this.connection = undefined;
    this.connected = false;
    this.seen.push("lost");
    this.arrivals.push({ kind: "lost" });
    for (const asked of this.asked) if (asked.response === undefined) asked.lost = true;
    this.host.setTimer(RECONNECT_REST, { kind: "test.connect", target: this });
  }
}

export class TestClientFactory implements ProcessFactory {
  private readonly servers: readonly NodeName[];
  private readonly timeoutMs: number | undefined;

  constructor(servers: readonly NodeName[], timeoutMs: number | undefined) {
    this.servers = servers;
    this.timeoutMs = timeoutMs;
  }

  create(host: Host): Process {
    return new TestClient(host, this.servers, this.timeoutMs);
  }
}
