/** What the controller needs of the Raft layer below it. */
import type { LeaderEpoch, Offset } from "../ids.ts";
import type { MetadataRecord } from "../metadata/records.ts";

export interface MetadataLogWriter {
  readonly isLeader: boolean;
  readonly epoch: LeaderEpoch;
  readonly logEndOffset: Offset;
  /** Appends all of `records` as one atomic unit: the offset of the last, or undefined if this node does not lead `epoch`. */
  scheduleAppend(epoch: LeaderEpoch, records: readonly MetadataRecord[]): Offset | undefined;
}
