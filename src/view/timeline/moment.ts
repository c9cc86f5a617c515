/** An entry of a timeline in words. */
import { describeEvent } from "../../kafka/event-words.ts";
import type { KafkaEvent } from "../../kafka/events.ts";
import { printable } from "../../report/printable.ts";
import type { ScenarioSpec } from "../../scenario/spec.ts";
import type { NodeEvent } from "../../sim/node-events.ts";
import type { Branch } from "../../walk/branch.ts";
import type { Tape } from "../../walk/tape.ts";
import { clock } from "./clock.ts";
import type { Entry } from "./entries.ts";
import { type Sign, signOfEntry, signOfEvent, wordsOfEntry } from "./told.ts";

export interface TimelineMoment {
  /** The same in every filter of a branch. */
  readonly id: string;
  readonly step: number;
  /** Since time 0: `38.118`. */
  readonly time: string;
  readonly sign: Sign;
  readonly text: string;
  /** Who reported it, where the text does not say so. */
  readonly node: string | undefined;
}

export function momentOf({ of, index, step }: Entry, branch: Branch, scenario: ScenarioSpec): TimelineMoment {
  const { tape } = branch;
  const id = idOf({ of, index });
  const time = clock(tape.timeOf(step), branch);
  if (of === "story") {
    const entry = tape.story[index] as (typeof tape.story)[number];
    return { id, step, time, sign: signOfEntry(entry, tape, scenario), text: printable(wordsOfEntry(entry)), node: undefined };
  }
  const { event, node } = tape.events[index] as (typeof tape.events)[number];
  const text = printable(describeEvent(event as KafkaEvent | NodeEvent));
  return { id, step, time, sign: signOfEvent(event), text, node: node === undefined || text.includes(node) ? undefined : node };
}

/** The words of an entry and who reported it, without all that is only for the eye. */
export function searchedIn({ of, index }: Entry, tape: Tape): string {
  if (of === "story") return (tape.story[index] as Tape["story"][number]).text;
  const { event, node } = tape.events[index] as Tape["events"][number];
  return `${describeEvent(event as KafkaEvent | NodeEvent)} ${node ?? ""}`;
}

/** @internal */
export function idOf({ of, index }: Pick<Entry, "of" | "index">): string {
  return `${of === "events" ? "e" : "s"}${index}`;
}

/** What an id names; undefined for the id of something else. */
export function entryOfId(id: string | undefined): Pick<Entry, "of" | "index"> | undefined {
  const index = id === undefined || !/^[es]\d+$/.test(id) ? Number.NaN : Number(id.slice(1));
  return Number.isNaN(index) ? undefined : { of: id?.[0] === "e" ? "events" : "story", index };
}
