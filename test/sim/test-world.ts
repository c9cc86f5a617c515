/** A world of test processes that a test can hurt and ask, in a line each. Every message takes exactly {@link LATENCY_US}. */
import { markImmutable } from "../../src/base/immutable.ts";
import type { Micros } from "../../src/base/units.ts";
import { DEFAULT_DISK, type DiskSpec } from "../../src/sim/disk.ts";
import { constant } from "../../src/sim/distribution.ts";
import type { MessageWatch } from "../../src/sim/edits.ts";
import type { Connection, DomainEvent, Host, Message, NodeName, Process } from "../../src/sim/host.ts";
import type { KernelHost } from "../../src/sim/kernel-host.ts";
import type { ProcessFactory } from "../../src/sim/node.ts";
import { World, type WorldObserver, type WorldOptions } from "../../src/sim/world.ts";
import { Heard, TestProcess, Word } from "./test-process.ts";

const LATENCY_US: Micros = 100;

export type ProcessClass = new (host: Host) => Process;

export class FactoryOf implements ProcessFactory {
  private readonly processClass: ProcessClass;

  constructor(processClass: ProcessClass) {
    this.processClass = processClass;
  }

  create(host: KernelHost): Process {
    return new this.processClass(host);
  }
}
markImmutable(FactoryOf);

export interface Entry {
  readonly at: Micros;
  readonly node: NodeName | undefined;
  /** What a test process heard, or the kind of any other event. */
  readonly what: string;
}

/** Writes down every event, and does what a test wants to be done at one. */
class Journal implements WorldObserver {
  readonly entries: Entry[] = [];
  readonly reactions = new Map<string, () => void>();

  onEvent(world: World, node: NodeName | undefined, event: DomainEvent): void {
    const what = event instanceof Heard ? event.what : event.kind;
    this.entries.push({ at: world.time, node, what });
    this.reactions.get(what)?.();
  }

  onWatch(world: World, watch: MessageWatch, message: Message, from: NodeName, to: NodeName): void {
    const what = `${watch.name}: ${from}→${to} ${(message as Word).text}`;
    this.entries.push({ at: world.time, node: undefined, what });
    this.reactions.get(watch.name)?.();
  }
}

export interface TestWorldOptions extends Partial<WorldOptions> {
  /** Nodes and what runs on them; by default a and b, with test processes. */
  readonly nodes?: Readonly<Record<NodeName, ProcessClass>>;
  readonly zones?: Readonly<Record<NodeName, readonly string[]>>;
  readonly disk?: Partial<DiskSpec>;
}

export class TestWorld {
  readonly world: World;
  private readonly journal = new Journal();

  constructor(options: TestWorldOptions = {}) {
    const { nodes = { a: TestProcess, b: TestProcess }, zones, disk, ...rest } = options;
    this.world = new World({ seed: "test", latency: { default: constant(LATENCY_US) }, ...rest });
    this.world.observer = this.journal;
    for (const [name, processClass] of Object.entries(nodes)) {
      const spec = { name, zones: zones?.[name] ?? [], factory: new FactoryOf(processClass) };
      this.world.addNode(spec, { ...DEFAULT_DISK, ...disk });
      this.world.start(name);
    }
    this.run(0);
  }

  run(duration: Micros): void {
    this.world.runUntil(this.world.time + duration);
  }

  process<P extends TestProcess = TestProcess>(name: NodeName): P {
    const { process } = this.world.node(name);
    if (process === undefined) throw new Error(`${name} is down`);
    return process as P;
  }

  host(name: NodeName): Host {
    return this.process(name).host;
  }

  /** Opens a connection and waits until both ends know. */
  connect(from: NodeName, to: NodeName): Connection {
    const connection = this.host(from).connect(to);
    this.run(2 * LATENCY_US);
    return connection;
  }

  /** Says each word to the peer over the open connection between the two. */
  say(from: NodeName, to: NodeName, ...words: (string | Word)[]): void {
    const connection = this.process(from).open.get(to);
    if (connection === undefined) throw new Error(`${from} has no connection with ${to}`);
    for (const word of words) this.host(from).send(connection, typeof word === "string" ? new Word(word) : word);
  }

  /** Does `reaction` at the very moment at which `what` is reported, heard or watched. */
  when(what: string, reaction: () => void): void {
    this.journal.reactions.set(what, reaction);
  }

  /** What `node`, in all its incarnations, has heard since the last time this was asked. */
  heard(node: NodeName): string[] {
    return this.take((entry) => entry.node === node).map((entry) => entry.what);
  }

  /** The same with times. */
  heardAt(node: NodeName): [at: Micros, what: string][] {
    return this.take((entry) => entry.node === node).map((entry) => [entry.at, entry.what]);
  }

  /** What watches saw and what the world reported without naming a node. */
  seen(): string[] {
    return this.take((entry) => entry.node === undefined).map((entry) => entry.what);
  }

  /** Forgets what was heard so far. */
  hush(): void {
    this.take(() => true);
  }

  private take(wanted: (entry: Entry) => boolean): Entry[] {
    const { entries } = this.journal;
    const taken = entries.filter(wanted);
    const left = entries.filter((entry) => !wanted(entry));
    entries.splice(0, entries.length, ...left);
    return taken;
  }
}

/** a and b with a connection from a to b, and nothing heard yet. */
export function connectedPair(options: TestWorldOptions = {}): TestWorld {
  const t = new TestWorld(options);
  t.connect("a", "b");
  t.hush();
  return t;
}
