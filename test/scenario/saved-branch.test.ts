/** A run that is saved is a scenario file of its own, which gives the same run step by step. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { INVARIANT_NAMES } from "../../src/checks/catalogue.ts";
import { bundledFile, bundledNames } from "../../src/cli/scenario-files.ts";
import type { RunResult } from "../../src/run/result.ts";
import { runSide, sidesOf } from "../../src/run/run-scenario.ts";
import { parseScenario } from "../../src/scenario/loader.ts";
import type { RunEdit } from "../../src/scenario/run-edit.ts";
import { type SavedBranch, savedBranchText } from "../../src/scenario/saved-branch.ts";
import { ScenarioError } from "../../src/scenario/scenario-error.ts";
import type { ScenarioSpec } from "../../src/scenario/spec.ts";
import type { SideName } from "../../src/scenario/switch.ts";

type Changes = Partial<Pick<SavedBranch, "overrides" | "side" | "edits" | "about" | "seed">>;

interface Saved {
  readonly branch: RunResult;
  readonly text: string;
  readonly scenario: ScenarioSpec;
}

/** Runs a text with these changes, and saves that. */
function save(text: string, changes: Changes = {}): Saved {
  const { overrides = [], side, edits = [] } = changes;
  const spec = parseScenario(text, "author.yaml", { overrides, invariants: INVARIANT_NAMES });
  const seed = changes.seed ?? String(spec.seed);
  const played = side === undefined ? spec : (spec.exhibit?.[side].scenario as ScenarioSpec);
  const scenario = { ...played, edits: [...played.edits, ...edits] };
  const branch = runSide({ label: undefined, scenario }, seed);
  const written = savedBranchText({
    ...{ text, file: "author.yaml", overrides, side, seed, edits, about: changes.about },
    outcome: { violates: [...new Set(branch.violations.map(({ invariant }) => invariant))], records: branch.records },
    recorded: { trace: branch.traceHash, events: branch.events, by: "0.1.0" },
  });
  return { branch, text: written, scenario: parseScenario(written, "saved.yaml", { invariants: INVARIANT_NAMES }) };
}

function run(scenario: ScenarioSpec): RunResult {
  const [side, ...others] = sidesOf(scenario);
  if (side === undefined || others.length > 0) throw new Error("a saved file is one run");
  return runSide(side, String(scenario.seed));
}

function read(name: string): string {
  return readFileSync(bundledFile(name), "utf8");
}

const BRANCHES: readonly (readonly [title: string, name: string, changes: Changes])[] = [
  ["a scenario as it is", "failover/leader-crash", {}],
  ["another seed", "disk/power-loss", { seed: "7" }],
  ["the old side of an exhibit", "museum/replication/kip-966-last-replica-standing", { side: "old" }],
  ["its new side", "museum/replication/kip-966-last-replica-standing", { side: "new" }],
  [
    "its switch set by hand",
    "museum/replication/kip-966-last-replica-standing",
    { overrides: ["election.eligibleLeaderReplicas=off"] },
  ],
  ["a setting and a topology set by hand", "failover/leader-crash", { overrides: ["acks=1", "cluster.brokers=4"] }],
  ["another mode", "failover/dead-broker", { overrides: ["cluster.mode=zookeeper"] }],
  ["groups", "groups/member-crash", {}],
  ["a nemesis", "nemesis/random-faults", { seed: "3" }],
];

describe("the file that is saved gives the same run", () => {
  test.each(BRANCHES)("of %s (%s)", (_, name, changes) => {
    const { branch, scenario } = save(read(name), changes);
    const again = run(scenario);
    expect(again.traceHash).toBe(branch.traceHash);
    expect(scenario.recorded).toEqual({ trace: again.traceHash, events: again.events, by: "0.1.0" });
    // What it came to is what it says of itself.
    expect(again.expectations.filter(({ met }) => !met)).toEqual([]);
    expect(again.records).toEqual(branch.records);
    expect(scenario.expect.violates).toEqual([...new Set(branch.violations.map(({ invariant }) => invariant))]);
  });
});

/** What decides a run: without what it is called and what is said of it, and where in a file things stand. */
function deciding(scenario: ScenarioSpec): unknown {
  const { file: _file, name: _name, about: _about, expect: _expect, notes: _notes, recorded: _recorded, ...rest } = scenario;
  const { exhibit: _exhibit, switched: _switched, ...run } = rest;
  return JSON.parse(JSON.stringify(run, (key, value) => (key === "source" ? undefined : value)));
}

test("every bundled scenario, on every side and in either mode, is the same scenario once it is saved", () => {
  let saved = 0;
  for (const name of bundledNames()) {
    for (const overrides of [[], ["cluster.mode=zookeeper"]]) {
      let spec: ScenarioSpec;
      try {
        spec = parseScenario(read(name), name, { overrides });
      } catch (error) {
        // Not every one can be played in ZooKeeper mode.
        if (error instanceof ScenarioError && overrides.length > 0) continue;
        throw error;
      }
      for (const side of spec.exhibit === undefined ? [undefined] : (["old", "new"] as const)) {
        const text = savedBranchText({
          ...{ text: read(name), file: name, overrides, side, seed: String(spec.seed), edits: [] },
          outcome: { violates: [], records: { lost: 0, duplicated: 0, failed: 0 } },
          recorded: { trace: "0123456789012345", events: 1, by: "0.1.0" },
        });
        const again = parseScenario(text, "saved.yaml");
        const played = side === undefined ? spec : spec.exhibit?.[side].scenario;
        expect(deciding(again), `${name} ${side} ${overrides}`).toEqual(deciding(played as ScenarioSpec));
        expect(again.recorded?.trace).toBe("0123456789012345");
        saved++;
      }
    }
  }
  expect(saved).toBeGreaterThan(100);
});

const SMALL = `# What this is about.
name: Small
about: >
  Nobody dies.
seed: 5
kafka: "4.1" # the newest
cluster: { brokers: 1 }
topics:
  orders: { partitions: 1 } # one is enough
producers:
  # sends on
  checkout: { topic: orders, rate: 10/s }
run: { for: 3s }

# All of them arrive.
expect: { records: { delayed: 0 }, reaches: [RecordSent] }
notes:
  - { at: start, say: Here it begins. }
`;

test("the author's text is kept with its comments; what was expected is replaced by what came of it", () => {
  const { text, branch } = save(SMALL);
  expect(text).toBe(`# What this is about.
name: Small
about: >
  Nobody dies.
seed: 5
kafka: "4.1" # the newest
cluster: { brokers: 1 }
topics:
  orders: { partitions: 1 } # one is enough
producers:
  # sends on
  checkout: { topic: orders, rate: 10/s }
run: { for: 3s }
notes:
  - { at: start, say: Here it begins. }
expect:
  records: { lost: 0, duplicated: 0, failed: 0 }
recorded: { trace: ${branch.traceHash}, events: ${branch.events}, by: 0.1.0 }
`);
});

test("what the author says of his own run is not said of another one", () => {
  expect(save(SMALL).scenario.notes).toHaveLength(1);
  expect(save(SMALL, { seed: "6" }).scenario.notes).toEqual([]);
  expect(save(SMALL, { overrides: ["acks=1"] }).scenario.notes).toEqual([]);
  const said = save(SMALL, { about: "Another seed." }).scenario;
  expect([said.about, said.name]).toEqual(["Another seed.", "Small"]);
});

describe("of an exhibit", () => {
  const text = read("museum/replication/kip-966-last-replica-standing").replace(/\nnotes:\n[\s\S]*$/, "\n");
  const notes = `notes:
  - { at: start, say: both }
  - { at: start, side: old, say: before }
  - { at: start, side: new, say: since }
`;

  test.each(["old", "new"] as const)("the %s side is a scenario that is no exhibit, and has its own notes", (side: SideName) => {
    const { scenario, text: written } = save(text + notes, { side });
    expect(scenario.exhibit).toBeUndefined();
    expect(written).not.toContain("exhibit");
    expect(scenario.name).toBe(`Last replica standing, ${side} rule`);
    expect(scenario.dials["election.eligibleLeaderReplicas"]).toBe(side === "new");
    expect(scenario.notes.map(({ say }) => say)).toEqual(["both", side === "old" ? "before" : "since"]);
  });

  test("what it broke is expected of it, and that records were lost", () => {
    expect(save(text, { side: "old" }).text).toMatch(/^expect:\n {2}violates:(\n {4}- \w+)+\n {2}records: \{ lost: ">0"/m);
    expect(save(text, { side: "new" }).text).toMatch(/^expect:\n {2}records: \{ lost: 0/m);
  });
});

describe("edits made by hand", () => {
  const DROP: RunEdit = {
    kind: "message",
    delivery: { message: "Fetch", from: "broker-2", to: "broker-1", nth: 3 },
    change: { do: "drop" },
  };
  const CRASH: RunEdit = { kind: "moment", moment: { timeUs: 6_000_000, steps: 2 }, action: { do: "crash", node: "broker-3" } };
  const RESTART: RunEdit = {
    kind: "moment",
    moment: { timeUs: 14_000_000, steps: 0 },
    action: { do: "restart", node: "broker-3" },
  };
  const RECORD: RunEdit = {
    kind: "moment",
    moment: { timeUs: 7_000_000, steps: 0 },
    action: { do: "produce", node: "checkout" },
  };

  const EDITED: readonly (readonly [string, string, Changes])[] = [
    ["one", "failover/leader-crash", { edits: [DROP] }],
    ["several", "failover/leader-crash", { edits: [CRASH, DROP, RECORD, RESTART] }],
    [
      "on the old side of an exhibit",
      "museum/replication/kip-966-last-replica-standing",
      { side: "old", edits: [RESTART, DROP] },
    ],
    ["with groups, with ZooKeeper", "groups/member-crash", { overrides: ["cluster.mode=zookeeper"], edits: [CRASH, RESTART] }],
  ];

  test.each(EDITED)("are in the file: %s (%s)", (_, name, changes) => {
    const { branch, scenario } = save(read(name), changes);
    expect(branch.traceHash).not.toBe(save(read(name), { ...changes, edits: [] }).branch.traceHash);
    expect(scenario.edits).toEqual(changes.edits);
    const again = run(scenario);
    expect([again.traceHash, again.events]).toEqual([branch.traceHash, branch.events]);
    expect(again.expectations.filter(({ met }) => !met)).toEqual([]);
  });

  test("each stands on a line of its own, and the name tells them", () => {
    const { text, scenario } = save(SMALL.replace("brokers: 1", "brokers: 3").replace("for: 3s", "for: 9s"), {
      edits: [DROP, RECORD],
    });
    expect(text).toContain(`edits:
  - { drop: { message: Fetch, nth: 3, from: broker-2, to: broker-1 } }
  - { at: 7s, produce: checkout }
`);
    expect(scenario.name).toBe("Small, with Fetch #3 from broker-2 to broker-1 dropped and checkout sends one record more");
  });

  test("a branch of a branch has those of both", () => {
    const text = SMALL.replace("brokers: 1", "brokers: 3").replace("for: 3s", "for: 9s");
    const first = save(text, { edits: [DROP] });
    const second = save(first.text, { edits: [RECORD] });
    expect(second.scenario.edits).toEqual([DROP, RECORD]);
    expect(run(second.scenario).traceHash).toBe(second.branch.traceHash);
    expect(second.text.match(/^recorded:/gm)).toHaveLength(1);
  });
});

test("what an alias means is still there when the key that had it is gone", () => {
  const text = `name: Aliases
exhibit: { source: KIP-1, kind: control, set: run.settle, old: &long 3s, new: 1s, violates: NoAckedLoss }
topics: { orders: { partitions: 1 } }
producers: { checkout: { topic: orders, rate: 10/s } }
run: { for: *long }
`;
  const { scenario, branch } = save(text, { side: "old" });
  expect(scenario.run).toMatchObject({ forUs: 3_000_000, settleUs: 3_000_000 });
  expect(run(scenario).traceHash).toBe(branch.traceHash);
});
