/**
 * The thread of a KRaft controller: one event after the other, and while it makes records the rest waits.
 *
 * It is busy for a while for each record of an event; only then do the records go to Raft, and the next event has its turn. Where a
 * record takes no time nothing ever waits. Source: KafkaEventQueue, QuorumController.ControllerWriteEvent.
 */
import { assert } from "../../base/assert.ts";
import type { Micros } from "../../base/units.ts";
import type { Host, Timer, TimerId, TimerTarget } from "../../sim/host.ts";

export interface ControllerThreadOwner<E, W> {
  /** It is the event's turn. */
  takeUp(event: E): void;
  /** The time for making what was to be made is over. */
  onMade(work: W): void;
}

/** `E`: what may have to wait. `W`: what the owner needs to know when records have been made. */
export class ControllerThread<E, W> implements TimerTarget {
  private readonly host: Host;
  private readonly recordCost: Micros;
  private readonly owner: ControllerThreadOwner<E, W>;
  private work: W | undefined = undefined;
  private timer: TimerId = 0;
  private waiting: E[] = [];

  constructor(host: Host, recordCost: Micros, owner: ControllerThreadOwner<E, W>) {
    this.host = host;
    this.recordCost = recordCost;
    this.owner = owner;
  }

  submit(event: E): void {
    if (this.work === undefined && this.waiting.length === 0) this.owner.takeUp(event);
    else this.waiting.push(event);
  }

  /** From within an event, which is its last: `work` is done when so many records have been made. */
  make(records: number, work: W): void {
    assert(this.work === undefined, "a controller has one thread");
    if (this.recordCost === 0) {
      this.owner.onMade(work);
      return;
    }
    this.work = work;
    this.timer = this.host.setTimer(this.recordCost * records, { kind: "controller.records", target: this });
  }

  /** What is being made is dropped; whoever waits has a turn at once. */
  interrupt(): void {
    this.host.cancelTimer(this.timer);
    this.work = undefined;
    this.goOn();
  }

  onTimer(_timer: Timer): void {
    const { work } = this;
    this.work = undefined;
    this.owner.onMade(work as W);
    this.goOn();
  }

  private goOn(): void {
    while (this.work === undefined) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      this.owner.takeUp(next);
    }
  }
}
