/** What an application sends, and when: a constant rate, optionally with jitter. */
import { type Micros, US_PER_SECOND } from "../../base/units.ts";
import type { RecordTemplate } from "./record-template.ts";

export interface ProducerWorkload {
  /** Records per second, or the time between two of them. */
  readonly rate: number | { readonly intervalUs: Micros };
  /** How many in all; without end if left out. */
  readonly count?: number;
  /** When the first is due, after the start of the process. */
  readonly startUs: Micros;
  /** Nothing becomes due at or after this, counted like `startUs`. */
  readonly stopUs?: Micros;
  /** Each is late by up to this much, at random. */
  readonly jitterUs?: Micros;
  readonly key: RecordTemplate | null;
  readonly value: RecordTemplate;
  /** Left out: the producer's partitioner decides. */
  readonly partition?: number | "round-robin";
}

/** When record `index` (0, 1, …) is due after the start of the process, without jitter; undefined if there is none. */
export function dueTime(workload: ProducerWorkload, index: number): Micros | undefined {
  const { rate, count, startUs, stopUs } = workload;
  if (count !== undefined && index >= count) return undefined;
  if (rate === 0) return undefined;
  // From the index, not from the last time: so a rate such as 3 per second gathers no rounding error.
  const due = startUs + (typeof rate === "number" ? Math.floor((index * US_PER_SECOND) / rate) : index * rate.intervalUs);
  return stopUs !== undefined && due >= stopUs ? undefined : due;
}
