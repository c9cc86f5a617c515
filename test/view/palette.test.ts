/** What tones look like on terminals. */
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { span, type Tone } from "../../src/view/line.ts";
import { type ColourDepth, depthOf, Palette, paintLine } from "../../src/view/palette.ts";

const codesIn = (text: string): string[] =>
  text
    .split("\u001b[")
    .slice(1)
    .map((part) => part.slice(0, part.indexOf("m")));

describe("painting", () => {
  test("without a terminal there is not a single escape code", () => {
    expect(paintLine([span("✗", "bad"), span(" now", "selected")], new Palette("text"))).toBe("✗ now");
  });

  test("without colours what is selected is inverse, and nothing is coloured", () => {
    const tones: Tone[] = ["bad", "good", "fresh", "frame-focused", "epoch-3", "key", "current"];
    const palette = new Palette("mono");
    expect(codesIn(paintLine([span("broker-1", "selected")], palette))).toEqual(["7", "0"]);
    for (const tone of tones) {
      for (const code of codesIn(paintLine([span("x", tone)], palette))) expect(["0", "1", "4"]).toContain(code);
    }
  });

  test.each<ColourDepth>(["mono", "16", "256"])(
    "whatever is painted in %s reads as the text, and nothing is left open",
    (depth) => {
      const painted = paintLine([span("a", "bad"), span("b"), span("c", "epoch-2"), span(" ", "selected")], new Palette(depth));
      expect(stripVTControlCharacters(painted)).toBe("abc ");
      expect(painted.endsWith("\u001b[0m")).toBe(true);
    },
  );

  test("16 colours are the 16 that every terminal has", () => {
    const tones: Tone[] = ["good", "bad", "warning", "accent", "fresh", "frame", "epoch-0", "epoch-5"];
    for (const tone of tones) expect(paintLine([span("x", tone)], new Palette("16"))).not.toContain("38;5");
  });

  test("epochs that follow one another differ", () => {
    const palette = new Palette("16");
    const opened = ([0, 1, 2, 3, 4, 5] as const).map((turn) => palette.lookOf(`epoch-${turn}`).open);
    expect(new Set(opened).size).toBe(6);
  });

  test("neighbours of one look, and blanks between them, cost no codes", () => {
    const painted = paintLine([span("a", "good"), span("  "), span("b", "good"), span("c", "good")], new Palette("16"));
    expect(codesIn(painted)).toEqual(["32", "0"]);
  });

  test("a blank that is inverse is seen", () => {
    expect(paintLine([span("a"), span(" ", "selected"), span("b")], new Palette("16"))).toBe("a\u001b[7m \u001b[0mb");
  });
});

describe("what the surroundings ask for", () => {
  test.each<[ColourDepth, Record<string, string>, boolean]>([
    ["text", { TERM: "xterm-256color" }, false],
    ["text", { TERM: "dumb" }, true],
    ["mono", { TERM: "xterm-256color", NO_COLOR: "1" }, true],
    ["mono", { TERM: "xterm-256color", FORCE_COLOR: "0" }, true],
    ["16", { TERM: "xterm" }, true],
    ["16", { TERM: "xterm", NO_COLOR: "" }, true],
    ["256", { TERM: "xterm-256color" }, true],
    ["256", { TERM: "xterm", COLORTERM: "truecolor" }, true],
    ["16", { FORCE_COLOR: "1", NO_COLOR: "1" }, false],
  ])("%s for %j, terminal: %j", (depth, env, isTerminal) => {
    expect(depthOf(env, isTerminal)).toBe(depth);
  });
});
