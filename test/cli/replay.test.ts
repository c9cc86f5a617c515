/** `kafka-sim replay`: whether a saved run is still the run that was recorded. */
import { describe, expect, test } from "vitest";
import { runSide } from "../../src/run/run-scenario.ts";
import { parseScenario } from "../../src/scenario/loader.ts";
import { savedBranchText } from "../../src/scenario/saved-branch.ts";
import { Workshop } from "./workshop.ts";

const workshop = new Workshop();

/** Saves a run of a scenario of the workshop, as it came out, in a file of its own. */
function save(name: string, to: string, by = "0.1.0"): { readonly trace: string; readonly events: number } {
  const text = workshop.read(name);
  const scenario = parseScenario(text, name);
  const result = runSide({ label: undefined, scenario }, String(scenario.seed));
  const recorded = { trace: result.traceHash, events: result.events, by };
  const outcome = { violates: [...new Set(result.violations.map(({ invariant }) => invariant))], records: result.records };
  const run = { side: undefined, seed: String(scenario.seed), edits: [], overrides: [] };
  workshop.write(to, savedBranchText({ text, file: name, ...run, outcome, recorded }));
  return recorded;
}

/** What is recorded in a file is made another run's. */
function forge(name: string, part: RegExp, instead: string): void {
  workshop.write(name, workshop.read(name).replace(part, instead));
}

describe("the same run", () => {
  test.concurrent("0, with the verdict that `run` prints", async () => {
    const { trace } = save("loss.yaml", "saved-loss.yaml");
    const { status, stdout, stderr } = await workshop.kafkaSim(["replay", "saved-loss.yaml"]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("NoAckedLoss");
    expect(stdout).toContain("as expected");
    expect(stdout).toMatch(new RegExp(`^ replay {4}the same run as recorded: trace ${trace}, [\\d,]+ events$`, "m"));
  });

  test.concurrent("as JSON", async () => {
    const { trace, events } = save("calm.yaml", "saved-calm.yaml");
    const { status, stdout } = await workshop.kafkaSim(["replay", "saved-calm.yaml", "--json"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ version: "0.1.0", same: true, differences: [], recorded: { trace, events, by: "0.1.0" } },
      run: { scenario: "Calm", traceHash: trace, events, verdict: "as-expected" },
    });
  });

  test.concurrent("`run` plays the file, too", async () => {
    const { trace } = save("calm.yaml", "saved-and-run.yaml");
    const { status, stdout } = await workshop.kafkaSim(["run", "saved-and-run.yaml"]);
    expect([status, stdout]).toEqual([0, expect.stringContaining(trace)]);
    // What comes next: to walk on, and to see whether it is the same; another seed has no such messages.
    expect(stdout).toMatch(/^ try {2}kafka-sim step saved-and-run\.yaml /m);
    expect(stdout).toMatch(/^ {6}kafka-sim replay saved-and-run\.yaml /m);
    expect(stdout).not.toContain("--seeds");
  });
});

describe("another run", () => {
  test.concurrent("1, with what differs and who saved it", async () => {
    const { trace } = save("calm.yaml", "forged.yaml", "0.0.9");
    forge("forged.yaml", /trace: \w+, events: \d+/, "trace: 5b1e9c07aabbccdd, events: 7");
    const { status, stdout } = await workshop.kafkaSim(["replay", "forged.yaml"]);
    expect(status).toBe(1);
    expect(stdout).toContain(" replay    not the run that was recorded\n");
    expect(stdout).toContain(`the trace is ${trace}, recorded was 5b1e9c07aabbccdd\n`);
    expect(stdout).toMatch(/it has [\d,]+ events, recorded were 7\n/);
    expect(stdout).toContain("this version of kafka-sim, or the file, is another: it was saved by 0.0.9, and this is 0.1.0\n");
  });

  test.concurrent("as JSON: only what differs is said to", async () => {
    const { trace, events } = save("calm.yaml", "edited.yaml");
    forge("edited.yaml", /rate: \d+/, "rate: 21");
    forge("edited.yaml", /trace: \w+/, "trace: 5b1e9c07aabbccdd");
    const { status, stdout } = await workshop.kafkaSim(["replay", "edited.yaml", "--json"]);
    const { same, differences, run } = JSON.parse(stdout);
    expect([status, same]).toEqual([1, false]);
    expect(run.traceHash).not.toBe(trace);
    expect(differences).toHaveLength(run.events === events ? 1 : 2);
    expect(differences[0]).toBe(`the trace is ${run.traceHash}, recorded was 5b1e9c07aabbccdd`);
  });
});

describe("unusable input is 2, and told in one error", () => {
  test.concurrent("a file that was not saved from a run", async () => {
    const { status, stdout, stderr } = await workshop.kafkaSim(["replay", "calm.yaml"]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("this file was not saved from a run");
    expect(stderr).toContain("there is no `recorded` in it; `kafka-sim run calm.yaml` runs it");
    expect(stderr.trim().split("\n")).toHaveLength(3);
  });

  test.concurrent("a directory, and a file that is not there", async () => {
    const [directory, nothing] = await Promise.all([
      workshop.kafkaSim(["replay", "."]),
      workshop.kafkaSim(["replay", "clam.yaml"]),
    ]);
    expect([directory.status, nothing.status]).toEqual([2, 2]);
    expect(directory.stderr).toContain("name one file: a run that was saved");
    expect(nothing.stderr).toContain("no such file, directory or bundled scenario");
  });
});
