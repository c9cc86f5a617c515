/** The results as JSON: a contract for scripts. Fields may be added; those that are here keep their names and meaning. */
import { US_PER_SECOND } from "../base/units.ts";
import type { GroupResult } from "../run/group-result.ts";
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
  readonly groups: readonly JsonGroup[];
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

/** Of a consumer group. */
interface JsonGroup {
  readonly group: string;
  readonly members: readonly string[];
  readonly processedOnce: number;
  readonly processedAgain: number;
  readonly skipped: number;
  readonly outOfOrder: number;
  readonly givenUp: number;
  readonly unprocessed: number;
  readonly rebalances: number;
  readonly ownerlessSeconds: number;
  readonly lag: {
    readonly highest: number;
    readonly atEnd: number;
    readonly samples: readonly { readonly time: number; readonly records: number }[];
  };
  readonly generations: readonly { readonly time: number; readonly generation: number }[];
  readonly ownership: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly client: string;
    readonly generation: number;
    readonly from: number;
    /** Null: to the end. */
    readonly to: number | null;
    readonly end: string | null;
  }[];
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
    groups: result.groups.map(groupToJson),
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

function groupToJson(result: GroupResult): JsonGroup {
  const { lag, generations, ownership, ownerlessUs } = result;
  const { group, members, processedOnce, processedAgain, skipped, outOfOrder, givenUp, unprocessed, rebalances } = result;
  return {
    ...{ group, members, processedOnce, processedAgain, skipped, outOfOrder, givenUp, unprocessed, rebalances },
    ownerlessSeconds: ownerlessUs / US_PER_SECOND,
    lag: { ...lag, samples: lag.samples.map(({ timeUs, records }) => ({ time: timeUs / US_PER_SECOND, records })) },
    generations: generations.map(({ timeUs, generation }) => ({ time: timeUs / US_PER_SECOND, generation })),
    ownership: ownership.map(({ topic, partition, client, generation, fromUs, toUs, end }) => ({
      ...{ topic, partition, client, generation },
      from: fromUs / US_PER_SECOND,
      to: toUs === undefined ? null : toUs / US_PER_SECOND,
      end: end ?? null,
    })),
  };
}

function momentToJson({ step, timeUs, text }: Moment): JsonMoment {
  return { step, time: timeUs / US_PER_SECOND, text };
}
