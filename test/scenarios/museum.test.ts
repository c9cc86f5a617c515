/**
 * The exhibits of the museum, for a few seeds each: with the switch at its old position the named promise breaks, with the same
 * faults and the same seed at its new position it does not. `kafka-sim museum` plays more of them.
 */
import { describe, expect, test } from "vitest";
import { bundledFile } from "../../src/cli/scenario-files.ts";
import { runSide } from "../../src/run/run-scenario.ts";
import { loadScenario } from "../../src/scenario/loader.ts";
import type { ScenarioSpec } from "../../src/scenario/spec.ts";
import { BUNDLED } from "./bundled.ts";

const SEEDS = [2, 3];
const MUSEUM = BUNDLED.filter(({ name }) => name.startsWith("museum/"));
const NAMES = [...new Set(MUSEUM.map(({ name }) => name))];

test("every file of the museum is an exhibit: it says where its failure is documented, and what is switched", () => {
  expect(NAMES.length).toBeGreaterThan(8);
  for (const name of NAMES) {
    const { exhibit } = loadScenario(bundledFile(name));
    expect([name, exhibit?.source.length ?? 0]).toEqual([name, expect.toSatisfy((length: number) => length > 3)]);
  }
});

describe.each(NAMES)("%s", (name) => {
  const sides = MUSEUM.filter((side) => side.name === name);
  const key = sides[0]?.scenario.switched?.key ?? "";
  const breaks = sides[0]?.scenario.expect.violates ?? [];
  /** What it is configured to break, whatever the switch: an unclean election, for one. */
  const configured = sides[1]?.scenario.expect.violates ?? [];

  test("is played twice, with one thing switched and everything else the same", () => {
    expect(sides.map(({ label, scenario }) => [label, scenario.switched?.key])).toEqual([
      ["old rule", key],
      ["new rule", key],
    ]);
    // What is said about a side is no part of its run.
    const [old, fixed] = sides.map(({ scenario }) => leaves({ ...scenario, notes: [] }));
    const differing = [...(old ?? [])].filter(([path, value]) => fixed?.get(path) !== value).map(([path]) => path);
    for (const path of differing) expect(path).toMatch(new RegExp(`^switched\\.value$|^turnedDials|${placeOf(key)}`));
    expect(differing.length).toBeGreaterThan(1);
  });

  test.each(SEEDS)(
    `seed %i: the old rule breaks ${breaks.join(", ") || "no promise"}, the new one ${configured.length > 0 ? "none of these" : "nothing"}`,
    (seed) => {
      const [old, fixed] = sides.map((side) => runSide(side, String(seed)));
      const broken = new Set(old?.violations.map((violation) => violation.invariant));
      if (breaks.length > 0) expect(breaks.filter((invariant) => !broken.has(invariant))).toEqual([]);
      else expect([[...broken], old?.expectations.length ?? 0]).toEqual([[], expect.toSatisfy((count: number) => count > 0)]);
      expect(old?.verdict).toBe("as-expected");
      const stillBroken = new Set(fixed?.violations.map((violation) => violation.invariant));
      expect(breaks.filter((invariant) => stillBroken.has(invariant))).toEqual([]);
      if (configured.length === 0) {
        expect(fixed?.violations).toEqual([]);
        expect([fixed?.records.lost, fixed?.records.legallyLost]).toEqual([0, 0]);
      }
      expect(fixed?.verdict).toBe("as-expected");
      expect(old?.traceHash).not.toBe(fixed?.traceHash);
    },
  );
});

/** Where in a scenario the key of a switch is found again, as a pattern: a setting may go to several places, and so may a group's. */
function placeOf(key: string): string {
  const [section, item] = key.split(".");
  if (section === "consumers") return "^groups\\.";
  if (section === "faults") return `^faults\\.${Number(item) - 1}\\.`;
  return `\\.${key.replace(/^.*\.config\./, "")}$|^groups\\.\\d+\\.contract\\.`;
}

/** Every value of a scenario by its path, without what is expected of it. */
function leaves({ expect: _expect, ...scenario }: ScenarioSpec): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  const visit = (value: unknown, path: string): void => {
    if (value === null || typeof value !== "object") found.set(path, value);
    else for (const [key, child] of Object.entries(value)) visit(child, path === "" ? key : `${path}.${key}`);
  };
  visit(scenario, "");
  return found;
}
