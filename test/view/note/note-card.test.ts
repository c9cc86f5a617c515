/** Notes and questions. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { textOf } from "../../../src/view/fitting.ts";
import { widthOf } from "../../../src/view/line.ts";
import { noteLines } from "../../../src/view/note/note-card.ts";
import type { TapeNote } from "../../../src/walk/tape.ts";

const question = {
  ask: "Will the next record with acks=all be acknowledged?",
  choices: ["yes: all of the ISR is one broker", "no: there must be two"],
  answer: 0,
  because: "min.insync.replicas is 1 here, so that an ISR of one is enough.",
};
const note: TapeNote["note"] = {
  condition: { kind: "start" },
  nth: 1,
  say: "Here the ISR shrinks to one: both followers have been cut off for longer than replica.lag.time.max.ms.",
  question,
  side: undefined,
  source: "x.yaml:1:1",
};

function told(answered?: number, height = 20, width = 60, of = note): string {
  return noteLines(of, answered, { width, height })
    .map((line) => textOf(line).trimEnd())
    .join("\n");
}

describe("a question", () => {
  test("numbers its choices, and keeps the answer to itself", async () => {
    const text = told();
    expect(text).not.toContain(question.because);
    expect(text).not.toContain("✓");
    await expect(text).toMatchFileSnapshot("question.txt");
  });

  test("once answered says whether it is so, which one is right, and why", async () => {
    expect(told(0)).toContain("✓ right");
    const wrong = told(1);
    expect(wrong).toContain("✗ no: 1 is right");
    expect(wrong).toMatch(/✓ 1 yes/);
    expect(wrong).toMatch(/✗ 2 no: there must be two {1,2}\(your answer\)/);
    await expect(wrong).toMatchFileSnapshot("answered.txt");
  });

  test("in a low room gives up what is said before what is asked, and after the answer keeps the reason", () => {
    expect(told(undefined, 3)).toContain("1 yes");
    expect(told(1, 3)).toContain("✗ no: 1 is right");
    expect(told(1, 3)).toContain("min.insync.replicas");
    expect(told(1, 3)).not.toContain("Here the ISR");
  });
});

test("a note is read and closed", () => {
  const text = told(undefined, 20, 40, { ...note, question: undefined });
  expect(text).toContain("Here the ISR shrinks to one:");
  expect(text.split("\n").at(-1)).toBe("Enter close");
});

test("control characters of a scenario do not reach the terminal", () => {
  expect(told(undefined, 20, 60, { ...note, say: "a\u001b[2Jb" })).not.toContain("\u001b");
});

test.prop([
  fc.integer({ min: 0, max: 100 }),
  fc.integer({ min: 0, max: 30 }),
  fc.option(fc.nat(1), { nil: undefined }),
  fc.string(),
  fc.string(),
])("whatever is said and asked, the room is not exceeded", (width, height, answered, say, ask) => {
  const lines = noteLines({ ...note, say, question: { ...question, ask, choices: [ask, "漢字漢字漢字", say] } }, answered, {
    width,
    height,
  });
  expect(lines.length).toBeLessThanOrEqual(width === 0 ? 0 : height);
  for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
});
