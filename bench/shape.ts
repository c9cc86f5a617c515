/** What the loops that are compared have in common. */

/** Brokers, controllers and clients of a small cluster. */
export const NODES = 9;
export const LATENCY_LOW_US = 100;
export const LATENCY_HIGH_US = 500;
