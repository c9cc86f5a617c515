/** What a walk is about, shown when it is opened: what happens, where a promise breaks, and the keys to begin with. */
import { US_PER_SECOND } from "../../base/units.ts";
import { allInvariants } from "../../checks/catalogue.ts";
import type { Violation } from "../../checks/invariant.ts";
import { joined } from "../../report/columns.ts";
import { grouped } from "../../report/numbers.ts";
import { printable } from "../../report/printable.ts";
import { describeSetting } from "../../run/setting.ts";
import { type CommandId, commandOf, nameOfKey } from "../commands.ts";
import { fitted, wrap } from "../fitting.ts";
import type { Frame } from "../frame.ts";
import { type Line, line, span } from "../line.ts";
import { mainViolation } from "../violation.ts";
import type { Overlay, OverlayRoom } from "./overlay.ts";

export interface AboutOptions {
  readonly frame: Frame;
  readonly seed: string;
  /** `old rule` or `new rule` of an exhibit. */
  readonly side: string | undefined;
}

export function aboutCard({ frame, seed, side }: AboutOptions): Overlay {
  const { scenario } = frame.simulation;
  const title = [span(printable(scenario.name), "title"), span(side === undefined ? "" : ` · ${side}`, "accent")];
  return { size: "card", title, lines: (room) => aboutLines(frame, seed, room) };
}

function aboutLines(frame: Frame, seed: string, { width, height }: OverlayRoom): Line[] {
  const { scenario } = frame.simulation;
  const setting = joined([...describeSetting(scenario).split(" · "), `seed ${seed}`], width).map((each) => line(each, "faint"));
  const promise = verdictOf(frame).flatMap((each) => wrap(each, width, 2));
  const keys = KEYS.map(([ids, words]) => keyLine(ids, words));
  const about = scenario.about.trim() === "" ? [] : wrap(line(printable(scenario.about)), width);
  // Where there is little room, blank lines go first, then the end of the story.
  const spare = height - setting.length - promise.length - keys.length;
  const isAiry = spare >= about.length + BLANKS;
  const room = Math.max(0, isAiry ? about.length : spare - 1);
  const told = about.length <= room ? about : [...about.slice(0, Math.max(0, room - 1)), line("…", "faint")];
  const blank: Line[] = isAiry ? [[]] : [];
  return [...told, ...(told.length > 0 ? blank : []), ...setting, ...blank, ...promise, [], ...keys].slice(0, height);
}

const BLANKS = 3;

/** What breaks and where; or that nothing does. */
function verdictOf({ tape, position, branch, simulation }: Frame): Line[] {
  const first = mainViolation(tape, simulation.scenario);
  if (first === undefined) {
    return [
      [span("✓ every promise holds", "good"), span(`: ${simulation.checker.invariants.length} invariants watch, to the end`)],
    ];
  }
  const others = new Set(tape.violations.map(({ invariant }) => invariant)).size - 1;
  const more = others === 0 ? "" : ` ${others} more ${others === 1 ? "promise breaks" : "promises break"}, too.`;
  const at = `at ${((tape.timeOf(first.step) - branch.ending.readyAt) / US_PER_SECOND).toFixed(3)} s, step ${grouped(first.step)}`;
  return [
    [span(`✗ ${first.invariant}`, "bad"), span(`: ${promiseOf(first)}`)],
    position === first.step
      ? [span("  You stand just where it breaks", "strong"), span(`, ${at}.${more}`)]
      : [span(`  It breaks ${at}: `), span("v", "key"), span(` goes there.${more}`)],
  ];
}

const PROMISES: ReadonlyMap<string, string> = new Map(allInvariants().map(({ name, promise }) => [name, promise]));

function promiseOf({ invariant, message }: Violation): string {
  // In the middle of a sentence; names and abbreviations stay as they are.
  return (PROMISES.get(invariant) ?? printable(message)).replace(/^[A-Z](?=[a-z]* )/, (first) => first.toLowerCase());
}

/** Those to begin with. */
const KEYS: readonly (readonly [ids: readonly CommandId[], words: string])[] = [
  [["event-on", "event-back"], "one event on, back"],
  [["domain-event-on", "domain-event-back"], "to the next, the previous thing that happened"],
  [["focus-on", "select-up", "select-down"], "choose a pane, and something in it"],
  [["change-back", "act"], "back to its last change; change it, and see what would have been"],
  [["help", "close"], "all keys; close this"],
];
const KEY_COLUMNS = 10;

function keyLine(ids: readonly CommandId[], words: string): Line {
  const keys = ids.map((id) => nameOfKey(commandOf(id).keys[0] as string)).join(" ");
  return [...fitted([span(keys, "key")], KEY_COLUMNS), span(words)];
}
