/**
 * The topics that a group subscribes to, as the broker knows them: what a target assignment is made of, and what makes it stale.
 * Source: ModernGroup.computeMetadataHash, Utils.computeTopicHash (KIP-1101), SubscriptionType.
 */
import type { BrokerMetadataCache, CachedTopic } from "../../metadata/broker-metadata-cache.ts";
import type { ConsumerGroupMember } from "./consumer-group-member.ts";

type Subscriber = Pick<ConsumerGroupMember, "subscribedTopicNames">;

/** Those that exist, ascending by name. */
export function subscribedTopics(members: Iterable<Subscriber>, metadata: BrokerMetadataCache): readonly CachedTopic[] {
  const names = new Set<string>();
  for (const { subscribedTopicNames } of members) for (const name of subscribedTopicNames) names.add(name);
  return [...names].sort().flatMap((name) => metadata.topicByName(name) ?? []);
}

/** Whether all members subscribe to the same topics, existing or not. */
export function isHomogeneous(members: readonly Subscriber[]): boolean {
  const first = members[0]?.subscribedTopicNames.join();
  return members.every(({ subscribedTopicNames }) => subscribedTopicNames.join() === first);
}

/** 0 if no topic of theirs exists. Depends on ids, names, numbers of partitions, and the racks of the replicas. */
export function hashOf(members: Iterable<Subscriber>, metadata: BrokerMetadataCache): number {
  let hash = 0;
  for (const { id, name, partitions } of subscribedTopics(members, metadata)) {
    hash = mixed(hash, `${id} ${name} ${partitions.length}`);
    for (const partition of partitions) {
      const racks = (partition?.replicas ?? []).map((replica) => metadata.broker(replica)?.rack ?? "");
      hash = mixed(hash, racks.sort().join());
    }
  }
  return hash;
}

/** FNV-1a over the text, on top of what was hashed before; as a signed 32-bit integer. */
function mixed(hash: number, text: string): number {
  let result = hash ^ 0x811c9dc5;
  for (let i = 0; i < text.length; i++) result = Math.imul(result ^ text.charCodeAt(i), 0x01000193);
  return result | 0;
}
