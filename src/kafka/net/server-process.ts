/** A process that takes requests and makes some: passes on what the kernel brings to whom it belongs. */
import type { Connection, DiskOperation, Host, Message, Process, Timer } from "../../sim/host.ts";
import { type AnyPendingRequest, InboundConnection, type RequestHandler, RequestQueue } from "./request-channel.ts";

/** What a process's own connections are attached to: a NetworkClient, or a client of ZooKeeper. */
interface OutboundEnd {
  onConnected(connection: Connection): void;
  onMessage(connection: Connection, message: Message): void;
  onDisconnected(connection: Connection): void;
}

export abstract class ServerProcess implements Process, RequestHandler {
  readonly host: Host;
  private readonly requests = new RequestQueue();

  constructor(host: Host) {
    this.host = host;
  }

  abstract onStart(): void;
  abstract onShutdownRequested(): void;
  abstract onRequest(request: AnyPendingRequest): void;

  onConnected(connection: Connection): void {
    if (connection.outbound) {
      (connection.attachment as OutboundEnd).onConnected(connection);
      this.requests.drain();
    } else {
      connection.attachment = new InboundConnection(this.host, connection, this, this.requests);
    }
  }

  onMessage(connection: Connection, message: Message): void {
    (connection.attachment as OutboundEnd | InboundConnection).onMessage(connection, message);
    this.requests.drain();
  }

  onDisconnected(connection: Connection): void {
    (connection.attachment as OutboundEnd | InboundConnection).onDisconnected(connection);
    this.requests.drain();
  }

  onTimer(timer: Timer): void {
    timer.target.onTimer(timer);
    this.requests.drain();
  }

  onDiskDone(operation: DiskOperation, ok: boolean): void {
    operation.target.onDiskDone(operation, ok);
    this.requests.drain();
  }
}
