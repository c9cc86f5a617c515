/** Lines of styled text: what every pane is made of, before anybody knows whether there is a terminal. */
import stringWidth from "string-width";

/**
 * What a piece of text is, not how it looks: the palette decides that. Epochs take turns in six colours. Nothing is told by tone alone.
 */
export type Tone =
  | "plain"
  | "strong"
  | "faint"
  | "good"
  | "bad"
  | "warning"
  | "accent"
  /** What has just changed. */
  | "fresh"
  /** Keys in the bottom line and the help. */
  | "key"
  | "frame"
  | "frame-focused"
  | "title"
  | "selected"
  | "current"
  | `epoch-${0 | 1 | 2 | 3 | 4 | 5}`;

export interface Span {
  readonly text: string;
  /** Plain, unless given. */
  readonly tone?: Tone | undefined;
}

export type Line = readonly Span[];

export function span(text: string, tone?: Tone): Span {
  return tone === undefined ? { text } : { text, tone };
}

/** A line of one span. */
export function line(text: string, tone?: Tone): Line {
  return [span(text, tone)];
}

/** Columns of a terminal that a text takes: two for a wide character, none for a combining one. */
export function columnsOf(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: nearly all text is plain, and needs no table of widths.
  return /^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text);
}

export function widthOf(spans: Line): number {
  let width = 0;
  for (const { text } of spans) width += columnsOf(text);
  return width;
}
