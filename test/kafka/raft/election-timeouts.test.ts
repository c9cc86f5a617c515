import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { ms } from "../../../src/base/units.ts";
import { lostElectionBackoff, randomElectionTimeout, successorBackoff } from "../../../src/kafka/raft/election-timeouts.ts";
import { RandomStream } from "../../../src/sim/random.ts";

describe("successors of a leader that resigned wait by their place (KafkaRaftClient.strictExponentialElectionBackoffMs)", () => {
  test.each([
    // max >> (n - 1) << (k - 1), with max 1000: half of it for the second of two, a quarter and a half of three.
    { self: 1, successors: [1, 2], waits: 0 },
    { self: 2, successors: [1, 2], waits: 500 },
    { self: 2, successors: [1, 2, 3], waits: 250 },
    { self: 3, successors: [1, 2, 3], waits: 500 },
    // 1000 >> 4 is 62, an integer division.
    { self: 2, successors: [1, 2, 3, 4, 5], waits: 62 },
    { self: 5, successors: [1, 2, 3, 4, 5], waits: 496 },
    // Not recommended at all.
    { self: 9, successors: [1, 2], waits: 1_000 },
    // A leader that resigned because it was restarted recommends nobody, and then nobody waits.
    { self: 1, successors: [], waits: 0 },
  ])("$self of $successors waits $waits ms", ({ self, successors, waits }) => {
    expect(successorBackoff({ self, preferredSuccessors: successors, maxMs: 1_000 })).toBe(ms(waits));
  });
});

property.prop([fc.nat(), fc.integer({ min: 1, max: 10_000 })])(
  "an election timeout lies between once and twice its setting",
  (seed, setting) => {
    const timeout = randomElectionTimeout(setting, new RandomStream(String(seed), "raft"));
    expect(timeout).toBeGreaterThanOrEqual(ms(setting));
    expect(timeout).toBeLessThan(ms(2 * setting));
  },
);

property.prop([fc.nat(), fc.integer({ min: 1, max: 60 })])(
  "a lost election is followed by whole 100 ms, up to the maximum",
  (seed, retries) => {
    const backoff = lostElectionBackoff({ retries, maxMs: 1_000, random: new RandomStream(String(seed), "raft") });
    expect(backoff % ms(100)).toBe(0);
    expect(backoff).toBeLessThanOrEqual(ms(Math.min(1_000, 100 * (2 ** retries - 1))));
  },
);
