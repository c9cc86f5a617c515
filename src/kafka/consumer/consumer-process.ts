/**
 * An application that reads partitions assigned by hand, with its consumer.
 *
 * One thread: it polls, works on what it got for a fixed time per batch, and polls again. An exception from poll() ends it.
 */
import type { Micros } from "../../base/units.ts";
import type { Connection, DiskOperation, Host, Message, NodeName, Process, Timer } from "../../sim/host.ts";
import type { ConsumerConfig } from "../config/client-config.ts";
import type { Dials } from "../dials.ts";
import type { ConsumerApplication } from "./application.ts";
import { KafkaConsumer } from "./kafka-consumer.ts";
import type { Assignment } from "./subscription-state.ts";

export class ConsumerProcess implements Process, ConsumerApplication {
  private readonly host: Host;
  private readonly handlerUs: Micros;
  readonly consumer: KafkaConsumer;

  constructor(options: {
    readonly host: Host;
    readonly name: string;
    readonly assignments: readonly Assignment[];
    readonly config: ConsumerConfig;
    readonly dials: Dials;
    /** How long it works on a record batch; 0 for no time at all. */
    readonly handlerUs: Micros;
    readonly bootstrap: readonly NodeName[];
  }) {
    this.host = options.host;
    this.handlerUs = options.handlerUs;
    this.consumer = new KafkaConsumer({ ...options, application: this });
  }

  onStart(): void {
    this.poll();
  }

  onConnected(connection: Connection): void {
    this.consumer.onConnected(connection);
  }

  onMessage(connection: Connection, message: Message): void {
    this.consumer.onMessage(connection, message);
  }

  onDisconnected(connection: Connection): void {
    this.consumer.onDisconnected(connection);
  }

  onTimer(timer: Timer): void {
    if (timer.target !== this) timer.target.onTimer(timer);
    else this.poll();
  }

  onDiskDone(_operation: DiskOperation, _ok: boolean): void {}

  onShutdownRequested(): void {
    this.host.exit("consumer closed");
  }

  onWakeup(): void {
    this.poll();
  }

  onException(name: string, detail: string): void {
    this.host.exit(`${name}: ${detail}`);
  }

  /** Not called: it is in no group. */
  onRebalance(): void {}

  onCommitEnded(): void {}

  onClosed(): void {}

  /** Until there is nothing to read, or something to work on. */
  private poll(): void {
    for (let polled = this.consumer.poll(); polled.length > 0; polled = this.consumer.poll()) {
      if (this.handlerUs === 0) continue;
      const timer: Timer = { kind: "application.handler", target: this };
      const batches = polled.reduce((sum, each) => sum + each.batches, 0);
      this.host.setTimer(batches * this.handlerUs, timer);
      return;
    }
  }
}
