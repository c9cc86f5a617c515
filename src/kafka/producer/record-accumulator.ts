/**
 * Batches that wait to be sent: one queue per partition, over one buffer.
 *
 * A batch is ready when it is full or another one waits behind it, when it has lingered for `linger.ms`, or at once
 * under pressure (somebody waits for buffer memory, or the producer closes); a retried one not before its backoff is
 * over, unless the leader has changed meanwhile. Without idempotence a retried batch goes to the front of its queue,
 * so of two batches that fail together the second may overtake the first: Kafka's own reordering.
 * Every batch reserves `batch.size` bytes of `buffer.memory`, however few records it will hold. Source: RecordAccumulator.
 */
import { type Micros, ms } from "../../base/units.ts";
import type { NodeName } from "../../sim/host.ts";
import type { LeaderAndEpoch } from "../client/metadata-cache.ts";
import type { ProducerConfig } from "../config/client-config.ts";
import { BATCH_OVERHEAD_BYTES, type KafkaRecord, recordSizeInBytes } from "../records.ts";
import { ProducerBatch } from "./producer-batch.ts";

/** MetadataCache is one. */
export interface LeaderDirectory {
  leaderOf(topic: string, partition: number): LeaderAndEpoch;
}

export interface PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  /** Oldest first. */
  readonly batches: ProducerBatch[];
  /** With one request in flight per connection: until its batch has been answered. */
  muted: boolean;
}

export interface ReadyCheck {
  /** Nodes to which at least one batch may go now, by name, each with all queues that it leads. */
  readonly nodes: readonly { readonly node: NodeName; readonly queues: PartitionQueue[] }[];
  /** When the next of the other batches becomes ready; infinite if none waits for time. */
  readonly nextCheckAt: Micros;
  /** A batch waits for a partition without a leader. */
  readonly unknownLeader: boolean;
}

export type AppendResult =
  | {
      readonly kind: "appended";
      readonly bytes: number;
      readonly wakesSender: boolean;
      readonly newBatch: ProducerBatch | undefined;
    }
  /** The buffer has no room for another batch. */
  | { readonly kind: "exhausted" };

const NOTHING_WAITS: ReadyCheck = Object.freeze({ nodes: [], nextCheckAt: Number.POSITIVE_INFINITY, unknownLeader: false });

export class RecordAccumulator {
  private readonly batchSize: number;
  private readonly linger: Micros;
  private readonly leaders: LeaderDirectory;
  private readonly topics = new Map<string, PartitionQueue[]>();
  /** The queues that are not empty. */
  private readonly pending = new Set<PartitionQueue>();
  private readonly drainStart = new Map<NodeName, number>();
  private freeBytes: number;
  /** Linger no more: set while somebody waits for memory, and when the producer closes. */
  pressed = false;

  constructor(config: ProducerConfig, leaders: LeaderDirectory) {
    this.batchSize = config["batch.size"];
    this.linger = ms(config["linger.ms"]);
    this.freeBytes = config["buffer.memory"];
    this.leaders = leaders;
  }

  get hasUndrained(): boolean {
    return this.pending.size > 0;
  }

  undrained(): ProducerBatch[] {
    return [...this.pending].flatMap(({ batches }) => batches);
  }

  queueLength(topic: string, partition: number): number {
    return this.topics.get(topic)?.[partition]?.batches.length ?? 0;
  }

  /** Whether the record would go into a batch that has been begun already. */
  hasRoomFor(topic: string, partition: number, record: KafkaRecord): boolean {
    return this.topics.get(topic)?.[partition]?.batches.at(-1)?.hasRoomFor(record) === true;
  }

  /** Whether nothing unfinished waits for the partition. */
  lastBatchFull(topic: string, partition: number): boolean {
    return this.topics.get(topic)?.[partition]?.batches.at(-1)?.isFull !== false;
  }

  append(
    where: { readonly topic: string; readonly partition: number },
    record: KafkaRecord,
    sentAt: Micros,
    now: Micros,
  ): AppendResult {
    const queue = this.queue(where.topic, where.partition);
    const last = queue.batches.at(-1);
    if (last?.hasRoomFor(record)) {
      last.append(record);
      const wakesSender = queue.batches.length > 1 || last.isFull;
      return { kind: "appended", bytes: recordSizeInBytes(record), wakesSender, newBatch: undefined };
    }
    last?.close();
    const sizeLimit = Math.max(this.batchSize, BATCH_OVERHEAD_BYTES + recordSizeInBytes(record));
    if (sizeLimit > this.freeBytes) return { kind: "exhausted" };
    this.freeBytes -= sizeLimit;
    const batch = new ProducerBatch({
      topic: where.topic,
      partition: where.partition,
      createdAt: now,
      firstSentAt: sentAt,
      sizeLimit,
      reservedBytes: sizeLimit,
    });
    batch.append(record);
    queue.batches.push(batch);
    this.pending.add(queue);
    return { kind: "appended", bytes: batch.sizeInBytes, wakesSender: true, newBatch: batch };
  }

  /** Gives back the memory of a batch that has ended. */
  release(batch: ProducerBatch): void {
    this.freeBytes += batch.reservedBytes;
  }

  ready(now: Micros): ReadyCheck {
    if (this.pending.size === 0) return NOTHING_WAITS;
    // A handful at most: looking through them costs less than a map.
    const waiting: { readonly node: NodeName; readonly queues: PartitionQueue[]; due: boolean }[] = [];
    let nextCheckAt = Number.POSITIVE_INFINITY;
    let unknownLeader = false;
    for (const queue of this.pending) {
      if (queue.muted) continue;
      const batch = queue.batches[0] as ProducerBatch;
      const leader = this.leaders.leaderOf(queue.topic, queue.partition);
      batch.noteLeaderEpoch(leader.epoch);
      if (leader.node === undefined) {
        unknownLeader = true;
        continue;
      }
      let entry = waiting.find(({ node }) => node === leader.node);
      if (entry === undefined) {
        entry = { node: leader.node, queues: [], due: false };
        waiting.push(entry);
      }
      entry.queues.push(queue);
      const dueAt = this.dueAt(queue, batch);
      if (dueAt <= now) entry.due = true;
      else nextCheckAt = Math.min(nextCheckAt, dueAt);
    }
    const nodes = waiting.every((entry) => entry.due) ? waiting : waiting.filter((entry) => entry.due);
    if (nodes.length > 1) nodes.sort((a, b) => (a.node < b.node ? -1 : 1));
    return { nodes, nextCheckAt, unknownLeader };
  }

  /**
   * Takes the first batch of each of a node's queues that does not rest, up to `maxBytes` in all (but at least one), with
   * a start that moves on, so that no partition starves. Once a node is sent to, batches that still linger go along.
   */
  drain(node: NodeName, queues: PartitionQueue[], maxBytes: number, now: Micros): ProducerBatch[] {
    queues.sort(byPartition);
    const start = (this.drainStart.get(node) ?? 0) % queues.length;
    const drained: ProducerBatch[] = [];
    let bytes = 0;
    let next = start + 1;
    for (let i = 0; i < queues.length; i++) {
      const queue = queues[(start + i) % queues.length] as PartitionQueue;
      const batch = queue.batches[0] as ProducerBatch;
      if (batch.backoffUntil > now) continue;
      if (drained.length > 0 && bytes + batch.sizeInBytes > maxBytes) {
        next = start + i;
        break;
      }
      queue.batches.shift();
      if (queue.batches.length === 0) this.pending.delete(queue);
      bytes += batch.sizeInBytes;
      drained.push(batch);
    }
    this.drainStart.set(node, next % queues.length);
    return drained;
  }

  mute(batch: ProducerBatch): void {
    this.queue(batch.topic, batch.partition).muted = true;
  }

  unmute(batch: ProducerBatch): void {
    this.queue(batch.topic, batch.partition).muted = false;
  }

  /** Back to the front of its queue, to be sent again. */
  reenqueue(batch: ProducerBatch): void {
    const queue = this.queue(batch.topic, batch.partition);
    queue.batches.unshift(batch);
    this.pending.add(queue);
  }

  /**
   * Puts a batch that the broker found too large back as smaller ones, as if they had not been tried: of `batch.size` at
   * first, of half the size when that was a split already (KAFKA-8350). They live outside the buffer.
   */
  splitAndReenqueue(big: ProducerBatch): readonly ProducerBatch[] {
    const sizeLimit = big.isSplit ? Math.floor(big.sizeInBytes / 2) : this.batchSize;
    const parts: ProducerBatch[] = [];
    let part: ProducerBatch | undefined;
    for (const record of big.records) {
      if (part === undefined || !part.hasRoomFor(record)) {
        const { topic, partition, createdAt, firstSentAt } = big;
        part = new ProducerBatch({ topic, partition, createdAt, firstSentAt, sizeLimit, reservedBytes: 0, isSplit: true });
        parts.push(part);
      }
      part.append(record);
    }
    for (const each of parts) each.close();
    const queue = this.queue(big.topic, big.partition);
    queue.batches.unshift(...parts);
    this.pending.add(queue);
    return parts;
  }

  /** Takes out the batches whose delivery timeout is over, in the order of sending. */
  takeExpired(timeout: Micros, now: Micros): ProducerBatch[] {
    const expired: ProducerBatch[] = [];
    for (const queue of this.pending) {
      while (queue.batches[0]?.reachedDeliveryTimeout(timeout, now)) expired.push(queue.batches.shift() as ProducerBatch);
      if (queue.batches.length === 0) this.pending.delete(queue);
    }
    return expired;
  }

  /** Creation of the oldest batch that waits; undefined if none does. */
  oldestCreatedAt(): Micros | undefined {
    let oldest: Micros | undefined;
    for (const queue of this.pending) {
      const createdAt = queue.batches[0]?.createdAt as Micros;
      if (oldest === undefined || createdAt < oldest) oldest = createdAt;
    }
    return oldest;
  }

  private dueAt(queue: PartitionQueue, batch: ProducerBatch): Micros {
    const full = queue.batches.length > 1 || batch.isFull;
    const lingeredAt = full || this.pressed ? Number.NEGATIVE_INFINITY : batch.lastAttemptAt + this.linger;
    return Math.max(batch.backoffUntil, lingeredAt);
  }

  private queue(topic: string, partition: number): PartitionQueue {
    let queues = this.topics.get(topic);
    if (queues === undefined) {
      queues = [];
      this.topics.set(topic, queues);
    }
    let queue = queues[partition];
    if (queue === undefined) {
      queue = { topic, partition, batches: [], muted: false };
      queues[partition] = queue;
    }
    return queue;
  }
}

function byPartition(a: PartitionQueue, b: PartitionQueue): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition;
}
