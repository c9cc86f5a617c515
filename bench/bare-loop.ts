/**
 * The floor under every figure: a bare loop over the kernel's own queue, with one small message object and one class method per event.
 * No network, no trace, no hash, no named stream: what is left is what a simulator can't do without.
 */
import { EventQueue } from "../src/sim/event-queue.ts";
import { LATENCY_HIGH_US, LATENCY_LOW_US, NODES } from "./shape.ts";

class BareMessage {
  readonly from: number;
  readonly to: number;
  readonly hops: number;

  constructor(from: number, to: number, hops: number) {
    this.from = from;
    this.to = to;
    this.hops = hops;
  }
}

/** xorshift32: as little randomness as keeps the queue from degenerating into a list. */
class Latencies {
  private state = 0x2545f491;

  next(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return LATENCY_LOW_US + ((this.state >>> 0) % (LATENCY_HIGH_US - LATENCY_LOW_US + 1));
  }
}

class BareNode {
  received = 0;
  private readonly queue: EventQueue<BareMessage>;
  private readonly latencies: Latencies;

  constructor(queue: EventQueue<BareMessage>, latencies: Latencies) {
    this.queue = queue;
    this.latencies = latencies;
  }

  onMessage(message: BareMessage): void {
    this.received++;
    this.queue.push(this.queue.time + this.latencies.next(), new BareMessage(message.to, message.from, message.hops + 1));
  }
}

/** Lets `events` messages be delivered, `inFlight` at a time; returns how many were. */
export function runBareLoop(events: number, inFlight: number): number {
  const queue = new EventQueue<BareMessage>();
  const latencies = new Latencies();
  const nodes = Array.from({ length: NODES }, () => new BareNode(queue, latencies));
  for (let i = 0; i < inFlight; i++) queue.push(latencies.next(), new BareMessage(i % NODES, (i * 7 + 1) % NODES, 0));
  for (let i = 0; i < events; i++) {
    const message = queue.pop();
    if (message === undefined) break;
    nodes[message.to]?.onMessage(message);
  }
  return nodes.reduce((sum, node) => sum + node.received, 0);
}
