/**
 * A broker's only log directory: the replicas on it, and the small files that say how far each of them had got (1.8).
 *
 * At start-up every partition directory is opened, whoever it belongs to: what it belongs to is known only when the metadata
 * has been read. When the disk answers with an I/O error the directory is offline, and since there is no other, the broker
 * ends (KIP-112). Source: LogManager, LogDirFailureChannel, ReplicaManager.checkpointHighWatermarks.
 */
import { type Micros, ms } from "../../base/units.ts";
import type { Timer, TimerTarget, ValueFile } from "../../sim/host.ts";
import { report } from "../events.ts";
import { type BrokerEpoch, NONE, type Offset, partitionName, type TopicId, type TopicPartition } from "../ids.ts";
import {
  CleanShutdownMarker,
  HIGH_WATERMARK_CHECKPOINT,
  LOG_START_OFFSET_CHECKPOINT,
  OffsetCheckpoint,
  RECOVERY_POINT_CHECKPOINT,
} from "../log/checkpoints.ts";
import { Log } from "../log/log.ts";
import { METADATA_TOPIC } from "../metadata/records.ts";
import type { KafkaRecord } from "../records.ts";
import { LocalReplica, type StorageErrorHandler } from "./local-replica.ts";
import { ReplicaConfig } from "./replica-config.ts";
import type { ReplicaContext } from "./replica-context.ts";

/** Says in each partition directory which topic it belongs to. */
const PARTITION_METADATA = "partition.metadata";
const PARTITION_DIRECTORY = /^(.+)-(\d+)\//;

interface LogDirectoryTimer extends Timer {
  readonly kind: "replica.checkpoint-high-watermarks" | "replica.checkpoint-recovery-points" | "replica.log-dir-failure";
}

export class LogDirectory implements StorageErrorHandler, TimerTarget {
  /** From the clean-shutdown marker found at start-up; -1 if there was none. */
  readonly previousBrokerEpoch: BrokerEpoch;
  private readonly context: ReplicaContext;
  private readonly cleanShutdown: boolean;
  private readonly marker: CleanShutdownMarker;
  private readonly recoveryPoints: OffsetCheckpoint;
  private readonly startOffsets: OffsetCheckpoint;
  private readonly highWatermarks: OffsetCheckpoint;
  /** Everything on the directory, by its name there. */
  private readonly replicas = new Map<string, LocalReplica>();
  private notesHighWatermarks = false;

  constructor(context: ReplicaContext) {
    this.context = context;
    const { host } = context;
    this.marker = new CleanShutdownMarker(host);
    this.recoveryPoints = new OffsetCheckpoint(host, RECOVERY_POINT_CHECKPOINT);
    this.startOffsets = new OffsetCheckpoint(host, LOG_START_OFFSET_CHECKPOINT);
    this.highWatermarks = new OffsetCheckpoint(host, HIGH_WATERMARK_CHECKPOINT);
    const epoch = this.marker.take();
    this.cleanShutdown = epoch !== undefined;
    this.previousBrokerEpoch = epoch ?? NONE;
  }

  /** Opens what the disk holds, and begins to note how far it is flushed. */
  startup(): void {
    for (const [name, { topic, partition }] of this.directories()) {
      this.open(topic, partition, this.topicIdFile(name).read() ?? "");
    }
    this.schedule("replica.checkpoint-recovery-points");
  }

  /** Of the partition directories, whether they have been opened or not. */
  topics(): ReadonlySet<string> {
    return new Set([...this.directories().values()].map(({ topic }) => topic));
  }

  /** By name, ascending. */
  private directories(): Map<string, TopicPartition> {
    const directories = new Map<string, TopicPartition>();
    for (const path of this.context.host.disk.list("")) {
      const match = PARTITION_DIRECTORY.exec(path);
      if (match === null || match[1] === METADATA_TOPIC) continue;
      const [, topic, index] = match as unknown as [string, string, string];
      const name = partitionName(topic, Number(index));
      if (!directories.has(name)) directories.set(name, { topic, partition: Number(index) });
    }
    return directories;
  }

  /** High watermarks are noted from the first time on that the controller has told what is hosted, so that none is forgotten (KAFKA-1647). */
  startHighWatermarkCheckpoints(): void {
    if (this.notesHighWatermarks) return;
    this.notesHighWatermarks = true;
    this.checkpointHighWatermarks();
    this.schedule("replica.checkpoint-high-watermarks");
  }

  /** In order of opening. */
  all(): Iterable<LocalReplica> {
    return this.replicas.values();
  }

  /** The replica of whatever topic of that name. */
  find(topic: string, partition: number): LocalReplica | undefined {
    return this.replicas.get(partitionName(topic, partition));
  }

  /** The replica of this very topic: the one on disk, or a new one. One of an older topic of the same name goes. */
  openOrCreate(topic: string, partition: number, topicId: TopicId): LocalReplica {
    const name = partitionName(topic, partition);
    const existing = this.replicas.get(name);
    if (existing !== undefined && existing.topicId === topicId) return existing;
    if (existing !== undefined) this.delete([existing]);
    this.topicIdFile(name).writeDurably(topicId);
    return this.open(topic, partition, topicId);
  }

  delete(replicas: readonly LocalReplica[]): void {
    if (replicas.length === 0) return;
    const { disk } = this.context.host;
    for (const replica of replicas) {
      const name = partitionName(replica.topic, replica.partition);
      replica.log.listener = undefined;
      // Another one of that name may have taken its place.
      if (this.replicas.get(name) !== replica) continue;
      this.replicas.delete(name);
      for (const path of disk.list(`${name}/`)) disk.delete(path);
    }
    this.checkpointRecoveryPoints();
  }

  private open(topic: string, partition: number, topicId: TopicId): LocalReplica {
    const { context } = this;
    const dir = partitionName(topic, partition);
    const config = new ReplicaConfig(context.config);
    config.update(context.metadata.topicConfig(topic));
    const log = Log.open<KafkaRecord>(context.host, {
      dir,
      config,
      cleanShutdown: this.cleanShutdown,
      recoveryPoint: this.recoveryPoints.read().get(dir) ?? 0,
      logStartOffset: this.startOffsets.read().get(dir) ?? 0,
      highWatermark: this.highWatermarks.read().get(dir) ?? 0,
    });
    const replica = new LocalReplica({ topic, partition, topicId, context, config, log, storage: this });
    this.replicas.set(dir, replica);
    return replica;
  }

  private topicIdFile(name: string): ValueFile<TopicId> {
    return this.context.host.disk.valueFile(`${name}/${PARTITION_METADATA}`);
  }

  // ---- checkpoints ----

  onTimer(timer: Timer): void {
    const { kind } = timer as LogDirectoryTimer;
    if (kind === "replica.log-dir-failure") {
      this.context.host.exit("all log directories have failed");
      return;
    }
    if (this.context.logDirFailed) return;
    if (kind === "replica.checkpoint-recovery-points") this.checkpointRecoveryPoints();
    else this.checkpointHighWatermarks();
    this.schedule(kind);
  }

  private schedule(kind: LogDirectoryTimer["kind"]): void {
    const timer: LogDirectoryTimer = { kind, target: this };
    this.context.host.setTimer(this.periodOf(kind), timer);
  }

  private periodOf(kind: LogDirectoryTimer["kind"]): Micros {
    const { config } = this.context;
    if (kind === "replica.checkpoint-recovery-points") return ms(config["log.flush.offset.checkpoint.interval.ms"]);
    return kind === "replica.checkpoint-high-watermarks" ? ms(config["replica.high.watermark.checkpoint.interval.ms"]) : 0;
  }

  private checkpointRecoveryPoints(): void {
    const recoveryPoints = new Map<string, Offset>();
    const startOffsets = new Map<string, Offset>();
    for (const [name, { log }] of this.replicas) {
      recoveryPoints.set(name, log.recoveryPoint);
      if (log.logStartOffset > 0) startOffsets.set(name, log.logStartOffset);
    }
    if (!this.recoveryPoints.write(recoveryPoints) || !this.startOffsets.write(startOffsets)) this.onStorageError();
  }

  private checkpointHighWatermarks(): void {
    const offsets = new Map<string, Offset>();
    for (const [name, { log, hosted }] of this.replicas) if (hosted) offsets.set(name, log.highWatermark);
    if (offsets.size > 0 && !this.highWatermarks.write(offsets)) this.onStorageError();
  }

  // ---- the end ----

  /** Puts everything on the platter, and the mark that says so. */
  shutdownCleanly(brokerEpoch: BrokerEpoch): void {
    if (this.context.logDirFailed) return;
    for (const { log } of this.replicas.values()) if (!log.close()) return;
    this.checkpointRecoveryPoints();
    this.checkpointHighWatermarks();
    if (!this.context.logDirFailed) this.marker.write(brokerEpoch);
  }

  onStorageError(): void {
    const { context } = this;
    if (context.logDirFailed) return;
    context.logDirFailed = true;
    report(context.host, { kind: "LogDirFailed", broker: context.brokerId });
    // Another thread halts the process: what is being done now is finished first.
    this.schedule("replica.log-dir-failure");
  }
}
