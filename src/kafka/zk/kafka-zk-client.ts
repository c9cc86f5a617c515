/**
 * A broker's client of ZooKeeper: one session, kept over connections to one server after the other.
 *
 * It learns that its session has expired only from a server that it is connected to again; until then it is merely disconnected,
 * however long. What was on the wire when a connection was lost is sent again by the next one, done already or not: that is for
 * the callers to recognise. After an expiry nothing happens until the owner asks for a new session, which starts with nothing:
 * no watches, and no zxid that a server would have to have reached.
 *
 * Neither a handler nor the listener is ever called from within a call of the client. Source: ClientCnxn, ZooKeeperClient,
 * KafkaZkClient.
 */
import { assert } from "../../base/assert.ts";
import type { Micros } from "../../base/units.ts";
import type { Connection, Host, Message, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { KafkaEvent } from "../events.ts";
import {
  ZkConnectFrame,
  ZkConnectResponseFrame,
  type ZkRequest,
  ZkRequestFrame,
  type ZkResponseFrame,
  type ZkSessionRequest,
  ZkWatchEventFrame,
} from "../zookeeper/client-protocol.ts";
import type { SessionId } from "../zookeeper/znode.ts";
import type { Zxid } from "../zookeeper/zxid.ts";
import type { ZkClientState } from "../zookeeper-events.ts";
import { ClientCnxn, type CnxnOwner, PING_XID } from "./client-cnxn.ts";
import { Batch, RequestQueue } from "./request-queue.ts";
import { WatchManager } from "./watch-manager.ts";
import type { ZkClient, ZkClientListener, ZkResponseHandler } from "./zk-client.ts";

/** On the wire; without a batch if the client itself has asked. */
interface Packet {
  readonly xid: number;
  readonly sentAt: Micros;
  readonly op: ZkRequest["op"] | ZkSessionRequest["op"];
  readonly batch: Batch | undefined;
}

/** The default of `zookeeper.max.in.flight.requests`. */
const IN_FLIGHT_MAX = 10;

export class KafkaZkClient implements ZkClient, CnxnOwner, TimerTarget {
  private readonly host: Host;
  private readonly sessionTimeoutMs: number;
  private readonly listener: ZkClientListener;
  private readonly cnxn: ClientCnxn;
  private readonly queue: RequestQueue;
  private readonly watches = new WatchManager();
  private current: SessionId = 0;
  private believed: ZkClientState = "DISCONNECTED";
  private closing = false;
  /** The newest transaction that this session has seen. */
  private lastZxid: Zxid = 0;
  private nextXid = 1;
  /** In the order in which they will be answered. */
  private onTheWire: Packet[] = [];
  /** To be answered without a server, at once but not from within a call. */
  private local: Batch[] = [];
  private localTimer: TimerId = 0;

  constructor(options: {
    readonly host: Host;
    readonly servers: readonly NodeName[];
    readonly sessionTimeoutMs: number;
    readonly listener: ZkClientListener;
    /** `zookeeper.max.in.flight.requests`: how many may be on the wire at once. */
    readonly maxInFlightRequests?: number;
  }) {
    this.host = options.host;
    this.sessionTimeoutMs = options.sessionTimeoutMs;
    this.listener = options.listener;
    this.cnxn = new ClientCnxn(options.host, options.servers, this);
    this.queue = new RequestQueue(options.maxInFlightRequests ?? IN_FLIGHT_MAX);
  }

  get session(): SessionId {
    return this.current;
  }

  get state(): ZkClientState {
    return this.believed;
  }

  get attachment(): this {
    return this;
  }

  get waitingSince(): Micros | undefined {
    return this.onTheWire[0]?.sentAt;
  }

  request<C>(
    requests: readonly ZkRequest[],
    handler: ZkResponseHandler<C>,
    context: C,
    how: "pipelined" | "serially" = "pipelined",
  ): void {
    const batch = new Batch(requests, how === "serially", handler, context) as Batch;
    if (requests.length === 0 || this.closing || this.believed === "EXPIRED") {
      this.local.push(batch);
      this.armLocal();
      return;
    }
    this.queue.add(batch);
    this.pump();
  }

  start(): void {
    this.cnxn.start(this.sessionTimeoutMs);
  }

  startNewSession(): void {
    assert(this.believed === "EXPIRED", `a new session while ${this.believed}`);
    if (this.closing) return;
    this.believed = "DISCONNECTED";
    this.lastZxid = 0;
    this.start();
  }

  close(): void {
    if (this.closing) return;
    this.closing = true;
    if (this.believed === "CONNECTED") {
      this.transmit({ op: "closeSession" }, undefined);
      return;
    }
    this.cnxn.stop();
    this.armLocal();
  }

  onConnected(connection: Connection): void {
    this.cnxn.onConnected(connection);
  }

  onMessage(connection: Connection, message: Message): void {
    this.cnxn.onMessage(connection, message);
  }

  onDisconnected(connection: Connection): void {
    this.cnxn.onDisconnected(connection);
  }

  onReached(): void {
    this.cnxn.send(new ZkConnectFrame(this.current, this.sessionTimeoutMs, this.lastZxid));
  }

  onFrame(message: Message): void {
    if (message instanceof ZkConnectResponseFrame) this.onSession(message);
    else if (!(message instanceof ZkWatchEventFrame)) this.onResponse(message as ZkResponseFrame);
    else if (this.watches.onEvent(message.event)) this.listener.onWatchedEvent(message.event);
  }

  onConnectionLost(): void {
    this.onTheWire = [];
    this.queue.onConnectionLoss();
    if (this.closing) {
      this.finishClose();
      return;
    }
    if (this.believed !== "CONNECTED") return;
    this.believe("DISCONNECTED");
    this.listener.onZkDisconnected();
  }

  onTimer(_timer: Timer): void {
    this.localTimer = 0;
    const batches = this.local;
    this.local = [];
    for (const batch of batches) batch.deliver();
    if (this.closing && this.believed !== "CONNECTED") this.finishClose();
  }

  private onSession({ session, timeoutMs }: ZkConnectResponseFrame): void {
    if (this.believed === "CONNECTED") return;
    if (session === 0) {
      this.onExpired();
      return;
    }
    const fresh = this.current === 0;
    this.current = session;
    this.cnxn.establish(timeoutMs);
    this.believe("CONNECTED");
    const setWatches = this.watches.setWatches(this.lastZxid);
    if (setWatches !== undefined) this.transmit(setWatches, undefined);
    this.pump();
    this.listener.onZkConnected(fresh);
  }

  private onExpired(): void {
    this.cnxn.stop();
    this.believe("EXPIRED");
    this.current = 0;
    this.watches.clear();
    for (const batch of this.queue.takeAll()) batch.deliver();
    this.listener.onZkSessionExpired();
  }

  private onResponse({ xid, response }: ZkResponseFrame): void {
    if (xid === PING_XID) return;
    const packet = this.onTheWire[0];
    if (packet === undefined || xid < packet.xid) return;
    // An answer is missing, or the server will not serve this session here: no use in going on with it.
    if (xid > packet.xid || response.error === "SESSIONMOVED" || response.error === "CONNECTIONLOSS") {
      this.cnxn.reconnect();
      return;
    }
    this.onTheWire.shift();
    this.saw(response.zxid);
    const { batch } = packet;
    if (batch !== undefined) {
      this.watches.onAnswer(batch.oldest, response.error);
      this.queue.onAnswer(batch, response);
      this.pump();
      if (batch.complete) batch.deliver();
    } else if (packet.op === "closeSession") this.finishClose();
  }

  /** Sends what may be sent. */
  private pump(): void {
    if (this.believed !== "CONNECTED" || this.closing) return;
    for (let batch = this.queue.next(); batch !== undefined; batch = this.queue.next()) {
      this.transmit(this.queue.take(batch), batch);
    }
  }

  private transmit(request: ZkRequest | ZkSessionRequest, batch: Batch | undefined): void {
    const xid = this.nextXid++;
    this.onTheWire.push({ xid, sentAt: this.host.steadyNow(), op: request.op, batch });
    this.cnxn.send(new ZkRequestFrame(xid, request));
  }

  private finishClose(): void {
    if (this.believed === "CLOSED") return;
    this.cnxn.stop();
    this.believe("CLOSED");
    this.onTheWire = [];
    for (const batch of this.queue.takeAll()) batch.deliver();
    this.listener.onZkClosed();
  }

  private armLocal(): void {
    if (this.localTimer === 0) this.localTimer = this.host.setTimer(0, { kind: "zk.local", target: this });
  }

  private saw(zxid: Zxid): void {
    if (zxid <= 0 || zxid === this.lastZxid) return;
    this.lastZxid = zxid;
    const event: KafkaEvent = { kind: "ZkClientSaw", client: this.host.name, session: this.current, zxid };
    this.host.emit(event);
  }

  private believe(state: ZkClientState): void {
    this.believed = state;
    const event: KafkaEvent = { kind: "ZkClientStateChanged", client: this.host.name, session: this.current, state };
    this.host.emit(event);
  }
}
