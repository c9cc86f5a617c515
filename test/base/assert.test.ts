import { expect, test } from "vitest";
import { assert, SimulatorBug, unreachable } from "../../src/base/assert.ts";

test("an assertion that holds says nothing, one that fails is a bug of the simulator", () => {
  assert(true, "never shown");
  expect(() => assert(false, "the leader is not in its own ISR")).toThrow(SimulatorBug);
  expect(() => assert(undefined, "the leader is not in its own ISR")).toThrow("the leader is not in its own ISR");
});

test("a value that no case expects is shown", () => {
  expect(() => unreachable({ kind: "unheard of" } as never)).toThrow('unexpected value {"kind":"unheard of"}');
});
