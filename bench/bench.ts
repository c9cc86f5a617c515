/**
 * How many events per second: `npm run bench`.
 *
 * The loops are measured in turns and the best turn of each counts, since everything else that runs on the machine can only
 * slow a turn down. Figures of different machines don't compare; the ratios do.
 */
import { runBareLoop } from "./bare-loop.ts";
import { runKernelLoop } from "./kernel-loop.ts";

const EVENTS = 2_000_000;
const IN_FLIGHT = 1_000;
const TURNS = 5;

/** Runs a workload once and says how many events it took. Undefined while there is nothing to measure. */
type Workload = () => number | undefined;

/**
 * The default scenario, three brokers for 60 seconds, with all checks on.
 * To be filled in once the cluster runs; until then it isn't printed.
 */
const runDefaultScenario: Workload = () => undefined;

const WORKLOADS: readonly { readonly name: string; readonly run: Workload }[] = [
  { name: "bare loop over the queue", run: () => runBareLoop(EVENTS, IN_FLIGHT) },
  { name: "kernel, trivial processes", run: () => runKernelLoop(EVENTS, IN_FLIGHT) },
  { name: "three brokers, all checks", run: runDefaultScenario },
];

const best = new Map<string, number>();
for (let turn = 0; turn < TURNS; turn++) {
  for (const { name, run } of WORKLOADS) {
    const startedAt = performance.now();
    const events = run();
    if (events === undefined) continue;
    const perSecond = (events * 1_000) / (performance.now() - startedAt);
    best.set(name, Math.max(perSecond, best.get(name) ?? 0));
  }
}

const bare = best.values().next().value ?? Number.NaN;
for (const [name, perSecond] of best) {
  const millions = (perSecond / 1e6).toFixed(2).padStart(6);
  console.log(`${name.padEnd(26)} ${millions} M events/s  ${(perSecond / bare).toFixed(2)} of the bare loop`);
}
