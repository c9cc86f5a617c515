/** Recordings. */
import { describe, expect, test } from "vitest";
import { asciicast, type Still } from "../../src/view/asciicast.ts";
import { line, widthOf } from "../../src/view/line.ts";
import { openingView } from "../../src/view/opening.ts";
import { Palette } from "../../src/view/palette.ts";
import { storyStills } from "../../src/view/story-stills.ts";
import { bundledWalk } from "./walks.ts";

const OPTIONS = { title: "Leader crash · seed 1", width: 20, height: 3, palette: new Palette("text") };

function eventsOf(stills: readonly Still[]): [number, string, string][] {
  return [...asciicast(stills, OPTIONS)].slice(1).map((each) => JSON.parse(each));
}

describe("a recording", () => {
  const stills = [
    { lines: [line("one"), line("two")], seconds: 1.5 },
    { lines: [line("one"), line("three")], seconds: 0.25 },
  ];

  test("begins with what asciicast version 2 asks for, and knows no date", () => {
    const [header] = [...asciicast(stills, OPTIONS)];
    expect(JSON.parse(header as string)).toEqual({
      version: 2,
      width: 20,
      height: 3,
      title: "Leader crash · seed 1",
      env: { TERM: "xterm-256color" },
    });
  });

  test("writes a whole screen first, then only the lines that change, each at its time", () => {
    expect(eventsOf(stills)).toEqual([
      [0, "o", "\u001b[?25l\u001b[2J\u001b[H\u001b[1;1Hone\u001b[2;1Htwo"],
      [1.5, "o", "\u001b[2;1Hthree"],
      [1.75, "o", "\u001b[?25h"],
    ]);
  });
});

describe("a walk over the story", () => {
  const walk = () => bundledWalk("museum/replication/kip-966-last-replica-standing");
  const size = { width: 100, height: 30 };
  const stillsAt = (speed: number): Still[] => [
    ...storyStills({ walk: walk(), view: openingView(walk()), size, speed, command: "kafka-sim step x" }),
  ];

  test("has a screen for what it is about, for every step that is told of, and for the end", () => {
    const { tape } = walk().branch;
    const told = new Set(tape.story.map(({ step }) => step).filter((step) => step > walk().start));
    const stills = stillsAt(1);
    expect(stills.length).toBe(told.size + (told.has(walk().end) ? 2 : 3));
    for (const { lines } of stills) {
      expect(lines.length).toBe(30);
      for (const each of lines) expect(widthOf(each)).toBe(100);
    }
    expect(Math.max(...stills.map(({ seconds }) => seconds))).toBeLessThanOrEqual(6);
  });

  test("is the same every time, and twice as fast in half the time", () => {
    const [once, again] = [stillsAt(1), stillsAt(1)];
    expect([...asciicast(once, OPTIONS)]).toEqual([...asciicast(again, OPTIONS)]);
    const total = (stills: readonly Still[]): number => stills.reduce((sum, { seconds }) => sum + seconds, 0);
    expect(total(stillsAt(2))).toBeCloseTo(total(once) / 2);
  });
});
