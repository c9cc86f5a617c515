/** Which keys are worth telling now: those of the bottom line. */
import { type Command, type CommandId, commandOf, doesApply, type Situation } from "./commands.ts";

const WALKING: readonly CommandId[] = ["event-on", "event-back", "domain-event-on", "domain-event-back", "to-violation"];

/** What the selection invites to. Enter shows all of it. */
const CHANGING: readonly CommandId[] = [
  "act",
  "release",
  "drop",
  "hold",
  "delay",
  "duplicate",
  "produce",
  "heal",
  "crash",
  "power-loss",
  "pause-node",
  "cut",
  "isolate",
  "restart",
  "stop",
];
const WATCHING: readonly CommandId[] = ["change-back", "change-on"];

const OTHERS: readonly CommandId[] = [
  "match-on",
  "match-back",
  "run-on",
  "run-back",
  "save",
  "compare",
  "tree",
  "all-panes",
  "go-to",
  "focus-on",
  "select-down",
  "play",
  "search",
  "enlarge",
  "partition",
  "detail",
  "breakpoint",
];

const HINTS_WHILE_PLAYING: readonly CommandId[] = ["play", "faster", "slower"];

/** What fits the moment, most wanted first; `help` and `quit` are always there and not among them. */
export function hintsFor(situation: Situation): readonly Command[] {
  return [...new Set(orderFor(situation))].map(commandOf).filter((command) => doesApply(command, situation));
}

/** In the order in which they are wanted: what the selection is for, what walks, the rest. */
function orderFor({ isPlaying, subject }: Situation): readonly CommandId[] {
  if (isPlaying) return [...HINTS_WHILE_PLAYING, ...WALKING, ...OTHERS];
  switch (subject?.kind) {
    case undefined:
      return [...WALKING, ...OTHERS];
    // What has a name of its own is there to be changed, a value to be watched.
    case "value":
      return [...WATCHING, ...CHANGING, ...WALKING, ...OTHERS];
    default:
      return [...CHANGING, ...WATCHING, ...WALKING, ...OTHERS];
  }
}
