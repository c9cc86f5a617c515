/** How processes start, stop, die and stand still. */
import { expect, test } from "vitest";
import { ms, seconds } from "../../src/base/units.ts";
import type { Connection, Message } from "../../src/sim/host.ts";
import { TestProcess, Word } from "./test-process.ts";
import { connectedPair, TestWorld } from "./test-world.ts";

/** Does a lot in one handler, and says when it is halfway through. */
class Worker extends TestProcess {
  override onMessage(connection: Connection, message: Message): void {
    super.onMessage(connection, message);
    this.work(connection, "before");
    this.hear("halfway");
    this.work(connection, "after");
  }

  private work(connection: Connection, when: string): void {
    const { host } = this;
    host.send(connection, new Word(when));
    host.disk.appendFile<string>("log").append(when, 10);
    host.disk.appendFile<string>(`log of ${when}`);
    host.disk.valueFile<string>("value").write(when);
    host.setTimer(10, { kind: when, target: this });
    host.connect("c", when);
  }
}

const COMPANY = { a: TestProcess, b: Worker, c: TestProcess };

test("a crash in the middle of a handler: what was done stays done, the rest of the handler goes nowhere", () => {
  const t = connectedPair({ nodes: COMPANY });
  t.when("halfway", () => t.world.crash("b"));
  t.say("a", "b", "work");
  t.run(ms(1));
  expect(t.heard("a")).toEqual(["b: before", "lost b"]);
  expect(t.heard("b")).toEqual(["a: work", "halfway", "ProcessCrashed"]);
  expect(t.heard("c")).toEqual(["accepted b", "lost b"]);
  const { disk } = t.world.node("b");
  expect(disk.list("")).toEqual(["log", "log of before", "value"]);
  expect(disk.appendFile("log").length).toBe(1);
  expect(disk.valueFile("value").read()).toBe("before");
});

test("without the crash the whole handler counts", () => {
  const t = connectedPair({ nodes: COMPANY });
  t.say("a", "b", "work");
  t.run(ms(1));
  expect(t.heard("a")).toEqual(["b: before", "b: after"]);
  expect(t.heard("b")).toEqual(["a: work", "halfway", "timer before", "timer after", "connected to c", "connected to c"]);
  expect(t.world.node("b").disk.list("")).toEqual(["log", "log of after", "log of before", "value"]);
});

test("the handle of a dead process is inert for good, even when a new one runs on the node", () => {
  const t = connectedPair();
  const dead = t.process("a");
  const connection = dead.open.get("b") as Connection;
  const file = dead.host.disk.appendFile<string>("log");
  const value = dead.host.disk.valueFile<string>("value");
  file.append("alive", 10);
  t.world.crash("a");
  t.world.start("a");
  t.run(ms(1));
  t.hush();

  expect(dead.host.alive).toBe(false);
  expect(dead.host.setTimer(1, { kind: "ghost", target: dead })).toBe(0);
  dead.host.cancelTimer(t.host("a").setTimer(5, { kind: "living", target: t.process("a") }));
  dead.host.send(connection, new Word("boo"));
  dead.host.send(dead.host.connect("b"), new Word("boo"));
  dead.host.close(connection);
  dead.host.exit("again");
  dead.hear("nothing");
  expect(file.append("ghost", 10)).toBe(false);
  file.truncate(0);
  expect(file.force()).toBe(false);
  expect(value.write("ghost") || value.writeDurably("ghost")).toBe(false);
  value.delete();
  dead.host.disk.delete("log");
  dead.host.disk.appendFile("ghost file");
  dead.host.disk.fsync(file, { kind: "fsync", target: dead });
  expect(dead.host.disk.admit(1, { kind: "write", target: dead })).toBe(false);
  t.run(seconds(1));

  expect(t.heard("a")).toEqual(["timer living"]);
  expect(t.heard("b")).toEqual([]);
  const { disk } = t.host("a");
  expect(disk.list("")).toEqual(["log"]);
  expect(disk.appendFile("log").at(0)).toBe("alive");
  expect(disk.appendFile("log").durableLength).toBe(0);
  // It may still read: the rest of a handler that is already dead must not stumble.
  expect(file.at(0)).toBe("alive");
});

test("a restart makes a new instance, with nothing in memory, over the same disk", () => {
  const t = connectedPair();
  t.host("a").disk.appendFile<string>("log").append("written", 10);
  t.host("a").setTimer(ms(5), { kind: "forgotten", target: t.process("a") });
  const before = t.process("a");
  t.world.crash("a");
  expect(t.world.node("a").running).toBe(false);
  t.world.start("a", ms(2));
  t.run(ms(20));
  expect(t.process("a")).not.toBe(before);
  expect(t.process("a").heard).toEqual(["start 2"]);
  expect(t.host("a").incarnation).toBe(2);
  expect(t.host("a").disk.appendFile("log").at(0)).toBe("written");
});

test("a restart goes on drawing where the last incarnation stopped", () => {
  const uninterrupted = new TestWorld();
  const expected = Array.from({ length: 6 }, () => uninterrupted.host("a").random("jitter").bits());
  const t = new TestWorld();
  const drawn = Array.from({ length: 3 }, () => t.host("a").random("jitter").bits());
  t.world.crash("a");
  t.world.start("a");
  t.run(ms(1));
  drawn.push(...Array.from({ length: 3 }, () => t.host("a").random("jitter").bits()));
  expect(drawn).toEqual(expected);
});

test("starting what runs and crashing what is down do nothing", () => {
  const t = new TestWorld();
  t.hush();
  t.world.start("a");
  t.run(ms(1));
  expect(t.heard("a")).toEqual([]);
  t.world.crash("a");
  t.world.crash("a");
  t.world.requestShutdown("a");
  t.world.pause("a");
  t.world.resume("a");
  t.run(ms(1));
  expect(t.heard("a")).toEqual(["ProcessCrashed"]);
});

test("a crash at the very start leaves nothing running, and the next start works", () => {
  const t = new TestWorld({ nodes: { a: TestProcess } });
  t.world.losePower("a");
  t.when("ProcessStarted", () => t.world.crash("a"));
  t.world.start("a");
  t.run(ms(1));
  expect(t.world.node("a").running).toBe(false);
  t.when("ProcessStarted", () => {});
  t.world.start("a");
  t.run(ms(1));
  expect(t.process("a").heard).toEqual(["start 3"]);
});

test("a process that exits closes its connections in good order, behind what it sent", () => {
  const t = connectedPair();
  t.say("a", "b", "bye");
  t.host("a").exit("done");
  t.run(ms(1));
  expect(t.heard("a")).toEqual(["ProcessExited"]);
  expect(t.heard("b")).toEqual(["a: bye", "lost a"]);
});

test("a polite request reaches the process, which exits when it is ready; a start meanwhile waits for that", () => {
  const t = new TestWorld();
  t.hush();
  t.world.requestShutdown("a");
  t.world.start("a", ms(1));
  t.run(ms(5));
  expect(t.heard("a")).toEqual(["asked to stop"]);
  t.host("a").exit("ready");
  t.run(ms(5));
  expect(t.heard("a")).toEqual(["ProcessExited", "ProcessStarted", "start 2"]);
});

test("a start that waited for a process to stop doesn't bring a dark host back", () => {
  const t = new TestWorld();
  t.world.requestShutdown("a");
  t.world.start("a", ms(1));
  t.run(ms(5));
  t.world.losePower("a");
  t.run(seconds(1));
  expect(t.world.node("a").powered).toBe(false);
});

test("while paused a process gets nothing; resumed, it gets everything in the order in which it came", () => {
  const t = connectedPair({ nodes: { a: TestProcess, b: TestProcess, c: TestProcess } });
  t.connect("c", "b");
  t.hush();
  t.host("b").setTimer(150, { kind: "first", target: t.process("b") });
  t.host("b").setTimer(250, { kind: "second", target: t.process("b") });
  t.world.pause("b");
  t.say("c", "b", "1");
  t.say("a", "b", "swallowed by the reset");
  t.run(200);
  t.say("c", "b", "2");
  t.world.resetConnections("a", "b");
  t.world.requestShutdown("b");
  t.run(seconds(5));
  expect(t.heard("b")).toEqual(["Paused"]);
  t.world.resume("b");
  const now = t.world.time;
  t.run(ms(1));
  expect(t.heardAt("b")).toEqual(
    ["Resumed", "c: 1", "timer first", "lost a", "asked to stop", "timer second", "c: 2"].map((what) => [now, what]),
  );
});

test("what comes after the resume stays behind what waited", () => {
  const t = connectedPair();
  t.world.pause("b");
  t.say("a", "b", "waited");
  t.run(seconds(1));
  t.say("a", "b", "on its way");
  t.world.resume("b");
  t.run(ms(1));
  expect(t.heard("b").slice(2)).toEqual(["a: waited", "a: on its way"]);
});

test("a timer that came due during a pause can still be cancelled before it is handled", () => {
  // The process resumes, handles a message that waited longer than the timer, and cancels the timer: it must not fire.
  class Canceller extends TestProcess {
    private timer = 0;
    override onStart(): void {
      super.onStart();
      this.timer = this.host.setTimer(ms(10), { kind: "deadline", target: this });
    }
    override onMessage(connection: Connection, message: Message): void {
      super.onMessage(connection, message);
      this.host.cancelTimer(this.timer);
    }
  }
  const t = connectedPair({ nodes: { a: TestProcess, b: Canceller } });
  t.world.pause("b");
  t.say("a", "b", "answer in time");
  t.run(ms(50));
  t.world.resume("b");
  t.run(ms(50));
  expect(t.heard("b")).toEqual(["Paused", "Resumed", "a: answer in time"]);
});

test("a cancelled timer doesn't fire, and cancelling it late or twice does no harm", () => {
  const t = new TestWorld();
  const timer = t.host("a").setTimer(10, { kind: "cancelled", target: t.process("a") });
  const fired = t.host("a").setTimer(5, { kind: "fired", target: t.process("a") });
  t.hush();
  t.host("a").cancelTimer(timer);
  t.host("a").cancelTimer(timer);
  t.host("a").cancelTimer(0);
  t.run(7);
  t.host("a").cancelTimer(fired);
  t.host("a").setTimer(5, { kind: "later", target: t.process("a") });
  t.host("a").cancelTimer(fired);
  t.run(ms(1));
  expect(t.heard("a")).toEqual(["timer fired", "timer later"]);
});

test("who crashes while paused gets nothing of what waited; connections that waited to be accepted are refused", () => {
  const t = connectedPair({ nodes: { a: TestProcess, b: TestProcess, c: TestProcess } });
  t.world.pause("b");
  t.say("a", "b", "unread");
  t.host("c").connect("b");
  t.run(seconds(1));
  t.world.crash("b");
  t.world.start("b", ms(1));
  t.run(seconds(1));
  expect(t.heard("b")).toEqual(["Paused", "ProcessCrashed", "ProcessStarted", "start 2"]);
  expect(t.heard("a")).toEqual(["lost b"]);
  expect(t.heard("c")).toEqual(["lost b"]);
});

test("who loses power while paused is dark, and what waited is answered by a reset when it is back", () => {
  const t = connectedPair();
  t.world.pause("b");
  t.say("a", "b", "unread");
  t.run(seconds(1));
  t.world.losePower("b");
  t.run(seconds(1));
  expect(t.heard("a")).toEqual([]);
  t.world.start("b");
  t.run(seconds(1));
  expect(t.heard("a")).toEqual(["lost b"]);
});

test("time passes even where nothing happens", () => {
  const t = new TestWorld({ nodes: {} });
  t.run(seconds(3));
  expect(t.world.time).toBe(seconds(3));
  expect(t.world.step()).toBe(false);
});
