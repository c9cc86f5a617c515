/** Many runs: the same results in the same order, whoever did the work. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonReport } from "../../src/report/json-report.ts";
import type { RunResult } from "../../src/run/result.ts";
import { type ManyRuns, runMany } from "../../src/run/run-many.ts";
import { ScenarioError } from "../../src/scenario/scenario-error.ts";
import { kafkaSim } from "../cli/cli.ts";

const SCENARIO = `
cluster: { brokers: 3, controllers: 1 }
topics: { orders: { partitions: 2, replication.factor: 3, config: { min.insync.replicas: 2 } } }
producers: { checkout: { topic: orders, rate: 20/s, config: { acks: all } } }
nemesis: { faults: [crash, pause, cut], every: 1s..3s, for: 1s..2s, from: 1s, quiet: 4s }
run: { for: 12s }
`;

let folder = "";
let files: string[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kafka-sim-"));
  files = ["b", "a", "c"].map((name) => {
    writeFileSync(join(folder, `${name}.yaml`), `name: ${name}\n${SCENARIO}`);
    return join(folder, `${name}.yaml`);
  });
});

afterAll(() => rmSync(folder, { recursive: true }));

function runs(change: Partial<ManyRuns>): Promise<RunResult[]> {
  return runMany({ files, overrides: [], seeds: { from: 3, to: 9 }, jobs: 1, withTimeline: false, ...change });
}

const named = ({ scenario, seed }: RunResult): string => `${scenario} ${seed}`;

test("results come in the order of files and seeds", async () => {
  const found = await runs({});
  const seeds = [3, 4, 5, 6, 7, 8, 9];
  expect(found.map(named)).toEqual(["b", "a", "c"].flatMap((name) => seeds.map((seed) => `${name} ${seed}`)));
  // Another seed is another run.
  expect(new Set(found.map(({ traceHash }) => traceHash)).size).toBe(7);
});

test("progress counts every run once", async () => {
  const told: number[] = [];
  let results = 0;
  await runs({
    onProgress: ({ done, total, results: found }) => {
      expect(total).toBe(21);
      told.push(done);
      results += found.length;
    },
  });
  expect(told).toEqual([...told].sort((a, b) => a - b));
  expect([told.at(-1), results]).toEqual([21, 21]);
});

test("variants are further overrides, each played by itself, between the files and the seeds", async () => {
  const change = {
    variants: [["run.for=11s"], ["run.for=12s", "acks=1"]],
    overrides: ["run.for=13s"],
    seeds: { from: 1, to: 2 },
  };
  const found = await runs(change);
  expect(
    found.map(({ scenario, seed, virtualUs, workload }) => `${scenario} ${seed} ${virtualUs / 1_000_000} ${workload.slice(-6)}`),
  ).toEqual(
    ["b", "a", "c"].flatMap((name) => ["11 ks=all", "12 acks=1"].flatMap((rest) => [`${name} 1 ${rest}`, `${name} 2 ${rest}`])),
  );
  const bad = runs({ variants: [["acks=1"], ["aks=1"]] });
  await expect(bad).rejects.toThrow("there is nothing called `aks` to set");
});

test("without seeds each file is run with its own", async () => {
  const own = await runs({ seeds: undefined, overrides: ["seed=12"] });
  expect(own.map(named)).toEqual(["b 12", "a 12", "c 12"]);
});

test("two worker threads, one thread, and this process find the very same, in the same order", async () => {
  const inThreads = (jobs: number) => kafkaSim(["run", folder, "--seeds", "3..9", "--json", "--jobs", String(jobs)]);
  const [one, two] = await Promise.all([inThreads(1), inThreads(2)]);
  expect([one?.status, two?.status]).toEqual([0, 0]);
  expect(two?.stdout).toBe(one?.stdout);
  const { runs: found } = JSON.parse(two?.stdout ?? "") as JsonReport;
  // A directory is taken in the order of names.
  const here = await runs({ files: [...files].sort() });
  expect(found.map(({ scenario, seed, traceHash }) => `${scenario} ${seed} ${traceHash}`)).toEqual(
    here.map((result) => `${named(result)} ${result.traceHash}`),
  );
});

test("unusable input is a ScenarioError before anything runs, with the mistakes of all files", async () => {
  const bad = join(folder, "bad.txt");
  writeFileSync(bad, "name: bad\nclutser: {}\n");
  let begun = 0;
  const failing = runs({ files: [...files, bad], overrides: ["aks=1"], onProgress: () => begun++ });
  await expect(failing).rejects.toThrow(ScenarioError);
  // The override is wrong for every file, and told once; behind it nobody looks at the rest.
  await expect(failing).rejects.toMatchObject({ problems: [{ message: "there is nothing called `aks` to set" }] });
  expect(begun).toBe(0);
  await expect(runs({ files: [...files, bad, join(folder, "gone.yaml")] })).rejects.toMatchObject({
    problems: [{ line: 2, column: 1 }, { code: "UNREADABLE_FILE" }],
  });
});
