/** Which keys are worth telling now: those of the bottom line. */
import { type Command, type CommandId, commandOf, doesApply, type Situation } from "./commands.ts";

/** In the order in which they are wanted: what walks, what the selection invites to, the rest. */
const HINTS: readonly CommandId[] = [
  "event-on",
  "event-back",
  "domain-event-on",
  "domain-event-back",
  "to-violation",
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
  "change-back",
  "change-on",
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
  const first = situation.isPlaying ? HINTS_WHILE_PLAYING : [];
  return [...first, ...HINTS.filter((id) => !first.includes(id))]
    .map(commandOf)
    .filter((command) => doesApply(command, situation));
}
