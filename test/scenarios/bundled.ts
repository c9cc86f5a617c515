/** The scenarios that come with the package, each with the sides on which it is played. */
import { INVARIANT_NAMES } from "../../src/checks/catalogue.ts";
import { bundledFile, bundledNames } from "../../src/cli/scenario-files.ts";
import { type Side, sidesOf } from "../../src/run/run-scenario.ts";
import { loadScenario } from "../../src/scenario/loader.ts";

export interface BundledSide extends Side {
  /** `museum/quorum/kip-996-…`, with ` (old rule)` where there are two sides. */
  readonly title: string;
  /** `museum/quorum/kip-996-…`. */
  readonly name: string;
}

export const BUNDLED: readonly BundledSide[] = bundledNames().flatMap((name) => {
  const scenario = loadScenario(bundledFile(name), { invariants: INVARIANT_NAMES });
  return sidesOf(scenario).map((side) => ({ ...side, name, title: side.label === undefined ? name : `${name} (${side.label})` }));
});

export function bundled(title: string): BundledSide {
  const found = BUNDLED.find((side) => side.title === title);
  if (found === undefined) throw new Error(`no bundled scenario ${title}`);
  return found;
}
