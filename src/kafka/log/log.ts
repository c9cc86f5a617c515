/**
 * One replica's log: batches in segments on one node's disk, the epochs they were written in, and the offsets that every
 * replica tracks. It stores; what the offsets mean is for its owner (a partition, or the metadata quorum) to decide.
 *
 * A write is in the page cache when {@link Log.appendAsLeader} returns, and nothing waits for the platter: the recovery point
 * says how far that has got.
 *
 * Holds here always (reference 1.2, 1.6):
 *   - logStartOffset <= highWatermark <= logEndOffset, recoveryPoint <= logEndOffset
 *   - offsets are dense: a batch starts where the one before it ended, the log ends where the last one does
 *   - the epoch cache is strictly increasing in both columns and starts no epoch beyond the log end offset
 *
 * What need not be kept goes when its owner says so: {@link Log.deleteOldSegments}, and compaction by the cleaner (log-cleaning.ts).
 * Not modelled: indexes, whose size could roll a segment. Source: UnifiedLog, LocalLog, LogLoader.
 */
import { fail } from "../../base/assert.ts";
import type { DiskOperation, Host, ValueFile } from "../../sim/host.ts";
import type { ErrorCode } from "../errors.ts";
import type { EpochEntry } from "../events.ts";
import type { LeaderEpoch, Offset } from "../ids.ts";
import type { RecordBatch } from "../records.ts";
import { type EpochEndOffset, LeaderEpochCache } from "./leader-epoch-cache.ts";
import { type FlushOwner, LogFlushes } from "./log-flushes.ts";
import type { LogConfig, LogOptions, LogShutdown } from "./log-options.ts";
import { LogSegments } from "./log-segments.ts";
import { recoverSegments } from "./recovery.ts";
import { deletableSegments, type RetentionPolicy } from "./retention.ts";
import type { Segment } from "./segment.ts";

/** Hears of every change, when it is complete. */
export interface LogListener<R> {
  onAppended(batch: RecordBatch<R>): void;
  /** `from` and `to` are the log end offsets before and after; `fully`: everything went, and the log starts anew at `to`. */
  onTruncated(from: Offset, to: Offset, fully: boolean): void;
  /** The list is frozen. */
  onEpochsChanged(epochs: readonly EpochEntry[]): void;
  /** Everything below `to` is on the platter. */
  onFlushed(to: Offset): void;
  onLogStartOffsetAdvanced(to: Offset): void;
  /** The disk answered with an I/O error for the first time. The log takes no more writes. */
  onStorageError?(): void;
}

export interface LogAppendResult<R> {
  readonly error: ErrorCode;
  /** As stored, with its offset and epoch; undefined when refused. */
  readonly batch: RecordBatch<R> | undefined;
}

export class Log<R> implements FlushOwner {
  listener: LogListener<R> | undefined;
  readonly dir: string;
  readonly shutdown: LogShutdown;
  /** To be read only; an epoch is noted by {@link assignEpoch}, so that it gets to disk. */
  readonly epochs: LeaderEpochCache;
  private readonly host: Host;
  private readonly config: LogConfig;
  private readonly epochFile: ValueFile<readonly EpochEntry[]>;
  private readonly segments: LogSegments<R>;
  private start: Offset;
  private end: Offset;
  private watermark: Offset;
  private flushedTo: Offset;
  private lastEpoch: LeaderEpoch;
  private readonly flushes: LogFlushes;
  private storageFailed = false;

  /** Opens what the disk holds, recovering it first after an unclean shutdown (1.8). */
  static open<R>(host: Host, options: LogOptions): Log<R> {
    return new Log<R>(host, options);
  }

  private constructor(host: Host, options: LogOptions) {
    const { dir, recoveryPoint, logStartOffset } = options;
    this.host = host;
    this.dir = dir;
    this.config = options.config;
    this.flushes = new LogFlushes(host, this);
    this.epochFile = host.disk.valueFile(`${dir}/leader-epoch-checkpoint`);
    const stored = this.epochFile.read();
    this.epochs = new LeaderEpochCache(stored);
    const known = this.epochs.entries();

    const found = recoverSegments<R>(host, { ...options, epochs: this.epochs });
    this.shutdown = found.length === 0 ? "new" : options.cleanShutdown ? "clean" : "unclean";
    this.segments = new LogSegments(host, dir, found, logStartOffset);
    // A log that ends before the offset it is known to start at has lost its files: what is left is of no use.
    const lost = this.segments.active.endOffset < logStartOffset;
    if (lost) this.segments.restartAt(logStartOffset);
    if (lost || found.length === 0) this.epochs.clear();
    this.end = this.segments.active.endOffset;
    this.start = Math.max(logStartOffset, this.segments.baseOffset);
    this.watermark = clamp(options.highWatermark, this.start, this.end);
    this.flushedTo = this.shutdown === "clean" && !lost ? this.end : Math.min(recoveryPoint, this.end);
    this.lastEpoch = this.segments.lastBatchEpoch;
    this.epochs.truncateFromEnd(this.end);
    this.epochs.truncateFromStart(this.start);
    if (this.epochs.entries() !== known) this.epochFile.writeDurably(this.epochs.entries());
  }

  /** The first readable offset. */
  get logStartOffset(): Offset {
    return this.start;
  }

  /** The next offset to be given. */
  get logEndOffset(): Offset {
    return this.end;
  }

  /** The first offset not known to be committed. */
  get highWatermark(): Offset {
    return this.watermark;
  }

  /** Everything below it is on the platter. */
  get recoveryPoint(): Offset {
    return this.flushedTo;
  }

  /** Of the epoch cache; -1 if none. May be above {@link lastBatchEpoch}: a leader notes its epoch before it writes. */
  get latestEpoch(): LeaderEpoch {
    return this.epochs.latestEpoch;
  }

  /** Epoch of the last batch in the log; -1 if it is empty. */
  get lastBatchEpoch(): LeaderEpoch {
    return this.lastEpoch;
  }

  /** True once the disk has answered with an I/O error, or the log was closed: it is offline until it is opened anew. */
  get failed(): boolean {
    return this.storageFailed;
  }

  // ---- append (1.3) ----

  /** Gives `batch` the next offset and `leaderEpoch`, and stores it. */
  appendAsLeader(batch: RecordBatch<R>, leaderEpoch: LeaderEpoch): LogAppendResult<R> {
    const { config } = this;
    if (batch.records.length === 0) return refused("INVALID_RECORD");
    if (batch.sizeInBytes > config.maxMessageBytes) return refused("MESSAGE_TOO_LARGE");
    if (batch.sizeInBytes > config.segmentBytes) return refused("RECORD_LIST_TOO_LARGE");
    if (config.compacts && !batch.records.every(hasKey)) return refused("INVALID_RECORD");
    const stamped = batch.stamped(this.end, leaderEpoch);
    const error = this.store(stamped);
    return error === "NONE" ? { error, batch: stamped } : refused(error);
  }

  /** Stores a batch as the leader had it. It must start at the log end offset. */
  appendAsFollower(batch: RecordBatch<R>): ErrorCode {
    if (batch.records.length === 0 && batch.compacted === undefined) return "INVALID_RECORD";
    if (batch.baseOffset !== this.end) {
      // The leader's log may start within a batch; a log that is still empty takes the whole of it.
      const straddles = batch.baseOffset < this.end && batch.nextOffset > this.end;
      if (!straddles || this.start !== this.end) return "UNKNOWN_SERVER_ERROR";
      this.truncateFullyAndStartAt(batch.baseOffset);
    }
    return this.store(batch);
  }

  private store(batch: RecordBatch<R>): ErrorCode {
    const { config } = this;
    if (this.storageFailed) return "KAFKA_STORAGE_ERROR";
    const epoch = batch.partitionLeaderEpoch;
    if (epoch !== this.epochs.latestEpoch && !this.noteEpoch(epoch, batch.baseOffset)) return this.fail();
    if (this.segments.active.isFullFor(batch, config.segmentBytes, config.segmentUs, this.host)) this.roll();
    if (!this.segments.active.append(batch)) return this.fail();
    this.end = batch.nextOffset;
    this.lastEpoch = epoch;
    this.listener?.onAppended(batch);
    if (this.end - this.flushedTo >= config.flushMessages && !this.force()) return this.fail();
    return "NONE";
  }

  /** Begins a new segment at the log end offset. What is before it goes to disk in the background. */
  private roll(): void {
    this.segments.roll();
    this.flush();
  }

  // ---- read (1.7) ----

  /**
   * Whole batches from the one that holds `from`, all of them below `upTo`: as many as `maxBytes` allow, but at least one if there
   * is any. The caller has checked that `from` is in range.
   */
  read(from: Offset, maxBytes: number, upTo: Offset): readonly RecordBatch<R>[] {
    if (from < this.start) fail(`read of ${this.dir} at ${from}, below its start ${this.start}`);
    return from >= upTo || from >= this.end ? [] : this.segments.read(from, maxBytes, upTo);
  }

  batchContaining(offset: Offset): RecordBatch<R> | undefined {
    if (offset < this.start || offset >= this.end) return undefined;
    return this.segments.batchContaining(offset);
  }

  /** A copy of the whole readable log. */
  batches(): readonly RecordBatch<R>[] {
    return this.read(this.start, Number.POSITIVE_INFINITY, this.end);
  }

  // ---- epochs (1.6) ----

  /** This replica leads `epoch`, whose records start at `startOffset`. On disk when it returns. */
  assignEpoch(epoch: LeaderEpoch, startOffset: Offset): void {
    if (!this.noteEpoch(epoch, startOffset)) this.fail();
  }

  endOffsetForEpoch(epoch: LeaderEpoch): EpochEndOffset {
    return this.epochs.endOffsetFor(epoch, this.end);
  }

  /** False on an I/O error. */
  private noteEpoch(epoch: LeaderEpoch, startOffset: Offset): boolean {
    if (!this.epochs.assign(epoch, startOffset)) return true;
    if (!this.epochFile.writeDurably(this.epochs.entries())) return false;
    this.listener?.onEpochsChanged(this.epochs.entries());
    return true;
  }

  /**
   * A cut is durable, too. Current Kafka leaves that to later, and may take an epoch that comes back for that of records written since.
   */
  private saveCutEpochs(): void {
    if (!this.epochFile.writeDurably(this.epochs.entries())) this.fail();
  }

  // ---- truncation (1.9) ----

  /**
   * Drops everything from `target` on. A batch that reaches over `target` goes as a whole, and the log then ends where it
   * started: the next fetch brings the whole batch again.
   */
  truncateTo(target: Offset): void {
    if (target >= this.end) {
      if (!this.epochs.truncateFromEnd(target)) return;
      this.saveCutEpochs();
      this.listener?.onEpochsChanged(this.epochs.entries());
      return;
    }
    if (target < this.segments.baseOffset) {
      this.truncateFullyAndStartAt(target);
      return;
    }
    const from = this.end;
    this.segments.truncateTo(target);
    this.endsAt(this.segments.active.endOffset);
    this.watermark = Math.min(this.watermark, this.end);
    this.start = Math.min(this.start, this.end);
    this.truncated(from, false, this.epochs.truncateFromEnd(this.end));
  }

  /** Drops everything; the log starts anew at `offset`. */
  truncateFullyAndStartAt(offset: Offset): void {
    const from = this.end;
    this.segments.restartAt(offset);
    this.endsAt(offset);
    this.watermark = offset;
    this.start = offset;
    this.truncated(from, true, this.epochs.clear());
  }

  private truncated(from: Offset, fully: boolean, epochsChanged: boolean): void {
    if (epochsChanged) this.saveCutEpochs();
    this.listener?.onTruncated(from, this.end, fully);
    if (epochsChanged) this.listener?.onEpochsChanged(this.epochs.entries());
  }

  private endsAt(end: Offset): void {
    this.end = end;
    this.lastEpoch = this.segments.lastBatchEpoch;
    this.flushedTo = Math.min(this.flushedTo, end);
    this.flushes.onTruncated(end);
  }

  // ---- the start and the high watermark (1.2, 1.4) ----

  /** Moves the start up; never down. OFFSET_OUT_OF_RANGE above the high watermark. */
  advanceLogStartOffset(to: Offset): ErrorCode {
    if (to <= this.start) return "NONE";
    if (to > this.watermark) return "OFFSET_OUT_OF_RANGE";
    this.start = to;
    const epochsChanged = this.epochs.truncateFromStart(to);
    if (epochsChanged) this.saveCutEpochs();
    this.listener?.onLogStartOffsetAdvanced(to);
    if (epochsChanged) this.listener?.onEpochsChanged(this.epochs.entries());
    return "NONE";
  }

  /** Sets it to `to`, up or down, within [logStartOffset, logEndOffset]. The new one. */
  updateHighWatermark(to: Offset): Offset {
    this.watermark = clamp(to, this.start, this.end);
    return this.watermark;
  }

  /** Forward only. True if it moved. */
  maybeIncrementHighWatermark(to: Offset): boolean {
    if (to > this.end) fail(`high watermark ${to} of ${this.dir} beyond the log end ${this.end}`);
    if (to <= this.watermark) return false;
    this.watermark = to;
    return true;
  }

  // ---- retention and compaction (1.4, 1.5) ----

  /** Deletes what `policy` does not keep; the log then starts with what is left. */
  deleteOldSegments(policy: RetentionPolicy, nowMs: number): void {
    const segments = this.segments
      .inOrder()
      .map(({ sizeInBytes, endOffset, age }) => ({ sizeInBytes, endOffset, largestTimestamp: age }));
    const { start: logStartOffset, watermark: highWatermark } = this;
    const count = deletableSegments(segments, policy, { nowMs, logStartOffset, highWatermark });
    if (count === 0) return;
    if (count === segments.length) this.roll();
    this.segments.deleteFirst(count);
    this.advanceLogStartOffset(this.segments.baseOffset);
  }

  /** The segments that nothing more is written to and that are committed as a whole: what may be compacted. */
  cleanableSegments(): readonly Segment<R>[] {
    return this.segments.inOrder().filter((segment) => segment !== this.segments.active && segment.endOffset <= this.watermark);
  }

  /** A segment's content is replaced by what compaction has left of it. False on an I/O error. */
  replaceSegment(segment: Segment<R>, batches: readonly RecordBatch<R>[]): boolean {
    if (this.storageFailed) return false;
    if (segment.replace(batches)) return true;
    this.fail();
    return false;
  }

  // ---- flush (1.3, 1.4) ----

  /** Forces the log to disk up to its present end, in the background; then the recovery point moves, and `operation` goes to its target. */
  flush(operation?: DiskOperation): void {
    if (operation === undefined && this.flushedTo >= this.end) return;
    this.flushes.begin(this.segments.filesFrom(this.flushedTo), this.end, operation);
  }

  onFlushEnded(to: Offset, ok: boolean): void {
    if (ok) this.flushed(to);
    else this.fail();
  }

  /** Everything is durable when it returns, and nothing is appended any more. False on an I/O error: then it was no clean shutdown. */
  close(): boolean {
    const durable = !this.storageFailed && this.force() && this.epochFile.writeDurably(this.epochs.entries());
    if (!durable) this.fail();
    this.storageFailed = true;
    return durable;
  }

  /** Forces everything to disk before it returns. False on an I/O error. */
  private force(): boolean {
    for (const file of this.segments.filesFrom(this.flushedTo)) if (!file.force()) return false;
    this.flushed(this.end);
    return true;
  }

  private flushed(to: Offset): void {
    if (to <= this.flushedTo) return;
    this.flushedTo = to;
    this.listener?.onFlushed(to);
  }

  /** An I/O error takes the log offline, as it takes its whole directory (KIP-112). */
  private fail(): ErrorCode {
    if (!this.storageFailed) {
      this.storageFailed = true;
      this.listener?.onStorageError?.();
    }
    return "KAFKA_STORAGE_ERROR";
  }
}

/** Only logs of clients' records are compacted. */
function hasKey(record: unknown): boolean {
  return (record as { readonly key?: unknown }).key !== null;
}

function refused<R>(error: ErrorCode): LogAppendResult<R> {
  return { error, batch: undefined };
}

function clamp(value: Offset, low: Offset, high: Offset): Offset {
  return Math.min(Math.max(value, low), high);
}
