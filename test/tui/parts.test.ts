/** The parts of the screen that need no screen: keys, a line of text, what is written to a terminal, journeys in slices. */
import { describe, expect, test, vi } from "vitest";
import { Driver } from "../../src/tui/driver.ts";
import { keysOf } from "../../src/tui/keys.ts";
import { Painter } from "../../src/tui/painter.ts";
import { fieldOf, typed } from "../../src/tui/text-field.ts";

type InkKey = Parameters<typeof keysOf>[1];

function inkKey(pressed: Partial<InkKey> = {}): InkKey {
  return pressed as InkKey;
}

describe("keys", () => {
  test("what arrives in one piece are keys one by one", () => {
    expect(keysOf("nnn", inkKey())).toEqual(["n", "n", "n"]);
    expect(keysOf("a b\r\t\u007f", inkKey())).toEqual(["a", "space", "b", "enter", "tab", "backspace"]);
    expect(keysOf("日本", inkKey())).toEqual(["日", "本"]);
  });

  test("arrows, Tab with and without shift, and control keys go by their names", () => {
    expect(keysOf("", inkKey({ rightArrow: true }))).toEqual(["right"]);
    expect(keysOf("", inkKey({ tab: true, shift: true }))).toEqual(["shift-tab"]);
    expect(keysOf("", inkKey({ tab: true }))).toEqual(["tab"]);
    expect(keysOf("c", inkKey({ ctrl: true }))).toEqual(["ctrl-c"]);
    expect(keysOf("", inkKey({ escape: true, meta: true }))).toEqual(["escape"]);
  });

  test("Esc and a letter typed fast are two keys", () => {
    expect(keysOf("n", inkKey({ meta: true }))).toEqual(["escape", "n"]);
  });

  test("other control characters are nothing", () => {
    expect(keysOf("\u0000\u0007a", inkKey())).toEqual(["a"]);
  });
});

describe("a line of text", () => {
  const written = (text: string, ...keys: string[]): string => keys.reduce(typed, fieldOf(text)).text;

  test("is written and corrected anywhere in it", () => {
    expect(written("", "3", "8", "s")).toBe("38s");
    expect(written("38s", "left", "left", "x")).toBe("3x8s");
    expect(written("38s", "home", "a", "end", "b")).toBe("a38sb");
    expect(written("38s", "left", "backspace")).toBe("3s");
    expect(written("ab cd", "ctrl-w")).toBe("ab ");
    expect(written("ab cd", "ctrl-u", "space")).toBe(" ");
  });

  test("loses whole characters, however many units they have", () => {
    expect(written("a😀", "backspace")).toBe("a");
    expect(written("😀", "left", "b")).toBe("b😀");
  });

  test("cares for no other key", () => {
    expect(written("ab", "up", "tab", "page-down", "backspace", "backspace", "backspace")).toBe("");
  });
});

describe("painting", () => {
  test("only rows that have changed are written", () => {
    const painter = new Painter();
    expect(painter.paint(["one", "two"])).toContain("one");
    expect(painter.paint(["one", "two"])).toBe("");
    const changed = painter.paint(["one", "three"]);
    expect(changed).toContain("three");
    expect(changed).not.toContain("one");
  });

  test("rows that are gone are cleared, and after a loss everything is written again", () => {
    const painter = new Painter();
    painter.paint(["one", "two", "three"]);
    expect(painter.paint(["one"])).toContain("\u001b[2;1H\u001b[J");
    painter.forget();
    expect(painter.paint(["one"])).toContain("one");
  });
});

describe("journeys", () => {
  /** Yields until somebody says that it is enough. */
  function* journey(state: { isEnough: boolean; isLeft: boolean }): Generator<number, string, void> {
    try {
      while (!state.isEnough) yield 0.5;
      return "there";
    } finally {
      state.isLeft = true;
    }
  }

  test("what takes less than a slice is over at once, and nobody is told of progress", () => {
    const [progress, arrived] = [vi.fn(), vi.fn()];
    const driver = new Driver(progress);
    driver.start("a short one", journey({ isEnough: true, isLeft: false }), arrived);
    expect(arrived).toHaveBeenCalledWith("there");
    expect(progress).not.toHaveBeenCalled();
    expect(driver.travel).toBeUndefined();
  });

  test("what takes long goes on between other things, and says how far it is", async () => {
    const [progress, arrived] = [vi.fn(), vi.fn()];
    const state = { isEnough: false, isLeft: false };
    const driver = new Driver(progress);
    driver.start("a long one", journey(state), arrived);
    expect(driver.travel).toMatchObject({ what: "a long one", progress: 0.5 });
    expect(progress).toHaveBeenCalled();
    state.isEnough = true;
    await vi.waitFor(() => expect(arrived).toHaveBeenCalledWith("there"));
  });

  test("what is stopped ends where it is, and never arrives", async () => {
    const arrived = vi.fn();
    const state = { isEnough: false, isLeft: false };
    const driver = new Driver(() => {});
    driver.start("a long one", journey(state), arrived);
    expect(driver.stop()).toBe(true);
    expect(driver.stop()).toBe(false);
    expect(state.isLeft).toBe(true);
    state.isEnough = true;
    await new Promise(setImmediate);
    expect(arrived).not.toHaveBeenCalled();
  });
});
