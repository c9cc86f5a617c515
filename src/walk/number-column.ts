/** Numbers in the order in which they were added, in as few bytes as their type takes. */

interface NumberArray {
  readonly length: number;
  [index: number]: number;
  set(source: NumberArray): void;
  subarray(from: number, to: number): NumberArray;
}
type NumberArrayType = new (length: number) => NumberArray;

const INITIAL_CAPACITY = 4_096;

export class NumberColumn {
  private readonly type: NumberArrayType;
  private values: NumberArray;
  length: number;

  /** Begins with the first `length` numbers of `before`, or with so many zeros. */
  constructor(type: NumberArrayType, before: NumberColumn | undefined, length: number) {
    this.type = type;
    this.length = length;
    this.values = new type(Math.max(INITIAL_CAPACITY, length * 2));
    if (before !== undefined) this.values.set(before.values.subarray(0, length));
  }

  at(index: number): number {
    return this.values[index] as number;
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new this.type(this.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }
}
