/**
 * What members of classic groups tell each other through the coordinator, as bytes: ConsumerProtocolSubscription and
 * ConsumerProtocolAssignment, version 3. Partitions keep their order: a topic that comes up again gets a second entry.
 */
import type { TopicPartition } from "../ids.ts";
import type { ConsumerAssignment, ConsumerSubscription } from "../messages/groups.ts";
import { ByteReader, ByteWriter } from "./byte-codec.ts";

const VERSION = 3;
/** User data: what sticky assignors keep there stands in ownedPartitions here. */
const NO_USER_DATA = -1;

export function encodeSubscription(subscription: ConsumerSubscription): Uint8Array {
  const { topics, ownedPartitions, generationId, rackId } = subscription;
  const writer = new ByteWriter().int16(VERSION).int32(topics.length);
  for (const topic of topics) writer.string(topic);
  writer.int32(NO_USER_DATA);
  writePartitions(writer, ownedPartitions);
  return writer.int32(generationId).nullableString(rackId).taken();
}

export function decodeSubscription(bytes: Uint8Array): ConsumerSubscription {
  const reader = new ByteReader(bytes);
  reader.int16();
  const topics = Array.from({ length: reader.int32() }, () => reader.string());
  reader.int32();
  return { topics, ownedPartitions: readPartitions(reader), generationId: reader.int32(), rackId: reader.nullableString() };
}

export function encodeAssignment({ assignedPartitions }: ConsumerAssignment): Uint8Array {
  const writer = new ByteWriter().int16(VERSION);
  writePartitions(writer, assignedPartitions);
  return writer.int32(NO_USER_DATA).taken();
}

export function decodeAssignment(bytes: Uint8Array): ConsumerAssignment {
  const reader = new ByteReader(bytes);
  reader.int16();
  return { assignedPartitions: readPartitions(reader) };
}

function writePartitions(writer: ByteWriter, partitions: readonly TopicPartition[]): void {
  const runs: { readonly topic: string; readonly partitions: number[] }[] = [];
  for (const { topic, partition } of partitions) {
    const last = runs.at(-1);
    if (last?.topic === topic) last.partitions.push(partition);
    else runs.push({ topic, partitions: [partition] });
  }
  writer.int32(runs.length);
  for (const run of runs) {
    writer.string(run.topic).int32(run.partitions.length);
    for (const partition of run.partitions) writer.int32(partition);
  }
}

function readPartitions(reader: ByteReader): TopicPartition[] {
  const partitions: TopicPartition[] = [];
  for (let runs = reader.int32(); runs > 0; runs--) {
    const topic = reader.string();
    for (let count = reader.int32(); count > 0; count--) partitions.push({ topic, partition: reader.int32() });
  }
  return partitions;
}
