/** The kernel with processes that do nothing but answer: connections, order, latencies from named streams and the hash chain are on, the trace is off. */
import { markImmutable } from "../src/base/immutable.ts";
import type { Connection, DiskOperation, Host, Message, NodeName, Process, Timer } from "../src/sim/host.ts";
import { World } from "../src/sim/world.ts";
import { LATENCY_HIGH_US, LATENCY_LOW_US, NODES } from "./shape.ts";

class Ball implements Message {
  readonly kind = "Ball";
  readonly sizeInBytes = 100;
  readonly hops: number;

  constructor(hops: number) {
    this.hops = hops;
  }
}
markImmutable(Ball);

/** Opens connections to all its peers, serves a few balls on each, and returns every ball. */
class Player implements Process {
  private readonly host: Host;
  private readonly peers: readonly NodeName[];
  private readonly serves: number;

  constructor(host: Host, peers: readonly NodeName[], serves: number) {
    this.host = host;
    this.peers = peers;
    this.serves = serves;
  }

  onStart(): void {
    this.host.listen();
    for (const peer of this.peers) this.host.connect(peer);
  }

  onConnected(connection: Connection): void {
    if (!connection.outbound) return;
    for (let i = 0; i < this.serves; i++) this.host.send(connection, new Ball(0));
  }

  onMessage(connection: Connection, message: Message): void {
    this.host.send(connection, new Ball((message as Ball).hops + 1));
  }

  onDisconnected(_connection: Connection): void {}
  onTimer(_timer: Timer): void {}
  onDiskDone(_operation: DiskOperation, _ok: boolean): void {}
  onShutdownRequested(): void {}
}

/** Lets `events` messages be delivered, about `inFlight` at a time; returns how many were. */
export function runKernelLoop(events: number, inFlight: number): number {
  const world = new World({
    seed: "bench",
    latency: { default: { kind: "uniform", low: LATENCY_LOW_US, high: LATENCY_HIGH_US } },
  });
  const names = Array.from({ length: NODES }, (_, i) => `node-${i}`);
  const serves = Math.round(inFlight / (NODES * (NODES - 1)));
  for (const name of names) {
    const peers = names.filter((peer) => peer !== name);
    world.addNode({ name, factory: { create: (host) => new Player(host, peers, serves) } });
    world.start(name);
  }
  const before = world.trace.step;
  while (world.trace.step - before < events && world.step());
  return world.trace.step - before;
}
