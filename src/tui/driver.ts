/**
 * Drives journeys in slices between which keys are heard and the screen is drawn. One at a time; what takes less than a slice is over
 * before anybody notices.
 */
import type { Journey } from "../walk/journey.ts";

/** Longer, and a key press would be felt to wait. */
const SLICE_MS = 15;
/** More often, and drawing would take more time than what is drawn. */
const SHOWN_EVERY_MS = 66;

export interface Travel {
  /** What is being done, for the message line. */
  readonly what: string;
  /** 0 to 1. */
  readonly progress: number;
}

interface Trip extends Travel {
  readonly journey: Journey<unknown>;
  readonly arrived: (result: unknown) => void;
  progress: number;
}

export class Driver {
  private trip: Trip | undefined;
  private pending: NodeJS.Immediate | undefined;
  private readonly onProgress: () => void;
  private shownAt = Number.NEGATIVE_INFINITY;

  /** `onProgress` is called between slices, now and then. */
  constructor(onProgress: () => void) {
    this.onProgress = onProgress;
  }

  /** What is under way. */
  get travel(): Travel | undefined {
    return this.trip;
  }

  start<T>(what: string, journey: Journey<T>, arrived: (result: T) => void): void {
    this.trip = { what, journey, arrived: arrived as (result: unknown) => void, progress: 0 };
    this.slice();
  }

  /** Leaves it where it is. False if nothing was under way. */
  stop(): boolean {
    if (this.trip === undefined) return false;
    this.trip.journey.return(undefined);
    this.end();
    return true;
  }

  private slice(): void {
    const { trip } = this;
    if (trip === undefined) return;
    const until = performance.now() + SLICE_MS;
    do {
      const { done, value } = trip.journey.next();
      if (done === true) {
        this.end();
        trip.arrived(value);
        return;
      }
      trip.progress = value as number;
    } while (performance.now() < until);
    this.pending = setImmediate(() => this.slice());
    const now = performance.now();
    if (now - this.shownAt < SHOWN_EVERY_MS) return;
    this.shownAt = now;
    this.onProgress();
  }

  private end(): void {
    clearImmediate(this.pending);
    this.pending = undefined;
    this.trip = undefined;
  }
}
