/** A key that can't do anything here says why, and a question says which keys it takes. */
import { afterEach, expect, test } from "vitest";
import { DeskTest } from "./desk.tsx";

let desk: DeskTest;
afterEach(() => {
  desk.close();
});

test("an open question tells which keys it takes, and any other key is answered with them", async () => {
  desk = new DeskTest({ isQuiet: false });
  const [, question] = desk.walk.branch.tape.notes;
  desk.press("escape", "g");
  desk.type(String(question?.step));
  desk.press("enter");
  await desk.see("Are records acknowledged");
  await desk.see("a question is open: 1–2 answer, Esc leaves it");
  desk.press("right");
  await desk.see("! a question is open: 1–2 answer, Esc leaves it");
  expect(desk.position).toBe(question?.step);
  desk.press("1");
  await desk.see("✓ right");
  await desk.gone("a question is open");
});

test("what leads nowhere, and what would change nothing, is answered in words", async () => {
  desk = new DeskTest();
  desk.press("r");
  await desk.see("! select what is to be watched first: 1 and ↓");
  desk.press("0");
  await desk.see("! every pane is shown");
  desk.press("end");
  await desk.until(() => desk.position === desk.walk.end);
  desk.press("end");
  await desk.see("! this is the end of the run");
  desk.press("home", "home");
  await desk.until(() => desk.position === 0);
  desk.press("home");
  await desk.see("! this is the start of the run");
});

test("what would change nothing makes no branch, and is told why", async () => {
  desk = new DeskTest();
  desk.press("4", "down", "e");
  await desk.see("! nothing would change: broker-1 is running");
  desk.press("j");
  await desk.see("! nothing to heal: no link of broker-1 is cut, clogged or slow");
  expect(desk.walk.branches).toHaveLength(1);
});

test("what is selected has its own keys first in the last line", async () => {
  desk = new DeskTest({ columns: 80, rows: 24 });
  await desk.see("→ step  ← back");
  desk.press("4", "down");
  await desk.see("Enter do…  j heal  k crash");
  desk.press("1", "down");
  await desk.see("r last change  R next change");
  desk.press("2", "down");
  await desk.see("Enter go there");
});

test("the page of all keys has room for the marks of the lanes at 80×24", async () => {
  desk = new DeskTest({ columns: 80, rows: 24 });
  desk.press("?");
  const page = await desk.see("high watermark");
  for (const words of ["log end", "unflushed", "cut off", "close what lies on top"]) expect(page).toContain(words);
});
