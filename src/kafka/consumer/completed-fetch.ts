/**
 * What one fetch brought for one partition, handed over piece by piece: a poll() takes so many records, the rest waits for the next.
 * Source: CompletedFetch.
 */
import { type BrokerId, type LeaderEpoch, NONE, type Offset } from "../ids.ts";
import type { FetchPartitionResponse } from "../messages/fetch.ts";
import type { KafkaRecord, RecordBatch } from "../records.ts";
import type { PolledRecords } from "./application.ts";
import type { AssignedPartition } from "./assigned-partition.ts";

/** A piece of it: records of one partition, one after another. */
export interface FetchedRecords {
  readonly partition: AssignedPartition;
  /** Who answered. */
  readonly broker: BrokerId;
  readonly highWatermark: Offset;
  /** Where they begin, and where the consumer goes on: within the last batch, or behind it. */
  readonly position: Offset;
  readonly nextPosition: Offset;
  /** Of the last batch. */
  readonly leaderEpoch: LeaderEpoch;
  /** Those that the records come from. Control batches are not among them. */
  readonly batches: readonly RecordBatch[];
  /** How many records. */
  readonly count: number;
}

export class CompletedFetch {
  readonly partition: AssignedPartition;
  readonly broker: BrokerId;
  readonly answer: FetchPartitionResponse<KafkaRecord>;
  /** Of the next record that is wanted of it. */
  nextOffset: Offset;
  /** Nothing is left of it. */
  drained = false;
  /** It has been looked at: it was not out of date, and no error. */
  opened = false;
  private nextBatch = 0;

  constructor(partition: AssignedPartition, offset: Offset, broker: BrokerId, answer: FetchPartitionResponse<KafkaRecord>) {
    this.partition = partition;
    this.nextOffset = offset;
    this.broker = broker;
    this.answer = answer;
  }

  /** The next `maxRecords` records, or what is left. As in Kafka one that gave exactly so many is found drained the next time only. */
  take(maxRecords: number): FetchedRecords {
    const position = this.nextOffset;
    let batches: RecordBatch[] | undefined;
    let count = 0;
    let leaderEpoch = NONE;
    while (count < maxRecords) {
      const batch = this.answer.records[this.nextBatch];
      this.drained = batch === undefined;
      if (batch === undefined) break;
      leaderEpoch = batch.partitionLeaderEpoch;
      const first = batch.isControl ? batch.records.length : firstAtOrAfter(batch, this.nextOffset);
      const left = batch.records.length - first;
      const taken = Math.min(left, maxRecords - count);
      count += taken;
      if (taken > 0 && batches === undefined) batches = [batch];
      else if (taken > 0) batches?.push(batch);
      if (count < maxRecords) {
        this.nextBatch++;
        // Behind the whole batch, even if compaction has removed its last records: else it would be fetched again and again.
        this.nextOffset = Math.max(this.nextOffset, batch.nextOffset);
      } else this.nextOffset = batch.offsetAt(first + taken - 1) + 1;
    }
    const { partition, broker, nextOffset: nextPosition } = this;
    const { highWatermark } = this.answer;
    return { partition, broker, highWatermark, position, nextPosition, leaderEpoch, batches: batches ?? [], count };
  }
}

/** The records of a piece, one by one, with their offsets and epochs. */
export function recordsOf({
  batches,
  position,
  nextPosition,
  count,
}: FetchedRecords): Pick<PolledRecords, "records" | "offsets" | "leaderEpochs"> {
  // As long as they will be: a poll often brings one record, and an array that grows takes room for many.
  const records = new Array<KafkaRecord>(count);
  const offsets = new Array<Offset>(count);
  const leaderEpochs = new Array<LeaderEpoch>(count);
  let next = 0;
  for (const batch of batches) {
    for (let index = firstAtOrAfter(batch, position); index < batch.records.length; index++) {
      const offset = batch.offsetAt(index);
      if (offset >= nextPosition) break;
      records[next] = batch.records[index] as KafkaRecord;
      offsets[next] = offset;
      leaderEpochs[next++] = batch.partitionLeaderEpoch;
    }
  }
  return { records, offsets, leaderEpochs };
}

/** The index of the first record at or after `offset`; the number of records if there is none. */
function firstAtOrAfter(batch: RecordBatch, offset: Offset): number {
  if (batch.nextOffset <= offset) return batch.records.length;
  let index = 0;
  while (index < batch.records.length && batch.offsetAt(index) < offset) index++;
  return index;
}
