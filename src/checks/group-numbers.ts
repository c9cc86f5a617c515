/** What became of the records in each consumer group: the four counts, lag, and who owned what when. */
import type { Micros } from "../base/units.ts";

export interface GroupNumbers {
  readonly group: string;
  readonly processedOnce: number;
  /** Effects beyond the first of a record, counted once for each. */
  readonly processedAgain: number;
  /** Committed records that the group went past without processing them; those of a topic after the group began. */
  readonly skipped: number;
  /** Records that were processed after a later one of the same key. */
  readonly outOfOrder: number;
  /** Given up by the application after its attempts: neither processed nor skipped. */
  readonly givenUp: number;
  /** Committed records that were neither processed nor passed when the run ended. */
  readonly unprocessed: number;
  /** Generations, or group epochs, after the first. */
  readonly rebalances: number;
  /** Summed over partitions: time in which nobody owned one, after the group's first assignment. */
  readonly ownerlessUs: Micros;
  /** Records between the group's committed offsets and the ends of the partitions, summed, sampled once a second. */
  readonly lag: {
    readonly highest: number;
    readonly atEnd: number;
    readonly samples: readonly { readonly timeUs: Micros; readonly records: number }[];
  };
  /** By topic and partition, then by time. As the members believed: spans of one partition may overlap. */
  readonly ownership: readonly OwnershipSpan[];
}

export interface OwnershipSpan {
  readonly topic: string;
  readonly partition: number;
  readonly client: string;
  readonly generation: number;
  readonly fromUs: Micros;
  /** Undefined: when the run ended it still owned it. */
  readonly toUs: Micros | undefined;
  /** How it ended. */
  readonly end: "revoked" | "lost" | "stopped" | undefined;
}
