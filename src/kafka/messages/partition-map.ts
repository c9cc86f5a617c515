/** A map by topic and partition. */

export class PartitionMap<V> {
  private readonly byTopic = new Map<string, Map<number, V>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(topic: string, partition: number): V | undefined {
    return this.byTopic.get(topic)?.get(partition);
  }

  set(topic: string, partition: number, value: V): void {
    let known = this.byTopic.get(topic);
    if (known === undefined) {
      known = new Map();
      this.byTopic.set(topic, known);
    }
    if (!known.has(partition)) this.count++;
    known.set(partition, value);
  }

  delete(topic: string, partition: number): void {
    const known = this.byTopic.get(topic);
    if (known?.delete(partition) !== true) return;
    this.count--;
    if (known.size === 0) this.byTopic.delete(topic);
  }

  clear(): void {
    this.byTopic.clear();
    this.count = 0;
  }

  /** Topics in order of their first partition, partitions in order of being set. */
  *values(): Iterable<V> {
    for (const partitions of this.byTopic.values()) yield* partitions.values();
  }
}
