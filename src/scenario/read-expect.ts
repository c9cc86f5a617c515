/** Reads how a run must end, the nemesis, and the two sides of an exhibit. */
import type { Micros } from "../base/units.ts";
import type { DialName } from "../kafka/dials.ts";
import { DIAL_VALUES } from "../kafka/dials.ts";
import type { NemesisSpec } from "./fault-spec.ts";
import type { ScenarioNames } from "./names.ts";
import { nearest } from "./nearest.ts";
import { durationText, quote } from "./quantities.ts";
import { patternText, readEventPattern } from "./read-patterns.ts";
import { readDialValue } from "./schema/config.ts";
import type { Written } from "./schema/kit.ts";
import type { WrittenExpect, WrittenScenario } from "./schema/scenario.ts";
import type { Path } from "./source.ts";
import type { ExhibitSide, ExhibitSpec, ExpectSpec, GoalSpec } from "./spec.ts";

export interface ExpectSurroundings {
  readonly names: ScenarioNames;
  /** Undefined: any name will do. */
  readonly invariants: readonly string[] | undefined;
  /** The document as plain values. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** `violates` is what is violated unless the block itself says so. */
export function readExpect(
  written: WrittenExpect | undefined,
  path: Path,
  around: ExpectSurroundings,
  violates: readonly string[] = [],
): ExpectSpec {
  const broken = written?.violates === undefined ? violates : readInvariants(written.violates, [...path, "violates"], around);
  const records = written?.records;
  return {
    violates: broken,
    records: {
      // Where nothing is violated nothing may be lost, even if nobody says so.
      lost: records?.lost ?? (broken.length === 0 ? { min: 0, max: 0 } : undefined),
      legallyLost: records?.["legally-lost"],
      duplicated: records?.duplicated,
      failed: records?.failed,
      delayed: records?.delayed,
    },
    longestOutage: written?.["longest-outage"],
    reaches: readGoals(written, [...path, "reaches"], around),
  };
}

function readInvariants(written: readonly Written[], path: Path, { invariants, names }: ExpectSurroundings): readonly string[] {
  for (const { text, index } of written) {
    if (invariants === undefined || invariants.includes(text)) continue;
    const guess = nearest(text, invariants);
    const hint = guess === undefined ? `there are ${invariants.join(", ")}` : `did you mean ${guess}?`;
    names.sink.add(index === undefined ? path : [...path, index], {
      code: "UNKNOWN_NAME",
      message: `there is no invariant ${quote(text)}`,
      hint,
    });
  }
  return [...new Set(written.map(({ text }) => text))];
}

function readGoals(written: WrittenExpect | undefined, path: Path, { names, raw }: ExpectSurroundings): readonly GoalSpec[] {
  const goals: GoalSpec[] = [];
  for (const [index, goal] of (written?.reaches ?? []).entries()) {
    const at = [...path, index];
    const pattern = readEventPattern(goal, at, names);
    if (pattern === undefined) continue;
    const original = at.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown>)[step], raw);
    goals.push({ pattern, times: goal.nth ?? 1, text: patternText(original), source: names.sink.source.positionOf(at) });
  }
  return goals;
}

/** `base` is what the scenario's own `expect` says. */
export function readExhibit(written: WrittenScenario, base: ExpectSpec, around: ExpectSurroundings): ExhibitSpec | undefined {
  const { exhibit } = written;
  if (exhibit === undefined) return undefined;
  const { sink } = around.names;
  const dial = exhibit.dial as DialName;
  const turned = written.dials?.[dial];
  if (turned !== undefined && !sink.source.isOverridden(["dials", dial])) {
    sink.add(
      ["dials", dial],
      { code: "CONTRADICTION", message: `the exhibit turns \`${dial}\` itself`, hint: "leave it out here" },
      "key",
    );
  }
  const [newest, older] = DIAL_VALUES[dial] as readonly [boolean | string, boolean | string];
  const positionOf = (side: "old" | "new", otherwise: boolean | string): boolean | string => {
    const value = exhibit[side];
    const reading = value === undefined ? { ok: true as const, value: otherwise } : readDialValue(dial, value);
    if (reading.ok) return reading.value;
    sink.add(["exhibit", side], { code: "WRONG_VALUE", message: reading.message, hint: reading.hint });
    return otherwise;
  };
  const [old, fixed] = [positionOf("old", older), positionOf("new", newest)];
  if (old === fixed)
    sink.add(["exhibit", exhibit.old === undefined ? "new" : "old"], {
      code: "CONTRADICTION",
      message: "both sides have the dial in the same position",
    });
  const violates = readInvariants(exhibit.violates ?? [], ["exhibit", "violates"], around);
  if (violates.length === 0 && exhibit["old-expect"] === undefined) {
    sink.add(
      ["exhibit"],
      {
        code: "MISSING_KEY",
        message: "what does the old position do wrong?",
        hint: "add `violates: NoAckedLoss`, or `old-expect`",
      },
      "key",
    );
  }
  const newExpect = exhibit["new-expect"];
  return {
    dial,
    old: { value: old, expect: readExpect(exhibit["old-expect"], ["exhibit", "old-expect"], around, violates) },
    new: { value: fixed, expect: newExpect === undefined ? base : readExpect(newExpect, ["exhibit", "new-expect"], around) },
  };
}

/** The side of the exhibit that someone asked for by turning its dial from outside. */
export function sideAskedFor(
  exhibit: ExhibitSpec | undefined,
  written: WrittenScenario,
  around: ExpectSurroundings,
): ExhibitSide | undefined {
  if (exhibit === undefined || !around.names.sink.source.isOverridden(["dials", exhibit.dial])) return undefined;
  return [exhibit.old, exhibit.new].find((side) => side.value === written.dials?.[exhibit.dial]);
}

const DEFAULT_EVERY = { minUs: 5_000_000, maxUs: 15_000_000 };
const DEFAULT_LASTS = { minUs: 2_000_000, maxUs: 10_000_000 };
const DEFAULT_FROM_US = 5_000_000;
const DEFAULT_QUIET_US = 20_000_000;

export function readNemesis(written: WrittenScenario, endUs: Micros, names: ScenarioNames): NemesisSpec | undefined {
  const { nemesis } = written;
  if (nemesis === undefined) return undefined;
  const { sink } = names;
  const fromUs = nemesis.from ?? DEFAULT_FROM_US;
  const quietUs = nemesis.quiet ?? DEFAULT_QUIET_US;
  const untilUs = nemesis.until ?? endUs - quietUs;
  const every = nemesis.every ?? DEFAULT_EVERY;
  if (nemesis.until !== undefined && nemesis.quiet !== undefined) {
    sink.add(
      ["nemesis", "quiet"],
      { code: "CONTRADICTION", message: "`until` and `quiet` both say when the nemesis ends", hint: "keep one" },
      "key",
    );
  }
  if (untilUs > endUs)
    sink.add(["nemesis", "until"], {
      code: "IMPOSSIBLE",
      message: `the run is over at ${durationText(endUs)}`,
      hint: "raise run.for",
    });
  if (untilUs <= fromUs) {
    const key = nemesis.until === undefined ? (nemesis.quiet === undefined ? "faults" : "quiet") : "until";
    const ends = untilUs <= 0 ? "no time at all" : `from ${durationText(fromUs)} until ${durationText(untilUs)}`;
    sink.add(
      ["nemesis", key],
      {
        code: "IMPOSSIBLE",
        message: `a run of ${durationText(endUs)} leaves the nemesis ${ends}`,
        hint: "raise run.for, or lower nemesis.quiet",
      },
      "key",
    );
  }
  if (every.minUs === 0)
    sink.add(["nemesis", "every"], {
      code: "WRONG_VALUE",
      message: "faults with no time between them",
      hint: "begin above 0, such as 1s..10s",
    });
  const on =
    nemesis.on === undefined
      ? [{ kind: "nodes" as const, names: [...new Set([...names.brokers, ...names.controllers])] }]
      : names.readSelectors(nemesis.on, ["nemesis", "on"]);
  return {
    faults: nemesis.faults as NemesisSpec["faults"],
    every,
    lasts: nemesis.for ?? DEFAULT_LASTS,
    on,
    atMost: nemesis["at-most"] ?? 1,
    fromUs,
    untilUs,
    source: sink.source.positionOf(["nemesis"]),
  };
}
