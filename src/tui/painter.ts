/**
 * Puts painted rows on a terminal, and of them only those that have changed.
 *
 * Ink lays out, hears keys and knows when to draw, but its own last step takes every frame apart into cells and puts them together
 * again: 15 ms and more at 160×50, more than there is for the whole redraw. Rows that come painted need none of it.
 */

/** Terminals that know it show what stands between the two at once; the others ignore it. */
const [BEGIN, END] = ["\u001b[?2026h", "\u001b[?2026l"];

export class Painter {
  private shown: readonly string[] = [];

  /** What to write so that `rows` are to be seen; empty if they are. */
  paint(rows: readonly string[]): string {
    let text = "";
    for (const [index, row] of rows.entries()) {
      // Cleared first: behind a full row the cursor still stands on the last column.
      if (row !== this.shown[index]) text += `\u001b[${index + 1};1H\u001b[K${row}\u001b[0m`;
    }
    if (rows.length < this.shown.length) text += `\u001b[${rows.length + 1};1H\u001b[J`;
    this.shown = rows;
    return text === "" ? "" : BEGIN + text + END;
  }

  /** Nothing of what was shown is to be seen any more. */
  forget(): void {
    this.shown = [];
  }
}
