/** Units. Virtual time is an integer number of microseconds everywhere; Kafka's own settings are in milliseconds. */

/** A moment or a duration in virtual time, in whole microseconds. */
export type Micros = number;

export const US_PER_MS = 1_000;
export const US_PER_SECOND = 1_000_000;

/** Milliseconds, as Kafka's settings give them, in microseconds. */
export function ms(milliseconds: number): Micros {
  return Math.round(milliseconds * US_PER_MS);
}

/** Seconds in microseconds. */
export function seconds(value: number): Micros {
  return Math.round(value * US_PER_SECOND);
}
