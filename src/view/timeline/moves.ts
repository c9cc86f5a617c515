/** Where the keys that walk from event to event lead. Pure: steps, or undefined where there is nothing more that way. */
import type { NodeName } from "../../sim/host.ts";
import type { Tape, TapeEvent } from "../../walk/tape.ts";
import type { Frame } from "../frame.ts";
import { type Entries, entriesOf, entriesOfBranch } from "./entries.ts";
import { entryOfId, searchedIn } from "./moment.ts";
import { eventOfEntry } from "./told.ts";

/** On, or back. */
export type Direction = 1 | -1;

/** The step of the next entry of the timeline, as it is filtered. */
export function nextEntry(frame: Frame, direction: Direction): number | undefined {
  return beside(entriesOf(frame), frame.position, direction);
}

/** The event that is selected in the timeline, if one is. */
export function selectedEvent({ choice, tape }: Frame): TapeEvent | undefined {
  const entry = entryOfId(choice.selected.timeline);
  if (entry === undefined) return undefined;
  if (entry.of === "events") return tape.events[entry.index];
  const told = tape.story[entry.index];
  return told === undefined ? undefined : eventOfEntry(told, tape);
}

/** Where the current step happened. */
function nodeHere({ tape, position }: Frame): NodeName | undefined {
  return position === 0 ? undefined : tape.nodeOf(position);
}

/**
 * The next step with a domain event that is like the one here: at `node` (by default that of the selected event, or else of the current step),
 * about the chosen partition, or of the kind of the selected event or the current one. Where the current step has reported nothing, the next
 * step of its sort.
 */
export function nextLike(
  frame: Frame,
  direction: Direction,
  like: "node" | "partition" | "kind",
  node?: NodeName,
): number | undefined {
  const { tape, position, branch, choice, simulation } = frame;
  switch (like) {
    case "partition": {
      const entries = entriesOfBranch(branch, { ...choice, detail: "partition" }, simulation.scenario);
      return beside(entries, position, direction);
    }
    case "node": {
      const where = node ?? selectedEvent(frame)?.node ?? nodeHere(frame);
      return where === undefined ? undefined : nextEvent(tape, position, direction, (each) => isAt(each, where));
    }
    case "kind": {
      const kind = (selectedEvent(frame) ?? tape.eventsOf(position).at(-1))?.event.kind;
      if (kind === undefined) return nextOfSort(tape, position, direction);
      return nextEvent(tape, position, direction, ({ event }) => event.kind === kind);
    }
  }
}

/** The step of the next entry, as the timeline is filtered, in which `text` stands, in whatever case. */
export function searchFrom(frame: Frame, text: string, direction: Direction): number | undefined {
  const { position, tape } = frame;
  const wanted = text.toLowerCase();
  if (wanted === "") return undefined;
  const entries = entriesOf(frame);
  let place = direction === 1 ? entries.upTo(position) : entries.upTo(position - 1) - 1;
  for (; place >= 0 && place < entries.count; place += direction) {
    const entry = entries.at(place);
    if (searchedIn(entry, tape).toLowerCase().includes(wanted)) return entry.step;
  }
  return undefined;
}

function beside(entries: Entries, position: number, direction: Direction): number | undefined {
  const place = direction === 1 ? entries.upTo(position) : entries.upTo(position - 1) - 1;
  return place >= 0 && place < entries.count ? entries.at(place).step : undefined;
}

function nextEvent(
  tape: Tape,
  position: number,
  direction: Direction,
  isWanted: (event: TapeEvent) => boolean,
): number | undefined {
  const { events } = tape;
  const behind = (step: number): number => tape.firstEventOf(step + 1);
  for (let index = direction === 1 ? behind(position) : behind(position - 1) - 1; index >= 0; index += direction) {
    const event = events[index];
    if (event === undefined || isWanted(event)) return event?.step;
  }
  return undefined;
}

/** It was reported there, or it is about that node. */
function isAt({ node, event }: TapeEvent, wanted: NodeName): boolean {
  if (node === wanted) return true;
  const { node: about, a, b } = event as Partial<{ node: NodeName; a: NodeName; b: NodeName }>;
  return about === wanted || a === wanted || b === wanted;
}

/** The next step of the same kind and label: the next Fetch, the next time that this timer is due. */
function nextOfSort(tape: Tape, position: number, direction: Direction): number | undefined {
  if (position === 0) return undefined;
  const [kind, label] = [tape.kindOf(position), tape.labelOf(position)];
  for (let step = position + direction; step > 0 && step <= tape.length; step += direction) {
    if (tape.labelOf(step) === label && tape.kindOf(step) === kind) return step;
  }
  return undefined;
}
