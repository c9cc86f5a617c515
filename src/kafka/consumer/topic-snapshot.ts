/**
 * What the leader of a classic group knew of the topics when it assigned: if that changes, the group has to be assigned anew.
 * The racks of replicas count only for a consumer that knows its own (KIP-881). Source: ConsumerCoordinator.MetadataSnapshot.
 */
import type { MetadataCache } from "../client/metadata-cache.ts";

/** Of each topic that exists: for each partition, the racks of its replicas. */
export type TopicSnapshot = ReadonlyMap<string, readonly string[]>;

export function snapshotOf(cache: MetadataCache, topics: readonly string[], hasRack: boolean): TopicSnapshot {
  const snapshot = new Map<string, readonly string[]>();
  for (const topic of topics) {
    if (cache.partitionCount(topic) === 0) continue;
    const racks = cache.replicaRacks(topic).map((ofPartition) => [...new Set(ofPartition.map((rack) => rack ?? ""))].sort());
    snapshot.set(
      topic,
      racks.map((ofPartition) => (hasRack ? ofPartition.join(",") : "")),
    );
  }
  return snapshot;
}

export function sameTopics(one: TopicSnapshot, other: TopicSnapshot): boolean {
  if (one.size !== other.size) return false;
  for (const [topic, partitions] of one) {
    const others = other.get(topic);
    if (others === undefined || others.length !== partitions.length) return false;
    if (partitions.some((racks, index) => racks !== others[index])) return false;
  }
  return true;
}
