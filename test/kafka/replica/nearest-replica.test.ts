/** KIP-392: consumers read from the nearest replica; and what a leader says of epochs that it has forgotten (KAFKA-19902). */
import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { preferredReadReplica, type ReplicaView } from "../../../src/kafka/replica/replica-selector.ts";
import { ReplicaWorld, TOPIC } from "./replica-world.ts";

const SELECTOR = { "replica.selector.class": "RackAwareReplicaSelector" };

/** Brokers 1, 2 and 3 in the racks a, b and c; broker 1 leads. */
function racked(options: ConstructorParameters<typeof ReplicaWorld>[0] = {}): ReplicaWorld {
  return new ReplicaWorld({ racks: ["a", "b", "c"], config: SELECTOR, ...options });
}

describe("the leader's choice (KIP-392, RackAwareReplicaSelector)", () => {
  test("a consumer in a follower's rack is sent there at once, without records, even if its fetch could have waited", () => {
    const c = racked();
    c.produce(1, { count: 3 });
    c.settle();
    const sent = c.consume(1, 0, { epoch: 0, maxWaitMs: 500, rackId: "b" });
    c.runFor(ms(1));
    expect(c.fetched(sent)).toMatchObject({ errorCode: "NONE", preferredReadReplica: 2, records: [], highWatermark: 3 });
    const atTheEnd = c.consume(1, 3, { epoch: 0, maxWaitMs: 500, rackId: "b" });
    c.runFor(ms(1));
    expect(c.fetched(atTheEnd)?.preferredReadReplica).toBe(2);
  });

  test.each([
    ["in the leader's own rack", { rackId: "a" }],
    ["in a rack without replicas", { rackId: "z" }],
    ["that does not say where it is", {}],
  ])("a consumer %s reads from the leader", (_, options) => {
    const c = racked();
    c.produce(1, { count: 3 });
    c.settle();
    const sent = c.consume(1, 0, { epoch: 0, ...options });
    c.runFor(ms(1));
    expect(c.fetched(sent)?.preferredReadReplica).toBeUndefined();
    expect(c.fetched(sent)?.records).toHaveLength(1);
  });

  test("without replica.selector.class everybody reads from the leader", () => {
    const c = racked({ config: {} });
    c.produce(1);
    c.settle();
    const sent = c.consume(1, 0, { epoch: 0, rackId: "b" });
    c.runFor(ms(1));
    expect(c.fetched(sent)?.records).toHaveLength(1);
  });

  test("a follower outside the ISR is not named: it may lag ever more (KAFKA-14372)", () => {
    const c = racked({ isr: [1, 3] });
    c.produce(1);
    c.settle();
    const sent = c.consume(1, 0, { epoch: 0, rackId: "b" });
    c.runFor(ms(1));
    expect(c.isr(1).isr).toEqual([1, 3]);
    expect(c.fetched(sent)).toMatchObject({ records: [{ baseOffset: 0 }] });
  });

  test("a follower that is not known to have the offset is not named", () => {
    const c = racked();
    c.isolate(2);
    c.produce(1, { acks: 1 });
    c.runFor(ms(50));
    const sent = c.consume(1, 1, { epoch: 0, rackId: "b" });
    c.runFor(ms(1));
    expect(c.fetched(sent)?.preferredReadReplica).toBeUndefined();
  });

  const replica = fc.record<ReplicaView>({
    brokerId: fc.integer({ min: 2, max: 9 }),
    rack: fc.constantFrom("a", "b", null),
    logStartOffset: fc.integer({ min: -1, max: 5 }),
    logEndOffset: fc.integer({ min: -1, max: 12 }),
    lastCaughtUpTime: fc.integer({ min: 0, max: 3 }),
  });
  const replicas = fc.uniqueArray(replica, { selector: ({ brokerId }) => brokerId, maxLength: 6 });

  property.prop([replicas, fc.integer({ min: 0, max: 12 })])(
    "who is named is in the consumer's rack and has the offset, and nobody like that is further; in any order of the replicas",
    (inSync, fetchOffset) => {
      const options = { rackId: "b", fetchOffset, leaderRack: "a" };
      const chosen = preferredReadReplica({ ...options, inSync });
      const candidates = inSync.filter(
        ({ rack, logStartOffset, logEndOffset }) => rack === "b" && logStartOffset <= fetchOffset && fetchOffset <= logEndOffset,
      );
      expect(chosen === undefined).toBe(candidates.length === 0);
      const found = candidates.find(({ brokerId }) => brokerId === chosen);
      for (const other of candidates) expect(found?.logEndOffset).toBeGreaterThanOrEqual(other.logEndOffset);
      expect(preferredReadReplica({ ...options, inSync: [...inSync].reverse() })).toBe(chosen);
    },
  );
});

describe("a follower serves consumers (KIP-392, KIP-320)", () => {
  test("up to its own high watermark, which is behind the leader's; a fetch beyond it waits, one beyond its log is out of range", () => {
    const c = racked();
    c.produce(1, { count: 2 });
    c.settle();
    // Broker 2 gets the record, but is not told any more that it is committed.
    c.produce(1);
    c.runUntil(() => c.offsets(2).leo === 3);
    c.isolate(2);
    c.runFor(seconds(1));
    expect([c.offsets(1), c.offsets(2)]).toMatchObject([{ leo: 3 }, { leo: 3, hw: 2 }]);
    const [below, above, beyond] = [0, 2, 4].map((offset) => c.consume(2, offset, { epoch: 0 }));
    c.runFor(ms(1));
    expect(c.fetched(below as number)).toMatchObject({ errorCode: "NONE", highWatermark: 2, records: [{ baseOffset: 0 }] });
    expect(c.fetched(above as number)).toMatchObject({ errorCode: "NONE", records: [] });
    expect(c.fetched(beyond as number)?.errorCode).toBe("OFFSET_OUT_OF_RANGE");
  });

  test("a fetch that waits at a follower is answered when the follower's high watermark rises", () => {
    const c = racked();
    c.produce(1);
    c.settle();
    const sent = c.consume(2, 1, { epoch: 0, maxWaitMs: 10_000 });
    c.runFor(ms(50));
    expect(c.fetched(sent)).toBeUndefined();
    c.produce(1);
    c.runFor(seconds(2));
    expect(c.fetched(sent)).toMatchObject({ errorCode: "NONE", highWatermark: 2, records: [{ baseOffset: 1 }] });
  });

  test("only one that names the follower's own epoch", () => {
    const c = racked();
    c.produce(1);
    c.settle();
    const [unnamed, newer] = [c.consume(2, 0), c.consume(2, 0, { epoch: 1 })];
    c.runFor(ms(1));
    expect(c.fetched(unnamed)?.errorCode).toBe("NOT_LEADER_OR_FOLLOWER");
    expect(c.fetched(newer)?.errorCode).toBe("UNKNOWN_LEADER_EPOCH");
  });
});

describe("epochs that a leader has forgotten (KAFKA-19902)", () => {
  /** Where the leader says that epoch 0 ends, when its own log begins in epoch 1, at offset 5 of 8. */
  function endOfForgottenEpoch(valid: boolean): number | undefined {
    const c = new ReplicaWorld({ brokers: 1, dials: { "broker.epochBelowCacheStartIsValid": valid } });
    c.produce(1, { count: 5 });
    c.settle();
    c.change({ leader: 1 });
    c.tellAll();
    c.produce(1, { count: 3 });
    c.settle();
    c.partition(1).replica.log.advanceLogStartOffset(5);
    expect(c.partition(1).replica.log.epochs.entries()).toEqual([{ epoch: 1, startOffset: 5 }]);
    const partitions = [{ partition: 0, currentLeaderEpoch: 1, leaderEpoch: 0 }];
    const sent = c.send(1, "OffsetForLeaderEpoch", { replicaId: -1, topics: [{ topic: TOPIC, partitions }] });
    c.runFor(ms(1));
    return c.answer("OffsetForLeaderEpoch", sent)?.topics[0]?.partitions[0]?.endOffset;
  }

  test("such an epoch ends where the oldest that is known begins (LeaderEpochFileCache.endOffsetFor)", () => {
    expect(endOfForgottenEpoch(false)).toBe(5);
  });

  test("with broker.epochBelowCacheStartIsValid any position within the log is valid", () => {
    expect(endOfForgottenEpoch(true)).toBe(8);
  });
});
