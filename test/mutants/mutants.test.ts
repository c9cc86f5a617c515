import { expect, test } from "vitest";
import { INVARIANT_NAMES } from "../../src/checks/catalogue.ts";
import { hunt, runUnmutated, type UnmutatedRun } from "./hunt.ts";
import { Patches, withMutant } from "./mutant.ts";
import { MUTANTS } from "./mutants.ts";

/** Several mutants share a scenario: each is run without a mutant once per seed. */
const unmutatedRuns = new Map<string, UnmutatedRun>();

function unmutated(scenario: string, seed: number): UnmutatedRun {
  const key = `${seed}\n${scenario}`;
  const run = unmutatedRuns.get(key) ?? runUnmutated(scenario, seed);
  unmutatedRuns.set(key, run);
  return run;
}

test("every invariant has a mutant, and every mutant has a name of its own", () => {
  const caught = new Set(MUTANTS.map(({ invariant }) => invariant));
  expect([...caught].sort()).toEqual([...INVARIANT_NAMES].sort());
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
});

test.each(MUTANTS.map((mutant) => [mutant.name, mutant.invariant, mutant] as const))(
  "%s breaks %s",
  (_name, _invariant, mutant) => {
    const caught = hunt(mutant);
    expect(caught, `${mutant.breaks} Nobody noticed.`).toBeDefined();
    const { complete, violations } = unmutated(mutant.scenario, caught?.seed ?? 0);
    expect(violations).toEqual([]);
    expect(complete).toBe(true);
  },
);

test("a mutant leaves nothing behind: the same run goes the same way before and after it", () => {
  for (const mutant of MUTANTS.slice(0, 3)) {
    const seed = mutant.seeds[0] as number;
    const before = unmutated(mutant.scenario, seed);
    hunt(mutant);
    expect(runUnmutated(mutant.scenario, seed).hash).toBe(before.hash);
  }
});

test("everything is put back when a run fails, and in the right order when a method was replaced twice", () => {
  const owner = { say: () => "as it was" };
  const patch = (patches: Patches): void => {
    patches.replace(owner, "say", (say) => () => `not ${say()}`);
    patches.replace(owner, "say", (say) => () => `surely ${say()}`);
  };
  expect(withMutant({ patch }, () => owner.say())).toBe("surely not as it was");
  const fail = (): void => {
    throw new Error("the run fails");
  };
  expect(() => withMutant({ patch }, fail)).toThrow("the run fails");
  expect(owner.say()).toBe("as it was");
});

test("a mutant whose place is gone is an error, not an unmutated run", () => {
  const owner: { say?: () => string } = {};
  expect(() => new Patches().replace(owner, "say", () => () => "")).toThrow("no method say");
});
