/** The record of a run: causes, levels, and the hash that says whether two runs are one. */
import { test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { ms } from "../../src/base/units.ts";
import type { DomainEvent } from "../../src/sim/host.ts";
import type { EventDigest, TraceLevel } from "../../src/sim/trace.ts";
import type { World } from "../../src/sim/world.ts";
import { gossipWorld, plans, WATCHED } from "./gossip.ts";
import { Heard, Word } from "./test-process.ts";
import { connectedPair } from "./test-world.ts";

function hashAfter(world: World): string {
  world.runUntil(WATCHED);
  return world.trace.hash();
}

const QUIET = { seed: "1", faults: [] };

property.prop({ plan: plans })("the same run has the same hash, whatever is kept of it", ({ plan }) => {
  const hash = hashAfter(gossipWorld(plan));
  expect(hash).toMatch(/^[0-9a-f]{16}$/);
  for (const level of ["off", "ring", "full"] as const) expect(hashAfter(gossipWorld(plan, level))).toBe(hash);
});

test("another seed, another hash", () => {
  const hashes = Array.from({ length: 100 }, (_, i) => hashAfter(gossipWorld({ ...QUIET, seed: String(i) })));
  expect(new Set(hashes).size).toBe(100);
});

test("one message more, one byte more, one timer more: another hash", () => {
  const said = (...words: (string | Word)[]): string => {
    const t = connectedPair();
    t.say("a", "b", ...words);
    t.run(ms(1));
    return t.world.trace.hash();
  };
  const timed = connectedPair();
  timed.say("a", "b", "1");
  timed.host("a").setTimer(5, { kind: "timer", target: timed.process("a") });
  timed.run(ms(1));
  const hashes = [
    said("1"),
    said("1", "2"),
    said(new Word("1", "Word", 101)),
    said(new Word("1", "Ward")),
    timed.world.trace.hash(),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(said("1")).toBe(said("1"));
});

test("the same message at the same time for another reason: another hash", () => {
  const saidBecauseOf = (nth: number): string => {
    const t = connectedPair();
    for (let i = 0; i < 2; i++) t.host("a").setTimer(5, { kind: "tick", target: t.process("a") });
    let ticks = 0;
    t.when("timer tick", () => {
      ticks++;
      if (ticks === nth) t.say("a", "b", "1");
    });
    t.run(ms(1));
    return t.world.trace.hash();
  };
  expect(saidBecauseOf(1)).not.toBe(saidBecauseOf(2));
});

test("what an event says counts if there is someone to digest it", () => {
  class LengthDigest implements EventDigest {
    digest(event: DomainEvent): number {
      return event instanceof Heard ? event.what.length : 0;
    }
  }
  const heard = (what: string, eventDigest?: EventDigest): string => {
    const t = connectedPair(eventDigest === undefined ? {} : { eventDigest });
    t.process("a").hear(what);
    return t.world.trace.hash();
  };
  expect(heard("longer", new LengthDigest())).not.toBe(heard("long", new LengthDigest()));
  expect(heard("longer")).toBe(heard("long"));
});

property.prop({ plan: plans })(
  "every cause is an earlier step, time never runs backwards, and every step is numbered",
  ({ plan }) => {
    const world = gossipWorld(plan, "full");
    world.runUntil(WATCHED);
    const steps = world.trace.steps();
    expect(steps.length).toBe(world.trace.step);
    const wrong = steps.filter(
      (step, i) =>
        step.number !== i + 1 || step.cause < 0 || step.cause >= step.number || step.timeUs < (steps[i - 1]?.timeUs ?? 0),
    );
    expect(wrong).toEqual([]);
    expect(steps.reduce((sum, step) => sum + step.events.length, 0)).toBe(world.trace.eventCount);
  },
);

test("a step knows its node, its message and the step that sent it", () => {
  const t = connectedPair({ traceLevel: "full" });
  t.host("a").setTimer(10, { kind: "tick", target: t.process("a") });
  t.when("timer tick", () => t.say("a", "b", "because of the tick"));
  t.run(ms(1));
  const [start, , , , timer, delivery] = t.world.trace.steps();
  expect(start).toMatchObject({ number: 1, timeUs: 0, node: "a", kind: "start", cause: 0 });
  expect(timer).toMatchObject({ node: "a", kind: "timer", label: "tick" });
  expect(delivery).toMatchObject({
    node: "b",
    kind: "message",
    label: "Word",
    cause: timer?.number,
    delivery: { from: "a", nth: 1 },
  });
  expect(delivery?.message).toBeInstanceOf(Word);
  expect(delivery?.events).toEqual([new Heard("a: because of the tick")]);
});

test("what is done to the world between two steps is a step of its own", () => {
  const t = connectedPair({ traceLevel: "full" });
  const before = t.world.trace.steps().at(-1);
  const eventsBefore = before?.events.length;
  t.world.crash("b");
  expect(t.world.trace.steps().at(-1)).toMatchObject({ kind: "action", label: "ProcessCrashed", cause: 0 });
  expect(before?.events.length).toBe(eventsBefore);
});

test.each<{ level: TraceLevel; kept: (steps: number) => number }>([
  { level: "off", kept: () => 0 },
  { level: "ring", kept: () => 4_096 },
  { level: "full", kept: (steps) => steps },
])("with level $level the right steps are kept", ({ level, kept }) => {
  const world = gossipWorld(QUIET, level);
  while (world.trace.step < 10_000) expect(world.step()).toBe(true);
  const steps = world.trace.steps();
  expect(steps.length).toBe(kept(world.trace.step));
  if (steps.length > 0) expect(steps.at(-1)?.number).toBe(world.trace.step);
});
