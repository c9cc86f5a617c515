/**
 * A member's connection to the store of its effects. What is not answered is asked again, over a new connection if need be, until it
 * is: the writer waits. Writing the same effects twice is writing them once.
 */
import { type Micros, ms, seconds } from "../../base/units.ts";
import type { Connection, Host, Message, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { TopicPartition } from "../ids.ts";
import { EffectRequest, EffectResponse } from "./effect-messages.ts";

/** Who writes, and is told whether the store took it. */
export interface EffectWriter {
  onEffect(accepted: boolean): void;
}

/** Effects of records of one partition. */
interface Effects {
  readonly group: string;
  readonly partition: TopicPartition;
  readonly token: number;
}

interface PendingEffect {
  readonly request: EffectRequest;
  readonly writer: EffectWriter;
}

const RETRY_BACKOFF: Micros = ms(100);
const REQUEST_TIMEOUT: Micros = seconds(10);

export class EffectClient implements TimerTarget {
  readonly store: NodeName;
  private readonly host: Host;
  private connection: Connection | undefined;
  /** By id, in the order in which they were sent. */
  private readonly pending = new Map<number, PendingEffect>();
  private nextId = 0;
  /** For the answer, or for the next attempt to connect. */
  private timer: TimerId = 0;

  constructor(host: Host, store: NodeName) {
    this.host = host;
    this.store = store;
  }

  /** Ends in the writer's onEffect. */
  write({ group, partition, token }: Effects, writer: EffectWriter): void {
    const request = new EffectRequest(this.nextId++, group, partition, token);
    const idle = this.pending.size === 0;
    this.pending.set(request.id, { request, writer });
    if (this.connection !== undefined) {
      this.host.send(this.connection, request);
      if (idle) this.arm(REQUEST_TIMEOUT);
    } else if (this.timer === 0) this.connect();
  }

  onMessage(connection: Connection, message: Message): void {
    if (connection !== this.connection || !(message instanceof EffectResponse)) return;
    const answered = this.pending.get(message.id);
    if (answered === undefined) return;
    this.pending.delete(message.id);
    this.disarm();
    if (this.pending.size > 0) this.arm(REQUEST_TIMEOUT);
    answered.writer.onEffect(message.accepted);
  }

  onDisconnected(connection: Connection): void {
    if (connection !== this.connection) return;
    this.connection = undefined;
    this.disarm();
    if (this.pending.size > 0) this.arm(RETRY_BACKOFF);
  }

  onTimer(_timer: Timer): void {
    this.timer = 0;
    if (this.connection !== undefined) this.host.close(this.connection);
    this.connect();
  }

  /** And sends again what has not been answered. */
  private connect(): void {
    this.connection = this.host.connect(this.store, this);
    for (const { request } of this.pending.values()) this.host.send(this.connection, request);
    this.arm(REQUEST_TIMEOUT);
  }

  private arm(delay: Micros): void {
    const timer: Timer = { kind: "application.effects", target: this };
    this.timer = this.host.setTimer(delay, timer);
  }

  private disarm(): void {
    this.host.cancelTimer(this.timer);
    this.timer = 0;
  }
}
