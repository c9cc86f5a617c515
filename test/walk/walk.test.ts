import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { type Side, sidesOf } from "../../src/run/run-scenario.ts";
import { parseCondition } from "../../src/scenario/condition.ts";
import { parseScenario } from "../../src/scenario/loader.ts";
import type { MessageChange, MomentAction } from "../../src/scenario/run-edit.ts";
import type { Simulation } from "../../src/scenario/simulation/simulation.ts";
import { complete } from "../../src/walk/journey.ts";
import { commonSteps, PastChanged, type Walk } from "../../src/walk/walk.ts";
import { readWatched, type WatchedValue } from "../../src/walk/watched-value.ts";
import { bundledSide, everyStep, straightRun, walkThrough } from "./walks.ts";

const side = bundledSide("failover/leader-crash", ["run.for=25s", "producers.checkout.rate=20/s"]);
const hashes = everyStep(side, ({ world }) => world.trace.hash());
const ORDERS_0 = { topic: "orders", partition: 0 };

function hashHere(walk: Walk): string {
  return walk.simulation.world.trace.hash();
}

describe("standing somewhere", () => {
  test("a walk opens at time 0 and knows the whole run", () => {
    const walk = walkThrough(side);
    expect(walk.position).toBe(walk.start);
    expect(walk.simulation.phase).toBe("ready");
    expect(walk.simulation.since(walk.simulation.world.time)).toBe(0);
    expect(walk.end).toBe(hashes.length - 1);
    expect(walk.branch.ending.traceHash).toBe(hashes.at(-1));
    expect(walk.branch.ending.traceHash).toBe(straightRun(side).world.trace.hash());
  });

  test("a run that never gets ready can be walked, and says so", () => {
    const slow = sidesOf(parseScenario("name: Slow\nnetwork: { latency: 9s }\ntopics: { orders: {} }", "slow.yaml"))[0] as Side;
    const walk = walkThrough(slow);
    expect([walk.branch.ending.phase, walk.start, walk.position]).toEqual(["unready", 0, 0]);
    complete(walk.goTo(walk.end));
    expect(hashHere(walk)).toBe(straightRun(slow).world.trace.hash());
    expect(walk.unchangeable).toContain("booting");
  });

  const walk = walkThrough(side);
  property.prop([fc.array(fc.integer({ min: -5, max: hashes.length + 5 }), { minLength: 1, maxLength: 6 })], { numRuns: 25 })(
    "wherever one goes, and from wherever, the world is the one of that step",
    (steps) => {
      for (const step of steps) {
        complete(walk.goTo(step));
        expect(walk.position).toBe(Math.min(Math.max(step, 0), hashes.length - 1));
        expect(hashHere(walk)).toBe(hashes[walk.position]);
      }
    },
  );

  test("a thousand steps back, one by one, are the thousand steps on", () => {
    complete(walk.goTo(walk.end));
    for (let step = walk.end - 1; step >= walk.end - 1_000; step--) {
      complete(walk.goTo(step));
      expect(hashHere(walk)).toBe(hashes[step]);
    }
  });

  test("the tape tells of each step what the trace tells", () => {
    const steps = everyStep(side, ({ world }) => world.trace.last);
    const { tape } = walk.branch;
    for (const [number, step] of steps.entries()) {
      if (step === undefined) continue;
      expect([tape.timeOf(number), tape.nodeOf(number), tape.kindOf(number), tape.labelOf(number), tape.causeOf(number)]).toEqual(
        [step.timeUs, step.node, step.kind, step.label, step.cause],
      );
      expect(tape.eventsOf(number).map(({ event }) => event)).toEqual(step.events);
      expect(tape.deliveryOf(number)?.nth).toBe(step.delivery?.nth);
    }
    expect(tape.stepAt(tape.timeOf(5_000))).toBeGreaterThanOrEqual(5_000);
    expect(tape.timeOf(tape.stepAt(tape.timeOf(5_000)))).toBe(tape.timeOf(5_000));
  });
});

describe("the last and the next change of a value", () => {
  const values: WatchedValue[] = [
    { what: "isr", ...ORDERS_0 },
    { what: "leader", ...ORDERS_0 },
    { what: "log end", broker: 2, ...ORDERS_0 },
    { what: "high watermark", broker: 1, ...ORDERS_0 },
    { what: "position", client: "billing", ...ORDERS_0 },
    { what: "state", node: "broker-1" },
  ];
  test.each(values)("$what: the steps at which it differs from the step before", (value) => {
    const seen = everyStep(side, (simulation) => readWatched(simulation, value));
    const changes = seen.map((_, step) => step).filter((step) => step > 0 && seen[step] !== seen[step - 1]);
    const walk = walkThrough(side);
    expect(changes.length).toBeGreaterThan(1);
    for (const position of [walk.end, Math.floor(walk.end / 2), (changes[1] as number) + 1]) {
      complete(walk.goTo(position));
      expect(complete(walk.lastChange(value))).toBe(changes.findLast((step) => step < position));
      expect(complete(walk.nextChange(value))).toBe(changes.find((step) => step > position));
      expect(walk.position).toBe(position);
    }
    complete(walk.goTo(changes[0] as number));
    expect(complete(walk.lastChange(value))).toBeUndefined();
  });
});

describe("breakpoints on conditions", () => {
  test("running on and back stops where an event of the kind is reported, by the facts of that moment", () => {
    const walk = walkThrough(side);
    const condition = parseCondition("event: IsrChanged, partition: orders-0", side.scenario);
    const steps = walk.branch.tape.events
      .filter(({ event }) => event.kind === "IsrChanged" && (event as { partition?: number }).partition === 0)
      .map(({ step }) => step)
      .filter((step) => step > walk.start);
    expect(steps.length).toBeGreaterThan(0);
    expect(complete(walk.runOn([condition]))).toBe(steps[0]);
    complete(walk.goTo(walk.end));
    expect(complete(walk.runBack([condition]))).toBe(steps.at(-1));
    expect(complete(walk.runOn([condition]))).toBeUndefined();
  });

  test("of several, the first that comes true; a message counts when it is sent", () => {
    const walk = walkThrough(side);
    const conditions = ["message: OffsetForLeaderEpoch", "PowerLost"].map((text) => parseCondition(text, side.scenario));
    const found = complete(walk.runOn(conditions)) as number;
    complete(walk.goTo(found));
    const sent = walk.simulation.world.messagesUnderWay().find(({ message }) => message.kind === "OffsetForLeaderEpoch");
    expect(sent?.sentBy).toBe(found);
  });
});

/** The first message under way that is not a copy, from `step` on. */
function standAtMessage(walk: Walk, step: number, kind: string) {
  for (let at = step; ; at++) {
    complete(walk.goTo(at));
    const found = walk.simulation.world.messagesUnderWay().find(({ message, isCopy }) => message.kind === kind && !isCopy);
    if (found !== undefined) return { message: kind, from: found.from, to: found.to, nth: found.nth };
  }
}

describe("changing", () => {
  const changes: MessageChange[] = [{ do: "drop" }, { do: "delay", byUs: 1_500_000 }, { do: "hold" }, { do: "duplicate" }];
  test.each(changes)(
    "a message under way ($do): a branch with the same past, another future, and the run that its edits give",
    (change) => {
      const walk = walkThrough(side);
      const delivery = standAtMessage(walk, 6_000, "Fetch");
      const { position } = walk;
      const branch = complete(walk.changeMessage(delivery, change));
      expect(walk.branch).toBe(branch);
      expect(walk.position).toBe(position);
      expect(hashHere(walk)).toBe(hashes[position]);
      expect(branch.ending.traceHash).not.toBe(walk.branches[0]?.ending.traceHash);
      expect(branch.ending.unused).toEqual([]);
      expect(branch.ending.traceHash).toBe(straightRun(side, branch.edits).world.trace.hash());
    },
  );

  const actions: MomentAction[] = [
    { do: "crash", node: "broker-2" },
    { do: "power-loss", node: "broker-1" },
    { do: "pause", node: "broker-3" },
    { do: "isolate", node: "broker-2" },
    { do: "cut", node: "broker-1", from: "broker-2" },
    { do: "produce", node: "checkout" },
    { do: "stop", node: "checkout" },
  ];
  test.each(actions)("$do $node: it is the next step of a branch", (action) => {
    const walk = walkThrough(side);
    complete(walk.goTo(7_000));
    const branch = complete(walk.act(action));
    expect(walk.position).toBe(7_001);
    expect(branch.tape.timeOf(7_001)).toBe(branch.tape.timeOf(7_000));
    expect(branch.partsAt).toBe(7_000);
    expect(branch.ending.traceHash).toBe(straightRun(side, branch.edits).world.trace.hash());
  });

  property.prop(
    [
      fc.array(fc.record({ skip: fc.integer({ min: 0, max: 900 }), action: fc.constantFrom(...actions) }), {
        minLength: 2,
        maxLength: 4,
      }),
    ],
    { numRuns: 6 },
  )("a branch of a branch of a branch is still the run that its edits give", (plan) => {
    const walk = walkThrough(side);
    complete(walk.goTo(walk.start + 500));
    for (const { skip, action } of plan) {
      complete(walk.goTo(walk.position + skip));
      complete(walk.act(action));
    }
    const { ending, edits, tape } = walk.branch;
    expect(ending.traceHash).toBe(straightRun(side, edits).world.trace.hash());
    complete(walk.goTo(tape.length));
    expect(hashHere(walk)).toBe(ending.traceHash);
    complete(walk.goTo(walk.start));
    expect(hashHere(walk)).toBe(hashes[walk.start]);
  });

  test("what is held can be released later, and then it arrives", () => {
    const walk = walkThrough(side);
    const delivery = standAtMessage(walk, 6_000, "Produce");
    complete(walk.changeMessage(delivery, { do: "hold" }));
    complete(walk.goTo(walk.position + 500));
    const isThere = (simulation: Simulation) =>
      simulation.world.messagesUnderWay().some(({ whereabouts }) => whereabouts === "held");
    expect(isThere(walk.simulation)).toBe(true);
    const branch = complete(walk.act({ do: "release", delivery }));
    expect(isThere(walk.simulation)).toBe(false);
    expect(branch.ending.unused).toEqual([]);
    expect(branch.ending.traceHash).toBe(straightRun(side, branch.edits).world.trace.hash());
  });

  test("what is done where something is done already comes behind it", () => {
    const walk = walkThrough(side);
    complete(walk.goTo(7_000));
    complete(walk.act({ do: "pause", node: "broker-2" }));
    complete(walk.goTo(7_000));
    const both = complete(walk.act({ do: "pause", node: "broker-3" }));
    expect([both.partsAt, walk.position]).toEqual([7_001, 7_002]);
    complete(walk.goTo(7_000));
    const all = complete(walk.act({ do: "pause", node: "broker-1" }));
    expect([all.partsAt, walk.position]).toEqual([7_002, 7_003]);
    const done = [7_001, 7_002, 7_003].map((step) => `${all.tape.labelOf(step)} ${all.tape.nodeOf(step)}`);
    expect(done).toEqual(["pause broker-2", "pause broker-3", "pause broker-1"]);
    expect(all.ending.traceHash).toBe(straightRun(side, all.edits).world.trace.hash());
  });

  test("what would have come to pass before is refused, and one stands where one stood", () => {
    const walk = walkThrough(side);
    const delivery = standAtMessage(walk, 6_000, "Produce");
    const held = complete(walk.changeMessage(delivery, { do: "hold" }));
    complete(walk.goTo(walk.position + 500));
    const { position } = walk;
    const here = hashHere(walk);
    expect(() => complete(walk.changeMessage(delivery, { do: "drop" }))).toThrow(PastChanged);
    expect([walk.branch, walk.position, hashHere(walk)]).toEqual([held, position, here]);
    // Back where it was sent, it can be dropped.
    complete(walk.goTo(held.partsAt));
    expect(complete(walk.changeMessage(delivery, { do: "drop" })).parent).toBe(held);
  });

  test("what has been let go can't be held again", () => {
    const walk = walkThrough(side);
    const delivery = standAtMessage(walk, 6_000, "Produce");
    complete(walk.changeMessage(delivery, { do: "hold" }));
    complete(walk.goTo(walk.position + 500));
    const released = complete(walk.act({ do: "release", delivery }));
    const isUnderWay = walk.simulation.world.messagesUnderWay().some(({ sentBy, message }) => {
      return message.kind === delivery.message && sentBy <= released.partsAt;
    });
    expect(isUnderWay).toBe(true);
    expect(() => complete(walk.changeMessage(delivery, { do: "hold" }))).toThrow(PastChanged);
    expect(walk.branch).toBe(released);
  });

  test("nothing can be changed while the cluster boots", () => {
    const walk = walkThrough(side);
    expect(walk.unchangeable).toBeUndefined();
    complete(walk.goTo(walk.start - 1));
    expect(walk.unchangeable).toContain("booting");
  });
});

describe("branches", () => {
  test("entering one leads to the same step where it is common to both, else to where they part", () => {
    const walk = walkThrough(side);
    complete(walk.goTo(7_000));
    const [main] = walk.branches;
    const crashed = complete(walk.act({ do: "crash", node: "broker-2" }));
    complete(walk.goTo(8_000));
    complete(walk.enter(main as NonNullable<typeof main>));
    expect(walk.position).toBe(7_000);
    complete(walk.goTo(6_500));
    complete(walk.enter(crashed));
    expect(walk.position).toBe(6_500);
    expect(hashHere(walk)).toBe(hashes[6_500]);
    complete(walk.goTo(6_000));
    const paused = complete(walk.act({ do: "pause", node: "broker-3" }));
    expect(paused.parent).toBe(crashed);
    expect(commonSteps(paused, crashed)).toBe(6_000);
    expect(commonSteps(paused, main as NonNullable<typeof main>)).toBe(6_000);
  });

  test("pruning one takes along what was made from it", () => {
    const walk = walkThrough(side);
    complete(walk.goTo(7_000));
    const crashed = complete(walk.act({ do: "crash", node: "broker-2" }));
    complete(walk.act({ do: "restart", node: "broker-2" }));
    const [main] = walk.branches;
    complete(walk.enter(main as NonNullable<typeof main>));
    complete(walk.act({ do: "produce", node: "checkout" }));
    expect(walk.branches.map(({ id }) => id)).toEqual([1, 2, 3, 4]);
    walk.prune(crashed);
    expect(walk.branches.map(({ id }) => id)).toEqual([1, 4]);
  });
});
