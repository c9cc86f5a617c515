/** Changing what happens: to the message, the node or the client that is selected. Every change makes a branch. */
import { type Command, changesOf } from "../view/commands.ts";
import { whyFutile } from "../view/futile.ts";
import type { Item } from "../view/pane.ts";
import { endingInWords } from "../view/tree/ending.ts";
import { readDelay } from "../view/typed.ts";
import type { Branch } from "../walk/branch.ts";
import type { Journey } from "../walk/journey.ts";
import { PastChanged, type Walk } from "../walk/walk.ts";
import { readWatched } from "../walk/watched-value.ts";
import type { Desk } from "./desk.ts";
import { menuLayer, numbered } from "./menu.ts";
import { goTo, inWords, toViolationOf } from "./moving.ts";
import { promptLayer } from "./prompting.ts";

type MessageChange = Parameters<Walk["changeMessage"]>[1];
type MomentAction = Parameters<Walk["act"]>[0];

/** All that can be done with what is selected; going there, if it is a place. */
export function showMenu(desk: Desk, does: (command: Command) => void): void {
  const { selected } = desk;
  if (selected === undefined) {
    desk.say("nothing is selected: ↑ ↓ select, Tab goes to another pane", "warning");
    return;
  }
  if (selected.subject.kind === "moment") {
    goTo(desk, selected.subject.step, "jump");
    return;
  }
  if (selected.subject.kind === "invariant") {
    toViolationOf(desk, selected.subject.name);
    return;
  }
  const commands = changesOf(desk.situation);
  if (commands.length === 0) {
    desk.say(`${selected.label}: there is nothing to be done with it`, "warning");
    return;
  }
  const choices = commands.map((command) => ({ key: command.keys[0], word: command.word, choose: () => does(command) }));
  desk.open(menuLayer(desk, { title: selected.label, choices }));
}

export function changeMessage(desk: Desk, change: MessageChange): void {
  const subject = desk.selected?.subject;
  if (subject?.kind !== "message") {
    desk.say("select a message under way first", "warning");
    return;
  }
  branchOff(desk, desk.walk.changeMessage(subject.delivery, change), "go back to where it was sent");
}

export function release(desk: Desk): void {
  const subject = desk.selected?.subject;
  if (subject?.kind === "message") act(desk, { do: "release", delivery: subject.delivery });
}

export function delay(desk: Desk): void {
  desk.open(
    promptLayer(desk, {
      ask: "delay by",
      text: "1s",
      hint: "10ms · 1s · 2m",
      accept: (text) => {
        const duration = readDelay(text);
        if (!duration.ok) return inWords(duration);
        changeMessage(desk, { do: "delay", byUs: duration.value });
        return undefined;
      },
    }),
  );
}

type NodeDeed = "crash" | "power-loss" | "restart" | "isolate" | "stop" | "produce";

export function actOnNode(desk: Desk, deed: NodeDeed): void {
  const node = nodeOf(desk.selected);
  if (node !== undefined) act(desk, { do: deed, node });
}

export function pauseOrResume(desk: Desk): void {
  const node = nodeOf(desk.selected);
  if (node === undefined) return;
  const isPaused = readWatched(desk.walk.simulation, { what: "state", node }) === "paused";
  act(desk, { do: isPaused ? "resume" : "pause", node });
}

export function heal(desk: Desk): void {
  const subject = desk.selected?.subject;
  const node = subject?.kind === "cut" ? subject.a : nodeOf(desk.selected);
  if (node !== undefined) act(desk, { do: "heal", node });
}

/** From whom, is asked. */
export function cut(desk: Desk): void {
  const node = nodeOf(desk.selected);
  if (node === undefined) return;
  const others = [...desk.walk.simulation.world.nodes()].map(({ name }) => name).filter((name) => name !== node);
  const entries = others.map((from) => ({ word: from, choose: () => act(desk, { do: "cut", node, from }) }));
  desk.open(menuLayer(desk, { title: `cut ${node} off from`, choices: numbered(entries) }));
}

function nodeOf(item: Item | undefined): string | undefined {
  return item !== undefined && "node" in item.subject ? item.subject.node : undefined;
}

function act(desk: Desk, action: MomentAction): void {
  const { simulation, unchangeable } = desk.walk;
  const futile = unchangeable ?? whyFutile(simulation, action);
  if (futile !== undefined) {
    desk.say(futile, "warning");
    return;
  }
  branchOff(desk, desk.walk.act(action), "go back a step");
}

/** `instead`: what one can do where the past is in the way. */
function branchOff(desk: Desk, journey: Journey<Branch>, instead: string): void {
  const { unchangeable } = desk.walk;
  if (unchangeable !== undefined) {
    desk.say(unchangeable, "warning");
    return;
  }
  desk.travel("a new branch is played to its end", unlessPast(journey), (branch) => {
    if (branch instanceof PastChanged) {
      desk.say(`${branch.message}; ${instead}`, "warning");
      return;
    }
    desk.say(
      `new branch: ${branch.name} → ${endingInWords(branch, desk.walk.side.scenario)}`,
      branch.ending.violated.length > 0 ? "bad" : "good",
    );
  });
}

function* unlessPast(journey: Journey<Branch>): Journey<Branch | PastChanged> {
  try {
    return yield* journey;
  } catch (error) {
    if (error instanceof PastChanged) return error;
    throw error;
  }
}
