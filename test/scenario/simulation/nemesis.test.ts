/** The nemesis draws faults from the seed, and keeps to what it was told. */
import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NODE_FAULTS } from "../../../src/scenario/fault-spec.ts";
import type { Step } from "../../../src/sim/trace.ts";
import { type AnyEvent, play, type Story, simulationOf } from "./story.ts";

const BACKGROUND = `
name: nemesis
cluster: { brokers: 3, controllers: 3 }
topics: { orders: { assignment: [[1, 2, 3], [2, 3, 1]], config: { min.insync.replicas: 2 } } }
producers: { checkout: { topic: orders, rate: 5/s, config: { acks: all } } }
`;

function unleash(nemesis: string, seed: number | string = 1, more = ""): Story {
  return play(`nemesis: { ${nemesis} }\nrun: { for: 60s }\n${more}`, { seed: String(seed), background: BACKGROUND });
}

const STRIKE = new RegExp(
  [
    "^\\S+ (crashes|loses power|is told to stop|is paused|is isolated|is cut off from the other servers)",
    "^\\S+ and \\S+ are cut off from each other",
    "^nothing arrives",
    "^the (link|disk|clock) ",
  ].join("|"),
);

/** What it did, in its own words, with the time in seconds. */
function strikes(story: Story): [at: number, text: string][] {
  const { simulation } = story;
  const told = (simulation.timeline?.entries ?? []).filter(({ text }) => STRIKE.test(text));
  return told.map(({ timeUs, text }) => [simulation.since(timeUs) / 1_000_000, text]);
}

/** The largest number of nodes (of one kind) that were down or paused at once. */
function mostAtOnce(story: Story, kind = ""): number {
  const broken = new Set<string>();
  let most = 0;
  for (const step of story.steps) {
    for (const event of step.events as AnyEvent[]) {
      if (event.kind === "ProcessCrashed" || event.kind === "Paused") broken.add(event.node);
      if (event.kind === "ProcessStarted" || event.kind === "Resumed") broken.delete(event.node);
      most = Math.max(most, [...broken].filter((node) => node.startsWith(kind)).length);
    }
  }
  return most;
}

describe("at-most", () => {
  const often = "faults: [crash, pause], every: 0.5s..1s, for: 2s..6s, on: servers, from: 1s";

  property.prop([fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 3 })], { numRuns: 8 })(
    "no more strikes are in force at once than it says",
    (seed, atMost) => {
      expect(mostAtOnce(unleash(`${often}, at-most: ${atMost}`, seed))).toBeLessThanOrEqual(atMost);
    },
  );

  test("so many are, where there is time; by default it is one", () => {
    expect([2, 3, 4].map((atMost) => mostAtOnce(unleash(`${often}, at-most: ${atMost}`)))).toEqual([2, 3, 4]);
    expect(mostAtOnce(unleash(often))).toBe(1);
  });
});

describe("the quorum", () => {
  const NEMESIS = "faults: [crash, pause, isolate, stall-disk], every: 0.5s..1s, for: 2s..6s, from: 1s, at-most: 5";

  property.prop([fc.integer({ min: 1, max: 1e6 })], { numRuns: 5 })(
    "keeps a majority, whatever `at-most` says: of the voters",
    (seed) => {
      const story = play(`nemesis: { ${NEMESIS}, on: controllers }\nrun: { for: 40s }`, {
        seed: String(seed),
        background: BACKGROUND.replace("controllers: 3", "controllers: 5"),
      });
      expect(mostAtOnce(story, "controller")).toBeLessThanOrEqual(2);
      expect(strikes(story).length).toBeGreaterThan(2);
      expect(story.events("ProduceFailed")).toEqual([]);
    },
  );

  property.prop([fc.integer({ min: 1, max: 1e6 })], { numRuns: 5 })(
    "keeps a majority, whatever `at-most` says: of the ensemble",
    (seed) => {
      const story = play(`nemesis: { ${NEMESIS}, on: zookeepers }\nrun: { for: 40s }`, {
        seed: String(seed),
        background: BACKGROUND.replace("controllers: 3", "mode: zookeeper, zookeeper: 3"),
      });
      expect(mostAtOnce(story, "zookeeper")).toBeLessThanOrEqual(1);
      expect(story.simulation.checker.violations).toEqual([]);
    },
  );

  test("of one has no minority to spare, and is left alone; brokers are not", () => {
    const story = play(`nemesis: { ${NEMESIS}, on: servers }\nrun: { for: 60s }`, {
      background: BACKGROUND.replace("controllers: 3", "controllers: 1"),
    });
    const texts = strikes(story).map(([, text]) => text);
    expect(texts.length).toBeGreaterThan(5);
    expect(texts.filter((text) => text.includes("controller-1"))).toEqual([]);
  });

  test("may be slowed down, and two of its members cut off from each other, one pair at a time", () => {
    const story = play(
      "nemesis: { faults: [partial-cut, slow-disk], every: 1s, for: 3s..5s, at-most: 4, on: zookeepers }\nrun: { for: 60s }",
      {
        background: BACKGROUND.replace("controllers: 3", "mode: zookeeper"),
      },
    );
    expect(strikes(story).length).toBeGreaterThan(3);
    expect(story.events("ProduceFailed")).toEqual([]);
  });
});

describe("power-loss", () => {
  property.prop([fc.integer({ min: 1, max: 1e6 })], { numRuns: 8 })(
    "strikes only while every committed ISR is full and nothing else is broken",
    (seed) => {
      const story = unleash(
        "faults: [power-loss, power-loss, crash], every: 1s..3s, for: 1s..4s, on: brokers, at-most: 2, from: 1s",
        seed,
      );
      const isrs = new Map<string, number>();
      let down = 0;
      for (const step of story.steps) {
        for (const event of step.events as readonly {
          kind: string;
          topic?: string;
          partition?: number;
          isr?: readonly number[];
        }[]) {
          if (event.kind === "PartitionChanged") isrs.set(`${event.topic}-${event.partition}`, event.isr?.length ?? 0);
          if (event.kind === "ProcessStarted" && story.at(step) > 0.5) down--;
          if (event.kind === "PowerLost") expect([down, ...isrs.values()]).toEqual([0, 3, 3]);
          if (event.kind === "PowerLost" || event.kind === "ProcessCrashed") down++;
        }
      }
      expect(story.simulation.checker.violations).toEqual([]);
    },
  );

  test("does strike, where it may", () => {
    expect(unleash("faults: [power-loss], every: 3s..5s, for: 1s..2s, on: brokers").events("PowerLost").length).toBeGreaterThan(
      1,
    );
  });
});

describe("from and until", () => {
  property.prop([fc.integer({ min: 1, max: 1e6 })], { numRuns: 8 })(
    "nothing before `from`; at `until` everything is healed, and stays so",
    (seed) => {
      const all = `faults: [${NODE_FAULTS.join(", ")}], every: 0.5s..2s, for: 5s..30s, on: all, at-most: 5, from: 10s, until: 30s`;
      const story = unleash(all, seed);
      const moments = strikes(story).map(([at]) => at);
      expect(moments.length).toBeGreaterThan(1);
      expect(Math.min(...moments)).toBeGreaterThanOrEqual(10);
      expect(Math.max(...moments)).toBeLessThanOrEqual(30);
      const { world } = story.simulation;
      expect(world.network.healAll()).toEqual([]);
      for (const node of world.nodes()) {
        const { name, running, paused, powered, disk } = node;
        // The administrator's work is done once the topics are there.
        expect({ name, running: running || name === "admin", paused, powered, slowedBy: disk.slowedBy }).toEqual({
          ...{ name, running: true, paused: false, powered: true, slowedBy: 0 },
        });
      }
      expect(world.stalledOperations).toEqual([]);
    },
  );
});

describe("what it draws", () => {
  const all = `faults: [${NODE_FAULTS.join(", ")}]`;
  const repertoireOf = (seed: number): readonly string[] =>
    simulationOf(`nemesis: { ${all} }`, { seed: String(seed), background: BACKGROUND }).nemesis?.repertoire ?? [];

  test("each seed uses a subset of its own, never an empty one", () => {
    const drawn = Array.from({ length: 30 }, (_, seed) => [...repertoireOf(seed + 1)].sort());
    for (const repertoire of drawn) {
      expect(repertoire.length).toBeGreaterThan(0);
      expect(NODE_FAULTS).toEqual(expect.arrayContaining(repertoire));
    }
    expect(new Set(drawn.map((repertoire) => repertoire.join())).size).toBeGreaterThan(20);
    // Every kind comes in for some seed.
    expect(new Set(drawn.flat()).size).toBe(NODE_FAULTS.length);
  });

  test("the same seed strikes the same, another seed otherwise", () => {
    const nemesis = `${all}, every: 1s..4s`;
    expect(strikes(unleash(nemesis, 5))).toEqual(strikes(unleash(nemesis, 5)));
    expect(strikes(unleash(nemesis, 5))).not.toEqual(strikes(unleash(nemesis, 6)));
  });

  test("what it draws depends on nothing that the cluster does: another load, the same strikes", () => {
    const nemesis = "faults: [slow-disk, slow-link, clock], every: 1s..4s, at-most: 3";
    const busy = strikes(unleash(nemesis, 7, "consumers: { reader: { topics: [orders] } }"));
    expect(busy).toEqual(strikes(unleash(nemesis, 7)));
    expect(busy.length).toBeGreaterThan(5);
  });

  test("only nodes that it is aimed at are hit", () => {
    const story = unleash("faults: [crash, pause], every: 1s..3s, for: 1s, on: [controller-1, broker-2]");
    const hit = new Set([...story.events("ProcessCrashed"), ...story.events("Paused")].map(({ node }) => node));
    expect([...hit].sort()).toEqual(["broker-2", "controller-1"]);
  });

  test("aimed at a role that is vacant just then it lets the moment pass", () => {
    // Nobody leads the partition for most of the run.
    const story = play(
      `faults: [{ at: 2s, crash: brokers }]
nemesis: { faults: [crash, partial-cut, pause], every: 1s..3s, on: leader(orders-0), at-most: 3 }
run: { for: 60s }`,
      { background: BACKGROUND },
    );
    expect(story.simulation.phase).toBe("over");
    expect(story.events("LeaderElected").at(-1)).toMatchObject({ leader: -1 });
  });
});

test("a cut from the other servers leaves clients their way to the node; an isolation does not", () => {
  const cut = unleash("faults: [cut], every: 5s, for: 4s, on: servers, from: 1s");
  const isolated = unleash("faults: [isolate], every: 5s, for: 4s, on: servers, from: 1s");
  const cutOff = (story: Story): Set<string> => new Set(story.events("LinkCut").map(({ b }) => b));
  expect(cutOff(cut).has("checkout")).toBe(false);
  expect(cutOff(isolated).has("checkout")).toBe(true);
});

test("every strike is a step of its own in the trace, and so is its end", () => {
  const story = unleash("faults: [pause], every: 2s..4s, for: 1s, on: brokers");
  const of = (label: string): Step[] => story.steps.filter((step) => step.kind === "action" && step.label === label);
  expect(of("nemesis").length).toBeGreaterThan(5);
  expect(of("nemesis relents").length).toBeGreaterThan(5);
  expect(of("nemesis ends")).toHaveLength(1);
});
