/** The one run that somebody wants to look at: a file, a seed, and of an exhibit a side. */
import { readFileSync } from "node:fs";
import { INVARIANT_NAMES } from "../checks/catalogue.ts";
import { sidesOf } from "../run/run-scenario.ts";
import { loadScenario, parseSeed } from "../scenario/loader.ts";
import { argumentError } from "../scenario/scenario-error.ts";
import type { SideName } from "../scenario/switch.ts";
import type { WalkOptions } from "../walk/walk.ts";
import { scenarioFiles } from "./scenario-files.ts";

export interface ChoosingFlags {
  readonly seed?: string;
  readonly set: readonly string[];
  /** `old` or `new`. */
  readonly side?: string;
}

const SIDES: readonly SideName[] = ["old", "new"];

/** What is broken, and at which side, is what an exhibit is looked at for: its old one, unless `--side` says otherwise. */
export function chosenRun(command: string, given: string, flags: ChoosingFlags): WalkOptions {
  const [file, ...others] = scenarioFiles([given], command);
  if (file === undefined || others.length > 0)
    throw argumentError(command, given, "this is a directory", "name one scenario in it");
  const scenario = loadScenario(file, { overrides: flags.set, invariants: INVARIANT_NAMES });
  const wanted = sideNamed(flags.side);
  const hasSides = scenario.exhibit !== undefined;
  if (!hasSides && wanted !== undefined) {
    throw argumentError(
      "--side",
      wanted,
      "this run has no sides",
      "only an exhibit has, as long as --set leaves its switch alone",
    );
  }
  const name = hasSides ? (wanted ?? "old") : undefined;
  const side = sidesOf(scenario)[name === "new" ? 1 : 0];
  if (side === undefined) throw new Error("a scenario is played on one side at least");
  const seed = String(flags.seed === undefined ? scenario.seed : parseSeed(flags.seed));
  return { side, seed, source: { text: readFileSync(file, "utf8"), file, overrides: flags.set, side: name } };
}

function sideNamed(text: string | undefined): SideName | undefined {
  if (text === undefined) return undefined;
  const name = SIDES.find((each) => each === text);
  if (name === undefined)
    throw argumentError("--side", text, "an exhibit has an old and a new side", "write --side old or --side new");
  return name;
}
