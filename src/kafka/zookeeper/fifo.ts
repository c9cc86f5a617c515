/** A queue from which taking costs nothing, however long it is. */

/** Above this many taken items the array is cut, once they are half of it. */
const SLACK = 64;

export class Fifo<T> {
  private items: T[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(item: T): void {
    this.items.push(item);
  }

  peek(): T | undefined {
    return this.items[this.head];
  }

  shift(): T | undefined {
    if (this.head === this.items.length) return undefined;
    const item = this.items[this.head++];
    if (this.head > SLACK && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  /** Takes back what was pushed last. */
  pop(): T | undefined {
    return this.length === 0 ? undefined : this.items.pop();
  }

  clear(): void {
    this.items = [];
    this.head = 0;
  }

  /** All that wait, in order. */
  toArray(): T[] {
    return this.items.slice(this.head);
  }
}
