/** Which partitions name a broker: as a replica, or as their leader. */
import { type BrokerId, partitionName, type TopicPartition } from "../ids.ts";

export class PartitionsByBroker {
  private readonly sets = new Map<BrokerId, Map<string, TopicPartition>>();

  clear(): void {
    this.sets.clear();
  }

  /** The partition named the brokers of `before`, and names those of `after` now. */
  move(partition: TopicPartition, before: readonly BrokerId[], after: readonly BrokerId[]): void {
    if (before === after) return;
    const name = partitionName(partition.topic, partition.partition);
    for (const broker of before) if (!after.includes(broker)) this.sets.get(broker)?.delete(name);
    for (const broker of after) if (!before.includes(broker)) this.setOf(broker).set(name, partition);
  }

  /** Those that named it first come first. A list of its own. */
  of(broker: BrokerId): TopicPartition[] {
    return [...(this.sets.get(broker)?.values() ?? [])];
  }

  /** Every broker that is or was named; -1 among them, where leaders are meant. Ascending. */
  brokers(): BrokerId[] {
    return [...this.sets.keys()].sort((a, b) => a - b);
  }

  private setOf(broker: BrokerId): Map<string, TopicPartition> {
    let set = this.sets.get(broker);
    if (set === undefined) {
      set = new Map();
      this.sets.set(broker, set);
    }
    return set;
  }
}
