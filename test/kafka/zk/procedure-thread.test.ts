/** Handlers that wait, one after the other, on one thread. Source: ControllerEventManager; coordination A3. */
import { expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { type AbortReason, DONE, Procedure, type Step } from "../../../src/kafka/zk/procedure.ts";
import { type ProcedureOwner, ProcedureThread } from "../../../src/kafka/zk/procedure-thread.ts";
import { CreateRecursive, DeleteRecursive } from "../../../src/kafka/zk/recursive.ts";
import { create, getData, setData } from "../../../src/kafka/zk/store-requests.ts";
import { CONTROLLER_EPOCH_PATH } from "../../../src/kafka/zk/znodes.ts";
import type { ZkResponse } from "../../../src/kafka/zookeeper/client-protocol.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import { LATENCY_US, ScriptedEnsemble } from "./scripted-ensemble.ts";

/** Takes its steps as they stand in a list, and writes down what it hears. */
class Script extends Procedure {
  readonly name: string;
  private readonly log: string[];
  private readonly steps: Step[];

  constructor(log: string[], name: string, ...steps: Step[]) {
    super();
    this.log = log;
    this.name = name;
    this.steps = steps;
  }

  start(): Step {
    return this.next("starts");
  }

  override onResponses(responses: readonly ZkResponse[]): Step {
    return this.next(`hears ${responses.map(({ error }) => error).join(" ")}`);
  }

  override onReturned(result: unknown): Step {
    return this.next(`gets ${String(result)}`);
  }

  override onRested(): Step {
    return this.next("has rested");
  }

  override onAborted(reason: AbortReason): void {
    this.log.push(`${this.name} aborted: ${reason}`);
  }

  private next(what: string): Step {
    this.log.push(`${this.name} ${what}`);
    return this.steps.shift() ?? DONE;
  }
}

/** Whenever it is told to abort, it wants something else done. */
class Restless extends Script {
  thread: ProcedureThread | undefined;
  instead: Procedure | undefined;

  override onAborted(reason: AbortReason): void {
    super.onAborted(reason);
    if (this.instead !== undefined) this.thread?.submit(this.instead);
  }
}

class Owner implements ProcedureOwner {
  readonly log: string[];
  thread: ProcedureThread | undefined;
  /** What an abort makes it want. */
  instead: Procedure | undefined;

  constructor(log: string[]) {
    this.log = log;
  }

  onHandlerAborted(name: string, reason: AbortReason): void {
    if (this.instead !== undefined) this.thread?.clearAndSubmit(this.instead);
    this.log.push(`handler ${name} aborted: ${reason}`);
  }
}

function thread(options: { pipelined?: boolean; servers?: number } = {}) {
  const e = new ScriptedEnsemble(options);
  const user = e.addUser("broker-1");
  e.runFor(ms(10));
  const log: string[] = [];
  const { host, zk } = user;
  const owner = new Owner(log);
  const t = new ProcedureThread({ host, zk, owner, pipelined: options.pipelined ?? true });
  owner.thread = t;
  const script = (name: string, ...steps: Step[]): Script => new Script(log, name, ...steps);
  return { e, user, log, owner, t, script };
}

const ask = (...requests: Extract<Step, { kind: "ask" }>["requests"]): Step => ({ kind: "ask", requests });

test("handlers never interleave: the second starts when the first has ended, whatever it has waited for", () => {
  const { e, log, t, script } = thread();
  t.submit(script("first", ask(create("/a")), { kind: "rest", us: ms(5) }));
  t.submit(script("second", ask(getData("/a"), getData("/b"))));
  expect(log).toEqual(["first starts"]);
  expect(t.waiting.map(({ name }) => name)).toEqual(["second"]);
  e.runFor(2 * LATENCY_US);
  expect(log.slice(1)).toEqual(["first hears OK"]);
  e.runFor(ms(5));
  expect(log.slice(2)).toEqual(["first has rested", "second starts"]);
  expect(t.isIdle).toBe(false);
  e.runFor(ms(5));
  expect(log.slice(4)).toEqual(["second hears OK NONODE"]);
  expect(t.isIdle).toBe(true);
});

test("a handler may call another, which may call a third; each gets what it is returned", () => {
  const { e, log, t, script } = thread();
  const third = script("third", ask(create("/a")), { kind: "done", result: 3 });
  const second = script("second", { kind: "call", procedure: third }, { kind: "done", result: 2 });
  t.submit(script("first", { kind: "call", procedure: second }));
  e.runFor(ms(10));
  expect(log).toEqual(["first starts", "second starts", "third starts", "third hears OK", "second gets 3", "first gets 2"]);
});

test("nothing to ask and no time to rest are no reason to wait", () => {
  const { log, t, script } = thread();
  t.submit(script("quick", ask(), { kind: "rest", us: 0 }));
  expect(log).toEqual(["quick starts", "quick hears ", "quick has rested"]);
});

test("what is submitted while a step is taken waits until the handler has ended", () => {
  const { log, t, script } = thread();
  class Submitter extends Script {
    override start(): Step {
      t.submit(script("later"));
      return super.start();
    }
  }
  t.submit(new Submitter(log, "now", { kind: "rest", us: 0 }));
  expect(log).toEqual(["now starts", "now has rested", "later starts"]);
});

test("a backlog of handlers that need not wait is worked off without nesting", () => {
  const { e, log, t, script } = thread();
  t.submit(script("first", ask(create("/a"))));
  for (let i = 0; i < 20_000; i++) t.submit(script("quick"));
  e.runFor(ms(10));
  expect(log).toHaveLength(20_002);
  expect(t.isIdle).toBe(true);
});

test("an abort ends the whole handler, the innermost first, before the next one starts", () => {
  const { e, log, t, script } = thread();
  const inner = script("inner", ask(create("/a")), { kind: "abort", reason: "controller-moved" });
  t.submit(script("outer", { kind: "call", procedure: inner }));
  t.submit(script("next"));
  e.runFor(ms(10));
  expect(log).toEqual([
    "outer starts",
    "inner starts",
    "inner hears OK",
    "inner aborted: controller-moved",
    "outer aborted: controller-moved",
    "handler outer aborted: controller-moved",
    "next starts",
  ]);
});

test("what the owner wants done because of an abort starts when the owner has been heard out", () => {
  const { log, owner, t, script } = thread();
  owner.instead = script("instead");
  t.submit(script("first", { kind: "abort", reason: "failed" }));
  expect(log).toEqual(["first starts", "first aborted: failed", "handler first aborted: failed", "instead starts"]);
});

test("requests go out one by one where they are not pipelined (KAFKA-5642, 1.1)", () => {
  const { e, log, t, script } = thread({ pipelined: false });
  t.submit(script("slow", ask(create("/a"), create("/b"), create("/c"))));
  e.runFor(6 * LATENCY_US - 1);
  expect(log).toHaveLength(1);
  e.runFor(1);
  expect(log[1]).toBe("slow hears OK OK OK");
});

test("a handler that waits when the session expires is aborted, and so is the next, until the owner clears the queue and begins anew (A3)", () => {
  const { e, user, log, t, script } = thread({ servers: 2 });
  e.unanswered.add("create");
  t.submit(script("first", ask(create("/a"))));
  t.submit(script("second", ask(getData("/a"))));
  t.submit(script("third", ask(getData("/a"))));
  user.reactions.set("expired", () => t.clearAndSubmit(script("Expire", { kind: "rest", us: 0 })));
  user.reactions.set("disconnected", () => e.expire(user.zk.session));
  e.runFor(ms(10));
  e.world.crash(e.reached[0]?.server as string);
  e.runFor(seconds(2));
  expect(log).toEqual([
    "first starts",
    "first aborted: session-expired",
    "handler first aborted: session-expired",
    "second starts",
    // What waits is dropped; what runs is answered.
    "third aborted: session-expired",
    "second aborted: session-expired",
    "handler second aborted: session-expired",
    "Expire starts",
    "Expire has rested",
  ]);
});

test("what is dropped is told so before anything new starts, even if it has wishes", () => {
  const { log, t, script } = thread();
  const restless = new Restless(log, "restless");
  restless.thread = t;
  restless.instead = script("instead");
  t.submit(script("running", { kind: "rest", us: ms(1) }));
  t.submit(restless);
  t.submit(script("other"));
  t.clearAndSubmit(script("Expire"));
  expect(log).toEqual(["running starts", "restless aborted: session-expired", "other aborted: session-expired"]);
  expect(t.waiting.map(({ name }) => name)).toEqual(["Expire", "instead"]);

  const idle = thread();
  idle.t.clearAndSubmit(idle.script("Expire"));
  expect(idle.log).toEqual(["Expire starts"]);
});

test("a waiting handler is data: a fork of it goes on by itself", () => {
  const { e, log, t, script } = thread();
  t.submit(script("first", { kind: "call", procedure: script("second", ask(create("/a")), { kind: "rest", us: ms(1) }) }));
  const fork = forkOf({ e, t, log });
  fork.e.runFor(seconds(1));
  expect(fork.log).toEqual(["first starts", "second starts", "second hears OK", "second has rested", "first gets undefined"]);
  expect(log).toEqual(["first starts", "second starts"]);
  e.runFor(seconds(1));
  expect(log).toEqual(fork.log);
});

test("nothing more starts in a process that has ended", () => {
  const { user, log, t, script } = thread();
  class Leaver extends Script {
    override start(): Step {
      user.host.exit("enough");
      return super.start();
    }
  }
  t.submit(new Leaver(log, "leaver", { kind: "rest", us: 0 }));
  t.submit(script("next"));
  expect(log).toEqual(["leaver starts"]);
});

// ---- nodes with what is above and below them ----

test("a node is created with the parents that are missing, and none is made twice (KafkaZkClient.createRecursive)", () => {
  const { e, log, t, script } = thread();
  t.submit(script("first", { kind: "call", procedure: new CreateRecursive("/config/topics/orders", "settings") }));
  e.runFor(ms(50));
  expect([...e.tree].map(([path, { data }]) => [path, data])).toEqual([
    ["/config", null],
    ["/config/topics", null],
    ["/config/topics/orders", "settings"],
  ]);
  t.submit(script("again", { kind: "call", procedure: new CreateRecursive("/config/topics/orders", "others") }));
  e.runFor(ms(50));
  expect(log.filter((line) => line.includes("gets"))).toEqual(["first gets OK", "again gets NODEEXISTS"]);
  expect(e.tree.get("/config/topics/orders")?.data).toBe("settings");
});

test("a node is deleted with everything below it; what is gone already is no error (KafkaZkClient.deleteRecursive)", () => {
  const { e, t } = thread();
  for (const path of ["/t", "/t/partitions", "/t/partitions/0", "/t/partitions/0/state", "/t/partitions/1", "/u"]) {
    e.write(create(path));
  }
  t.submit(new DeleteRecursive("/t", undefined));
  t.submit(new DeleteRecursive("/none", undefined));
  e.runFor(ms(100));
  expect([...e.tree.keys()]).toEqual(["/u"]);
  expect(e.asked("delete")).toEqual([
    "delete /t/partitions/0/state",
    "delete /t/partitions/0",
    "delete /t/partitions/1",
    "delete /t/partitions",
    "delete /t",
  ]);
});

test("a controller that has been replaced deletes nothing (KAFKA-6082)", () => {
  const { e, log, t, script } = thread();
  e.write(create(CONTROLLER_EPOCH_PATH, 1));
  e.write(setData(CONTROLLER_EPOCH_PATH, 2));
  e.write(create("/t"));
  t.submit(script("deletion", { kind: "call", procedure: new DeleteRecursive("/t", 0) }));
  e.runFor(ms(50));
  expect(log.at(-1)).toBe("handler deletion aborted: controller-moved");
  expect(e.tree.has("/t")).toBe(true);
});
