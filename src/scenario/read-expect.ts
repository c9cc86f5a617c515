/** Reads how a run must end, and the nemesis. */
import type { Micros } from "../base/units.ts";
import type { ClusterMode } from "../kafka/releases.ts";
import type { NemesisSpec } from "./fault-spec.ts";
import type { ScenarioNames } from "./names.ts";
import { nearest } from "./nearest.ts";
import { durationText, quote } from "./quantities.ts";
import { patternText, readEventPattern } from "./read-patterns.ts";
import type { Written } from "./schema/kit.ts";
import type { WrittenExpect, WrittenScenario } from "./schema/scenario.ts";
import type { Path } from "./source.ts";
import type { ExpectSpec, GoalSpec, GroupExpectation, GroupSpec, RunSpec } from "./spec.ts";

export interface ExpectSurroundings {
  readonly names: ScenarioNames;
  /** Undefined: any name will do. */
  readonly invariants: readonly string[] | undefined;
  /** The document as plain values. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/**
 * What the block says for the cluster's own mode replaces what it says for both; goals are added. `violates` is what is violated
 * unless the block itself says so.
 */
export function readExpect(
  written: WrittenExpect | undefined,
  path: Path,
  around: ExpectSurroundings,
  violates: readonly string[] = [],
): ExpectSpec {
  const { mode } = around.names;
  const own = written?.[mode];
  const given = (block: WrittenBlock | undefined, at: Path): readonly string[] | undefined =>
    block?.violates && readInvariants(block.violates, [...at, "violates"], around);
  const common = given(written, path);
  const broken = given(own, [...path, mode]) ?? common ?? violates;
  const records = { ...written?.records, ...own?.records };
  return {
    violates: broken,
    records: {
      // Where nothing is violated nothing may be lost, even if nobody says so.
      lost: records.lost ?? (broken.length === 0 ? { min: 0, max: 0 } : undefined),
      legallyLost: records["legally-lost"],
      duplicated: records.duplicated,
      failed: records.failed,
      delayed: records.delayed,
    },
    groups: readGroupExpectations(written, path, around),
    longestOutage: own?.["longest-outage"] ?? written?.["longest-outage"],
    reaches: [
      ...readGoals(written, [...path, "reaches"], around),
      ...(own === undefined ? [] : readGoals(own, [...path, mode, "reaches"], around)),
    ],
  };
}

function readGroupExpectations(
  written: WrittenExpect | undefined,
  path: Path,
  { names }: ExpectSurroundings,
): readonly GroupExpectation[] {
  const { mode } = names;
  const [common, own] = [written?.groups ?? {}, written?.[mode]?.groups ?? {}];
  for (const group of Object.keys(common)) names.readGroup(group, [...path, "groups", group], "key");
  for (const group of Object.keys(own)) names.readGroup(group, [...path, mode, "groups", group], "key");
  return [...new Set([...Object.keys(common), ...Object.keys(own)])].map((group) => {
    const merged = { ...common[group], ...own[group] };
    const { ownerless } = merged;
    return {
      group,
      counts: {
        processedOnce: merged["processed-once"],
        processedAgain: merged["processed-again"],
        skipped: merged.skipped,
        outOfOrder: merged["out-of-order"],
        givenUp: merged["given-up"],
        unprocessed: merged.unprocessed,
        lag: merged.lag,
        highestLag: merged["highest-lag"],
        rebalances: merged.rebalances,
      },
      ownerless,
    };
  });
}

/** The part that is the same in every mode. */
type WrittenBlock = Omit<WrittenExpect, ClusterMode>;

export function readInvariants(
  written: readonly Written[],
  path: Path,
  { invariants, names }: ExpectSurroundings,
): readonly string[] {
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

function readGoals(written: WrittenBlock | undefined, path: Path, { names, raw }: ExpectSurroundings): readonly GoalSpec[] {
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

const DEFAULT_EVERY = { minUs: 5_000_000, maxUs: 15_000_000 };
const DEFAULT_LASTS = { minUs: 2_000_000, maxUs: 10_000_000 };
const DEFAULT_FROM_US = 5_000_000;
const DEFAULT_QUIET_US = 20_000_000;

export function readNemesis(
  written: WrittenScenario,
  { forUs: endUs, settleUs }: RunSpec,
  groups: readonly GroupSpec[],
  names: ScenarioNames,
): NemesisSpec | undefined {
  const { nemesis } = written;
  if (nemesis === undefined) return undefined;
  const { sink } = names;
  const fromUs = nemesis.from ?? DEFAULT_FROM_US;
  const quietUs = nemesis.quiet ?? DEFAULT_QUIET_US + timeToNotice(groups, settleUs);
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
        hint:
          nemesis.until === undefined && nemesis.quiet === undefined && quietUs > DEFAULT_QUIET_US
            ? `raise run.for: groups are left alone for ${durationText(quietUs)}, unless nemesis.quiet says otherwise`
            : "raise run.for, or lower nemesis.quiet",
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
      ? [{ kind: "nodes" as const, names: names.members("servers") }]
      : names.readSelectors(nemesis.on, ["nemesis", "on"]);
  checkMemberFaults(nemesis.faults as NemesisSpec["faults"], on, names);
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

/** A group gets over the last fault when the session of whoever is gone has ended. What the run leaves for settling is of use to it, too. */
function timeToNotice(groups: readonly GroupSpec[], settleUs: Micros): Micros {
  const sessions = groups.map(({ contract }) => contract.sessionTimeoutUs);
  return Math.max(0, Math.max(0, ...sessions) - settleUs);
}

/** `leave` and `join` are for members of groups that the nemesis may hit. */
function checkMemberFaults(faults: NemesisSpec["faults"], on: NemesisSpec["on"], { groups, sink }: ScenarioNames): void {
  const targets = on.flatMap((selector) => (selector.kind === "nodes" ? selector.names : []));
  const example = groups[0]?.group ?? "billing";
  for (const [index, fault] of faults.entries()) {
    if (fault !== "leave" && fault !== "join") continue;
    const able = groups.flatMap(({ members, spares }) => (fault === "join" ? spares : members));
    // Of a group that could not be read, nobody knows.
    if (able.some((name) => targets.includes(name)) || groups.some(({ members }) => members.length === 0)) continue;
    const message = `nobody whom the nemesis may hit can ${fault} a group`;
    const target = `add members(${example}) to nemesis.on`;
    const hint =
      fault === "join" && able.length === 0
        ? `add \`spares: 1\` to a group: members that join${on.length === 1 ? `, and ${target}` : ""}`
        : target;
    sink.add(["nemesis", "faults", index], { code: "CONTRADICTION", message, hint });
  }
}
