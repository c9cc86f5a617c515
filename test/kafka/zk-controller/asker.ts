/** A node that asks brokers, over a connection of its own to each, and keeps what they answer. */
import type { ApiName, RequestOf, ResponseOf } from "../../../src/kafka/messages/apis.ts";
import { type Completion, type CompletionHandler, NetworkClient } from "../../../src/kafka/net/network-client.ts";
import type { Connection, Host, Message, NodeName, Process, Timer } from "../../../src/sim/host.ts";
import type { World } from "../../../src/sim/world.ts";

const NETWORK = { "reconnect.backoff.ms": 50, "reconnect.backoff.max.ms": 1_000, "socket.connection.setup.timeout.ms": 10_000 };
const REQUEST_TIMEOUT_MS = 30_000;

/** What came of one request. */
export interface Asked<A extends ApiName> {
  /** Undefined while there is none. */
  answer: ResponseOf<A> | undefined;
  /** The request ended without an answer. */
  lost: boolean;
}

class AskerProcess implements Process, CompletionHandler<Asked<ApiName>> {
  readonly client: NetworkClient<Asked<ApiName>>;

  constructor(host: Host) {
    this.client = new NetworkClient(host, NETWORK, REQUEST_TIMEOUT_MS, this);
  }

  onCompletion({ context, response }: Completion<Asked<ApiName>>): void {
    if (response === undefined) context.lost = true;
    else context.answer = response;
  }

  onStart(): void {}
  onDiskDone(): void {}
  onShutdownRequested(): void {}

  onConnected(connection: Connection): void {
    this.client.onConnected(connection);
  }

  onMessage(connection: Connection, message: Message): void {
    this.client.onMessage(connection, message);
  }

  onDisconnected(connection: Connection): void {
    this.client.onDisconnected(connection);
  }

  onTimer(timer: Timer): void {
    timer.target.onTimer(timer);
  }
}

/** One node for each `name`: requests of one node to one broker are answered in order. */
export function ask<A extends ApiName>(
  world: World,
  { name, to, api, body }: { readonly name: NodeName; readonly to: NodeName; readonly api: A; readonly body: RequestOf<A> },
): Asked<A> {
  if (![...world.nodes()].some((node) => node.name === name)) {
    world.addNode({ name, factory: Object.freeze({ create: (host: Host) => new AskerProcess(host) }) });
    world.start(name);
    world.runUntil(world.time);
  }
  const asked: Asked<A> = { answer: undefined, lost: false };
  (world.node(name).process as AskerProcess).client.send(to, api, body, asked as Asked<ApiName>);
  return asked;
}
