/** What must not stand in the code: whatever would make a run depend on more than scenario, seed and edits, or keep it from being forked. */
import type { SourceFile } from "./source-file.ts";

interface Ban {
  readonly pattern: RegExp;
  readonly because: string;
}

/** In the kernel, the model and the checks. */
const DETERMINISM: readonly Ban[] = [
  { pattern: /\bDate\b/, because: "virtual time is the only time" },
  { pattern: /\bperformance\b/, because: "virtual time is the only time" },
  {
    pattern: /\b(setTimeout|setInterval|setImmediate|queueMicrotask|requestAnimationFrame)\b/,
    because: "timers belong to the host",
  },
  { pattern: /\bMath\s*\.\s*random\b/, because: "every draw comes from a named stream" },
  { pattern: /\b(crypto|randomUUID|getRandomValues)\b/, because: "every draw comes from a named stream" },
  {
    pattern: /\bMath\s*\.\s*(log\w*|exp\w*|pow|sinh?|cosh?|tanh?|a(sin|cos|tan)\w*|cbrt|hypot)\b/,
    because: "engines differ in the last bit",
  },
  { pattern: /(?<![.\w])((async|await)\s|Promise\b)/, because: "a promise is no data, and its order isn't ours" },
  {
    pattern:
      /(?<![.\w])process\s*\.\s*(env|argv|exit\w*|nextTick|hrtime|cwd|std\w+|memoryUsage|uptime|pid|platform|versions?|once?)\b/,
    because: "a run depends on nothing outside",
  },
  { pattern: /\b(localeCompare|toLocale\w*|Intl)\b/, because: "a run doesn't depend on the locale" },
  { pattern: /\b(WeakRef|FinalizationRegistry)\b/, because: "garbage collection has no order" },
  { pattern: /\bfor\s*\(\s*(const|let|var)?\s*\w+\s+in\b/, because: "for..in reaches inherited keys; say which keys" },
  { pattern: /(?<![\w"'])#[a-zA-Z_]\w*/, because: "a fork copies own enumerable properties, and doesn't see #private ones" },
];

const DETERMINISTIC_LAYERS = new Set(["sim", "kafka", "checks"]);

/** In tests. */
const TESTS: readonly Ban[] = [
  { pattern: /\b(test|it|describe|property)\s*\.\s*(skip|only|todo|fails)\b/, because: "a test runs or goes" },
  { pattern: /\bDate\s*\.\s*now\b|\bperformance\b/, because: "no test depends on how fast the machine is" },
];

/** In everything that is ours to write, documents included. The words are put together so that this file doesn't hold them. */
const WORDS: readonly Ban[] = [
  {
    pattern: new RegExp(`\\b(${["TO", "FIX", "XX"].map((word, i) => word + ["DO", "ME", "X"][i]).join("|")})\\b`),
    because: "do it, or write it into the page of what is left out",
  },
  {
    pattern: new RegExp(`(?<![\\w.~-])/(${["work", "tmp", "root", "home", "Users"].join("|")})/`),
    because: "no path of one machine",
  },
  {
    pattern: /https?:\/\/(?!www\.)[\w.-]*(registry|npmjs|npmmirror|artifactory|nexus|jfrog|verdaccio)[\w.-]*/i,
    because: "no host of one network",
  },
];

function broken(bans: readonly Ban[], text: string): string[] {
  const problems: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    for (const { pattern, because } of bans) {
      const found = pattern.exec(line);
      if (found !== null) problems.push(`line ${index + 1}: ${found[0].trim()}: ${because}`);
    }
  }
  return problems;
}

export function determinismProblems(file: SourceFile): string[] {
  return file.isSource && DETERMINISTIC_LAYERS.has(file.layer ?? "") ? broken(DETERMINISM, file.code) : [];
}

export function testProblems(file: SourceFile): string[] {
  return file.path.startsWith("test/") && file.isScript ? broken(TESTS, file.code) : [];
}

export function wordProblems(file: SourceFile): string[] {
  return broken(WORDS, file.text);
}
