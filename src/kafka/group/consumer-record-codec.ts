/** The values of the records of KIP-848 groups, all in their flexible version 0. Source: ConsumerGroup*Value. */
import { fail } from "../../base/assert.ts";
import { type ByteReader, ByteWriter } from "./byte-codec.ts";
import type {
  ConsumerGroupCurrentMemberRecord,
  ConsumerGroupEpochRecord,
  ConsumerGroupEpochValue,
  ConsumerGroupMemberRecord,
  ConsumerGroupMemberValue,
  ConsumerGroupTargetEpochRecord,
  ConsumerGroupTargetMemberRecord,
  CoordinatorRecord,
  PartitionsOfTopic,
} from "./coordinator-records.ts";
import { decodeSubscription, encodeSubscription } from "./embedded-protocol.ts";

type ConsumerRecord =
  | ConsumerGroupEpochRecord
  | ConsumerGroupMemberRecord
  | ConsumerGroupTargetEpochRecord
  | ConsumerGroupTargetMemberRecord
  | ConsumerGroupCurrentMemberRecord;
type CurrentMemberValue = NonNullable<ConsumerGroupCurrentMemberRecord["value"]>;

const VERSION = 0;
const NO_TAGGED_FIELDS = 0;
const CLASSIC_MEMBER_TAG = 0;
const METADATA_HASH_TAG = 0;
/** By their number in Kafka. Source: MemberState. */
const MEMBER_STATES: readonly CurrentMemberValue["state"][] = ["STABLE", "UNREVOKED_PARTITIONS", "UNRELEASED_PARTITIONS"];

export function encodeConsumerValue(record: ConsumerRecord, writer: ByteWriter): void {
  writer.int16(VERSION);
  switch (record.type) {
    case "ConsumerGroupMetadata":
      if (record.value !== null) encodeGroupEpoch(record.value, writer);
      return;
    case "ConsumerGroupTargetAssignmentMetadata":
      writer.int32(record.value?.assignmentEpoch ?? 0).varint(NO_TAGGED_FIELDS);
      return;
    case "ConsumerGroupTargetAssignmentMember":
      writePartitions(record.value?.topicPartitions ?? [], writer).varint(NO_TAGGED_FIELDS);
      return;
    case "ConsumerGroupMemberMetadata":
      if (record.value !== null) encodeMember(record.value, writer);
      return;
    case "ConsumerGroupCurrentMemberAssignment":
      if (record.value !== null) encodeCurrentMember(record.value, writer);
  }
}

export function decodeConsumerValue(type: CoordinatorRecord["type"], reader: ByteReader): NonNullable<ConsumerRecord["value"]> {
  reader.int16();
  switch (type) {
    case "ConsumerGroupMetadata":
      return decodeGroupEpoch(reader);
    case "ConsumerGroupTargetAssignmentMetadata":
      return { assignmentEpoch: reader.int32() };
    case "ConsumerGroupTargetAssignmentMember":
      return { topicPartitions: readPartitions(reader) };
    case "ConsumerGroupMemberMetadata":
      return decodeMember(reader);
    case "ConsumerGroupCurrentMemberAssignment":
      return decodeCurrentMember(reader);
    default:
      return fail(`${type} is no record of a KIP-848 group`);
  }
}

function encodeGroupEpoch({ epoch, metadataHash }: ConsumerGroupEpochValue, writer: ByteWriter): void {
  writer.int32(epoch);
  writeTagged(METADATA_HASH_TAG, new ByteWriter().int64(metadataHash), writer);
}

function decodeGroupEpoch(reader: ByteReader): ConsumerGroupEpochValue {
  const epoch = reader.int32();
  readTagHeader(reader);
  return { epoch, metadataHash: reader.int64() };
}

/** The only field of its kind. */
function writeTagged(tag: number, content: ByteWriter, writer: ByteWriter): void {
  const bytes = content.taken();
  writer.varint(1).varint(tag).varint(bytes.length).raw(bytes);
}

/** False if there is no tagged field. */
function readTagHeader(reader: ByteReader): boolean {
  if (reader.varint() === NO_TAGGED_FIELDS) return false;
  reader.varint();
  reader.varint();
  return true;
}

function encodeMember(value: ConsumerGroupMemberValue, writer: ByteWriter): void {
  const { instanceId, rackId, clientId, subscribedTopicNames, rebalanceTimeoutMs, serverAssignor, classicMember } = value;
  writer.nullableCompactString(instanceId).nullableCompactString(rackId).compactString(clientId).compactString("");
  writer.varint(subscribedTopicNames.length + 1);
  for (const name of subscribedTopicNames) writer.compactString(name);
  writer.nullableCompactString(null).int32(rebalanceTimeoutMs).nullableCompactString(serverAssignor);
  if (classicMember === null) {
    writer.varint(NO_TAGGED_FIELDS);
    return;
  }
  const content = new ByteWriter().int32(classicMember.sessionTimeoutMs).varint(classicMember.protocols.length + 1);
  for (const { name, metadata } of classicMember.protocols) {
    content.compactString(name).compactByteArray(encodeSubscription(metadata)).varint(NO_TAGGED_FIELDS);
  }
  writeTagged(CLASSIC_MEMBER_TAG, content.varint(NO_TAGGED_FIELDS), writer);
}

function decodeMember(reader: ByteReader): ConsumerGroupMemberValue {
  const instanceId = reader.nullableCompactString();
  const rackId = reader.nullableCompactString();
  const clientId = reader.compactString();
  reader.compactString();
  const subscribedTopicNames = Array.from({ length: reader.varint() - 1 }, () => reader.compactString());
  reader.nullableCompactString();
  const rebalanceTimeoutMs = reader.int32();
  const serverAssignor = reader.nullableCompactString();
  const classicMember = readTagHeader(reader) ? decodeClassicMember(reader) : null;
  return { instanceId, rackId, clientId, subscribedTopicNames, rebalanceTimeoutMs, serverAssignor, classicMember };
}

function decodeClassicMember(reader: ByteReader): ConsumerGroupMemberValue["classicMember"] {
  const sessionTimeoutMs = reader.int32();
  const protocols = Array.from({ length: reader.varint() - 1 }, () => {
    const name = reader.compactString();
    const metadata = decodeSubscription(reader.compactByteArray());
    reader.varint();
    return { name, metadata };
  });
  return { sessionTimeoutMs, protocols };
}

function encodeCurrentMember(value: CurrentMemberValue, writer: ByteWriter): void {
  const { memberEpoch, previousMemberEpoch, state, assignedPartitions, partitionsPendingRevocation } = value;
  writer.int32(memberEpoch).int32(previousMemberEpoch).int8(MEMBER_STATES.indexOf(state));
  writePartitions(assignedPartitions, writer);
  writePartitions(partitionsPendingRevocation, writer).varint(NO_TAGGED_FIELDS);
}

function decodeCurrentMember(reader: ByteReader): CurrentMemberValue {
  const memberEpoch = reader.int32();
  const previousMemberEpoch = reader.int32();
  const state = MEMBER_STATES[reader.int8()] ?? fail("a member in an unknown state");
  const assignedPartitions = readPartitions(reader);
  return { memberEpoch, previousMemberEpoch, state, assignedPartitions, partitionsPendingRevocation: readPartitions(reader) };
}

function writePartitions(topics: readonly PartitionsOfTopic[], writer: ByteWriter): ByteWriter {
  writer.varint(topics.length + 1);
  for (const { topicId, partitions } of topics) {
    writer.compactString(topicId).varint(partitions.length + 1);
    for (const partition of partitions) writer.int32(partition);
    writer.varint(NO_TAGGED_FIELDS);
  }
  return writer;
}

function readPartitions(reader: ByteReader): PartitionsOfTopic[] {
  return Array.from({ length: reader.varint() - 1 }, () => {
    const topicId = reader.compactString();
    const partitions = Array.from({ length: reader.varint() - 1 }, () => reader.int32());
    reader.varint();
    return { topicId, partitions };
  });
}
