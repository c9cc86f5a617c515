/** What options of several commands mean, and what they print to. */
import { availableParallelism } from "node:os";
import { Paint } from "../report/paint.ts";
import type { SeedRange } from "../run/run-many.ts";
import { argumentError } from "../scenario/scenario-error.ts";

export function jobsOf(jobs: string | undefined): number {
  return jobs === undefined ? availableParallelism() : wholeNumber("--jobs", jobs, 1);
}

/** `1..1000`. */
export function seedRange(text: string, hint = "a range of seeds is written 1..1000"): SeedRange {
  const match = /^(\d+)\.\.(\d+)$/.exec(text);
  if (match === null) throw argumentError("--seeds", text, hint);
  const range = { from: wholeNumber("--seeds", match[1] as string, 0), to: wholeNumber("--seeds", match[2] as string, 0) };
  if (range.from > range.to) throw argumentError("--seeds", text, "the range is empty", `write ${range.to}..${range.from}`);
  return range;
}

const SEEDS_BY_DEFAULT = 20;

/** So many seeds from 1 on; a range of them is understood, too. */
export function seedCount(text: string | undefined): SeedRange {
  if (text === undefined) return { from: 1, to: SEEDS_BY_DEFAULT };
  if (text.includes("..")) return seedRange(text);
  return { from: 1, to: wholeNumber("--seeds", text, 1) };
}

function wholeNumber(option: string, text: string, min: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) {
    throw argumentError(option, text, `this must be a whole number from ${min} up`);
  }
  return value;
}

/** See no-color.org; FORCE_COLOR wins over both. */
export function usesColour(isTerminal: boolean): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "0") return true;
  return isTerminal && (NO_COLOR === undefined || NO_COLOR === "") && TERM !== "dumb";
}

/** For standard output. */
export function paintOf(): Paint {
  return new Paint(usesColour(process.stdout.isTTY === true));
}

/** Columns of the terminal; undefined for a pipe or a file. */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY === true ? process.stdout.columns : undefined;
}

export function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** As a shell takes it for one word. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
