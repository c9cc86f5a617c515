/** Text in columns and in paragraphs. Widths are counted in characters; colour comes last and takes none. */

export interface Cell {
  readonly text: string;
  /** Applied to the text when its width has been counted. */
  readonly paint?: ((text: string) => string) | undefined;
}

export interface ColumnOptions {
  /** Columns whose text ends where the column ends. */
  readonly right?: ReadonlySet<number>;
  /** Blanks between two columns. */
  readonly gap?: number;
}

/** One line for each row, every column as wide as its widest cell; each begins with a blank and ends without one. */
export function inColumns(rows: readonly (readonly Cell[])[], { right = new Set(), gap = 2 }: ColumnOptions = {}): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, { text }] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(text));
  }
  return rows.map((row) => {
    const cells = row.map(({ text, paint }, column) => {
      const fill = " ".repeat((widths[column] as number) - widthOf(text));
      const painted = paint === undefined || text === "" ? text : paint(text);
      return right.has(column) ? fill + painted : painted + fill;
    });
    return ` ${cells.join(" ".repeat(gap))}`.trimEnd();
  });
}

export function widthOf(text: string): number {
  return [...text].length;
}

/** Of texts whose parts a ` · ` parts, what all of them share. */
export function sharedParts(texts: readonly string[]): string {
  const [first = "", ...others] = texts;
  return first
    .split(" · ")
    .filter((part) => others.every((text) => text.split(" · ").includes(part)))
    .join(" · ");
}

/** Lines no longer than `width`, broken at blanks; a word that is longer stands by itself. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((each) => each !== "")) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return line === "" ? lines : [...lines, line];
}

/** Parts with ` · ` between them, in lines no longer than `width`; a part that is longer stands by itself. */
export function joined(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last === undefined) lines.push(part);
    else if (widthOf(last) + 3 + widthOf(part) <= width) lines[lines.length - 1] = `${last} · ${part}`;
    else lines.push(part);
  }
  return lines;
}
