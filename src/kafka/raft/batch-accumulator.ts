/**
 * Gathers what the controller writes into batches, before the leader appends them to its log.
 *
 * Offsets are given at once, so that the controller can apply a record before it is written; the write waits for company
 * (`controller.quorum.append.linger.ms`) or for a full batch. What is given in one call stands in one batch, and so is
 * replicated and committed as a whole. Source: BatchAccumulator.
 */
import { assert } from "../../base/assert.ts";
import type { Micros } from "../../base/units.ts";
import { type LeaderEpoch, NONE, type Offset } from "../ids.ts";
import type { LeaderChangeMessage, MetadataRecord } from "../metadata/records.ts";
import { BATCH_OVERHEAD_BYTES, RecordBatch } from "../records.ts";

const MAX_BATCH_BYTES = 8 * 1_024 * 1_024;
/** A rough size of a metadata record: they differ little, and nothing hangs on it but bandwidth. */
const METADATA_RECORD_BYTES = 80;

export class BatchAccumulator {
  private readonly epoch: LeaderEpoch;
  private readonly linger: Micros;
  private nextOffset: Offset;
  private completed: RecordBatch<MetadataRecord>[] = [];
  private open: MetadataRecord[] = [];
  /** When the gathered records must be written; infinity while there are none. */
  drainAt: Micros = Number.POSITIVE_INFINITY;

  constructor(epoch: LeaderEpoch, baseOffset: Offset, linger: Micros) {
    this.epoch = epoch;
    this.linger = linger;
    this.nextOffset = baseOffset;
  }

  /** The offset that the last of `records` will have. */
  append(records: readonly MetadataRecord[], now: Micros): Offset {
    assert(records.length > 0, "an append of no records");
    if (sizeInBytes(this.open.length + records.length) > MAX_BATCH_BYTES) {
      this.completeOpenBatch();
      this.drainAt = now;
    }
    for (const record of records) this.open.push(record);
    this.nextOffset += records.length;
    this.drainAt = Math.min(this.drainAt, now + this.linger);
    return this.nextOffset - 1;
  }

  /** A control record has a batch of its own and does not wait. */
  appendControl(message: LeaderChangeMessage, now: Micros): void {
    this.completeOpenBatch();
    this.nextOffset += 1;
    this.completed.push(this.batchOf([message], true));
    this.drainAt = now;
  }

  /** Bytes that {@link drain} would return. */
  get pendingBytes(): number {
    let bytes = this.open.length === 0 ? 0 : sizeInBytes(this.open.length);
    for (const batch of this.completed) bytes += batch.sizeInBytes;
    return bytes;
  }

  drain(): readonly RecordBatch<MetadataRecord>[] {
    this.completeOpenBatch();
    const batches = this.completed;
    this.completed = [];
    this.drainAt = Number.POSITIVE_INFINITY;
    return batches;
  }

  private completeOpenBatch(): void {
    if (this.open.length === 0) return;
    this.completed.push(this.batchOf(this.open, false));
    this.open = [];
  }

  /** The records end at `nextOffset`. */
  private batchOf(records: readonly MetadataRecord[], isControl: boolean): RecordBatch<MetadataRecord> {
    const baseOffset = this.nextOffset - records.length;
    const header = {
      baseOffset,
      partitionLeaderEpoch: this.epoch,
      isControl,
      sizeInBytes: sizeInBytes(records.length),
      maxTimestamp: NONE,
    };
    return new RecordBatch<MetadataRecord>(header, records);
  }
}

function sizeInBytes(records: number): number {
  return BATCH_OVERHEAD_BYTES + records * METADATA_RECORD_BYTES;
}
