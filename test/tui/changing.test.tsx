/** Changing the past by keys: every change makes a branch, branches are walked, compared, pruned and saved, and none is lost without a question. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { runSide, sidesOf } from "../../src/run/run-scenario.ts";
import { parseScenario } from "../../src/scenario/loader.ts";
import { DeskTest } from "./desk.tsx";

let desk: DeskTest;
beforeEach(() => {
  desk = new DeskTest();
});
afterEach(() => {
  desk.close();
});

/** Selects something in a pane whose label is like this. */
function select(pane: string, label: RegExp): void {
  desk.press(pane);
  for (let tries = 0; tries < 40; tries++) {
    desk.press("down");
    if (label.test(desk.stepper.desk.selected?.label ?? "")) return;
  }
  throw new Error(`nothing like ${label} can be selected:\n${desk.screen}`);
}

async function crash(): Promise<void> {
  select("4", /broker-2/);
  desk.press("k");
  await desk.see("new branch: broker-2 crashed");
}

test("what can be done with a thing stands in its menu, each with its key", async () => {
  select("4", /broker-2/);
  desk.press("enter");
  const menu = await desk.see("power loss");
  expect(menu).toContain("crash");
  expect(menu).toContain("isolate");
  desk.press("k");
  await desk.see("new branch: broker-2 crashed");
  expect(desk.walk.branches.map(({ name }) => name)).toEqual(["main", "broker-2 crashed"]);
  expect(desk.walk.branch.name).toBe("broker-2 crashed");
});

test("a message is dropped, delayed by as long as one says, held and released", async () => {
  desk.press("g");
  desk.type("2s");
  await desk.until(() => desk.walk.position > desk.walk.start);
  select("3", /#/);
  desk.press("d");
  await desk.see(/new branch: .* dropped/);
  select("3", /#/);
  desk.press("y");
  await desk.see("delay by: 1s");
  desk.press("ctrl-u");
  desk.type("5 parsecs");
  await desk.see("delay by: 5 parsecs");
  desk.press("ctrl-u");
  desk.type("250ms");
  await desk.see(/new branch: .* delayed by 250 ms/);
  select("3", /#/);
  desk.press("a");
  await desk.see(/new branch: .* held/);
  const held = desk.stepper.desk.items.findIndex(({ subject }) => subject.kind === "message" && subject.isHeld);
  expect(held).toBeGreaterThanOrEqual(0);
  const { desk: state } = desk.stepper;
  for (let tries = 0; tries < 40; tries++) {
    const subject = state.selected?.subject;
    if (subject?.kind === "message" && subject.isHeld) break;
    desk.press("up");
  }
  desk.press("u");
  await desk.see(/new branch: .* released/);
});

test("a cut asks from whom", async () => {
  select("4", /broker-1/);
  desk.press("x");
  await desk.see("cut broker-1 off from");
  desk.press("1");
  await desk.see("new branch: broker-1 cut off from");
});

test("keys that need something selected say so", async () => {
  desk.press("d");
  await desk.see("select a message under way first");
  desk.press("k");
  await desk.see("select a server or a client first");
  desk.press("enter");
  await desk.see("nothing is selected");
  desk.press("Q");
  await desk.see("Q does nothing");
});

test("before time 0 nothing can be changed", async () => {
  desk.press("home");
  await desk.until(() => desk.position === 0);
  select("4", /broker-2/);
  desk.press("k");
  await desk.see("changes begin at time 0");
  expect(desk.walk.branches).toHaveLength(1);
});

test("the tree is walked, and pruned after a question", async () => {
  desk.press("T");
  await desk.see("this is the only branch");
  await crash();
  desk.press("T");
  const tree = await desk.see("branches");
  expect(tree).toContain("└ broker-2 crashed");
  desk.press("d");
  await desk.see("this leads to where you stand");
  desk.press("up", "enter");
  await desk.see("on branch main");
  expect(desk.walk.branch.name).toBe("main");
  desk.press("T", "down", "d");
  await desk.see("prune broker-2 crashed, 1 of them not saved?");
  desk.press("n");
  expect(desk.walk.branches).toHaveLength(2);
  desk.press("d", "y");
  await desk.until(() => desk.walk.branches.length === 1);
});

test("two branches stand side by side from where they part", async () => {
  await crash();
  desk.press("m");
  const compared = await desk.see("two branches");
  expect(compared).toContain("broker-2 crash");
  desk.press("escape");
  await desk.gone("two branches");
});

test("a branch is saved where one says, never over a file without a question, and runs as it was", async () => {
  await crash();
  desk.write("mine.yaml", "precious");
  desk.press("S");
  await desk.see("save as: loss-branch-2.yaml");
  desk.press("ctrl-u");
  desk.type("mine.yaml");
  await desk.see("mine.yaml is there already");
  desk.press("n");
  await desk.see("save as: loss-branch-2.yaml");
  desk.press("ctrl-u");
  desk.type("forbidden.yaml");
  await desk.see("this may not be written");
  desk.press("escape");
  expect(desk.read("mine.yaml")).toBe("precious");
  desk.press("S");
  desk.press("enter");
  await desk.see("saved: kafka-sim run loss-branch-2.yaml");
  expect(desk.walk.branch.saved).toBe(true);
  const [side] = sidesOf(parseScenario(desk.read("loss-branch-2.yaml"), "loss-branch-2.yaml"));
  expect(side && runSide(side, desk.walk.seed).traceHash).toBe(desk.walk.branch.ending.traceHash);
  desk.press("S");
  await desk.see("this branch is saved");
  desk.press("q");
  expect(desk.statuses).toEqual([0]);
});

test("q asks before it leaves branches behind: they are saved, discarded, or one stays", async () => {
  await crash();
  desk.press("q");
  await desk.see("one branch is not saved");
  desk.press("n");
  expect(desk.statuses).toEqual([]);
  desk.press("ctrl-c");
  await desk.see("one branch is not saved");
  desk.press("d");
  expect(desk.statuses).toEqual([130]);
  desk.press("ctrl-c", "ctrl-c");
  expect(desk.statuses).toEqual([130, 130]);
  // What lies on top is no reason to stay.
  for (const [index, key] of ["i", "?", "T"].entries()) {
    desk.press(key, "ctrl-c");
    await desk.see("one branch is not saved");
    desk.press("d");
    expect(desk.statuses.length).toBe(3 + index);
  }
  desk.press("q", "s");
  await desk.until(() => desk.statuses.length === 6);
  expect(desk.read("loss-branch-2.yaml")).toContain("broker-2");
});

test("q leaves at once where there is nothing to lose", () => {
  desk.press("q");
  expect(desk.statuses).toEqual([0]);
});
