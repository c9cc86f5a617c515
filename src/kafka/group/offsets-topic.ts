/** The topic that groups are kept in. Source: Topic.GROUP_METADATA_TOPIC_NAME, GroupCoordinatorService.groupMetadataTopicConfigs. */
import type { BrokerConfig } from "../config/broker-config.ts";
import type { CreateTopicsRequest } from "../messages/metadata.ts";

export const OFFSETS_TOPIC = "__consumer_offsets";

/** How it is made. Kafka also sets compression.type: nothing is compressed here. */
export function offsetsTopic(config: BrokerConfig): CreateTopicsRequest["topics"][number] {
  return {
    name: OFFSETS_TOPIC,
    numPartitions: config["offsets.topic.num.partitions"],
    replicationFactor: config["offsets.topic.replication.factor"],
    assignments: [],
    configs: [
      { name: "cleanup.policy", value: "compact" },
      { name: "segment.bytes", value: String(config["offsets.topic.segment.bytes"]) },
    ],
  };
}
