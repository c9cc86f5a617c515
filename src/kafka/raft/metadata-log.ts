/**
 * The log of `__cluster_metadata-0` on one replica, as Raft uses it.
 *
 * It is an ordinary partition log, opened without trust in how the last incarnation stopped. What Raft adds: where the log
 * ends as votes compare it, whether a follower's log agrees with this one, and how far a log that departs must be cut back.
 *
 * Source: KafkaMetadataLog (KafkaRaftLog), ReplicatedLog.validateOffsetAndEpoch and truncateToEndOffset.
 */
import { assert } from "../../base/assert.ts";
import { ms } from "../../base/units.ts";
import type { DiskOperation, Host } from "../../sim/host.ts";
import type { EpochEntry } from "../events.ts";
import { type LeaderEpoch, type Offset, partitionName } from "../ids.ts";
import { Log, type LogListener } from "../log/log.ts";
import type { LogConfig } from "../log/log-options.ts";
import { METADATA_TOPIC, type MetadataRecord } from "../metadata/records.ts";
import type { RaftLogLoaded, RaftLogTruncated, RaftRecordsAppended } from "../quorum-events.ts";
import type { RecordBatch } from "../records.ts";
import type { LogEnd } from "./election.ts";
import type { QuorumState } from "./quorum-state.ts";

/** Where the metadata log, and the quorum-state file, live on the disk of a node. */
export const METADATA_LOG_DIR = partitionName(METADATA_TOPIC, 0);

/** MetadataLogConfig's defaults. Nothing is flushed but by Raft itself. */
const METADATA_LOG_CONFIG: LogConfig = {
  segmentBytes: 1_024 * 1_024 * 1_024,
  segmentUs: ms(7 * 24 * 3_600 * 1_000),
  flushMessages: Number.MAX_SAFE_INTEGER,
  maxMessageBytes: Number.MAX_SAFE_INTEGER,
  compacts: false,
};

const MAX_FETCH_BYTES = 8 * 1_024 * 1_024;

export type MetadataBatch = RecordBatch<MetadataRecord>;

export class MetadataLog implements LogListener<MetadataRecord> {
  private readonly host: Host;
  /** Says in which epoch the replica is, for what is reported. */
  private readonly quorum: QuorumState;
  private readonly log: Log<MetadataRecord>;

  constructor(host: Host, quorum: QuorumState) {
    this.host = host;
    this.quorum = quorum;
    this.log = Log.open<MetadataRecord>(host, {
      dir: METADATA_LOG_DIR,
      config: METADATA_LOG_CONFIG,
      cleanShutdown: false,
      recoveryPoint: 0,
      logStartOffset: 0,
      highWatermark: 0,
    });
    this.log.listener = this;
  }

  /** What survived; `epoch` is what the replica starts in. */
  reportLoaded(epoch: LeaderEpoch): void {
    const { nodeId: replica, isVoter: voter } = this.quorum;
    const { highWatermark } = this.log;
    const event: RaftLogLoaded = { kind: "RaftLogLoaded", replica, voter, epoch, batches: this.log.batches(), highWatermark };
    this.host.emit(event);
  }

  get endOffset(): Offset {
    return this.log.logEndOffset;
  }

  /** Everything below survives a loss of power. */
  get flushedOffset(): Offset {
    return this.log.recoveryPoint;
  }

  /** 0 for a log without records. */
  get lastFetchedEpoch(): LeaderEpoch {
    return Math.max(0, this.log.latestEpoch);
  }

  /** As votes compare it. */
  get end(): LogEnd {
    return { epoch: this.lastFetchedEpoch, offset: this.log.logEndOffset };
  }

  initializeLeaderEpoch(epoch: LeaderEpoch): void {
    this.log.assignEpoch(epoch, this.log.logEndOffset);
  }

  /** False on an I/O error. */
  appendAsLeader(batch: MetadataBatch, epoch: LeaderEpoch): boolean {
    const expected = batch.baseOffset;
    const { error, batch: stored } = this.log.appendAsLeader(batch, epoch);
    if (error !== "NONE") return false;
    assert(stored?.baseOffset === expected, `metadata offset ${expected} was promised, ${stored?.baseOffset} given`);
    return true;
  }

  /** False on an I/O error. */
  appendAsFollower(batch: MetadataBatch): boolean {
    return this.log.appendAsFollower(batch) === "NONE";
  }

  /** What a follower may be sent: everything from `from` on, committed or not. */
  readUncommitted(from: Offset): readonly MetadataBatch[] {
    return from >= this.log.logEndOffset ? [] : this.log.read(from, MAX_FETCH_BYTES, this.log.logEndOffset);
  }

  readCommitted(from: Offset, highWatermark: Offset): readonly MetadataBatch[] {
    return this.log.read(from, MAX_FETCH_BYTES, highWatermark);
  }

  updateHighWatermark(to: Offset): void {
    this.log.updateHighWatermark(to);
  }

  /** Undefined if a log that ends at `offset` with `epoch` agrees with this one; else where the two may still agree. */
  divergingFrom(offset: Offset, epoch: LeaderEpoch): LogEnd | undefined {
    if (offset === 0) return undefined;
    const end = this.endOffsetForEpoch(epoch);
    return end.epoch !== epoch || end.offset < offset ? end : undefined;
  }

  /** Cuts back to where this log and the leader's, whose `leaderEnd.epoch` ends at `leaderEnd.offset`, are sure to agree. */
  truncateTo(leaderEnd: LogEnd): void {
    this.log.truncateTo(this.truncationOffset(leaderEnd));
  }

  /** Forces the log to disk; `done` comes back when that has happened. */
  flush(done: DiskOperation): void {
    this.log.flush(done);
  }

  close(): void {
    this.log.close();
  }

  onAppended(batch: MetadataBatch): void {
    const { nodeId: replica, epoch } = this.quorum;
    const event: RaftRecordsAppended = { kind: "RaftRecordsAppended", replica, epoch, batch };
    this.host.emit(event);
  }

  onTruncated(_from: Offset, to: Offset): void {
    const { nodeId: replica, epoch } = this.quorum;
    const event: RaftLogTruncated = { kind: "RaftLogTruncated", replica, epoch, to };
    this.host.emit(event);
  }

  onEpochsChanged(_epochs: readonly EpochEntry[]): void {}
  onFlushed(_to: Offset): void {}
  onLogStartOffsetAdvanced(_to: Offset): void {}

  /** Without its metadata log a server is of no use: Kafka halts. */
  onStorageError(): void {
    this.host.exit("raft: I/O error on the metadata log");
  }

  private truncationOffset(leaderEnd: LogEnd): Offset {
    if (leaderEnd.epoch === 0) return Math.min(leaderEnd.offset, this.log.logEndOffset);
    const own = this.endOffsetForEpoch(leaderEnd.epoch);
    return own.epoch === leaderEnd.epoch ? Math.min(own.offset, leaderEnd.offset) : own.offset;
  }

  private endOffsetForEpoch(epoch: LeaderEpoch): LogEnd {
    const { epoch: found, endOffset } = this.log.endOffsetForEpoch(epoch);
    return found < 0 ? this.end : { epoch: found, offset: endOffset };
  }
}
