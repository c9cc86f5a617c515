/** Lines made to fit: cut, padded, wrapped, joined, marked. Widths are columns of a terminal; a wide character is never halved. */
import { columnsOf, isNarrow, type Line, type Span, span, type Tone, widthOf } from "./line.ts";

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** As much of `text` as fits into `width` columns. */
function cutText(text: string, width: number): string {
  if (width <= 0) return "";
  if (isNarrow(text)) return text.length <= width ? text : text.slice(0, width);
  let end = 0;
  let columns = 0;
  for (const { segment, index } of GRAPHEMES.segment(text)) {
    columns += columnsOf(segment);
    if (columns > width) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}

/** At most `width` columns; what is cut off leaves `…` behind. */
export function cut(line: Line, width: number): Line {
  if (widthOf(line) <= width) return line;
  if (width <= 0) return [];
  const kept: Span[] = [];
  let left = width - 1;
  for (const { text, tone } of line) {
    const columns = columnsOf(text);
    if (columns <= left) {
      kept.push({ text, tone });
      left -= columns;
      continue;
    }
    kept.push(span(`${cutText(text, left).trimEnd()}…`, tone));
    break;
  }
  return kept;
}

/** At least `width` columns. */
export function pad(line: Line, width: number, tone?: Tone): Line {
  const left = width - widthOf(line);
  return left <= 0 ? line : [...line, span(" ".repeat(left), tone)];
}

/** Exactly `width` columns. */
export function fitted(line: Line, width: number): Line {
  return pad(cut(line, width), width);
}

/** Exactly `width` columns, its text at the end of them. */
export function fittedRight(line: Line, width: number): Line {
  const shown = cut(line, width);
  const left = width - widthOf(shown);
  return left <= 0 ? shown : [span(" ".repeat(left)), ...shown];
}

/** Exactly `width` columns, its text in the middle of them. */
export function fittedCentre(line: Line, width: number): Line {
  const shown = cut(line, width);
  const left = (width - widthOf(shown)) >> 1;
  return pad(left <= 0 ? shown : [span(" ".repeat(left)), ...shown], width);
}

/** Exactly `height` lines of exactly `width` columns. */
export function fittedBlock(lines: readonly Line[], width: number, height: number): Line[] {
  return Array.from({ length: Math.max(0, height) }, (_, row) => fitted(lines[row] ?? [], width));
}

/** Lines one after the other in one, with `separator` between those that are not empty. */
export function join(lines: readonly Line[], separator: Line): Line {
  const told = lines.filter((line) => line.length > 0);
  return told.flatMap((line, index) => (index === 0 ? line : [...separator, ...line]));
}

/** Left and right in one line of `width` columns; the right one is shown whole, the left one is cut. */
export function spread(left: Line, right: Line, width: number): Line {
  const end = cut(right, width);
  const room = width - widthOf(end);
  if (widthOf(end) === 0) return fitted(left, width);
  return [...pad(cut(left, Math.max(0, room - 1)), room), ...end];
}

/** Broken at blanks into lines of at most `width` columns, all but the first indented; a longer word is broken where the line ends. */
export function wrap(line: Line, width: number, indent = 0): Line[] {
  // The widest character must find its place in any line.
  const room = Math.max(2, width);
  const hang = room - indent >= 2 ? indent : 0;
  const lines: Span[][] = [[]];
  let used = 0;
  const next = (): void => {
    lines.push(hang > 0 ? [span(" ".repeat(hang))] : []);
    used = hang;
  };
  const put = (text: string, tone: Tone | undefined): void => {
    (lines.at(-1) as Span[]).push(span(text, tone));
    used += columnsOf(text);
  };
  for (const word of wordsOf(line)) {
    const isFirst = used === (lines.length > 1 ? hang : 0);
    const gap = word.isAfterBlank ? 1 : 0;
    if (!isFirst && used + gap + widthOf(word.spans) > room) next();
    else if (!isFirst && gap > 0) put(" ", word.gapTone);
    for (const { text, tone } of word.spans) {
      let rest = text;
      while (used + columnsOf(rest) > room) {
        const head = cutText(rest, room - used);
        if (head === "" && used <= (lines.length > 1 ? hang : 0)) break;
        if (head !== "") put(head, tone);
        rest = rest.slice(head.length);
        next();
      }
      if (rest !== "") put(rest, tone);
    }
  }
  return lines.map(merge);
}

interface Word {
  readonly spans: Span[];
  readonly isAfterBlank: boolean;
  readonly gapTone: Tone | undefined;
}

/** Words, each of one tone or several. */
function wordsOf(line: Line): Word[] {
  const words: Word[] = [];
  let isOpen = false;
  let gapTone: Tone | undefined;
  for (const { text, tone } of line) {
    for (const part of text.split(/([ \n\t]+)/)) {
      if (part === "") continue;
      if (/^[ \n\t]/.test(part)) {
        isOpen = false;
        gapTone = tone;
      } else if (isOpen) {
        (words.at(-1) as Word).spans.push(span(part, tone));
      } else {
        words.push({ spans: [span(part, tone)], isAfterBlank: words.length > 0, gapTone });
        isOpen = true;
      }
    }
  }
  return words;
}

/** Wherever `wanted` stands in the line, in whatever case, it gets `tone`. */
export function highlight(line: Line, wanted: string, tone: Tone): Line {
  if (wanted === "") return line;
  const whole = line.map(({ text }) => text).join("");
  const [low, sought] = [whole.toLowerCase(), wanted.toLowerCase()];
  // Where lower case has another length, places would not match.
  if (low.length !== whole.length) return line;
  let from = low.indexOf(sought);
  if (from < 0) return line;
  const marked: Span[] = [];
  let at = 0;
  for (const { text, tone: own } of line) {
    const end = at + text.length;
    let start = at;
    while (start < end) {
      const isInside = from >= 0 && from <= start && start < from + sought.length;
      const stop = isInside ? Math.min(end, from + sought.length) : Math.min(end, from < 0 ? end : Math.max(from, start));
      marked.push(span(whole.slice(start, stop), isInside ? tone : own));
      start = stop;
      if (from >= 0 && start >= from + sought.length) from = low.indexOf(sought, start);
    }
    at = end;
  }
  return merge(marked);
}

/**
 * Neighbours of one tone become one span.
 * @internal
 */
export function merge(line: Line): Line {
  const merged: Span[] = [];
  for (const each of line) {
    if (each.text === "") continue;
    const last = merged.at(-1);
    if (last !== undefined && last.tone === each.tone) merged[merged.length - 1] = span(last.text + each.text, last.tone);
    else merged.push(each);
  }
  return merged;
}

/** All of it in one tone. */
export function toned(line: Line, tone: Tone): Line {
  return line.map(({ text }) => span(text, tone));
}

/**
 * What is read.
 * @internal
 */
export function textOf(line: Line): string {
  return line.map(({ text }) => text).join("");
}

/** What is left of `base` and `top` when `top` is laid over it from column `left` on. */
export function overlay(base: Line, top: Line, left: number): Line {
  const end = left + widthOf(top);
  return merge([...slice(base, 0, left), ...top, ...slice(base, end, widthOf(base))]);
}

/** Columns `from` to `to`, without the latter; halves of wide characters become blanks. */
function slice(line: Line, from: number, to: number): Line {
  const kept: Span[] = [];
  let at = 0;
  for (const { text, tone } of line) {
    const columns = columnsOf(text);
    const [start, stop] = [Math.max(from, at), Math.min(to, at + columns)];
    if (start < stop) {
      const before = cutText(text, start - at);
      const lost = start - at - columnsOf(before);
      const skipped = lost > 0 ? cutText(text, start - at + 1) : before;
      const begins = lost > 0 && columnsOf(skipped) > start - at ? at + columnsOf(skipped) : start;
      const shown = cutText(text.slice(skipped.length), stop - begins);
      const missing = stop - begins - columnsOf(shown);
      kept.push(span(" ".repeat(begins - start) + shown + " ".repeat(Math.max(0, missing)), tone));
    }
    at += columns;
  }
  return kept;
}
