/**
 * One replica's log on one small disk, and what its owner would do around it: checkpoints, restarts, and an ear for what it says.
 *
 * Background of every test unless it says otherwise: `orders-0`, batches of 100 bytes, nothing rolls and nothing is flushed by itself.
 */
import { expect } from "vitest";
import type { Micros } from "../../../src/base/units.ts";
import type { EpochEntry } from "../../../src/kafka/events.ts";
import type { LeaderEpoch, Offset } from "../../../src/kafka/ids.ts";
import { Log, type LogListener } from "../../../src/kafka/log/log.ts";
import type { LogConfig, LogOptions } from "../../../src/kafka/log/log-options.ts";
import { type KafkaRecord, RecordBatch } from "../../../src/kafka/records.ts";
import { FakeHost, type PowerLoss } from "./fake-host.ts";

export const BATCH_BYTES = 100;

const CONFIG: LogConfig = {
  segmentBytes: 1_000_000,
  segmentUs: 1_000_000_000,
  flushMessages: Number.MAX_SAFE_INTEGER,
  maxMessageBytes: 10_000,
  compacts: false,
};

export interface BatchSpec {
  readonly bytes?: number;
  /** Milliseconds. */
  readonly timestamp?: number;
}

/** What the log said, in order, a line each: `appended 0-2`. */
class Ear implements LogListener<KafkaRecord> {
  readonly heard: string[] = [];

  onAppended(batch: RecordBatch): void {
    this.heard.push(`appended ${batch.baseOffset}-${batch.lastOffset}`);
  }
  onTruncated(from: Offset, to: Offset, fully: boolean): void {
    this.heard.push(`truncated ${from}->${to}${fully ? " fully" : ""}`);
  }
  onEpochsChanged(epochs: readonly EpochEntry[]): void {
    this.heard.push(`epochs ${describeEpochs(epochs)}`);
  }
  onFlushed(to: Offset): void {
    this.heard.push(`flushed ${to}`);
  }
  onLogStartOffsetAdvanced(to: Offset): void {
    this.heard.push(`start ${to}`);
  }
  onStorageError(): void {
    this.heard.push("storage error");
  }
}

/** `1@0 3@5`. */
export function describeEpochs(epochs: readonly EpochEntry[]): string {
  return epochs.map((entry) => `${entry.epoch}@${entry.startOffset}`).join(" ");
}

export class LogFixture {
  readonly node = new FakeHost();
  readonly config: LogConfig;
  /** What the checkpoint files say at the next start. */
  checkpointed: { recoveryPoint: Offset; logStartOffset: Offset; highWatermark: Offset } = {
    recoveryPoint: 0,
    logStartOffset: 0,
    highWatermark: 0,
  };
  log: Log<KafkaRecord>;
  private ear = new Ear();
  private made = 0;

  constructor(config: Partial<LogConfig> = {}) {
    this.config = { ...CONFIG, ...config };
    this.log = this.open();
  }

  /** What the log said since it was opened, or since this was last asked for. */
  get heard(): string[] {
    return this.ear.heard.splice(0);
  }

  /** A batch as a client would send it. */
  batch(count: number, { bytes = BATCH_BYTES, timestamp = -1 }: BatchSpec = {}): RecordBatch {
    const records: KafkaRecord[] = [];
    for (let i = 0; i < count; i++) {
      records.push({ key: null, value: null, timestamp, origin: { client: "checkout", sequence: this.made++ } });
    }
    return new RecordBatch({ baseOffset: 0, partitionLeaderEpoch: -1, sizeInBytes: bytes, maxTimestamp: timestamp }, records);
  }

  /** Appends as the leader of `epoch`, and expects that to go well. */
  append(count: number, epoch: LeaderEpoch = 0, spec?: BatchSpec): RecordBatch {
    const { error, batch } = this.log.appendAsLeader(this.batch(count, spec), epoch);
    expect(error).toBe("NONE");
    return batch as RecordBatch;
  }

  /** Writes what the checkpoint threads would write now. */
  checkpoint(): void {
    const { recoveryPoint, logStartOffset, highWatermark } = this.log;
    this.checkpointed = { recoveryPoint, logStartOffset, highWatermark };
  }

  flushAll(): void {
    this.log.flush();
    this.node.disk.completeFsyncs();
  }

  restartAfterCleanShutdown(): void {
    expect(this.log.close()).toBe(true);
    this.checkpoint();
    this.node.disk.crash();
    this.log = this.open({ cleanShutdown: true });
  }

  restartAfterCrash(): void {
    this.node.disk.crash();
    this.log = this.open();
  }

  restartAfterPowerLoss(loss?: PowerLoss): void {
    this.node.disk.losePower(loss);
    this.log = this.open();
  }

  open(options: Partial<LogOptions> = {}): Log<KafkaRecord> {
    const log = Log.open<KafkaRecord>(this.node.host, {
      dir: "orders-0",
      config: this.config,
      cleanShutdown: false,
      ...this.checkpointed,
      ...options,
    });
    this.ear = new Ear();
    log.listener = this.ear;
    return log;
  }

  advance(by: Micros): void {
    this.node.time += by;
  }

  segmentFiles(): string[] {
    return this.node.disk.list("orders-0/").filter((path) => path.endsWith(".log"));
  }

  epochs(): string {
    return describeEpochs(this.log.epochs.entries());
  }

  /** `0-2 3-3`: the offsets of each batch. */
  contents(): string {
    return offsets(this.log.batches());
  }
}

export function offsets(batches: readonly RecordBatch[]): string {
  return batches.map((batch) => `${batch.baseOffset}-${batch.lastOffset}`).join(" ");
}
