/** A fork of the world goes on exactly as the original would, and neither ever touches the other. */
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { SimulatorBug } from "../../src/base/assert.ts";
import { markImmutable } from "../../src/base/immutable.ts";
import { forkOf } from "../../src/sim/fork.ts";
import type { World } from "../../src/sim/world.ts";
import { FaultAction, gossipWorld, plans, WATCHED } from "./gossip.ts";
import { TestProcess } from "./test-process.ts";
import { connectedPair } from "./test-world.ts";

/** Lets so many steps happen, but none that lies behind the time that is watched. */
function stepTimes(world: World, count: number): void {
  for (let i = 0; i < count && (world.nextEventAt ?? WATCHED) < WATCHED; i++) world.step();
}

function finish(world: World): string {
  world.runUntil(WATCHED);
  return world.trace.hash();
}

const levels = fc.constantFrom("off" as const, "full" as const);

property.prop({ plan: plans, at: fc.nat(400), level: levels })(
  "forked after any step, in any trouble, original and fork end the same, and as a run that was never forked",
  ({ plan, at, level }) => {
    const straight = finish(gossipWorld(plan, level));
    const original = gossipWorld(plan, level);
    stepTimes(original, at);
    const fork = forkOf(original);
    expect(finish(fork)).toBe(straight);
    expect(finish(original)).toBe(straight);
    expect(fork.trace.steps()).toEqual(original.trace.steps());
  },
);

property.prop({ plan: plans, other: plans, at: fc.nat(400), level: levels })(
  "what is done to the fork doesn't touch the original, nor the other way round",
  ({ plan, other, at, level }) => {
    const straight = finish(gossipWorld(plan, level));
    const original = gossipWorld(plan, level);
    stepTimes(original, at);
    const meddled = forkOf(original);
    const untouched = forkOf(original);
    for (const { at: later, fault } of other.faults) meddled.do(later, new FaultAction(fault));
    meddled.crash("a");
    finish(meddled);
    expect(finish(untouched)).toBe(straight);
    original.losePower("b");
    finish(original);
    expect(finish(forkOf(untouched))).toBe(straight);
  },
);

test("a fork of a fork of a fork is as good as the first", () => {
  const plan = { seed: "deep", faults: [] };
  let world = gossipWorld(plan, "full");
  for (let i = 0; i < 30; i++) {
    stepTimes(world, 5);
    world = forkOf(world);
  }
  expect(finish(world)).toBe(finish(gossipWorld(plan, "full")));
});

test("a fact that is reported between two steps of a fork doesn't show in the original's trace", () => {
  const t = connectedPair({ traceLevel: "full" });
  t.world.observer = undefined;
  const fork = forkOf(t.world);
  const before = t.world.trace.steps().map((step) => step.events.length);
  fork.crash("a");
  expect(t.world.trace.steps().map((step) => step.events.length)).toEqual(before);
  expect(t.world.node("a").running).toBe(true);
});

describe("forkOf", () => {
  class Value {
    readonly items: number[] = [1];
  }
  markImmutable(Value);

  class Tree {
    readonly name: string;
    parent: Tree | undefined;
    readonly children = new Map<string, Tree>();
    readonly members = new Set<Tree>();
    readonly value = new Value();
    readonly constants = Object.freeze({ list: [1, 2] });
    readonly numbers = new Float64Array([1.5, 2.5]);

    constructor(name: string, parent?: Tree) {
      this.name = name;
      this.parent = parent;
      parent?.children.set(name, this);
      parent?.members.add(this);
    }
    get path(): string {
      return this.parent === undefined ? this.name : `${this.parent.path}/${this.name}`;
    }
  }

  test("keeps classes, cycles, identities and order", () => {
    const root = new Tree("root");
    for (const name of ["z", "a", "m"]) new Tree(name, root);
    const copy = forkOf(root);
    expect(copy).not.toBe(root);
    expect(copy).toEqual(root);
    expect([...copy.children.keys()]).toEqual(["z", "a", "m"]);
    const child = copy.children.get("a") as Tree;
    expect(child).toBeInstanceOf(Tree);
    expect(child.parent).toBe(copy);
    expect(child.path).toBe("root/a");
    expect(copy.members.has(child)).toBe(true);
    expect(copy.numbers).not.toBe(root.numbers);
    expect(copy.numbers).toEqual(root.numbers);
  });

  test("shares what can't change: frozen objects and instances of classes marked immutable", () => {
    const root = new Tree("root");
    const copy = forkOf(root);
    expect(copy.value).toBe(root.value);
    expect(copy.constants).toBe(root.constants);
  });

  test("copies a chain that is far longer than the stack is deep", () => {
    interface Link {
      next: Link | undefined;
    }
    let chain: Link = { next: undefined };
    for (let i = 0; i < 200_000; i++) chain = { next: chain };
    let length = 0;
    for (let link: Link | undefined = forkOf(chain); link !== undefined; link = link.next) length++;
    expect(length).toBe(200_001);
  });

  test.each([
    { what: "a function", holding: (): unknown => () => {}, named: "a function" },
    { what: "a promise", holding: () => Promise.resolve(1), named: "a Promise" },
    { what: "a date", holding: () => new Date(0), named: "a Date" },
    { what: "an iterator", holding: () => [1, 2][Symbol.iterator](), named: "a" },
    {
      what: "a generator",
      holding: () =>
        (function* numbers() {
          yield 1;
        })(),
      named: "a",
    },
    { what: "a weak map", holding: () => new WeakMap(), named: "a WeakMap" },
  ])("$what in the state of a process is our bug, reported with the path to it", ({ holding, named }) => {
    class Sloppy extends TestProcess {
      readonly waiting = new Map<string, unknown[]>([["orders-0", [1, holding()]]]);
    }
    const t = connectedPair({ nodes: { a: TestProcess, b: Sloppy } });
    t.world.observer = undefined;
    expect(() => forkOf(t.world)).toThrow(SimulatorBug);
    expect(() => forkOf(t.world)).toThrow(`.process.waiting["orders-0"][1] holds ${named}`);
  });
});
