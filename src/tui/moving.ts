/** Walking: to the next step, event, change, match; to a place; and what is met on the way. */
import { parseDestination } from "../view/destination.ts";
import { type Direction, nextEntry, nextLike, searchFrom } from "../view/timeline/moves.ts";
import { mainViolation } from "../view/violation.ts";
import { describeWatched } from "../walk/watched-value.ts";
import type { Desk } from "./desk.ts";
import { noteLayer } from "./notes.ts";
import { promptLayer } from "./prompting.ts";

/** Who walks on meets what is on the way, and nothing on the way back; who jumps meets what is where he lands. */
type Gait = "walk" | "jump";

/** Goes there; a note on the way is where a walk ends. */
export function goTo(desk: Desk, step: number, gait: Gait, arrived: () => void = () => {}): void {
  const { walk } = desk;
  const from = walk.position;
  const [note] = gait === "walk" ? desk.unseenNotes(from, step) : [];
  const target = note === undefined ? step : note.step;
  desk.travel(`going to step ${target.toLocaleString("en-US")}`, walk.goTo(target), () => {
    if (gait === "jump") showNotes(desk, walk.position - 1);
    else if (walk.position > from) showNotes(desk, from);
    arrived();
  });
}

/** Those between `from`, without it, and where one stands. */
export function showNotes(desk: Desk, from: number): void {
  for (const note of [...desk.unseenNotes(from, desk.walk.position)].reverse()) {
    desk.markSeen(note);
    desk.open(noteLayer(desk, note));
  }
}

export function step(desk: Desk, direction: Direction): void {
  const { walk } = desk;
  if (direction === 1 && walk.position >= walk.end) {
    desk.say("this is the end of the run", "warning");
    return;
  }
  if (direction === -1 && walk.position <= 0) {
    desk.say("this is the start of the run", "warning");
    return;
  }
  goTo(desk, walk.position + direction, "walk");
}

export function toEntry(desk: Desk, direction: Direction): void {
  walkTo(desk, nextEntry(desk.frame, direction), "in the timeline", direction);
}

/** Like the one that is selected, or else the one here. */
export function toLike(desk: Desk, like: "node" | "partition" | "kind", direction: Direction): void {
  const subject = desk.selected?.subject;
  const node = subject !== undefined && "node" in subject ? subject.node : undefined;
  const { topic, partition } = desk.view.choice.partition;
  const where = { node: node ?? "at this node", partition: `of ${topic}-${partition}`, kind: "of this kind" }[like];
  walkTo(desk, nextLike(desk.frame, direction, like, node), where, direction);
}

function walkTo(desk: Desk, target: number | undefined, where: string, direction: Direction): void {
  if (target !== undefined) {
    goTo(desk, target, "walk");
    return;
  }
  desk.say(direction === 1 ? `nothing more happens ${where}` : `nothing has happened ${where} before`, "warning");
}

/** Of what is selected. */
export function toChange(desk: Desk, direction: Direction): void {
  const { selected, walk } = desk;
  const value = selected?.watched;
  if (value === undefined) {
    const why =
      selected === undefined ? "select what is to be watched first: 1 and ↓" : `${selected.label}: no value that changes`;
    desk.say(why, "warning");
    return;
  }
  const name = describeWatched(value);
  const journey = direction === 1 ? walk.nextChange(value) : walk.lastChange(value);
  desk.travel(`looking for the ${direction === 1 ? "next" : "last"} change of ${name}`, journey, (found) => {
    if (found === undefined) return desk.say(`${name}: no change ${direction === 1 ? "from here on" : "before this"}`, "warning");
    goTo(desk, found, "jump", () => desk.say(`${direction === 1 ? "next" : "last"} change of ${name}`));
  });
}

/** Before time 0 is the boot of the cluster: who is at time 0 and still wants back, wants to see that. */
export function toStart(desk: Desk): void {
  const { walk } = desk;
  if (walk.position <= 0) desk.say("this is the start of the run", "warning");
  else goTo(desk, walk.position > walk.start ? walk.start : 0, "jump");
}

export function toEnd(desk: Desk): void {
  const { position, end } = desk.walk;
  if (position >= end) desk.say("this is the end of the run", "warning");
  else goTo(desk, end, "jump");
}

/** The next one on this branch; behind the last one, the one that the walk is about. */
export function toViolation(desk: Desk): void {
  const { branch, position, end } = desk.walk;
  const found =
    branch.tape.violations.find((each) => each.step > position) ?? mainViolation(branch.tape, desk.walk.side.scenario);
  if (found === undefined) {
    desk.say("every promise holds on this branch", "good");
    return;
  }
  goTo(desk, Math.min(found.step, end), "jump", () => desk.say(`${found.invariant} is broken here`, "bad"));
}

/** To where this invariant is broken first. */
export function toViolationOf(desk: Desk, invariant: string): void {
  const { branch, end } = desk.walk;
  const found = branch.tape.violations.find((each) => each.invariant === invariant);
  if (found === undefined) desk.say(`${invariant} holds on this branch`, "good");
  else goTo(desk, Math.min(found.step, end), "jump", () => desk.say(`${invariant} is broken here`, "bad"));
}

export function askWhere(desk: Desk): void {
  desk.open(
    promptLayer(desk, {
      ask: "go to",
      hint: "38.118s · 17902 · +100 · -2s · violation · start · end",
      accept: (text) => {
        const destination = parseDestination(text, desk.walk);
        if (!destination.ok) return inWords(destination);
        goTo(desk, destination.value, "jump");
        return undefined;
      },
    }),
  );
}

export function inWords({ message, hint }: { readonly message: string; readonly hint?: string | undefined }): string {
  return hint === undefined ? message : `${message}: ${hint}`;
}

export function askForSearch(desk: Desk): void {
  desk.open(
    promptLayer(desk, {
      ask: "search for",
      text: desk.view.choice.search ?? "",
      hint: "in the timeline; an empty line ends the search",
      accept: (text) => {
        const search = text.trim() === "" ? undefined : text.trim();
        desk.choose({ search });
        if (search !== undefined) toMatch(desk, 1);
        return undefined;
      },
    }),
  );
}

export function toMatch(desk: Desk, direction: Direction): void {
  const { search } = desk.view.choice;
  if (search === undefined) {
    desk.say("nothing is searched for: / begins a search", "warning");
    return;
  }
  const found = searchFrom(desk.frame, search, direction);
  if (found !== undefined) goTo(desk, found, "jump");
  else desk.say(`"${search}" is not found ${direction === 1 ? "further on" : "before this"}`, "warning");
}
