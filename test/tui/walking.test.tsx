/** Walking by keys: every way of moving leads where it says, and shows it. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { DeskTest } from "./desk.tsx";

let desk: DeskTest;
beforeEach(() => {
  desk = new DeskTest();
});
afterEach(() => {
  desk.close();
});

test("→ goes one event on, ← one back, and the first line says where", async () => {
  const { position } = desk;
  desk.press("right", "right", "left");
  await desk.until(() => desk.position === position + 1);
  await desk.see(new RegExp(`step +${position + 1} of`));
});

test("keys that arrive in one piece are all heard", async () => {
  const { position } = desk;
  desk.paste("\u001b[C".repeat(20));
  await desk.until(() => desk.position === position + 20);
});

test("n goes to the next line of the timeline, p to the one before", async () => {
  const { story } = desk.walk.branch.tape;
  const { position } = desk;
  const [first, second] = [...new Set(story.map(({ step }) => step).filter((step) => step > position))] as [number, number];
  desk.press("n", "n");
  await desk.until(() => desk.position === second);
  desk.press("p");
  await desk.until(() => desk.position === first);
});

test("End and Home lead to the end and to time 0, and once more to the first step", async () => {
  const { position, walk } = desk;
  desk.press("end");
  await desk.until(() => desk.position === walk.end);
  desk.press("right");
  await desk.see("this is the end of the run");
  desk.press("home");
  await desk.until(() => desk.position === position);
  desk.press("home");
  await desk.until(() => desk.position === 0);
  desk.press("left");
  await desk.see("this is the start of the run");
});

test("v goes to the broken promise and says which", async () => {
  desk.press("v");
  const [violation] = desk.walk.branch.tape.violations;
  await desk.see(`${violation?.invariant} is broken here`);
  expect(desk.position).toBe(violation?.step);
});

test("g takes a step, a time, a distance, and says what is wrong with anything else", async () => {
  desk.press("g");
  desk.type("400");
  await desk.until(() => desk.position === 400);
  desk.press("g");
  desk.type("+100");
  await desk.until(() => desk.position === 500);
  desk.press("g");
  desk.type("3s");
  await desk.see(/\b(2\.9\d\d|3\.000) s/);
  desk.press("g");
  desk.type("nowhere");
  await desk.see("is no place in the run");
  desk.press("escape");
  await desk.gone("go to:");
});

test("a prompt can be corrected, and takes what is pasted", async () => {
  desk.press("g");
  desk.paste("99");
  desk.press("backspace", "backspace");
  desk.paste("1200");
  await desk.see("go to: 1200");
  desk.press("left", "backspace", "enter");
  await desk.until(() => desk.position === 120);
});

test("[ and ] stay at one node, { and } at one partition, ( and ) with one kind", async () => {
  const { walk } = desk;
  const { tape } = walk.branch;
  desk.press("n");
  await desk.until(() => desk.position > walk.start);
  const node = tape.nodeOf(desk.position);
  const before = desk.position;
  desk.press("]");
  await desk.until(() => desk.position > before);
  expect(tape.eventsOf(desk.position).some((each) => each.node === node)).toBe(true);
  const kinds = tape.eventsOf(desk.position).map(({ event }) => event.kind);
  const atKind = desk.position;
  desk.press(")");
  await desk.until(() => desk.position > atKind);
  expect(tape.eventsOf(desk.position).map(({ event }) => event.kind)).toContain(kinds.at(-1));
  desk.press("(");
  await desk.until(() => desk.position === atKind);
  const atPartition = desk.position;
  desk.press("}");
  await desk.until(() => desk.position > atPartition);
  desk.press("{", "[");
  await desk.until(() => desk.position < atPartition);
});

test("/ finds a line of the timeline, . and , the next and the last one", async () => {
  const { story } = desk.walk.branch.tape;
  const isr = story.filter(({ text, step }) => text.includes("ISR") && step > desk.position).map(({ step }) => step);
  expect(isr.length).toBeGreaterThan(0);
  desk.press("/");
  desk.type("isr");
  await desk.until(() => desk.position === isr[0]);
  desk.press("/", "ctrl-u");
  desk.type("no such thing");
  await desk.see('"no such thing" is not found further on');
});

test("a breakpoint in the language of `when` stops a run on and a run back; a mistake is shown where it is typed", async () => {
  desk.press("b");
  desk.type("IsrChnaged");
  await desk.see("IsrChanged");
  expect(desk.screen).toContain("stop when:");
  desk.press("ctrl-u");
  desk.type("{ event: IsrChanged, isr: [1] }");
  await desk.see("c runs on to it");
  const shrunk = desk.walk.branch.tape.events.find(({ event }) => event.kind === "IsrChanged" && isIsr(event, [1]));
  desk.press("c");
  await desk.until(() => desk.position === shrunk?.step);
  desk.press("end", "C");
  await desk.until(() => desk.position === shrunk?.step);
  desk.press("b");
  await desk.see("another one…");
  desk.press("2");
  await desk.see("no longer stops");
  desk.press("c");
  await desk.see("there is no breakpoint");
});

function isIsr(event: object, wanted: readonly number[]): boolean {
  return String((event as { isr?: readonly number[] }).isr) === String(wanted);
}

test("r goes back to the last change of what is selected", async () => {
  desk.press("end", "1", "down");
  await desk.until(() => desk.stepper.desk.selected?.watched !== undefined);
  desk.press("r");
  await desk.see("last change of");
  await desk.until(() => desk.position < desk.walk.end);
});

test("space plays on by itself until a promise breaks, and Esc stops what takes long", async () => {
  desk.press("v");
  const [violation] = desk.walk.branch.tape.violations;
  await desk.until(() => desk.position === violation?.step);
  desk.press("g");
  desk.type("-3");
  await desk.until(() => desk.position === (violation?.step as number) - 3);
  desk.press("space", "+", "+", "+", "+");
  await desk.see(`paused: ${violation?.invariant} is broken here`);
  expect(desk.position).toBe(violation?.step);
});

test("space pauses what it began", async () => {
  desk.press("space");
  await desk.see("playing");
  desk.press("space");
  await desk.see("paused");
});
