/** The rules of the house that neither compiler nor linter know. Each is shown a small wrong example first: a rule that can't fail is none. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { determinismProblems, testProblems, wordProblems } from "./tidy/bans.ts";
import { layerProblems, RANKS } from "./tidy/layers.ts";
import { moduleProblems, nameProblems, sizeProblems } from "./tidy/shape.ts";
import { SourceFile } from "./tidy/source-file.ts";

interface Rule {
  readonly promise: string;
  readonly problemsOf: (file: SourceFile) => readonly string[];
  /** Path, text, and a part of the complaint. */
  readonly wrong: readonly (readonly [path: string, text: string, complaint: string])[];
  readonly right: readonly (readonly [path: string, text: string])[];
}

const FILL = "  count++;\n";
const HEADER = "/** What it is. */\n";

const RULES: readonly Rule[] = [
  {
    promise: "a layer knows only lower ones, and src/index.ts only re-exports",
    problemsOf: layerProblems,
    wrong: [
      ["src/sim/world.ts", 'import type { Isr } from "../kafka/isr.ts";', "sim may not know kafka"],
      ["src/kafka/log/log.ts", 'import { World } from "../../sim/world.ts";', "kafka takes only types from sim"],
      ["src/kafka/log/log.ts", 'import { type World } from "../../sim/world.ts";', "kafka takes only types from sim"],
      ["src/kafka/log/log.ts", 'export * from "../../checks/isr.ts";', "kafka may not know checks"],
      ["src/report/text.ts", 'import {\n  explain,\n} from "../explain/explain.ts";', "report may not know explain"],
      ["src/run/pool.ts", 'const main = await import("../cli/main.ts");', "run may not know cli"],
      ["src/run/pool.ts", 'import "../cli/main.ts";', "run may not know cli"],
      ["src/tui/app.tsx", 'import { Isr } from "../kafka/isr.ts";', "tui may not know kafka"],
      ["src/tui/app.tsx", 'import type { ScenarioSpec } from "../scenario/spec.ts";', "tui may not know scenario"],
      ["src/run/pool.ts", 'import { run } from "../index.ts";', "which is no layer"],
      ["src/run/pool.ts", 'import { run } from "../nowhere/index.ts";', "run may not know nowhere"],
      ["src/kafka/log/log.ts", 'import { readFileSync } from "node:fs";', "kafka may not lean on node:fs"],
      ["src/sim/world.ts", 'import { z } from "zod";', "sim may not lean on zod"],
      ["src/things/thing.ts", "", "has no rank"],
      ["src/loose.ts", "", "outside of every layer"],
      ["src/index.ts", 'export { run } from "./run/run.ts";\nconst more = 1;', "does more than re-export"],
    ],
    right: [
      ["src/kafka/log/log.ts", 'import type { Host } from "../../sim/host.ts";\nimport { assert } from "../../base/assert.ts";'],
      ["src/sim/random.ts", 'import seedrandom from "seedrandom";'],
      ["src/cli/main.ts", 'import { run } from "../run/run.ts";\nimport { Command } from "commander";'],
      [
        "src/index.ts",
        '/** The library. */\nexport { run } from "./run/run.ts";\nexport type {\n  A,\n} from "./base/a.ts";\nexport * from "./b.ts";\n',
      ],
    ],
  },
  {
    promise: "kernel, model and checks depend on nothing but scenario, seed and edits, and hold nothing that a fork can't copy",
    problemsOf: determinismProblems,
    wrong: [
      ["src/sim/a.ts", "const now = Date.now();", "Date"],
      ["src/kafka/a.ts", "const now = new Date();", "Date"],
      ["src/checks/a.ts", "const now = performance.now();", "performance"],
      ["src/kafka/a.ts", "const jitter = Math.random();", "Math.random"],
      ["src/kafka/a.ts", "const id = crypto.randomUUID();", "crypto"],
      ["src/kafka/a.ts", "setTimeout(tick, 5);", "setTimeout"],
      ["src/kafka/a.ts", "setInterval(tick, 5);", "setInterval"],
      ["src/kafka/a.ts", "setImmediate(tick);", "setImmediate"],
      ["src/kafka/a.ts", "queueMicrotask(tick);", "queueMicrotask"],
      ["src/kafka/a.ts", "if (process.env.DEBUG) return;", "process.env"],
      ["src/kafka/a.ts", "async function go() {}", "async"],
      ["src/kafka/a.ts", "const value = await fetch();", "await"],
      ["src/kafka/a.ts", "let value: Promise<number>;", "Promise"],
      ["src/kafka/a.ts", "const backoff = Math.pow(2, n);", "Math.pow"],
      ["src/kafka/a.ts", "const x = Math.log(n);", "Math.log"],
      ["src/kafka/a.ts", "const x = Math.log2(n);", "Math.log2"],
      ["src/kafka/a.ts", "const x = Math.exp(n);", "Math.exp"],
      ["src/kafka/a.ts", "const x = Math.sin(n) + Math.cos(n);", "Math.sin"],
      ["src/kafka/a.ts", "readonly #isr = [];", "#isr"],
      ["src/kafka/a.ts", "for (const key in record) go(key);", "for (const key in"],
      ["src/kafka/a.ts", "names.sort((a, b) => a.localeCompare(b));", "localeCompare"],
      ["src/kafka/a.ts", "const ref = new WeakRef(log);", "WeakRef"],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the example is a template string.
      ["src/kafka/a.ts", "const name = `at ${Date.now()}`;", "Date"],
    ],
    right: [
      ["src/sim/a.ts", "// Date.now() is banned\nconst text = 'await Math.random()';\nnode.process?.onMessage(message);"],
      ["src/kafka/a.ts", "/* for (const key in x) */\nif (key in record && 2 ** 3 === 8) updates.push(update);"],
      ["src/kafka/a.ts", 'const what = "it\'s #1"; // setTimeout\nconst pattern = /"/; const more = "async";'],
      ["src/cli/a.ts", "const now = Date.now(); await main();"],
    ],
  },
  {
    promise: "no file is longer than 400 lines, no function longer than 70",
    problemsOf: sizeProblems,
    wrong: [
      ["src/kafka/a.ts", "\n".repeat(401), "401 lines"],
      ["src/kafka/a.ts", `export function long(): void {\n${FILL.repeat(69)}}\n`, "a function of 71 lines"],
      ["src/kafka/a.ts", `class A {\n  private long(a: number): void {\n${FILL.repeat(69)}  }\n}\n`, "a function of 71 lines"],
      ["src/kafka/a.ts", `export function long(\n  a: number,\n): void {\n${FILL.repeat(69)}}\n`, "a function of 71 lines"],
      ["src/kafka/a.ts", `const long = (a: number): void => {\n${FILL.repeat(69)}};\n`, "a function of 71 lines"],
    ],
    right: [
      ["src/kafka/a.ts", "\n".repeat(400)],
      ["src/kafka/a.ts", `export function long(): void {\n${FILL.repeat(68)}}\n`],
      ["src/kafka/a.ts", `export class Long {\n${"  a = 1;\n".repeat(100)}}\n`],
      ["test/kafka/a.ts", "\n".repeat(500)],
    ],
  },
  {
    promise: "files and folders are nouns in kebab-case",
    problemsOf: nameProblems,
    wrong: [
      ["src/kafka/types.ts", "", "types.ts names no thing"],
      ["src/utils/queue.ts", "", "utils names no thing"],
      ["test/helpers/world.ts", "", "helpers names no thing"],
      ["src/kafka/ReplicaManager.ts", "", "not in kebab-case"],
      ["src/kafka/replica_manager.ts", "", "not in kebab-case"],
    ],
    right: [
      ["src/kafka/replica-manager.ts", ""],
      ["test/kafka/kip-101.test.ts", ""],
      ["README.md", ""],
    ],
  },
  {
    promise: "a module says what it is, and exports by name",
    problemsOf: moduleProblems,
    wrong: [
      ["src/kafka/a.ts", `${HEADER}export default class A {}`, "default export"],
      ["src/kafka/a.ts", `${HEADER}export { a as default };`, "default export"],
      ["src/kafka/a.ts", "export const a = 1;", "doesn't begin by saying what it is"],
    ],
    right: [
      ["src/kafka/a.ts", `${HEADER}export const a = 1; // not: export default`],
      ["vitest.config.ts", "export default {};"],
    ],
  },
  {
    promise: "every test runs, and none depends on how fast the machine is",
    problemsOf: testProblems,
    wrong: [
      ["test/a.test.ts", 'test.only("a", () => {});', "test.only"],
      ["test/a.test.ts", 'describe.skip("a", () => {});', "describe.skip"],
      ["test/a.test.ts", "const startedAt = performance.now();", "performance"],
      ["test/a.test.ts", "const startedAt = Date.now();", "Date.now"],
    ],
    right: [["test/a.test.ts", 'test("skip what is only done", () => {}); // test.only']],
  },
  {
    promise: "nothing in the repository is left for later, or knows the machine that it was written on",
    problemsOf: wordProblems,
    wrong: [
      ["src/kafka/a.ts", `// ${["TO", "DO"].join("")}: later`, "do it"],
      ["docs/a.md", `${["FIX", "ME"].join("")} later`, "do it"],
      ["docs/a.md", `see ${["", "tmp", "run.json"].join("/")}`, "no path of one machine"],
      ["docs/a.md", `"${["", "home", "me", "kafka-sim"].join("/")}"`, "no path of one machine"],
      ["package-lock.json", '"resolved": "https:' + "//registry.example.com/zod.tgz", "no host of one network"],
    ],
    right: [
      ["docs/a.md", "src/work/tmp is a path of ours, and `log.dirs` is the user's. Todo lists are fine."],
      ["docs/a.md", "https://cwiki.apache.org/confluence/display/KAFKA/KIP-101"],
    ],
  },
];

const TEXT = /\.(tsx?|js|mjs|json|md|ya?ml|txt|html|css|svg|snap)$|^\.[\w.-]+$|^[A-Z]+$/;

/** Everything in the repository that isn't ignored. */
function repository(): SourceFile[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" });
  const paths = listed.split("\n").filter((path) => TEXT.test(path) && existsSync(path));
  return paths.map((path) => new SourceFile(path, readFileSync(path, "utf8")));
}

describe.each(RULES)("$promise", ({ problemsOf, wrong, right }) => {
  test.each(wrong)("the rule sees it in %s: %j", (path, text, complaint) => {
    expect(problemsOf(new SourceFile(path, text)).join("\n")).toContain(complaint);
  });

  test.each(right)("the rule has nothing against %s: %j", (path, text) => {
    expect(problemsOf(new SourceFile(path, text))).toEqual([]);
  });

  test("and the repository keeps it", () => {
    const problems = repository().flatMap((file) => problemsOf(file).map((problem) => `${file.path}: ${problem}`));
    expect(problems).toEqual([]);
  });
});

test("the linter shows in the editor what a layer may not know", () => {
  // biome.json repeats the ranks as import patterns; this keeps the two tables one.
  const { overrides } = JSON.parse(readFileSync("biome.json", "utf8"));
  const shown = new Map<string, string[]>();
  for (const { includes, linter } of overrides) {
    const patterns = linter?.rules?.style?.noRestrictedImports?.options?.patterns;
    const layer = /^src\/(\w+)\/\*\*$/.exec(includes[0])?.[1];
    if (layer !== undefined && patterns !== undefined) shown.set(layer, patterns[0].group);
  }
  const expected = Object.entries(RANKS).map(([layer, rank]): [string, string[]] => {
    const higher = Object.keys(RANKS).filter((other) => other !== layer && (RANKS[other] as number) >= rank);
    return [layer, higher.map((other) => `**/../${other}/**`)];
  });
  // To the uppermost nothing is forbidden.
  expect(shown).toEqual(new Map(expected.filter(([, forbidden]) => forbidden.length > 0)));
});
