/** Groups whose members crash, stand still, stop and come back at random: each commit policy keeps what it promises. */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import type { CommitPolicy } from "../../../src/kafka/consumer/handler-spec.ts";
import { uniform } from "../../../src/sim/distribution.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import { RandomStream } from "../../../src/sim/random.ts";
import { MemberWorld } from "./member-world.ts";

const RECORDS = 2_400;
const MEMBERS = ["billing-1", "billing-2", "billing-3"];
const PROTOCOLS = ["classic", "consumer"] as const;

interface Plan {
  readonly seed: string;
  readonly protocol: (typeof PROTOCOLS)[number];
  readonly commit: CommitPolicy;
  readonly workers: number;
}

function begin({ seed, protocol, commit, workers }: Plan): MemberWorld {
  const w = new MemberWorld({ partitions: 3 }).produce(RECORDS, 40);
  const random = new RandomStream(seed, "plan");
  const config = {
    "group.protocol": protocol,
    "partition.assignment.strategy": random.pick(["range", "roundrobin", "sticky", "cooperative-sticky"]),
    "max.poll.records": random.pick([3, 20, 500]),
    "auto.commit.interval.ms": 500,
  };
  const takes = uniform(0, random.pick([ms(30), ms(120)]));
  const [commitOnRevoke, finishesLostWork] = [random.chance(1, 2), random.chance(1, 2)];
  const spec = { takes, commit, workers, onRevokeTakes: random.pick([0, ms(200)]), commitOnRevoke, finishesLostWork };
  for (const name of MEMBERS) w.member(name, spec, config);
  return w;
}

/** For a minute somebody suffers every few seconds; then all go on in peace until nothing is left to do. */
function suffer(w: MemberWorld, seed: string): void {
  const random = new RandomStream(seed, "faults");
  for (let strike = 0; strike < 15; strike++) {
    w.runFor(random.between(ms(50), seconds(8)));
    const name = random.pick(MEMBERS);
    const { world } = w;
    if (!w.isRunning(name)) world.start(name);
    else if (world.node(name).paused) world.resume(name);
    else if (random.chance(1, 3)) world.crash(name);
    else if (random.chance(1, 2)) world.requestShutdown(name);
    else world.pause(name);
  }
  for (const name of MEMBERS) {
    if (w.world.node(name).paused) w.world.resume(name);
    if (!w.isRunning(name)) w.world.start(name);
  }
  w.runFor(seconds(150));
}

const SEEDS = ["1", "2"];

describe.each(PROTOCOLS)("%s", (protocol) => {
  test.each(SEEDS)("before: nothing is ever processed twice, seed %s", (seed) => {
    const w = begin({ seed, protocol, commit: "before", workers: 0 });
    suffer(w, seed);
    const effects = w.effects(RECORDS);
    expect(Math.max(...effects)).toBe(1);
    expect(effects.filter((count) => count === 1).length).toBeGreaterThan(RECORDS / 2);
  });

  const careful: readonly [CommitPolicy, number][] = [
    ["auto", 0],
    ["after-poll", 0],
    ["per-record", 0],
    ["async", 0],
    ["after-poll", 2],
    ["async", 3],
  ];
  describe.each(careful)("%s with %d workers", (commit, workers) => {
    test.each(SEEDS)("everything is processed at least once, seed %s", (seed) => {
      const w = begin({ seed, protocol, commit, workers });
      suffer(w, seed);
      expect(w.effects(RECORDS).flatMap((count, sequence) => (count === 0 ? [sequence] : []))).toEqual([]);
      // Else nothing has happened that could have lost something.
      expect(w.of("MemberRemoved").length).toBeGreaterThan(2);
      const end = RECORDS / 3;
      expect([0, 1, 2].map((partition) => w.committedOffset(partition))).toEqual([end, end, end]);
    });
  });
});

test("a copy of a world with members goes on as the original does", () => {
  const w = begin({ seed: "1", protocol: "classic", commit: "after-poll", workers: 2 });
  w.runFor(seconds(9));
  w.world.observer = undefined;
  const copy = forkOf(w.world);
  for (const world of [w.world, copy]) world.runUntil(world.time + seconds(20));
  expect(copy.trace.hash()).toBe(w.world.trace.hash());
});
