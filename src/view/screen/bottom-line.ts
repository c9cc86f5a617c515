/** The last line: what is asked, or what there is to say, or else the keys that fit the moment. */
import { type Command, commandOf, nameOfKey, type Situation } from "../commands.ts";
import { fitted, spread } from "../fitting.ts";
import { hintsFor } from "../hints.ts";
import { columnsOf, type Line, type Span, span, type Tone, widthOf } from "../line.ts";

export interface Message {
  readonly text: string;
  readonly tone: Extract<Tone, "plain" | "good" | "bad" | "warning" | "accent">;
}

/** A line that somebody types. */
export interface Prompt {
  /** `go to`. */
  readonly label: string;
  readonly text: string;
  /** Before which character of the text what is typed goes; at its end, unless given. */
  readonly cursor?: number;
  /** What may be typed, or what is wrong with what was. */
  readonly hint: Message;
}

/** How it marks what is at hand: a cross, a sign of interest, nothing. */
const MARKS: Readonly<Record<Message["tone"], string>> = { plain: "", good: "✓ ", bad: "✗ ", warning: "! ", accent: "" };

export function promptLine({ label, text, cursor = text.length, hint }: Prompt, width: number): Line {
  const shown = fromEnd(text.slice(0, cursor), Math.max(8, width - columnsOf(label) - 8));
  const [under = " ", ...behind] = [...text.slice(cursor)];
  const written = [span(shown), span(under, "selected"), span(behind.join(""))];
  return fitted([span(` ${label}: `, "strong"), ...written, span("   "), ...said(hint, "faint")], width);
}

export function messageLine(message: Message, width: number): Line {
  return spread([span(" "), ...said(message, "plain")], keysOf([commandOf("help")]), width);
}

function said({ text, tone }: Message, plain: Tone): Span[] {
  return [span(`${MARKS[tone]}${text}`, tone === "plain" ? plain : tone)];
}

/** As many as fit; help and quit always. */
export function hintLine(situation: Situation, width: number): Line {
  const right = keysOf([commandOf("help"), commandOf("quit")]);
  const room = width - widthOf(right) - 2;
  const left: Span[] = [];
  let used = 0;
  for (const spans of paired(hintsFor(situation), situation)) {
    const columns = widthOf(spans);
    if (used + columns > room) continue;
    left.push(...spans);
    used += columns;
  }
  return spread(left, right, width);
}

function keysOf(commands: readonly Command[]): Line {
  const spans = commands.flatMap((command) => [span(" "), ...hint(command, command.word), span(" ")]);
  return spans;
}

/** ` → step `. */
function paired(commands: readonly Command[], situation: Situation): Line[] {
  return commands.map((command) => [span(" "), ...hint(command, wordOf(command, situation)), span(" ")]);
}

function hint({ id, keys }: Command, word: string): Span[] {
  const key = id === "select-down" ? "↑↓" : nameOfKey(keys[0] as string);
  return [span(key, "key"), span(` ${word}`)];
}

function wordOf({ id, word }: Command, { isPlaying, subject }: Situation): string {
  if (id === "act" && (subject?.kind === "moment" || subject?.kind === "invariant")) return "go there";
  return id === "play" && isPlaying ? "pause" : word;
}

/** The end of what is typed is what matters. */
function fromEnd(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  let shown = text;
  while (columnsOf(shown) >= width) shown = [...shown].slice(1).join("");
  return `…${shown}`;
}

/** Where nothing can be pressed: the command that leads on. It is to be copied, and so shown whole wherever it fits. */
export function footLine(command: string, width: number): Line {
  const words = " walk on from here  ";
  const isRoomy = columnsOf(words) + columnsOf(command) <= width;
  return fitted([span(isRoomy ? words : " ", "faint"), span(command)], width);
}
