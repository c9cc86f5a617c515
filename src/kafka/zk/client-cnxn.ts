/**
 * A client's connection to some server of the ensemble: one after the other is tried until one takes the client in, and again when
 * it falls silent. Pings keep a session alive that has nothing to say.
 *
 * What the connection is used for is its owner's business, and so is whether the session still lives. Source: ClientCnxn.SendThread.
 */
import { type Micros, ms, seconds } from "../../base/units.ts";
import type { Connection, Host, Message, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import { ZkRequestFrame } from "../zookeeper/client-protocol.ts";
import { HostProvider } from "./host-provider.ts";

export interface CnxnOwner {
  /** Who is attached to the connections. */
  readonly attachment: unknown;
  /** When the oldest request that has no answer yet was sent; undefined if there is none. */
  readonly waitingSince: Micros | undefined;
  /** There is a connection, and the server wants to hear of the session. */
  onReached(): void;
  onFrame(message: Message): void;
  /** The next server is being tried already. */
  onConnectionLost(): void;
}

interface CnxnTimer extends Timer {
  readonly kind: "zk.cnxn.connect" | "zk.cnxn.tick";
}

/** The xid of every ping, whose answer does not stand in line with the others. */
export const PING_XID = -2;

/** Upper limit of the rest before another server is tried, and the rest after a whole round. */
const RECONNECT_REST: Micros = seconds(1);
const MAX_SEND_PING_INTERVAL: Micros = seconds(10);
const PING = new ZkRequestFrame(PING_XID, Object.freeze({ op: "ping" }));

export class ClientCnxn implements TimerTarget {
  private readonly host: Host;
  private readonly owner: CnxnOwner;
  private readonly hosts: HostProvider;
  private connection: Connection | undefined;
  /** A server has taken the client in. */
  private established = false;
  /** Nobody has answered yet since the start. */
  private first = true;
  private connectTimeout: Micros = 0;
  private readTimeout: Micros = 0;
  private lastHeard: Micros = 0;
  private lastSent: Micros = 0;
  /** To try the next server, or to look whether this one is still there. */
  private timer: TimerId = 0;

  constructor(host: Host, servers: readonly NodeName[], owner: CnxnOwner) {
    this.host = host;
    this.owner = owner;
    this.hosts = new HostProvider(servers);
  }

  /** For a new session, whose timeout is not negotiated yet. */
  start(timeoutMs: number): void {
    this.hosts.startOver(this.host.random("zookeeper-client"));
    this.first = true;
    this.useTimeout(timeoutMs);
    this.connectToNext();
  }

  /** The server knows the session: from now on only its silence ends the connection. */
  establish(negotiatedTimeoutMs: number): void {
    this.established = true;
    this.hosts.onConnected();
    this.useTimeout(negotiatedTimeoutMs);
    this.arm();
  }

  send(message: Message): void {
    if (this.connection === undefined) return;
    this.lastSent = this.host.steadyNow();
    this.host.send(this.connection, message);
  }

  /** Gives up the connection, and tries the next server. */
  reconnect(): void {
    this.stop();
    this.connectToNext();
    this.owner.onConnectionLost();
  }

  /** Gives up the connection, or the search for one. */
  stop(): void {
    if (this.connection !== undefined) this.host.close(this.connection);
    this.connection = undefined;
    this.established = false;
    this.host.cancelTimer(this.timer);
    this.timer = 0;
  }

  onConnected(connection: Connection): void {
    if (connection !== this.connection) return;
    this.first = false;
    this.lastHeard = this.host.steadyNow();
    this.owner.onReached();
  }

  onMessage(connection: Connection, message: Message): void {
    if (connection !== this.connection) return;
    this.lastHeard = this.host.steadyNow();
    this.owner.onFrame(message);
  }

  onDisconnected(connection: Connection): void {
    if (connection !== this.connection) return;
    this.connection = undefined;
    this.reconnect();
  }

  onTimer(timer: Timer): void {
    this.timer = 0;
    if ((timer as CnxnTimer).kind === "zk.cnxn.connect") this.connect();
    else this.tick();
  }

  private useTimeout(sessionTimeoutMs: number): void {
    this.connectTimeout = ms(Math.floor(sessionTimeoutMs / this.hosts.size));
    this.readTimeout = ms(Math.floor((sessionTimeoutMs * 2) / 3));
  }

  private connectToNext(): void {
    const round = this.hosts.next();
    const rest = (round ? RECONNECT_REST : 0) + (this.first ? 0 : this.host.random("zookeeper-client").below(RECONNECT_REST));
    if (rest > 0) this.setTimer("zk.cnxn.connect", rest);
    else this.connect();
  }

  private connect(): void {
    this.connection = this.host.connect(this.hosts.current, this.owner.attachment);
    this.lastHeard = this.host.steadyNow();
    this.lastSent = this.lastHeard;
    this.arm();
  }

  private arm(): void {
    this.host.cancelTimer(this.timer);
    this.setTimer(
      "zk.cnxn.tick",
      Math.max(0, this.established ? Math.min(this.untilSilent(), this.untilPing()) : this.untilSilent()),
    );
  }

  private tick(): void {
    if (this.untilSilent() <= 0) {
      this.reconnect();
      return;
    }
    if (this.established && this.untilPing() <= 0) this.send(PING);
    this.arm();
  }

  /**
   * Until the server has been silent for too long. It answers in order, pings among the rest: what else is heard while an answer
   * is overdue is no sign that it will come.
   */
  private untilSilent(): Micros {
    const now = this.host.steadyNow();
    if (!this.established) return this.connectTimeout - (now - this.lastHeard);
    return this.readTimeout - (now - Math.min(this.lastHeard, this.owner.waitingSince ?? now));
  }

  private untilPing(): Micros {
    const idle = this.host.steadyNow() - this.lastSent;
    // A second early once a second has passed: this may be the last time to look.
    const due = this.readTimeout / 2 - idle - (idle > seconds(1) ? seconds(1) : 0);
    return idle > MAX_SEND_PING_INTERVAL ? 0 : Math.floor(due);
  }

  private setTimer(kind: CnxnTimer["kind"], delay: Micros): void {
    const timer: CnxnTimer = { kind, target: this };
    this.timer = this.host.setTimer(delay, timer);
  }
}
