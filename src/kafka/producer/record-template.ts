/**
 * How the records of a workload look: text with placeholders, compiled once.
 *
 *   {n}              the record's sequence number in its client: 0, 1, …
 *   {n % 10}         the same, modulo a number
 *   {random 1..100}  a whole number, both ends included
 *   {pick a|b|c}     one of several texts
 *   {{ and }}        braces
 *
 * A template may also be a JSON value in which every string is a template; a string that is exactly one numeric
 * placeholder becomes a JSON number. Compiled it is a flat list of parts, so that rendering is one concatenation.
 */
import { IMMUTABLE, markImmutable } from "../../base/immutable.ts";
import type { RandomStream } from "../../sim/random.ts";

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "sequence" }
  | { readonly kind: "modulo"; readonly divisor: number }
  | { readonly kind: "random"; readonly low: number; readonly high: number }
  | { readonly kind: "pick"; readonly choices: readonly string[] };

/** What is wrong with a template, and where. */
export interface TemplateError {
  readonly message: string;
  /** Characters into the string at fault. */
  readonly position: number;
  /** Keys and indices that lead to that string, in a JSON template. */
  readonly path: readonly (string | number)[];
}

export type CompiledTemplate =
  | { readonly ok: true; readonly template: RecordTemplate }
  | { readonly ok: false; readonly error: TemplateError };

const UTF8 = new TextEncoder();

export class RecordTemplate {
  declare readonly [IMMUTABLE]: true;
  private readonly parts: readonly Part[];
  /** Without placeholders, every record has the same bytes. */
  private readonly constant: Uint8Array | undefined;

  constructor(parts: readonly Part[]) {
    this.parts = parts;
    this.constant = parts.every((part) => part.kind === "text") ? UTF8.encode(parts.map(textOf).join("")) : undefined;
  }

  /** The bytes of record `sequence`. Draws from `random` once per random placeholder. */
  render(sequence: number, random: RandomStream): Uint8Array {
    if (this.constant !== undefined) return this.constant;
    let text = "";
    for (const part of this.parts) text += renderPart(part, sequence, random);
    return UTF8.encode(text);
  }
}
markImmutable(RecordTemplate);

/** Compiles a text, or a JSON value whose strings are texts. */
export function compileRecordTemplate(source: JsonValue): CompiledTemplate {
  const parts: Part[] = [];
  const error = typeof source === "string" ? compileText(source, [], parts, false) : compileJson(source, [], parts);
  return error === undefined ? { ok: true, template: new RecordTemplate(merged(parts)) } : { ok: false, error };
}

function renderPart(part: Part, sequence: number, random: RandomStream): string | number {
  switch (part.kind) {
    case "text":
      return part.text;
    case "sequence":
      return sequence;
    case "modulo":
      return sequence % part.divisor;
    case "random":
      return random.between(part.low, part.high);
    case "pick":
      return random.pick(part.choices);
  }
}

function compileJson(value: JsonValue, path: readonly (string | number)[], parts: Part[]): TemplateError | undefined {
  if (typeof value === "string") return compileJsonString(value, path, parts);
  if (typeof value !== "object" || value === null) {
    parts.push(text(JSON.stringify(value)));
    return undefined;
  }
  const isList = Array.isArray(value);
  const entries: readonly [string | number, JsonValue][] = isList ? [...value.entries()] : Object.entries(value);
  parts.push(text(isList ? "[" : "{"));
  for (const [index, [key, member]] of entries.entries()) {
    if (index > 0) parts.push(text(","));
    if (!isList) parts.push(text(`${JSON.stringify(key)}:`));
    const error = compileJson(member, [...path, key], parts);
    if (error !== undefined) return error;
  }
  parts.push(text(isList ? "]" : "}"));
  return undefined;
}

function compileJsonString(source: string, path: readonly (string | number)[], parts: Part[]): TemplateError | undefined {
  const inner: Part[] = [];
  const error = compileText(source, path, inner, true);
  if (error !== undefined) return error;
  const [only] = inner;
  const isNumber = inner.length === 1 && only !== undefined && only.kind !== "text" && only.kind !== "pick";
  parts.push(...(isNumber ? inner : [text('"'), ...inner, text('"')]));
  return undefined;
}

/** Appends the parts of one text. `inJson`: literal text is escaped for the inside of a JSON string. */
function compileText(
  source: string,
  path: readonly (string | number)[],
  parts: Part[],
  inJson: boolean,
): TemplateError | undefined {
  const literal = (value: string): string => (inJson ? JSON.stringify(value).slice(1, -1) : value);
  let position = 0;
  while (position < source.length) {
    const brace = nextBrace(source, position);
    if (brace > position) parts.push(text(literal(source.slice(position, brace))));
    if (brace === source.length) break;
    if (source[brace + 1] === source[brace]) {
      parts.push(text(source[brace] as string));
      position = brace + 2;
      continue;
    }
    if (source[brace] === "}") return { message: 'a "}" without its "{"; write "}}" for a brace', position: brace, path };
    const end = source.indexOf("}", brace);
    if (end === -1) return { message: 'a "{" without its "}"; write "{{" for a brace', position: brace, path };
    const placeholder = compilePlaceholder(source.slice(brace + 1, end), literal);
    if (typeof placeholder === "string") return { message: placeholder, position: brace, path };
    parts.push(placeholder);
    position = end + 1;
  }
  return undefined;
}

function nextBrace(source: string, from: number): number {
  for (let i = from; i < source.length; i++) if (source[i] === "{" || source[i] === "}") return i;
  return source.length;
}

/** The part, or what is wrong with it. */
function compilePlaceholder(source: string, literal: (value: string) => string): Part | string {
  const inner = source.trim();
  if (inner === "n") return { kind: "sequence" };
  const modulo = /^n\s*%\s*(\d+)$/.exec(inner);
  if (modulo !== null) {
    const divisor = Number(modulo[1]);
    return divisor > 0 && Number.isSafeInteger(divisor) ? { kind: "modulo", divisor } : "the number after % must be 1 or more";
  }
  const range = /^random\s+(-?\d+)\s*\.\.\s*(-?\d+)$/.exec(inner);
  if (range !== null) return compileRange(Number(range[1]), Number(range[2]));
  const choices = /^pick\s+([\s\S]+)$/.exec(inner);
  if (choices !== null)
    return { kind: "pick", choices: (choices[1] as string).split("|").map((choice) => literal(choice.trim())) };
  return `unknown placeholder {${source}}; there are {n}, {n % 10}, {random 1..100} and {pick a|b|c}`;
}

function compileRange(low: number, high: number): Part | string {
  if (low > high) return `the range ${low}..${high} is empty`;
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || high - low >= 2 ** 32)
    return `the range ${low}..${high} is too wide`;
  return { kind: "random", low, high };
}

/** Neighbouring texts as one. */
function merged(parts: readonly Part[]): Part[] {
  const result: Part[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (part.kind === "text" && last?.kind === "text") result[result.length - 1] = text(last.text + part.text);
    else result.push(part);
  }
  return result;
}

function text(value: string): Part {
  return { kind: "text", text: value };
}

function textOf(part: Part): string {
  return part.kind === "text" ? part.text : "";
}
