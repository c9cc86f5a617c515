/** Work that takes time, done one thing after the other: what makes a server with much to do answer late. */
import type { Micros } from "../../base/units.ts";
import type { Host, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import { Fifo } from "./fifo.ts";

export interface Service<T> {
  /** The work on `item` is done. */
  serve(item: T): void;
}

export class ServiceQueue<T> implements TimerTarget {
  private readonly host: Host;
  /** Shown in traces. */
  private readonly kind: string;
  private readonly service: Service<T>;
  private readonly waiting = new Fifo<{ readonly item: T; readonly cost: Micros }>();
  private timer: TimerId = 0;

  constructor(host: Host, kind: string, service: Service<T>) {
    this.host = host;
    this.kind = kind;
    this.service = service;
  }

  get isIdle(): boolean {
    return this.timer === 0;
  }

  /** Done at once if it costs nothing and nothing is ahead of it. */
  add(item: T, cost: Micros): void {
    if (this.timer === 0 && cost === 0) {
      this.service.serve(item);
      return;
    }
    this.waiting.push({ item, cost });
    if (this.timer === 0) this.arm(cost);
  }

  stop(): void {
    if (this.timer !== 0) this.host.cancelTimer(this.timer);
    this.timer = 0;
    this.waiting.clear();
  }

  onTimer(_timer: Timer): void {
    const done = this.waiting.shift() as { readonly item: T };
    this.timer = 0;
    const next = this.waiting.peek();
    if (next !== undefined) this.arm(next.cost);
    this.service.serve(done.item);
  }

  private arm(cost: Micros): void {
    this.timer = this.host.setTimer(cost, { kind: this.kind, target: this });
  }
}
