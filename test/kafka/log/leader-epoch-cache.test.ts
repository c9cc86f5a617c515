import { fc, test as propertyTest } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import type { EpochEntry } from "../../../src/kafka/events.ts";
import { LeaderEpochCache } from "../../../src/kafka/log/leader-epoch-cache.ts";
import { describeEpochs } from "./log-fixture.ts";

/** `cacheOf([1, 0], [3, 5])`: epoch 1 from offset 0, epoch 3 from 5. */
function cacheOf(...entries: readonly [epoch: number, startOffset: number][]): LeaderEpochCache {
  return new LeaderEpochCache(entries.map(([epoch, startOffset]) => ({ epoch, startOffset })));
}

describe("where an epoch ends (reference 1.6, KIP-279)", () => {
  // Epochs 2, 4 and 5; the log ends at 30.
  const cache = cacheOf([2, 10], [4, 15], [5, 20]);

  test.each([
    { requested: -1, epoch: -1, endOffset: -1, because: "undefined was asked for" },
    { requested: 5, epoch: 5, endOffset: 30, because: "the latest epoch ends where the log does" },
    { requested: 6, epoch: -1, endOffset: -1, because: "an epoch above all is unknown here" },
    { requested: 1, epoch: 1, endOffset: 10, because: "below all: it ends where the first higher one starts" },
    { requested: 4, epoch: 4, endOffset: 20, because: "a known one ends where the next starts" },
    { requested: 3, epoch: 2, endOffset: 15, because: "an unknown one between two: the largest below it" },
  ])("of epoch $requested is ($epoch, $endOffset): $because", ({ requested, epoch, endOffset }) => {
    expect(cache.endOffsetFor(requested, 30)).toEqual({ epoch, endOffset });
  });

  test("is undefined for every epoch while none is known", () => {
    expect(cacheOf().endOffsetFor(0, 30)).toEqual({ epoch: -1, endOffset: -1 });
  });
});

describe("assigning an epoch (reference 1.6)", () => {
  test("appends when both columns grow", () => {
    const cache = cacheOf([1, 0]);
    expect(cache.assign(2, 7)).toBe(true);
    expect(describeEpochs(cache.entries())).toBe("1@0 2@7");
    expect(cache.latestEpoch).toBe(2);
  });

  test("of the latest epoch at a later offset changes nothing: that is every append but its first", () => {
    const cache = cacheOf([1, 0], [2, 7]);
    expect(cache.assign(2, 9)).toBe(false);
    expect(describeEpochs(cache.entries())).toBe("1@0 2@7");
  });

  test("ignores an undefined epoch or offset", () => {
    const cache = cacheOf([1, 0]);
    expect(cache.assign(-1, 7)).toBe(false);
    expect(cache.assign(2, -1)).toBe(false);
    expect(describeEpochs(cache.entries())).toBe("1@0");
  });

  test("replaces an epoch that started at the same offset and wrote nothing", () => {
    // Two elections without a record between them; without this, both columns would not be strictly increasing.
    const cache = cacheOf([1, 0], [2, 7]);
    cache.assign(3, 7);
    expect(describeEpochs(cache.entries())).toBe("1@0 3@7");
  });

  test("drops higher epochs and later starts first", () => {
    const cache = cacheOf([1, 0], [4, 7], [6, 9]);
    cache.assign(3, 8);
    expect(describeEpochs(cache.entries())).toBe("1@0 3@8");
    cache.assign(5, 4);
    expect(describeEpochs(cache.entries())).toBe("1@0 5@4");
  });
});

describe("cutting (reference 1.6)", () => {
  test("from the end drops what starts at the offset or later", () => {
    const cache = cacheOf([1, 0], [2, 7], [3, 9]);
    expect(cache.truncateFromEnd(7)).toBe(true);
    expect(describeEpochs(cache.entries())).toBe("1@0");
    expect(cache.latestEpoch).toBe(1);
    expect(cache.truncateFromEnd(7)).toBe(false);
  });

  test("from the start keeps the epoch that the offset is in, and lets it start there", () => {
    const cache = cacheOf([1, 0], [2, 7], [3, 9]);
    expect(cache.truncateFromStart(8)).toBe(true);
    expect(describeEpochs(cache.entries())).toBe("2@8 3@9");
  });

  test("from the start at the very start of an epoch keeps it as it is", () => {
    const cache = cacheOf([1, 0], [2, 7], [3, 9]);
    expect(cache.truncateFromStart(9)).toBe(true);
    expect(describeEpochs(cache.entries())).toBe("3@9");
    expect(cache.truncateFromStart(9)).toBe(false);
  });

  test("from the start below all epochs changes nothing", () => {
    const cache = cacheOf([1, 5]);
    expect(cache.truncateFromStart(3)).toBe(false);
    expect(describeEpochs(cache.entries())).toBe("1@5");
  });

  test("leaves lists that were handed out as they were", () => {
    // They are in events and in files by then.
    const cache = cacheOf([1, 0], [2, 7]);
    const before = cache.entries();
    cache.clear();
    expect(describeEpochs(before)).toBe("1@0 2@7");
    expect(Object.isFrozen(before)).toBe(true);
  });
});

type Change = readonly [kind: "assign" | "fromEnd" | "fromStart", epoch: number, offset: number];

const changes = fc.array(
  fc.tuple(
    fc.constantFrom("assign", "assign", "fromEnd", "fromStart"),
    fc.integer({ min: -1, max: 12 }),
    fc.integer({ min: -1, max: 40 }),
  ),
  { maxLength: 30 },
) as fc.Arbitrary<Change[]>;

function apply(cache: LeaderEpochCache, [kind, epoch, offset]: Change): boolean {
  if (kind === "assign") return cache.assign(epoch, offset);
  return kind === "fromEnd" ? cache.truncateFromEnd(offset) : cache.truncateFromStart(offset);
}

propertyTest.prop([changes])("whatever happens, both columns are strictly increasing and a change is reported as one", (all) => {
  const cache = new LeaderEpochCache();
  for (const change of all) {
    const before = cache.entries();
    expect(apply(cache, change)).toBe(describeEpochs(before) !== describeEpochs(cache.entries()));
    const list = cache.entries();
    for (let i = 1; i < list.length; i++) {
      expect((list[i] as EpochEntry).epoch).toBeGreaterThan((list[i - 1] as EpochEntry).epoch);
      expect((list[i] as EpochEntry).startOffset).toBeGreaterThan((list[i - 1] as EpochEntry).startOffset);
    }
    expect(cache.latestEpoch).toBe(list.at(-1)?.epoch ?? -1);
  }
});

propertyTest.prop([changes, fc.integer({ min: 0, max: 12 })])(
  "an epoch's end is never above the log end, and what is answered is never a later epoch than was asked for",
  (all, requested) => {
    const cache = new LeaderEpochCache();
    for (const change of all) apply(cache, change);
    const { epoch, endOffset } = cache.endOffsetFor(requested, 41);
    expect(endOffset).toBeLessThanOrEqual(41);
    expect(epoch).toBeLessThanOrEqual(requested);
    expect(epoch === -1).toBe(endOffset === -1);
  },
);
