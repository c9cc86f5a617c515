/** The results as JSON: a contract for scripts. Fields may be added; those that are here keep their names and meaning. */
import { US_PER_SECOND } from "../base/units.ts";
import type { Moment, RunResult } from "../run/result.ts";

export interface JsonReport {
  readonly version: string;
  readonly runs: readonly JsonRun[];
}

interface JsonMoment {
  readonly step: number;
  /** Seconds since the cluster was ready. */
  readonly time: number;
  readonly text: string;
}

interface JsonRun {
  readonly file: string;
  readonly scenario: string;
  readonly side?: string;
  readonly seed: string | number;
  readonly verdict: "as-expected" | "unexpected";
  /** True when a limit was reached, or a condition never came true, before the question was answered. The verdict is then `unexpected`. */
  readonly undecided: boolean;
  readonly traceHash: string;
  readonly events: number;
  readonly virtualSeconds: number;
  readonly records: RunResult["records"];
  readonly longestOutageSeconds: number;
  readonly violations: readonly {
    readonly invariant: string;
    readonly step: number;
    readonly time: number;
    readonly message: string;
    readonly facts: readonly JsonMoment[];
    readonly cause: readonly JsonMoment[];
  }[];
  readonly expectations: RunResult["expectations"];
  readonly notes: readonly string[];
  readonly timeline: readonly JsonMoment[];
}

export function toJson(results: readonly RunResult[], version: string): JsonReport {
  return { version, runs: results.map(runToJson) };
}

export function runToJson(result: RunResult): JsonRun {
  const { file, scenario, side, seed, verdict, traceHash, events, virtualUs, records, longestOutage } = result;
  return {
    file,
    scenario,
    ...(side !== undefined && { side }),
    seed: /^-?\d+$/.test(seed) ? Number(seed) : seed,
    verdict: verdict === "as-expected" ? "as-expected" : "unexpected",
    undecided: verdict === "undecided",
    traceHash,
    events,
    virtualSeconds: virtualUs / US_PER_SECOND,
    records,
    longestOutageSeconds: longestOutage === undefined ? 0 : (longestOutage.toUs - longestOutage.fromUs) / US_PER_SECOND,
    violations: result.violations.map(({ invariant, step, timeUs, message, facts, cause }) => ({
      invariant,
      step,
      time: timeUs / US_PER_SECOND,
      message,
      facts: facts.map(momentToJson),
      cause: cause.map(momentToJson),
    })),
    expectations: result.expectations,
    notes: result.notes,
    timeline: result.timeline.map(momentToJson),
  };
}

function momentToJson({ step, timeUs, text }: Moment): JsonMoment {
  return { step, time: timeUs / US_PER_SECOND, text };
}
