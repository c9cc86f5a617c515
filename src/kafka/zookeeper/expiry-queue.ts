/**
 * When sessions are due, in buckets: a deadline is rounded up to the next multiple of the tick, and a bucket expires as a whole.
 * Source: ExpiryQueue.
 */
import type { Micros } from "../../base/units.ts";
import type { SessionId } from "./znode.ts";

/**
 * The first multiple of `interval` after `time`.
 * @internal
 */
export function roundToNextInterval(time: Micros, interval: Micros): Micros {
  return (Math.floor(time / interval) + 1) * interval;
}

export class ExpiryQueue {
  private readonly interval: Micros;
  private readonly deadlines = new Map<SessionId, Micros>();
  private readonly buckets = new Map<Micros, Set<SessionId>>();
  /** When the next bucket is looked at. */
  nextExpiration: Micros;

  constructor(interval: Micros, now: Micros) {
    this.interval = interval;
    this.nextExpiration = roundToNextInterval(now, interval);
  }

  /** `session` was heard of: it has `timeout` from `now` on. */
  update(session: SessionId, now: Micros, timeout: Micros): void {
    const deadline = roundToNextInterval(now + timeout, this.interval);
    if (this.deadlines.get(session) === deadline) return;
    this.remove(session);
    this.deadlines.set(session, deadline);
    const bucket = this.buckets.get(deadline);
    if (bucket === undefined) this.buckets.set(deadline, new Set([session]));
    else bucket.add(session);
  }

  remove(session: SessionId): void {
    const deadline = this.deadlines.get(session);
    if (deadline === undefined) return;
    this.deadlines.delete(session);
    this.buckets.get(deadline)?.delete(session);
  }

  /** The sessions of the next bucket, if its time has come. */
  poll(now: Micros): readonly SessionId[] {
    if (now < this.nextExpiration) return [];
    const due = [...(this.buckets.get(this.nextExpiration) ?? [])];
    this.buckets.delete(this.nextExpiration);
    for (const session of due) this.deadlines.delete(session);
    this.nextExpiration += this.interval;
    return due;
  }
}
