/**
 * This broker's copy of one partition: its log, and the epochs and the leader it was last told.
 *
 * It reports what its log does, in whatever role. Lives from the moment its directory is opened until the directory is deleted.
 */
import type { EpochEntry } from "../events.ts";
import { report } from "../events.ts";
import { type BrokerId, type LeaderEpoch, NONE, type Offset, type PartitionEpoch, type TopicId } from "../ids.ts";
import type { Log, LogListener } from "../log/log.ts";
import type { KafkaRecord, RecordBatch } from "../records.ts";
import type { ReplicaConfig } from "./replica-config.ts";
import type { ReplicaContext } from "./replica-context.ts";

/** Hears that the directory is of no use any more. */
export interface StorageErrorHandler {
  onStorageError(): void;
}

/** Hears of everything that may be of interest to who fetches the replica, or fetches for it. */
export interface ReplicaListener {
  onReplicaChanged(): void;
}

export class LocalReplica implements LogListener<KafkaRecord> {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: TopicId;
  readonly context: ReplicaContext;
  readonly config: ReplicaConfig;
  readonly log: Log<KafkaRecord>;
  /** As last told by the controller. */
  leader: BrokerId = NONE;
  leaderEpoch: LeaderEpoch = NONE;
  partitionEpoch: PartitionEpoch = NONE;
  /** ZooKeeper mode: of the controller that told it. */
  controllerEpoch = NONE;
  /** Whether the controller has told this incarnation of the broker that the replica is its own; else it is just found on the disk. */
  hosted = false;
  listener: ReplicaListener | undefined = undefined;
  private readonly storage: StorageErrorHandler;
  private reportedHighWatermark: Offset;

  constructor(options: {
    readonly topic: string;
    readonly partition: number;
    readonly topicId: TopicId;
    readonly context: ReplicaContext;
    readonly config: ReplicaConfig;
    readonly log: Log<KafkaRecord>;
    readonly storage: StorageErrorHandler;
  }) {
    this.topic = options.topic;
    this.partition = options.partition;
    this.topicId = options.topicId;
    this.context = options.context;
    this.config = options.config;
    this.log = options.log;
    this.storage = options.storage;
    this.reportedHighWatermark = this.log.highWatermark;
    this.log.listener = this;
    const { log } = this;
    report(this.context.host, {
      kind: "LogLoaded",
      topic: this.topic,
      partition: this.partition,
      broker: this.context.brokerId,
      shutdown: log.shutdown,
      logStartOffset: log.logStartOffset,
      logEndOffset: log.logEndOffset,
      highWatermark: log.highWatermark,
      batches: log.batches(),
      epochs: log.epochs.entries(),
    });
  }

  get role(): "leader" | "follower" {
    return this.leader === this.context.brokerId ? "leader" : "follower";
  }

  /** Its log, its high watermark, or what a leader knows of its followers is not what it was. */
  changed(): void {
    this.listener?.onReplicaChanged();
  }

  /** Reports the high watermark if it is not what was reported last. True if so. */
  reportHighWatermark(): boolean {
    const from = this.reportedHighWatermark;
    const to = this.log.highWatermark;
    if (from === to) return false;
    this.reportedHighWatermark = to;
    this.changed();
    const { topic, partition, role, leaderEpoch } = this;
    const { host, brokerId } = this.context;
    report(host, { kind: "HighWatermarkAdvanced", topic, partition, broker: brokerId, role, leaderEpoch, from, to });
    return true;
  }

  onAppended(batch: RecordBatch): void {
    this.changed();
    const { topic, partition, role, leaderEpoch } = this;
    const { host, brokerId } = this.context;
    report(host, { kind: "RecordsAppended", topic, partition, broker: brokerId, role, leaderEpoch, batch });
  }

  onTruncated(from: Offset, to: Offset, fully: boolean): void {
    this.changed();
    // First, so that nobody ever sees a high watermark above the log's end.
    this.reportHighWatermark();
    const { topic, partition, leaderEpoch } = this;
    const { host, brokerId } = this.context;
    report(host, { kind: "LogTruncated", topic, partition, broker: brokerId, leaderEpoch, from, to, fully });
  }

  onEpochsChanged(epochs: readonly EpochEntry[]): void {
    this.changed();
    const { topic, partition } = this;
    report(this.context.host, { kind: "LeaderEpochCacheChanged", topic, partition, broker: this.context.brokerId, epochs });
  }

  onFlushed(to: Offset): void {
    const { topic, partition } = this;
    report(this.context.host, { kind: "LogFlushed", topic, partition, broker: this.context.brokerId, to });
  }

  onLogStartOffsetAdvanced(to: Offset): void {
    this.changed();
    const { topic, partition } = this;
    report(this.context.host, { kind: "LogStartOffsetAdvanced", topic, partition, broker: this.context.brokerId, to });
  }

  onStorageError(): void {
    this.storage.onStorageError();
  }
}
