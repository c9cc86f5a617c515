/**
 * Changes from the command line: `--set acks=1`, `--set cluster.brokers=5`.
 *
 * A key is a dial, one of Kafka's settings (then it is set wherever a setting of that name can be), or a path in the file. The
 * change is made in the YAML document, before anything is read from it, and keeps its own text as its place.
 */
import { isAlias, isMap, isSeq, type Node, type Pair, parseDocument, Scalar, YAMLMap } from "yaml";
import type { z } from "zod";
import { SETTINGS_OF_GROUPS } from "./group-seats.ts";
import { nearest } from "./nearest.ts";
import type { Complaint } from "./problem-sink.ts";
import { quote } from "./quantities.ts";
import { type Place, type ProblemCode, problemAt, ScenarioError, type ScenarioProblem } from "./scenario-error.ts";
import { CONFIG_DEFINITIONS, type ConfigKind, DIAL_NAMES, kindsThatKnow, NOT_MODELLED } from "./schema/config.ts";
import { SCENARIO_SCHEMA } from "./schema/scenario.ts";
import { keyOf, type Path, type ScenarioSource } from "./source.ts";

interface Override {
  readonly text: string;
  readonly key: string;
  readonly value: string;
}

/** Throws {@link ScenarioError} if a key means nothing or a value can't be read. */
export function applyOverrides(source: ScenarioSource, overrides: readonly string[]): void {
  const problems: ScenarioProblem[] = [];
  for (const text of overrides) {
    const at = text.indexOf("=");
    const override = { text, key: (at < 0 ? text : text.slice(0, at)).trim(), value: at < 0 ? "" : text.slice(at + 1) };
    const problem = apply(source, override);
    if (problem !== undefined) problems.push(problem);
  }
  if (problems.length > 0) throw new ScenarioError(problems);
}

function apply(source: ScenarioSource, override: Override): ScenarioProblem | undefined {
  const { text, key, value } = override;
  if (!text.includes("=") || key === "" || value.trim() === "") {
    return complain(
      override,
      "BAD_ARGUMENT",
      "write --set key=value",
      0,
      text.length,
      "such as --set acks=1 or --set cluster.brokers=5",
    );
  }
  if (parseDocument(value, { prettyErrors: false }).errors.length > 0) {
    return complain(override, "BAD_ARGUMENT", `${quote(value)} is not a value`, text.length - value.length, text.length);
  }
  if (!isMap(source.document.contents)) return undefined;
  const found = pathsOf(source, key);
  if ("code" in found) return complain(override, found.code, found.message, 0, key.length, found.hint);
  const label = `--set ${text}`;
  const adopt = (made: Scalar): void => {
    made.range = [0, key.length, key.length];
    source.adopt(made, label, text, 0);
  };
  for (const path of found.paths) {
    const node = parseDocument(value, { prettyErrors: false }).contents as Node;
    source.adopt(node, label, text, text.length - value.length);
    put(source, path, node, adopt);
  }
  return undefined;
}

/** Where the value of `key` belongs in the file, or what is wrong with the key. */
export function pathsOf(source: ScenarioSource, key: string): { readonly paths: readonly Path[] } | Complaint {
  const wrong = (hint: string): Complaint => {
    if (!NOT_MODELLED.has(key)) return { code: "UNKNOWN_KEY", message: `there is nothing called ${quote(key)} to set`, hint };
    return { code: "NOT_MODELLED", message: `${quote(key)} is known to Kafka, but not modelled yet`, hint };
  };
  if ((DIAL_NAMES as readonly string[]).includes(key)) return { paths: [["dials", key]] };
  const kinds = kindsThatKnow(key);
  if (kinds.length > 0) {
    const paths = kinds.flatMap((kind) => configPaths(source, kind, key));
    return paths.length > 0 ? { paths } : wrong(`the scenario has no ${kinds.join(" and no ")} to set it on`);
  }
  const { contents } = source.document;
  const path = walk(SCENARIO_SCHEMA, contents, key, source);
  if (path !== undefined) return { paths: [path] };
  if (NOT_MODELLED.has(key)) return wrong("leave it out");
  const guess = nearest(key, [...everyPath(SCENARIO_SCHEMA, contents, source), ...DIAL_NAMES, ...ALL_CONFIG_KEYS]);
  return wrong(
    guess === undefined
      ? "name a dial, a setting of Kafka, or a path in the file such as cluster.brokers"
      : `did you mean ${guess}?`,
  );
}

const ALL_CONFIG_KEYS: readonly string[] = [
  ...new Set(Object.values(CONFIG_DEFINITIONS).flatMap((definitions) => Object.keys(definitions))),
];

/** Every place where a config of this kind lives. What a single node sets for itself is overwritten, too. */
function configPaths(source: ScenarioSource, kind: ConfigKind, key: string): string[][] {
  const { document } = source;
  if (kind === "broker" || kind === "zookeeper") {
    const part = kind === "broker" ? "config" : "zookeeper-config";
    const own = keysUnder(document.getIn(["cluster", "per-node"], true)).map((node) => ["cluster", "per-node", node, part]);
    return [["cluster", part, key], ...own.filter((path) => document.hasIn([...path, key])).map((path) => [...path, key])];
  }
  const section = `${kind}s`;
  const names = keysUnder(document.get(section, true));
  if (kind !== "consumer") return names.map((name) => [section, name, "config", key]);
  const able = names.filter((name) => !SETTINGS_OF_GROUPS.includes(key) || isGroupEntry(document.getIn([section, name], true)));
  return able.flatMap((name) => {
    const members = keysUnder(document.getIn([section, name, "per-member"], true));
    const own = members.map((member) => [section, name, "per-member", member, "config", key]);
    return [[section, name, "config", key], ...own.filter((path) => document.hasIn(path))];
  });
}

function isGroupEntry(node: unknown): boolean {
  return isMap(node) && (node.has("members") || node.has("group"));
}

function keysUnder(node: unknown): string[] {
  return isMap(node) ? node.items.map((pair) => keyOf(pair as Pair)) : [];
}

/** Follows a dotted key down the schema; keys of the file may contain dots themselves. Undefined if it leads nowhere. */
function walk(schema: z.core.$ZodType, node: unknown, rest: string, source: ScenarioSource): readonly string[] | undefined {
  if (rest === "") return [];
  const here = isAlias(node) ? node.resolve(source.document) : node;
  for (const { name, next, below, key } of stepsInto(schema, here)) {
    if (rest !== name && !rest.startsWith(`${name}.`)) continue;
    const further = walk(next, below, rest.slice(name.length + 1), source);
    if (further !== undefined) return [key, ...further];
  }
  return undefined;
}

/** Deeper than this, nobody sets anything by its path. */
const SUGGESTED_DEPTH = 5;

/** Every dotted key that would lead somewhere. */
function everyPath(schema: z.core.$ZodType, node: unknown, source: ScenarioSource, before = "", depth = 1): string[] {
  const here = isAlias(node) ? node.resolve(source.document) : node;
  if (depth > SUGGESTED_DEPTH) return [];
  return stepsInto(schema, here).flatMap(({ name, next, below }) => [
    before + name,
    ...everyPath(next, below, source, `${before}${name}.`, depth + 1),
  ]);
}

interface Step {
  /** As it is written in a dotted key. Items are counted from 1 there, and from 0 in `key`. */
  readonly name: string;
  readonly key: string;
  readonly next: z.core.$ZodType;
  readonly below: unknown;
}

/** Where one can go from a place in the schema, given what the file has there. */
function stepsInto(schema: z.core.$ZodType, node: unknown): Step[] {
  const { def } = unwrapped(schema)._zod;
  const below = (key: string): unknown => (isMap(node) ? node.get(key, true) : undefined);
  switch (def.type) {
    case "object": {
      // Longer keys first, so that `replication.factor` is taken before a `replication`.
      const entries = Object.entries((def as z.core.$ZodObjectDef).shape).sort(([a], [b]) => b.length - a.length);
      return entries.map(([key, next]) => ({ name: key, key, next, below: below(key) }));
    }
    case "record": {
      const next = (def as z.core.$ZodRecordDef).valueType;
      return keysUnder(node).map((key) => ({ name: key, key, next, below: below(key) }));
    }
    // Of what can be written shortly or at length, the long way has keys.
    case "union":
      return (def as z.core.$ZodUnionDef).options.flatMap((option) => stepsInto(option, node));
    case "array": {
      const next = (def as z.core.$ZodArrayDef).element;
      return isSeq(node) ? node.items.map((item, i) => ({ name: String(i + 1), key: String(i), next, below: item })) : [];
    }
    default:
      return [];
  }
}

/** The schema of what is written, without what makes it optional or transforms it. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const def = schema._zod.def as { readonly innerType?: z.core.$ZodType; readonly in?: z.core.$ZodType };
  const inner = def.innerType ?? def.in;
  return inner === undefined ? schema : unwrapped(inner);
}

/** Sets the value, and makes the maps on the way to it that are not there yet; `adopt` says where a new key stands. */
export function put(source: ScenarioSource, path: Path, value: Node, adopt: (key: Scalar) => void): void {
  const { document } = source;
  let container = document.contents as Node;
  for (const [depth, step] of path.entries()) {
    if (depth === path.length - 1) {
      setChild(container, String(step), value, source, adopt);
      return;
    }
    const child = childOf(container, String(step));
    // What an alias names is changed here only.
    let next = isAlias(child) ? (child.resolve(document)?.clone() as Node | undefined) : child;
    if (!isMap(next) && !isSeq(next)) next = new YAMLMap(document.schema);
    if (next !== child) setChild(container, String(step), next, source, adopt);
    container = next;
  }
}

function childOf(container: Node, step: string): Node | undefined {
  if (isMap(container))
    return (container.items.find((pair) => keyOf(pair as Pair) === step)?.value ?? undefined) as Node | undefined;
  return isSeq(container) ? (container.items[Number(step)] as Node | undefined) : undefined;
}

function setChild(container: Node, step: string, value: Node, source: ScenarioSource, adopt: (key: Scalar) => void): void {
  if (isSeq(container)) {
    container.items[Number(step)] = value;
    return;
  }
  if (!isMap(container)) return;
  const existing = container.items.find((pair) => keyOf(pair as Pair) === step);
  if (existing !== undefined) {
    existing.value = value;
    return;
  }
  const key = new Scalar(step);
  key.source = step;
  adopt(key);
  container.items.push(source.document.createPair(key, value) as (typeof container.items)[number]);
}

function complain(
  override: Override,
  code: ProblemCode,
  message: string,
  start: number,
  end: number,
  hint?: string,
): ScenarioProblem {
  const place: Place = { file: `--set ${override.text}`, text: override.text, start, end, isFile: false };
  return problemAt(place, { code, message, hint });
}
