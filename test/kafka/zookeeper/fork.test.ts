import { expect, test } from "vitest";
import { seconds } from "../../../src/base/units.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import { Story } from "./story.ts";

function story(seed: string, rounds = 6): Story {
  const told = new Story(seed, 3);
  for (let round = 0; round < rounds; round++) told.round();
  return told;
}

test("the same seed gives the same ensemble, step by step", () => {
  const [a, b] = [story("again", 20), story("again", 20)];
  expect(a.e.world.trace.hash()).toBe(b.e.world.trace.hash());
});

test.each(["one", "two", "three"])("a fork at any moment goes on as the original does: a server's state is data (%s)", (seed) => {
  const told = story(seed);
  const { world } = told.e;
  // The observer belongs to the test: what it has collected is no part of the world.
  world.observer = undefined;
  for (let i = 0; i < 15; i++) {
    const fork = forkOf(world);
    const until = world.time + seconds(0.2);
    fork.runUntil(until);
    world.runUntil(until);
    expect(fork.trace.hash()).toBe(world.trace.hash());
    told.round();
  }
});

test("what is done to a fork does not touch the original", () => {
  const told = story("apart");
  const straight = story("apart");
  told.e.world.observer = undefined;
  const fork = forkOf(told.e.world);
  for (const node of [...fork.nodes()]) fork.crash(node.name);
  fork.runUntil(fork.time + seconds(5));
  for (const each of [told, straight]) each.e.runFor(5);
  expect(told.e.world.trace.hash()).toBe(straight.e.world.trace.hash());
});
