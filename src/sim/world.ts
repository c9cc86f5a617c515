/**
 * The world: nodes, the network between them, and what will happen next.
 *
 * A run is a pure function of seed, nodes and the actions done to it. {@link World.step} takes the next event, opens a step
 * in the trace and lets the node it belongs to react; everything that follows from it is scheduled with that step as cause.
 * The world is data: {@link forkOf} copies it, and the copy goes on exactly as the original would.
 */
import { assert } from "../base/assert.ts";
import type { Micros } from "../base/units.ts";
import { HostClock } from "./clock.ts";
import { DEFAULT_DISK, type DiskSpec, type PowerLossTail, StoredDisk } from "./disk.ts";
import type { Distribution } from "./distribution.ts";
import { type Edit, type EditSpec, type MessageWatch, matchesPattern } from "./edits.ts";
import { EventQueue, type QueueTicket } from "./event-queue.ts";
import type { DomainEvent, Message, NodeName } from "./host.ts";
import { type DiskDone, KernelHost } from "./kernel-host.ts";
import { DEFAULT_LATENCY, type LatencySpec, latencyBetween } from "./latency.ts";
import type { Link, LinkChances, LinkTrouble } from "./link.ts";
import { listMessagesUnderWay } from "./messages-under-way.ts";
import { Network } from "./network.ts";
import { type NodeSpec, SimNode } from "./node.ts";
import type { CutDirection, NodeEvent } from "./node-events.ts";
import { RandomStream } from "./random.ts";
import { ActionDue, type ScheduledEvent, ShutdownDue, StartDue, type WorldAction } from "./scheduled.ts";
import { type EventDigest, Trace, type TraceLevel } from "./trace.ts";
import type { MessageUnderWay } from "./under-way.ts";

/** Sees every fact as it is reported. It may act on the world at once. Part of the world's state: it is copied by a fork. */
export interface WorldObserver {
  onEvent(world: World, node: NodeName | undefined, event: DomainEvent): void;
  onWatch(world: World, watch: MessageWatch, message: Message, from: NodeName, to: NodeName): void;
}

export interface WorldOptions {
  readonly seed: string;
  readonly latency?: LatencySpec;
  readonly traceLevel?: TraceLevel;
  readonly eventDigest?: EventDigest;
  /** Counts deliveries by name from the start on, so that an edit that is added later can name one. */
  readonly nameDeliveries?: boolean;
}

export class World {
  readonly seed: string;
  readonly trace: Trace;
  readonly network: Network;
  observer: WorldObserver | undefined;
  readonly watches: MessageWatch[] = [];
  /** Held up on disks that are stalled. */
  stalledOperations: DiskDone[] = [];
  /** Whether deliveries are counted by name. Has no influence on what happens. */
  namesDeliveries: boolean;
  private readonly queue = new EventQueue<ScheduledEvent>();
  private readonly nodesByName = new Map<NodeName, SimNode>();
  private readonly latency: LatencySpec;

  constructor(options: WorldOptions) {
    this.seed = options.seed;
    this.latency = options.latency ?? DEFAULT_LATENCY;
    const level = options.traceLevel ?? "off";
    this.trace = new Trace(level, options.eventDigest);
    this.namesDeliveries = options.nameDeliveries === true || level !== "off";
    this.network = new Network(this);
  }

  /** Virtual time. */
  get time(): Micros {
    return this.queue.time;
  }

  /** Events still to come. */
  get pending(): number {
    return this.queue.size;
  }

  /** When the next event is due. */
  get nextEventAt(): Micros | undefined {
    return this.queue.peekTime();
  }

  // ---- running ----

  /** Lets the next event happen. False when there is none. */
  step(): boolean {
    const event = this.queue.pop();
    if (event === undefined) return false;
    event.run(this);
    this.trace.close();
    return true;
  }

  /** Lets everything happen that is due up to and including `until`, and time pass until then. */
  runUntil(until: Micros): void {
    for (let next = this.queue.peekTime(); next !== undefined && next <= until; next = this.queue.peekTime()) this.step();
    this.queue.advanceTo(until);
  }

  /** Lets time pass up to `until`, before which nothing is due. */
  letTimePass(until: Micros): void {
    this.queue.advanceTo(until);
  }

  schedule(delay: Micros, event: ScheduledEvent): QueueTicket {
    return this.queue.push(this.queue.time + delay, event);
  }

  cancel(ticket: QueueTicket): void {
    this.queue.cancel(ticket);
  }

  /** Does `action` after `delay`, as a step of its own. */
  do(delay: Micros, action: WorldAction): QueueTicket {
    return this.schedule(delay, new ActionDue(this.trace.step, action));
  }

  /** A new stream of this run. Two calls with one name give the same draws: keep the stream. */
  stream(name: string): RandomStream {
    return new RandomStream(this.seed, name);
  }

  /** A fact about `node`, from its process or from the kernel. */
  report(node: SimNode | undefined, event: DomainEvent): void {
    // What is done to the world from outside of any step is a step of its own.
    if (!this.trace.isOpen) this.trace.open(this.time, node, "action", event.kind, 0);
    this.trace.event(event);
    this.observer?.onEvent(this, node?.name, event);
  }

  private fact(node: SimNode | undefined, event: NodeEvent): void {
    this.report(node, event);
  }

  // ---- nodes ----

  addNode(spec: NodeSpec, disk: DiskSpec = DEFAULT_DISK): SimNode {
    assert(!this.nodesByName.has(spec.name), `a second node ${spec.name}`);
    const stored = new StoredDisk(disk, this.queue, this.stream(`disk/${spec.name}`));
    const node = new SimNode(spec, this.nodesByName.size, stored, new HostClock());
    this.nodesByName.set(spec.name, node);
    return node;
  }

  node(name: NodeName): SimNode {
    const node = this.nodesByName.get(name);
    assert(node !== undefined, `no node ${name}`);
    return node;
  }

  /** In order of creation. */
  nodes(): Iterable<SimNode> {
    return this.nodesByName.values();
  }

  /** Starts the node's process after `delay`, unless one runs by then; if that one is stopping, once it has stopped. */
  start(name: NodeName, delay: Micros = 0): void {
    this.schedule(delay, new StartDue(this.trace.step, this.node(name)));
  }

  startNow(node: SimNode, cause: number): void {
    if (node.running) {
      node.startsAgain = node.stopping;
      return;
    }
    this.trace.open(this.time, node, "start", "start", cause);
    if (!node.powered) {
      node.powered = true;
      this.network.powerReturned(node);
    }
    node.incarnation++;
    node.stopping = false;
    const host = new KernelHost(this, node);
    node.host = host;
    this.fact(node, { kind: "ProcessStarted", node: node.name, incarnation: node.incarnation });
    const process = node.factory.create(host);
    if (!host.alive) return;
    node.process = process;
    process.onStart();
  }

  /** The process dies at once; the page cache lives; its connections are reset. */
  crash(name: NodeName): void {
    const node = this.node(name);
    if (!node.running && node.host === undefined) return;
    this.drop(node, "RST");
    this.fact(node, { kind: "ProcessCrashed", node: name });
  }

  /** The host goes dark: nobody is told, and what was not on the platter is lost. */
  losePower(name: NodeName, tail: PowerLossTail = "lost"): void {
    const node = this.node(name);
    if (!node.powered) return;
    this.drop(node, undefined);
    node.powered = false;
    node.disk.losePower(tail);
    this.fact(node, { kind: "PowerLost", node: name });
  }

  /** Asks the process to stop by itself, as SIGTERM does. */
  requestShutdown(name: NodeName): void {
    const node = this.node(name);
    if (node.host === undefined) return;
    node.stopping = true;
    this.schedule(0, new ShutdownDue(this.trace.step, node.host));
  }

  processExits(node: SimNode, reason: string): void {
    this.drop(node, "FIN");
    this.fact(node, { kind: "ProcessExited", node: node.name, reason });
  }

  /** The process stands still: its timers fire late, its messages wait. */
  pause(name: NodeName): void {
    const node = this.node(name);
    if (!node.running || node.paused) return;
    node.paused = true;
    this.fact(node, { kind: "Paused", node: name });
  }

  resume(name: NodeName): void {
    const node = this.node(name);
    if (!node.paused) return;
    node.paused = false;
    this.fact(node, { kind: "Resumed", node: name });
    const { backlog } = node;
    node.backlog = [];
    for (const event of backlog) this.schedule(0, event);
  }

  /** Empties the disk of a node that is down. */
  wipe(name: NodeName): void {
    const node = this.node(name);
    assert(!node.running, `wipe of ${name}, which is running`);
    node.disk.wipe();
    this.fact(node, { kind: "DiskWiped", node: name });
  }

  stallDisk(name: NodeName, stalled: boolean): void {
    const node = this.node(name);
    node.disk.stall(stalled);
    if (stalled) return;
    const released = this.stalledOperations.filter((operation) => operation.belongsTo(node));
    this.stalledOperations = this.stalledOperations.filter((operation) => !operation.belongsTo(node));
    for (const operation of released) this.schedule(0, operation);
  }

  adjustClock(name: NodeName, change: { readonly jump?: Micros; readonly driftPpm?: number }): void {
    this.node(name).clock.adjust(this.time, change);
  }

  private drop(node: SimNode, signal: "FIN" | "RST" | undefined): void {
    const { host } = node;
    node.process = undefined;
    node.host = undefined;
    node.paused = false;
    if (host === undefined) return;
    host.alive = false;
    for (const endpoint of host.endpoints) {
      if (signal === undefined) this.network.vanish(endpoint);
      else this.network.close(endpoint, signal);
    }
    // What waited for the process is for nobody now; what waited in its sockets still has a place in its flow.
    const { backlog } = node;
    node.backlog = [];
    for (const event of backlog) this.schedule(0, event);
    // Without power nothing starts by itself.
    if (node.startsAgain && signal !== undefined) this.start(node.name);
    node.startsAgain = false;
  }

  // ---- links ----

  latencyBetween(from: SimNode, to: SimNode): Distribution {
    return latencyBetween(this.latency, from, to);
  }

  cut(a: NodeName, b: NodeName, direction: CutDirection = "both"): void {
    const [from, to] = [this.node(a), this.node(b)];
    if (direction !== "to") this.network.cut(from, to);
    if (direction !== "from") this.network.cut(to, from);
    this.fact(undefined, { kind: "LinkCut", a, b, direction });
  }

  heal(a: NodeName, b: NodeName, direction: CutDirection = "both"): void {
    const [from, to] = [this.node(a), this.node(b)];
    if (direction !== "to") this.network.heal(from, to);
    if (direction !== "from") this.network.heal(to, from);
    this.fact(undefined, { kind: "LinkHealed", a, b, direction });
  }

  /** Every cut, clog and slowness ends: everywhere, or on the links of `name`. */
  healAll(name?: NodeName): void {
    for (const link of this.network.healAll(name)) {
      this.fact(undefined, { kind: "LinkHealed", a: link.from.name, b: link.to.name, direction: "from" });
    }
  }

  setLatency(a: NodeName, b: NodeName, latency: Distribution): void {
    for (const link of this.bothWays(a, b)) link.latency = latency;
  }

  slowLink(a: NodeName, b: NodeName, by: Micros): void {
    for (const link of this.bothWays(a, b)) link.slowedBy = by;
  }

  limitBandwidth(a: NodeName, b: NodeName, bytesPerSecond: number): void {
    for (const link of this.bothWays(a, b)) link.bytesPerSecond = bytesPerSecond;
  }

  setChances(a: NodeName, b: NodeName, chances: LinkChances): void {
    for (const link of this.bothWays(a, b)) link.chances = chances;
  }

  /** Everything between two nodes waits, and arrives in one burst when unclogged. */
  clog(a: NodeName, b: NodeName): void {
    this.network.clog(this.node(a), this.node(b));
    this.network.clog(this.node(b), this.node(a));
  }

  unclog(a: NodeName, b: NodeName): void {
    this.network.unclog(this.node(a), this.node(b));
    this.network.unclog(this.node(b), this.node(a));
  }

  /** Every connection between two nodes breaks. */
  resetConnections(a: NodeName, b: NodeName): void {
    for (const [node, peer] of [
      [this.node(a), b],
      [this.node(b), a],
    ] as const) {
      const { host } = node;
      if (host === undefined) continue;
      for (const endpoint of [...host.endpoints]) if (endpoint.peer === peer) this.network.breakOff(endpoint);
    }
  }

  private bothWays(a: NodeName, b: NodeName): [Link, Link] {
    const [from, to] = [this.node(a), this.node(b)];
    return [this.network.link(from, to), this.network.link(to, from)];
  }

  /** The links on which something is wrong now, each in its one direction; in a fixed order. */
  troubledLinks(): LinkTrouble[] {
    return this.network.allLinks().flatMap((link) => link.trouble ?? []);
  }

  /** Every message that was sent and has not arrived; see {@link listMessagesUnderWay} for the order. */
  messagesUnderWay(): MessageUnderWay[] {
    return listMessagesUnderWay(this.queue.inOrder(), this.network, this.nodes());
  }

  // ---- edits and watches ----

  addEdit(spec: EditSpec): Edit {
    const counted = this.namesDeliveries || this.trace.step === 0;
    assert(
      spec.nthOnLink === undefined || counted,
      `edit ${spec.name} names a delivery, but they were not counted from the start`,
    );
    this.namesDeliveries = counted;
    return this.network.tampering.addEdit(spec);
  }

  /** Lets go what the edits of this name hold; returns how many messages. They hold no more from now on. */
  release(name: string): number {
    return this.network.tampering.release(name);
  }

  /** Lets go whatever any edit holds. */
  releaseAll(): void {
    for (const { spec } of [...this.network.tampering.edits]) if (spec.action.do === "hold") this.release(spec.name);
  }

  /** The edits of this name apply to nothing more; what they hold stays held. */
  retireEdit(name: string): void {
    this.network.tampering.retire(name);
  }

  /** Edits that never found the delivery they name. */
  unusedEdits(): EditSpec[] {
    return this.network.tampering.edits.filter((edit) => edit.applied === 0).map((edit) => edit.spec);
  }

  watch(watch: MessageWatch): void {
    this.watches.push(watch);
  }

  unwatch(name: string): void {
    const index = this.watches.findIndex((watch) => watch.name === name);
    if (index >= 0) this.watches.splice(index, 1);
  }

  notifyWatches(moment: MessageWatch["moment"], message: Message, link: Link): void {
    for (const watch of [...this.watches]) {
      if (watch.moment !== moment || !matchesPattern(watch.pattern, message, link.from.name, link.to.name)) continue;
      this.observer?.onWatch(this, watch, message, link.from.name, link.to.name);
    }
  }
}
