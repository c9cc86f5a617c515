/**
 * A thread of the application that works on records, one after another: the thread that polls, or a worker beside it.
 *
 * A record takes the time that is drawn for it; then its effects are there, all at once, and that is reported. Records that take no
 * time are done in one go. A poison record takes longer or fails; it is tried again, and at last given up. If the effects go to
 * a store with a fencing token, the thread waits for its answer, and what it was told is reported.
 */
import { fail } from "../../base/assert.ts";
import type { Micros } from "../../base/units.ts";
import type { Host, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { RandomStream } from "../../sim/random.ts";
import type { RecordGivenUp, RecordsProcessed } from "../group-events.ts";
import type { LeaderEpoch, Offset } from "../ids.ts";
import type { KafkaRecord } from "../records.ts";
import type { PolledRecords } from "./application.ts";
import type { EffectClient, EffectWriter } from "./effect-client.ts";
import type { HandlerSpec, PoisonSpec } from "./handler-spec.ts";

/** Records that a thread has been given. */
export interface HandedRecords {
  readonly polled: PolledRecords;
  /** Of their partition, see ProcessedOffsets. */
  readonly tenure: number;
  /** The generation or member epoch in which they were polled: their fencing token. */
  readonly token: number;
  /** Index of the first that is not done. */
  next: number;
  /** Index behind the last that is to be done. */
  end: number;
}

/** The thread that polls. */
export interface HandlerOwner {
  /** As events tell who it is. */
  readonly identity: { readonly group: string; readonly client: string; readonly member: string; readonly generation: number };
  /** All before `offset` is done; the record just before has that epoch. True: the thread is to wait for {@link HandlerThread.goOn}. */
  onDone(handed: HandedRecords, offset: Offset, leaderEpoch: LeaderEpoch): boolean;
  /** A timer of the thread, or an answer to it, has been dealt with. */
  onThreadRan(): void;
}

export class HandlerThread implements TimerTarget, EffectWriter {
  private readonly host: Host;
  private readonly spec: HandlerSpec;
  private readonly owner: HandlerOwner;
  private readonly effects: EffectClient | undefined;
  private readonly random: RandomStream;
  private queue: HandedRecords[] = [];
  private state: "free" | "handling" | "writing" | "waiting" = "free";
  private timer: TimerId = 0;
  /** Index behind the records that are being handled or written. */
  private upTo = 0;
  /** What the next record takes, if that has been drawn. */
  private drawn: Micros | undefined;
  /** How often the record in hand has failed. */
  private failures = 0;

  constructor(options: {
    readonly host: Host;
    readonly spec: HandlerSpec;
    readonly owner: HandlerOwner;
    readonly effects: EffectClient | undefined;
  }) {
    this.host = options.host;
    this.spec = options.spec;
    this.owner = options.owner;
    this.effects = options.effects;
    this.random = options.host.random("handler");
  }

  /** It has nothing to do. */
  get idle(): boolean {
    return this.state === "free" && this.queue.length === 0;
  }

  /** It waits for {@link goOn}. */
  get waits(): boolean {
    return this.state === "waiting";
  }

  hand(handed: HandedRecords): void {
    this.queue.push(handed);
    this.work();
  }

  goOn(): void {
    this.state = "free";
    this.work();
  }

  /** Throws away what it has of these tenures. Effects on their way to the store may still be written there. */
  drop(tenures: ReadonlySet<number>): void {
    const [head] = this.queue;
    this.queue = this.queue.filter((handed) => !tenures.has(handed.tenure));
    if (head === undefined || !tenures.has(head.tenure)) return;
    this.failures = 0;
    this.drawn = undefined;
    if (this.state === "writing") {
      head.end = this.upTo;
      this.queue.unshift(head);
    } else if (this.state === "handling") {
      this.host.cancelTimer(this.timer);
      this.state = "free";
      this.work();
    }
  }

  /** Throws away all but what it is just doing. */
  finishRecordInHand(): void {
    const [head] = this.queue;
    const busy = head !== undefined && (this.state === "handling" || this.state === "writing");
    if (busy) head.end = this.upTo;
    this.queue = busy ? [head] : [];
  }

  onTimer(_timer: Timer): void {
    const head = this.head();
    if (this.fails(head)) this.onFailure(head);
    else this.write(head);
    this.work();
    this.owner.onThreadRan();
  }

  onEffect(accepted: boolean): void {
    this.onWritten(this.head(), accepted);
    this.work();
    this.owner.onThreadRan();
  }

  private work(): void {
    while (this.state === "free") {
      const [head] = this.queue;
      if (head === undefined) return;
      if (head.next >= head.end) this.queue.shift();
      else this.begin(head);
    }
  }

  /** As many records as take no time, or one that does. */
  private begin(head: HandedRecords): void {
    const most = this.spec.commit === "per-record" && this.spec.workers === 0 ? head.next + 1 : head.end;
    let upTo = head.next;
    while (upTo < most && this.durationOf(head, upTo) === 0 && !this.isPoisonThatFails(head, upTo)) {
      this.drawn = undefined;
      upTo++;
    }
    if (upTo > head.next) {
      this.upTo = upTo;
      this.write(head);
      return;
    }
    this.upTo = head.next + 1;
    this.state = "handling";
    const timer: Timer = { kind: "application.handler", target: this };
    this.timer = this.host.setTimer(this.durationOf(head, head.next), timer);
    this.drawn = undefined;
  }

  /** Drawn once for each attempt. */
  private durationOf(head: HandedRecords, index: number): Micros {
    const poison = this.poisonAt(head, index);
    this.drawn ??= poison === undefined ? this.random.draw(this.spec.takes) : poison.takes;
    return this.drawn;
  }

  private poisonAt({ polled }: HandedRecords, index: number): PoisonSpec | undefined {
    const { poison } = this.spec;
    const origin = polled.records[index]?.origin;
    return poison !== undefined && origin?.client === poison.producer && origin.sequence === poison.sequence ? poison : undefined;
  }

  private isPoisonThatFails(head: HandedRecords, index: number): boolean {
    return this.poisonAt(head, index)?.attempts !== undefined;
  }

  private fails(head: HandedRecords): boolean {
    return this.isPoisonThatFails(head, head.next);
  }

  private onFailure(head: HandedRecords): void {
    this.state = "free";
    this.failures++;
    if (this.failures < (this.spec.poison?.attempts ?? 1)) return;
    const { topic, partition, offsets } = head.polled;
    const event: RecordGivenUp = {
      kind: "RecordGivenUp",
      ...this.owner.identity,
      topic,
      partition,
      offset: offsets[head.next] as Offset,
      attempts: this.failures,
    };
    this.host.emit(event);
    this.done(head);
  }

  /** Their effects, from the first that is not done up to `upTo`. */
  private write(head: HandedRecords): void {
    if (this.effects === undefined) {
      this.onWritten(head, true);
      return;
    }
    this.state = "writing";
    const { topic, partition } = head.polled;
    this.effects.write({ group: this.owner.identity.group, partition: { topic, partition }, token: head.token }, this);
  }

  private onWritten(head: HandedRecords, accepted: boolean): void {
    this.state = "free";
    const { topic, partition, records, offsets, nextOffset } = head.polled;
    const { group, client, member, generation } = this.owner.identity;
    // Field by field: every record comes by here.
    const event: RecordsProcessed = {
      kind: "RecordsProcessed",
      group,
      client,
      member,
      generation,
      topic,
      partition,
      baseOffset: offsets[head.next] as Offset,
      nextOffset: this.upTo < records.length ? (offsets[this.upTo] as Offset) : nextOffset,
      records: runOf(records, head.next, this.upTo),
      accepted,
    };
    this.host.emit(event);
    if (accepted) this.done(head);
    else this.onRefused(head);
  }

  /** Somebody else has it now, whatever the consumer believes. */
  private onRefused(head: HandedRecords): void {
    head.next = this.upTo;
    if (!this.spec.finishesLostWork) this.queue = this.queue.filter(({ tenure }) => tenure !== head.tenure);
  }

  private done(head: HandedRecords): void {
    const { offsets, leaderEpochs } = head.polled;
    this.failures = 0;
    head.next = this.upTo;
    const last = this.upTo - 1;
    const waits = this.owner.onDone(head, (offsets[last] as Offset) + 1, leaderEpochs[last] as LeaderEpoch);
    if (waits) this.state = "waiting";
  }

  private head(): HandedRecords {
    return this.queue[0] ?? fail("nothing is in hand");
  }
}

function runOf(records: readonly KafkaRecord[], from: number, to: number): readonly KafkaRecord[] {
  return from === 0 && to === records.length ? records : records.slice(from, to);
}
