/**
 * Numbers by the sequence of a client's record. Each incarnation of a client counts from a multiple of a large number, so
 * there is a row for each. Unset places read 0.
 */
import { NumberVector } from "../../base/number-vector.ts";
import { SEQUENCES_PER_INCARNATION } from "../../kafka/producer/producer-process.ts";

export class SequenceVector {
  private readonly rows: NumberVector[] = [];

  at(sequence: number): number {
    const row = Math.floor(sequence / SEQUENCES_PER_INCARNATION);
    return this.rows[row]?.at(sequence - row * SEQUENCES_PER_INCARNATION) ?? 0;
  }

  set(sequence: number, value: number): void {
    const row = Math.floor(sequence / SEQUENCES_PER_INCARNATION);
    while (this.rows.length <= row) this.rows.push(new NumberVector());
    this.rows[row]?.set(sequence - row * SEQUENCES_PER_INCARNATION, value);
  }

  /** Sequences that may have a number, ascending. */
  *sequences(): Iterable<number> {
    for (const [row, { length }] of this.rows.entries()) {
      for (let i = 0; i < length; i++) yield row * SEQUENCES_PER_INCARNATION + i;
    }
  }
}
