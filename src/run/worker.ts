/** The door of a worker thread. */
import type { RunResult } from "./result.ts";
import { runSeeds, type SeedTask } from "./seed-task.ts";

/** A failure comes back as text, naming the seed: an error object would lose its class on the way. */
export function runInWorker(task: SeedTask): { results: RunResult[] } | { failure: string } {
  const results: RunResult[] = [];
  for (const seed of task.seeds) {
    try {
      results.push(...runSeeds({ ...task, seeds: [seed] }));
    } catch (error) {
      return {
        failure: `${task.file}, seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      };
    }
  }
  return { results };
}
