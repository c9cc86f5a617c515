/** What can happen to everything between two nodes: cuts, clogs, slowness, bandwidth, distance. */
import { expect, test } from "vitest";
import { ms, seconds } from "../../src/base/units.ts";
import { constant } from "../../src/sim/distribution.ts";
import type { Connection } from "../../src/sim/host.ts";
import { TestProcess, Word } from "./test-process.ts";
import { connectedPair, TestWorld } from "./test-world.ts";

test("a cut holds what is in flight and what is sent, and after the heal it arrives in order", () => {
  const t = connectedPair();
  t.say("a", "b", "in flight");
  t.run(50);
  t.world.cut("a", "b");
  t.say("a", "b", "sent 1", "sent 2");
  t.say("b", "a", "hello?");
  t.run(seconds(10));
  expect([...t.heard("a"), ...t.heard("b")]).toEqual([]);
  t.world.heal("a", "b");
  t.say("a", "b", "after the heal");
  t.run(seconds(1));
  expect(t.heard("b")).toEqual(["a: in flight", "a: sent 1", "a: sent 2", "a: after the heal"]);
  expect(t.heard("a")).toEqual(["b: hello?"]);
});

test.each([
  { direction: "from", silent: "b", reached: "a" },
  { direction: "to", silent: "a", reached: "b" },
] as const)(
  "a cut of what comes $direction a leaves $silent without news and $reached with",
  ({ direction, silent, reached }) => {
    const t = connectedPair();
    t.world.cut("a", "b", direction);
    t.say("a", "b", "hello");
    t.say("b", "a", "hello");
    t.run(seconds(1));
    expect(t.heard(silent)).toEqual([]);
    expect(t.heard(reached)).toHaveLength(1);
    t.world.heal("a", "b", direction);
    t.run(seconds(1));
    expect(t.heard(silent)).toHaveLength(1);
  },
);

test("a partial cut: two nodes that don't see each other both see a third", () => {
  const t = new TestWorld({ nodes: { a: TestProcess, b: TestProcess, c: TestProcess } });
  for (const [from, to] of [
    ["a", "b"],
    ["a", "c"],
    ["b", "c"],
  ] as const) {
    t.connect(from, to);
  }
  t.world.cut("a", "b");
  t.hush();
  t.say("a", "b", "unheard");
  t.say("a", "c", "heard");
  t.say("b", "c", "heard");
  t.run(seconds(1));
  expect(t.heard("b")).toEqual([]);
  expect(t.heard("c")).toEqual(["a: heard", "b: heard"]);
});

test("a link that was cut twice needs two heals; one heal too many does no harm", () => {
  const t = connectedPair();
  t.world.cut("a", "b");
  t.world.cut("a", "b", "from");
  t.say("a", "b", "hello");
  t.world.heal("a", "b");
  t.run(seconds(1));
  expect(t.heard("b")).toEqual([]);
  t.world.heal("a", "b");
  t.run(seconds(1));
  expect(t.heard("b")).toEqual(["a: hello"]);
});

test("who gives up during a cut and closes loses what it had sent; the other end learns of it after the heal", () => {
  const t = connectedPair();
  t.world.cut("a", "b");
  t.say("a", "b", "lost 1", "lost 2");
  t.run(seconds(30));
  t.host("a").close(t.process("a").open.get("b") as Connection);
  t.run(seconds(30));
  t.world.heal("a", "b");
  t.run(seconds(1));
  expect(t.heard("b")).toEqual(["lost a"]);
});

test("a sender that loses power during a cut retransmits nothing", () => {
  const t = connectedPair();
  t.world.cut("a", "b");
  t.say("a", "b", "lost");
  t.run(ms(1));
  t.world.losePower("a");
  t.world.heal("a", "b");
  t.run(seconds(1));
  expect(t.heard("b")).toEqual([]);
});

test("a handshake during a cut is done after the heal", () => {
  const t = new TestWorld();
  t.world.cut("a", "b");
  t.host("a").connect("b");
  t.hush();
  t.run(seconds(5));
  expect(t.heard("a")).toEqual([]);
  t.world.heal("a", "b");
  t.run(seconds(1));
  expect(t.heard("a")).toEqual(["connected to b"]);
});

test("everything heals at once, or everything around one node, and each healed link is reported", () => {
  const t = new TestWorld({ nodes: { a: TestProcess, b: TestProcess, c: TestProcess } });
  t.world.cut("a", "b");
  t.world.cut("b", "c", "from");
  t.world.clog("a", "c");
  t.hush();
  t.world.healAll("c");
  expect(t.seen()).toEqual(["LinkHealed", "LinkHealed", "LinkHealed"]);
  t.world.healAll();
  expect(t.seen()).toEqual(["LinkHealed", "LinkHealed"]);
  t.world.healAll();
  expect(t.seen()).toEqual([]);
});

test("a clog lets nothing through and then everything at the same moment", () => {
  const t = connectedPair();
  t.world.clog("a", "b");
  for (let i = 0; i < 3; i++) {
    t.say("a", "b", String(i));
    t.run(seconds(1));
  }
  t.world.unclog("a", "b");
  const now = t.world.time;
  t.run(seconds(1));
  expect(t.heardAt("b")).toEqual(["0", "1", "2"].map((word) => [now, `a: ${word}`]));
});

test("what is stuck in a clog arrives even if its sender has closed meanwhile: it is in the network, not in the sender", () => {
  const t = connectedPair();
  t.world.clog("a", "b");
  t.say("a", "b", "parting words");
  t.run(ms(1));
  t.host("a").close(t.process("a").open.get("b") as Connection);
  t.run(ms(1));
  t.world.unclog("a", "b");
  t.run(ms(1));
  expect(t.heard("b")).toEqual(["a: parting words", "lost a"]);
});

test("a slow link adds to every latency, both ways, until it heals", () => {
  const t = connectedPair();
  t.world.slowLink("a", "b", ms(20));
  const start = t.world.time;
  t.say("a", "b", "slowly");
  t.say("b", "a", "slowly");
  t.run(seconds(1));
  expect(t.heardAt("b")).toEqual([[start + ms(20) + 100, "a: slowly"]]);
  expect(t.heardAt("a")).toEqual([[start + ms(20) + 100, "b: slowly"]]);
  t.world.healAll();
  t.say("a", "b", "fast");
  t.run(101);
  expect(t.heard("b")).toEqual(["a: fast"]);
});

test("a latency of its own for one pair of nodes", () => {
  const t = connectedPair();
  t.world.setLatency("a", "b", constant(ms(3)));
  const start = t.world.time;
  t.say("b", "a", "hi");
  t.run(seconds(1));
  expect(t.heardAt("a")).toEqual([[start + ms(3), "b: hi"]]);
});

test("with a bandwidth, messages queue for the wire: 1000 bytes at 1 MB/s take a millisecond each", () => {
  const t = connectedPair();
  t.world.limitBandwidth("a", "b", 1_000_000);
  const start = t.world.time;
  t.say("a", "b", new Word("1", "Word", 1_000), new Word("2", "Word", 1_000));
  t.run(ms(10));
  t.say("a", "b", new Word("3", "Word", 1_000));
  t.run(ms(10));
  expect(t.heardAt("b")).toEqual([
    [start + ms(1) + 100, "a: 1"],
    [start + ms(2) + 100, "a: 2"],
    [start + ms(10) + ms(1) + 100, "a: 3"],
  ]);
});

test("latency grows with distance: another rack, another data centre", () => {
  const nodes = { a: TestProcess, "same rack": TestProcess, "other rack": TestProcess, "other centre": TestProcess };
  const t = new TestWorld({
    nodes,
    zones: { a: ["r1", "dc1"], "same rack": ["r1", "dc1"], "other rack": ["r2", "dc1"], "other centre": ["r1", "dc2"] },
    latency: { default: constant(1), acrossZones: [constant(10), constant(100)] },
  });
  t.hush();
  for (const peer of Object.keys(nodes).slice(1)) t.host("a").connect(peer);
  t.run(seconds(1));
  // A handshake takes a round trip.
  expect(t.heardAt("a")).toEqual([
    [2, "connected to same rack"],
    [20, "connected to other rack"],
    [200, "connected to other centre"],
  ]);
});
