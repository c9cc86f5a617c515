/** What there is to run, to turn and to check; and help that teaches. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { INVARIANT_NAMES } from "../../src/checks/catalogue.ts";
import { bundledFile, bundledNames } from "../../src/cli/scenario-files.ts";
import { DIAL_VALUES } from "../../src/kafka/dials.ts";
import { kafkaSim, ROOT } from "./cli.ts";
import { type Schema, schemaProblems } from "./json-schema-checker.ts";

async function printed(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await kafkaSim(args);
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

test.concurrent("--version is the package's", async () => {
  const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as { version: string };
  expect(await printed("--version")).toBe(`${version}\n`);
  expect(await printed("-V")).toBe(`${version}\n`);
});

test.concurrent("--help names every command, shows how to begin and explains the exit status; no argument at all helps, too", async () => {
  const help = await printed("--help");
  for (const command of ["run", "compare", "museum", "list", "dials", "checks", "schema"])
    expect(help).toMatch(new RegExp(`^  ${command}\\b`, "m"));
  expect(help).toMatch(/kafka-sim run failover\/leader-crash/);
  expect(help).toMatch(/0 as expected.*1 .*2 unusable input.*3 undecided.*70/s);
  expect(await printed()).toBe(help);
});

test.concurrent("run --help names every option, with examples that work", async () => {
  const help = await printed("run", "--help");
  for (const option of ["--seed", "--seeds", "--jobs", "--set", "--json", "--junit", "--trace"]) expect(help).toContain(option);
  expect(help).toMatch(/kafka-sim run my\.yaml --seeds/);
});

test.concurrent.each([
  ["compare", ["--vary", "--seeds", "--jobs", "--set", "--json"], /does not matter|don't change the exit status/],
  ["museum", ["--tell", "--seeds", "--seed", "--jobs", "--json"], /Exit status: 0 only if/],
])("%s --help names every option, says what decides the exit status, and has examples", async (command, options, said) => {
  const help = await printed(command, "--help");
  for (const option of options) expect(help).toContain(option);
  expect(help).toMatch(said);
  expect(help).toMatch(new RegExp(`Examples:\\n  kafka-sim ${command} `));
});

test.concurrent("a bundled scenario is found by the last part of its name", async () => {
  const [short, long] = await Promise.all(
    ["leader-crash", "failover/leader-crash"].map((name) => kafkaSim(["run", name, "--json"])),
  );
  expect(short?.status).toBe(0);
  expect(JSON.parse(short?.stdout ?? "").runs[0].traceHash).toBe(JSON.parse(long?.stdout ?? "").runs[0].traceHash);
});

test.concurrent("list names every bundled scenario, by theme, and the museum", async () => {
  const list = await printed("list");
  expect(list).toMatch(/^ kafka-sim museum /m);
  const named = [...list.matchAll(/^ (\S+\/\S+) {2,}\S/gm)].map(([, name]) => name);
  expect(named).toEqual(bundledNames());
});

test.concurrent("dials and checks have a sentence for each", async () => {
  const [dials, checks] = await Promise.all([printed("dials"), printed("checks")]);
  for (const dial of Object.keys(DIAL_VALUES))
    expect(dials).toMatch(new RegExp(`${dial.replaceAll(".", "\\.")}.*\\n   \\S.{20}`));
  for (const invariant of INVARIANT_NAMES) expect(checks).toMatch(new RegExp(`^ ${invariant}\\n   \\S.{20}`, "m"));
});

describe("schema", () => {
  const schema = printed("schema").then((text) => JSON.parse(text) as Schema);
  const bundledOnes = bundledNames().map((name) => [name, readFileSync(bundledFile(name), "utf8")] as const);

  test.concurrent("is a JSON Schema of the draft that editors expect", async () => {
    expect(await schema).toMatchObject({ $schema: "https://json-schema.org/draft/2020-12/schema", type: "object" });
  });

  test.concurrent("accepts every bundled scenario", async () => {
    expect(bundledOnes.length).toBeGreaterThan(15);
    for (const [name, text] of bundledOnes) expect(schemaProblems(await schema, parse(text)), name).toEqual([]);
  });

  test.concurrent.each(["everything", "everything-else"])("accepts a scenario with %s in it", async (name) => {
    const text = readFileSync(`${ROOT}test/scenario/${name}.yaml`, "utf8");
    expect(schemaProblems(await schema, parse(text))).toEqual([]);
  });

  test.concurrent.each([
    ["an unknown key", "name: x\nclustre: {}", "$ may not have clustre"],
    ["an unknown key below", "name: x\ntopics: { orders: { partitons: 3 } }", "$.topics.orders may not have partitons"],
    ["a missing name", "seed: 1", "$ lacks name"],
    ["a wrong type", "name: x\ncluster: { brokers: three }", /^\$\.cluster\.brokers/],
    ["a fault that nobody knows", "name: x\nfaults: [{ at: 1s, crsh: broker-1 }]", "$.faults[0] may not have crsh"],
    ["an unknown dial", "name: x\ndials: { kraft.prevote: on }", /kraft\.prevote/],
  ])("refuses %s", async (_what, text, problem) => {
    const problems = schemaProblems(await schema, parse(text));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });
});
