/** What an observer from outside sees of the network: every message on its way, wherever it waits, and what is wrong with links. */
import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { ms, seconds } from "../../src/base/units.ts";
import { constant } from "../../src/sim/distribution.ts";
import { forkOf } from "../../src/sim/fork.ts";
import type { Connection } from "../../src/sim/host.ts";
import type { MessageUnderWay } from "../../src/sim/under-way.ts";
import type { World } from "../../src/sim/world.ts";
import { gossipWorld, plans, WATCHED } from "./gossip.ts";
import { TestProcess, type Word } from "./test-process.ts";
import { connectedPair, type TestWorld } from "./test-world.ts";

function texts({ world }: TestWorld): string[] {
  return world.messagesUnderWay().map(({ message, whereabouts }) => `${(message as Word).text} ${whereabouts}`);
}

test("what travels is listed by arrival, with its name, its sender's step and when it arrives", () => {
  const t = connectedPair({ traceLevel: "full" });
  t.say("a", "b", "1", "2");
  t.world.setLatency("a", "b", constant(40));
  t.say("b", "a", "back");
  const now = t.world.time;
  const { step } = t.world.trace;
  expect(t.world.messagesUnderWay()).toEqual([
    expect.objectContaining({ from: "b", to: "a", nth: 1, sentBy: step, whereabouts: "travelling", arrivesAt: now + 40 }),
    expect.objectContaining({ from: "a", to: "b", nth: 1, arrivesAt: now + 100, isCopy: false, isLost: false }),
    expect.objectContaining({ from: "a", to: "b", nth: 2, arrivesAt: now + 100, beyondTcp: undefined, heldBy: undefined }),
  ]);
  expect(texts(t)).toEqual(["back travelling", "1 travelling", "2 travelling"]);
  t.run(ms(1));
  expect(texts(t)).toEqual([]);
});

test("signals are no messages: a handshake and a farewell are not listed", () => {
  const t = connectedPair();
  t.host("a").connect("b");
  t.host("a").close(t.process("a").open.get("b") as Connection);
  expect(t.world.pending).toBe(2);
  expect(t.world.messagesUnderWay()).toEqual([]);
});

test("a held message is with its edit, and what was sent behind it is queued in its order", () => {
  const t = connectedPair();
  t.world.addEdit({ name: "the hold", pattern: { kind: "Word" }, action: { do: "hold" } });
  t.say("a", "b", "1", "2", "3");
  expect(texts(t)).toEqual(["2 travelling", "3 travelling", "1 held"]);
  t.run(ms(1));
  expect(texts(t)).toEqual(["1 held", "2 queued", "3 queued"]);
  const [held, queued] = t.world.messagesUnderWay();
  expect(held).toMatchObject({ heldBy: "the hold", beyondTcp: "held", arrivesAt: undefined });
  expect(queued).toMatchObject({ heldBy: undefined, beyondTcp: undefined, arrivesAt: undefined });
  t.world.release("the hold");
  expect(texts(t)).toEqual(["1 travelling", "2 queued", "3 queued"]);
  t.run(0);
  expect(texts(t)).toEqual([]);
});

test("what reaches a cut, a clog or a host without power is blocked; at a process that stands still it waits", () => {
  const t = connectedPair();
  t.say("a", "b", "to b");
  t.say("b", "a", "to a");
  t.world.cut("a", "b", "from");
  t.world.pause("a");
  t.run(ms(1));
  expect(texts(t)).toEqual(["to b blocked", "to a waiting"]);
  t.world.heal("a", "b", "from");
  t.world.resume("a");
  t.world.clog("a", "b");
  t.run(seconds(1));
  expect(texts(t)).toEqual(["to b blocked", "to a blocked"]);
  t.world.losePower("b");
  t.world.unclog("a", "b");
  t.run(ms(1));
  expect(texts(t)).toEqual(["to b blocked"]);
});

test("a second one by an edit is a copy; one that loses its place is not, and leaves nothing behind that is listed", () => {
  const t = connectedPair({ nameDeliveries: true });
  t.world.addEdit({ name: "twice", pattern: { kind: "Word" }, action: { do: "duplicate" } });
  t.world.addEdit({ name: "late", pattern: { kind: "Word" }, action: { do: "reorder", byUs: 50 } });
  t.say("a", "b", "1", "2");
  const listed = t.world.messagesUnderWay().map(({ nth, isCopy, isLost, beyondTcp }) => ({ nth, isCopy, isLost, beyondTcp }));
  expect(listed).toEqual([
    { nth: 1, isCopy: false, isLost: false, beyondTcp: undefined },
    { nth: 1, isCopy: true, isLost: false, beyondTcp: "duplicated" },
    { nth: 2, isCopy: false, isLost: false, beyondTcp: "reordered" },
  ]);
});

test.each<{ what: string; done: (t: TestWorld) => void }>([
  { what: "was dropped", done: (t) => t.world.addEdit({ name: "drop", pattern: {}, action: { do: "drop" } }) },
  { what: "goes to a process that has died", done: (t) => t.world.crash("b") },
  { what: "goes to a host that has lost its power", done: (t) => t.world.losePower("b") },
])("a message that $what is lost while it still travels", ({ done }) => {
  const t = connectedPair();
  done(t);
  t.say("a", "b", "lost");
  expect(t.world.messagesUnderWay()).toMatchObject([{ whereabouts: "travelling", isLost: true }]);
});

test("behind a cut a message is lost once its sender has given up; behind a clog it is not", () => {
  const t = connectedPair();
  t.world.cut("a", "b");
  t.say("a", "b", "word");
  t.run(ms(1));
  expect(t.world.messagesUnderWay()).toMatchObject([{ whereabouts: "blocked", isLost: false }]);
  t.world.crash("a");
  expect(t.world.messagesUnderWay()).toMatchObject([{ whereabouts: "blocked", isLost: true }]);
  t.world.clog("a", "b");
  expect(t.world.messagesUnderWay()).toMatchObject([{ whereabouts: "blocked", isLost: false }]);
});

test("a cut shows in its direction, a clog and slowness in both, and nothing once all is healed", () => {
  const t = connectedPair({ nodes: { a: TestProcess, b: TestProcess, c: TestProcess } });
  expect(t.world.troubledLinks()).toEqual([]);
  t.world.cut("b", "a", "to");
  t.world.slowLink("b", "c", ms(3));
  t.world.clog("a", "c");
  expect(t.world.troubledLinks()).toEqual([
    { from: "a", to: "b", isCut: true, isClogged: false, slowedBy: 0 },
    { from: "a", to: "c", isCut: false, isClogged: true, slowedBy: 0 },
    { from: "b", to: "c", isCut: false, isClogged: false, slowedBy: ms(3) },
    { from: "c", to: "b", isCut: false, isClogged: false, slowedBy: ms(3) },
    { from: "c", to: "a", isCut: false, isClogged: true, slowedBy: 0 },
  ]);
  t.world.healAll();
  expect(t.world.troubledLinks()).toEqual([]);
});

function nameOf({ message, from, to, nth, isCopy }: MessageUnderWay): string {
  return `${message.kind} ${nth} ${from}→${to}${isCopy ? " again" : ""}`;
}

/** Names of the deliveries in the rest of the run that were sent up to now. */
function stillDelivered(world: World): string[] {
  const now = world.trace.step;
  world.runUntil(WATCHED);
  const later = world.trace.steps().filter(({ number, cause, kind }) => number > now && cause <= now && kind === "message");
  return later.map(({ label, node, delivery }) => {
    const again = delivery?.beyondTcp === "duplicated" ? " again" : "";
    return `${label} ${delivery?.nth} ${delivery?.from}→${node}${again}`;
  });
}

property.prop({ plan: plans, at: fc.nat(400) })(
  "in any trouble, whatever is delivered later and was sent before is listed, each once, and looking changes nothing",
  ({ plan, at }) => {
    const world = gossipWorld(plan, "full");
    for (let i = 0; i < at && (world.nextEventAt ?? WATCHED) < WATCHED; i++) world.step();
    const untouched = forkOf(world);
    const listed = world.messagesUnderWay();
    const names = listed.map(nameOf);
    expect(new Set(names).size).toBe(names.length);
    // A clog that comes later may still let through what a cut would have lost; a message that was dropped is shown as such.
    const gone = listed.filter((each) => each.isLost && each.whereabouts !== "blocked" && each.beyondTcp !== "dropped");
    const delivered = stillDelivered(world);
    expect(names).toEqual(expect.arrayContaining(delivered));
    expect(delivered.filter((name) => gone.map(nameOf).includes(name))).toEqual([]);
    untouched.runUntil(WATCHED);
    expect(world.trace.hash()).toBe(untouched.trace.hash());
  },
);
