import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import type { BrokerRegistration } from "../../../src/kafka/metadata/image.ts";
import { FollowerState, NEVER } from "../../../src/kafka/replica/follower-state.ts";
import {
  committedIsr,
  expanded,
  type FollowerProgress,
  hasCommittedRecords,
  type IsrState,
  isEligibleForIsr,
  outOfSyncReplicas,
  shrunk,
} from "../../../src/kafka/replica/isr.ts";

const LAG_MAX = 30_000_000;

/** Leader 1 at LEO 10, ISR {1,2,3}, lag limit 30 s; followers 2 and 3 at `leo`, last caught up then. */
function outAt(
  now: number,
  second: Partial<FollowerProgress>,
  third: Partial<FollowerProgress>,
  state?: IsrState,
): readonly number[] {
  const follower = (brokerId: number, given: Partial<FollowerProgress>) => ({
    brokerId,
    logEndOffset: 5,
    lastCaughtUpTime: 0,
    ...given,
  });
  return outOfSyncReplicas({
    leader: 1,
    state: state ?? committedIsr([1, 2, 3]),
    followers: [follower(2, second), follower(3, third)],
    leaderEndOffset: 10,
    now,
    lagMax: LAG_MAX,
  });
}

describe("leaving the ISR (replication 3.5, Partition.getOutOfSyncReplicas)", () => {
  test("a follower exactly at the lag limit stays; one microsecond later it leaves", () => {
    // Kafka compares with `<=`. An off-by-one here passes every other test in the file.
    expect(outAt(LAG_MAX, {}, { lastCaughtUpTime: 20 })).toEqual([]);
    expect(outAt(LAG_MAX + 1, {}, { lastCaughtUpTime: 20 })).toEqual([2]);
  });

  test("a follower that has all the leader has never leaves, however long it has been silent", () => {
    expect(outAt(1_000 * LAG_MAX, { logEndOffset: 10 }, { logEndOffset: 10 })).toEqual([]);
  });

  test("lag is time, not records: one record behind for too long is out, any number behind for a moment is not (KIP-16)", () => {
    expect(outAt(LAG_MAX + 1, { logEndOffset: 9 }, { logEndOffset: 0, lastCaughtUpTime: LAG_MAX })).toEqual([2]);
  });

  test("all that lag leave in one change", () => {
    expect(outAt(LAG_MAX + 1, {}, {})).toEqual([2, 3]);
  });

  test("a member of which the leader knows nothing is out: it is not in the assignment", () => {
    expect(outAt(0, {}, {}, committedIsr([1, 2, 3, 9]))).toEqual([9]);
  });

  test.each([
    ["an expansion", expanded(committedIsr([1, 2]), 3)],
    ["a shrink", shrunk(committedIsr([1, 2, 3]), [3])],
  ])("nobody leaves while %s is in flight", (_, pending) => {
    expect(outAt(10 * LAG_MAX, {}, {}, pending)).toEqual([]);
  });
});

describe("the maximal ISR (replication 3.7, KIP-497)", () => {
  test.each<[string, IsrState, readonly number[], readonly number[]]>([
    ["committed", committedIsr([3, 1, 2]), [1, 2, 3], [1, 2, 3]],
    ["adding a member: it counts at once", expanded(committedIsr([3, 1]), 2), [1, 3], [1, 2, 3]],
    ["removing a member: it counts until the controller agrees", shrunk(committedIsr([1, 2, 3]), [2]), [1, 2, 3], [1, 2, 3]],
  ])("%s", (_, state, isr, maximalIsr) => {
    expect(state.isr).toEqual(isr);
    expect(state.maximalIsr).toEqual(maximalIsr);
  });

  property.prop([fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), fc.integer({ min: 10, max: 20 })])(
    "whatever the controller decides about a proposal, its ISR is within the maximal ISR",
    (members, other) => {
      const committed = committedIsr(members);
      for (const pending of [expanded(committed, other), shrunk(committed, members.slice(1))]) {
        for (const outcome of [pending.proposed, pending.lastCommitted.isr]) {
          for (const id of outcome) expect(pending.maximalIsr).toContain(id);
        }
      }
    },
  );
});

describe("joining the ISR (replication 3.6)", () => {
  test.each([
    // LEO, HW, epoch start, with the dial, without it
    [10, 10, 10, true, true],
    [9, 10, 0, false, false],
    // KAFKA-7128: the new leader's own HW lags behind what its predecessor committed.
    [6, 5, 10, false, true],
    [10, 5, 10, true, true],
  ])("LEO %i with HW %i and epoch start %i: %s (before 2.0.1: %s)", (leo, highWatermark, epochStartOffset, since, before) => {
    expect(hasCommittedRecords(leo, { highWatermark, epochStartOffset }, true)).toBe(since);
    expect(hasCommittedRecords(leo, { highWatermark, epochStartOffset }, false)).toBe(before);
  });

  const registered: BrokerRegistration = {
    id: 2,
    epoch: 7,
    incarnationId: "x",
    host: "broker-2",
    rack: null,
    fenced: false,
    inControlledShutdown: false,
  };
  const both = { "isr.rejectIneligibleReplica": true, "isr.brokerEpochCheck": true };

  test.each([
    ["active, same incarnation", registered, 7, true],
    ["active, fetched without a broker epoch", registered, -1, true],
    ["never fetched", registered, undefined, false],
    ["an older incarnation fetched (KIP-903)", registered, 6, false],
    ["a newer incarnation than is known here fetched", registered, 8, false],
    ["fenced (KIP-841)", { ...registered, fenced: true }, 7, false],
    ["in controlled shutdown (KIP-841)", { ...registered, inControlledShutdown: true }, 7, false],
    ["not registered", undefined, 7, false],
  ])("eligible: %s", (_, registration, fetchedEpoch, eligible) => {
    expect(isEligibleForIsr(registration, fetchedEpoch, both)).toBe(eligible);
  });

  test("before 3.3 a fenced broker is eligible, before 3.5 any incarnation is", () => {
    expect(isEligibleForIsr({ ...registered, fenced: true }, 7, { ...both, "isr.rejectIneligibleReplica": false })).toBe(true);
    expect(isEligibleForIsr(registered, 6, { ...both, "isr.brokerEpochCheck": false })).toBe(true);
    expect(isEligibleForIsr({ ...registered, fenced: true }, 7, { ...both, "isr.brokerEpochCheck": false })).toBe(false);
  });
});

describe("what a leader knows of a follower (replication 3.3, ReplicaState)", () => {
  test("a fetch at the leader's end is caught up now", () => {
    const follower = new FollowerState(2);
    follower.onFetch(10, 0, 500, 10, 1);
    expect(follower).toMatchObject({ logEndOffset: 10, lastCaughtUpTime: 500, brokerEpoch: 1 });
  });

  test("on a busy partition a fetch that has all there was at the last fetch was caught up then", () => {
    // Without this clause a follower that is always one record behind would be thrown out.
    const follower = new FollowerState(2);
    follower.onFetch(0, 0, 100, 10, 1);
    follower.onFetch(10, 0, 200, 20, 1);
    expect(follower.lastCaughtUpTime).toBe(100);
    follower.onFetch(15, 0, 300, 30, 1);
    expect(follower.lastCaughtUpTime).toBe(100);
  });

  test("a new leader knows no log end offset, and gives members of the ISR the full lag time", () => {
    const follower = new FollowerState(2);
    follower.onFetch(10, 0, 500, 10, 1);
    follower.onNewLeaderEpoch({ now: 900, epochStartOffset: 12, newLeader: true, inIsr: true });
    expect(follower).toMatchObject({ logEndOffset: -1, lastCaughtUpTime: 900, brokerEpoch: undefined });
    follower.onNewLeaderEpoch({ now: 900, epochStartOffset: 12, newLeader: true, inIsr: false });
    expect(follower.lastCaughtUpTime).toBe(NEVER);
  });

  test("the same leader, elected again, keeps the log end offset", () => {
    const follower = new FollowerState(2);
    follower.onFetch(10, 0, 500, 10, 1);
    follower.onNewLeaderEpoch({ now: 900, epochStartOffset: 10, newLeader: false, inIsr: true });
    expect(follower).toMatchObject({ logEndOffset: 10, lastCaughtUpTime: 900, brokerEpoch: 1 });
  });
});
