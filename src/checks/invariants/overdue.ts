/**
 * What should not last: things that may be so for a while, and are wrong when they go on in quiet.
 *
 * A subject is noted when it begins and forgotten when it ends, so nothing is scanned. What is due is looked at when time has
 * passed, once a second, not at every event.
 */
import { type Micros, seconds } from "../../base/units.ts";
import type { Ghost } from "../ghost/ghost.ts";

/** Longer than a session with its round up, a reconnection, a registration and a failover take together. */
export const SETTLING_TIME: Micros = seconds(60);

export interface Lasting {
  readonly began: Micros;
  readonly step: number;
}

export class Overdue<S> {
  private readonly lasting = new Map<S, Lasting>();

  /** `subject` is so from now on, unless it was already. */
  note(subject: S, step: number, timeUs: Micros): void {
    if (!this.lasting.has(subject)) this.lasting.set(subject, { began: timeUs, step });
  }

  forget(subject: S): void {
    this.lasting.delete(subject);
  }

  /** Those that have lasted too long, in the order in which they began. */
  due(ghost: Ghost, now: Micros): readonly (readonly [subject: S, since: Lasting])[] {
    if (this.lasting.size === 0) return [];
    return [...this.lasting].filter(([, { began }]) => ghost.quiet.lasted(ghost, began, now) > SETTLING_TIME);
  }
}
