/**
 * Which partitions have moved between whom while an assignment is balanced: before one of a topic moves from A to B, one of it that
 * had moved from B to A goes home instead. Source: AbstractStickyAssignor.PartitionMovements.
 */
import type { TopicPartition } from "../../ids.ts";

interface Movement {
  readonly from: string;
  readonly to: string;
}

export class PartitionMovements {
  /** From where it was at first to where it is now. */
  private readonly movements = new Map<TopicPartition, Movement>();

  /** One that would go home by moving to `to`, in the stead of `partition`, which is at `from`. */
  inStead(partition: TopicPartition, from: string, to: string): TopicPartition | undefined {
    const home = this.movements.get(partition)?.from ?? from;
    for (const [moved, movement] of this.movements) {
      if (moved.topic === partition.topic && movement.from === to && movement.to === home) return moved;
    }
    return undefined;
  }

  onMoved(partition: TopicPartition, from: string, to: string): void {
    const home = this.movements.get(partition)?.from ?? from;
    this.movements.delete(partition);
    if (home !== to) this.movements.set(partition, { from: home, to });
  }
}
