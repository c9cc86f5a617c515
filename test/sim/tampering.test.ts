/** What TCP would never do: single messages dropped, delayed, held, duplicated, overtaken; by edit and by chance; each marked in the trace. */
import { expect, test } from "vitest";
import { SimulatorBug } from "../../src/base/assert.ts";
import { ms, seconds } from "../../src/base/units.ts";
import type { EditAction, EditSpec, MessageFilter } from "../../src/sim/edits.ts";
import type { Message } from "../../src/sim/host.ts";
import { Word } from "./test-process.ts";
import { connectedPair, type TestWorld } from "./test-world.ts";

function edited(action: EditAction, more: Partial<EditSpec> = {}): TestWorld {
  const t = connectedPair({ traceLevel: "full" });
  t.world.addEdit({ name: "the edit", pattern: { kind: "Word" }, action, ...more });
  return t;
}

/** The marked deliveries: what was done to the nth message of which kind. */
function marks(t: TestWorld): string[] {
  const steps = t.world.trace.steps().filter((step) => step.delivery?.beyondTcp !== undefined);
  return steps.map((step) => `${step.delivery?.beyondTcp} ${step.label} ${step.delivery?.nth} from ${step.delivery?.from}`);
}

test("a dropped message never arrives, the ones behind it do", () => {
  const t = edited({ do: "drop" });
  t.say("a", "b", "1", "2", "3");
  t.run(ms(1));
  expect(t.heard("b")).toEqual(["a: 2", "a: 3"]);
  expect(marks(t)).toEqual(["dropped Word 1 from a"]);
});

test("a delayed message holds up its connection", () => {
  const t = edited({ do: "delay", byUs: ms(5) });
  const start = t.world.time;
  t.say("a", "b", "1", "2");
  t.say("b", "a", "other way");
  t.run(ms(10));
  expect(t.heardAt("b")).toEqual([
    [start + ms(5) + 100, "a: 1"],
    [start + ms(5) + 100, "a: 2"],
  ]);
  expect(t.heardAt("a")).toEqual([[start + 100, "b: other way"]]);
  expect(marks(t)).toEqual(["delayed Word 1 from a"]);
});

test("a held message waits for its release, and what was sent behind it waits with it", () => {
  const t = edited({ do: "hold" });
  t.say("a", "b", "1", "2");
  t.run(seconds(10));
  expect(t.heard("b")).toEqual([]);
  t.say("a", "b", "3");
  expect(t.world.release("the edit")).toBe(1);
  t.run(ms(1));
  expect(t.heard("b")).toEqual(["a: 1", "a: 2", "a: 3"]);
  expect(marks(t)).toEqual(["held Word 1 from a"]);
});

test("an edit may hold all that come, and holds no more once released", () => {
  const t = edited({ do: "hold" }, { times: 100 });
  t.say("a", "b", "1", "2");
  t.run(ms(1));
  expect(t.world.release("the edit")).toBe(2);
  expect(t.world.release("the edit")).toBe(0);
  t.say("a", "b", "3");
  t.run(ms(1));
  expect(t.heard("b")).toEqual(["a: 1", "a: 2", "a: 3"]);
});

test("a release during a cut doesn't get through the cut", () => {
  const t = edited({ do: "hold" });
  t.say("a", "b", "1");
  t.world.cut("a", "b");
  t.world.release("the edit");
  t.run(seconds(1));
  expect(t.heard("b")).toEqual([]);
  t.world.heal("a", "b");
  t.run(seconds(1));
  expect(t.heard("b")).toEqual(["a: 1"]);
});

test("a duplicate arrives right behind the original", () => {
  const t = edited({ do: "duplicate" });
  t.say("a", "b", "1", "2");
  t.run(ms(1));
  expect(t.heard("b")).toEqual(["a: 1", "a: 2", "a: 1"]);
  expect(marks(t)).toEqual(["duplicated Word 1 from a"]);
});

test("a reordered message is overtaken by those behind it, and holds nothing up", () => {
  const t = edited({ do: "reorder", byUs: 50 });
  const start = t.world.time;
  t.say("a", "b", "1", "2");
  t.run(ms(1));
  expect(t.heardAt("b")).toEqual([
    [start + 100, "a: 2"],
    [start + 150, "a: 1"],
  ]);
  expect(marks(t)).toEqual(["reordered Word 1 from a"]);
});

test("a straggler finds a closed connection and is lost", () => {
  const t = edited({ do: "reorder", byUs: seconds(1) });
  t.say("a", "b", "1");
  t.run(ms(1));
  t.world.crash("b");
  t.world.start("b");
  t.run(ms(1));
  t.hush();
  t.run(seconds(2));
  expect(t.heard("b")).toEqual([]);
});

test("the nth of a kind on a link is counted from the start of the run, by kind and by direction", () => {
  const t = edited({ do: "drop" }, { pattern: { kind: "Fetch", from: ["a"], to: ["b"] }, nthOnLink: 2 });
  t.say("a", "b", new Word("1", "Fetch"), new Word("x", "Produce"), new Word("2", "Fetch"), new Word("3", "Fetch"));
  t.say("b", "a", new Word("1", "Fetch"), new Word("2", "Fetch"));
  t.run(ms(1));
  expect(t.heard("b")).toEqual(["a: 1", "a: x", "a: 3"]);
  expect(t.heard("a")).toEqual(["b: 1", "b: 2"]);
  expect(marks(t)).toEqual(["dropped Fetch 2 from a"]);
});

test("an edit may let some pass first", () => {
  const t = edited({ do: "drop" }, { skip: 1, times: 2 });
  t.say("a", "b", "1", "2", "3", "4");
  t.run(ms(1));
  expect(t.heard("b")).toEqual(["a: 1", "a: 4"]);
});

test("an edit may look at what a message says", () => {
  class Says implements MessageFilter {
    readonly text: string;
    constructor(text: string) {
      this.text = text;
    }
    matches(message: Message): boolean {
      return (message as Word).text === this.text;
    }
  }
  const t = edited({ do: "drop" }, { pattern: { filter: new Says("2") } });
  t.say("a", "b", "1", "2", "3");
  t.run(ms(1));
  expect(t.heard("b")).toEqual(["a: 1", "a: 3"]);
});

test("an edit that never found its delivery is reported, one that did is not", () => {
  const t = edited({ do: "drop" });
  t.world.addEdit({ name: "in vain", pattern: { kind: "Word" }, nthOnLink: 7, action: { do: "drop" } });
  expect(t.world.unusedEdits().map((edit) => edit.name)).toEqual(["the edit", "in vain"]);
  t.say("a", "b", "1", "2");
  t.run(ms(1));
  expect(t.world.unusedEdits().map((edit) => edit.name)).toEqual(["in vain"]);
});

test("an edit that comes too late to count from the start is our bug, not a silent miss", () => {
  const t = connectedPair();
  const edit: EditSpec = { name: "late", pattern: { kind: "Word" }, nthOnLink: 1, action: { do: "drop" } };
  expect(() => t.world.addEdit(edit)).toThrow(SimulatorBug);
  const counting = connectedPair({ nameDeliveries: true });
  counting.world.addEdit(edit);
});

test("handshakes and closes are no messages: nothing can be done to them", () => {
  const t = connectedPair();
  t.world.addEdit({ name: "everything", pattern: {}, action: { do: "drop" }, times: 1_000 });
  t.world.setChances("a", "b", { dropPpm: 1_000_000 });
  t.world.watch({ name: "everything", pattern: {}, moment: "sent" });
  t.connect("a", "b");
  t.world.crash("a");
  t.run(ms(1));
  expect(t.seen()).toEqual([]);
  expect(t.heard("b")).toEqual(["accepted a", "lost a", "lost a"]);
});

test.each([
  { chances: { dropPpm: 1_000_000 }, mark: "dropped", heard: [] },
  { chances: { duplicatePpm: 1_000_000 }, mark: "duplicated", heard: ["a: 1", "a: 2", "a: 1", "a: 2"] },
  { chances: { delayPpm: 1_000_000, delayUpToUs: 900 }, mark: "delayed", heard: ["a: 1", "a: 2"] },
] as const)("what chance has $mark is marked", ({ chances, mark, heard }) => {
  const t = connectedPair({ traceLevel: "full" });
  t.world.setChances("a", "b", chances);
  t.say("a", "b", "1", "2");
  t.run(ms(2));
  expect(t.heard("b")).toEqual(heard);
  expect(marks(t)).toEqual([`${mark} Word 1 from a`, `${mark} Word 2 from a`]);
});

test("chance may reorder", () => {
  const t = connectedPair({ traceLevel: "full" });
  t.world.setChances("a", "b", { reorderPpm: 500_000, reorderUpToUs: ms(5) });
  const words = Array.from({ length: 20 }, (_, i) => String(i));
  t.say("a", "b", ...words);
  t.run(ms(10));
  const heard = t.heard("b").map((what) => what.slice("a: ".length));
  expect(heard).not.toEqual(words);
  expect([...heard].sort()).toEqual([...words].sort());
  expect(marks(t).length).toBeGreaterThan(3);
});

test("a chance of one half hits about half, and differently by seed", () => {
  const survivors = (seed: string): string[] => {
    const t = connectedPair({ seed });
    t.world.setChances("a", "b", { dropPpm: 500_000 });
    t.say("a", "b", ...Array.from({ length: 400 }, (_, i) => String(i)));
    t.run(ms(1));
    return t.heard("b");
  };
  // 200 expected, standard deviation 10: six of them either way.
  expect(Math.abs(survivors("1").length - 200)).toBeLessThan(60);
  expect(survivors("1")).toEqual(survivors("1"));
  expect(survivors("1")).not.toEqual(survivors("2"));
});

test("an edit of one message leaves the luck of all others as it was, and beats chance", () => {
  const heardWith = (edits: readonly EditSpec[]): string[] => {
    const t = connectedPair({ nameDeliveries: true });
    t.world.setChances("a", "b", { dropPpm: 300_000, duplicatePpm: 200_000, delayPpm: 300_000, delayUpToUs: 50 });
    for (const edit of edits) t.world.addEdit(edit);
    t.say("a", "b", ...Array.from({ length: 100 }, (_, i) => String(i)));
    t.run(ms(50));
    return t.heard("b");
  };
  const drop40: EditSpec = { name: "drop", pattern: { kind: "Word" }, nthOnLink: 41, action: { do: "drop" } };
  const without = heardWith([]);
  expect(without).toContain("a: 40");
  expect(heardWith([drop40])).toEqual(without.filter((what) => what !== "a: 40"));
});

test("a watch sees messages when they are sent or when they are about to be delivered, until it is taken away", () => {
  const t = connectedPair();
  t.world.watch({ name: "sent", pattern: { kind: "Word", from: ["a"] }, moment: "sent" });
  t.world.watch({ name: "delivered", pattern: {}, moment: "delivered" });
  t.hush();
  t.say("a", "b", "1");
  expect(t.seen()).toEqual(["sent: a→b 1"]);
  t.run(ms(1));
  expect(t.seen()).toEqual(["delivered: a→b 1"]);
  t.world.unwatch("sent");
  t.world.unwatch("nobody");
  t.say("a", "b", "2");
  t.connect("a", "b");
  expect(t.seen()).toEqual(["delivered: a→b 2"]);
});

test("who crashes at the moment of a delivery doesn't get it", () => {
  const t = connectedPair();
  t.world.watch({ name: "watch", pattern: {}, moment: "delivered" });
  t.when("watch", () => t.world.crash("b"));
  t.say("a", "b", "1");
  t.run(ms(1));
  expect(t.heard("b")).toEqual(["ProcessCrashed"]);
  expect(t.heard("a")).toEqual(["lost b"]);
});

test("who crashes at the moment of sending has sent it", () => {
  const t = connectedPair();
  t.world.watch({ name: "watch", pattern: {}, moment: "sent" });
  t.when("watch", () => t.world.crash("a"));
  t.say("a", "b", "last word");
  t.run(ms(1));
  expect(t.heard("b")).toEqual(["a: last word", "lost a"]);
});
