/** Walks through bundled scenarios, opened once for all tests of a file. */
import { fileURLToPath } from "node:url";
import { INVARIANT_NAMES } from "../../src/checks/catalogue.ts";
import { sidesOf } from "../../src/run/run-scenario.ts";
import { loadScenario, parseScenario } from "../../src/scenario/loader.ts";
import type { ScenarioSpec } from "../../src/scenario/spec.ts";
import { type Frame, frameOf } from "../../src/view/frame.ts";
import { openingView } from "../../src/view/opening.ts";
import { complete } from "../../src/walk/journey.ts";
import { Walk } from "../../src/walk/walk.ts";

const opened = new Map<string, Walk>();

/** `failover/leader-crash`; of an exhibit the old side. It stands wherever the last test left it. */
export function bundledWalk(name: string): Walk {
  const file = fileURLToPath(new URL(`../../scenarios/${name}.yaml`, import.meta.url));
  return opened.get(name) ?? keep(name, loadScenario(file, { invariants: INVARIANT_NAMES }));
}

/** Of a scenario that a test writes itself. */
export function writtenWalk(text: string): Walk {
  return opened.get(text) ?? keep(text, parseScenario(text, "written.yaml", { invariants: INVARIANT_NAMES }));
}

function keep(name: string, scenario: ScenarioSpec): Walk {
  const [side] = sidesOf(scenario);
  if (side === undefined) throw new Error("a scenario has a side");
  const walk = complete(Walk.open({ side, seed: String(scenario.seed) }));
  opened.set(name, walk);
  return walk;
}

/** The moment behind `step`, with everything in its place. */
export function frameAt(walk: Walk, step: number): Frame {
  complete(walk.goTo(step));
  return frameOf(walk, openingView(walk).choice);
}
