/** What TCP promises the processes, and what they learn when an end goes away. */
import { expect, test } from "vitest";
import { ms, seconds } from "../../src/base/units.ts";
import type { Connection } from "../../src/sim/host.ts";
import { TestProcess, Word } from "./test-process.ts";
import { connectedPair, TestWorld } from "./test-world.ts";

test("a handshake takes one way until the peer accepts and a round trip until the caller knows", () => {
  const t = new TestWorld();
  t.hush();
  t.host("a").connect("b");
  t.run(ms(1));
  expect(t.heardAt("b")).toEqual([[100, "accepted a"]]);
  expect(t.heardAt("a")).toEqual([[200, "connected to b"]]);
});

test("what is sent before the handshake is done goes out when it is, and before what is sent on the news of it", () => {
  class Greeter extends TestProcess {
    override onConnected(connection: Connection): void {
      super.onConnected(connection);
      if (connection.outbound) this.host.send(connection, new Word("now connected"));
    }
  }
  const t = new TestWorld({ nodes: { a: Greeter, b: TestProcess } });
  t.hush();
  const connection = t.host("a").connect("b");
  t.host("a").send(connection, new Word("early 1"));
  t.host("a").send(connection, new Word("early 2"));
  t.run(ms(1));
  expect(t.heardAt("b")).toEqual([
    [100, "accepted a"],
    [300, "a: early 1"],
    [300, "a: early 2"],
    [300, "a: now connected"],
  ]);
});

test("messages of one direction arrive in order, however the latency varies", () => {
  const t = new TestWorld({ latency: { default: { kind: "uniform", low: 1, high: 10_000 } } });
  t.host("a").connect("b");
  t.run(seconds(1));
  t.hush();
  const words = Array.from({ length: 50 }, (_, i) => String(i));
  t.say("a", "b", ...words);
  t.run(seconds(1));
  expect(t.heard("b")).toEqual(words.map((word) => `a: ${word}`));
});

test("two connections between the same nodes don't wait for each other", () => {
  const t = new TestWorld({ latency: { default: { kind: "uniform", low: 1, high: 10_000 } } });
  const first = t.host("a").connect("b");
  const second = t.host("a").connect("b");
  t.run(seconds(1));
  t.hush();
  for (let i = 0; i < 20; i++) {
    t.host("a").send(first, new Word(`first ${i}`));
    t.host("a").send(second, new Word(`second ${i}`));
  }
  t.run(seconds(1));
  const heard = t.heard("b");
  const ofFirst = heard.filter((what) => what.startsWith("a: first"));
  expect(ofFirst).toEqual(Array.from({ length: 20 }, (_, i) => `a: first ${i}`));
  // Sent in turns; had they one order for both, they would arrive in turns.
  expect(heard.map((what) => what.includes("first"))).not.toEqual(Array.from({ length: 40 }, (_, i) => i % 2 === 0));
});

test("a connection is refused where a process runs but doesn't listen, and where none runs", () => {
  class Deaf extends TestProcess {
    override onStart(): void {}
  }
  const t = new TestWorld({ nodes: { a: TestProcess, deaf: Deaf, down: TestProcess } });
  t.world.crash("down");
  t.hush();
  for (const peer of ["deaf", "down"]) t.host("a").connect(peer);
  t.run(ms(1));
  expect(t.heardAt("a")).toEqual([
    [200, "lost deaf"],
    [200, "lost down"],
  ]);
  expect(t.heard("deaf")).toEqual([]);
});

test("a closed end hears nothing more; the other end gets everything sent before, and then the news", () => {
  const t = connectedPair();
  t.say("a", "b", "last words");
  t.say("b", "a", "too late");
  const connection = t.process("a").open.get("b") as Connection;
  t.host("a").close(connection);
  t.host("a").close(connection);
  t.host("a").send(connection, new Word("after the end"));
  t.run(ms(1));
  expect(t.heard("a")).toEqual([]);
  expect(t.heard("b")).toEqual(["a: last words", "lost a"]);
});

test("closing before the handshake is done takes back what was to be sent", () => {
  const t = new TestWorld();
  t.hush();
  const connection = t.host("a").connect("b");
  t.host("a").send(connection, new Word("never"));
  t.host("a").close(connection);
  t.run(ms(1));
  expect(t.heard("b")).toEqual(["accepted a", "lost a"]);
  expect(t.heard("a")).toEqual([]);
});

test("a crashed process resets its connections after a network delay, behind what it had sent", () => {
  const t = connectedPair();
  t.run(600);
  t.say("b", "a", "made it out");
  t.world.crash("b");
  t.run(ms(1));
  expect(t.heardAt("a")).toEqual([
    [900, "b: made it out"],
    [900, "lost b"],
  ]);
});

test("a handshake that meets a crash ends as lost", () => {
  const t = new TestWorld();
  t.hush();
  t.host("a").connect("b");
  t.run(150);
  t.world.crash("b");
  t.run(ms(1));
  // Accepted at 100, dead at 150: the caller hears of the success first, as the packets were sent.
  expect(t.heardAt("a")).toEqual([
    [200, "connected to b"],
    [250, "lost b"],
  ]);
});

test("a host without power is silent; once it is back it answers what it has forgotten by a reset", () => {
  const t = connectedPair();
  t.world.losePower("b");
  t.say("a", "b", "anyone there?");
  t.run(seconds(60));
  expect(t.heard("a")).toEqual([]);
  t.world.start("b");
  t.run(seconds(1));
  expect(t.heard("a")).toEqual(["lost b"]);
  expect(t.heard("b")).toEqual(["PowerLost", "ProcessStarted", "start 2"]);
});

test("whoever sends only after the power is back gets the reset as well", () => {
  const t = connectedPair();
  t.world.losePower("b");
  t.run(seconds(1));
  t.world.start("b");
  t.run(seconds(1));
  expect(t.heard("a")).toEqual([]);
  t.say("a", "b", "still there?");
  t.run(ms(1));
  expect(t.heard("a")).toEqual(["lost b"]);
});

test("a handshake towards a dark host waits, and succeeds if the host comes back in time", () => {
  const t = new TestWorld();
  t.world.losePower("b");
  t.host("a").connect("b");
  t.run(seconds(1));
  t.hush();
  t.world.start("b");
  t.run(seconds(1));
  expect(t.heard("a")).toEqual(["connected to b"]);
});

test("a peer that accepted a caller which then went dark is told when the caller is back", () => {
  const t = new TestWorld();
  t.host("a").connect("b");
  t.run(150);
  // The answer to the handshake is under way to a host that forgets having asked.
  t.world.losePower("a");
  t.run(seconds(1));
  t.hush();
  t.world.start("a");
  t.run(seconds(1));
  expect(t.heard("b")).toEqual(["lost a"]);
});

test("a broken connection: both ends lose it, and what was in flight is never delivered", () => {
  const t = connectedPair({ nodes: { a: TestProcess, b: TestProcess, c: TestProcess } });
  t.connect("c", "b");
  t.hush();
  t.say("a", "b", "in flight");
  t.world.resetConnections("a", "b");
  t.run(ms(1));
  expect(t.heard("a")).toEqual(["lost b"]);
  expect(t.heard("b")).toEqual(["lost a"]);
  t.say("c", "b", "others are untouched");
  t.run(ms(1));
  expect(t.heard("b")).toEqual(["c: others are untouched"]);
});

test("a process can talk to itself", () => {
  const t = new TestWorld({ nodes: { a: TestProcess } });
  t.hush();
  const connection = t.host("a").connect("a");
  t.host("a").send(connection, new Word("hello me"));
  t.run(ms(1));
  expect(t.heard("a")).toEqual(["accepted a", "connected to a", "a: hello me"]);
});

test("both ends keep what they attach to the connection", () => {
  const t = new TestWorld();
  const connection = t.host("a").connect("b", "the fetcher's");
  t.run(ms(1));
  const accepted = t.process("b").open.get("a") as Connection;
  accepted.attachment = "the acceptor's";
  expect(connection).toMatchObject({ peer: "b", outbound: true, attachment: "the fetcher's" });
  expect(accepted).toMatchObject({ peer: "a", outbound: false, attachment: "the acceptor's" });
});
