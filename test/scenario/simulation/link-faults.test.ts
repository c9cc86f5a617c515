/** What is done to links does what it says, and `for` undoes it. */
import { describe, expect, test } from "vitest";
import type { Link } from "../../../src/sim/link.ts";
import type { Step } from "../../../src/sim/trace.ts";
import { play, type Story } from "./story.ts";

/** What arrived from one node at another after `from` and up to `to`. */
function traffic(story: Story, sender: string, receiver: string, from: number, to: number): Step[] {
  return story.deliveriesBetween(from, to, { from: sender, to: receiver }).filter((step) => story.at(step) > from);
}

function linkOf(story: Story, from: string, to: string): Link {
  const { world } = story.simulation;
  return world.network.link(world.node(from), world.node(to));
}

describe("cut", () => {
  const story = play("faults: [{ at: 5s, cut: broker-2, from: broker-1, for: 5s }]\nrun: { for: 20s }");

  test("lets nothing through between the two, either way, until `for` heals it", () => {
    expect(story.moments("LinkCut", { a: "broker-2", b: "broker-1", direction: "both" })).toEqual([5]);
    expect(story.moments("LinkHealed", { a: "broker-2", b: "broker-1" })).toEqual([10]);
    expect(traffic(story, "broker-1", "broker-2", 5, 10)).toEqual([]);
    expect(traffic(story, "broker-2", "broker-1", 5, 10)).toEqual([]);
    expect(traffic(story, "broker-2", "broker-1", 10, 20).length).toBeGreaterThan(10);
  });

  test("is between those two only: others reach both", () => {
    expect(traffic(story, "broker-3", "broker-1", 5, 10).length).toBeGreaterThan(5);
    expect(traffic(story, "controller-1", "broker-2", 5, 10).length).toBeGreaterThan(1);
  });

  test.each([
    ["outgoing", "from", "broker-2", "broker-1"],
    ["incoming", "to", "broker-1", "broker-2"],
  ] as const)("one way (%s) leaves the other way open", (direction, reported, sender, receiver) => {
    const oneWay = play(`faults: [{ at: 5s, cut: broker-2, from: broker-1, direction: ${direction} }]\nrun: { for: 7s }`);
    expect(oneWay.moments("LinkCut", { direction: reported })).toEqual([5]);
    expect(traffic(oneWay, sender, receiver, 5, 7)).toEqual([]);
    expect([linkOf(oneWay, sender, receiver).blocked, linkOf(oneWay, receiver, sender).blocked]).toEqual([true, false]);
  });

  test("of several from several is every pair of them, and of no others", () => {
    const many = play("faults: [{ at: 2s, cut: [broker-1, controller-1], from: [broker-2, broker-3] }]\nrun: { for: 3s }");
    expect(many.events("LinkCut").map(({ a, b }) => `${a} ${b}`)).toEqual([
      "broker-1 broker-2",
      "broker-1 broker-3",
      "controller-1 broker-2",
      "controller-1 broker-3",
    ]);
  });

  test("of a group from itself cuts each link once", () => {
    const among = play("faults: [{ at: 2s, cut: brokers, from: brokers }]\nrun: { for: 3s }");
    expect(among.events("LinkCut").map(({ a, b }) => `${a} ${b}`)).toEqual([
      "broker-1 broker-2",
      "broker-1 broker-3",
      "broker-2 broker-3",
    ]);
  });

  test("two cuts on one link: the end of the first leaves the second", () => {
    const twice = play(
      "faults: [{ at: 5s, cut: broker-2, from: broker-1, for: 3s }, { at: 6s, cut: broker-1, from: broker-2, for: 6s }]\nrun: { for: 14s }",
    );
    expect(traffic(twice, "broker-1", "broker-2", 5, 12)).toEqual([]);
    expect(traffic(twice, "broker-1", "broker-2", 12, 14).length).toBeGreaterThan(0);
  });
});

describe("isolate", () => {
  const story = play("faults: [{ at: 5s, isolate: broker-1, for: 4s }]\nrun: { for: 12s }");

  test("cuts a node off from every other, servers and clients, until `for` heals it", () => {
    const others = story.events("LinkCut").map(({ b }) => b);
    expect(others).toEqual(["broker-2", "broker-3", "controller-1", "admin", "checkout"]);
    expect(story.deliveriesBetween(5.000001, 9, { to: "broker-1" })).toEqual([]);
    expect(story.deliveriesBetween(5.000001, 9, { from: "broker-1" })).toEqual([]);
    expect(story.deliveriesBetween(9, 12, { to: "broker-1" }).length).toBeGreaterThan(5);
    expect(story.moments("LinkHealed", { a: "broker-1" })).toEqual([9, 9, 9, 9, 9]);
  });

  test("of several cuts each of them off, from one another, too", () => {
    const pair = play("faults: [{ at: 5s, isolate: [broker-1, broker-2] }]\nrun: { for: 8s }");
    expect(traffic(pair, "broker-2", "broker-1", 5, 8)).toEqual([]);
    expect(traffic(pair, "controller-1", "broker-3", 5, 8).length).toBeGreaterThan(0);
  });

  test("of all is a network that is down", () => {
    const dark = play("faults: [{ at: 5s, isolate: all, for: 2s }]\nrun: { for: 9s }");
    expect(dark.deliveriesBetween(5, 7).filter((step) => dark.at(step) > 5)).toEqual([]);
    expect(dark.simulation.world.network.healAll()).toEqual([]);
  });
});

describe("heal", () => {
  const cuts = "{ at: 5s, isolate: broker-1 }, { at: 5s, cut: broker-2, from: broker-3 }";

  test("of one node ends the cuts that touch it, and leaves others", () => {
    const story = play(`faults: [${cuts}, { at: 7s, heal: broker-1 }]\nrun: { for: 10s }`);
    expect(traffic(story, "broker-3", "broker-1", 7.3, 10).length).toBeGreaterThan(0);
    expect(linkOf(story, "broker-2", "broker-3").blocked).toBe(true);
  });

  test("of all ends every cut, clog and slowness", () => {
    const story = play(`faults: [${cuts}, { at: 5s, clog: checkout, to: broker-2 }, { at: 7s, heal: all }]\nrun: { for: 10s }`);
    expect(story.simulation.world.network.healAll()).toEqual([]);
    expect(traffic(story, "broker-3", "broker-1", 7.3, 10).length).toBeGreaterThan(0);
  });

  test("what is healed by hand is no longer its fault's to end: a later cut, clog or slowness stays", () => {
    const story = play(
      `faults:
  - { at: 5s, cut: broker-2, from: broker-1, for: 4s }
  - { at: 5s, slow-link: broker-3, to: broker-1, by: 50ms, for: 4s }
  - { at: 6s, heal: all }
  - { at: 7s, cut: broker-2, from: broker-1 }
  - { at: 7s, slow-link: broker-3, to: broker-1, by: 20ms }
run: { for: 12s }`,
    );
    expect(traffic(story, "broker-2", "broker-1", 6.3, 7).length).toBeGreaterThan(0);
    expect(traffic(story, "broker-2", "broker-1", 7, 12)).toEqual([]);
    expect(linkOf(story, "broker-3", "broker-1").slowedBy).toBe(20_000);
  });
});

test("reset breaks the connections between two nodes; they are opened anew, and nobody else's is touched", () => {
  const story = play("faults: [{ at: 5s, reset: broker-2, to: broker-1 }]\nrun: { for: 8s }");
  const signals = story.steps.filter((step) => step.kind === "connection" && story.at(step) >= 5);
  const resetAt = new Set(signals.filter(({ label }) => label === "RST").map(({ node }) => node));
  expect([...resetAt].sort()).toEqual(["broker-1", "broker-2"]);
  expect(signals.some(({ label, delivery }) => label === "SYN" && delivery?.from === "broker-2")).toBe(true);
  expect(traffic(story, "broker-2", "broker-1", 6, 8).length).toBeGreaterThan(0);
});

test("clog lets messages pile up, and they arrive in one burst when it is undone", () => {
  const story = play("faults: [{ at: 5s, clog: checkout, to: broker-1, for: 2s }]\nrun: { for: 10s }");
  expect(traffic(story, "checkout", "broker-1", 5, 6.999)).toEqual([]);
  const burst = story.deliveries({ from: "checkout", to: "broker-1" }).filter((step) => story.at(step) === 7);
  expect(burst.length).toBeGreaterThan(1);
  expect(burst.every((step) => step.label === "Produce")).toBe(true);
});

describe("slow-link", () => {
  const lags = (story: Story, from: number, to: number): number[] =>
    traffic(story, "checkout", "broker-1", from, to)
      .filter(({ label }) => label === "Produce")
      .map((step) => story.lag(step));

  test("makes every message between the two take longer by so much, until `for` is over", () => {
    const story = play("faults: [{ at: 5s, slow-link: checkout, to: broker-1, by: 50ms, for: 3s }]\nrun: { for: 11s }");
    const [before, during, after] = [lags(story, 1, 5), lags(story, 5.1, 8), lags(story, 8.2, 11)];
    for (const some of [before, during, after]) expect(some.length).toBeGreaterThan(5);
    // Latencies without a fault are 0.1 to 0.5 ms.
    expect(Math.max(...before, ...after)).toBeLessThan(1_000);
    expect(Math.min(...during)).toBeGreaterThanOrEqual(50_100);
    expect(Math.max(...during)).toBeLessThanOrEqual(50_500);
  });

  test("two of them add up, and the end of one leaves the other", () => {
    const story = play(
      "faults: [{ at: 5s, slow-link: checkout, to: broker-1, by: 50ms, for: 6s }, { at: 6s, slow-link: all, by: 20ms, for: 3s }]\nrun: { for: 14s }",
    );
    expect(Math.min(...lags(story, 6.2, 9))).toBeGreaterThanOrEqual(70_100);
    const [left, over] = [lags(story, 9.2, 11), lags(story, 11.2, 14)];
    expect([Math.min(...left) >= 50_100, Math.max(...left) <= 50_500]).toEqual([true, true]);
    expect(Math.max(...over)).toBeLessThan(1_000);
  });

  test("of a group among itself slows each link once", () => {
    const story = play("faults: [{ at: 1s, slow-link: brokers, to: brokers, by: 50ms }]\nrun: { for: 2s }");
    expect(linkOf(story, "broker-1", "broker-2").slowedBy).toBe(50_000);
    expect(linkOf(story, "broker-2", "broker-1").slowedBy).toBe(50_000);
  });

  test("without `to` it is every link of the node", () => {
    const story = play("faults: [{ at: 5s, slow-link: broker-1, by: 50ms }]\nrun: { for: 8s }");
    const others = [...story.simulation.world.nodes()].map(({ name }) => name).filter((name) => name !== "broker-1");
    for (const other of others) expect([other, linkOf(story, "broker-1", other).slowedBy]).toEqual([other, 50_000]);
    expect(linkOf(story, "broker-2", "broker-3").slowedBy).toBe(0);
  });
});
