/**
 * Small worlds in which everything happens: processes that talk, write, wait and give up at random, and faults of every sort.
 * For properties that must hold of any run.
 */
import { fc } from "@fast-check/vitest";
import { type Micros, ms } from "../../src/base/units.ts";
import type { PowerLossTail } from "../../src/sim/disk.ts";
import type { EditAction } from "../../src/sim/edits.ts";
import type { Connection, Message, NodeName, Timer, TimerId } from "../../src/sim/host.ts";
import type { WorldAction } from "../../src/sim/scheduled.ts";
import type { TraceLevel } from "../../src/sim/trace.ts";
import { World } from "../../src/sim/world.ts";
import { TestProcess, Word } from "./test-process.ts";
import { FactoryOf } from "./test-world.ts";

const NODES = ["a", "b", "c"] as const;
const PATIENCE: Micros = ms(3);

/** Draws what to do next whenever anything happens to it. */
class Gossip extends TestProcess {
  /** Timers that it may still want to cancel. */
  private readonly reconnects: TimerId[] = [];
  private writes = 0;

  override onStart(): void {
    super.onStart();
    // What it finds on the disk decides how it goes on, so a difference there shows.
    this.writes = this.host.disk.appendFile<number>("log").length;
    this.wakeUpLater();
    for (const peer of NODES) if (peer !== this.host.name) this.host.connect(peer);
  }

  override onConnected(connection: Connection): void {
    super.onConnected(connection);
    this.talk(connection);
  }

  override onMessage(connection: Connection, message: Message): void {
    super.onMessage(connection, message);
    if (this.dice(4) > 0) this.talk(connection);
    if (this.dice(10) === 0) this.host.close(connection);
  }

  override onDisconnected(connection: Connection): void {
    super.onDisconnected(connection);
    this.reconnects.push(this.host.setTimer(this.dice(PATIENCE), { kind: "reconnect", target: this }));
  }

  override onTimer(timer: Timer): void {
    super.onTimer(timer);
    if (timer.kind === "wake up") this.wakeUpLater();
    this.write();
    const peers = NODES.filter((name) => name !== this.host.name && !this.open.has(name));
    if (peers.length > 0) this.host.connect(this.host.random("gossip").pick(peers));
    for (const connection of this.open.values()) if (this.dice(2) === 0) this.talk(connection);
    if (this.dice(3) === 0) this.host.cancelTimer(this.reconnects.shift() ?? 0);
  }

  override onShutdownRequested(): void {
    super.onShutdownRequested();
    this.host.exit("asked to");
  }

  private talk(connection: Connection): void {
    this.host.send(connection, new Word(`${this.writes} ${this.dice(100)}`, this.dice(2) === 0 ? "Rumour" : "News"));
  }

  private wakeUpLater(): void {
    this.host.setTimer(1 + this.dice(PATIENCE), { kind: "wake up", target: this });
  }

  private write(): void {
    const { disk } = this.host;
    if (!disk.admit(10, { kind: "write", target: this })) return;
    const log = disk.appendFile<number>("log");
    if (log.append(this.writes, 10)) this.writes++;
    if (this.dice(5) === 0) log.truncate(this.dice(log.length + 1));
    if (this.dice(3) === 0) disk.fsync(log, { kind: "fsync", target: this });
    disk.valueFile<number>("writes").write(this.writes);
  }

  private dice(sides: number): number {
    return this.host.random("gossip").below(sides);
  }
}

export type Fault =
  | { readonly kind: "crash" | "start" | "pause" | "resume" | "stop"; readonly node: NodeName }
  | { readonly kind: "power loss"; readonly node: NodeName; readonly tail: PowerLossTail }
  | { readonly kind: "cut" | "heal" | "clog" | "unclog" | "reset"; readonly node: NodeName; readonly peer: NodeName }
  | { readonly kind: "stall" | "unstall" | "break disk" | "mend disk"; readonly node: NodeName }
  | { readonly kind: "drift"; readonly node: NodeName; readonly ppm: number }
  | { readonly kind: "luck"; readonly node: NodeName; readonly peer: NodeName; readonly ppm: number }
  | { readonly kind: "edit"; readonly action: EditAction; readonly name: string }
  | { readonly kind: "release"; readonly name: string };

export class FaultAction implements WorldAction {
  readonly label: string;
  private readonly fault: Fault;

  constructor(fault: Fault) {
    this.label = fault.kind;
    this.fault = fault;
  }

  run(world: World): void {
    const { fault } = this;
    switch (fault.kind) {
      case "crash":
        world.crash(fault.node);
        break;
      case "start":
        world.start(fault.node);
        break;
      case "pause":
        world.pause(fault.node);
        break;
      case "resume":
        world.resume(fault.node);
        break;
      case "stop":
        world.requestShutdown(fault.node);
        break;
      case "power loss":
        world.losePower(fault.node, fault.tail);
        break;
      case "cut":
        world.cut(fault.node, fault.peer);
        break;
      case "heal":
        world.heal(fault.node, fault.peer);
        break;
      case "clog":
        world.clog(fault.node, fault.peer);
        break;
      case "unclog":
        world.unclog(fault.node, fault.peer);
        break;
      case "reset":
        world.resetConnections(fault.node, fault.peer);
        break;
      case "stall":
      case "unstall":
        world.stallDisk(fault.node, fault.kind === "stall");
        break;
      case "break disk":
      case "mend disk":
        world.node(fault.node).disk.failIo(fault.kind === "break disk");
        break;
      case "drift":
        world.adjustClock(fault.node, { driftPpm: fault.ppm });
        break;
      case "luck": {
        const { ppm } = fault;
        const upTo = PATIENCE;
        const chances = {
          dropPpm: ppm,
          duplicatePpm: ppm,
          delayPpm: ppm,
          delayUpToUs: upTo,
          reorderPpm: ppm,
          reorderUpToUs: upTo,
        };
        world.setChances(fault.node, fault.peer, chances);
        break;
      }
      case "edit":
        world.addEdit({ name: fault.name, pattern: { kind: "News" }, action: fault.action, times: 2 });
        break;
      case "release":
        world.release(fault.name);
    }
  }
}

export interface Plan {
  readonly seed: string;
  readonly faults: readonly { readonly at: Micros; readonly fault: Fault }[];
}

const node = fc.constantFrom<NodeName>(...NODES);
const pair = fc.constantFrom<readonly [NodeName, NodeName]>(["a", "b"], ["b", "c"], ["c", "a"]);
const name = fc.constantFrom("edit 1", "edit 2");
const action = fc.constantFrom<EditAction>(
  { do: "drop" },
  { do: "hold" },
  { do: "duplicate" },
  { do: "delay", byUs: 700 },
  { do: "reorder", byUs: 700 },
);

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("crash" as const, "start" as const, "pause" as const, "resume" as const, "stop" as const),
    node,
  }),
  fc.record({ kind: fc.constant("power loss" as const), node, tail: fc.constantFrom<PowerLossTail>("lost", "torn", "random") }),
  fc
    .tuple(fc.constantFrom("cut" as const, "heal" as const, "clog" as const, "unclog" as const, "reset" as const), pair)
    .map(([kind, [of, peer]]) => ({ kind, node: of, peer })),
  fc.record({ kind: fc.constantFrom("stall" as const, "unstall" as const, "break disk" as const, "mend disk" as const), node }),
  fc.record({ kind: fc.constant("drift" as const), node, ppm: fc.integer({ min: -100_000, max: 100_000 }) }),
  fc.tuple(pair, fc.nat(300_000)).map(([[of, peer], ppm]) => ({ kind: "luck" as const, node: of, peer, ppm })),
  fc.record({ kind: fc.constant("edit" as const), action, name }),
  fc.record({ kind: fc.constant("release" as const), name }),
);

export const plans: fc.Arbitrary<Plan> = fc.record({
  seed: fc.string({ maxLength: 8 }),
  faults: fc.array(fc.record({ at: fc.nat(ms(20)), fault }), { maxLength: 12 }),
});

/** How long a gossip world is watched: all faults, and a while after them. */
export const WATCHED: Micros = ms(30);

export function gossipWorld(plan: Plan, traceLevel: TraceLevel = "off"): World {
  const world = new World({ seed: plan.seed, traceLevel });
  for (const name of NODES) {
    world.addNode({ name, factory: new FactoryOf(Gossip) });
    world.start(name);
  }
  for (const { at, fault } of plan.faults) world.do(at, new FaultAction(fault));
  return world;
}
