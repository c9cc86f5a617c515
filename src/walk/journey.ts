/** Work that may take a while, in slices: it yields how far it is (0 to 1), and returns what it was for. Whoever drives it may stop between two slices. */

export type Journey<T> = Generator<number, T, void>;

/** Goes all the way at once. */
export function complete<T>(journey: Journey<T>): T {
  for (;;) {
    const { done, value } = journey.next();
    if (done === true) return value;
  }
}
