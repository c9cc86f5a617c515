/**
 * The clock of one host: virtual time, plus an offset, plus a drift since it was last set. Beside what it shows there is a
 * count of the time that has passed on it, which nobody sets.
 */
import type { Micros } from "../base/units.ts";

const MILLION = 1_000_000;

export class HostClock {
  private setAt: Micros = 0;
  private shownAt: Micros = 0;
  /** How much faster than virtual time it runs, in millionths. */
  driftPpm = 0;
  /** All jumps so far. */
  private jumped: Micros = 0;

  /** What the clock shows at virtual time `at`. */
  read(at: Micros): Micros {
    if (this.driftPpm === 0) return this.shownAt + (at - this.setAt);
    return this.shownAt + Math.floor(((at - this.setAt) * (MILLION + this.driftPpm)) / MILLION);
  }

  /** The same as if it had never jumped: good for measuring how long something takes. */
  readSteady(at: Micros): Micros {
    return this.read(at) - this.jumped;
  }

  /** How much virtual time passes while this clock advances by `duration`. */
  toVirtual(duration: Micros): Micros {
    return this.driftPpm === 0 ? duration : Math.ceil((duration * MILLION) / (MILLION + this.driftPpm));
  }

  /** Makes the clock jump by `offset` (from where it would be without any) and run fast (or slow) by `driftPpm` millionths from `at` on. */
  adjust(at: Micros, change: { readonly jump?: Micros; readonly driftPpm?: number }): void {
    const jump = change.jump ?? 0;
    this.shownAt = this.read(at) + jump;
    this.jumped += jump;
    this.setAt = at;
    this.driftPpm = change.driftPpm ?? this.driftPpm;
  }
}
