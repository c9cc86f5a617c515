/**
 * Everything that can be done while walking: its keys, its words, and when it applies. The help page, the bottom line, the menu of a
 * selected thing and whoever listens to the keyboard read the same table.
 */
import type { Subject } from "./pane.ts";

/** A character as it is typed, or one of these names. */
export type NamedKey = "right" | "left" | "up" | "down" | "home" | "end" | "tab" | "shift-tab" | "enter" | "escape" | "space";

/** How keys are written where people read them. */
const KEY_NAMES: Readonly<Record<NamedKey, string>> = {
  right: "→",
  left: "←",
  up: "↑",
  down: "↓",
  home: "Home",
  end: "End",
  tab: "Tab",
  "shift-tab": "Shift-Tab",
  enter: "Enter",
  escape: "Esc",
  space: "space",
};

export type CommandGroup = "walk" | "find" | "change" | "branches" | "look";

export const GROUP_TITLES: Readonly<Record<CommandGroup, string>> = {
  walk: "Walk",
  find: "Find",
  change: "Change what is selected: a new branch",
  branches: "Branches",
  look: "Look",
};

/** What decides whether a command makes sense now. Plain data. */
export interface Situation {
  readonly isAtStart: boolean;
  readonly isAtEnd: boolean;
  readonly isPlaying: boolean;
  /** What is selected in the focused pane. */
  readonly subject: Subject | undefined;
  /** Whether what is selected has a value that changes. */
  readonly isWatched: boolean;
  /** Whether something is broken on this branch, and whether that is still to come. */
  readonly violation: "none" | "behind" | "here" | "ahead";
  readonly isSearching: boolean;
  readonly breakpoints: number;
  readonly branches: number;
  /** Whether this branch is one that was made by hand and is not saved. */
  readonly isUnsaved: boolean;
  /** Whether a pane is hidden or enlarged. */
  readonly isFiltered: boolean;
}

export interface Command {
  readonly id: CommandId;
  /** Any of these does it. */
  readonly keys: readonly (NamedKey | (string & {}))[];
  /** One or two words, for the bottom line and the menu. */
  readonly word: string;
  /** Always, unless given. */
  readonly applies?: (situation: Situation) => boolean;
}

/** Commands that are told in one line of the help: `→ ←  one event on, back`. */
export interface CommandRow {
  readonly group: CommandGroup;
  readonly words: string;
  readonly commands: readonly Command[];
  /** Instead of the keys of the commands, where those are many. */
  readonly keysInWords?: string;
}

/** A copy made by an edit goes by the name of the first. */
const isOwnMessage = ({ subject }: Situation): boolean => subject?.kind === "message" && !subject.isCopy;
const isFreeMessage = ({ subject }: Situation): boolean => subject?.kind === "message" && !subject.isCopy && !subject.isHeld;
const isHeldMessage = ({ subject }: Situation): boolean => subject?.kind === "message" && subject.isHeld;
const isClient = ({ subject }: Situation): boolean => subject?.kind === "producer" || subject?.kind === "consumer";
const isProducer = ({ subject }: Situation): boolean => subject?.kind === "producer";
const isNode = (situation: Situation): boolean => situation.subject?.kind === "server" || isClient(situation);
const isNodeOrCut = (situation: Situation): boolean => situation.subject?.kind === "cut" || isNode(situation);
const isSomething = ({ subject }: Situation): boolean => subject !== undefined;
const isWatched = (situation: Situation): boolean => situation.isWatched;
const isSearching = (situation: Situation): boolean => situation.isSearching;
const canGoOn = ({ isAtEnd }: Situation): boolean => !isAtEnd;
const canGoBack = ({ isAtStart }: Situation): boolean => !isAtStart;

export type CommandId =
  | "event-on"
  | "event-back"
  | "domain-event-on"
  | "domain-event-back"
  | "node-event-on"
  | "node-event-back"
  | "partition-event-on"
  | "partition-event-back"
  | "kind-event-on"
  | "kind-event-back"
  | "change-back"
  | "change-on"
  | "go-to"
  | "to-violation"
  | "to-start"
  | "to-end"
  | "play"
  | "faster"
  | "slower"
  | "search"
  | "match-on"
  | "match-back"
  | "breakpoint"
  | "run-on"
  | "run-back"
  | "drop"
  | "duplicate"
  | "delay"
  | "hold"
  | "release"
  | "crash"
  | "power-loss"
  | "pause-node"
  | "restart"
  | "cut"
  | "isolate"
  | "heal"
  | "produce"
  | "stop"
  | "tree"
  | "compare"
  | "save"
  | "focus-on"
  | "focus-back"
  | `focus-${1 | 2 | 3 | 4 | 5 | 6 | 7}`
  | "select-up"
  | "select-down"
  | "act"
  | "enlarge"
  | "hide"
  | "all-panes"
  | "partition"
  | "detail"
  | "present"
  | "about"
  | "help"
  | "close"
  | "quit";

const FOCUS_BY_NUMBER = ([1, 2, 3, 4, 5, 6, 7] as const).map(
  (number): Command => ({ id: `focus-${number}`, keys: [String(number)], word: `pane ${number}` }),
);

const WALK: readonly Omit<CommandRow, "group">[] = [
  {
    words: "one event on, back",
    commands: [
      { id: "event-on", keys: ["right"], word: "step", applies: canGoOn },
      { id: "event-back", keys: ["left"], word: "back", applies: canGoBack },
    ],
  },
  {
    words: "next, previous domain event",
    commands: [
      { id: "domain-event-on", keys: ["n"], word: "next event", applies: canGoOn },
      { id: "domain-event-back", keys: ["p"], word: "previous", applies: canGoBack },
    ],
  },
  {
    words: "the same, at this node",
    commands: [
      { id: "node-event-on", keys: ["]"], word: "next here", applies: canGoOn },
      { id: "node-event-back", keys: ["["], word: "previous here", applies: canGoBack },
    ],
  },
  {
    words: "the same, of this partition",
    commands: [
      { id: "partition-event-on", keys: ["}"], word: "next of partition", applies: canGoOn },
      { id: "partition-event-back", keys: ["{"], word: "previous of partition", applies: canGoBack },
    ],
  },
  {
    words: "the same, of this kind",
    commands: [
      { id: "kind-event-on", keys: [")"], word: "next of kind", applies: canGoOn },
      { id: "kind-event-back", keys: ["("], word: "previous of kind", applies: canGoBack },
    ],
  },
  {
    words: "last, next change of value",
    commands: [
      { id: "change-back", keys: ["r"], word: "last change", applies: isWatched },
      { id: "change-on", keys: ["R"], word: "next change", applies: isWatched },
    ],
  },
  { words: "go to a time or a step", commands: [{ id: "go-to", keys: ["g"], word: "go to…" }] },
  {
    words: "to where a promise breaks",
    commands: [
      {
        id: "to-violation",
        keys: ["v"],
        word: "violation",
        applies: ({ violation }) => violation === "ahead" || violation === "behind",
      },
    ],
  },
  {
    words: "to the start, to the end",
    commands: [
      { id: "to-start", keys: ["home"], word: "start", applies: canGoBack },
      { id: "to-end", keys: ["end"], word: "end", applies: canGoOn },
    ],
  },
  {
    words: "play; faster, slower",
    commands: [
      { id: "play", keys: ["space"], word: "play", applies: ({ isAtEnd, isPlaying }) => isPlaying || !isAtEnd },
      { id: "faster", keys: ["+", "="], word: "faster", applies: ({ isPlaying }) => isPlaying },
      { id: "slower", keys: ["-", "_"], word: "slower", applies: ({ isPlaying }) => isPlaying },
    ],
  },
];

const FIND: readonly Omit<CommandRow, "group">[] = [
  {
    words: "search; next, previous",
    commands: [
      { id: "search", keys: ["/"], word: "search" },
      { id: "match-on", keys: ["."], word: "next match", applies: isSearching },
      { id: "match-back", keys: [","], word: "previous match", applies: isSearching },
    ],
  },
  { words: "breakpoint on a condition", commands: [{ id: "breakpoint", keys: ["b"], word: "breakpoint" }] },
  {
    words: "run on, back to one",
    commands: [
      { id: "run-on", keys: ["c"], word: "run on", applies: ({ breakpoints, isAtEnd }) => breakpoints > 0 && !isAtEnd },
      { id: "run-back", keys: ["C"], word: "run back", applies: ({ breakpoints, isAtStart }) => breakpoints > 0 && !isAtStart },
    ],
  },
];

const CHANGE: readonly Omit<CommandRow, "group">[] = [
  {
    words: "message: drop, copy, delay",
    commands: [
      { id: "drop", keys: ["d"], word: "drop", applies: isOwnMessage },
      { id: "duplicate", keys: ["D"], word: "duplicate", applies: isFreeMessage },
      { id: "delay", keys: ["y"], word: "delay…", applies: isFreeMessage },
    ],
  },
  {
    words: "message: hold, release",
    commands: [
      { id: "hold", keys: ["a"], word: "hold", applies: isFreeMessage },
      { id: "release", keys: ["u"], word: "release", applies: isHeldMessage },
    ],
  },
  {
    words: "node: crash, power loss",
    commands: [
      { id: "crash", keys: ["k"], word: "crash", applies: isNode },
      { id: "power-loss", keys: ["K"], word: "power loss", applies: isNode },
    ],
  },
  {
    words: "node: pause/resume, restart",
    commands: [
      { id: "pause-node", keys: ["s"], word: "pause/resume", applies: isNode },
      { id: "restart", keys: ["e"], word: "restart", applies: isNode },
    ],
  },
  {
    words: "node: cut…, isolate, heal",
    commands: [
      { id: "cut", keys: ["x"], word: "cut off…", applies: isNode },
      { id: "isolate", keys: ["X"], word: "isolate", applies: isNode },
      { id: "heal", keys: ["j"], word: "heal", applies: isNodeOrCut },
    ],
  },
  {
    words: "client: one record, stop",
    commands: [
      { id: "produce", keys: ["w"], word: "one record more", applies: isProducer },
      { id: "stop", keys: ["W"], word: "stop", applies: isClient },
    ],
  },
];

const BRANCHES: readonly Omit<CommandRow, "group">[] = [
  {
    words: "tree, compare, save",
    commands: [
      { id: "tree", keys: ["T"], word: "branches", applies: ({ branches }) => branches > 1 },
      { id: "compare", keys: ["m"], word: "compare", applies: ({ branches }) => branches > 1 },
      { id: "save", keys: ["S"], word: "save", applies: ({ isUnsaved }) => isUnsaved },
    ],
  },
];

const LOOK: readonly Omit<CommandRow, "group">[] = [
  {
    words: "focus a pane",
    keysInWords: "Tab 1–7",
    commands: [
      { id: "focus-on", keys: ["tab"], word: "next pane" },
      { id: "focus-back", keys: ["shift-tab"], word: "previous pane" },
      ...FOCUS_BY_NUMBER,
    ],
  },
  {
    words: "select something in it",
    commands: [
      { id: "select-up", keys: ["up"], word: "select" },
      { id: "select-down", keys: ["down"], word: "select" },
    ],
  },
  { words: "what can be done with it", commands: [{ id: "act", keys: ["enter"], word: "do…", applies: isSomething }] },
  {
    words: "enlarge, hide it; all panes",
    commands: [
      { id: "enlarge", keys: ["z"], word: "enlarge" },
      { id: "hide", keys: ["H"], word: "hide" },
      { id: "all-panes", keys: ["0"], word: "all panes", applies: ({ isFiltered }) => isFiltered },
    ],
  },
  {
    words: "partition; timeline detail",
    commands: [
      { id: "partition", keys: ["o"], word: "partition" },
      { id: "detail", keys: ["t"], word: "detail" },
    ],
  },
  {
    words: "present; about; help; quit",
    commands: [
      { id: "present", keys: ["P"], word: "present" },
      { id: "about", keys: ["i"], word: "about" },
      { id: "help", keys: ["?"], word: "all keys" },
      { id: "quit", keys: ["q"], word: "quit" },
    ],
  },
  { words: "close what lies on top", commands: [{ id: "close", keys: ["escape"], word: "close" }] },
];

function rowsOf(group: CommandGroup, rows: readonly Omit<CommandRow, "group">[]): CommandRow[] {
  return rows.map((row) => ({ group, ...row }));
}

/** In the order of the help page. */
export const COMMAND_ROWS: readonly CommandRow[] = [
  ...rowsOf("walk", WALK),
  ...rowsOf("find", FIND),
  ...rowsOf("change", CHANGE),
  ...rowsOf("branches", BRANCHES),
  ...rowsOf("look", LOOK),
];

const BY_ID: ReadonlyMap<CommandId, Command> = new Map(
  COMMAND_ROWS.flatMap(({ commands }) => commands.map((command): [CommandId, Command] => [command.id, command])),
);

const BY_KEY: ReadonlyMap<string, Command> = new Map(
  [...BY_ID.values()].flatMap((command) => command.keys.map((key): [string, Command] => [key, command])),
);

export function commandOf(id: CommandId): Command {
  return BY_ID.get(id) as Command;
}

/** What a key does; undefined if it does nothing. */
export function commandFor(key: string): Command | undefined {
  return BY_KEY.get(key);
}

/** `→`, `Shift-Tab`, `d`. */
export function nameOfKey(key: string): string {
  return KEY_NAMES[key as NamedKey] ?? key;
}

export function doesApply({ applies }: Command, situation: Situation): boolean {
  return applies === undefined || applies(situation);
}

/** What can be done with what is selected, for the menu. */
export function changesOf(situation: Situation): readonly Command[] {
  const changes = CHANGE.flatMap(({ commands }) => commands).filter((command) => doesApply(command, situation));
  const looks = (["change-back", "change-on"] as const).map(commandOf).filter((command) => doesApply(command, situation));
  return [...changes, ...looks];
}
