/** The scenarios that come with the package, each with the sides on which it is played. */
import { INVARIANT_NAMES } from "../../src/checks/catalogue.ts";
import { bundledFile, bundledNames } from "../../src/cli/scenario-files.ts";
import { type Side, sidesOf } from "../../src/run/run-scenario.ts";
import { loadScenario } from "../../src/scenario/loader.ts";
import { ScenarioError } from "../../src/scenario/scenario-error.ts";
import type { ScenarioSpec } from "../../src/scenario/spec.ts";

export interface BundledSide extends Side {
  /** `museum/quorum/kip-996-…`, with ` (old rule)` where there are two sides. */
  readonly title: string;
  /** `museum/quorum/kip-996-…`. */
  readonly name: string;
}

function sidesIn(name: string, scenario: ScenarioSpec, mode: string): BundledSide[] {
  return sidesOf(scenario).map((side) => ({
    ...side,
    name,
    title: `${name}${mode}${side.label === undefined ? "" : ` (${side.label})`}`,
  }));
}

export const BUNDLED: readonly BundledSide[] = bundledNames().flatMap((name) =>
  sidesIn(name, loadScenario(bundledFile(name), { invariants: INVARIANT_NAMES }), ""),
);

/** What turns a scenario of KRaft mode. */
export const TURNED = "cluster.mode=zookeeper";

/** Why a scenario can't be played in ZooKeeper mode; undefined if it can. */
export function whyNotTurned(name: string): string | undefined {
  const turned = turn(name);
  return turned instanceof ScenarioError ? turned.message : undefined;
}

function turn(name: string): ScenarioSpec | ScenarioError {
  try {
    return loadScenario(bundledFile(name), { overrides: [TURNED], invariants: INVARIANT_NAMES });
  } catch (error) {
    if (error instanceof ScenarioError) return error;
    throw error;
  }
}

/** The bundled scenarios of KRaft mode that can be played in ZooKeeper mode, too; titled `failover/leader-crash in ZooKeeper mode`. */
export const BUNDLED_TURNED: readonly BundledSide[] = [...new Set(BUNDLED.map(({ name }) => name))].flatMap((name) => {
  const turned = turn(name);
  const own = BUNDLED.find((side) => side.name === name)?.scenario.cluster.mode;
  return turned instanceof ScenarioError || own === "zookeeper" ? [] : sidesIn(name, turned, " in ZooKeeper mode");
});

export function bundled(title: string): BundledSide {
  const found = [...BUNDLED, ...BUNDLED_TURNED].find((side) => side.title === title);
  if (found === undefined) throw new Error(`no bundled scenario ${title}`);
  return found;
}
