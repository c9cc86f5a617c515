/**
 * Record batches, the unit of append, replication, checksum and fetch.
 *
 * Nobody below the clients looks into the payload. A broker stamps base offset and leader epoch into the header
 * and leaves the payload alone, so the payload array keeps its identity from the producer's hand to the consumer's.
 * Source: DefaultRecordBatch, KIP-98.
 */
import { IMMUTABLE, markImmutable } from "../base/immutable.ts";
import { type LeaderEpoch, NONE, type Offset } from "./ids.ts";

/** One record as the client made it. */
export interface KafkaRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Milliseconds on the producer's clock. */
  readonly timestamp: number;
  /** Who made it and as its how-manieth: unique in a run. Never on the wire; the checks tell records apart by it. */
  readonly origin: RecordOrigin;
}

export interface RecordOrigin {
  readonly client: string;
  /** 0, 1, … per client. */
  readonly sequence: number;
}

/** Bytes of a v2 batch header. */
export const BATCH_OVERHEAD_BYTES = 61;
/** A rough cost of one record's own header fields. */
const RECORD_OVERHEAD_BYTES = 7;

export function recordSizeInBytes(record: KafkaRecord): number {
  return RECORD_OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
}

export interface BatchHeader {
  readonly baseOffset: Offset;
  /** Of the leader that first appended the batch; followers copy it untouched. */
  readonly partitionLeaderEpoch: LeaderEpoch;
  readonly isControl?: boolean;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  /** Largest timestamp of its records, in milliseconds. */
  readonly maxTimestamp?: number;
  readonly sizeInBytes: number;
}

/** What compaction has left of a batch. The batch keeps the offsets that it spans, so that it still follows on the one before it. */
export interface Compacted<R> {
  /** Of each record that is left, counted from the base offset. */
  readonly offsetDeltas: readonly number[];
  /** The records as they were produced. Never on the wire; the checks know the batch by them. */
  readonly produced: readonly R[];
  /** When its tombstones may go, in milliseconds on the broker's clock; -1 if it has none. */
  readonly deleteHorizonMs: number;
}

/** `R` is what the payload holds: a client's records, or metadata records. Offsets are dense, unless the batch was compacted. */
export class RecordBatch<R = KafkaRecord> {
  declare readonly [IMMUTABLE]: true;
  readonly baseOffset: Offset;
  readonly partitionLeaderEpoch: LeaderEpoch;
  readonly isControl: boolean;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly maxTimestamp: number;
  readonly sizeInBytes: number;
  readonly records: readonly R[];
  readonly compacted: Compacted<R> | undefined;

  constructor(header: BatchHeader, records: readonly R[], compacted?: Compacted<R>) {
    this.baseOffset = header.baseOffset;
    this.partitionLeaderEpoch = header.partitionLeaderEpoch;
    this.isControl = header.isControl ?? false;
    this.producerId = header.producerId ?? NONE;
    this.producerEpoch = header.producerEpoch ?? NONE;
    this.baseSequence = header.baseSequence ?? NONE;
    this.maxTimestamp = header.maxTimestamp ?? NONE;
    this.sizeInBytes = header.sizeInBytes;
    this.records = records;
    this.compacted = compacted;
  }

  /** The records as they were produced. */
  private get produced(): readonly R[] {
    return this.compacted === undefined ? this.records : this.compacted.produced;
  }

  get lastOffset(): Offset {
    return this.baseOffset + this.produced.length - 1;
  }

  get nextOffset(): Offset {
    return this.baseOffset + this.produced.length;
  }

  /** Of the record at `index`. */
  offsetAt(index: number): Offset {
    return this.baseOffset + (this.compacted === undefined ? index : (this.compacted.offsetDeltas[index] as number));
  }

  /** The same batch as a leader stores it: with the offset and the epoch that it gave it. */
  stamped(baseOffset: Offset, partitionLeaderEpoch: LeaderEpoch): RecordBatch<R> {
    const { isControl, producerId, producerEpoch, baseSequence, maxTimestamp, sizeInBytes } = this;
    // Field by field: every append comes by here, and a spread costs ten times as much.
    return new RecordBatch(
      { baseOffset, partitionLeaderEpoch, isControl, producerId, producerEpoch, baseSequence, maxTimestamp, sizeInBytes },
      this.records,
    );
  }

  /** The same batch with some of its records only: those at `indexes`, ascending. */
  compactedTo(indexes: readonly number[], sizeInBytes: number, deleteHorizonMs: number): RecordBatch<R> {
    const { baseOffset, partitionLeaderEpoch, isControl, producerId, producerEpoch, baseSequence, maxTimestamp } = this;
    return new RecordBatch(
      { baseOffset, partitionLeaderEpoch, isControl, producerId, producerEpoch, baseSequence, maxTimestamp, sizeInBytes },
      indexes.map((index) => this.records[index] as R),
      {
        offsetDeltas: indexes.map((index) => this.offsetAt(index) - baseOffset),
        produced: this.produced,
        deleteHorizonMs,
      },
    );
  }

  /** True if both were the same records at the same offsets, first appended in the same epoch, whatever compaction has left of them. */
  sameAs(other: RecordBatch<R>): boolean {
    return (
      this === other ||
      (this.baseOffset === other.baseOffset &&
        this.partitionLeaderEpoch === other.partitionLeaderEpoch &&
        this.produced === other.produced)
    );
  }
}
markImmutable(RecordBatch);

/** A client's records as it sends them: offsets are for the leader to give. */
export function unstampedBatch(records: readonly KafkaRecord[], header?: Partial<BatchHeader>): RecordBatch {
  let sizeInBytes = BATCH_OVERHEAD_BYTES;
  let maxTimestamp = NONE;
  for (const record of records) {
    sizeInBytes += recordSizeInBytes(record);
    maxTimestamp = Math.max(maxTimestamp, record.timestamp);
  }
  return new RecordBatch({ baseOffset: 0, partitionLeaderEpoch: NONE, sizeInBytes, maxTimestamp, ...header }, records);
}
