/** What there is to say of a replica, the most important first. Pure. */
import type { Micros } from "../../base/units.ts";
import { US_PER_SECOND } from "../../base/units.ts";
import type { Tone } from "../line.ts";
import type { CommittedState, Lane, OffsetRange } from "./scene.ts";

export interface Words {
  readonly text: string;
  /** Where there is less room. */
  readonly short: string;
  readonly tone: Tone | undefined;
}

const CONDITIONS = {
  running: undefined,
  starting: "starts",
  paused: "paused",
  down: "down",
  "without power": "without power",
} as const;

export function laneWords(lane: Lane, state: CommittedState): readonly Words[] {
  const { condition, appended, truncated, lostByDisk, isCutOff, isFenced, logDirFailed, durableTo, logEnd } = lane;
  const words: Words[] = [];
  const say = (text: string | undefined, tone?: Tone, short = text): void => {
    if (text !== undefined) words.push({ text, short: short ?? text, tone });
  };
  say(lostByDisk === undefined && truncated !== undefined ? `cut back from ${truncated.to}` : undefined, "bad");
  say(appended && `+${appended.to - appended.from}`, "fresh");
  say(CONDITIONS[condition], "bad", condition === "without power" ? "no power" : CONDITIONS[condition]);
  say(lostByDisk && `disk lost ${rangeWords(lostByDisk)}`, "bad", lostByDisk && `lost ${rangeWords(lostByDisk)}`);
  say(roleWords(lane, state), "warning");
  say(logDirFailed ? "log directory failed" : undefined, "bad");
  words.push(membershipWords(lane, state));
  say(isCutOff ? `cut off from ${state.leaderName}` : undefined, "warning", "cut off");
  say(isFenced ? "fenced" : undefined, "warning");
  say(lane.isOutdated ? `knows epoch ${lane.leaderEpoch}` : undefined, "warning");
  if (durableTo < logEnd) say(`unflushed from ${durableTo}`, "faint");
  return words;
}

function roleWords({ role, leaderEpoch, condition, membership }: Lane, state: CommittedState): string | undefined {
  if (role === "former") return `thinks it leads, epoch ${leaderEpoch}`;
  if (role === "none" && condition === "running" && membership.isAssigned) return "not told yet";
  if (role !== "named") return undefined;
  return condition === "running" ? `elected, epoch ${state.leaderEpoch}` : "still named leader";
}

function membershipWords({ membership, condition, role }: Lane, state: CommittedState): Words {
  const { inIsr, isAssigned, evictedIn, proposed, outFor, eligible } = membership;
  const words = (tone: Tone, text: string, short = text): Words => ({ text, short, tone });
  if (inIsr) {
    if (proposed === "out") return words("warning", "in ISR, leader asks to evict it", "leader asks to evict it");
    if (role === "leader") return words("good", state.isr.length === 1 ? "alone in ISR" : "in ISR");
    if (evictedIn === undefined) return words("good", "in ISR");
    if (evictedIn <= 0) return words("warning", "in ISR, evicted at the next check", "evicted at next check");
    // Not before: its leader looks at it now and then only, and the controller may fence it earlier.
    const time = `${condition === "running" ? "after" : "within"} ${secondsText(evictedIn)}`;
    return words("warning", `in ISR, evicted ${time} unless it catches up`, `evicted ${time}`);
  }
  if (!isAssigned) return words("warning", "no replica any more");
  const out = `out of ISR${outFor === undefined ? "" : ` ${secondsText(outFor)}`}`;
  const prefix = eligible === undefined ? "" : `${eligible}, `;
  if (proposed === "in")
    return words("warning", `${prefix}out of ISR, leader asks to take it in`, `${prefix}leader asks to take it in`);
  return words("warning", prefix + out);
}

/** `104..118`, `118`. */
export function rangeWords({ from, to }: OffsetRange): string {
  return to - from > 1 ? `${from}..${to - 1}` : String(from);
}

function secondsText(us: Micros): string {
  return `${(us / US_PER_SECOND).toFixed(1)} s`;
}
