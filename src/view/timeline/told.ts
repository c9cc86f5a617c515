/** What a line of the timeline is, by a sign that needs no colour. */

import { describeEvent } from "../../kafka/event-words.ts";
import type { KafkaEvent } from "../../kafka/events.ts";
import type { TimelineEntry } from "../../scenario/simulation/timeline.ts";
import type { ScenarioSpec } from "../../scenario/spec.ts";
import type { DomainEvent } from "../../sim/host.ts";
import type { NodeEvent } from "../../sim/node-events.ts";
import type { Tape, TapeEvent } from "../../walk/tape.ts";
import type { Tone } from "../line.ts";

/** A promise is broken; something fails; something comes back; a change by hand; nothing of these. */
export type Sign = "✗" | "✖" | "↑" | "✎" | " ";

export const SIGN_TONES: Readonly<Record<Sign, Tone | undefined>> = {
  "✗": "bad",
  "✖": "warning",
  "↑": "good",
  "✎": "accent",
  " ": undefined,
};

export function signOfEvent(event: DomainEvent): Sign {
  const known = event as KafkaEvent | NodeEvent;
  switch (known.kind) {
    case "ProcessCrashed":
    case "PowerLost":
    case "DiskWiped":
    case "Paused":
    case "LinkCut":
    case "LogDirFailed":
      return "✖";
    case "ProcessStarted":
      return known.incarnation > 1 ? "↑" : " ";
    case "Resumed":
    case "LinkHealed":
      return "↑";
    default:
      return " ";
  }
}

const BROKEN = "✗ ";
const BY_HAND = "by hand: ";

/** Of a line of the story. */
export function signOfEntry(entry: TimelineEntry, tape: Tape, scenario: ScenarioSpec): Sign {
  const done = signOfDeed(entry, tape, scenario);
  if (done !== undefined) return done;
  const event = eventOfEntry(entry, tape);
  return event === undefined ? " " : signOfEvent(event.event);
}

/** Of what is no domain event: violations, faults, the nemesis, changes by hand. Undefined for everything else. */
export function signOfDeed({ text, step }: TimelineEntry, tape: Tape, scenario: ScenarioSpec): Sign | undefined {
  if (text.startsWith(BROKEN)) return "✗";
  if (text.startsWith(BY_HAND)) return "✎";
  for (const { name } of scenario.faults) {
    if (!text.startsWith(name)) continue;
    if (text.startsWith(": ", name.length)) return "✖";
    if (text === `${name} ends`) return "↑";
  }
  if (tape.kindOf(step) !== "action") return undefined;
  const label = tape.labelOf(step);
  if (label === "nemesis") return "✖";
  return label === "nemesis relents" || label === "nemesis ends" ? "↑" : undefined;
}

/** The domain event that a line of the story tells of. */
export function eventOfEntry({ text, step }: TimelineEntry, tape: Tape): TapeEvent | undefined {
  return tape.eventsOf(step).find(({ event }) => describeEvent(event as KafkaEvent | NodeEvent) === text);
}

/** Without the sign that stands before it. */
export function wordsOfEntry({ text }: TimelineEntry): string {
  return text.startsWith(BROKEN) ? text.slice(BROKEN.length) : text;
}
