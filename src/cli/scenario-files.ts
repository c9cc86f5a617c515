/** Which files are meant: paths, directories, and the names of the bundled scenarios. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { nearest } from "../scenario/nearest.ts";
import { argumentError } from "../scenario/scenario-error.ts";

const BUNDLED_DIRECTORY = fileURLToPath(new URL("../../scenarios", import.meta.url));
const SUFFIX = /\.ya?ml$/;

/** Files in order: as given to `command`, and within a directory by name. Throws ScenarioError for what is not there. */
export function scenarioFiles(given: readonly string[], command = "run"): string[] {
  return given.flatMap((path) => {
    const found = fromHere(locate(path, command));
    if (!statSync(found).isDirectory()) return [found];
    const files = filesBelow(found);
    if (files.length === 0)
      throw argumentError(command, path, "no scenario in this directory", "a scenario's name ends in .yaml");
    return files;
  });
}

/** Names of the bundled scenarios: `failover/leader-crash`. */
export function bundledNames(): string[] {
  return filesBelow(BUNDLED_DIRECTORY).map((file) => relative(BUNDLED_DIRECTORY, file).split(sep).join("/").replace(SUFFIX, ""));
}

export function bundledFile(name: string): string {
  return join(BUNDLED_DIRECTORY, `${name}.yaml`);
}

function locate(path: string, command: string): string {
  if (existsSync(path)) return path;
  const name = path.replace(/^scenarios(\/|$)/, "").replace(SUFFIX, "");
  for (const candidate of [join(BUNDLED_DIRECTORY, name), bundledFile(name)]) if (existsSync(candidate)) return candidate;
  // An exhibit is known by its own name, wherever in the museum it stands.
  const [only, ...others] = bundledNames().filter((each) => each.split("/").at(-1) === name);
  if (only !== undefined && others.length === 0) return bundledFile(only);
  const guess = nearest(name, bundledNames());
  const hint = guess === undefined ? "`kafka-sim list` shows the bundled ones" : `did you mean ${guess}?`;
  throw argumentError(command, path, "no such file, directory or bundled scenario", hint);
}

/** A path that people can read and paste, wherever the package lives. */
export function fromHere(path: string): string {
  if (!isAbsolute(path)) return path;
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") || isAbsolute(short) ? path : short;
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return filesBelow(path);
      return SUFFIX.test(entry.name) ? [path] : [];
    });
}

/** How to name `file` on a command line: bundled scenarios by their name, others by their path. */
export function shortName(file: string): string {
  const within = relative(BUNDLED_DIRECTORY, resolve(file));
  return within.startsWith("..") || isAbsolute(within) ? file : within.split(sep).join("/").replace(SUFFIX, "");
}
