/** What zod found wrong, said in a scenario's own terms and with the nearest right spelling. */
import type { z } from "zod";
import { nearest } from "./nearest.ts";
import type { ProblemSink } from "./problem-sink.ts";
import { quote } from "./quantities.ts";
import { type ConfigKind, kindsThatKnow, NOT_MODELLED, WRITTEN_ELSEWHERE, ZOOKEEPER_NOT_MODELLED } from "./schema/config.ts";
import { traitsOf } from "./schema/kit.ts";
import type { Path } from "./source.ts";
import { EXHIBIT_KINDS } from "./spec.ts";

type Issue = z.core.$ZodIssue;

/** Keys that a later version will have. */
const LATER: Readonly<Record<string, string>> = {
  transactions: "transactions are not modelled yet",
};

/** Adds a problem for each thing that `issue` complains about. `raw` is the whole input. */
export function reportIssue(issue: Issue, raw: unknown, sink: ProblemSink, above: Path = []): void {
  const path: Path = [...above, ...issue.path];
  if (issue.code.startsWith("invalid_") && path.length > 0 && valueAt(raw, path) === undefined) {
    reportMissing(path, sink);
    return;
  }
  switch (issue.code) {
    case "unrecognized_keys":
      for (const key of issue.keys) reportUnknownKey(key, path, issue.keys, sink);
      return;
    case "invalid_union": {
      const branch = branchMeant(issue.errors);
      if (branch === undefined) sink.add(path, { code: "WRONG_TYPE", message: issue.message });
      else for (const inner of branch) reportIssue(inner, raw, sink, path);
      return;
    }
    case "invalid_type":
      reportWrongType(issue, path, raw, sink);
      return;
    case "invalid_value":
      reportWrongWord(issue.values, valueAt(raw, path), path, sink);
      return;
    case "too_small":
    case "too_big":
      reportSize(issue, path, sink);
      return;
    case "custom":
      sink.add(path, { code: codeOf(issue.message), message: issue.message, hint: issue.params?.hint as string | undefined });
      return;
    default:
      sink.add(path, { code: "WRONG_VALUE", message: issue.message });
  }
}

function codeOf(message: string) {
  return /not modelled( yet)?$|not modelled yet/.test(message) ? ("NOT_MODELLED" as const) : ("WRONG_VALUE" as const);
}

/** The branch of a union that the value was meant for: the one whose type is right. */
function branchMeant(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return branches.find(
    (issues) =>
      !issues.some((issue) => issue.path.length === 0 && (issue.code === "invalid_type" || issue.code === "invalid_value")),
  );
}

function reportUnknownKey(key: string, path: Path, unknownKeys: readonly string[], sink: ProblemSink): void {
  const traits = traitsOf(unknownKeys);
  const { what, keys } = traits ?? { what: "this", keys: [] };
  const at = [...path, key];
  const kind = /^(broker|topic|producer|consumer|zookeeper) config$/.exec(what)?.[1] as ConfigKind | undefined;
  if (kind === undefined && LATER[key] !== undefined) {
    sink.add(at, { code: "NOT_MODELLED", message: LATER[key] }, "key");
    return;
  }
  const [owner, notModelled] = kind === "zookeeper" ? ["ZooKeeper", ZOOKEEPER_NOT_MODELLED] : ["Kafka", NOT_MODELLED];
  if (kind !== undefined && notModelled.has(key)) {
    const message = `${quote(key)} is known to ${owner}, but not modelled yet`;
    sink.add(at, { code: "NOT_MODELLED", message, hint: "leave it out" }, "key");
    return;
  }
  if (key.endsWith(")")) {
    const message = `a comma divides what stands in braces: ${quote(key)} became a key of its own`;
    sink.add(
      at,
      { code: "UNKNOWN_KEY", message, hint: "write a blank instead, such as owner(billing orders-0), or quotes" },
      "key",
    );
    return;
  }
  const elsewhere = kind === undefined ? undefined : WRITTEN_ELSEWHERE.get(key);
  if (elsewhere !== undefined) {
    sink.add(
      at,
      { code: "UNKNOWN_KEY", message: `${quote(key)} does not stand among the settings here`, hint: elsewhere },
      "key",
    );
    return;
  }
  const guess = nearest(key, keys);
  const others = kind === undefined ? [] : kindsThatKnow(key);
  let hint = guess === undefined ? `the keys are ${listed(keys)}` : `did you mean ${quote(guess)}?`;
  if (others.length > 0)
    hint = `it is a ${others.join(" and a ").replace("zookeeper", "ZooKeeper")} setting${guess === undefined ? "" : `; here it is ${quote(guess)}`}`;
  const settings = kind === "zookeeper" ? "setting" : `${kind} setting`;
  const message = kind === undefined ? `${what} has no key ${quote(key)}` : `${owner} has no ${settings} ${quote(key)}`;
  sink.add(at, { code: "UNKNOWN_KEY", message, hint }, "key");
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list, such as [a, b]",
  object: "keys and values",
  record: "names and what belongs to each",
};

function reportWrongType(issue: Extract<Issue, { code: "invalid_type" }>, path: Path, raw: unknown, sink: ProblemSink): void {
  const value = valueAt(raw, path);
  const key = String(path.at(-1) ?? "");
  if (value === null) {
    sink.add(path, {
      code: "WRONG_TYPE",
      message: `${quote(key)} has no value`,
      hint: issue.expected === "object" ? "write {} to leave everything in it at its default" : undefined,
    });
    return;
  }
  const isOurs = !issue.message.startsWith("Invalid input");
  const wanted = TYPE_WORDS[issue.expected] ?? issue.expected;
  const message = isOurs ? issue.message : `this must be ${wanted}, not ${describe(value)}`;
  sink.add(path, { code: "WRONG_TYPE", message, hint: hintForType(issue.expected, value, key) });
}

function hintForType(expected: string, value: unknown, key: string): string | undefined {
  if (typeof value === "string") {
    const duration = /^(\d+(?:\.\d+)?)\s*(ms|s|m|min|h)$/.exec(value);
    if (duration !== null && key.endsWith(".ms"))
      return `Kafka counts ${key} in milliseconds: ${Number(duration[1]) * (MS_PER_UNIT[duration[2] as string] ?? 1)}`;
    if (expected === "boolean" && /^(on|yes|true)$/i.test(value)) return "write true";
    if (expected === "boolean" && /^(off|no|false)$/i.test(value)) return "write false";
    if ((expected === "number" || expected === "int") && /^-?\d+(\.\d+)?$/.test(value))
      return `write it without quotes: ${value}`;
    if (expected === "array") return `write [${value}]`;
  }
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean")) return `write it in quotes: "${value}"`;
  return undefined;
}

const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000 };

const NOUNS: readonly string[] = ["event", "message", "dial"];

function reportWrongWord(values: readonly unknown[], value: unknown, path: Path, sink: ProblemSink): void {
  const words = values.map(String);
  const guess = typeof value === "object" ? undefined : nearest(String(value), words);
  const hint = guess === undefined ? `it is one of ${listed(words)}` : `did you mean ${guess}?`;
  const key = String(path.findLast((step) => typeof step === "string"));
  const message = NOUNS.includes(key) ? `there is no ${key} ${describe(value)}` : `${quote(key)} knows no ${describe(value)}`;
  sink.add(path, { code: "WRONG_VALUE", message, hint });
}

const MISSING_HINTS: Readonly<Record<string, string>> = {
  "exhibit.source": "say where the failure is documented, such as KIP-966 or KAFKA-2729",
  ...Object.fromEntries(
    ["drop", "delay", "hold", "duplicate", "release"].map((change) => [
      `edits.${change}.nth`,
      "say which one: it is the nth of its kind from that node to the other, counted from the start of the run",
    ]),
  ),
  "exhibit.kind": `say what it is to Kafka: ${EXHIBIT_KINDS.join(", ")}`,
};

function reportMissing(path: Path, sink: ProblemSink): void {
  const parent = path.slice(0, -1).findLast((step) => typeof step === "string");
  const where = parent === undefined ? "the scenario" : quote(String(parent));
  const hint = MISSING_HINTS[path.filter((step) => typeof step === "string").join(".")];
  sink.add(path, { code: "MISSING_KEY", message: `${where} needs ${quote(String(path.at(-1)))}`, hint });
}

const LISTED_AT_MOST = 10;

function listed(words: readonly string[]): string {
  return words.length > LISTED_AT_MOST ? `${words.slice(0, LISTED_AT_MOST).join(", ")}, …` : words.join(", ");
}

function reportSize(issue: Extract<Issue, { code: "too_small" | "too_big" }>, path: Path, sink: ProblemSink): void {
  const isOurs = !issue.message.startsWith("Too ");
  const limit = issue.code === "too_small" ? issue.minimum : issue.maximum;
  const bound = issue.code === "too_small" ? `at least ${limit}` : `at most ${limit}`;
  const things =
    issue.origin === "string"
      ? "this may not be empty"
      : issue.origin === "array"
        ? `this list needs ${bound === "at least 1" ? "something in it" : bound}`
        : `this must be ${bound}`;
  sink.add(path, { code: "WRONG_VALUE", message: isOurs ? issue.message : things });
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value !== null && typeof value === "object") return "keys and values";
  return quote(String(value));
}

function valueAt(raw: unknown, path: Path): unknown {
  let value = raw;
  for (const step of path) {
    if (value === null || typeof value !== "object") return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}
