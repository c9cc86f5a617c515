/**
 * What many partitions cost: `npm run bench:scale`, or `npm run bench:scale -- zookeeper`.
 *
 * Five brokers lose their controller, with 200, 2,000 and 20,000 partitions, or with as many as are named behind the mode. Each
 * size has a process of its own, so that the memory is what that size needs. Times should grow as the partitions do, and no
 * faster: what goes with the square of their number shows in the last line.
 */
import { spawnSync } from "node:child_process";
import { measureScale, type ScaleRun } from "./controller-crash.ts";

const SIZES = ["200", "2000", "20000"];
/** As the command line has it. */
const NODE_FLAGS = ["--max-semi-space-size=64"];

const [mode = "kraft", ...named] = process.argv.slice(2);
const [self, one] = [process.argv[1] as string, "--one"];

if (mode === one) {
  const [modeOfOne, partitions] = named as [string, string];
  console.log(JSON.stringify(measureScale(modeOfOne, Number(partitions))));
} else {
  console.log(`${mode} mode          boot      events    failover      events   peak memory`);
  for (const partitions of named.length > 0 ? named : SIZES) console.log(lineOf(partitions, inItsOwnProcess(partitions)));
}

function inItsOwnProcess(partitions: string): ScaleRun {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...NODE_FLAGS, self, one, mode, partitions], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as ScaleRun;
}

function lineOf(partitions: string, run: ScaleRun): string {
  const seconds = (value: number): string => `${value.toFixed(2)} s`.padStart(10);
  const grouped = (value: number): string => value.toLocaleString("en-US").padStart(10);
  const memory = `${Math.round(run.peakBytes / 1e6)} MB`.padStart(10);
  const parts = [
    seconds(run.bootSeconds),
    grouped(run.bootEvents),
    seconds(run.failoverSeconds),
    grouped(run.failoverEvents),
    memory,
  ];
  return `${grouped(Number(partitions))}  ${parts.join("  ")}  ${run.outcome}`;
}
