/** The two runs of an exhibit: the same scenario with one dial at its old and at its new position. */
import type { ExhibitSpec, ScenarioSpec } from "./spec.ts";

export interface ExhibitRun {
  readonly side: "old" | "new";
  readonly scenario: ScenarioSpec;
}

/** First the old position, then the new one; nothing for a scenario that is no exhibit. */
export function exhibitRuns(scenario: ScenarioSpec): readonly ExhibitRun[] {
  const { exhibit } = scenario;
  if (exhibit === undefined) return [];
  return (["old", "new"] as const).map((side) => ({ side, scenario: turned(scenario, exhibit, side) }));
}

function turned(scenario: ScenarioSpec, exhibit: ExhibitSpec, side: "old" | "new"): ScenarioSpec {
  const { value, expect } = exhibit[side];
  const dials = Object.freeze({ ...scenario.dials, [exhibit.dial]: value });
  const turnedDials = Object.freeze([...new Set([...scenario.turnedDials, exhibit.dial])]);
  return Object.freeze({ ...scenario, dials, turnedDials, expect, exhibit: undefined });
}
