/** `kafka-sim step`: a walk through one run, on the terminal. */
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { writeBranchFile } from "../scenario/branch-file.ts";
import { argumentError, ScenarioError } from "../scenario/scenario-error.ts";
import type { BranchFiles } from "../tui/desk.ts";
import { parseDestination } from "../view/destination.ts";
import { mainViolation } from "../view/violation.ts";
import type { Branch } from "../walk/branch.ts";
import type { Walk, WalkOptions } from "../walk/walk.ts";
import { type ChoosingFlags, chosenRun } from "./chosen-run.ts";
import { EXIT } from "./errors.ts";
import { shellWord } from "./options.ts";
import { shortName } from "./scenario-files.ts";

export interface StepFlags extends ChoosingFlags {
  readonly at?: string;
  readonly present?: boolean;
  /** Where to write what is on the screen, as a recording. */
  readonly asciicast?: string;
}

/** Returns the exit status. Throws ScenarioError for unusable input. */
export async function stepCommand(given: string, flags: StepFlags, version: string): Promise<number> {
  const run = chosenRun("step", given, flags);
  if (!hasTerminal()) {
    process.stderr.write(`kafka-sim step needs a terminal. The same as text: ${showCommand(run, flags)}\n`);
    return EXIT.unusableInput;
  }
  const recording = flags.asciicast === undefined ? undefined : openRecording(flags.asciicast);
  const { walkOnScreen } = await import("../tui/screen.tsx");
  const saved: string[] = [];
  const status = await walkOnScreen({
    run,
    place: (walk) => placeOf(walk, flags.at),
    present: flags.present === true,
    files: filesFor(run, version, saved),
    recording: recording?.write,
  });
  recording?.close();
  for (const path of saved) process.stdout.write(`saved  kafka-sim run ${shellWord(path)}\n`);
  return status;
}

/** Whether there is somebody to press keys, and something to draw on. */
export function hasTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

function showCommand({ source, seed }: WalkOptions, { at, side, set }: StepFlags): string {
  const name = shellWord(shortName(source?.file ?? ""));
  const sets = set.map((each) => ` --set ${shellWord(each)}`).join("");
  return `kafka-sim show ${name} --seed ${seed}${side === undefined ? "" : ` --side ${side}`}${sets}${at === undefined ? "" : ` --at ${shellWord(at)}`}`;
}

/** Where the walk begins, and why there: at the place that was asked for, where a promise breaks, or at time 0. */
function placeOf(walk: Walk, at: string | undefined): { readonly step: number; readonly message: string | undefined } {
  if (at !== undefined) {
    const destination = parseDestination(at, walk);
    if (!destination.ok) throw argumentError("--at", at, destination.message, destination.hint);
    return { step: destination.value, message: undefined };
  }
  const { scenario } = walk.side;
  const found = mainViolation(walk.branch.tape, scenario);
  if (found === undefined) return { step: walk.start, message: undefined };
  const isExpected = scenario.expect.violates.includes(found.invariant);
  const as = isExpected ? "as the scenario expects" : "and nobody expected it";
  return { step: Math.min(found.step, walk.end), message: `${found.invariant} breaks here, ${as}` };
}

/** `saved` is told the names of what was written. */
function filesFor({ source }: WalkOptions, version: string, saved: string[]): BranchFiles {
  const name = basename(source?.file ?? "run").replace(/\.ya?ml$/, "");
  return {
    proposedFor: ({ id }: Branch) => freeName(`${name}-branch-${id}`),
    save: (walk, branch, path, mayReplace) => {
      try {
        if (writeBranchFile(path, walk.savedText(branch, version), mayReplace) === "exists") return { kind: "exists" };
      } catch (error) {
        const [problem] = error instanceof ScenarioError ? error.problems : [];
        if (problem === undefined) throw error;
        return { kind: "refused", why: `${path}: ${problem.message}` };
      }
      if (!saved.includes(path)) saved.push(path);
      return { kind: "saved" };
    },
    commandFor: (path) => `kafka-sim run ${shellWord(path)}`,
  };
}

function freeName(wanted: string): string {
  for (let nth = 1; ; nth++) {
    const path = `${wanted}${nth === 1 ? "" : `-${nth}`}.yaml`;
    if (!existsSync(path)) return path;
  }
}

function openRecording(path: string): { write(text: string): void; close(): void } {
  try {
    const file = openSync(path, "w");
    return { write: (text) => void writeSync(file, text), close: () => closeSync(file) };
  } catch (error) {
    throw argumentError("--asciicast", path, `this can't be written: ${(error as Error).message}`);
  }
}
