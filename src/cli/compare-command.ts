/** `kafka-sim compare`. */
import { comparisonToJson } from "../report/comparison-json.ts";
import { comparisonTable } from "../report/comparison-report.ts";
import { type ComparedRow, comparedRow } from "../run/comparison.ts";
import type { RunResult } from "../run/result.ts";
import { runMany } from "../run/run-many.ts";
import { scenarioSides } from "../run/seed-task.ts";
import { argumentError } from "../scenario/scenario-error.ts";
import { EXIT } from "./errors.ts";
import { jobsOf, paintOf, print, seedCount, shellWord, terminalWidth } from "./options.ts";
import { Progress } from "./progress.ts";
import { scenarioFiles, shortName } from "./scenario-files.ts";
import { asOverrides, checkVariations, combinations, readVariations } from "./variations.ts";

export interface CompareFlags {
  readonly vary: readonly string[];
  readonly set: readonly string[];
  readonly seeds?: string;
  readonly jobs?: string;
  readonly json?: boolean;
}

/** Returns the exit status. Throws ScenarioError for unusable input, before anything is run. */
export async function compareCommand(given: string, flags: CompareFlags, version: string): Promise<number> {
  const files = scenarioFiles([given], "compare");
  const file = files[0] as string;
  if (files.length > 1) {
    throw argumentError("compare", given, "this is a directory, and one scenario is compared with itself", "name a file in it");
  }
  const variations = readVariations(flags.vary);
  const seeds = seedCount(flags.seeds);
  const jobs = jobsOf(flags.jobs);
  checkVariations(file, flags.set, variations);
  const settings = combinations(variations);
  const variants = settings.map(asOverrides);
  const progress = new Progress(process.stderr.isTTY === true, "with violations");
  const startedAt = Date.now();
  let violating = 0;
  const results = await runMany({
    files,
    overrides: flags.set,
    variants,
    seeds,
    jobs,
    withTimeline: false,
    withCauses: false,
    onProgress: ({ done, total, results: found }) => {
      violating += found.filter(({ violations }) => violations.length > 0).length;
      progress.update(done, total, violating);
    },
  });
  progress.stop();
  const wallMs = Date.now() - startedAt;
  let taken = 0;
  const rows = settings.flatMap((own, index): ComparedRow[] => {
    const sides = scenarioSides(file, [...flags.set, ...(variants[index] as readonly string[])]);
    const count = (seeds.to - seeds.from + 1) * sides.length;
    const ofVariant = results.slice(taken, taken + count);
    taken += count;
    return sides.map((side) =>
      comparedRow(
        own,
        side,
        ofVariant.filter((result) => result.side === side),
      ),
    );
  });
  if (flags.json) print([JSON.stringify(comparisonToJson(file, rows, version), undefined, 2)]);
  else {
    const commandFor = (result: RunResult, row: ComparedRow): string => {
      const sets = [...flags.set, ...asOverrides(row.settings)].map((each) => ` --set ${shellWord(each)}`).join("");
      return `kafka-sim run ${shellWord(shortName(file))} --seed ${result.seed}${sets}`;
    };
    print(comparisonTable(rows, { paint: paintOf(), width: terminalWidth(), wallMs, commandFor }));
  }
  return rows.some(({ counted }) => counted.length === 0) ? EXIT.undecided : EXIT.asExpected;
}
