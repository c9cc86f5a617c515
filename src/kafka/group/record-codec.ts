/**
 * The bytes of what coordinators write: keys say by their version what they are, values follow Kafka's schemas.
 *
 * Two things are not Kafka's: topic ids stand as text, and after an offset's fields it says who committed it. The host of a client
 * is left empty. Source: GroupCoordinatorRecordSerde, GroupCoordinatorRecordHelpers, and the schemas named in the table below.
 */
import { fail } from "../../base/assert.ts";
import { ByteReader, ByteWriter } from "./byte-codec.ts";
import { isConsumerRecord } from "./consumer/consumer-records.ts";
import { decodeConsumerValue, encodeConsumerValue } from "./consumer-record-codec.ts";
import type { CoordinatorRecord, GroupMetadataValue, OffsetCommitValue } from "./coordinator-records.ts";
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from "./embedded-protocol.ts";

type RecordType = CoordinatorRecord["type"];

/** The version of each record's key. */
const KEY_VERSIONS: { readonly [T in RecordType]: number } = {
  OffsetCommit: 1,
  GroupMetadata: 2,
  ConsumerGroupMetadata: 3,
  ConsumerGroupMemberMetadata: 5,
  ConsumerGroupTargetAssignmentMetadata: 6,
  ConsumerGroupTargetAssignmentMember: 7,
  ConsumerGroupCurrentMemberAssignment: 8,
};
const TYPES_BY_VERSION = new Map(Object.entries(KEY_VERSIONS).map(([type, version]) => [version, type as RecordType]));

/** With an explicit expiry time, which newer versions have no room for. */
const OFFSET_VERSION_WITH_EXPIRY = 1;
const OFFSET_VERSION = 3;
const GROUP_METADATA_VERSION = 3;
const NO_CLIENT_HOST = "";

export interface EncodedRecord {
  readonly key: Uint8Array;
  /** Null: a tombstone. */
  readonly value: Uint8Array | null;
}

export function encodeRecord(record: CoordinatorRecord): EncodedRecord {
  return { key: encodeKey(record), value: encodeValue(record) };
}

export function decodeRecord({ key, value }: EncodedRecord): CoordinatorRecord {
  const reader = new ByteReader(key);
  const type = TYPES_BY_VERSION.get(reader.int16()) ?? fail("a record of __consumer_offsets with an unknown key");
  const decoded = value === null ? null : decodeValue(type, new ByteReader(value));
  return { type, key: decodeKey(type, reader), value: decoded } as CoordinatorRecord;
}

function encodeKey(record: CoordinatorRecord): Uint8Array {
  const { type, key } = record;
  const writer = new ByteWriter().int16(KEY_VERSIONS[type]).string(key.group);
  if (type === "OffsetCommit") writer.string(key.topic).int32(key.partition);
  else if ("member" in key) writer.string(key.member);
  return writer.taken();
}

function decodeKey(type: RecordType, reader: ByteReader): CoordinatorRecord["key"] {
  const group = reader.string();
  if (type === "OffsetCommit") return { group, topic: reader.string(), partition: reader.int32() };
  const ofMember =
    type === "ConsumerGroupMemberMetadata" ||
    type === "ConsumerGroupTargetAssignmentMember" ||
    type === "ConsumerGroupCurrentMemberAssignment";
  return ofMember ? { group, member: reader.string() } : { group };
}

function encodeValue(record: CoordinatorRecord): Uint8Array | null {
  if (record.value === null) return null;
  const writer = new ByteWriter();
  if (isConsumerRecord(record)) encodeConsumerValue(record, writer);
  else if (record.type === "OffsetCommit") encodeOffset(record.value, writer);
  else encodeGroup(record.value as GroupMetadataValue, writer);
  return writer.taken();
}

function decodeValue(type: RecordType, reader: ByteReader): CoordinatorRecord["value"] {
  if (type === "OffsetCommit") return decodeOffset(reader);
  return type === "GroupMetadata" ? decodeGroup(reader) : decodeConsumerValue(type, reader);
}

function encodeOffset(value: OffsetCommitValue, writer: ByteWriter): void {
  const { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp, member, generation } = value;
  writer.int16(expireTimestamp === undefined ? OFFSET_VERSION : OFFSET_VERSION_WITH_EXPIRY).int64(offset);
  if (expireTimestamp === undefined) writer.int32(leaderEpoch);
  writer.string(metadata).int64(commitTimestamp);
  if (expireTimestamp !== undefined) writer.int64(expireTimestamp);
  writer.string(member).int32(generation);
}

function decodeOffset(reader: ByteReader): OffsetCommitValue {
  const withExpiry = reader.int16() === OFFSET_VERSION_WITH_EXPIRY;
  const offset = reader.int64();
  const leaderEpoch = withExpiry ? -1 : reader.int32();
  const metadata = reader.string();
  const commitTimestamp = reader.int64();
  const expiry = withExpiry ? { expireTimestamp: reader.int64() } : {};
  return { offset, leaderEpoch, metadata, commitTimestamp, ...expiry, member: reader.string(), generation: reader.int32() };
}

function encodeGroup(value: GroupMetadataValue, writer: ByteWriter): void {
  const { protocolType, generation, protocol, leader, currentStateTimestamp, members } = value;
  writer.int16(GROUP_METADATA_VERSION).string(protocolType).int32(generation);
  writer.nullableString(protocol).nullableString(leader).int64(currentStateTimestamp).int32(members.length);
  for (const member of members) {
    const { memberId, groupInstanceId, clientId, rebalanceTimeoutMs, sessionTimeoutMs, subscription, assignment } = member;
    writer.string(memberId).nullableString(groupInstanceId).string(clientId).string(NO_CLIENT_HOST);
    writer.int32(rebalanceTimeoutMs).int32(sessionTimeoutMs);
    writer.byteArray(encodeSubscription(subscription)).byteArray(encodeAssignment(assignment));
  }
}

function decodeGroup(reader: ByteReader): GroupMetadataValue {
  reader.int16();
  const protocolType = reader.string();
  const generation = reader.int32();
  const protocol = reader.nullableString();
  const leader = reader.nullableString();
  const currentStateTimestamp = reader.int64();
  const members = Array.from({ length: reader.int32() }, () => decodeMember(reader));
  return { protocolType, generation, protocol, leader, currentStateTimestamp, members };
}

function decodeMember(reader: ByteReader): GroupMetadataValue["members"][number] {
  const memberId = reader.string();
  const groupInstanceId = reader.nullableString();
  const clientId = reader.string();
  reader.string();
  const rebalanceTimeoutMs = reader.int32();
  const sessionTimeoutMs = reader.int32();
  const subscription = decodeSubscription(reader.byteArray());
  const assignment = decodeAssignment(reader.byteArray());
  return { memberId, groupInstanceId, clientId, rebalanceTimeoutMs, sessionTimeoutMs, subscription, assignment };
}
