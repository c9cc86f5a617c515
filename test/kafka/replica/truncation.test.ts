import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { LeaderEpochCache } from "../../../src/kafka/log/leader-epoch-cache.ts";
import { divergenceOf, truncationOffset } from "../../../src/kafka/replica/truncation.ts";

describe("what a leader says to a fetch (replication 2.5, Partition.readRecords)", () => {
  const own = (epoch: number, endOffset: number) => ({ epoch, endOffset });

  test.each([
    ["the fetcher names no epoch", -1, 5, own(-1, -1), "none"],
    ["same epoch, the fetcher is within it", 3, 5, own(3, 9), "none"],
    ["same epoch, the fetcher is exactly at its end", 3, 9, own(3, 9), "none"],
    ["same epoch, one record too many", 3, 10, own(3, 9), "diverging"],
    ["the leader only has a smaller epoch", 3, 5, own(2, 9), "diverging"],
    ["an epoch the leader has never heard of", 9, 5, own(-1, -1), "out-of-range"],
  ] as const)("%s", (_, lastFetchedEpoch, fetchOffset, ownEnd, expected) => {
    expect(divergenceOf({ fetchOffset, lastFetchedEpoch }, ownEnd)).toBe(expected);
  });
});

describe("where a follower cuts (replication 2.3, KIP-279)", () => {
  const cut = (diverging: [number, number], ownEnd: [number, number], logEndOffset = 20, highWatermark = 5) =>
    truncationOffset(
      { epoch: diverging[0], endOffset: diverging[1] },
      { epoch: ownEnd[0], endOffset: ownEnd[1] },
      {
        highWatermark,
        logEndOffset,
      },
    );

  test.each([
    ["an undefined answer: the high watermark", cut([-1, -1], [-1, -1]), 5],
    ["the epoch is known: the smaller of both ends", cut([3, 8], [3, 12]), 8],
    ["and if the follower's own end is smaller, that", cut([3, 12], [3, 8]), 8],
    ["the epoch is unknown: the end of the largest smaller one", cut([4, 15], [3, 8]), 8],
    ["nothing of that epoch nor of an older one", cut([3, 8], [-1, -1]), 8],
    ["never beyond what there is", cut([3, 30], [3, 40]), 20],
  ])("%s", (_, got, expected) => {
    expect(got).toBe(expected);
  });

  /** A log as the epoch of each of its records, ascending. */
  const history = fc.array(fc.nat({ max: 6 }), { maxLength: 12 }).map((epochs) => epochs.sort((a, b) => a - b));

  function cacheOf(epochs: readonly number[]): LeaderEpochCache {
    const cache = new LeaderEpochCache();
    epochs.forEach((epoch, offset) => {
      cache.assign(epoch, offset);
    });
    return cache;
  }

  property.prop([history, history, history])(
    "asking and cutting ends, and leaves the follower with a prefix of the leader's log (log matching)",
    (shared, leaderTail, followerTail) => {
      // Epochs are handed out once: a record of one epoch at one offset is the same record wherever it is.
      const last = shared.at(-1) ?? 0;
      const leader = [...shared, ...leaderTail.map((epoch) => last + 1 + 2 * epoch)];
      let follower = [...shared, ...followerTail.map((epoch) => last + 2 + 2 * epoch)];
      const leaderCache = cacheOf(leader);
      for (let rounds = 0; ; rounds++) {
        expect(rounds).toBeLessThanOrEqual(15);
        const followerCache = cacheOf(follower);
        const fetch = { fetchOffset: follower.length, lastFetchedEpoch: followerCache.latestEpoch };
        const end = leaderCache.endOffsetFor(fetch.lastFetchedEpoch, leader.length);
        const divergence = divergenceOf(fetch, end);
        if (divergence === "none") break;
        if (divergence === "out-of-range") {
          // Only an older leader than the follower's last one answers so; it is asked for its end instead (2.6).
          expect(leaderCache.latestEpoch).toBeLessThan(fetch.lastFetchedEpoch);
          return;
        }
        const ownEnd = followerCache.endOffsetFor(end.epoch, follower.length);
        const to = truncationOffset(end, ownEnd, { highWatermark: shared.length, logEndOffset: follower.length });
        expect(to).toBeGreaterThanOrEqual(Math.min(shared.length, follower.length));
        expect(to).toBeLessThan(follower.length);
        follower = follower.slice(0, to);
      }
      expect(leader.slice(0, follower.length)).toEqual(follower);
    },
  );
});
