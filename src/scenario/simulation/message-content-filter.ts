/** Picks messages that speak of one partition. */
import type { TopicPartition } from "../../kafka/ids.ts";
import type { RequestFrame } from "../../kafka/messages/frame.ts";
import type { MessageFilter } from "../../sim/edits.ts";
import type { Message } from "../../sim/host.ts";

export class MessageContentFilter implements MessageFilter {
  private readonly wanted: TopicPartition;

  constructor(wanted: TopicPartition) {
    this.wanted = wanted;
  }

  matches(message: Message): boolean {
    return mentions((message as RequestFrame).body, this.wanted);
  }
}

/** The names under which the protocol's messages carry topics and partitions. */
const TOPIC_LISTS = ["topics", "topicData", "responses", "topicPartitions", "replicaElectionResults"] as const;
const PARTITION_LISTS = ["partitions", "partitionData", "partitionResponses", "partitionResult"] as const;

function mentions(body: object, wanted: TopicPartition): boolean {
  for (const topics of TOPIC_LISTS) {
    const list = (body as Record<string, unknown>)[topics];
    if (!Array.isArray(list)) continue;
    for (const topic of list as Record<string, unknown>[]) {
      if ((topic.topic ?? topic.name) === wanted.topic && mentionsPartition(topic, wanted.partition)) return true;
    }
  }
  return false;
}

function mentionsPartition(topic: Record<string, unknown>, partition: number): boolean {
  for (const partitions of PARTITION_LISTS) {
    const list = topic[partitions];
    if (!Array.isArray(list)) continue;
    for (const item of list as (number | Record<string, unknown>)[]) {
      if (typeof item === "number" ? item === partition : numberOf(item) === partition) return true;
    }
  }
  return false;
}

function numberOf(item: Record<string, unknown>): unknown {
  return item.partition ?? item.partitionIndex ?? item.index ?? item.partitionId;
}
