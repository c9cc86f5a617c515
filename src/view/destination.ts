/** Where to go, as somebody types it: a step, a time, the violation. The same for `--at` and for the prompt of a walk. */
import { type Micros, US_PER_SECOND } from "../base/units.ts";
import { grouped } from "../report/numbers.ts";
import { quote, type Reading, readDuration } from "../scenario/quantities.ts";
import type { Walk } from "../walk/walk.ts";
import { mainViolation } from "./violation.ts";

/** Where one stands, and where one can go. */
export type Terrain = Pick<Walk, "side" | "branch" | "position" | "start" | "end">;

const HINT = "write a step (17902), a time (38.118s), +100 or -2s from here, start, end or violation";

/** The step that is meant, or what is wrong with it and what would be right. */
export function parseDestination(text: string, terrain: Terrain): Reading<number> {
  const wanted = text.trim().toLowerCase();
  if (wanted === "start") return { ok: true, value: terrain.start };
  if (wanted === "end") return { ok: true, value: terrain.end };
  if (wanted === "violation") return toViolation(terrain);
  const step = /^(?:step\s*)?([+-]?)\s*(\d[\d,_]*)$/.exec(wanted);
  if (step !== null) return toStep(Number((step[2] as string).replace(/[,_]/g, "")), step[1] as string, terrain);
  const time = /^([+-]?)\s*(\d.*)$/.exec(wanted);
  if (time !== null) return toTime(time[2] as string, time[1] as string, terrain);
  return toInvariant(text.trim(), terrain);
}

function toStep(count: number, sign: string, terrain: Terrain): Reading<number> {
  const step = sign === "" ? count : terrain.position + (sign === "-" ? -count : count);
  if (step >= 0 && step <= terrain.end) return { ok: true, value: step };
  return { ok: false, message: `there is no step ${step < 0 ? `-${grouped(-step)}` : grouped(step)}`, hint: extentOf(terrain) };
}

function toTime(text: string, sign: string, terrain: Terrain): Reading<number> {
  const { branch, position } = terrain;
  const { tape } = branch;
  const { readyAt } = branch.ending;
  // A clock on the screen says 38.118: that is what people type.
  const duration = readDuration(/^\d+\.\d+$/.test(text) ? `${text}s` : text);
  if (!duration.ok) return { ok: false, message: duration.message, hint: HINT };
  const from = sign === "" ? readyAt : tape.timeOf(position);
  const timeUs = from + (sign === "-" ? -duration.value : duration.value);
  if (timeUs < 0 || timeUs - readyAt > lengthOf(terrain)) {
    return { ok: false, message: `${seconds(timeUs - readyAt)} is outside of the run`, hint: extentOf(terrain) };
  }
  return { ok: true, value: tape.stepAt(timeUs) };
}

function toViolation(terrain: Terrain): Reading<number> {
  const found = mainViolation(terrain.branch.tape, terrain.side.scenario);
  if (found !== undefined) return { ok: true, value: Math.min(found.step, terrain.end) };
  return { ok: false, message: "nothing is violated in this run", hint: `every promise holds; ${extentOf(terrain)}` };
}

function toInvariant(text: string, terrain: Terrain): Reading<number> {
  const { violations } = terrain.branch.tape;
  const found = violations.find(({ invariant }) => invariant.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return { ok: true, value: Math.min(found.step, terrain.end) };
  return {
    ok: false,
    message: text === "" ? "this is no place in the run" : `${quote(text)} is no place in the run`,
    hint: HINT,
  };
}

function extentOf(terrain: Terrain): string {
  return `there are steps 0 to ${grouped(terrain.end)}, up to ${seconds(lengthOf(terrain))}`;
}

const TENTH = US_PER_SECOND / 10;

/** Up to the next tenth of a second: the last event is seldom at the very end of the time that a run has. */
function lengthOf({ branch }: Terrain): Micros {
  const { timeUs, readyAt } = branch.ending;
  return Math.ceil((timeUs - readyAt) / TENTH) * TENTH;
}

function seconds(timeUs: Micros): string {
  return `${(timeUs / US_PER_SECOND).toFixed(1)} s`;
}
