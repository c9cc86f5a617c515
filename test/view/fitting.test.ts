/** Lines made to fit. */
import { fc, test as property } from "@fast-check/vitest";
import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import {
  cut,
  fitted,
  fittedCentre,
  fittedRight,
  highlight,
  merge,
  overlay,
  spread,
  textOf,
  wrap,
} from "../../src/view/fitting.ts";
import { columnsOf, type Line, line, span, type Tone, widthOf } from "../../src/view/line.ts";

const TEXT = fc.oneof(
  fc.string({ maxLength: 12 }).map((text) => text.replace(/[^ -~]/g, "x")),
  fc.constantFrom("名前", "e\u0301", "│ ✓ ●", "👩‍👩‍👧", "·", "a名b", "→ ←", ""),
);
const LINE: fc.Arbitrary<Line> = fc.array(
  fc.record({ text: TEXT, tone: fc.constantFrom<Tone>("plain", "bad", "faint", "epoch-1") }),
  { maxLength: 6 },
);

describe("columns", () => {
  test("signs that are taken for one column wide are so in the table of widths, too", () => {
    const wrong: string[] = [];
    for (let code = 0x20; code <= 0xffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const sign = String.fromCharCode(code);
      // The table knows nothing of control characters: they never get here.
      if (code >= 0x7f && code <= 0x9f) continue;
      if (columnsOf(sign) !== stringWidth(sign)) wrong.push(`${sign} ${code.toString(16)}`);
    }
    expect(wrong).toEqual([]);
  });

  test("a wide character takes two", () => {
    expect(columnsOf("名前")).toBe(4);
    expect(widthOf([span("a"), span("名")])).toBe(3);
  });
});

describe("cutting and padding", () => {
  property.prop([LINE, fc.nat(30)])("a line is fitted to exactly the width", (given, width) => {
    expect(widthOf(fitted(given, width))).toBe(width);
    expect(widthOf(fittedRight(given, width))).toBe(width);
    expect(widthOf(fittedCentre(given, width))).toBe(width);
  });

  property.prop([LINE, LINE, fc.nat(40)])("left and right together take exactly the width", (left, right, width) => {
    expect(widthOf(spread(left, right, width))).toBe(width);
  });

  test("what is cut off leaves a sign behind, and a wide character is never halved", () => {
    expect(textOf(cut(line("broker-1 leads"), 9))).toBe("broker-1…");
    expect(textOf(fitted(line("名前"), 4))).toBe("名前");
    expect(textOf(fitted(line("名前の"), 4))).toBe("名… ");
  });

  test("tones stay where they were", () => {
    expect(cut([span("ISR ", "faint"), span("1 2 3", "good")], 7)).toEqual([span("ISR ", "faint"), span("1…", "good")]);
  });
});

describe("wrapping", () => {
  property.prop([LINE, fc.integer({ min: 2, max: 20 }), fc.nat(3)])(
    "no line is too long, and no word is lost",
    (given, width, indent) => {
      const lines = wrap(given, width, indent);
      for (const each of lines) expect(widthOf(each)).toBeLessThanOrEqual(width);
      expect(lines.map(textOf).join("").replace(/ /g, "")).toBe(textOf(given).replace(/ /g, ""));
    },
  );

  test("breaks at blanks and indents what follows", () => {
    expect(wrap(line("an acknowledged record is never lost"), 16, 2).map(textOf)).toEqual([
      "an acknowledged",
      "  record is",
      "  never lost",
    ]);
  });

  test("a word of two tones stays one word", () => {
    expect(wrap([span("ISR "), span("1", "good"), span(","), span(" next")], 6)).toEqual([
      [span("ISR "), span("1", "good"), span(",")],
      [span("next")],
    ]);
  });
});

describe("marking", () => {
  property.prop([LINE, fc.string({ minLength: 1, maxLength: 3 })])("a search changes no text", (given, wanted) => {
    expect(textOf(highlight(given, wanted, "fresh"))).toBe(textOf(given));
  });

  test("what is searched for is marked, in whatever case, across spans", () => {
    expect(highlight([span("orders-0 IS"), span("R 1", "good"), span(" isr")], "isr", "fresh")).toEqual([
      span("orders-0 "),
      span("ISR", "fresh"),
      span(" 1", "good"),
      span(" "),
      span("isr", "fresh"),
    ]);
  });

  test("neighbours of one tone become one", () => {
    expect(merge([span("a"), span(""), span("b"), span("c", "bad")])).toEqual([span("ab"), span("c", "bad")]);
  });
});

describe("laying one line over another", () => {
  property.prop([LINE, fc.nat(10), fc.nat(10)])("the width stays", (given, left, width) => {
    const base = fitted(given, 24);
    const top = fitted(line("top"), width);
    expect(widthOf(overlay(base, top, left))).toBe(24);
  });

  test("a wide character at the edge gives way to a blank", () => {
    expect(textOf(overlay(line("名名名"), line("xx"), 1))).toBe(" xx 名");
  });
});
