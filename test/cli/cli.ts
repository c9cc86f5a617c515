/** The command line as people have it: bin/kafka-sim.js in a process of its own, over the build. */
import { execFile } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const BIN = `${ROOT}bin/kafka-sim.js`;

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  /** The working directory: the project's root, unless given. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Never rejects: an exit status is an answer. */
export function kafkaSim(args: readonly string[], { cwd = ROOT, env = {} }: Surroundings = {}): Promise<Outcome> {
  const { NO_COLOR: _no, FORCE_COLOR: _force, CI: _ci, NODE_OPTIONS: _options, ...inherited } = process.env;
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...inherited, ...env }, maxBuffer: 1 << 28 };
    execFile(process.execPath, [BIN, ...args], options, (error, stdout, stderr) => {
      const status = error === null ? 0 : error.code;
      if (typeof status === "number") resolve({ status, stdout, stderr });
      else reject(error as Error);
    });
  });
}

// What is tested is what was built; a build of yesterday's source would be judged by today's tests.
const newest = Math.max(...filesBelow(`${ROOT}src`).map((path) => statSync(path).mtimeMs));
if (newest > builtAt()) throw new Error("dist is older than src: run `npm run build` first");

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

function builtAt(): number {
  return statSync(`${ROOT}dist/cli/main.js`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
