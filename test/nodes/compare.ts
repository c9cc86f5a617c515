/**
 * `npm run test:nodes`: every bundled scenario is the same run under every version of Node.
 *
 * The versions come from npm's `node` package, so this needs a registry the first time, and is no part of `npm test`. What is
 * run is the build, as people run it.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { JsonReport } from "../../src/report/json-report.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const VERSIONS = [20, 22, 24];
/** Each scenario with its own seed, and the one that draws the most with a few more. */
const WHAT = [["scenarios"], ["scenarios/nemesis", "--seeds", "2..6"], ["scenarios/museum", "--seeds", "2..3"]];

/** By run: `museum/quorum/kip-996-… (old rule)`, with the seed where it is not the scenario's own. */
type Hashes = ReadonlyMap<string, string>;

function hashesUnder(node: string): Hashes {
  const found = new Map<string, string>();
  for (const args of WHAT) {
    const json = execFileSync(node, ["bin/kafka-sim.js", "run", ...args, "--json"], {
      cwd: ROOT,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    for (const { file, side, seed, traceHash } of (JSON.parse(json) as JsonReport).runs) {
      const name = file.replace(/^scenarios\//, "").replace(/\.yaml$/, "") + (side === undefined ? "" : ` (${side})`);
      found.set(args.length === 1 ? name : `${name} seed ${seed}`, traceHash);
    }
  }
  return found;
}

/** The executable of a major version of Node. */
function nodeOf(version: number): string {
  const args = ["--yes", "--package", `node@${version}`, "node", "--print", "process.execPath"];
  return execFileSync("npx", args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
}

function versionOf(node: string): string {
  return execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
}

function differences(expected: Hashes, found: Hashes): string[] {
  const names = [...new Set([...expected.keys(), ...found.keys()])];
  return names
    .filter((name) => expected.get(name) !== found.get(name))
    .map((name) => `${name}: ${found.get(name) ?? "was not run"} instead of ${expected.get(name) ?? "nothing"}`);
}

const here = hashesUnder(process.execPath);
console.log(`Node ${process.version.padEnd(9)} ${here.size} runs`);

const table = JSON.parse(readFileSync(`${ROOT}test/run/trace-hashes.json`, "utf8")) as Record<string, string>;
const ownSeeds = new Map([...here].filter(([name]) => !/ seed \d+$/.test(name)));
const problems = differences(new Map(Object.entries(table)), ownSeeds).map((problem) => `test/run/trace-hashes.json: ${problem}`);

for (const version of VERSIONS) {
  const node = nodeOf(version);
  const found = hashesUnder(node);
  const different = differences(here, found);
  problems.push(...different.map((problem) => `Node ${versionOf(node)}: ${problem}`));
  console.log(
    `Node ${versionOf(node).padEnd(9)} ${found.size} runs, ${different.length === 0 ? "the same traces" : "OTHER TRACES"}`,
  );
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
