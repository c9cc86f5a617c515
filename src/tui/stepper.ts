/**
 * A walk that hears keys and can be seen: the whole program without a terminal. What each command does stands in the file of its verb; this one
 * decides who gets a key: what is under way, what lies on top, or the table of commands.
 */
import { type Command, type CommandId, commandFor, doesApply } from "../view/commands.ts";
import type { ColourDepth } from "../view/palette.ts";
import { PANE_IDS } from "../view/pane.ts";
import { compare, showTree } from "./branching.ts";
import { manageBreakpoints, runBack, runOn } from "./breaking.ts";
import { actOnNode, changeMessage, cut, delay, heal, pauseOrResume, release, showMenu } from "./changing.ts";
import { Desk, type DeskOptions } from "./desk.ts";
import { changeDetail, choosePartition, enlarge, focus, focusNext, hide, present, select, showAll, unselect } from "./looking.ts";
import {
  askForSearch,
  askWhere,
  showNotes,
  step,
  toChange,
  toEnd,
  toEntry,
  toLike,
  toMatch,
  toStart,
  toViolation,
} from "./moving.ts";
import { showAbout, showHelp } from "./notes.ts";
import { changeSpeed, pause, playOrPause } from "./playing.ts";
import { quit, STATUS_OF_CTRL_C } from "./quitting.ts";
import { saveHere } from "./saving.ts";
import { ScreenPainter } from "./screen-painter.ts";
import type { Shown } from "./shown.ts";

/** Keys that come while something is under way wait for it; more than these are a cat on the keyboard. */
const WAITING_KEYS_MAX = 64;

export interface StepperOptions extends DeskOptions {
  readonly depth: ColourDepth;
  /** Ctrl-Z. */
  readonly suspend: () => void;
}

export class Stepper implements Shown {
  readonly desk: Desk;
  private readonly painter: ScreenPainter;
  private readonly suspend: () => void;
  private waiting: string[] = [];

  constructor({ depth, suspend, ...options }: StepperOptions) {
    this.desk = new Desk(options, { pass: (key) => this.handle(key), settled: () => this.goOn() });
    this.painter = new ScreenPainter(this.desk, depth);
    this.suspend = suspend;
  }

  /** What it is about, and what there is to say where one stands. */
  open(message: string | undefined): void {
    const { desk } = this;
    if (message !== undefined) desk.say(message, "bad");
    showNotes(desk, desk.walk.position - 1);
    showAbout(desk);
    desk.changed();
  }

  /** Nothing moves by itself any more. */
  close(): void {
    this.desk.driver.stop();
    this.desk.playback?.end();
  }

  paint(columns: number, rows: number): readonly string[] {
    return this.painter.paint(columns, rows);
  }

  subscribe(listener: () => void): () => void {
    return this.desk.subscribe(listener);
  }

  press(key: string): void {
    if (key === "ctrl-z") {
      this.suspend();
      return;
    }
    if (this.desk.driver.travel === undefined) this.handle(key);
    else if (key === "escape" || key === "ctrl-c") this.interrupt();
    else {
      if (this.waiting.length < WAITING_KEYS_MAX) this.waiting.push(key);
      return;
    }
    this.desk.changed();
  }

  private handle(key: string): void {
    const { desk } = this;
    const { layer } = desk;
    if (layer !== undefined) {
      layer.press(key);
      return;
    }
    desk.message = undefined;
    if (key === "ctrl-c") {
      quit(desk, STATUS_OF_CTRL_C);
      return;
    }
    const command = commandFor(key);
    if (command === undefined) {
      desk.say(`${key} does nothing: ? shows all keys`, "warning");
      return;
    }
    this.does(command);
  }

  private does(command: Command): void {
    const { desk } = this;
    const { id } = command;
    if (desk.playback !== undefined && !WHILE_PLAYING.includes(id)) pause(desk, "paused");
    if (id === "act") {
      showMenu(desk, (chosen) => this.does(chosen));
      return;
    }
    const reason = doesApply(command, desk.situation) ? undefined : REASONS[id];
    if (reason !== undefined) desk.say(reason, "warning");
    else DEEDS[id](desk);
  }

  private interrupt(): void {
    const { desk } = this;
    this.waiting = [];
    desk.driver.stop();
    pause(desk, "stopped");
    desk.say("stopped");
  }

  /** Keys that were pressed meanwhile have their turn. */
  private goOn(): void {
    while (this.waiting.length > 0 && this.desk.driver.travel === undefined) this.handle(this.waiting.shift() as string);
  }
}

/** What looks only, or is about playing. */
const WHILE_PLAYING: readonly CommandId[] = [
  "play",
  "faster",
  "slower",
  "present",
  "enlarge",
  "hide",
  "all-panes",
  "focus-on",
  "focus-back",
  ...([1, 2, 3, 4, 5, 6, 7] as const).map((number) => `focus-${number}` as const),
];

const NO_MESSAGE = "select a message under way first: 3 and ↓";
const NO_HELD = "select a message that is held";
const NO_NODE = "select a server or a client first: 4 or 5, and ↓";
/** Why a command does not apply. Those that are not here say so themselves. */
const REASONS: Readonly<Partial<Record<CommandId, string>>> = {
  drop: NO_MESSAGE,
  duplicate: NO_MESSAGE,
  delay: NO_MESSAGE,
  hold: NO_MESSAGE,
  release: NO_HELD,
  crash: NO_NODE,
  "power-loss": NO_NODE,
  "pause-node": NO_NODE,
  restart: NO_NODE,
  cut: NO_NODE,
  isolate: NO_NODE,
  heal: NO_NODE,
  produce: "select a producer first: 5 and ↓",
  stop: "select a client first: 5 and ↓",
  faster: "space begins to play",
  slower: "space begins to play",
};

type Deed = (desk: Desk) => void;

const DEEDS: Readonly<Record<Exclude<CommandId, "act">, Deed>> & Readonly<Record<string, Deed>> = {
  "event-on": (desk) => step(desk, 1),
  "event-back": (desk) => step(desk, -1),
  "domain-event-on": (desk) => toEntry(desk, 1),
  "domain-event-back": (desk) => toEntry(desk, -1),
  "node-event-on": (desk) => toLike(desk, "node", 1),
  "node-event-back": (desk) => toLike(desk, "node", -1),
  "partition-event-on": (desk) => toLike(desk, "partition", 1),
  "partition-event-back": (desk) => toLike(desk, "partition", -1),
  "kind-event-on": (desk) => toLike(desk, "kind", 1),
  "kind-event-back": (desk) => toLike(desk, "kind", -1),
  "change-back": (desk) => toChange(desk, -1),
  "change-on": (desk) => toChange(desk, 1),
  "go-to": askWhere,
  "to-violation": toViolation,
  "to-start": toStart,
  "to-end": toEnd,
  play: playOrPause,
  faster: (desk) => changeSpeed(desk, 1),
  slower: (desk) => changeSpeed(desk, -1),
  search: askForSearch,
  "match-on": (desk) => toMatch(desk, 1),
  "match-back": (desk) => toMatch(desk, -1),
  breakpoint: manageBreakpoints,
  "run-on": runOn,
  "run-back": runBack,
  drop: (desk) => changeMessage(desk, { do: "drop" }),
  duplicate: (desk) => changeMessage(desk, { do: "duplicate" }),
  delay,
  hold: (desk) => changeMessage(desk, { do: "hold" }),
  release,
  crash: (desk) => actOnNode(desk, "crash"),
  "power-loss": (desk) => actOnNode(desk, "power-loss"),
  "pause-node": pauseOrResume,
  restart: (desk) => actOnNode(desk, "restart"),
  cut,
  isolate: (desk) => actOnNode(desk, "isolate"),
  heal,
  produce: (desk) => actOnNode(desk, "produce"),
  stop: (desk) => actOnNode(desk, "stop"),
  tree: showTree,
  compare,
  save: saveHere,
  "focus-on": (desk) => focusNext(desk, 1),
  "focus-back": (desk) => focusNext(desk, -1),
  ...Object.fromEntries(PANE_IDS.map((pane, index) => [`focus-${index + 1}`, (desk: Desk) => focus(desk, pane)])),
  "select-up": (desk) => select(desk, -1),
  "select-down": (desk) => select(desk, 1),
  enlarge,
  hide,
  "all-panes": showAll,
  partition: choosePartition,
  detail: changeDetail,
  present,
  about: showAbout,
  help: showHelp,
  close: (desk) => {
    if (!unselect(desk) && desk.view.enlarged !== undefined) showAll(desk);
  },
  quit: (desk) => quit(desk, 0),
} as Record<Exclude<CommandId, "act">, Deed>;
