/**
 * The server's end of connections: one request of a connection at a time, answered in order.
 *
 * A broker stops reading a connection until the response of the current request has been written, so a fetch that
 * waits for data holds up whatever was sent behind it on the same connection. Source: SocketServer, RequestChannel.
 */
import { fail } from "../../base/assert.ts";
import type { Connection, Host, Message, NodeName } from "../../sim/host.ts";
import type { ApiName, RequestOf, ResponseOf } from "../messages/apis.ts";
import { RESPONSE_KINDS, type RequestFrame, ResponseFrame } from "../messages/frame.ts";
import { responseSizeInBytes } from "../messages/size.ts";

/** A request by its API, so that a `switch` over `api` knows the body. */
export type AnyPendingRequest = { [A in ApiName]: PendingRequest<A> }[ApiName];

export interface RequestHandler {
  /** Must end, now or later, in exactly one of the request's `respond`, `finishSilently` or `closeConnection`. */
  onRequest(request: AnyPendingRequest): void;
}

/** A request that has not been answered. Plain data: it may wait in a purgatory. */
export class PendingRequest<A extends ApiName = ApiName> {
  readonly api: A;
  readonly body: RequestOf<A>;
  readonly from: NodeName;
  private readonly correlationId: number;
  private readonly inbound: InboundConnection;

  constructor(inbound: InboundConnection, frame: RequestFrame<A>) {
    this.inbound = inbound;
    this.api = frame.kind;
    this.body = frame.body;
    this.from = inbound.connection.peer;
    this.correlationId = frame.correlationId;
  }

  respond(body: ResponseOf<A>): void {
    this.inbound.respond(
      new ResponseFrame(RESPONSE_KINDS[this.api], this.correlationId, body, responseSizeInBytes(this.api, body)),
    );
  }

  /** Ends a request that expects no answer (acks=0). */
  finishSilently(): void {
    this.inbound.next();
  }

  /** How a broker reports an error to a producer that expects no answer. */
  closeConnection(): void {
    this.inbound.close();
  }
}

/**
 * Connections whose next request may be taken up. It is, when the running handler has come to its end: a handler that answers
 * one request never finds another one half done.
 */
export class RequestQueue {
  private readonly ready: InboundConnection[] = [];

  add(connection: InboundConnection): void {
    this.ready.push(connection);
  }

  /** Handles what is ready, and what becomes ready by that. Called at the end of whatever the process does. */
  drain(): void {
    for (let next = this.ready.shift(); next !== undefined; next = this.ready.shift()) next.handleNext();
  }
}

/** One accepted connection. */
export class InboundConnection {
  readonly connection: Connection;
  private readonly host: Host;
  private readonly handler: RequestHandler;
  private readonly queue: RequestQueue;
  private readonly waiting: RequestFrame[] = [];
  private busy = false;
  private closed = false;

  constructor(host: Host, connection: Connection, handler: RequestHandler, queue: RequestQueue) {
    this.host = host;
    this.connection = connection;
    this.handler = handler;
    this.queue = queue;
  }

  onMessage(_connection: Connection, message: Message): void {
    if (this.closed) return;
    this.waiting.push(message as RequestFrame);
    if (!this.busy) this.next();
  }

  respond(frame: ResponseFrame): void {
    if (this.closed) return;
    if (!this.busy) fail(`a second ${frame.kind} to ${this.connection.peer}`);
    this.host.send(this.connection, frame);
    this.next();
  }

  /** The current request is done with: the next one may be taken up. */
  next(): void {
    if (this.closed) return;
    this.busy = this.waiting.length > 0;
    if (this.busy) this.queue.add(this);
  }

  handleNext(): void {
    const frame = this.waiting.shift();
    if (frame !== undefined && !this.closed) this.handler.onRequest(new PendingRequest(this, frame) as AnyPendingRequest);
  }

  close(): void {
    if (!this.closed) this.host.close(this.connection);
    this.closed = true;
  }

  /** The other end is gone; answers to it go nowhere. */
  onDisconnected(_connection: Connection): void {
    this.closed = true;
  }
}
