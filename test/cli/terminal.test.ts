/** What is printed suits where it goes: colour only where it is wanted, and a reader may stop reading. */
import { execFile } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { usesColour } from "../../src/cli/options.ts";
import { BIN } from "./cli.ts";
import { Workshop, withoutProgress } from "./workshop.ts";

const workshop = new Workshop();
const ESCAPE = "\u001b[";

async function output(env: Record<string, string>, ...args: string[]): Promise<string> {
  const { stdout } = await workshop.kafkaSim(args, { env });
  return stdout;
}

test.concurrent("a pipe gets plain text, FORCE_COLOR paints it, and the words are the same", async () => {
  const args = ["list"];
  const [piped, forced] = await Promise.all([output({}, ...args), output({ FORCE_COLOR: "1" }, ...args)]);
  expect(piped).not.toContain(ESCAPE);
  expect(forced).toContain(ESCAPE);
  expect(stripVTControlCharacters(forced)).toBe(piped);
});

test.concurrent("a verdict is painted, too; JSON, the schema and reports never are", async () => {
  const env = { FORCE_COLOR: "1" };
  const [told, json, schema] = await Promise.all([
    output(env, "run", "loss.yaml", "--junit", "painted.xml"),
    output(env, "run", "loss.yaml", "--json"),
    output(env, "schema"),
  ]);
  expect(told).toContain(ESCAPE);
  for (const plain of [json, schema, workshop.read("painted.xml")]) expect(plain).not.toContain("\u001b");
});

test("NO_COLOR is obeyed on a terminal; FORCE_COLOR wins over it", () => {
  const before = { ...process.env };
  const decide = (env: Record<string, string>, isTerminal = true): boolean => {
    for (const name of ["NO_COLOR", "FORCE_COLOR"]) delete process.env[name];
    Object.assign(process.env, { TERM: "xterm-256color", ...env });
    return usesColour(isTerminal);
  };
  try {
    expect(decide({})).toBe(true);
    expect(decide({}, false)).toBe(false);
    expect(decide({ NO_COLOR: "1" })).toBe(false);
    // See no-color.org: an empty value does not count.
    expect(decide({ NO_COLOR: "" })).toBe(true);
    expect(decide({ TERM: "dumb" })).toBe(false);
    expect(decide({ NO_COLOR: "1", FORCE_COLOR: "1" }, false)).toBe(true);
    expect(decide({ FORCE_COLOR: "0" }, false)).toBe(false);
  } finally {
    process.env = before;
  }
});

/** Runs a line of shell in which `kafka-sim` is the command; gives what came out, and how each part of the pipe ended. */
function shell(line: string): Promise<{ readonly out: string; readonly err: string; readonly statuses: readonly number[] }> {
  const script = `kafka-sim() { "${process.execPath}" "${BIN}" "$@"; }\n${line}\necho "\${PIPESTATUS[@]}" >&2`;
  return new Promise((resolve) => {
    execFile("bash", ["-c", script], { cwd: workshop.folder }, (_error, out, stderr) => {
      const lines = withoutProgress(stderr).trimEnd().split("\n");
      resolve({ out, err: lines.slice(0, -1).join("\n"), statuses: (lines.at(-1) ?? "").split(" ").map(Number) });
    });
  });
}

test.concurrent("a reader that has seen enough closes the pipe, and that is quiet and no failure", async () => {
  for (const line of ["kafka-sim schema | head -1", "kafka-sim run calm.yaml --seeds 1..8 --json | head -1"]) {
    const { out, err, statuses } = await shell(line);
    expect([out, err, statuses]).toEqual(["{\n", "", [0, 0]]);
  }
});

test.concurrent("nobody listening to the errors changes nothing about the exit status", async () => {
  const { statuses } = await shell("kafka-sim run nowhere.yaml 2>&1 | true");
  expect(statuses).toEqual([2, 0]);
});

test.concurrent("standard output that is a file gets everything", async () => {
  await shell("kafka-sim schema > schema.json");
  expect(() => JSON.parse(workshop.read("schema.json"))).not.toThrow();
});
