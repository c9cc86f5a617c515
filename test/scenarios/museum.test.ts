/**
 * The exhibits of the museum, for a few seeds each: with the dial at its old value the named promise breaks, with the same
 * faults and the same seed at its new value it does not. `kafka-sim run scenarios/museum --seeds 1..20` plays more of them.
 */
import { describe, expect, test } from "vitest";
import { runSide } from "../../src/run/run-scenario.ts";
import { BUNDLED } from "./bundled.ts";

const SEEDS = [2, 3, 4];
const MUSEUM = BUNDLED.filter(({ name }) => name.startsWith("museum/"));

const EXHIBITS = {
  "museum/replication/kip-966-last-replica-standing": ["election.eligibleLeaderReplicas", "NoAckedLoss"],
  "museum/replication/kip-841-shutting-down-replica-rejoins-isr": ["isr.rejectIneligibleReplica", "FencedNotInIsr"],
  "museum/replication/kip-903-stale-alterpartition-readmits-wiped-broker": ["isr.brokerEpochCheck", "NoAckedLoss"],
  "museum/replication/kip-497-hw-uses-committed-isr-not-maximal": ["isr.hwUses", "NoAckedLoss"],
  "museum/quorum/kip-996-partitioned-voter-disrupts-leader": ["kraft.preVote", "LeaderStability"],
  "museum/quorum/kafka-15489-no-check-quorum-zombie-controller": ["kraft.checkQuorum", "StaleLeaderBounded"],
} as const;

const LOSSES = {
  "museum/replication/unclean-leader-election-loss": { lost: true, legallyLost: false },
  "museum/replication/jepsen-kafka-08-isr-shrinks-to-leader": { lost: true, legallyLost: false },
  "museum/replication/acks-1-leader-crash-loss": { lost: false, legallyLost: true },
} as const;

test("the museum holds these and no others", () => {
  const names = [...new Set(MUSEUM.map(({ name }) => name))].sort();
  expect(names).toEqual([...Object.keys(EXHIBITS), ...Object.keys(LOSSES)].sort());
});

describe.each(Object.entries(EXHIBITS))("%s", (name, [dial, invariant]) => {
  const sides = MUSEUM.filter((side) => side.name === name);

  test("is played twice, with one dial turned and everything else the same", () => {
    expect(sides.map(({ label }) => label)).toEqual(["old rule", "new rule"]);
    const [old, fixed] = sides.map(({ scenario: { dials, expect: _expect, ...rest } }) => ({ dials, rest }));
    expect(old?.rest).toEqual(fixed?.rest);
    const turned = Object.keys(old?.dials ?? {}).filter((each) => valueIn(old?.dials, each) !== valueIn(fixed?.dials, each));
    expect(turned).toEqual([dial]);
  });

  test.each(SEEDS)(`seed %i: the old rule breaks ${invariant}, the new one breaks nothing`, (seed) => {
    const [old, fixed] = sides.map((side) => runSide(side, String(seed)));
    expect(old?.violations.map((violation) => violation.invariant)).toContain(invariant);
    expect(old?.verdict).toBe("as-expected");
    expect(fixed?.violations).toEqual([]);
    expect(fixed?.verdict).toBe("as-expected");
    expect(fixed?.records.lost).toBe(0);
    expect(old?.traceHash).not.toBe(fixed?.traceHash);
  });
});

describe.each(Object.entries(LOSSES))("%s", (name, { lost, legallyLost }) => {
  test.each(SEEDS)("seed %i ends as it says", (seed) => {
    for (const side of MUSEUM.filter((each) => each.name === name)) {
      const found = runSide(side, String(seed));
      expect(found.expectations.filter(({ met }) => !met)).toEqual([]);
      expect(found.verdict).toBe("as-expected");
      expect([found.records.lost > 0, found.records.legallyLost > 0]).toEqual([lost, legallyLost]);
      expect(found.violations.length > 0).toBe(lost);
    }
  });
});

function valueIn(dials: object | undefined, dial: string): unknown {
  return (dials as Record<string, unknown> | undefined)?.[dial];
}
