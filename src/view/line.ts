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

/** Texts of such characters take a column for each: plain text, and the signs that panes are drawn with. All others are looked up in a table. */
const NARROW =
  /^[\x20-\x7e\xa1-\xac\xae-\xff\u2010-\u2027\u2190-\u21ff\u2200-\u22ff\u2500-\u25fc\u2605\u2606\u2702\u2713-\u2718\u2800-\u28ff]*$/;

/** Columns of a terminal that a text takes: two for a wide character, none for a combining one. */
export function columnsOf(text: string): number {
  return NARROW.test(text) ? text.length : stringWidth(text);
}

/** Whether every character of `text` is one column wide and one unit long. */
export function isNarrow(text: string): boolean {
  return NARROW.test(text);
}

export function widthOf(spans: Line): number {
  let width = 0;
  for (const { text } of spans) width += columnsOf(text);
  return width;
}
