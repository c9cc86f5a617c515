/** A batch from the first record put into it until the application has been told how it ended. Source: ProducerBatch. */
import { assert } from "../../base/assert.ts";
import type { Micros } from "../../base/units.ts";
import { type LeaderEpoch, NONE } from "../ids.ts";
import { BATCH_OVERHEAD_BYTES, type KafkaRecord, type RecordBatch, recordSizeInBytes, unstampedBatch } from "../records.ts";

export class ProducerBatch {
  readonly topic: string;
  readonly partition: number;
  /** The delivery timeout counts from here, also for what a split makes of this batch. */
  readonly createdAt: Micros;
  /** When the application called send() for its first record. */
  readonly firstSentAt: Micros;
  /** Bytes of the buffer that it holds until it has ended. */
  readonly reservedBytes: number;
  /** It is a part of a batch that was too large. */
  readonly isSplit: boolean;
  readonly records: KafkaRecord[] = [];
  sizeInBytes = BATCH_OVERHEAD_BYTES;
  /** Failed attempts so far. */
  attempts = 0;
  /** Creation, then the moment at which the last attempt failed. Linger counts from here. */
  lastAttemptAt: Micros;
  /** A failed attempt is not repeated before, unless the leader has changed meanwhile. */
  retryAt: Micros = 0;
  /** The application has been told. An expired batch may still be in flight then. */
  done = false;
  private readonly sizeLimit: number;
  private closed = false;
  private sealed: RecordBatch | undefined;
  private leaderEpoch: LeaderEpoch = NONE;
  private attemptsWhenLeaderLastChanged = 0;

  constructor(options: {
    readonly topic: string;
    readonly partition: number;
    readonly createdAt: Micros;
    readonly firstSentAt: Micros;
    /** It takes records up to this size, and a first one of any size. */
    readonly sizeLimit: number;
    readonly reservedBytes: number;
    readonly isSplit?: boolean;
  }) {
    this.topic = options.topic;
    this.partition = options.partition;
    this.createdAt = options.createdAt;
    this.firstSentAt = options.firstSentAt;
    this.lastAttemptAt = options.createdAt;
    this.sizeLimit = options.sizeLimit;
    this.reservedBytes = options.reservedBytes;
    this.isSplit = options.isSplit ?? false;
  }

  hasRoomFor(record: KafkaRecord): boolean {
    if (this.closed) return false;
    return this.records.length === 0 || this.sizeInBytes + recordSizeInBytes(record) <= this.sizeLimit;
  }

  append(record: KafkaRecord): void {
    assert(!this.closed, "append to a closed batch");
    this.records.push(record);
    this.sizeInBytes += recordSizeInBytes(record);
  }

  /** Takes no more records: a later one did not fit, so that a smaller one after it may not overtake. */
  close(): void {
    this.closed = true;
  }

  get isFull(): boolean {
    return this.closed || this.sizeInBytes >= this.sizeLimit;
  }

  /** The batch as it goes on the wire, the same one with every attempt. */
  seal(): RecordBatch {
    this.closed = true;
    this.sealed ??= unstampedBatch([...this.records]);
    return this.sealed;
  }

  /** The partition's leader epoch as metadata has it now. A change during a retry ends the backoff (KIP-951). */
  noteLeaderEpoch(epoch: LeaderEpoch): void {
    if (epoch <= this.leaderEpoch) return;
    this.leaderEpoch = epoch;
    this.attemptsWhenLeaderLastChanged = this.attempts;
  }

  /** The moment until which it rests after a failed attempt; long past if it does not rest. */
  get backoffUntil(): Micros {
    const leaderChanged = this.attempts > 0 && this.attemptsWhenLeaderLastChanged === this.attempts;
    return this.attempts === 0 || leaderChanged ? Number.NEGATIVE_INFINITY : this.retryAt;
  }

  reachedDeliveryTimeout(timeout: Micros, now: Micros): boolean {
    return now - this.createdAt >= timeout;
  }

  /** After a failed attempt that will be repeated. */
  noteFailedAttempt(now: Micros, backoff: Micros): void {
    this.attempts++;
    this.lastAttemptAt = now;
    this.retryAt = now + backoff;
  }
}
