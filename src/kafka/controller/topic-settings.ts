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
  const configured = image.topicConfig(topic).get(MIN_IN_SYNC_REPLICAS);
  const minIsr = configured === undefined ? config[MIN_IN_SYNC_REPLICAS] : Number(configured);
  return Math.min(minIsr, first.replicas.length);
}

export function uncleanElectionEnabled(image: MetadataImage, config: BrokerConfig, topic: string): boolean {
  const configured = image.topicConfig(topic).get(UNCLEAN_LEADER_ELECTION_ENABLE);
  return configured === undefined ? config[UNCLEAN_LEADER_ELECTION_ENABLE] : configured === "true";
}
