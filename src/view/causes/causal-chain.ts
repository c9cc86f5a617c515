/**
 * Steps back over recorded causes: which step sent the message that led here, how long it was on its way, and what was reported on the way. The
 * chain ends where somebody had waited (a timer), where something was done from outside, or where a node was started.
 */
import { describeEvent, isNotable } from "../../kafka/event-words.ts";
import type { KafkaEvent } from "../../kafka/events.ts";
import type { TopicPartition } from "../../kafka/ids.ts";
import type { NodeEvent } from "../../sim/node-events.ts";
import type { Tape, TapeEvent } from "../../walk/tape.ts";

/** A step of the chain, the latest first. */
export interface ChainLink {
  readonly step: number;
  /** What was reported in it, as far as it is worth telling. */
  readonly facts: readonly TapeEvent[];
  /** What was reported besides. */
  readonly more: number;
}

const LINKS_MAX = 30;
const FACTS_MAX = 2;
/** A timer of this much is no cost of a piece of work: somebody has waited. */
const WAITED_US = 100_000;
/** What is set anew for a shorter time is one piece of work after the other. */
const REPEATED_US = 1_000;

export interface Chain {
  readonly links: readonly ChainLink[];
  /** Whether there is more before the last link that is not told. */
  readonly isCutOff: boolean;
}

/** `told`: the event that is asked about; it comes first. */
export function causalChain(tape: Tape, step: number, about: TopicPartition, told?: TapeEvent): Chain {
  const links: ChainLink[] = [];
  let waits = 0;
  for (let at = step; at > 0; at = tape.causeOf(at)) {
    if (links.length === LINKS_MAX) return { links, isCutOff: true };
    links.push(linkOf(tape, at, about, at === step ? told : undefined));
    const kind = tape.kindOf(at);
    if (kind === "start" || kind === "action") break;
    // Whoever set the timer is told, too; what had led there is another story.
    if (waits > 0) break;
    if (setsItself(tape, at)) break;
    const cause = tape.causeOf(at);
    if (kind === "timer" && cause > 0 && tape.timeOf(at) - tape.timeOf(cause) >= WAITED_US) waits++;
  }
  return { links, isCutOff: false };
}

/** Whether a step is that of a timer that was set when it was due before. */
export function setsItself(tape: Tape, step: number): boolean {
  const cause = tape.causeOf(step);
  if (cause === 0 || tape.kindOf(step) !== "timer" || tape.kindOf(cause) !== "timer") return false;
  return tape.labelOf(step) === tape.labelOf(cause) && tape.timeOf(step) - tape.timeOf(cause) >= REPEATED_US;
}

function linkOf(tape: Tape, step: number, about: TopicPartition, told: TapeEvent | undefined): ChainLink {
  const events = tape.eventsOf(step);
  const rank = (each: TapeEvent): number => {
    if (each === told) return 0;
    const event = each.event as KafkaEvent | NodeEvent;
    if (isNotable(event)) return 1;
    return isOf(event, about) ? 2 : 3;
  };
  const ranked = events.map((each, index) => ({ each, index, rank: rank(each) }));
  const facts = ranked
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .slice(0, FACTS_MAX)
    // Read downwards, the chain goes back in time.
    .sort((a, b) => (a.rank === 0 ? -1 : b.rank === 0 ? 1 : b.index - a.index))
    .map(({ each }) => each);
  return { step, facts, more: events.length - facts.length };
}

function isOf(event: KafkaEvent | NodeEvent, { topic, partition }: TopicPartition): boolean {
  return "topic" in event && "partition" in event && event.topic === topic && event.partition === partition;
}

export function wordsOf({ event }: TapeEvent): string {
  return describeEvent(event as KafkaEvent | NodeEvent);
}
