/** How files are named and cut. */
import type { SourceFile } from "./source-file.ts";

const LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;

const NOT_A_NOUN = new Set(["util", "utils", "helper", "helpers", "type", "types", "misc", "common", "shared", "lib"]);

export function nameProblems(file: SourceFile): string[] {
  if (!/^(src|test|bench)\//.test(file.path)) return [];
  return file.path.split("/").flatMap((part) => {
    const [stem = ""] = part.split(".");
    const problems: string[] = [];
    if (NOT_A_NOUN.has(stem)) problems.push(`${part} names no thing: what is in it belongs to the noun that owns it`);
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(stem)) problems.push(`${part} is not in kebab-case`);
    return problems;
  });
}

export function sizeProblems(file: SourceFile): string[] {
  if (!file.isSource) return [];
  const problems = functionLengths(file)
    .filter(({ length }) => length > FUNCTION_LINES_MAX)
    .map(({ line, length }) => `line ${line}: a function of ${length} lines, more than ${FUNCTION_LINES_MAX}`);
  const { length } = file.lines;
  return length > LINES_MAX ? [`${length} lines, more than ${LINES_MAX}: split it by verb`, ...problems] : problems;
}

const MODIFIERS = "(?:export |private |protected |public |static |override |async |get |set )*";
const HEADS = [
  new RegExp(`^( *)${MODIFIERS}(?:function\\b.*|[\\w$]+(?:<.*>)?\\(.*)\\{$`),
  // The end of a parameter list over several lines, and arrow functions.
  /^( *)\).*\{$/,
  /^( *).*=> \{$/,
];
const STATEMENT = /^ *(\} )?(if|for|while|switch|catch|else|do|try|return) ?/;

/** Goes by the formatter's indentation: a function ends where a brace stands as far left as its head. */
function functionLengths(file: SourceFile): { line: number; length: number }[] {
  const lines = file.code.split("\n").map((line) => line.trimEnd());
  return lines.flatMap((head, start) => {
    if (STATEMENT.test(head)) return [];
    const indent = HEADS.map((pattern) => pattern.exec(head)?.[1]).find((found) => found !== undefined);
    if (indent === undefined) return [];
    const end = lines.findIndex((line, i) => i > start && line.startsWith(`${indent}}`));
    return end < 0 ? [] : [{ line: start + 1, length: end - start + 1 }];
  });
}

export function moduleProblems(file: SourceFile): string[] {
  if (!file.isSource) return [];
  const problems: string[] = [];
  if (/^export default\b|\bas default\b/m.test(file.code))
    problems.push("has a default export: a name that everybody may choose is no name");
  if (!file.text.startsWith("/**")) problems.push("doesn't begin by saying what it is");
  return problems;
}
