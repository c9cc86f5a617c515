/**
 * The user's scenario is wrong: where, what, and what to do about it.
 *
 * Everything that is wrong with one file comes in one error. It prints as
 *
 *     my.yaml:9:22  no broker 4 in this cluster (brokers are 1, 2, 3)
 *         8 | faults:
 *         9 |   - { at: 5s, crash: broker-4 }
 *           |                      ^^^^^^^^ raise cluster.brokers to 4, or name one of broker-1, broker-2, broker-3
 */

export type ProblemCode =
  | "UNREADABLE_FILE"
  | "BROKEN_YAML"
  | "UNKNOWN_KEY"
  | "MISSING_KEY"
  | "WRONG_TYPE"
  | "WRONG_VALUE"
  | "UNKNOWN_NAME"
  | "NOT_MODELLED"
  | "IMPOSSIBLE"
  | "CONTRADICTION"
  | "BAD_ARGUMENT";

/** A stretch of one line of text. */
export interface Place {
  /** What the text is called: a path, or the option of the command line that it came from. */
  readonly file: string;
  readonly text: string;
  /** From the start of the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** False for what did not come from a file: it has no line worth naming. */
  readonly isFile: boolean;
}

export interface ScenarioProblem {
  readonly code: ProblemCode;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** Undefined when there is nothing to point at: the file can't be read. */
  readonly place: Place | undefined;
  readonly file: string;
  /** From 1; 0 without a place. Columns count characters. */
  readonly line: number;
  readonly column: number;
}

const SHOWN_AT_MOST = 5;

/** Exit status 2. The message is everything there is to print. */
export class ScenarioError extends Error {
  override readonly name = "ScenarioError";
  readonly problems: readonly ScenarioProblem[];

  constructor(problems: readonly ScenarioProblem[], options?: ErrorOptions) {
    const shown = problems.slice(0, SHOWN_AT_MOST).map(formatProblem);
    const more = problems.length - shown.length;
    if (more > 0) shown.push(`and ${more} more ${more === 1 ? "problem" : "problems"}`);
    super(shown.join("\n\n"), options);
    this.problems = problems;
  }
}

/** A problem at a place, or with a file as a whole. */
export function problemAt(
  place: Place,
  problem: { code: ProblemCode; message: string; hint?: string | undefined },
): ScenarioProblem {
  const { line, column } = lineAndColumn(place.text, place.start);
  return { ...problem, place, file: place.file, line, column };
}

/** The error for an option of the command line: `argumentError("--seed", "abc", "a seed is a whole number")`. */
export function argumentError(option: string, value: string, message: string, hint?: string): ScenarioError {
  const text = `${option} ${value}`;
  const place: Place = { file: option, text, start: option.length + 1, end: text.length, isFile: false };
  return new ScenarioError([problemAt(place, { code: "BAD_ARGUMENT", message, hint })]);
}

function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: [...before.slice(lineStart)].length + 1 };
}

function formatProblem(problem: ScenarioProblem): string {
  const { place, file, line, column, message, hint } = problem;
  if (place === undefined) return hint === undefined ? `${file}  ${message}` : `${file}  ${message}\n    ${hint}`;
  const where = place.isFile ? `${file}:${line}:${column}` : file;
  return [`${where}  ${printable(message)}`, ...frame(place, line, hint)].join("\n");
}

const FRAME_WIDTH = 110;

/** The line, the one before it for orientation, and carets under what is meant. */
function frame(place: Place, line: number, hint: string | undefined): string[] {
  const lines = place.text.split("\n").map((each) => each.replace(/\r$/, ""));
  const source = lines[line - 1] ?? "";
  const lineStart = place.text.lastIndexOf("\n", place.start - 1) + 1;
  const from = Math.min(place.start - lineStart, source.length);
  const to = Math.max(from + 1, Math.min(place.end - lineStart, source.length));
  // A very long line is shown from a little before the place.
  const cut = to > FRAME_WIDTH ? Math.max(0, from - 30) : 0;
  const visible = (cut > 0 ? "…" : "") + source.slice(cut, cut + FRAME_WIDTH) + (source.length > cut + FRAME_WIDTH ? "…" : "");
  const indent = (cut > 0 ? " " : "") + source.slice(cut, from).replace(/[^\t]/gu, " ");
  const carets = "^".repeat(Math.max(1, Math.min([...source.slice(from, to)].length, FRAME_WIDTH - (from - cut))));
  const width = String(line).length;
  const gutter = (number: string): string => `    ${number.padStart(width)} | `;
  const before = lines[line - 2];
  return [
    ...(place.isFile && before !== undefined && before.trim() !== ""
      ? [gutter(String(line - 1)) + printable(shorten(before))]
      : []),
    gutter(place.isFile ? String(line) : "") + printable(visible),
    `${gutter("")}${indent}${carets}${hint === undefined ? "" : ` ${printable(hint)}`}`,
  ];
}

function shorten(text: string): string {
  return text.length > FRAME_WIDTH ? `${text.slice(0, FRAME_WIDTH)}…` : text;
}

/** What a file says may not reach the terminal's control channel. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "·");
}
