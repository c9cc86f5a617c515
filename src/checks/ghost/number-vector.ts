/** A growing list of numbers that a fork copies as one block. Unset places read 0. */
const NOTHING = new Float64Array(0);
const SMALLEST = 16;

export class NumberVector {
  /** Nothing is kept for the many that stay empty. */
  private values = NOTHING;
  length = 0;

  at(index: number): number {
    return index < this.length ? (this.values[index] as number) : 0;
  }

  set(index: number, value: number): void {
    if (index >= this.values.length) {
      const larger = new Float64Array(Math.max(this.values.length * 2, index + 1, SMALLEST));
      larger.set(this.values);
      this.values = larger;
    }
    this.values[index] = value;
    if (index >= this.length) this.length = index + 1;
  }

  /** Keeps the first `length` places. */
  truncate(length: number): void {
    if (length >= this.length) return;
    this.values.fill(0, length, this.length);
    this.length = length;
  }
}
