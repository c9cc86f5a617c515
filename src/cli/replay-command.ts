/** `kafka-sim replay`: a saved run, once more; and whether it is still the same. */
import { INVARIANT_NAMES } from "../checks/catalogue.ts";
import { runToJson } from "../report/json-report.ts";
import { grouped } from "../report/numbers.ts";
import { printable } from "../report/printable.ts";
import { reportRun } from "../report/run-report.ts";
import type { RunResult } from "../run/result.ts";
import { runMany } from "../run/run-many.ts";
import { loadScenario } from "../scenario/loader.ts";
import { argumentError } from "../scenario/scenario-error.ts";
import type { RecordedSpec } from "../scenario/spec.ts";
import { EXIT } from "./errors.ts";
import { paintOf, print, shellWord } from "./options.ts";
import { scenarioFiles, shortName } from "./scenario-files.ts";

export interface ReplayFlags {
  readonly json?: boolean;
}

/** Returns the exit status: 0 for the same run, 1 for another one. Throws ScenarioError for unusable input, before anything is run. */
export async function replayCommand(given: string, flags: ReplayFlags, version: string): Promise<number> {
  const file = savedFile(given);
  const recorded = recordedIn(file);
  const startedAt = Date.now();
  const [result] = await runMany({ files: [file], overrides: [], seeds: undefined, jobs: 1, withTimeline: true });
  const wallMs = Date.now() - startedAt;
  const played = result as RunResult;
  const differences = differencesOf(played, recorded);
  const same = differences.length === 0;
  if (flags.json) print([JSON.stringify({ version, same, differences, recorded, run: runToJson(played) }, undefined, 2)]);
  else {
    const paint = paintOf();
    const name = shellWord(shortName(file));
    const commands = { command: `kafka-sim run ${name}`, walk: `kafka-sim step ${name}` };
    print(["", ...reportRun(played, { paint, ...commands, wallMs }), ...comparison(differences, recorded, version), ""]);
  }
  return same ? EXIT.asExpected : EXIT.unexpected;
}

function savedFile(given: string): string {
  const [file, ...others] = scenarioFiles([given], "replay");
  if (file === undefined || others.length > 0)
    throw argumentError("replay", given, "this is a directory", "name one file: a run that was saved");
  return file;
}

function recordedIn(file: string): RecordedSpec {
  const { recorded } = loadScenario(file, { invariants: INVARIANT_NAMES });
  if (recorded !== undefined) return recorded;
  const hint = `there is no \`recorded\` in it; \`kafka-sim run ${shellWord(shortName(file))}\` runs it`;
  throw argumentError("replay", shortName(file), "this file was not saved from a run", hint);
}

function differencesOf({ traceHash, events }: RunResult, recorded: RecordedSpec): string[] {
  return [
    ...(traceHash === recorded.trace ? [] : [`the trace is ${traceHash}, recorded was ${recorded.trace}`]),
    ...(events === recorded.events ? [] : [`it has ${grouped(events)} events, recorded were ${grouped(recorded.events)}`]),
  ];
}

function comparison(differences: readonly string[], { trace, events, by }: RecordedSpec, version: string): string[] {
  if (differences.length === 0) return [` replay    the same run as recorded: trace ${trace}, ${grouped(events)} events`];
  const saved = by === version ? `${by}, as this is` : `${by}, and this is ${version}`;
  return [
    " replay    not the run that was recorded",
    ...differences.map((difference) => `           ${difference}`),
    `           this version of kafka-sim, or the file, is another: it was saved by ${printable(saved)}`,
  ];
}
