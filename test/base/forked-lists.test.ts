/** Lists that forks share: whatever is done to one of them, each reads as a plain array to which the same was done. */
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { SimulatorBug } from "../../src/base/assert.ts";
import { CHUNK_SIZE } from "../../src/base/chunk-table.ts";
import { ChunkedList } from "../../src/base/chunked-list.ts";
import { NumberVector } from "../../src/base/number-vector.ts";
import { forkOf } from "../../src/sim/fork.ts";

const LONGEST = 4 * CHUNK_SIZE;
/** Near the seams between chunks as often as anywhere else. */
const places = fc.oneof(
  fc.nat(LONGEST),
  fc.tuple(fc.nat(4), fc.integer({ min: -2, max: 2 })).map(([chunk, off]) => Math.max(0, chunk * CHUNK_SIZE + off)),
);

/** On which of the forks it is done; taken modulo how many there are. */
const which = fc.nat(5);

const operations = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("set" as const), which, at: places, value: fc.integer({ min: 1, max: 255 }) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("push" as const), which, times: fc.nat(CHUNK_SIZE + 3) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("truncate" as const), which, at: places }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("fork" as const), which }) },
  ),
  { maxLength: 30 },
);

interface Twin<L> {
  readonly list: L;
  readonly plain: number[];
}

function chosen<L>(twins: readonly Twin<L>[], number: number): Twin<L> {
  return twins[number % twins.length] as Twin<L>;
}

property.prop({ steps: operations, element: fc.constantFrom("number" as const, "byte" as const) })(
  "numbers: any history of forks, writes anywhere, growth and cuts",
  ({ steps, element }) => {
    const twins: Twin<NumberVector>[] = [{ list: new NumberVector(element), plain: [] }];
    for (const step of steps) {
      const { list, plain } = chosen(twins, step.which);
      if (step.do === "fork") twins.push({ list: forkOf(list), plain: [...plain] });
      if (step.do === "set") {
        while (plain.length <= step.at) plain.push(0);
        plain[step.at] = step.value;
        list.set(step.at, step.value);
      }
      if (step.do === "push") {
        for (let i = 0; i < step.times; i++) {
          list.push(i % 256);
          plain.push(i % 256);
        }
      }
      if (step.do === "truncate") {
        list.truncate(step.at);
        plain.length = Math.min(plain.length, step.at);
      }
    }
    for (const { list, plain } of twins) {
      expect(list.length).toBe(plain.length);
      expect(plain.map((_, index) => list.at(index))).toEqual(plain);
      expect(list.at(plain.length)).toBe(0);
    }
  },
);

property.prop({ steps: operations })("things: any history of forks, replacements, growth and cuts", ({ steps }) => {
  const twins: Twin<ChunkedList<number>>[] = [{ list: new ChunkedList(), plain: [] }];
  for (const step of steps) {
    const { list, plain } = chosen(twins, step.which);
    if (step.do === "fork") twins.push({ list: forkOf(list), plain: [...plain] });
    if (step.do === "set" && step.at < plain.length) {
      list.replace(step.at, step.value);
      plain[step.at] = step.value;
    }
    if (step.do === "push") {
      for (let i = 0; i < step.times; i++) {
        list.push(i);
        plain.push(i);
      }
    }
    if (step.do === "truncate") {
      list.truncate(step.at);
      plain.length = Math.min(plain.length, step.at);
    }
  }
  for (const { list, plain } of twins) {
    expect(list.length).toBe(plain.length);
    expect(list.slice()).toEqual(plain);
    expect(list.slice(1, CHUNK_SIZE + 1)).toEqual(plain.slice(1, CHUNK_SIZE + 1));
    expect([list.at(-1), list.at(plain.length)]).toEqual([undefined, undefined]);
  }
});

test("who cuts back into a chunk that others have, and writes there, writes for itself", () => {
  const numbers = new NumberVector();
  const things = new ChunkedList<number>();
  for (let i = 0; i < 2 * CHUNK_SIZE + 1; i++) {
    numbers.push(1);
    things.push(1);
  }
  for (const writers of [
    { list: forkOf(numbers), other: numbers },
    { list: forkOf(things), other: things },
  ]) {
    writers.list.truncate(CHUNK_SIZE - 2);
    writers.list.push(2);
    expect([CHUNK_SIZE - 3, CHUNK_SIZE - 2].map((index) => writers.list.at(index))).toEqual([1, 2]);
    expect([writers.other.at(CHUNK_SIZE - 2), writers.other.length]).toEqual([1, 2 * CHUNK_SIZE + 1]);
  }
});

test("bytes and numbers keep what they were made for in a fork", () => {
  const numbers = new NumberVector();
  numbers.set(0, 1.5e12);
  const fork = forkOf(numbers);
  fork.push(2.5e12);
  expect([fork.at(0), fork.at(1), numbers.length]).toEqual([1.5e12, 2.5e12, 1]);
});

describe("a list that forks share", () => {
  test("takes what can't change: numbers, texts, what is frozen", () => {
    const list = ChunkedList.of<unknown>([1, "text", undefined, null, Object.freeze({ torn: true })]);
    expect(forkOf(list).slice()).toEqual(list.slice());
  });

  test.each([{ value: 1 }, [1], () => 1])("does not let a fork share %o, which can change: that is our bug", (item) => {
    const list = ChunkedList.of<unknown>([1]);
    expect(forkOf(list).length).toBe(1);
    list.push(item);
    expect(() => forkOf(list)).toThrow(SimulatorBug);
    list.replace(1, 2);
    expect(forkOf(list).slice()).toEqual([1, 2]);
    list.replace(0, item);
    expect(() => forkOf(list)).toThrow(SimulatorBug);
  });
});
