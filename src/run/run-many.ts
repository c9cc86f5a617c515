/**
 * Many runs: files × variants × seeds, inline or over worker threads.
 *
 * Work is handed out in ranges of seeds, since a message to a worker costs more than many an event. Results come back in the
 * order of files, variants and seeds, whatever the threads did.
 */
import { Tinypool } from "tinypool";
import { SimulatorBug } from "../base/assert.ts";
import type { RunResult } from "./result.ts";
import { checkScenarios, runSeeds, type SeedTask } from "./seed-task.ts";

/** Seeds `from` to `to`, both included. */
export interface SeedRange {
  readonly from: number;
  readonly to: number;
}

export interface ManyRuns {
  readonly files: readonly string[];
  /** `key=value`, as given on the command line. */
  readonly overrides: readonly string[];
  /** Further overrides, each list of which is played by itself. Unless given, one that is empty. */
  readonly variants?: readonly (readonly string[])[];
  /** Undefined: each file's own seed. */
  readonly seeds: SeedRange | undefined;
  /** Worker threads; 1 runs inline. */
  readonly jobs: number;
  /** Whether results tell the story of the run. */
  readonly withTimeline: boolean;
  /** Whether violations are traced back to their causes, which takes another run of each. Unless given, they are. */
  readonly withCauses?: boolean;
  readonly onProgress?: (progress: {
    readonly done: number;
    readonly total: number;
    readonly results: readonly RunResult[];
  }) => void;
}

const NURSERY_MB = 192;

/** Seeds per task: enough work to make a message to a worker not matter, few enough to show progress. */
const SEEDS_PER_TASK = 5;

/** Throws ScenarioError for unusable input, before anything is run. */
export async function runMany(runs: ManyRuns): Promise<RunResult[]> {
  // From here on, whatever is wrong in a worker is our own mistake.
  for (const variant of runs.variants ?? [[]]) checkScenarios(runs.files, [...runs.overrides, ...variant]);
  const tasks = tasksOf(runs);
  const total = tasks.reduce((sum, task) => sum + task.seeds.length, 0);
  const results: RunResult[][] = tasks.map(() => []);
  let done = 0;
  const finish = (index: number, found: RunResult[]): void => {
    results[index] = found;
    done += (tasks[index] as SeedTask).seeds.length;
    runs.onProgress?.({ done, total, results: found });
  };
  if (runs.jobs === 1 || tasks.length === 1) {
    for (const [index, task] of tasks.entries()) finish(index, runSeeds(task));
  } else {
    await inWorkers(tasks, runs.jobs, finish);
  }
  return results.flat();
}

async function inWorkers(
  tasks: readonly SeedTask[],
  jobs: number,
  finish: (index: number, found: RunResult[]) => void,
): Promise<void> {
  const pool = new Tinypool({
    filename: new URL("./worker.js", import.meta.url).href,
    minThreads: 1,
    maxThreads: Math.min(jobs, tasks.length),
    // Nearly everything that a run makes is garbage one event later: a larger nursery lets it die there.
    resourceLimits: { maxYoungGenerationSizeMb: NURSERY_MB },
  });
  try {
    await Promise.all(
      tasks.map(async (task, index) => {
        const answer = (await pool.run(task, { name: "runInWorker" })) as { results: RunResult[] } | { failure: string };
        if ("failure" in answer) throw new SimulatorBug(answer.failure);
        finish(index, answer.results);
      }),
    );
  } finally {
    await pool.destroy();
  }
}

function tasksOf(runs: ManyRuns): SeedTask[] {
  const { files, overrides, seeds, withTimeline, withCauses = true } = runs;
  const parts = seeds === undefined ? [[undefined]] : partsOf(seeds);
  return files.flatMap((file) =>
    (runs.variants ?? [[]]).flatMap((variant) =>
      parts.map((part) => ({ file, overrides: [...overrides, ...variant], seeds: part, withTimeline, withCauses })),
    ),
  );
}

function partsOf({ from, to }: SeedRange): number[][] {
  const parts: number[][] = [];
  for (let first = from; first <= to; first += SEEDS_PER_TASK) {
    parts.push(Array.from({ length: Math.min(SEEDS_PER_TASK, to - first + 1) }, (_, i) => first + i));
  }
  return parts;
}
