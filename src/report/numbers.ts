/** Numbers as people read them. */
import { type Micros, US_PER_SECOND } from "../base/units.ts";

/** `148,204`. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `10.000 s`, right-aligned in a column. */
export function clockTime(timeUs: Micros): string {
  return `${(timeUs / US_PER_SECOND).toFixed(3).padStart(8)} s`;
}

/** `8.5 s`, `12 ms`. */
export function span(timeUs: Micros): string {
  if (timeUs >= US_PER_SECOND) return `${(timeUs / US_PER_SECOND).toFixed(1).replace(/\.0$/, "")} s`;
  return `${Math.round(timeUs / 1_000)} ms`;
}

export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}
