/** A clock that jumps or drifts, and an administrator who asks for an election. */
import { describe, expect, test } from "vitest";
import { play, playUntil, type Story, simulationOf } from "./story.ts";

/** How far a host's clock is ahead of virtual time. */
function ahead(story: Story, node: string): number {
  const { world } = story.simulation;
  return world.node(node).clock.read(world.time) - world.time;
}

describe("clock", () => {
  test("jumps by so much, and `for` takes the jump back", () => {
    const simulation = simulationOf("faults: [{ at: 2s, clock: { node: broker-1, jump: -3s }, for: 2s }]\nrun: { for: 6s }");
    expect(ahead(playUntil(simulation, 1.9), "broker-1")).toBe(0);
    expect(ahead(playUntil(simulation, 3), "broker-1")).toBe(-3_000_000);
    expect(ahead(playUntil(simulation, 3), "broker-2")).toBe(0);
    expect(ahead(playUntil(simulation, 5), "broker-1")).toBe(0);
  });

  test("drifts from then on; `for` gives it back the drift that it had before", () => {
    const background = "name: drift\ncluster: { brokers: 1, controllers: 1 }\nclocks: { broker-1: { drift: 100ppm } }";
    const text = "faults: [{ at: 2s, clock: { node: broker-1, drift: 5000ppm }, for: 2s }]\nrun: { for: 8s }";
    const simulation = simulationOf(text, { background });
    const drift = (): number => simulation.world.node("broker-1").clock.driftPpm;
    playUntil(simulation, 1);
    expect(drift()).toBe(100);
    playUntil(simulation, 3);
    expect(drift()).toBe(5_000);
    playUntil(simulation, 5);
    expect(drift()).toBe(100);
  });

  test("protocol code goes by its own clock: a controller that runs fast fences a dead broker early", () => {
    const background = "name: fast\ncluster: { brokers: 2, controllers: 1 }";
    const fencedAfter = (drift: string): number => {
      const text = `faults: [{ at: 0, clock: { node: controller-1, drift: ${drift} } }, { at: 10s, crash: broker-2 }]\nrun: { for: 30s }`;
      return (play(text, { background }).moments("BrokerFenced", { broker: 2 })[0] as number) - 10;
    };
    const [usual, hasty] = [fencedAfter("0ppm"), fencedAfter("900000ppm")];
    expect(usual).toBeGreaterThan(6.5);
    expect(hasty).toBeLessThan(usual * 0.6);
  });
});

describe("elect", () => {
  test("preferred: leadership goes back to the first replica once it is in the ISR again", () => {
    const background = `
name: preferred
cluster: { brokers: 3, controllers: 1, config: { auto.leader.rebalance.enable: false } }
topics: { orders: { assignment: [[1, 2, 3]], config: { min.insync.replicas: 2 } } }
producers: { checkout: { topic: orders, rate: 10/s } }
`;
    const story = play(
      `faults:
  - { at: 2s, stop: broker-1, for: 3s }
  - { when: { event: IsrChanged, partition: orders-0, isr: [1, 2, 3] }, after: 1s, elect: { partition: orders-0 } }
run: { for: 30s }`,
      { background },
    );
    const elections = story.events("LeaderElected").filter(({ at }) => at > 0);
    expect(elections.map(({ leader }) => leader)).toEqual([2, 1]);
    expect(elections.every(({ unclean }) => !unclean)).toBe(true);
  });

  const TWO_BROKERS = `
name: unclean
cluster: { brokers: 2, controllers: 1, config: { replica.lag.time.max.ms: 3000 } }
dials: { election.eligibleLeaderReplicas: off }
topics: { orders: { assignment: [[1, 2]], config: { min.insync.replicas: 1 } } }
producers: { checkout: { topic: orders, rate: 10/s, config: { acks: all } } }
`;
  const LAST_ONE_DIES = `
  - { at: 2s, cut: broker-2, from: broker-1 }
  - { when: { event: IsrChanged, isr: [1] }, after: 2s, crash: broker-1 }`;

  test("unclean: whoever is left leads, at the price of records", () => {
    const story = play(
      `faults: [${inFlow(LAST_ONE_DIES)}, { when: { event: LeaderElected, leader: none }, after: 1s, elect: { partition: orders-0, type: unclean } }]\nrun: { for: 40s }`,
      { background: TWO_BROKERS },
    );
    const last = story.events("LeaderElected").at(-1);
    expect(last).toMatchObject({ leader: 2, unclean: true });
    expect(story.simulation.checker.records.lost).toBeGreaterThan(0);
  });

  test("without it the partition waits for its leader, and nothing is lost", () => {
    const story = play(`faults: [${inFlow(LAST_ONE_DIES)}]\nrun: { for: 40s }`, { background: TWO_BROKERS });
    expect(story.events("LeaderElected").at(-1)).toMatchObject({ leader: -1 });
    expect(story.simulation.checker.records.lost).toBe(0);
  });
});

/** A list of faults as it stands in brackets. */
function inFlow(list: string): string {
  return list
    .trim()
    .replace(/^- /, "")
    .replace(/\n\s*- /g, ", ");
}
