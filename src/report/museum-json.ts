/** The museum as JSON: a contract for scripts, as that of `run`. */
import { isReproduced, type SideOutcome } from "../run/museum.ts";
import type { RunResult } from "../run/result.ts";
import type { ScenarioSpec } from "../scenario/spec.ts";
import { runToJson } from "./json-report.ts";
import type { ShownExhibit } from "./museum-report.ts";

export function museumToJson(exhibits: readonly ShownExhibit[], version: string): object {
  return { version, exhibits: exhibits.map(exhibitToJson) };
}

/** One exhibit with its runs in full. */
export function taleToJson(
  slug: string,
  theme: string,
  scenario: ScenarioSpec,
  results: readonly RunResult[],
  version: string,
): object {
  return { version, ...headOf(slug, theme, scenario), about: scenario.about, runs: results.map(runToJson) };
}

function exhibitToJson({ slug, theme, outcome }: ShownExhibit): object {
  const { scenario, old, fixed, stepsToBreak } = outcome;
  const { exhibit } = scenario;
  return {
    ...headOf(slug, theme, scenario),
    violates: old.scenario.expect.violates,
    // Steps until the first violation of one of these.
    stepsToBreak: stepsToBreak ?? null,
    old: sideToJson(old, exhibit?.old.value),
    new: fixed === undefined ? null : sideToJson(fixed, exhibit?.new.value),
    reproduced: isReproduced(outcome),
  };
}

function headOf(slug: string, theme: string, { name, file, exhibit }: ScenarioSpec): object {
  return { slug, theme, file, name, source: exhibit?.source ?? null, kind: exhibit?.kind ?? null, switch: exhibit?.key ?? null };
}

function sideToJson({ results, asSaid, undecided }: SideOutcome, position: string | undefined): object {
  return {
    position: position ?? null,
    asExpected: asSaid,
    undecided,
    runs: results.map(({ seed, verdict, traceHash, events, records, violations }) => ({
      seed: Number(seed),
      verdict: verdict === "as-expected" ? "as-expected" : "unexpected",
      undecided: verdict === "undecided",
      traceHash,
      events,
      records,
      violations: violations.map(({ invariant, step }) => ({ invariant, step })),
    })),
  };
}
