/**
 * Which partition a record goes to when the application does not say.
 *
 * With a key: its hash over all partitions, led or not, so that a key keeps its partition while leaders come and go.
 * Without one, in the built-in partitioner (KIP-794): one partition until about `batch.size` bytes have gone to it, then
 * another one, drawn with weights that favour short queues, so that a slow broker is given less.
 * RoundRobinPartitioner and UniformStickyPartitioner (KIP-480) look at no keys.
 * Source: BuiltInPartitioner, RoundRobinPartitioner, UniformStickyPartitioner, StickyPartitionCache.
 */
import { fail, SimulatorBug } from "../../base/assert.ts";
import type { RandomStream } from "../../sim/random.ts";
import type { ProducerConfig } from "../config/client-config.ts";
import { murmur2 } from "./murmur2.ts";

/** What a partitioner knows of a topic. MetadataCache is one. */
export interface PartitionDirectory {
  partitionCount(topic: string): number;
  /** Those with a known leader, ascending. */
  availablePartitions(topic: string): readonly number[];
}

/** How many batches wait for each partition. RecordAccumulator is one. */
export interface QueueLengths {
  queueLength(topic: string, partition: number): number;
}

export interface Partitioner {
  /** For a topic with known partitions. Asked once per record. */
  partitionFor(topic: string, key: Uint8Array | null): number;
  /** The record is going to begin a batch in `partition`: may answer with another one. */
  onNewBatch(topic: string, partition: number): number;
  /** A record without an explicit partition was put into a batch. `lastBatchFull`: nothing unfinished waits in its queue. */
  onAppended(topic: string, key: Uint8Array | null, bytes: number, lastBatchFull: boolean): void;
}

export interface PartitionerContext {
  readonly config: ProducerConfig;
  readonly directory: PartitionDirectory;
  readonly queues: QueueLengths;
  readonly random: RandomStream;
}

export function partitionerOf(context: PartitionerContext): Partitioner {
  switch (context.config["partitioner.class"]) {
    case "RoundRobinPartitioner":
      return new RoundRobinPartitioner(context.directory);
    case "UniformStickyPartitioner":
      return new UniformStickyPartitioner(context.directory, context.random);
    default:
      return new BuiltInPartitioner(context);
  }
}

/**
 * Over all partitions, with or without a leader.
 * @internal
 */
export function partitionOfKey(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount;
}

interface StickyPartition {
  partition: number;
  producedBytes: number;
}

class BuiltInPartitioner implements Partitioner {
  private readonly context: PartitionerContext;
  private readonly sticky = new Map<string, StickyPartition>();

  constructor(context: PartitionerContext) {
    this.context = context;
  }

  partitionFor(topic: string, key: Uint8Array | null): number {
    if (this.isKeyed(key)) return partitionOfKey(key, this.context.directory.partitionCount(topic));
    let sticky = this.sticky.get(topic);
    if (sticky === undefined) {
      sticky = { partition: this.nextPartition(topic), producedBytes: 0 };
      this.sticky.set(topic, sticky);
    }
    return sticky.partition;
  }

  onNewBatch(_topic: string, partition: number): number {
    return partition;
  }

  onAppended(topic: string, key: Uint8Array | null, bytes: number, lastBatchFull: boolean): void {
    if (this.isKeyed(key)) return;
    const sticky = this.sticky.get(topic);
    if (sticky === undefined) fail(`no sticky partition for ${topic}`);
    sticky.producedBytes += bytes;
    const batchSize = Math.max(1, this.context.config["batch.size"]);
    // Leaving a batch half full would cost another small request, so the switch waits for its end, but not for ever.
    const due = sticky.producedBytes >= batchSize && lastBatchFull;
    if (!due && sticky.producedBytes < 2 * batchSize) return;
    sticky.partition = this.nextPartition(topic);
    sticky.producedBytes = 0;
  }

  private isKeyed(key: Uint8Array | null): key is Uint8Array {
    return key !== null && !this.context.config["partitioner.ignore.keys"];
  }

  private nextPartition(topic: string): number {
    const { directory, queues, random, config } = this.context;
    const available = directory.availablePartitions(topic);
    if (available.length === 0) return random.below(directory.partitionCount(topic));
    if (!config["partitioner.adaptive.partitioning.enable"]) return random.pick(available);
    const lengths = available.map((partition) => queues.queueLength(topic, partition));
    return available[weightedIndex(lengths, random)] as number;
  }
}

/**
 * An index drawn with weight (longest + 1 - length): an empty queue beside one of n is n + 1 times as likely.
 * @internal
 */
export function weightedIndex(queueLengths: readonly number[], random: RandomStream): number {
  let longest = 0;
  for (const length of queueLengths) longest = Math.max(longest, length);
  let total = 0;
  for (const length of queueLengths) total += longest + 1 - length;
  let drawn = random.below(total);
  for (let i = 0; i < queueLengths.length; i++) {
    drawn -= longest + 1 - (queueLengths[i] as number);
    if (drawn < 0) return i;
  }
  throw new SimulatorBug("the weights do not add up to the bound of the draw");
}

/** One after the other over the available partitions. */
class RoundRobinPartitioner implements Partitioner {
  private readonly directory: PartitionDirectory;
  private readonly counters = new Map<string, number>();

  constructor(directory: PartitionDirectory) {
    this.directory = directory;
  }

  partitionFor(topic: string): number {
    const count = this.counters.get(topic) ?? 0;
    this.counters.set(topic, count + 1);
    const available = this.directory.availablePartitions(topic);
    if (available.length === 0) return count % this.directory.partitionCount(topic);
    return available[count % available.length] as number;
  }

  onNewBatch(_topic: string, partition: number): number {
    return partition;
  }

  onAppended(): void {}
}

/** One partition until a batch begins, then a different random one. */
class UniformStickyPartitioner implements Partitioner {
  private readonly directory: PartitionDirectory;
  private readonly random: RandomStream;
  private readonly sticky = new Map<string, number>();

  constructor(directory: PartitionDirectory, random: RandomStream) {
    this.directory = directory;
    this.random = random;
  }

  partitionFor(topic: string): number {
    return this.sticky.get(topic) ?? this.onNewBatch(topic, -1);
  }

  onNewBatch(topic: string, previous: number): number {
    const available = this.directory.availablePartitions(topic);
    const others = available.filter((partition) => partition !== previous);
    let next: number;
    if (available.length === 0) next = this.random.below(this.directory.partitionCount(topic));
    else if (others.length === 0) next = available[0] as number;
    else next = this.random.pick(others);
    this.sticky.set(topic, next);
    return next;
  }

  onAppended(): void {}
}
