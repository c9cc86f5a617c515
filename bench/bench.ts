/**
 * How many events per second: `npm run bench`.
 *
 * The workloads are measured in turns and the best turn of each counts, since everything else that runs on the machine can
 * only slow a turn down. Figures of different machines don't compare; the ratios do.
 */
import { setFlagsFromString } from "node:v8";
import { runBareLoop } from "./bare-loop.ts";
import { type Run, runDefaultScenario, runTwoGroups } from "./default-scenario.ts";
import { runKernelLoop } from "./kernel-loop.ts";
import { measureRedraws } from "./redrawing.ts";
import { measureWalking, openReferenceWalk } from "./walking.ts";

// As the command line has it.
setFlagsFromString("--max-semi-space-size=64");

const EVENTS = 2_000_000;
const IN_FLIGHT = 1_000;
const TURNS = 7;

interface Workload {
  readonly name: string;
  readonly run: () => Run;
}

const WORKLOADS: readonly Workload[] = [
  { name: "bare loop over the queue", run: () => ({ events: runBareLoop(EVENTS, IN_FLIGHT), virtualSeconds: 0 }) },
  { name: "kernel, trivial processes", run: () => ({ events: runKernelLoop(EVENTS, IN_FLIGHT), virtualSeconds: 0 }) },
  { name: "three brokers, all checks", run: runDefaultScenario },
  { name: "three brokers, two groups, all checks", run: runTwoGroups },
];

interface Best {
  perSecond: number;
  realTime: number;
}

const bests = WORKLOADS.map((): Best => ({ perSecond: 0, realTime: 0 }));
for (let turn = 0; turn < TURNS; turn++) {
  for (const [index, { run }] of WORKLOADS.entries()) {
    const best = bests[index] as Best;
    const startedAt = performance.now();
    const { events, virtualSeconds } = run();
    const seconds = (performance.now() - startedAt) / 1_000;
    best.perSecond = Math.max(best.perSecond, events / seconds);
    best.realTime = Math.max(best.realTime, virtualSeconds / seconds);
  }
}

const [bare] = bests as [Best];
for (const [index, { name }] of WORKLOADS.entries()) {
  const { perSecond, realTime } = bests[index] as Best;
  const millions = (perSecond / 1e6).toFixed(2).padStart(6);
  const pace = realTime === 0 ? "" : ` · ${Math.round(realTime)} virtual seconds per second`;
  console.log(`${name.padEnd(37)} ${millions} M events/s  ${(perSecond / bare.perSecond).toFixed(2)} of the bare loop${pace}`);
}

const ms = (milliseconds: number): string => `${milliseconds.toFixed(1)} ms`;

const reference = openReferenceWalk();
const { firstBack, nextBack, jump, backAtEnd } = measureWalking(reference.walk);
const redraw = measureRedraws(reference.walk);
console.log(`walking through ${reference.walk.end.toLocaleString("en")} events, opened in ${reference.seconds.toFixed(1)} s`);
console.log(`  a step back from the last event        ${ms(backAtEnd)}`);
console.log(`  a step back anywhere, the first        ${ms(firstBack.median)}, at worst ${ms(firstBack.worst)}`);
console.log(`  a step back anywhere, the next ones    ${ms(nextBack.median)}, at worst ${ms(nextBack.worst)}`);
console.log(`  a jump to anywhere                     ${ms(jump.median)}, at worst ${ms(jump.worst)}`);
console.log(
  `  a redraw at 160×50                     ${ms(redraw.median)}, 95 % under ${ms(redraw.p95)}, at worst ${ms(redraw.worst)}`,
);
console.log(`  memory of the whole process            ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`);
