/** Breakpoints: conditions, written as in the `when` of a fault, at which a walk is to stop. */
import { readBreakpoint } from "../view/typed.ts";
import type { Walk } from "../walk/walk.ts";
import type { Desk } from "./desk.ts";
import { menuLayer, numbered } from "./menu.ts";
import { goTo, inWords } from "./moving.ts";
import { promptLayer } from "./prompting.ts";

export type Breakpoints = Parameters<Walk["runOn"]>[0];
type Condition = Breakpoints[number];

/** With those there are, to be taken away. */
export function manageBreakpoints(desk: Desk): void {
  if (desk.breakpoints.length === 0) {
    askForBreakpoint(desk);
    return;
  }
  const entries = [
    { word: "another one…", choose: () => askForBreakpoint(desk) },
    ...desk.breakpoints.map((condition) => ({ word: `remove  ${condition.text}`, choose: () => remove(desk, condition) })),
  ];
  desk.open(menuLayer(desk, { title: "breakpoints", choices: numbered(entries) }));
}

function askForBreakpoint(desk: Desk): void {
  desk.open(
    promptLayer(desk, {
      ask: "stop when",
      hint: "as in a fault: IsrChanged · { event: IsrChanged, isr: [1] } · { message: Fetch, from: broker-2 }",
      accept: (text) => {
        if (text.trim() === "") return undefined;
        const condition = readBreakpoint(text, desk.walk);
        if (!condition.ok) return inWords(condition);
        desk.breakpoints = [...desk.breakpoints, condition.value];
        desk.say(`stops when ${condition.value.text}: c runs on to it, C back`);
        return undefined;
      },
    }),
  );
}

function remove(desk: Desk, condition: Condition): void {
  desk.breakpoints = desk.breakpoints.filter((each) => each !== condition);
  desk.say(`no longer stops when ${condition.text}`);
}

/** Where the next one comes true; `found` is told nothing if there is none. */
export function breakAhead(
  desk: Desk,
  found: (stop: { readonly step: number; readonly text: string } | undefined) => void,
): void {
  const { breakpoints, walk } = desk;
  if (breakpoints.length === 0) {
    found(undefined);
    return;
  }
  desk.travel("to the next breakpoint", walk.runOn(breakpoints), (step) => {
    found(step === undefined ? undefined : { step, text: textOf(breakpoints) });
  });
}

export function runOn(desk: Desk): void {
  if (desk.breakpoints.length === 0) {
    desk.say("there is no breakpoint: b sets one", "warning");
    return;
  }
  breakAhead(desk, (stop) => {
    if (stop === undefined) return desk.say(`further on it never comes true: ${textOf(desk.breakpoints)}`, "warning");
    goTo(desk, stop.step, "jump", () => desk.say(stop.text));
  });
}

export function runBack(desk: Desk): void {
  const { breakpoints, walk } = desk;
  if (breakpoints.length === 0) {
    desk.say("there is no breakpoint: b sets one", "warning");
    return;
  }
  desk.travel("back to a breakpoint", walk.runBack(breakpoints), (step) => {
    if (step === undefined) return desk.say(`before this it has not come true: ${textOf(breakpoints)}`, "warning");
    goTo(desk, step, "jump", () => desk.say(textOf(breakpoints)));
  });
}

function textOf(conditions: Breakpoints): string {
  return conditions.map(({ text }) => text).join(" or ");
}
