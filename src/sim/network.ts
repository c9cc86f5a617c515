/**
 * The network: connections over links.
 *
 * A connection is a pair of endpoints and a flow in each direction; a flow delivers its messages in the order in which they
 * were sent, whatever happens to each on the way, as TCP does. A link joins two nodes in one direction and owns latency,
 * bandwidth, cuts and clogs. A cut holds what is in flight, as retransmission would, until the cut heals or an end gives up.
 */
import type { Micros } from "../base/units.ts";
import { type Distribution, draw } from "./distribution.ts";
import type { Edit } from "./edits.ts";
import type { Connection, Message, NodeName } from "./host.ts";
import type { KernelHost } from "./kernel-host.ts";
import type { SimNode } from "./node.ts";
import type { RandomStream } from "./random.ts";
import { ScheduledEvent } from "./scheduled.ts";
import type { DeliveryName } from "./trace.ts";
import type { World } from "./world.ts";

/** Faults beyond TCP, by chance: of a million messages on a link, so many. */
export interface LinkChances {
  readonly dropPpm?: number;
  readonly duplicatePpm?: number;
  readonly delayPpm?: number;
  /** How long a delayed message takes longer, at most. */
  readonly delayUpToUs?: Micros;
}

/** One direction between two nodes. */
export class Link {
  readonly from: SimNode;
  readonly to: SimNode;
  latency: Distribution;
  /** 0 is unlimited. */
  bytesPerSecond = 0;
  /** Added to every latency. */
  slowedBy: Micros = 0;
  chances: LinkChances | undefined;
  /** Cuts in force; nothing arrives while there is one. */
  cuts = 0;
  /** Clogs in force; when the last one goes, everything arrives at once. */
  clogs = 0;
  /** What arrived meanwhile, in order. */
  parked: Delivery[] = [];
  private readonly stream: RandomStream;
  private readonly chanceStream: RandomStream;
  private sentByKind = new Map<string, number>();
  private busyUntil: Micros = 0;

  constructor(from: SimNode, to: SimNode, latency: Distribution, stream: RandomStream, chanceStream: RandomStream) {
    this.from = from;
    this.to = to;
    this.latency = latency;
    this.stream = stream;
    this.chanceStream = chanceStream;
  }

  get blocked(): boolean {
    return this.cuts > 0 || this.clogs > 0;
  }

  /** Counts a message of this kind: it is the nth. */
  count(kind: string): number {
    const nth = (this.sentByKind.get(kind) ?? 0) + 1;
    this.sentByKind.set(kind, nth);
    return nth;
  }

  /** How long a message that is sent now will be on its way. */
  delay(now: Micros, bytes: number): Micros {
    const latency = this.slowedBy + draw(this.latency, this.stream);
    if (this.bytesPerSecond === 0) return latency;
    this.busyUntil = Math.max(this.busyUntil, now) + Math.ceil((bytes * 1_000_000) / this.bytesPerSecond);
    return this.busyUntil - now + latency;
  }

  /** Whether chance hits with `ppm` in a million; draws only if it could. */
  hit(ppm: number | undefined): boolean {
    return ppm !== undefined && ppm > 0 && this.chanceStream.chance(ppm, 1_000_000);
  }

  /** A retransmission after a cut: the peer's timer has backed off, so it takes a while. */
  retransmissionDelay(backoffMax: Micros): Micros {
    return draw(this.latency, this.stream) + this.slowedBy + this.stream.below(backoffMax + 1);
  }

  extraDelay(upTo: Micros): Micros {
    return this.chanceStream.below(upTo + 1);
  }
}

/** One end of a connection. */
export class Endpoint implements Connection {
  readonly id: number;
  readonly host: KernelHost | undefined;
  readonly peer: NodeName;
  readonly outbound: boolean;
  attachment: unknown;
  /** `vanished`: its host lost power; whoever still sends here gets a reset once the host is back. */
  state: "connecting" | "open" | "closed" | "vanished" = "connecting";
  /** Carries what this end sends. */
  readonly out: Flow;
  other: Endpoint | undefined;
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
  target: Endpoint | undefined;
  source: Endpoint | undefined;
  /** Number of the next message to send, and of the next to hand over. */
  sent = 0;
  expected = 0;
  lastArrival: Micros = 0;
  /** Arrived before something sent earlier. */
  early: Delivery[] = [];

  constructor(link: Link) {
    this.link = link;
  }
}

/** A message of the transport itself. */
export type Signal = "SYN" | "SYN-ACK" | "FIN" | "RST";

class SignalMessage implements Message {
  readonly kind: Signal;
  readonly sizeInBytes = 40;

  constructor(kind: Signal) {
    this.kind = kind;
  }
}

const SIGNALS: { readonly [S in Signal]: Message } = {
  SYN: Object.freeze(new SignalMessage("SYN")),
  "SYN-ACK": Object.freeze(new SignalMessage("SYN-ACK")),
  FIN: Object.freeze(new SignalMessage("FIN")),
  RST: Object.freeze(new SignalMessage("RST")),
};

function isSignal(message: Message): message is SignalMessage {
  return message instanceof SignalMessage;
}

/** A message on its way. */
export class Delivery extends ScheduledEvent {
  readonly flow: Flow;
  readonly message: Message;
  /** Place in the flow; -1 outside of it (a duplicate, a straggler). */
  readonly place: number;
  readonly nth: number;
  beyondTcp: DeliveryName["beyondTcp"];
  /** Keeps its place but is never handed over. */
  lost = false;
  heldBy: Edit | undefined;

  constructor(cause: number, flow: Flow, message: Message, place: number, nth: number) {
    super(cause);
    this.flow = flow;
    this.message = message;
    this.place = place;
    this.nth = nth;
  }

  run(world: World): void {
    world.network.arrive(this);
  }
}

const RETRANSMISSION_BACKOFF_MAX: Micros = 200_000;

export class Network {
  private readonly world: World;
  private readonly links = new Map<NodeName, Map<NodeName, Link>>();
  private readonly edits: Edit[] = [];
  private held: Delivery[] = [];
  private nextConnectionId = 1;

  constructor(world: World) {
    this.world = world;
  }

  /** The link from one node to another, made on first use. */
  link(from: SimNode, to: SimNode): Link {
    let row = this.links.get(from.name);
    if (row === undefined) {
      row = new Map();
      this.links.set(from.name, row);
    }
    let link = row.get(to.name);
    if (link === undefined) {
      const name = `${from.name}→${to.name}`;
      const { world } = this;
      link = new Link(from, to, world.latencyBetween(from, to), world.stream(`network/${name}`), world.stream(`network-faults/${name}`));
      row.set(to.name, link);
    }
    return link;
  }

  connect(host: KernelHost, to: SimNode, attachment: unknown): Endpoint {
    const id = this.nextConnectionId++;
    const out = new Flow(this.link(host.node, to));
    const endpoint = new Endpoint(id, host, to.name, true, out, attachment);
    out.source = endpoint;
    host.endpoints.add(endpoint);
    this.transmit(out, SIGNALS.SYN);
    return endpoint;
  }

  send(endpoint: Endpoint, message: Message): void {
    if (endpoint.state === "open") this.transmit(endpoint.out, message);
    else if (endpoint.state === "connecting") endpoint.unsent.push(message);
  }

  /** This end is done: the other learns of it after a network delay. */
  close(endpoint: Endpoint, signal: "FIN" | "RST" = "FIN"): void {
    if (endpoint.state === "closed") return;
    endpoint.state = "closed";
    endpoint.unsent = [];
    endpoint.host?.endpoints.delete(endpoint);
    this.transmit(endpoint.out, SIGNALS[signal]);
  }

  /** This end has vanished without a word: its host lost power. */
  vanish(endpoint: Endpoint): void {
    endpoint.state = "vanished";
    endpoint.unsent = [];
  }

  /** The host knows nothing of this connection any more. */
  private answerByReset(vanished: Endpoint): void {
    vanished.state = "closed";
    this.transmit(vanished.out, SIGNALS.RST);
  }

  /** The connection breaks: this end learns at once, the other after a network delay. */
  breakOff(endpoint: Endpoint): void {
    if (endpoint.state === "closed") return;
    const { host } = endpoint;
    this.close(endpoint, "RST");
    if (host?.alive) host.node.process?.onDisconnected(endpoint);
  }

  /** A connection made by a process that is already dead. */
  deadEnd(to: SimNode, attachment: unknown): Endpoint {
    const endpoint = new Endpoint(0, undefined, to.name, true, new Flow(this.link(to, to)), attachment);
    endpoint.state = "closed";
    return endpoint;
  }

  addEdit(edit: Edit): void {
    this.edits.push(edit);
  }

  /** Lets go what the named edits hold. */
  release(name: string): number {
    const released = this.held.filter((delivery) => delivery.heldBy?.spec.name === name);
    this.held = this.held.filter((delivery) => delivery.heldBy?.spec.name !== name);
    for (const delivery of released) {
      delivery.heldBy = undefined;
      this.world.schedule(0, delivery);
    }
    return released.length;
  }

  // ---- cuts and clogs ----

  cut(from: SimNode, to: SimNode): void {
    this.link(from, to).cuts++;
  }

  heal(from: SimNode, to: SimNode): void {
    const link = this.link(from, to);
    if (link.cuts === 0) return;
    link.cuts--;
    if (!link.blocked) this.unpark(link, RETRANSMISSION_BACKOFF_MAX);
  }

  clog(from: SimNode, to: SimNode): void {
    this.link(from, to).clogs++;
  }

  unclog(from: SimNode, to: SimNode): void {
    const link = this.link(from, to);
    if (link.clogs === 0) return;
    link.clogs--;
    if (!link.blocked) this.unpark(link, undefined);
  }

  /** Every cut and clog between any two nodes ends. */
  healAll(): void {
    for (const row of this.links.values()) {
      for (const link of row.values()) {
        while (link.cuts > 0) this.heal(link.from, link.to);
        while (link.clogs > 0) this.unclog(link.from, link.to);
        link.slowedBy = 0;
      }
    }
  }

  /** A host got its power back: what was sent to it meanwhile is retransmitted, and answered by a reset. */
  powerReturned(to: SimNode): void {
    for (const row of this.links.values()) {
      const link = row.get(to.name);
      if (link !== undefined && !link.blocked) this.unpark(link, RETRANSMISSION_BACKOFF_MAX);
    }
  }

  private unpark(link: Link, backoffMax: Micros | undefined): void {
    const { parked } = link;
    link.parked = [];
    const delay = backoffMax === undefined || parked.length === 0 ? 0 : link.retransmissionDelay(backoffMax);
    for (const delivery of parked) {
      // A sender that has given up retransmits no more; only the news of its end goes on.
      if (delivery.flow.source?.state === "closed" && !isSignal(delivery.message)) delivery.lost = true;
      this.world.schedule(delay, delivery);
    }
  }

  // ---- sending and arriving ----

  private transmit(flow: Flow, message: Message): void {
    const { world } = this;
    const { link } = flow;
    const nth = world.namesDeliveries ? link.count(message.kind) : 0;
    const delivery = new Delivery(world.trace.step, flow, message, flow.sent++, nth);
    const now = world.time;
    // A flow is a queue: nothing arrives before what was sent ahead of it.
    let arrival = Math.max(now + link.delay(now, message.sizeInBytes), flow.lastArrival);
    if (this.edits.length > 0 && !isSignal(message)) arrival = this.edited(delivery, arrival);
    if (link.chances !== undefined && !isSignal(message)) arrival = this.chanced(delivery, arrival);
    if (world.watches.length > 0) world.notifySent(message, link);
    if (delivery.heldBy !== undefined) {
      this.held.push(delivery);
      return;
    }
    flow.lastArrival = Math.max(flow.lastArrival, arrival);
    world.schedule(arrival - now, delivery);
  }

  /** Applies the first edit that means this delivery; returns when it will arrive. */
  private edited(delivery: Delivery, arrival: Micros): Micros {
    const { link } = delivery.flow;
    for (const edit of this.edits) {
      if (!edit.takes(delivery.message, link.from.name, link.to.name, delivery.nth)) continue;
      const { action } = edit.spec;
      switch (action.do) {
        case "drop":
          delivery.lost = true;
          delivery.beyondTcp = "dropped";
          return arrival;
        case "delay":
          delivery.beyondTcp = "delayed";
          return arrival + action.byUs;
        case "hold":
          delivery.heldBy = edit;
          delivery.beyondTcp = "held";
          return arrival;
        case "duplicate":
          this.duplicate(delivery, arrival);
          return arrival;
        case "reorder":
          this.straggle(delivery, arrival + action.byUs);
          return arrival;
      }
    }
    return arrival;
  }

  private chanced(delivery: Delivery, arrival: Micros): Micros {
    const { link } = delivery.flow;
    const { dropPpm, duplicatePpm, delayPpm, delayUpToUs } = link.chances as LinkChances;
    if (link.hit(dropPpm)) {
      delivery.lost = true;
      delivery.beyondTcp = "dropped";
    }
    if (link.hit(duplicatePpm)) this.duplicate(delivery, arrival);
    if (!link.hit(delayPpm)) return arrival;
    delivery.beyondTcp = "delayed";
    return arrival + link.extraDelay(delayUpToUs ?? 0);
  }

  private duplicate(delivery: Delivery, arrival: Micros): void {
    const { flow } = delivery;
    const twin = new Delivery(delivery.cause, flow, delivery.message, -1, delivery.nth);
    twin.beyondTcp = "duplicated";
    this.world.schedule(arrival - this.world.time + 1, twin);
  }

  /** The message gives up its place and arrives outside of the flow's order. */
  private straggle(delivery: Delivery, arrival: Micros): void {
    const straggler = new Delivery(delivery.cause, delivery.flow, delivery.message, -1, delivery.nth);
    straggler.beyondTcp = "reordered";
    delivery.lost = true;
    this.world.schedule(arrival - this.world.time, straggler);
  }

  arrive(delivery: Delivery): void {
    const { flow } = delivery;
    const { link } = flow;
    if (link.blocked || !link.to.powered) {
      link.parked.push(delivery);
      return;
    }
    if (link.to.paused) {
      link.to.backlog.push(delivery);
      return;
    }
    if (delivery.place >= 0) {
      if (delivery.place !== flow.expected) {
        flow.early.push(delivery);
        return;
      }
      flow.expected++;
    }
    this.handOver(delivery);
    if (flow.early.length > 0) this.rescheduleNext(flow);
  }

  private rescheduleNext(flow: Flow): void {
    const index = flow.early.findIndex((early) => early.place === flow.expected);
    if (index < 0) return;
    const [next] = flow.early.splice(index, 1);
    this.world.schedule(0, next as Delivery);
  }

  private handOver(delivery: Delivery): void {
    const { flow, message } = delivery;
    const { world } = this;
    const { to } = flow.link;
    if (delivery.lost) {
      if (delivery.beyondTcp !== undefined) this.trace(delivery, "message");
      return;
    }
    if (isSignal(message)) {
      this.onSignal(delivery, message.kind);
      return;
    }
    const { target } = flow;
    if (target === undefined || target.state === "closed") return;
    if (target.state === "vanished") {
      this.answerByReset(target);
      return;
    }
    this.trace(delivery, "message");
    if (world.watches.length > 0) world.notifyDelivered(message, flow.link);
    if (target.host?.alive) to.process?.onMessage(target, message);
  }

  private trace(delivery: Delivery, kind: "message" | "connection"): void {
    const { world } = this;
    const { link } = delivery.flow;
    const name: DeliveryName | undefined =
      world.trace.level === "off"
        ? undefined
        : { from: link.from.name, nth: delivery.nth, ...(delivery.beyondTcp && { beyondTcp: delivery.beyondTcp }) };
    world.trace.open(world.time, link.to, kind, delivery.message.kind, delivery.cause, delivery.message, name);
  }

  private onSignal(delivery: Delivery, signal: Signal): void {
    if (signal === "SYN") this.onSyn(delivery);
    else if (signal === "SYN-ACK") this.onSynAck(delivery);
    else this.onEnd(delivery);
  }

  private onSyn(delivery: Delivery): void {
    const source = delivery.flow.source as Endpoint;
    const { to, from } = delivery.flow.link;
    this.trace(delivery, "connection");
    const back = new Flow(this.link(to, from));
    back.target = source;
    const { host } = to;
    if (host === undefined || !host.alive || !host.listening) {
      this.transmit(back, SIGNALS.RST);
      return;
    }
    const accepted = new Endpoint(source.id, host, from.name, false, back, undefined);
    back.source = accepted;
    accepted.state = "open";
    accepted.other = source;
    source.other = accepted;
    delivery.flow.target = accepted;
    host.endpoints.add(accepted);
    this.transmit(back, SIGNALS["SYN-ACK"]);
    to.process?.onConnected(accepted);
  }

  private onSynAck(delivery: Delivery): void {
    const endpoint = delivery.flow.target as Endpoint;
    if (endpoint.state !== "connecting") return;
    this.trace(delivery, "connection");
    endpoint.state = "open";
    const { unsent } = endpoint;
    endpoint.unsent = [];
    endpoint.host?.node.process?.onConnected(endpoint);
    for (const message of unsent) this.send(endpoint, message);
  }

  private onEnd(delivery: Delivery): void {
    const endpoint = delivery.flow.target;
    if (endpoint === undefined || endpoint.state === "closed" || endpoint.state === "vanished") return;
    this.trace(delivery, "connection");
    endpoint.state = "closed";
    endpoint.unsent = [];
    const { host } = endpoint;
    host?.endpoints.delete(endpoint);
    if (host?.alive) host.node.process?.onDisconnected(endpoint);
  }
}
