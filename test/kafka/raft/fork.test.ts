import { expect, test } from "vitest";
import { seconds } from "../../../src/base/units.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import { TestQuorum } from "./test-quorum.ts";

const story = (seed: string): TestQuorum => {
  const q = new TestQuorum({ observers: 1, seed }).start();
  q.commit(q.electLeader());
  q.crash(q.elected[0] as number);
  return q;
};

test("the same seed gives the same election, step by step", () => {
  const [a, b] = [story("again"), story("again")];
  for (const q of [a, b]) q.runFor(5);
  expect(a.world.trace.hash()).toBe(b.world.trace.hash());
});

test("a fork in the middle of an election goes on as the original does: a replica's state is data", () => {
  const { world } = story("fork");
  for (let i = 0; i < 20; i++) {
    const fork = forkOf(world);
    const until = world.time + seconds(0.3);
    fork.runUntil(until);
    world.runUntil(until);
    expect(fork.trace.hash()).toBe(world.trace.hash());
  }
});
