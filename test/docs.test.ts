/** What the documents say of the code is looked up in the code. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { INVARIANT_NAMES, INVARIANTS } from "../src/checks/catalogue.ts";
import { DIAL_VALUES } from "../src/kafka/dials.ts";
import { EVENT_FIELDS } from "../src/scenario/event-fields.ts";
import { scenarioJsonSchema } from "../src/scenario/json-schema.ts";
import { parseScenario } from "../src/scenario/loader.ts";
import { CONFIG_DEFINITIONS } from "../src/scenario/schema/config.ts";
import { MUTANTS } from "./mutants/mutants.ts";

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
}

/** Fenced blocks of YAML that are whole scenarios. */
function scenariosIn(path: string): string[] {
  return [...read(path).matchAll(/```yaml\n([\s\S]*?)```/g)]
    .map((match) => match[1] as string)
    .filter((text) => /^name:/m.test(text));
}

describe("every scenario in the documents is one that the loader takes", () => {
  for (const path of ["README.md", "docs/scenarios.md"]) {
    test(path, () => {
      const scenarios = scenariosIn(path);
      expect(scenarios.length).toBeGreaterThan(0);
      for (const text of scenarios) expect(parseScenario(text, path, { invariants: INVARIANT_NAMES }).name).not.toBe("");
    });
  }
});

test("docs/scenarios.md names every key of the format", () => {
  const known = new Set<string>([
    ...Object.values(CONFIG_DEFINITIONS).flatMap((definitions) => Object.keys(definitions)),
    ...Object.keys(DIAL_VALUES),
    ...Object.values(EVENT_FIELDS).flatMap((fields) => Object.keys(fields)),
  ]);
  const text = read("docs/scenarios.md");
  const missing = [...keysOf(scenarioJsonSchema())].filter((key) => !known.has(key) && !text.includes(key));
  expect(missing).toEqual([]);
});

test("docs/checks.md has every invariant with its promise, its source and its mutants", () => {
  const text = read("docs/checks.md");
  for (const { name, promise, source } of INVARIANTS) {
    expect(text).toContain(`**${name}.** ${promise}\n`);
    expect(text).toContain(`Source: ${source}. Mutant`);
  }
  const named = [...text.matchAll(/Mutant: `([\w-]+)`/g)].map((match) => match[1] as string);
  expect(named).toHaveLength(INVARIANTS.length);
  for (const name of named) expect(MUTANTS.map((mutant) => mutant.name)).toContain(name);
});

test("docs/dials.md has every dial", () => {
  const text = read("docs/dials.md");
  for (const dial of Object.keys(DIAL_VALUES)) expect(text).toContain(`| \`${dial}\``);
});

test("every folder of the model has its page, and every link in the documents leads somewhere", () => {
  const folders = [
    "log",
    "replica",
    "broker",
    "raft",
    "controller",
    "metadata",
    "net",
    "producer",
    "consumer",
    "admin",
    "client",
    "zk",
  ];
  for (const folder of folders) expect(read(`docs/model/${folder}.md`)).toContain(`# ${folder}`);
  const pages = readdirSync(new URL("../docs", import.meta.url), { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".md"),
  );
  for (const page of ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", ...pages.map((path) => `docs/${path}`)]) {
    const here = new URL(`../${page}`, import.meta.url);
    for (const [, target] of read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      expect(existsSync(new URL(target as string, here)), `${page} → ${target}`).toBe(true);
    }
  }
});

function keysOf(schema: unknown, found: Set<string> = new Set()): Set<string> {
  if (schema === null || typeof schema !== "object") return found;
  const { properties } = schema as { properties?: Record<string, unknown> };
  for (const key of Object.keys(properties ?? {})) found.add(key);
  for (const value of Object.values(schema)) keysOf(value, found);
  return found;
}
