/** The signs and words for machines, shared by servers and clients. A sign never stands for itself: a word or a place says the same. */
import { type Micros, US_PER_MS, US_PER_SECOND } from "../../base/units.ts";
import { span as spanOfTime } from "../../report/numbers.ts";
import type { Span, Tone } from "../line.ts";
import { span } from "../line.ts";
import { CLOCK_OFF_MIN, type Condition, type MachineScene } from "./machine.ts";

/** One fact about one thing; a list of them is in the order of their weight. */
export interface Fact {
  readonly text: string;
  readonly tone?: Tone | undefined;
  /** Where there is little room. */
  readonly short?: string | undefined;
}

export function fact(text: string, tone?: Tone, short?: string): Fact {
  return { text, tone, short };
}

const SIGNS: Readonly<Record<Condition, readonly [sign: string, tone: Tone]>> = {
  runs: ["●", "good"],
  stops: ["↓", "warning"],
  paused: ["‖", "warning"],
  down: ["✖", "bad"],
  stopped: ["○", "faint"],
  "without power": ["⊗", "bad"],
  absent: ["·", "faint"],
};

export function signOf(condition: Condition): Span {
  const [sign, tone] = SIGNS[condition];
  return span(sign, tone);
}

/** Undefined for what needs no word. */
export function conditionFact(condition: Condition): Fact | undefined {
  switch (condition) {
    case "runs":
      return undefined;
    case "without power":
      return fact("no power", "bad");
    case "down":
      return fact("down", "bad");
    case "paused":
      return fact("paused", "warning");
    case "stops":
      return fact("stops", "warning");
    default:
      return fact(condition === "absent" ? "not started" : "stopped", "faint");
  }
}

/** What is wrong with disk and clock. */
export function machineFacts({ disk, clockAheadUs, driftPpm }: MachineScene): Fact[] {
  const facts: Fact[] = [];
  if (disk.fails) facts.push(fact("disk fails", "bad"));
  if (disk.isFull) facts.push(fact("disk full", "bad"));
  if (disk.isStalled) facts.push(fact("disk stalls", "bad"));
  if (disk.slowedBy > 0) facts.push(fact(`disk +${spanOfTime(disk.slowedBy)}`, "warning"));
  if (Math.abs(clockAheadUs) >= CLOCK_OFF_MIN) facts.push(fact(`clock ${signed(clockAheadUs)}`, "warning"));
  if (driftPpm !== 0) facts.push(fact(`clock drifts ${driftPpm > 0 ? "+" : "−"}${Math.abs(driftPpm)} ppm`, "warning"));
  return facts;
}

/** `+5 s`, `−120 ms`. */
function signed(us: Micros): string {
  return `${us < 0 ? "−" : "+"}${spanOfTime(Math.abs(us))}`;
}

/** `38 ms`, `4.2 s`: never wider than it is long. */
export function waited(us: Micros): string {
  return us < US_PER_SECOND ? `${Math.round(us / US_PER_MS)} ms` : spanOfTime(us);
}
