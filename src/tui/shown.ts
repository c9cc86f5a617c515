/** What may be on the screen: rows that know how large they may be, and hear keys. */

export interface Shown {
  /** At most so many painted rows, of at most so many columns. */
  paint(columns: number, rows: number): readonly string[];
  /** A key by its name. */
  press(key: string): void;
  /** `listener` is called whenever there is something new to be seen. Returns how to end that. */
  subscribe(listener: () => void): () => void;
}
