/** `--vary key=a,b`: which settings are compared. */
import { isAlias, isSeq, type Node, parseDocument } from "yaml";
import type { Setting } from "../run/comparison.ts";
import { checkScenarios } from "../run/seed-task.ts";
import { argumentError, type Place, problemAt, ScenarioError, type ScenarioProblem } from "../scenario/scenario-error.ts";

/** One `--vary`. */
export interface Variation {
  readonly text: string;
  readonly key: string;
  readonly values: readonly { readonly text: string; readonly start: number }[];
}

const EXAMPLE = "such as --vary acks=1,all";

/** Throws ScenarioError for what is no variation. */
export function readVariations(texts: readonly string[]): Variation[] {
  if (texts.length === 0) throw argumentError("--vary", "", "what is to be compared?", `write --vary key=a,b, ${EXAMPLE}`);
  const variations: Variation[] = [];
  for (const text of texts) {
    const at = text.indexOf("=");
    const key = text.slice(0, Math.max(at, 0)).trim();
    if (key === "" || text.slice(at + 1).trim() === "") throw argumentError("--vary", text, "write --vary key=a,b", EXAMPLE);
    if (key === "seed") throw argumentError("--vary", text, "every row is run with the same seeds", "--seeds says with how many");
    if (variations.some((other) => other.key === key)) {
      throw argumentError("--vary", text, `\`${key}\` is varied twice`, "name all of its values at once");
    }
    const values = valuesOf(text, at + 1);
    if (values.length < 2) throw argumentError("--vary", text, "one value alone is compared with nothing", EXAMPLE);
    const twice = values.find((value, index) => values.findIndex((other) => other.text === value.text) < index);
    if (twice !== undefined) throw argumentError("--vary", text, `\`${twice.text}\` stands here twice`, "leave one of them out");
    variations.push({ text, key, values });
  }
  return variations;
}

/** Commas part values, but not within brackets or quotes. */
function valuesOf(text: string, from: number): Variation["values"] {
  const list = text.slice(from);
  const { contents, errors } = parseDocument(`[${list}]`, { prettyErrors: false });
  if (errors.length > 0 || !isSeq(contents)) throw argumentError("--vary", text, `\`${list}\` is no list of values`, EXAMPLE);
  return contents.items.map((item) => {
    const node = item as Node;
    const [start, end] = node.range ?? [0, 0];
    // The bracket before the list is ours.
    const value = list.slice(start - 1, end - 1);
    if (isAlias(node) || value.trim() === "") throw argumentError("--vary", text, "a value is missing here", EXAMPLE);
    return { text: value, start: from + start - 1 };
  });
}

/** Every combination, the first variation's values the slowest to change. */
export function combinations(variations: readonly Variation[]): Setting[][] {
  return variations.reduce<Setting[][]>(
    (before, { key, values }) => before.flatMap((settings) => values.map(({ text }) => [...settings, { key, value: text }])),
    [[]],
  );
}

export function asOverrides(settings: readonly Setting[]): string[] {
  return settings.map(({ key, value }) => `${key}=${value}`);
}

/**
 * Throws one ScenarioError if the file is unusable, or else for the first combination that makes it so: where the value stands, or
 * where in the file it makes trouble.
 */
export function checkVariations(file: string, overrides: readonly string[], variations: readonly Variation[]): void {
  checkScenarios([file], overrides);
  for (const settings of combinations(variations)) {
    const own = asOverrides(settings);
    try {
      checkScenarios([file], [...overrides, ...own]);
    } catch (error) {
      if (!(error instanceof ScenarioError)) throw error;
      throw new ScenarioError(error.problems.map((problem) => blame(problem, own, variations)));
    }
  }
}

function blame(problem: ScenarioProblem, own: readonly string[], variations: readonly Variation[]): ScenarioProblem {
  const { place, message, hint, code } = problem;
  const index = own.findIndex((each) => place?.isFile === false && place.text === each);
  const variation = variations[index];
  if (place === undefined || variation === undefined) return { ...problem, message: `${message} (with ${own.join(" ")})` };
  // As if the value stood in the option as it was given.
  const value = variation.values.find(({ text }) => `${variation.key}=${text}` === place.text);
  const inKey = place.start < variation.key.length || value === undefined;
  const shift = inKey ? 0 : value.start - variation.key.length - 1;
  const moved: Place = {
    file: `--vary ${variation.text}`,
    text: variation.text,
    start: place.start + shift,
    end: place.end + shift,
    isFile: false,
  };
  return problemAt(moved, { code, message, hint });
}
