/** The effective value of a topic's settings: what was set on the topic, else the broker's own. Source: ConfigurationControlManager. */
import { assert } from "../../base/assert.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { MetadataImage } from "../metadata/image.ts";

const MIN_IN_SYNC_REPLICAS = "min.insync.replicas";
const UNCLEAN_LEADER_ELECTION_ENABLE = "unclean.leader.election.enable";

/** Never above the topic's replication factor. Source: ReplicationControlManager.getTopicEffectiveMinIsr. */
export function effectiveMinIsr(image: MetadataImage, config: BrokerConfig, topic: string): number {
  const first = image.partition(topic, 0);
  assert(first !== undefined, `topic ${topic} has no partition`);
  return minIsrOf(image.topicConfig(topic).get(MIN_IN_SYNC_REPLICAS), config, first.replicas.length);
}

export function uncleanElectionEnabled(image: MetadataImage, config: BrokerConfig, topic: string): boolean {
  return uncleanElectionOf(image.topicConfig(topic).get(UNCLEAN_LEADER_ELECTION_ENABLE), config);
}

/** `configured`: as it was set on the topic, if it was. */
export function minIsrOf(configured: string | undefined, config: BrokerConfig, replicas: number): number {
  return Math.min(configured === undefined ? config[MIN_IN_SYNC_REPLICAS] : Number(configured), replicas);
}

/** `configured`: as it was set on the topic, if it was. */
export function uncleanElectionOf(configured: string | undefined, config: BrokerConfig): boolean {
  return configured === undefined ? config[UNCLEAN_LEADER_ELECTION_ENABLE] : configured === "true";
}
