/**
 * The exhibits of the museum, for a few seeds each: with the switch at its old position the named promise breaks, with the same
 * faults and the same seed at its new position it does not. `kafka-sim museum` plays more of them.
 */
import { describe, expect, test } from "vitest";
import { runSide } from "../../src/run/run-scenario.ts";
import type { ScenarioSpec } from "../../src/scenario/spec.ts";
import { BUNDLED } from "./bundled.ts";

const SEEDS = [2, 3, 4];
const MUSEUM = BUNDLED.filter(({ name }) => name.startsWith("museum/"));

/** By file: what is switched, and what the old position breaks; nothing where what is lost was never promised. */
const EXHIBITS: Readonly<Record<string, readonly [string, string | undefined]>> = {
  "museum/replication/kip-966-last-replica-standing": ["election.eligibleLeaderReplicas", "NoAckedLoss"],
  "museum/replication/kip-841-shutting-down-replica-rejoins-isr": ["isr.rejectIneligibleReplica", "FencedNotInIsr"],
  "museum/replication/kip-903-stale-alterpartition-readmits-wiped-broker": ["isr.brokerEpochCheck", "NoAckedLoss"],
  "museum/replication/kip-497-hw-uses-committed-isr-not-maximal": ["isr.hwUses", "NoAckedLoss"],
  "museum/replication/unclean-leader-election-loss": ["unclean.leader.election.enable", "NoAckedLoss"],
  "museum/replication/jepsen-kafka-08-isr-shrinks-to-leader": ["min.insync.replicas", "NoAckedLoss"],
  "museum/replication/acks-1-leader-crash-loss": ["acks", undefined],
  "museum/quorum/kip-996-partitioned-voter-disrupts-leader": ["kraft.preVote", "LeaderStability"],
  "museum/quorum/kafka-15489-no-check-quorum-zombie-controller": ["kraft.checkQuorum", "StaleLeaderBounded"],
};

test("the museum holds these and no others", () => {
  const names = [...new Set(MUSEUM.map(({ name }) => name))].sort();
  expect(names).toEqual(Object.keys(EXHIBITS).sort());
});

describe.each(Object.entries(EXHIBITS))("%s", (name, [key, invariant]) => {
  const sides = MUSEUM.filter((side) => side.name === name);

  test("is played twice, with one thing switched and everything else the same", () => {
    expect(sides.map(({ label, scenario }) => [label, scenario.switched?.key])).toEqual([
      ["old rule", key],
      ["new rule", key],
    ]);
    const [old, fixed] = sides.map(({ scenario }) => leaves(scenario));
    const differing = [...(old ?? [])].filter(([path, value]) => fixed?.get(path) !== value).map(([path]) => path);
    // A setting that a topic shares with the brokers is set on both.
    for (const path of differing) expect(path).toMatch(new RegExp(`(^switched\\.value|^turnedDials.*|\\.${key})$`));
    expect(differing.length).toBeGreaterThan(1);
  });

  test.each(SEEDS)(`seed %i: the old rule breaks ${invariant ?? "no promise, but loses"}, the new one breaks nothing`, (seed) => {
    const [old, fixed] = sides.map((side) => runSide(side, String(seed)));
    if (invariant !== undefined) expect(old?.violations.map((violation) => violation.invariant)).toContain(invariant);
    else expect([old?.violations, (old?.records.legallyLost ?? 0) > 0]).toEqual([[], true]);
    expect(old?.verdict).toBe("as-expected");
    expect(fixed?.violations).toEqual([]);
    expect(fixed?.verdict).toBe("as-expected");
    expect([fixed?.records.lost, fixed?.records.legallyLost]).toEqual([0, 0]);
    expect(old?.traceHash).not.toBe(fixed?.traceHash);
  });
});

/** Every value of a scenario by its path, without what is expected of it. */
function leaves({ expect: _expect, ...scenario }: ScenarioSpec): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  const visit = (value: unknown, path: string): void => {
    if (value === null || typeof value !== "object") found.set(path, value);
    else for (const [key, child] of Object.entries(value)) visit(child, path === "" ? key : `${path}.${key}`);
  };
  visit(scenario, "");
  return found;
}
