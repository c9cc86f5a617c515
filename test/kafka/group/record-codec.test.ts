import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { CoordinatorRecord } from "../../../src/kafka/group/coordinator-records.ts";
import { decodeRecord, encodeRecord } from "../../../src/kafka/group/record-codec.ts";

const text = fc.string({ unit: "grapheme", maxLength: 12 });
const maybeText = fc.option(text, { nil: null });
const int = fc.integer({ min: -1, max: 2 ** 31 - 1 });
const long = fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER });
const topicPartitions = fc.array(fc.record({ topic: text, partition: int }), { maxLength: 5 });
const byId = fc.array(fc.record({ topicId: text, partitions: fc.array(int, { maxLength: 4 }) }), { maxLength: 4 });
const subscription = fc.record({
  topics: fc.array(text, { maxLength: 3 }),
  ownedPartitions: topicPartitions,
  generationId: int,
  rackId: maybeText,
});
const group = fc.record({ group: text });
const member = fc.record({ group: text, member: text });
const offset = { offset: long, metadata: text, commitTimestamp: long, member: text, generation: int };
const offsetKey = fc.record({ group: text, topic: text, partition: int });

const values: Record<CoordinatorRecord["type"], { readonly key: fc.Arbitrary<object>; readonly value: fc.Arbitrary<object> }> = {
  OffsetCommit: {
    key: offsetKey,
    value: fc.oneof(
      fc.record({ ...offset, leaderEpoch: int }),
      // Version 1 has no room for an epoch.
      fc.record({ ...offset, leaderEpoch: fc.constant(-1), expireTimestamp: long }),
    ),
  },
  GroupMetadata: {
    key: group,
    value: fc.record({
      protocolType: text,
      generation: int,
      protocol: maybeText,
      leader: maybeText,
      currentStateTimestamp: long,
      members: fc.array(
        fc.record({
          memberId: text,
          groupInstanceId: maybeText,
          clientId: text,
          rebalanceTimeoutMs: int,
          sessionTimeoutMs: int,
          subscription,
          assignment: fc.record({ assignedPartitions: topicPartitions }),
        }),
        { maxLength: 3 },
      ),
    }),
  },
  ConsumerGroupMetadata: { key: group, value: fc.record({ epoch: int, metadataHash: int }) },
  ConsumerGroupMemberMetadata: {
    key: member,
    value: fc.record({
      instanceId: maybeText,
      rackId: maybeText,
      clientId: text,
      subscribedTopicNames: fc.array(text, { maxLength: 3 }),
      rebalanceTimeoutMs: int,
      serverAssignor: maybeText,
      classicMember: fc.option(
        fc.record({
          sessionTimeoutMs: int,
          protocols: fc.array(fc.record({ name: text, metadata: subscription }), { maxLength: 3 }),
        }),
        { nil: null },
      ),
    }),
  },
  ConsumerGroupTargetAssignmentMetadata: { key: group, value: fc.record({ assignmentEpoch: int }) },
  ConsumerGroupTargetAssignmentMember: { key: member, value: fc.record({ topicPartitions: byId }) },
  ConsumerGroupCurrentMemberAssignment: {
    key: member,
    value: fc.record({
      memberEpoch: int,
      previousMemberEpoch: int,
      state: fc.constantFrom("STABLE", "UNREVOKED_PARTITIONS", "UNRELEASED_PARTITIONS"),
      assignedPartitions: byId,
      partitionsPendingRevocation: byId,
    }),
  },
};

const record = fc.oneof(
  ...Object.entries(values).map(([type, { key, value }]) =>
    fc.record({ type: fc.constant(type), key, value: fc.option(value, { nil: null }) }),
  ),
) as unknown as fc.Arbitrary<CoordinatorRecord>;

describe("records of __consumer_offsets", () => {
  test.prop([record], { numRuns: 1_000 })("what is written is what is read, tombstones too", (written) => {
    const encoded = encodeRecord(written);
    expect(encoded.value === null).toBe(written.value === null);
    expect(decodeRecord(encoded)).toEqual(JSON.parse(JSON.stringify(written)));
  });

  test("they are laid out as Kafka's schemas say: OffsetCommitKey version 1, OffsetCommitValue version 3", () => {
    const { key, value } = encodeRecord({
      type: "OffsetCommit",
      key: { group: "g", topic: "t", partition: 3 },
      value: { offset: 258, leaderEpoch: 2, metadata: "m", commitTimestamp: 5, member: "", generation: -1 },
    });
    expect([...key]).toEqual([0, 1, 0, 1, 103, 0, 1, 116, 0, 0, 0, 3]);
    const fields = [0, 3, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 2, 0, 1, 109, 0, 0, 0, 0, 0, 0, 0, 5];
    expect([...(value ?? [])].slice(0, fields.length)).toEqual(fields);
  });

  test("the same group and partition always has the same key: that is what compaction goes by", () => {
    const commit = (offset: number): CoordinatorRecord => ({
      type: "OffsetCommit",
      key: { group: "g", topic: "t", partition: 3 },
      value: { offset, leaderEpoch: 0, metadata: "", commitTimestamp: offset, member: "", generation: -1 },
    });
    expect(encodeRecord(commit(1)).key).toEqual(encodeRecord(commit(2)).key);
    expect(encodeRecord({ ...commit(1), value: null } as CoordinatorRecord).key).toEqual(encodeRecord(commit(2)).key);
  });
});
