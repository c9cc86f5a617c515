/**
 * Requests to other nodes, over one connection to each: correlation, timeouts, reconnect backoff.
 *
 * As Kafka's NetworkClient: responses come back in request order; a request that gets no answer within its timeout
 * closes the connection and fails everything in flight on it; a lost connection is tried again after a backoff that
 * doubles. Every request that was sent ends in exactly one completion, unless the process dies first.
 *
 * Where a fault goes beyond TCP, an answer may come twice, or never: what has been answered is not heard again, and a
 * connection on which an answer is missing is of no use any more, as a correlation id that does not match is to Kafka.
 * Source: NetworkClient, ClusterConnectionStates, InterBrokerSendThread.
 */
import { assert, fail } from "../../base/assert.ts";
import { type Micros, ms } from "../../base/units.ts";
import type { Connection, Host, Message, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { ApiName, RequestOf, ResponseOf } from "../messages/apis.ts";
import { RequestFrame, type ResponseFrame } from "../messages/frame.ts";
import { requestSizeInBytes } from "../messages/size.ts";

/** How a request ended: with a response, or with the reason why there is none. */
export type Completion<C = unknown> = { [A in ApiName]: CompletionOf<A, C> }[ApiName];

export interface CompletionOf<A extends ApiName, C = unknown> {
  readonly peer: NodeName;
  readonly api: A;
  readonly request: RequestOf<A>;
  /** What the sender gave along. */
  readonly context: C;
  /** Undefined when the connection was lost or the answer did not come in time. */
  readonly response: ResponseOf<A> | undefined;
  readonly error: "NETWORK_EXCEPTION" | "REQUEST_TIMED_OUT" | undefined;
}

export interface CompletionHandler<C = unknown> {
  onCompletion(completion: Completion<C>): void;
  /** The connection to `peer` came up, was lost, or may be tried again after its backoff. */
  onConnectivity?(peer: NodeName, change: "ready" | "lost" | "available"): void;
}

export type PeerState = "idle" | "connecting" | "ready" | "backoff";

/** The settings that a client and a broker both have. */
export interface NetworkConfig {
  readonly "reconnect.backoff.ms": number;
  readonly "reconnect.backoff.max.ms": number;
  readonly "socket.connection.setup.timeout.ms": number;
}

interface OutboundRequest<C> {
  readonly frame: RequestFrame;
  readonly context: C;
  readonly deadline: Micros;
}

interface Peer<C> {
  readonly name: NodeName;
  state: PeerState;
  connection: Connection | undefined;
  /** When the handshake is given up. */
  connectDeadline: Micros;
  failures: number;
  /** Not yet on the wire: waiting for the connection. */
  queued: OutboundRequest<C>[];
  /** On the wire, unanswered, in order. */
  inFlight: OutboundRequest<C>[];
  backoffTimer: TimerId;
  /** One timer per peer, for the earliest deadline; re-armed when it fires too early. */
  deadlineTimer: TimerId;
  deadlineAt: Micros;
}

interface PeerTimer extends Timer {
  readonly kind: "net.backoff" | "net.deadline";
  readonly peer: NodeName;
}

const RECONNECT_JITTER_PERCENT = 20;

export class NetworkClient<C = unknown> implements TimerTarget {
  private readonly host: Host;
  private readonly config: NetworkConfig;
  private readonly requestTimeout: Micros;
  private readonly handler: CompletionHandler<C>;
  private readonly peers = new Map<NodeName, Peer<C>>();
  private nextCorrelationId = 0;

  constructor(host: Host, config: NetworkConfig, requestTimeoutMs: number, handler: CompletionHandler<C>) {
    this.host = host;
    this.config = config;
    this.requestTimeout = ms(requestTimeoutMs);
    this.handler = handler;
  }

  /** Sends when the connection is up, connecting first if need be. Ends in one completion, within `timeout`. */
  send<A extends ApiName>(peer: NodeName, api: A, body: RequestOf<A>, context: C, timeout: Micros = this.requestTimeout): void {
    const to = this.peer(peer);
    const frame = new RequestFrame(api, this.nextCorrelationId++, body, requestSizeInBytes(api, body));
    const request = { frame, context, deadline: this.host.now() + timeout } as OutboundRequest<C>;
    if (to.state === "ready") this.transmit(to, request);
    else {
      to.queued.push(request);
      if (to.state === "idle") this.connect(to);
    }
    if (to.deadlineTimer === 0 || request.deadline < to.deadlineAt) this.armDeadline(to, request.deadline);
  }

  /** Sends a request that is never answered (Produce with acks=0). Lost without notice if the connection is. */
  sendOneWay<A extends ApiName>(peer: NodeName, api: A, body: RequestOf<A>): void {
    const to = this.peer(peer);
    if (to.state === "idle") this.connect(to);
    if (to.connection === undefined) return;
    this.host.send(to.connection, new RequestFrame(api, this.nextCorrelationId++, body, requestSizeInBytes(api, body)));
  }

  /** Requests to `peer` that have not completed. */
  outstanding(peer: NodeName): number {
    const to = this.peers.get(peer);
    return to === undefined ? 0 : to.queued.length + to.inFlight.length;
  }

  /** Whether a request to `peer` would go out, or a handshake start, without waiting for a backoff. */
  isAvailable(peer: NodeName): boolean {
    return this.peers.get(peer)?.state !== "backoff";
  }

  stateOf(peer: NodeName): PeerState {
    return this.peers.get(peer)?.state ?? "idle";
  }

  /** Whether a request to `peer` would go out now. If not, a handshake is begun unless a backoff forbids it. */
  ready(peer: NodeName): boolean {
    const to = this.peer(peer);
    if (to.state === "idle") this.connect(to);
    return to.state === "ready";
  }

  /** Closes the connection to `peer`, if any: what is outstanding ends as if it had been lost. */
  disconnect(peer: NodeName): void {
    const to = this.peers.get(peer);
    if (to?.connection === undefined) return;
    this.host.close(to.connection);
    this.fail(to, Number.NEGATIVE_INFINITY);
  }

  /** Closes the connection to `peer`, if any, without completing what is outstanding. */
  forget(peer: NodeName): void {
    const to = this.peers.get(peer);
    if (to === undefined) return;
    if (to.connection !== undefined) this.host.close(to.connection);
    this.host.cancelTimer(to.backoffTimer);
    this.host.cancelTimer(to.deadlineTimer);
    this.peers.delete(peer);
  }

  onConnected(connection: Connection): void {
    const peer = this.peers.get(connection.peer);
    if (peer === undefined || peer.connection !== connection) return;
    peer.state = "ready";
    peer.failures = 0;
    const queued = peer.queued;
    peer.queued = [];
    for (const request of queued) this.transmit(peer, request);
    this.handler.onConnectivity?.(peer.name, "ready");
  }

  onMessage(connection: Connection, message: Message): void {
    const peer = this.peers.get(connection.peer);
    if (peer === undefined || peer.connection !== connection) return;
    const frame = message as ResponseFrame;
    assert(frame.correlationId < this.nextCorrelationId, `${frame.kind} from ${peer.name} answers what was never asked`);
    const request = peer.inFlight[0];
    if (request === undefined || frame.correlationId < request.frame.correlationId) return;
    if (frame.correlationId > request.frame.correlationId) {
      this.host.close(connection);
      this.fail(peer, Number.NEGATIVE_INFINITY);
      return;
    }
    peer.inFlight.shift();
    this.complete(peer, request, frame.body, undefined);
  }

  onDisconnected(connection: Connection): void {
    const peer = this.peers.get(connection.peer);
    if (peer === undefined || peer.connection !== connection) return;
    this.fail(peer, Number.NEGATIVE_INFINITY);
  }

  onTimer(timer: Timer): void {
    const { kind, peer: name } = timer as PeerTimer;
    const peer = this.peers.get(name);
    if (peer === undefined) return;
    if (kind === "net.backoff") this.onBackoffOver(peer);
    else this.onDeadline(peer);
  }

  private onBackoffOver(peer: Peer<C>): void {
    peer.backoffTimer = 0;
    peer.state = "idle";
    if (peer.queued.length > 0) this.connect(peer);
    this.handler.onConnectivity?.(peer.name, "available");
  }

  private onDeadline(peer: Peer<C>): void {
    peer.deadlineTimer = 0;
    const deadline = nextDeadline(peer);
    if (deadline === undefined) return;
    const now = this.host.now();
    if (deadline > now) {
      this.armDeadline(peer, deadline);
      return;
    }
    if (peer.connection !== undefined) this.host.close(peer.connection);
    this.fail(peer, now);
  }

  private armDeadline(peer: Peer<C>, deadline: Micros): void {
    const timer: PeerTimer = { kind: "net.deadline", target: this, peer: peer.name };
    this.host.cancelTimer(peer.deadlineTimer);
    peer.deadlineAt = deadline;
    peer.deadlineTimer = this.host.setTimer(Math.max(0, deadline - this.host.now()), timer);
  }

  private connect(peer: Peer<C>): void {
    peer.state = "connecting";
    peer.connection = this.host.connect(peer.name, this);
    peer.connectDeadline = this.host.now() + ms(this.config["socket.connection.setup.timeout.ms"]);
    this.armDeadline(peer, nextDeadline(peer) ?? peer.connectDeadline);
  }

  private transmit(peer: Peer<C>, request: OutboundRequest<C>): void {
    if (peer.connection === undefined) fail(`no connection to ${peer.name}`);
    peer.inFlight.push(request);
    this.host.send(peer.connection, request.frame);
  }

  /** The connection is gone: everything outstanding ends. Requests whose deadline is at or before `expiredAt` have timed out. */
  private fail(peer: Peer<C>, expiredAt: Micros): void {
    const failed = [...peer.inFlight, ...peer.queued];
    peer.inFlight = [];
    peer.queued = [];
    peer.connection = undefined;
    this.host.cancelTimer(peer.deadlineTimer);
    peer.deadlineTimer = 0;
    peer.state = "backoff";
    const timer: PeerTimer = { kind: "net.backoff", target: this, peer: peer.name };
    peer.backoffTimer = this.host.setTimer(this.backoff(peer.failures++), timer);
    for (const request of failed) {
      this.complete(peer, request, undefined, request.deadline <= expiredAt ? "REQUEST_TIMED_OUT" : "NETWORK_EXCEPTION");
    }
    this.handler.onConnectivity?.(peer.name, "lost");
  }

  private backoff(failures: number): Micros {
    const first = this.config["reconnect.backoff.ms"];
    const base = Math.min(first * 2 ** Math.min(failures, 30), this.config["reconnect.backoff.max.ms"]);
    const spread = Math.floor((ms(base) * RECONNECT_JITTER_PERCENT) / 100);
    return ms(base) - spread + this.host.random("reconnect").below(2 * spread + 1);
  }

  private complete(peer: Peer<C>, request: OutboundRequest<C>, response: unknown, error: Completion["error"]): void {
    const { frame, context } = request;
    this.handler.onCompletion({
      peer: peer.name,
      api: frame.kind,
      request: frame.body,
      context,
      response,
      error,
    } as Completion<C>);
  }

  private peer(name: NodeName): Peer<C> {
    let peer = this.peers.get(name);
    if (peer === undefined) {
      peer = {
        name,
        state: "idle",
        connection: undefined,
        connectDeadline: 0,
        failures: 0,
        queued: [],
        inFlight: [],
        backoffTimer: 0,
        deadlineTimer: 0,
        deadlineAt: 0,
      };
      this.peers.set(name, peer);
    }
    return peer;
  }
}

/** The earliest moment at which something of `peer` expires: its handshake, or a request. */
function nextDeadline(peer: Peer<unknown>): Micros | undefined {
  let earliest = peer.state === "connecting" ? peer.connectDeadline : Number.POSITIVE_INFINITY;
  for (const { deadline } of peer.inFlight) earliest = Math.min(earliest, deadline);
  for (const { deadline } of peer.queued) earliest = Math.min(earliest, deadline);
  return earliest === Number.POSITIVE_INFINITY ? undefined : earliest;
}
