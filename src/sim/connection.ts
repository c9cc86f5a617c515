/**
 * A connection is a pair of endpoints and a flow in each direction. A flow hands its messages over in the order in which they
 * were sent, whatever happens to each on the way, as TCP does.
 */
import type { Micros } from "../base/units.ts";
import type { Delivery } from "./delivery.ts";
import type { Connection, Message, NodeName } from "./host.ts";
import type { KernelHost } from "./kernel-host.ts";
import type { Link } from "./link.ts";
import { ScheduledEvent } from "./scheduled.ts";
import type { World } from "./world.ts";

/** `vanished`: its host lost power; whoever still sends here gets a reset once the host is back. */
export type EndpointState = "connecting" | "open" | "closed" | "vanished";

/** One end of a connection. */
export class Endpoint implements Connection {
  readonly id: number;
  readonly host: KernelHost | undefined;
  readonly peer: NodeName;
  readonly outbound: boolean;
  attachment: unknown;
  state: EndpointState = "connecting";
  /** Carries what this end sends. */
  readonly out: Flow;
  /** Sent before the handshake was done. */
  unsent: Message[] = [];

  constructor(id: number, host: KernelHost | undefined, peer: NodeName, outbound: boolean, out: Flow, attachment: unknown) {
    this.id = id;
    this.host = host;
    this.peer = peer;
    this.outbound = outbound;
    this.out = out;
    this.attachment = attachment;
  }
}

/** One direction of a connection. */
export class Flow {
  readonly link: Link;
  source: Endpoint | undefined;
  /** Unknown until the handshake has got so far. */
  target: Endpoint | undefined;
  /** Number of the next message to send, and of the next to hand over. */
  sent = 0;
  expected = 0;
  lastArrival: Micros = 0;
  /** Arrived before something sent earlier. */
  early: Delivery[] = [];

  constructor(link: Link, source: Endpoint | undefined, target: Endpoint | undefined) {
    this.link = link;
    this.source = source;
    this.target = target;
  }
}

/** A process learns that one of its connections was broken off. */
export class BrokenOff extends ScheduledEvent {
  private readonly host: KernelHost;
  private readonly endpoint: Endpoint;

  constructor(cause: number, host: KernelHost, endpoint: Endpoint) {
    super(cause);
    this.host = host;
    this.endpoint = endpoint;
  }

  run(world: World): void {
    const { node } = this.host;
    if (!this.host.alive) return;
    if (node.paused) {
      node.backlog.push(this);
      return;
    }
    world.trace.open(world.time, node, "connection", "RST", this.cause);
    node.process?.onDisconnected(this.endpoint);
  }
}
