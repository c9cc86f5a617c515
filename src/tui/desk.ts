/**
 * All that a walk on the screen consists of, but its keys: the walk, how somebody looks at it, what lies over the panes, what is under
 * way. The verbs (`moving.ts`, `changing.ts`, …) work on it; whoever draws it is told when there is something new to be seen.
 */
import type { Situation } from "../view/commands.ts";
import { type Frame, frameOf } from "../view/frame.ts";
import { type Looks, lookAt } from "../view/look.ts";
import type { Item } from "../view/pane.ts";
import { PANES } from "../view/panes.ts";
import type { Message } from "../view/screen/bottom-line.ts";
import { selectedItem, situationOf } from "../view/situation.ts";
import type { Choice, ViewState } from "../view/view-state.ts";
import type { Branch } from "../walk/branch.ts";
import type { Journey } from "../walk/journey.ts";
import type { TapeNote } from "../walk/tape.ts";
import type { Walk } from "../walk/walk.ts";
import type { Breakpoints } from "./breaking.ts";
import { Driver } from "./driver.ts";
import type { Layer } from "./layer.ts";
import type { Playback } from "./playing.ts";

/** Where branches are written to. */
export interface BranchFiles {
  /** A name that no file has yet. */
  proposedFor(branch: Branch): string;
  /** A file that is there stays as it is, unless it may be replaced. */
  save(walk: Walk, branch: Branch, path: string, mayReplace: boolean): SaveAnswer;
  /** What to type to run it. */
  commandFor(path: string): string;
}

export type SaveAnswer =
  | { readonly kind: "saved" }
  | { readonly kind: "exists" }
  /** In words. */
  | { readonly kind: "refused"; readonly why: string };

export interface DeskOptions {
  readonly walk: Walk;
  readonly view: ViewState;
  readonly files: BranchFiles;
  /** Called when the walk is over. */
  readonly onQuit: (status: number) => void;
}

/** What the keyboard does for the desk. */
export interface Keyboard {
  /** A key that is meant for what lies below. */
  pass(key: string): void;
  /** Nothing is under way any more. */
  settled(): void;
}

export class Desk {
  readonly walk: Walk;
  readonly files: BranchFiles;
  readonly driver: Driver;
  readonly quit: (status: number) => void;
  view: ViewState;
  message: Message | undefined;
  playback: Playback | undefined;
  breakpoints: Breakpoints = [];
  private readonly keyboard: Keyboard;
  /** Topmost last. */
  private layers: readonly Layer[] = [];
  /** Notes are shown once. */
  private readonly seen = new Set<TapeNote["note"]>();
  private readonly listeners = new Set<() => void>();
  private looked: { readonly frame: Frame; readonly looks: Looks } | undefined;

  constructor({ walk, view, files, onQuit }: DeskOptions, keyboard: Keyboard) {
    this.walk = walk;
    this.view = view;
    this.files = files;
    this.quit = onQuit;
    this.keyboard = keyboard;
    this.driver = new Driver(() => this.changed());
  }

  // ---- what is seen ----

  get frame(): Frame {
    return this.look().frame;
  }

  get looks(): Looks {
    return this.look().looks;
  }

  /** Of the moment where one stands: what panes have made of it is kept as long as it is the same. */
  private look(): { readonly frame: Frame; readonly looks: Looks } {
    const { looked, walk, view } = this;
    const isSame =
      looked?.frame.position === walk.position &&
      looked.frame.simulation === walk.simulation &&
      looked.frame.branch === walk.branch &&
      looked.frame.choice === view.choice;
    if (looked !== undefined && isSame) return looked;
    const frame = frameOf(walk, view.choice);
    this.looked = { frame, looks: lookAt(frame, PANES) };
    return this.looked;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.listeners) listener();
  }

  say(text: string, tone: Message["tone"] = "plain"): void {
    this.message = { text, tone };
  }

  // ---- what is selected ----

  choose(choice: Partial<Choice>): void {
    this.view = { ...this.view, choice: { ...this.view.choice, ...choice } };
  }

  /** What can be selected in the focused pane. */
  get items(): readonly Item[] {
    return this.looks.get(this.view.focus)?.items ?? [];
  }

  get selected(): Item | undefined {
    return selectedItem(this.looks, this.view);
  }

  get situation(): Situation {
    const activity = { isPlaying: this.playback !== undefined, breakpoints: this.breakpoints.length };
    return situationOf(this.frame, this.looks, this.view, activity);
  }

  // ---- what lies over the panes ----

  get layer(): Layer | undefined {
    return this.layers.at(-1);
  }

  open(layer: Layer): void {
    this.layers = [...this.layers, layer];
  }

  close(layer: Layer): void {
    this.layers = this.layers.filter((each) => each !== layer);
  }

  pass(key: string): void {
    this.keyboard.pass(key);
  }

  /** Notes that belong to steps behind `from`, up to `to`, and have not been shown. */
  unseenNotes(from: number, to: number): readonly TapeNote[] {
    return this.walk.branch.tape.notes.filter(({ step, note }) => step > from && step <= to && !this.seen.has(note));
  }

  markSeen({ note }: TapeNote): void {
    this.seen.add(note);
  }

  // ---- what takes a while ----

  /** `arrived` is called, and everything drawn anew, when it is over; keys wait until then. */
  travel<T>(what: string, journey: Journey<T>, arrived: (result: T) => void): void {
    this.driver.start(what, journey, (result) => {
      arrived(result);
      this.keyboard.settled();
      this.changed();
    });
  }
}
