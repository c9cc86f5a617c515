import { expect, test } from "vitest";
import { IMMUTABLE, markImmutable } from "../../src/base/immutable.ts";

test("the mark is on every instance, subclasses included, and shows in no comparison or listing", () => {
  class Marked {
    readonly value = 1;
  }
  class Below extends Marked {}
  class Unmarked {
    readonly value = 1;
  }
  markImmutable(Marked);
  const isMarked = (object: object): boolean => (object as { [IMMUTABLE]?: true })[IMMUTABLE] === true;
  expect([new Marked(), new Below(), new Unmarked()].map(isMarked)).toEqual([true, true, false]);
  expect(Reflect.ownKeys(new Marked())).toEqual(["value"]);
  expect(new Marked()).toEqual({ value: 1 });
});
