/**
 * The network: how messages travel over the links between nodes, and how connections begin and end.
 *
 * A cut holds what is in flight, as retransmission would, until the cut heals or the sender gives up and closes. A host
 * without power answers nothing; once it is back, it answers by a reset whatever belongs to a connection it has forgotten.
 */
import type { Micros } from "../base/units.ts";
import { BrokenOff, Endpoint, Flow } from "./connection.ts";
import { Delivery } from "./delivery.ts";
import type { Message, NodeName } from "./host.ts";
import type { KernelHost } from "./kernel-host.ts";
import { Link } from "./link.ts";
import type { SimNode } from "./node.ts";
import { isSignal, SIGNALS, type Signal } from "./signal.ts";
import { Tampering } from "./tampering.ts";
import type { DeliveryName } from "./trace.ts";
import type { World } from "./world.ts";

const RETRANSMISSION_BACKOFF_MAX: Micros = 200_000;

export class Network {
  readonly tampering: Tampering;
  private readonly world: World;
  private readonly links = new Map<NodeName, Map<NodeName, Link>>();
  private nextConnectionId = 1;

  constructor(world: World) {
    this.world = world;
    this.tampering = new Tampering(world);
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
      link = new Link(
        from,
        to,
        world.latencyBetween(from, to),
        world.stream(`network/${name}`),
        world.stream(`network-faults/${name}`),
      );
      row.set(to.name, link);
    }
    return link;
  }

  /** In order of creation, by sender. */
  allLinks(): Link[] {
    return [...this.links.values()].flatMap((row) => [...row.values()]);
  }

  // ---- what a process asks for ----

  connect(host: KernelHost, to: SimNode, attachment: unknown): Endpoint {
    const out = new Flow(this.link(host.node, to), undefined, undefined);
    const endpoint = new Endpoint(this.nextConnectionId++, host, to.name, true, out, attachment);
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
    this.forget(endpoint);
    this.transmit(endpoint.out, SIGNALS[signal]);
  }

  /** A connection made by a process that is already dead. */
  deadEnd(to: SimNode, attachment: unknown): Endpoint {
    const endpoint = new Endpoint(0, undefined, to.name, true, new Flow(this.link(to, to), undefined, undefined), attachment);
    endpoint.state = "closed";
    return endpoint;
  }

  private forget(endpoint: Endpoint): void {
    endpoint.state = "closed";
    endpoint.unsent = [];
    endpoint.host?.endpoints.delete(endpoint);
  }

  // ---- what is done to connections ----

  /** This end has vanished without a word: its host lost power. */
  vanish(endpoint: Endpoint): void {
    endpoint.state = "vanished";
    endpoint.unsent = [];
  }

  /** The connection breaks: this end learns at once, the other after a network delay. */
  breakOff(endpoint: Endpoint): void {
    const { host } = endpoint;
    if (endpoint.state === "closed" || host === undefined) return;
    this.close(endpoint, "RST");
    this.world.schedule(0, new BrokenOff(this.world.trace.step, host, endpoint));
  }

  cut(from: SimNode, to: SimNode): void {
    this.link(from, to).cuts++;
  }

  heal(from: SimNode, to: SimNode): void {
    const link = this.link(from, to);
    if (link.cuts === 0) return;
    link.cuts--;
    if (!link.blocked) this.retransmitParked(link);
  }

  clog(from: SimNode, to: SimNode): void {
    this.link(from, to).clogs++;
  }

  unclog(from: SimNode, to: SimNode): void {
    const link = this.link(from, to);
    if (link.clogs === 0) return;
    link.clogs--;
    if (!link.blocked) this.letParkedGo(link, 0);
  }

  /** Every cut, clog and slowness ends, everywhere or on the links of `name`; returns the links that were blocked. */
  healAll(name?: NodeName): Link[] {
    const healed: Link[] = [];
    for (const row of this.links.values()) {
      for (const link of row.values()) {
        if (name !== undefined && link.from.name !== name && link.to.name !== name) continue;
        if (link.blocked) healed.push(link);
        while (link.cuts > 0) this.heal(link.from, link.to);
        while (link.clogs > 0) this.unclog(link.from, link.to);
        link.slowedBy = 0;
        link.mended++;
      }
    }
    return healed;
  }

  /** A host got its power back: what was sent to it meanwhile is retransmitted. */
  powerReturned(to: SimNode): void {
    for (const row of this.links.values()) {
      const link = row.get(to.name);
      if (link !== undefined && !link.blocked) this.retransmitParked(link);
    }
  }

  private retransmitParked(link: Link): void {
    if (link.parked.length === 0) return;
    // A sender that has given up, or lost its power, retransmits no more; only the news of its end goes on.
    for (const delivery of link.parked) {
      const state = delivery.flow.source?.state;
      if ((state === "closed" || state === "vanished") && !isSignal(delivery.message)) delivery.lost = true;
    }
    this.letParkedGo(link, link.retransmissionDelay(RETRANSMISSION_BACKOFF_MAX));
  }

  private letParkedGo(link: Link, delay: Micros): void {
    const { parked } = link;
    link.parked = [];
    for (const delivery of parked) this.world.schedule(delay, delivery);
  }

  // ---- sending and arriving ----

  private transmit(flow: Flow, message: Message, cause = this.world.trace.step): void {
    const { world } = this;
    const { link } = flow;
    const nth = world.namesDeliveries ? link.count(message.kind) : 0;
    const delivery = new Delivery(cause, flow, message, flow.sent++, nth);
    const now = world.time;
    // A flow is a queue: nothing arrives before what was sent ahead of it.
    const ordinary = Math.max(now + link.delay(now, message.sizeInBytes), flow.lastArrival);
    const tampered = (link.chances !== undefined || this.tampering.edits.length > 0) && !isSignal(message);
    const arrival = tampered ? this.tampering.tamper(delivery, ordinary) : ordinary;
    if (arrival !== undefined) {
      flow.lastArrival = arrival;
      world.schedule(arrival - now, delivery);
    }
    if (world.watches.length > 0 && !isSignal(message)) world.notifyWatches("sent", message, link);
  }

  arrive(delivery: Delivery): void {
    const { flow } = delivery;
    const { link } = flow;
    if (link.cuts > 0 || link.clogs > 0 || !link.to.powered) {
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
    if (delivery.lost) {
      if (delivery.beyondTcp === "dropped") this.trace(delivery, "message");
      return;
    }
    if (isSignal(message)) {
      this.onSignal(delivery, message.kind);
      return;
    }
    const { target } = flow;
    if (target === undefined || target.state === "closed") return;
    if (target.state === "vanished") {
      this.answerByReset(target, delivery.cause);
      return;
    }
    this.trace(delivery, "message");
    if (world.watches.length > 0) world.notifyWatches("delivered", message, flow.link);
    if (target.host?.alive) flow.link.to.process?.onMessage(target, message);
  }

  private trace(delivery: Delivery, kind: "message" | "connection"): void {
    const { world } = this;
    const { message, nth, beyondTcp } = delivery;
    const { from, to } = delivery.flow.link;
    const name: DeliveryName | undefined =
      world.trace.level === "off" ? undefined : { from: from.name, nth, ...(beyondTcp !== undefined && { beyondTcp }) };
    world.trace.open(world.time, to, kind, message.kind, delivery.cause, message, name);
  }

  // ---- how connections begin and end ----

  private onSignal(delivery: Delivery, signal: Signal): void {
    if (signal === "SYN") this.onSyn(delivery);
    else if (signal === "SYN-ACK") this.onSynAck(delivery);
    else this.onEnd(delivery);
  }

  private onSyn(delivery: Delivery): void {
    const source = delivery.flow.source as Endpoint;
    const { to, from } = delivery.flow.link;
    this.trace(delivery, "connection");
    const { host } = to;
    const back = new Flow(this.link(to, from), undefined, source);
    if (host === undefined || !host.alive || !host.listening) {
      this.transmit(back, SIGNALS.RST);
      return;
    }
    const accepted = new Endpoint(source.id, host, from.name, false, back, undefined);
    back.source = accepted;
    accepted.state = "open";
    delivery.flow.target = accepted;
    host.endpoints.add(accepted);
    this.transmit(back, SIGNALS["SYN-ACK"]);
    to.process?.onConnected(accepted);
  }

  private onSynAck(delivery: Delivery): void {
    const endpoint = delivery.flow.target as Endpoint;
    if (endpoint.state === "vanished") this.answerByReset(endpoint, delivery.cause);
    if (endpoint.state !== "connecting") return;
    this.trace(delivery, "connection");
    endpoint.state = "open";
    const { unsent } = endpoint;
    endpoint.unsent = [];
    // What was sent first goes out first: before whatever the process sends now that it knows.
    for (const message of unsent) this.send(endpoint, message);
    if (endpoint.host?.alive) endpoint.host.node.process?.onConnected(endpoint);
  }

  private onEnd(delivery: Delivery): void {
    const endpoint = delivery.flow.target;
    if (endpoint === undefined || endpoint.state === "closed" || endpoint.state === "vanished") return;
    this.trace(delivery, "connection");
    this.forget(endpoint);
    const { host } = endpoint;
    if (host?.alive) host.node.process?.onDisconnected(endpoint);
  }

  /** The host knows nothing of this connection any more. */
  private answerByReset(vanished: Endpoint, cause: number): void {
    vanished.state = "closed";
    this.transmit(vanished.out, SIGNALS.RST, cause);
  }
}
