/**
 * How far an application that commits by hand has come, in the partitions that are its own.
 *
 * A partition may be taken away and come back. Work that began in an earlier tenure does not count any more: the group's committed
 * offset may lie before it or far behind it by now.
 */
import type { CommittedOffset } from "../group-events.ts";
import { partitionName, type TopicPartition } from "../ids.ts";

interface Tenure extends TopicPartition {
  /** 1, 2, …: no two partitions, and no two tenures of one, have the same. */
  readonly number: number;
  /** What has been processed: the offset behind the last record, and its epoch. */
  processed: CommittedOffset | undefined;
  /** What was given to the last commit. */
  sent: CommittedOffset | undefined;
  /** What a commit that succeeded was given. */
  committed: CommittedOffset | undefined;
}

/** Of a partition that is not its own. */
export const NO_TENURE = 0;

export class ProcessedOffsets {
  /** By name, in the order of assignment. */
  private readonly tenures = new Map<string, Tenure>();
  private last = NO_TENURE;

  onAssigned(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      const tenure = { topic, partition, number: ++this.last, processed: undefined, sent: undefined, committed: undefined };
      this.tenures.set(partitionName(topic, partition), tenure);
    }
  }

  /** Revoked or lost. */
  onGivenUp(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.tenures.delete(partitionName(topic, partition));
  }

  /** {@link NO_TENURE} if the partition is not its own. */
  tenureOf({ topic, partition }: TopicPartition): number {
    return this.tenures.get(partitionName(topic, partition))?.number ?? NO_TENURE;
  }

  /** Of all tenures. */
  numbers(): number[] {
    return [...this.tenures.values()].map(({ number }) => number);
  }

  /** All before `processed` is done. */
  advance(tenure: number, processed: CommittedOffset): void {
    const current = this.tenures.get(partitionName(processed.topic, processed.partition));
    if (current?.number === tenure) current.processed = processed;
  }

  /** What has come since the last commit. */
  unsent(): CommittedOffset[] {
    return this.where(({ processed, sent }) => processed?.offset !== sent?.offset);
  }

  /** What no commit is known to have brought home. */
  uncommitted(): CommittedOffset[] {
    return this.where(({ processed, committed }) => processed?.offset !== committed?.offset);
  }

  onSent(offsets: readonly CommittedOffset[]): void {
    for (const offset of offsets) {
      const tenure = this.tenures.get(partitionName(offset.topic, offset.partition));
      if (tenure !== undefined) tenure.sent = offset;
    }
  }

  onCommitted(offsets: readonly CommittedOffset[]): void {
    for (const offset of offsets) {
      const tenure = this.tenures.get(partitionName(offset.topic, offset.partition));
      if (tenure !== undefined) tenure.committed = offset;
    }
  }

  /** They go with the next commit again. */
  onNotCommitted(offsets: readonly CommittedOffset[]): void {
    for (const { topic, partition } of offsets) {
      const tenure = this.tenures.get(partitionName(topic, partition));
      if (tenure !== undefined) tenure.sent = undefined;
    }
  }

  private where(condition: (tenure: Tenure) => boolean): CommittedOffset[] {
    const offsets: CommittedOffset[] = [];
    for (const tenure of this.tenures.values()) {
      if (tenure.processed !== undefined && condition(tenure)) offsets.push(tenure.processed);
    }
    return offsets;
  }
}
