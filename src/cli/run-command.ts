/** `kafka-sim run`. */
import { accessSync, closeSync, constants, existsSync, openSync, statSync, writeFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { INVARIANT_NAMES } from "../checks/catalogue.ts";
import { toJson } from "../report/json-report.ts";
import { toJUnit } from "../report/junit-report.ts";
import type { Paint } from "../report/paint.ts";
import { reportRun } from "../report/run-report.ts";
import { conclude, summarize } from "../report/summary.ts";
import { traceLines } from "../report/trace-lines.ts";
import type { RunResult } from "../run/result.ts";
import { runMany, type SeedRange } from "../run/run-many.ts";
import { checkScenarios, traceSeed } from "../run/seed-task.ts";
import { loadScenario, parseSeed } from "../scenario/loader.ts";
import { argumentError } from "../scenario/scenario-error.ts";
import { EXIT } from "./errors.ts";
import { jobsOf, paintOf, print, seedRange, shellWord } from "./options.ts";
import { Progress } from "./progress.ts";
import { scenarioFiles, shortName } from "./scenario-files.ts";

export interface RunFlags {
  readonly seed?: string;
  readonly seeds?: string;
  readonly jobs?: string;
  readonly json?: boolean;
  readonly junit?: string;
  readonly trace?: string;
  readonly stepOnFailure?: boolean;
  readonly set: readonly string[];
}

/** Details of this many runs that were not as expected are shown, the rest is counted. */
const FAILURES_SHOWN = 3;

/** Returns the exit status. Throws ScenarioError for unusable input, before anything is run or written. */
export async function runCommand(given: readonly string[], flags: RunFlags, version: string): Promise<number> {
  const files = scenarioFiles(given);
  const seeds = seedsOf(flags);
  const jobs = jobsOf(flags.jobs);
  checkScenarios(files, flags.set);
  if (flags.junit !== undefined) checkWritable("--junit", flags.junit);
  if (flags.trace !== undefined) checkWritable("--trace", flags.trace);
  const paint = paintOf();
  const progress = new Progress(process.stderr.isTTY === true);
  const startedAt = Date.now();
  let unexpected = 0;
  const single = files.length === 1 && (seeds === undefined || seeds.from === seeds.to);
  const results = await runMany({
    files,
    overrides: flags.set,
    seeds,
    jobs,
    withTimeline: single || flags.json === true,
    onProgress: ({ done, total, results: found }) => {
      unexpected += found.filter((result) => result.verdict !== "as-expected").length;
      if (!single) progress.update(done, total, unexpected);
    },
  });
  progress.stop();
  const wallMs = Date.now() - startedAt;
  if (flags.junit !== undefined) writeJUnit(flags.junit, results, flags);
  if (flags.trace !== undefined) writeTraces(flags.trace, files, flags.set, seeds);
  if (flags.json) print([JSON.stringify(toJson(results, version), undefined, 2)]);
  else print(single ? tellOne(results, flags, paint, wallMs) : tellMany(results, flags, paint, wallMs));
  if (flags.stepOnFailure) await stepThroughFailure(results, flags, version);
  return statusOf(results);
}

/** The first run that ended unexpected; what it came to was printed. */
async function stepThroughFailure(results: readonly RunResult[], flags: RunFlags, version: string): Promise<void> {
  const failed = results.find(({ verdict }) => verdict === "unexpected");
  if (failed === undefined) return;
  const { file, seed, side } = failed;
  const { set } = flags;
  const { hasTerminal, stepCommand } = await import("./step-command.ts");
  const sideName = side === undefined ? undefined : nameOfSide(side);
  if (hasTerminal()) {
    await stepCommand(file, { seed, set, ...(sideName !== undefined && { side: sideName }) }, version);
    return;
  }
  process.stderr.write(`--step-on-failure needs a terminal. There, this opens the walk: ${walkFor(failed, flags)}\n`);
}

function tellOne(results: readonly RunResult[], flags: RunFlags, paint: Paint, wallMs: number): string[] {
  const lines = results.flatMap((result) => [
    "",
    ...reportRun(result, { paint, ...commandsFor(result, flags), wallMs: wallMs / results.length }),
  ]);
  const [first] = results as readonly [RunResult];
  const name = shortName(first.file);
  return [
    ...lines,
    ...aligned([
      [walkHint(first, flags), "walk through it, forwards and back"],
      // With another seed, what was changed by hand would not be met.
      isSaved(first)
        ? [`kafka-sim replay ${name}`, "is it still the very same run?"]
        : [`kafka-sim run ${name} --seeds 1..100`, "other seeds"],
      [`kafka-sim run ${name} --set acks=1`, "what a setting buys"],
      [`kafka-sim run ${name} --trace run.jsonl`, "every step, with its cause"],
      ["kafka-sim list", "what else there is"],
    ]).map((line, index) => paint.faint(` ${index === 0 ? "try" : "   "}  ${line}`)),
    "",
  ];
}

/** Whether the file is a branch that was saved. */
function isSaved({ file }: RunResult): boolean {
  return loadScenario(file, { invariants: INVARIANT_NAMES }).recorded !== undefined;
}

/** Two columns. */
function aligned(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(width)}   ${right}`);
}

function tellMany(results: readonly RunResult[], flags: RunFlags, paint: Paint, wallMs: number): string[] {
  const wrong = results.filter((result) => result.verdict !== "as-expected");
  const details = wrong.slice(0, FAILURES_SHOWN).flatMap((result) => {
    return ["", ...reportRun({ ...result, timeline: [] }, { paint, ...commandsFor(result, flags), wallMs: undefined })];
  });
  const left = wrong.length - FAILURES_SHOWN;
  const more = left > 0 ? ["", ` and ${left} more that were not as expected: --json has them all`] : [];
  return [...summarize(results, paint), ...details, ...more, "", conclude(results, wallMs, paint)];
}

/** What to paste to have this very run again, and to walk through it. */
function commandsFor(result: RunResult, flags: RunFlags): { readonly command: string; readonly walk: string } {
  return { command: commandFor(result, flags), walk: walkFor(result, flags) };
}

function commandFor({ file, seed }: RunResult, flags: RunFlags): string {
  return `kafka-sim run ${shellWord(shortName(file))} --seed ${seed}${setsOf(flags)}`;
}

function walkFor({ file, seed, side }: RunResult, flags: RunFlags): string {
  const sideName = side === undefined ? "" : ` --side ${nameOfSide(side)}`;
  return `kafka-sim step ${shellWord(shortName(file))} --seed ${seed}${sideName}${setsOf(flags)}`;
}

/** As short as it leads to the same run; of an exhibit, to its old side. */
function walkHint({ file }: RunResult, flags: RunFlags): string {
  const seed = flags.seed ?? flags.seeds?.split("..")[0];
  return `kafka-sim step ${shellWord(shortName(file))}${seed === undefined ? "" : ` --seed ${seed}`}${setsOf(flags)}`;
}

function setsOf({ set }: RunFlags): string {
  return set.map((each) => ` --set ${shellWord(each)}`).join("");
}

function nameOfSide(side: string): "old" | "new" {
  return side === "new rule" ? "new" : "old";
}

function statusOf(results: readonly RunResult[]): number {
  if (results.some((result) => result.verdict === "unexpected")) return EXIT.unexpected;
  return results.some((result) => result.verdict === "undecided") ? EXIT.undecided : EXIT.asExpected;
}

/** Nothing is opened yet: a file that is there keeps its content until there is a new one. */
function checkWritable(option: string, path: string): void {
  writing(option, path, () => {
    if (!existsSync(path)) accessSync(dirname(path), constants.W_OK);
    else if (statSync(path).isDirectory()) throw new Error("it is a directory");
    else accessSync(path, constants.W_OK);
  });
}

function writeJUnit(path: string, results: readonly RunResult[], flags: RunFlags): void {
  const xml = toJUnit(results, (result) => commandsFor(result, flags));
  writing("--junit", path, () => writeFileSync(path, xml));
}

function writeTraces(path: string, files: readonly string[], overrides: readonly string[], seeds: SeedRange | undefined): void {
  const out = writing("--trace", path, () => openSync(path, "w"));
  for (const file of files) {
    for (let seed = seeds?.from; seed === undefined || seed <= (seeds as SeedRange).to; seed = (seed as number) + 1) {
      for (const run of traceSeed(file, overrides, seed)) {
        for (const line of traceLines(run)) writing("--trace", path, () => writeSync(out, `${line}\n`));
      }
      if (seed === undefined) break;
    }
  }
  closeSync(out);
}

/** What the file system refuses is not our mistake. */
function writing<T>(option: string, path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw argumentError(option, path, `this can't be written: ${(error as Error).message}`);
  }
}

function seedsOf({ seed, seeds }: RunFlags): SeedRange | undefined {
  if (seed !== undefined && seeds !== undefined)
    throw argumentError("--seeds", seeds, "not together with --seed", "leave one of them out");
  if (seed !== undefined) {
    const only = parseSeed(seed);
    return { from: only, to: only };
  }
  if (seeds === undefined) return undefined;
  return seedRange(seeds);
}
