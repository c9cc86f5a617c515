/** Looking by keys: panes, help, notes and questions, other sizes. */
import { afterEach, expect, test } from "vitest";
import { PANE_IDS } from "../../src/view/pane.ts";
import { DeskTest } from "./desk.tsx";

let desk: DeskTest;
afterEach(() => {
  desk.close();
});

test("it opens with a card about the run, which any key closes and Esc only closes", async () => {
  desk = new DeskTest({ isQuiet: false });
  await desk.see("A small loss.");
  const { position } = desk;
  desk.press("escape");
  await desk.gone("A small loss.");
  expect(desk.position).toBe(position);
  desk.press("i", "right");
  await desk.until(() => desk.position === position + 1);
  await desk.gone("A small loss.");
});

test("a note ends a walk where it belongs, and is shown once", async () => {
  desk = new DeskTest({ isQuiet: false });
  desk.press("escape", "n", "n");
  await desk.see("All is well so far.");
  const there = desk.position;
  expect(desk.walk.branch.tape.notes[0]?.step).toBe(there);
  desk.press("escape");
  await desk.gone("All is well so far.");
  desk.press("left", "right");
  await desk.until(() => desk.position === there);
  await desk.gone("All is well so far.");
});

test("a question is answered before the answer is shown", async () => {
  desk = new DeskTest({ isQuiet: false });
  const [, question] = desk.walk.branch.tape.notes;
  desk.press("escape", "g");
  desk.type(String(question?.step));
  const asked = await desk.see("Are records acknowledged by one replica alone?");
  expect(asked).not.toContain("The smallest ISR");
  desk.press("right", "enter");
  expect(desk.position).toBe(question?.step);
  desk.press("2");
  const told = await desk.see("The smallest ISR that is allowed is one.");
  expect(told).toContain("1 is right");
  desk.press("escape");
  await desk.gone("The smallest ISR");
});

test("? shows all keys in one page at 80×24", async () => {
  desk = new DeskTest({ columns: 80, rows: 24 });
  desk.press("?");
  const page = await desk.see("one event on, back");
  for (const words of ["one event on, back", "go to a time or a step", "to where a promise breaks", "quit"]) {
    expect(page).toContain(words);
  }
  desk.press("escape");
  await desk.see("timeline");
});

test("panes are focused by number and by Tab, enlarged, hidden, and brought back", async () => {
  desk = new DeskTest();
  const { desk: state } = desk.stepper;
  for (const [index, pane] of PANE_IDS.entries()) {
    desk.press(String(index + 1));
    expect(state.view.focus).toBe(pane);
  }
  desk.press("tab");
  expect(state.view.focus).toBe(PANE_IDS[0]);
  desk.press("shift-tab");
  expect(state.view.focus).toBe(PANE_IDS.at(-1));
  desk.press("2", "z");
  await desk.until(() => !desk.screen.includes("LEO"));
  desk.press("0");
  await desk.see("LEO");
  desk.press("1", "H");
  await desk.until(() => !desk.screen.includes("LEO"));
  desk.press("1");
  await desk.see("LEO");
});

test("the timeline has three depths, and P is for a projector", async () => {
  desk = new DeskTest();
  const { desk: state } = desk.stepper;
  const details = Array.from({ length: 3 }, () => {
    desk.press("t");
    return state.view.choice.detail;
  });
  expect(details).toEqual(["partition", "everything", "story"]);
  desk.press("P");
  expect(state.view.present).toBe(true);
  desk.press("o");
  await desk.see(/partition/);
});

test("Enter on a line of the timeline goes there", async () => {
  desk = new DeskTest();
  desk.press("2", "down", "down");
  const subject = desk.stepper.desk.selected?.subject;
  expect(subject?.kind).toBe("moment");
  desk.press("enter");
  await desk.until(() => subject?.kind === "moment" && desk.position === subject.step);
});

test("another size is a screen of that size at once, and too small a one says so", async () => {
  desk = new DeskTest();
  for (const [columns, rows] of [
    [80, 24],
    [120, 40],
    [200, 60],
  ] as const) {
    desk.resize(columns, rows);
    await desk.until(() => desk.screen.split("\n").length === rows - 1);
  }
  desk.resize(30, 8);
  await desk.see("kafka-sim needs");
});
