/**
 * An application that writes records at a steady rate, with its producer.
 *
 * It has one thread. While a send() blocks, what becomes due waits, and is sent in a burst when the call has returned: the
 * records stand for requests that arrive from outside at their own pace. Told to stop, it sends no more, waits until every
 * record has been acknowledged or given up, and exits.
 */
import { assert } from "../../base/assert.ts";
import type { Micros } from "../../base/units.ts";
import type { Connection, DiskOperation, Host, Message, NodeName, Process, Timer, TimerId } from "../../sim/host.ts";
import type { RandomStream } from "../../sim/random.ts";
import type { ProducerConfig } from "../config/client-config.ts";
import type { Dials } from "../dials.ts";
import { KafkaProducer, type ProducerApplication } from "./kafka-producer.ts";
import { ProducedRecord } from "./produced-record.ts";
import { dueTime, type ProducerWorkload } from "./workload.ts";

/** Apart by this much, the sequences of one incarnation and the next never meet. */
export const SEQUENCES_PER_INCARNATION = 1_000_000_000;

export class ProducerProcess implements Process, ProducerApplication {
  private readonly host: Host;
  private readonly name: string;
  private readonly topic: string;
  private readonly workload: ProducerWorkload;
  readonly producer: KafkaProducer;
  private readonly payload: RandomStream;
  private readonly jitter: RandomStream;
  private readonly firstSequence: number;
  private startedAt: Micros = 0;
  /** Records handed to the producer by this incarnation. */
  private sent = 0;
  /** Of those, how many were due by the workload. */
  private sentAsDue = 0;
  private timer: TimerId = 0;
  /** When the next record is due, with its jitter; undefined when there is none. */
  private nextDueAt: Micros | undefined;
  private blocked = false;
  private stopping = false;

  constructor(options: {
    readonly host: Host;
    readonly name: string;
    readonly topic: string;
    readonly config: ProducerConfig;
    readonly dials: Dials;
    readonly workload: ProducerWorkload;
    readonly bootstrap: readonly NodeName[];
  }) {
    const { host, name, topic, config, dials, bootstrap } = options;
    this.host = host;
    this.name = name;
    this.topic = topic;
    this.workload = options.workload;
    this.producer = new KafkaProducer({ host, name, config, dials, topics: [topic], bootstrap, application: this });
    this.payload = host.random("payload");
    this.jitter = host.random("workload");
    this.firstSequence = (host.incarnation - 1) * SEQUENCES_PER_INCARNATION;
  }

  onStart(): void {
    this.startedAt = this.host.now();
    this.planNext();
    this.armNext();
  }

  onConnected(connection: Connection): void {
    this.producer.network.onConnected(connection);
  }

  onMessage(connection: Connection, message: Message): void {
    this.producer.network.onMessage(connection, message);
  }

  onDisconnected(connection: Connection): void {
    this.producer.network.onDisconnected(connection);
  }

  onTimer(timer: Timer): void {
    if (timer.target !== this) {
      timer.target.onTimer(timer);
      return;
    }
    this.timer = 0;
    this.sendDue();
  }

  onDiskDone(_operation: DiskOperation, _ok: boolean): void {}

  onShutdownRequested(): void {
    if (this.stopping) return;
    this.stopping = true;
    if (!this.blocked) this.producer.close();
  }

  onSendReturned(): void {
    this.blocked = false;
    if (this.stopping) this.producer.close();
    else this.sendDue();
  }

  onClosed(): void {
    this.host.exit("producer closed");
  }

  /** False while a send() blocks, and once the application is to stop. */
  get canSend(): boolean {
    return !this.blocked && !this.stopping;
  }

  /** Sends one record more than the workload has, at once; what is due by the workload stays due. */
  sendOneMore(): void {
    assert(this.canSend, `${this.name} can't send now`);
    this.send();
  }

  private sendDue(): void {
    while (this.canSend && this.nextDueAt !== undefined && this.nextDueAt <= this.host.now() && this.host.alive) {
      this.sentAsDue++;
      this.planNext();
      this.send();
    }
    if (this.canSend) this.armNext();
  }

  private send(): void {
    const sequence = this.firstSequence + this.sent++;
    const { key, value, partition } = this.workload;
    const record = new ProducedRecord({
      key: key === null ? null : key.render(sequence, this.payload),
      value: value.render(sequence, this.payload),
      timestamp: Math.floor(this.host.now() / 1_000),
      origin: { client: this.name, sequence },
    });
    if (!this.producer.send(this.topic, record, partition)) this.blocked = true;
  }

  private planNext(): void {
    const due = dueTime(this.workload, this.sentAsDue);
    if (due === undefined) {
      this.nextDueAt = undefined;
      return;
    }
    const { jitterUs } = this.workload;
    const jitter = jitterUs === undefined || jitterUs === 0 ? 0 : this.jitter.below(jitterUs + 1);
    this.nextDueAt = Math.max(this.startedAt + due + jitter, this.nextDueAt ?? Number.NEGATIVE_INFINITY);
  }

  private armNext(): void {
    if (this.nextDueAt === undefined || this.timer !== 0) return;
    const timer: Timer = { kind: "application.send", target: this };
    this.timer = this.host.setTimer(Math.max(0, this.nextDueAt - this.host.now()), timer);
  }
}
