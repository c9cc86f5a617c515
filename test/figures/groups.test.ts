/** The simulations behind what docs/figures.md says of consumer groups, with few seeds. */
import { describe, expect, test } from "vitest";
import { PROTOCOLS } from "../../bench/figures/groups.ts";
import { takeoverOf } from "../../bench/figures/groups-crash.ts";
import { PARTITIONS, pauseOf } from "../../bench/figures/groups-deploy.ts";
import { duplicatesAtTakeover, duplicatesOf } from "../../bench/figures/groups-duplicates.ts";
import { grownOf } from "../../bench/figures/groups-partitions.ts";
import { meanOf } from "../../bench/figures/statistics.ts";

function each<T>(seeds: number, of: (seed: number) => T): T[] {
  return Array.from({ length: seeds }, (_, index) => of(index + 1));
}

describe("partitions of a member that has crashed (clients.md 5.4, 6)", () => {
  test("classic: they move after a session of 45 s, at most a heartbeat of 3 s less or more", () => {
    const found = each(12, (seed) => takeoverOf("classic", seed));
    for (const { sinceCrash, sinceExpiry } of found) {
      expect(sinceCrash).toBeGreaterThan(42);
      expect(sinceCrash).toBeLessThan(48);
      expect(sinceExpiry).toBeLessThan(3.01);
    }
    // Otherwise phases would not differ, and the bounds would say little.
    const times = found.map(({ sinceCrash }) => sinceCrash);
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(2);
  });

  test("KIP-848: the same with a heartbeat of 5 s", () => {
    for (const { sinceCrash, sinceExpiry } of each(12, (seed) => takeoverOf("KIP-848", seed))) {
      expect(sinceCrash).toBeGreaterThan(40);
      expect(sinceCrash).toBeLessThan(50);
      expect(sinceExpiry).toBeLessThan(5.01);
    }
  });
});

describe("what is processed again after a crash, with a commit every T at rate r (clients.md 4)", () => {
  test.each([
    { everyS: 5, rate: 20 },
    { everyS: 2, rate: 20 },
    { everyS: 1, rate: 100 },
  ])("rT/2 on average, rT at most: T = $everyS s, r = $rate/s", (habit) => {
    const most = habit.everyS * habit.rate;
    const found = each(34, (seed) => duplicatesOf(habit, seed));
    expect(Math.abs(meanOf(found) / (most / 2) - 1)).toBeLessThan(0.05);
    expect(Math.max(...found)).toBeLessThanOrEqual(most);
    expect(Math.max(...found)).toBeGreaterThan(most * 0.9);
    expect(Math.min(...found)).toBeLessThan(most * 0.1);
  });

  test.each(PROTOCOLS)("%s: it is no less and no more when another member takes over", (protocol) => {
    const found = each(13, (seed) => duplicatesAtTakeover(protocol, { everyS: 2, rate: 20 }, seed));
    expect(Math.abs(meanOf(found) / 20 - 1)).toBeLessThan(0.15);
    expect(Math.max(...found)).toBeLessThanOrEqual(40);
  });
});

describe("partitions that are added", () => {
  const growth = { consumers: 4, from: 10, to: 100, metadataAgeS: 30 };

  test("classic: the leader looks once in metadata.max.age.ms; then a heartbeat", () => {
    for (const protocol of ["eager", "cooperative"] as const) {
      const found = each(5, (seed) => grownOf({ protocol, ...growth }, seed));
      for (const { total, rebalance } of found) {
        expect(total).toBeLessThan(30 + 3 + 0.5);
        expect(rebalance).toBeLessThan(3.1);
      }
      expect(Math.max(...found.map(({ total }) => total))).toBeGreaterThan(15);
    }
  });

  test("KIP-848: the coordinator sees them; a heartbeat of 5 s is enough, however old the metadata of members may be", () => {
    for (const metadataAgeS of [30, 300]) {
      for (const { total } of each(3, (seed) => grownOf({ protocol: "KIP-848", ...growth, metadataAgeS }, seed))) {
        expect(total).toBeLessThan(5.2);
      }
    }
  });
});

describe("a member joins", () => {
  test("eager: everything stands still (KIP-429); cooperative and KIP-848: what moves", () => {
    for (const seed of [1, 2]) {
      expect(pauseOf({ protocol: "eager", what: "join" }, seed).partitions).toBe(PARTITIONS);
      for (const protocol of ["cooperative", "KIP-848"] as const) {
        const { partitions, ownerless } = pauseOf({ protocol, what: "join" }, seed);
        expect(partitions).toBe(2);
        expect(ownerless).toBeGreaterThan(0);
      }
    }
  });

  test("nothing is processed twice where members commit before they give anything up: all but cooperative ones with auto-commit", () => {
    for (const seed of [1, 2]) {
      expect(pauseOf({ protocol: "eager", what: "join" }, seed).again).toBe(0);
      expect(pauseOf({ protocol: "KIP-848", what: "join" }, seed).again).toBe(0);
      expect(pauseOf({ protocol: "cooperative", what: "join" }, seed).again).toBeGreaterThan(0);
    }
  });
});
