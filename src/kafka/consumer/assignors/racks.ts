/**
 * Whether it is worth while to look at racks, and who is where (KIP-881). Balance goes before rack alignment, always.
 * Source: AbstractPartitionAssignor.useRackAwareAssignment, AbstractStickyAssignor.RackInfo.
 */
import type { TopicPartition } from "../../ids.ts";
import type { MemberSubscription } from "./assignor.ts";
import type { SubscribedPartitions } from "./subscribed-partitions.ts";

/** The rack of each member that names one. */
export function memberRacks(members: readonly MemberSubscription[]): Map<string, string> {
  const racks = new Map<string, string>();
  for (const { memberId, rackId } of members) if (rackId !== null && rackId !== "") racks.set(memberId, rackId);
  return racks;
}

/** Some members are in a rack that has replicas, and not every partition has one in every rack. */
export function racksMatter(
  members: ReadonlyMap<string, string>,
  partitions: readonly TopicPartition[],
  subscribed: SubscribedPartitions,
): boolean {
  const withReplicas = new Set(partitions.flatMap((partition) => [...subscribed.racksOf(partition)]));
  if (![...members.values()].some((rack) => withReplicas.has(rack))) return false;
  return partitions.some((partition) => subscribed.racksOf(partition).size < withReplicas.size);
}

/** What a sticky assignor knows of racks; nothing where they do not matter. */
export class Racks {
  /** False: nobody and nothing is in the wrong rack. */
  readonly matter: boolean;
  private readonly subscribed: SubscribedPartitions;
  private readonly members: ReadonlyMap<string, string>;
  private readonly membersPerRack = new Map<string, number>();

  constructor(members: readonly MemberSubscription[], subscribed: SubscribedPartitions) {
    const racks = memberRacks(members);
    this.subscribed = subscribed;
    this.matter = racksMatter(racks, subscribed.all(), subscribed);
    this.members = this.matter ? racks : new Map();
    for (const rack of this.members.values()) this.membersPerRack.set(rack, (this.membersPerRack.get(rack) ?? 0) + 1);
  }

  /** The member has a rack, and the partition no replica in it. */
  mismatch(memberId: string, partition: TopicPartition): boolean {
    const rack = this.members.get(memberId);
    return rack !== undefined && !this.subscribed.racksOf(partition).has(rack);
  }

  /** Those that few members are near to come first; else the order stays. */
  fewestNeighboursFirst(partitions: readonly TopicPartition[]): TopicPartition[] {
    const neighbours = (partition: TopicPartition): number => {
      let count = 0;
      for (const rack of this.subscribed.racksOf(partition)) count += this.membersPerRack.get(rack) ?? 0;
      return count;
    };
    const counted = partitions.map((partition) => ({ partition, count: neighbours(partition) }));
    return counted.sort((a, b) => a.count - b.count).map(({ partition }) => partition);
  }

  /** The index of the first from `from` on, going round, that is in a rack of the partition; -1 if none is. */
  nextNeighbour(partition: TopicPartition, memberIds: readonly string[], from: number): number {
    const racks = this.subscribed.racksOf(partition);
    for (let i = 0; i < memberIds.length; i++) {
      const index = (from + i) % memberIds.length;
      const rack = this.members.get(memberIds[index] as string);
      if (rack !== undefined && racks.has(rack)) return index;
    }
    return -1;
  }
}
