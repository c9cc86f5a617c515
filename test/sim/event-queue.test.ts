import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { SimulatorBug } from "../../src/base/assert.ts";
import { EventQueue } from "../../src/sim/event-queue.ts";
import { forkOf } from "../../src/sim/fork.ts";

interface Named {
  readonly name: string;
}

function drain(queue: EventQueue<Named>): string[] {
  const names: string[] = [];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) names.push(next.name);
  return names;
}

test("events of one moment happen in the order in which they were put in", () => {
  const queue = new EventQueue<Named>();
  for (const name of ["first", "second", "third", "fourth", "fifth"]) queue.push(7, { name });
  queue.push(3, { name: "earlier" });
  expect(drain(queue)).toEqual(["earlier", "first", "second", "third", "fourth", "fifth"]);
  expect(queue.time).toBe(7);
});

test("a cancelled event doesn't happen, and can't be cancelled twice", () => {
  const queue = new EventQueue<Named>();
  queue.push(1, { name: "kept" });
  const ticket = queue.push(2, { name: "cancelled" });
  queue.push(3, { name: "also kept" });
  expect(queue.cancel(ticket)).toBe(true);
  expect(queue.cancel(ticket)).toBe(false);
  expect(queue.size).toBe(2);
  expect(drain(queue)).toEqual(["kept", "also kept"]);
});

test("the ticket of an event that has happened doesn't cancel whatever took its slot", () => {
  const queue = new EventQueue<Named>();
  const old = queue.push(1, { name: "old" });
  queue.pop();
  queue.push(2, { name: "new" });
  expect(queue.cancel(old)).toBe(false);
  expect(queue.cancel(0)).toBe(false);
  expect(drain(queue)).toEqual(["new"]);
});

test("the whole future can be looked at, in its order and without what was cancelled, and stays as it is", () => {
  const queue = new EventQueue<Named>();
  for (const at of [5, 3, 5, 1, 3]) queue.push(at, { name: `${queue.size} at ${at}` });
  queue.cancel(queue.push(2, { name: "cancelled" }));
  const seen = queue.inOrder().map(({ at, payload }) => [at, payload.name]);
  expect(seen).toEqual([
    [1, "3 at 1"],
    [3, "1 at 3"],
    [3, "4 at 3"],
    [5, "0 at 5"],
    [5, "2 at 5"],
  ]);
  expect(drain(queue)).toEqual(seen.map(([, name]) => name));
});

test("looking at the next event skips cancelled ones and lets no time pass", () => {
  const queue = new EventQueue<Named>();
  queue.cancel(queue.push(1, { name: "cancelled" }));
  queue.push(5, { name: "next" });
  expect(queue.peekTime()).toBe(5);
  expect(queue.time).toBe(0);
  queue.pop();
  expect(queue.peekTime()).toBeUndefined();
});

test("nothing can be put into the past, and time can't pass an event by", () => {
  const queue = new EventQueue<Named>();
  queue.advanceTo(10);
  expect(() => queue.push(9, { name: "too late" })).toThrow(SimulatorBug);
  expect(() => queue.push(Number.NaN, { name: "never" })).toThrow(SimulatorBug);
  queue.push(12, { name: "due" });
  expect(() => queue.advanceTo(13)).toThrow(SimulatorBug);
  queue.advanceTo(12);
  queue.advanceTo(11);
  expect(queue.time).toBe(12);
});

/** What a queue is asked to do: put an event so far into the future, cancel the nth one ever put in, or take the next. */
const operations = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant("push" as const), delay: fc.nat(4) }),
    fc.record({ do: fc.constant("cancel" as const), nth: fc.nat(60) }),
    fc.record({ do: fc.constant("pop" as const) }),
    fc.record({ do: fc.constant("fork" as const) }),
  ),
  { maxLength: 400 },
);

property.prop({ operations })(
  "behaves as a sorted list would, whatever is pushed, cancelled, popped and forked",
  ({ operations }) => {
    let queue = new EventQueue<Named>();
    let model: { at: number; sequence: number; name: string }[] = [];
    const tickets: number[] = [];
    for (const operation of operations) {
      switch (operation.do) {
        case "push": {
          const at = queue.time + operation.delay;
          const name = String(tickets.length);
          model.push({ at, sequence: tickets.length, name });
          tickets.push(queue.push(at, { name }));
          break;
        }
        case "cancel": {
          const known = model.some((event) => event.sequence === operation.nth);
          expect(queue.cancel(tickets[operation.nth] ?? 0)).toBe(known);
          model = model.filter((event) => event.sequence !== operation.nth);
          break;
        }
        case "pop": {
          model.sort((x, y) => x.at - y.at || x.sequence - y.sequence);
          const next = model.shift();
          expect(queue.pop()?.name).toBe(next?.name);
          if (next !== undefined) expect(queue.time).toBe(next.at);
          break;
        }
        case "fork":
          queue = forkOf(queue);
      }
      expect(queue.size).toBe(model.length);
    }
  },
);

test("grows beyond its first capacity without losing the order", () => {
  const queue = new EventQueue<Named>();
  for (let i = 0; i < 2_000; i++) queue.push((i * 7_919) % 1_000, { name: String(i) });
  let last = -1;
  let count = 0;
  while (queue.pop() !== undefined) {
    expect(queue.time).toBeGreaterThanOrEqual(last);
    last = queue.time;
    count++;
  }
  expect(count).toBe(2_000);
});
