/** Picks messages that speak of one partition, or of one znode. */
import type { TopicPartition } from "../../kafka/ids.ts";
import { topicPartitionPath } from "../../kafka/zk/znodes.ts";
import type { MessageFilter } from "../../sim/edits.ts";
import type { Message } from "../../sim/host.ts";
import type { MessagePattern } from "../patterns.ts";

/** What of a pattern is found in the content of a message, as the kernel takes it. */
export function contentFilterOf({ partition, path }: MessagePattern): { readonly filter?: MessageFilter } {
  return partition === undefined && path === undefined ? {} : { filter: new MessageContentFilter(partition, path) };
}

class MessageContentFilter implements MessageFilter {
  private readonly partition: TopicPartition | undefined;
  /** With `*` at its end: whatever begins so. */
  private readonly path: string | undefined;

  constructor(partition: TopicPartition | undefined, path: string | undefined) {
    this.partition = partition;
    this.path = path;
  }

  matches(message: Message): boolean {
    const content = contentOf(message as unknown as Fields);
    if (content === undefined) return false;
    const isZk = /^(Zk|Zab)/.test(message.kind);
    if (this.path !== undefined && !(isZk && pathsIn(content).some((path) => this.isMeant(path)))) return false;
    if (this.partition === undefined) return true;
    return isZk ? mentionsZnodeOf(content, this.partition) : mentions(content, this.partition);
  }

  private isMeant(path: string): boolean {
    const wanted = this.path as string;
    return wanted.endsWith("*") ? path.startsWith(wanted.slice(0, -1)) : path === wanted;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** The body of Kafka's frames; what ZooKeeper's carry; the request or the transaction in what its servers say to each other. */
function contentOf(message: Fields): Fields | undefined {
  const { body, request, response, event, submitted, proposal } = message as Readonly<Record<string, Fields | undefined>>;
  const transaction = proposal?.transaction as Fields | undefined;
  return body ?? request ?? response ?? event ?? ((submitted?.request ?? transaction?.body) as Fields | undefined);
}

// ---- ZooKeeper ----

/** Of a request, each part of a multi, a watch event, a transaction; and of an answer, which names what it created. */
function pathsIn(content: Fields): string[] {
  const parts = [content, ...listAt(content, "ops"), ...listAt(content, "results"), ...listAt(content, "nodes")];
  const paths = [...parts.map(({ path }) => path), ...listAt<string>(content, "paths")];
  return paths.filter((path) => typeof path === "string");
}

function mentionsZnodeOf(content: Fields, { topic, partition }: TopicPartition): boolean {
  const own = topicPartitionPath(topic, partition);
  return pathsIn(content).some((path) => path === own || path.startsWith(`${own}/`));
}

// ---- Kafka ----

/** The names under which the protocol's messages carry topics and partitions. */
const TOPIC_LISTS = ["topics", "topicData", "responses", "topicPartitions", "replicaElectionResults", "topicStates"] as const;
const PARTITION_LISTS = [
  "partitions",
  "partitionData",
  "partitionResponses",
  "partitionResult",
  "partitionStates",
  "partitionErrors",
] as const;
/** Lists whose items name topic and partition at once. */
const FLAT_LISTS = ["partitionErrors", "remainingPartitions"] as const;

function mentions(body: Fields, wanted: TopicPartition): boolean {
  for (const topics of TOPIC_LISTS) {
    for (const topic of listAt(body, topics)) {
      if (topicOf(topic) === wanted.topic && mentionsPartition(topic, wanted.partition)) return true;
    }
  }
  return FLAT_LISTS.some((list) =>
    listAt(body, list).some((item) => topicOf(item) === wanted.topic && numberOf(item) === wanted.partition),
  );
}

function mentionsPartition(topic: Fields, partition: number): boolean {
  return PARTITION_LISTS.some((partitions) =>
    listAt<number | Fields>(topic, partitions).some((item) => (typeof item === "number" ? item : numberOf(item)) === partition),
  );
}

function listAt<T = Fields>(fields: Fields, key: string): readonly T[] {
  const list = fields[key];
  return Array.isArray(list) ? (list as readonly T[]) : [];
}

function topicOf(item: Fields): unknown {
  return item.topic ?? item.name ?? item.topicName;
}

function numberOf(item: Fields): unknown {
  return item.partition ?? item.partitionIndex ?? item.index ?? item.partitionId;
}
