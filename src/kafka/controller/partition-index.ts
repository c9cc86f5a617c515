/**
 * Which partitions a broker's fate touches, so that nothing scans the whole cluster for them.
 *
 * Kept beside the image and moved record by record. Topics come out in the order in which they got their first entry,
 * partitions ascending. Source: BrokersToIsrs, BrokersToElrs, ReplicationControlManager.imbalancedPartitions.
 */
import { type BrokerId, NONE, type TopicId } from "../ids.ts";
import type { PartitionRegistration } from "../metadata/image.ts";

export interface TopicIdPartition {
  readonly topicId: TopicId;
  readonly partition: number;
}

class PartitionSet {
  private readonly byTopic = new Map<TopicId, Set<number>>();

  get isEmpty(): boolean {
    return this.byTopic.size === 0;
  }

  add(topicId: TopicId, partition: number): void {
    const partitions = this.byTopic.get(topicId);
    if (partitions === undefined) this.byTopic.set(topicId, new Set([partition]));
    else partitions.add(partition);
  }

  delete(topicId: TopicId, partition: number): void {
    const partitions = this.byTopic.get(topicId);
    if (partitions?.delete(partition) === true && partitions.size === 0) this.byTopic.delete(topicId);
  }

  /** A list of its own: the set may change while the list is gone through. */
  list(): TopicIdPartition[] {
    const result: TopicIdPartition[] = [];
    for (const [topicId, partitions] of this.byTopic) {
      for (const partition of [...partitions].sort((a, b) => a - b)) result.push({ topicId, partition });
    }
    return result;
  }
}

const NO_BROKERS: readonly BrokerId[] = [];

export class PartitionIndex {
  private readonly inIsr = new Map<BrokerId, PartitionSet>();
  private readonly inElr = new Map<BrokerId, PartitionSet>();
  private readonly leaderships = new Map<BrokerId, number>();
  private readonly leaderless = new PartitionSet();
  private readonly imbalanced = new PartitionSet();

  /** The partition changed from `before` (undefined: it is new) to `after` (undefined: it is gone). */
  update(
    topicId: TopicId,
    partition: number,
    before: PartitionRegistration | undefined,
    after: PartitionRegistration | undefined,
  ): void {
    const move = (index: Map<BrokerId, PartitionSet>, from: readonly BrokerId[], to: readonly BrokerId[]): void => {
      if (from === to) return;
      for (const broker of from) if (!to.includes(broker)) index.get(broker)?.delete(topicId, partition);
      for (const broker of to) if (!from.includes(broker)) setOf(index, broker).add(topicId, partition);
    };
    move(this.inIsr, before?.isr ?? NO_BROKERS, after?.isr ?? NO_BROKERS);
    move(this.inElr, before?.elr ?? NO_BROKERS, after?.elr ?? NO_BROKERS);

    if (before?.leader !== after?.leader) {
      this.countLeader(before?.leader, -1);
      this.countLeader(after?.leader, 1);
    }
    if (after?.leader === NONE) this.leaderless.add(topicId, partition);
    else this.leaderless.delete(topicId, partition);
    if (after !== undefined && after.leader !== after.replicas[0]) this.imbalanced.add(topicId, partition);
    else this.imbalanced.delete(topicId, partition);
  }

  partitionsWithBrokerInIsr(broker: BrokerId): TopicIdPartition[] {
    return this.inIsr.get(broker)?.list() ?? [];
  }

  partitionsWithBrokerInElr(broker: BrokerId): TopicIdPartition[] {
    return this.inElr.get(broker)?.list() ?? [];
  }

  partitionsWithNoLeader(): TopicIdPartition[] {
    return this.leaderless.list();
  }

  /** Led by another than the preferred replica, or by nobody. */
  imbalancedPartitions(): TopicIdPartition[] {
    return this.imbalanced.list();
  }

  get someAreLeaderless(): boolean {
    return !this.leaderless.isEmpty;
  }

  get someAreImbalanced(): boolean {
    return !this.imbalanced.isEmpty;
  }

  hasLeaderships(broker: BrokerId): boolean {
    return (this.leaderships.get(broker) ?? 0) > 0;
  }

  private countLeader(leader: BrokerId | undefined, by: number): void {
    if (leader === undefined || leader === NONE) return;
    this.leaderships.set(leader, (this.leaderships.get(leader) ?? 0) + by);
  }
}

function setOf(index: Map<BrokerId, PartitionSet>, broker: BrokerId): PartitionSet {
  let set = index.get(broker);
  if (set === undefined) {
    set = new PartitionSet();
    index.set(broker, set);
  }
  return set;
}
