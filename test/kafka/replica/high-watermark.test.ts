import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { type HighWatermarkView, highWatermarkCandidate } from "../../../src/kafka/replica/high-watermark.ts";
import { committedIsr, expanded, type FollowerProgress, type IsrState, shrunk } from "../../../src/kafka/replica/isr.ts";

const LAG_MAX = 1_000;

interface TestFollower extends FollowerProgress {
  readonly eligible: boolean;
}

class View implements HighWatermarkView<TestFollower> {
  leaderEndOffset = 10;
  isrState: IsrState = committedIsr([1, 2, 3]);
  followers: readonly TestFollower[] = [];
  minIsr = 1;
  readonly lagMax = LAG_MAX;
  dials: HighWatermarkView["dials"] = { "isr.hwUses": "maximal", "isr.hwRequiresMinIsr": true };

  isEligible(follower: TestFollower): boolean {
    return follower.eligible;
  }
}

/** Leader 1 at LEO 10, at time 5000; followers with their log end offsets, long behind unless said otherwise. */
function candidate(leos: Record<number, number | Partial<TestFollower>>, view: Partial<View> = {}): number {
  const followers = Object.entries(leos).map(([id, given]) => ({
    brokerId: Number(id),
    logEndOffset: 0,
    lastCaughtUpTime: Number.NEGATIVE_INFINITY,
    eligible: true,
    ...(typeof given === "number" ? { logEndOffset: given } : given),
  }));
  return highWatermarkCandidate(Object.assign(new View(), { followers }, view), 5_000);
}

describe("the high watermark's candidate (replication 3.4, Partition.maybeIncrementLeaderHW)", () => {
  test.each<[string, number, number]>([
    ["the smallest end in the ISR", candidate({ 2: 7, 3: 8 }), 7],
    ["the leader's own end when it is alone", candidate({ 2: 0, 3: 0 }, { isrState: committedIsr([1]) }), 10],
    ["a member not heard from yet holds everything back", candidate({ 2: -1, 3: 10 }), -1],
    ["a lagging replica outside the ISR does not count", candidate({ 2: 7, 3: 3 }, { isrState: committedIsr([1, 2]) }), 7],
    [
      "one outside that is caught up by time and eligible is waited for",
      candidate({ 2: 7, 3: { logEndOffset: 3, lastCaughtUpTime: 4_000 } }, { isrState: committedIsr([1, 2]) }),
      3,
    ],
    [
      "one microsecond past the lag limit it is not",
      candidate({ 2: 7, 3: { logEndOffset: 3, lastCaughtUpTime: 3_999 } }, { isrState: committedIsr([1, 2]) }),
      7,
    ],
    [
      "nor when it could not join anyway",
      candidate({ 2: 7, 3: { logEndOffset: 3, lastCaughtUpTime: 5_000, eligible: false } }, { isrState: committedIsr([1, 2]) }),
      7,
    ],
    ["a member being added is waited for", candidate({ 2: 7, 3: 4 }, { isrState: expanded(committedIsr([1, 2]), 3) }), 4],
    ["a member being removed still is", candidate({ 2: 7, 3: 4 }, { isrState: shrunk(committedIsr([1, 2, 3]), [3]) }), 4],
    ["nothing moves below min.insync.replicas", candidate({ 2: 10, 3: 10 }, { isrState: committedIsr([1]), minIsr: 2 }), -1],
    [
      "and a member being added does not make up the number",
      candidate({ 2: 10, 3: 10 }, { isrState: expanded(committedIsr([1]), 2), minIsr: 2 }),
      -1,
    ],
  ])("%s", (_, got, expected) => {
    expect(got).toBe(expected);
  });

  test("with isr.hwUses=committed a member being added is not waited for (negative control of KIP-497)", () => {
    const dials = { "isr.hwUses": "committed", "isr.hwRequiresMinIsr": true } as const;
    expect(candidate({ 2: 10, 3: 0 }, { isrState: expanded(committedIsr([1, 2]), 3), dials })).toBe(10);
  });

  test("before 3.7 it advanced below min.insync.replicas (KAFKA-15583)", () => {
    const dials = { "isr.hwUses": "maximal", "isr.hwRequiresMinIsr": false } as const;
    expect(candidate({ 2: 0, 3: 0 }, { isrState: committedIsr([1]), minIsr: 2, dials })).toBe(10);
  });

  const follower = fc.record({
    brokerId: fc.integer({ min: 2, max: 6 }),
    logEndOffset: fc.integer({ min: -1, max: 20 }),
    lastCaughtUpTime: fc.integer({ min: 3_000, max: 5_000 }),
    eligible: fc.boolean(),
  });

  property.prop([
    fc.uniqueArray(follower, { selector: ({ brokerId }) => brokerId }),
    fc.integer({ min: 0, max: 20 }),
    fc.infiniteStream(fc.boolean()),
  ])("it is never above the leader's end nor above a maximal-ISR member's, and is some replica's end", (followers, end, coin) => {
    const inIsr = followers.filter(() => coin.next().value === true).map(({ brokerId }) => brokerId);
    const outside = followers.find(({ brokerId }) => !inIsr.includes(brokerId));
    const committed = committedIsr([1, ...inIsr]);
    const isrState = outside === undefined ? committed : expanded(committed, outside.brokerId);
    const result = highWatermarkCandidate(Object.assign(new View(), { followers, leaderEndOffset: end, isrState }), 5_000);
    expect(result).toBeLessThanOrEqual(end);
    for (const { brokerId, logEndOffset } of followers) {
      if (isrState.maximalIsr.includes(brokerId)) expect(result).toBeLessThanOrEqual(logEndOffset);
    }
    expect([end, ...followers.map(({ logEndOffset }) => logEndOffset)]).toContain(result);
  });
});
