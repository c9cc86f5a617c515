/** What became of each record of a partition in a group, by its offset: a byte each, which a fork copies as one block. */
import type { Offset } from "../../kafka/ids.ts";

export const FATE = {
  /** Nobody has processed it yet. */
  open: 0,
  processed: 1,
  /** The application has given up on it. */
  givenUp: 2,
  /** The group was told to go on behind it: by its reset policy, by a seek, or by an operator. */
  passed: 3,
} as const;

const NOTHING = new Uint8Array(0);
const SMALLEST = 64;

export class OffsetFates {
  private values = NOTHING;
  /** One past the last offset that was given a fate. */
  end: Offset = 0;

  at(offset: Offset): number {
    return offset < this.end ? (this.values[offset] as number) : FATE.open;
  }

  set(offset: Offset, fate: number): void {
    if (offset >= this.values.length) {
      const larger = new Uint8Array(Math.max(this.values.length * 2, offset + 1, SMALLEST));
      larger.set(this.values);
      this.values = larger;
    }
    this.values[offset] = fate;
    if (offset >= this.end) this.end = offset + 1;
  }

  /** Nothing is known any more from `offset` on. */
  truncate(offset: Offset): void {
    if (offset >= this.end) return;
    this.values.fill(FATE.open, offset, this.end);
    this.end = offset;
  }
}
