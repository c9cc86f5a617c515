/**
 * The coordinators of this broker: one shard for each partition of __consumer_offsets that it leads.
 *
 * A broker that becomes leader reads the partition from its start to its end first, one partition after the other, and coordinates
 * its groups from then on. Where the disk is slow, so is that. Source: CoordinatorRuntime, CoordinatorLoaderImpl.
 */
import type { DiskOperation, DiskTarget, Timer, TimerTarget } from "../../sim/host.ts";
import type { Offset, TopicPartition } from "../ids.ts";
import type { Partition } from "../replica/partition.ts";
import type { ReplicaContext } from "../replica/replica-context.ts";
import { CoordinatorShard } from "./coordinator-shard.ts";

/** `offsets.load.buffer.size`. */
const LOAD_BYTES = 5_242_880;

interface Load {
  readonly shard: CoordinatorShard;
  /** Read up to here. */
  next: Offset;
  /** The disk lets the next read through. */
  admitted: boolean;
}

export class CoordinatorRuntime implements TimerTarget, DiskTarget {
  private readonly context: ReplicaContext;
  /** By partition of __consumer_offsets. */
  private readonly shards = new Map<number, CoordinatorShard>();
  /** The first is being read. */
  private readonly loads: Load[] = [];

  constructor(context: ReplicaContext) {
    this.context = context;
  }

  /** Of that partition, if this broker leads it. */
  shard(partition: number): CoordinatorShard | undefined {
    return this.shards.get(partition);
  }

  /** An election that changes nothing but the epoch leaves the coordinator as it is. */
  onElection(partition: Partition): void {
    const { partition: index, log } = partition.replica;
    const known = this.shards.get(index);
    if (known?.replica === partition) {
      known.goOnIn(partition.leaderEpoch);
      return;
    }
    known?.close();
    const shard = new CoordinatorShard(this.context, partition);
    this.shards.set(index, shard);
    // All that a broker has come to lead is read in one go.
    if (this.loads.push({ shard, next: log.logStartOffset, admitted: false }) === 1)
      this.context.host.setTimer(0, { kind: "group.load", target: this });
  }

  onResignation(partition: Partition): void {
    const { partition: index } = partition.replica;
    const known = this.shards.get(index);
    if (known?.replica !== partition) return;
    this.shards.delete(index);
    known.close();
  }

  onMetadataChanged(): void {
    for (const shard of this.shards.values()) shard.onMetadataChanged();
  }

  onPartitionsDeleted(partitions: readonly TopicPartition[]): void {
    for (const shard of this.shards.values()) shard.onPartitionsDeleted(partitions);
  }

  close(): void {
    const shards = [...this.shards.values()];
    this.shards.clear();
    for (const shard of shards) shard.close();
  }

  // ---- loading ----

  onTimer(_timer: Timer): void {
    this.load();
  }

  onDiskDone(_operation: DiskOperation, _ok: boolean): void {
    const [first] = this.loads;
    if (first !== undefined) first.admitted = true;
    this.load();
  }

  private load(): void {
    for (let next = this.loads[0]; next !== undefined; next = this.loads[0]) {
      if (!this.isRead(next)) return;
      this.loads.shift();
      if (next.shard.state === "loading") next.shard.onLoaded();
    }
  }

  /** Reads on; true at the end, or when nobody wants it any more. False while the disk is waited for. */
  private isRead(load: Load): boolean {
    const { shard } = load;
    const { log } = shard.replica.replica;
    const { disk } = this.context.host;
    while (shard.state === "loading") {
      const from = Math.max(load.next, log.logStartOffset);
      const batches = from < log.logEndOffset ? log.read(from, LOAD_BYTES, log.logEndOffset) : [];
      const last = batches.at(-1);
      if (last === undefined) return true;
      const bytes = batches.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
      if (!load.admitted && !disk.admit(bytes, { kind: "group.load", target: this })) return false;
      load.admitted = false;
      for (const batch of batches) shard.replayBatch(batch);
      load.next = last.nextOffset;
    }
    return true;
  }
}
