/** `kafka-sim museum`. */
import { INVARIANT_NAMES } from "../checks/catalogue.ts";
import { museumToJson, taleToJson } from "../report/museum-json.ts";
import { museumTable, type ShownExhibit } from "../report/museum-report.ts";
import { tellExhibit } from "../report/museum-tale.ts";
import { exhibitOutcome, isReproduced } from "../run/museum.ts";
import type { RunResult } from "../run/result.ts";
import { runMany } from "../run/run-many.ts";
import { loadScenario, parseSeed } from "../scenario/loader.ts";
import { nearest } from "../scenario/nearest.ts";
import { argumentError } from "../scenario/scenario-error.ts";
import type { ScenarioSpec } from "../scenario/spec.ts";
import { EXIT } from "./errors.ts";
import { jobsOf, paintOf, print, seedCount, shellWord, terminalWidth } from "./options.ts";
import { Progress } from "./progress.ts";
import { bundledFile, bundledNames, fromHere, shortName } from "./scenario-files.ts";

export interface MuseumFlags {
  readonly seeds?: string;
  readonly seed?: string;
  readonly jobs?: string;
  readonly json?: boolean;
  /** With the exhibit's name, unless that is the argument. */
  readonly tell?: string | boolean;
}

interface Exhibit {
  /** Its file's name. */
  readonly slug: string;
  /** Its folder. */
  readonly theme: string;
  readonly file: string;
}

/** What the story is told in where nobody counts columns. */
const TALE_WIDTH = 120;

/** Returns the exit status. Throws ScenarioError for unusable input, before anything is run. */
export async function museumCommand(wanted: string | undefined, flags: MuseumFlags, version: string): Promise<number> {
  const { tell } = flags;
  if (tell === undefined || tell === false) {
    if (flags.seed !== undefined)
      throw argumentError("--seed", flags.seed, "the table is over many seeds", "write --seeds 20, or add --tell");
    return table(choose(wanted), flags, version);
  }
  if (typeof tell === "string" && wanted !== undefined) {
    throw argumentError("museum", wanted, "a story is told of one exhibit", `leave out ${wanted} or ${tell}`);
  }
  if (flags.seeds !== undefined) throw argumentError("--seeds", flags.seeds, "a story is told of one seed", "write --seed 7");
  const name = typeof tell === "string" ? tell : wanted;
  const exhibits = choose(name);
  const [exhibit] = exhibits;
  if (name === undefined || exhibit === undefined || exhibits.length > 1) {
    const hint = `name one, such as ${exhibits[0]?.slug}`;
    throw argumentError("museum", name ?? "--tell", "a story is told of one exhibit", hint);
  }
  return story(exhibit, flags, version);
}

async function table(exhibits: readonly Exhibit[], flags: MuseumFlags, version: string): Promise<number> {
  const seeds = seedCount(flags.seeds);
  const jobs = jobsOf(flags.jobs);
  const progress = new Progress(process.stderr.isTTY === true);
  const startedAt = Date.now();
  let unexpected = 0;
  const results = await runMany({
    files: exhibits.map(({ file }) => file),
    overrides: [],
    seeds,
    jobs,
    withTimeline: false,
    withCauses: false,
    onProgress: ({ done, total, results: found }) => {
      unexpected += found.filter(({ verdict }) => verdict !== "as-expected").length;
      progress.update(done, total, unexpected);
    },
  });
  progress.stop();
  const wallMs = Date.now() - startedAt;
  const shown = exhibits.map(({ slug, theme, file }): ShownExhibit => {
    const own = results.filter((result) => result.file === file);
    return { slug, theme, outcome: exhibitOutcome(load(file), own) };
  });
  if (flags.json) print([JSON.stringify(museumToJson(shown, version), undefined, 2)]);
  else print(museumTable(shown, { paint: paintOf(), width: terminalWidth(), wallMs, commandFor }));
  return statusOf(shown, results);
}

/** 0 only if every exhibit showed on both sides, for every seed. */
function statusOf(shown: readonly ShownExhibit[], results: readonly RunResult[]): number {
  if (shown.every(({ outcome }) => isReproduced(outcome))) return EXIT.asExpected;
  return results.some(({ verdict }) => verdict === "unexpected") ? EXIT.unexpected : EXIT.undecided;
}

async function story({ slug, theme, file }: Exhibit, flags: MuseumFlags, version: string): Promise<number> {
  const scenario = load(file);
  const seed = flags.seed === undefined ? scenario.seed : parseSeed(flags.seed);
  const results = await runMany({ files: [file], overrides: [], seeds: { from: seed, to: seed }, jobs: 1, withTimeline: true });
  if (flags.json) print([JSON.stringify(taleToJson(slug, theme, scenario, results, version), undefined, 2)]);
  else print(tellExhibit(scenario, results, { paint: paintOf(), width: terminalWidth() ?? TALE_WIDTH, commandFor }));
  return statusOf([{ slug, theme, outcome: exhibitOutcome(scenario, results) }], results);
}

function load(file: string): ScenarioSpec {
  return loadScenario(file, { invariants: INVARIANT_NAMES });
}

/** What to paste to see this very run again. */
function commandFor({ file, seed, side }: RunResult): string {
  const { exhibit } = load(file);
  const value = side === "old rule" ? exhibit?.old.value : exhibit?.new.value;
  const set = exhibit === undefined ? "" : ` --set ${shellWord(`${exhibit.key}=${value}`)}`;
  return `kafka-sim run ${shortName(file)} --seed ${seed}${set}`;
}

/** The whole museum, a theme, or one exhibit by its name or the beginning of it. */
function choose(wanted: string | undefined): Exhibit[] {
  const all = exhibits();
  if (wanted === undefined) return all;
  const name = wanted.replace(/^(scenarios\/)?museum\//, "").replace(/\.ya?ml$/, "");
  const exact = all.filter(({ slug, theme }) => theme === name || slug === name || `${theme}/${slug}` === name);
  if (exact.length > 0) return exact;
  const begun = all.filter(({ slug, theme }) => slug.startsWith(name) || `${theme}/${slug}`.startsWith(name));
  if (begun.length === 1) return begun;
  if (begun.length > 1) {
    const slugs = begun.map(({ slug }) => slug).join(", ");
    throw argumentError("museum", wanted, `${begun.length} exhibits begin like this`, `it is one of ${slugs}`);
  }
  const guess = nearest(name, [...new Set(all.flatMap(({ slug, theme }) => [theme, slug]))]);
  const hint = guess === undefined ? "`kafka-sim museum` shows all of them" : `did you mean ${guess}?`;
  throw argumentError("museum", wanted, "there is no such exhibit or theme", hint);
}

/** `museum/THEME/SLUG` among the bundled scenarios. */
function exhibits(): Exhibit[] {
  return bundledNames().flatMap((name) => {
    const [, theme, slug] = /^museum\/(.+)\/([^/]+)$/.exec(name) ?? [];
    return theme === undefined || slug === undefined ? [] : [{ slug, theme, file: fromHere(bundledFile(name)) }];
  });
}
