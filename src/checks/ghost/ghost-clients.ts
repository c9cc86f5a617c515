/** What the clients were told: which records were sent, acknowledged or refused, and for how long nothing was acknowledged. */
import type { Micros } from "../../base/units.ts";
import type { ProduceAcknowledged, ProduceFailed, RecordSent } from "../../kafka/events.ts";
import type { NodeName } from "../../sim/host.ts";
import { SequenceVector } from "./sequence-vector.ts";

/** What became of a record, as its application knows. */
export const OUTCOME = {
  unknown: 0,
  /** Acknowledged with acks=all: must not be lost. */
  acknowledged: 1,
  /** Acknowledged where the configuration promises nothing: acks=1, acks=0, or more disks lost than the contract covers. */
  acknowledgedWeakly: 2,
  failed: 3,
} as const;

export class GhostClient {
  readonly name: NodeName;
  readonly sentAt = new SequenceVector();
  /** By sequence of the record's origin: an {@link OUTCOME}. */
  readonly outcome = new SequenceVector();
  sent = 0;
  acknowledged = 0;
  failed = 0;
  delayed = 0;
  /** Sent by a process that is no more, so that nobody will ever hear what became of them. */
  private abandoned = 0;
  longestDelay: Micros = 0;
  /** Since when it has had something to send and nothing was acknowledged; -1 when there is no such stretch. */
  waitingSince: Micros = -1;
  /** The last moment of that stretch at which it still had something to send, once everything it had has failed. */
  idleSince: Micros = -1;
  /** The longest such stretch that has ended. */
  outageFrom: Micros = 0;
  outageTo: Micros = 0;

  constructor(name: NodeName) {
    this.name = name;
  }

  get outstanding(): number {
    return this.sent - this.acknowledged - this.failed - this.abandoned;
  }

  onSent(event: RecordSent, timeUs: Micros): void {
    const { origin } = event.record;
    this.sentAt.set(origin.sequence, timeUs);
    this.sent++;
    this.idleSince = -1;
    if (this.waitingSince < 0) this.waitingSince = timeUs;
  }

  onAcknowledged(event: ProduceAcknowledged, strong: boolean, timeUs: Micros, delayBound: Micros): void {
    const outcome = strong ? OUTCOME.acknowledged : OUTCOME.acknowledgedWeakly;
    const { records } = event;
    for (let i = 0; i < records.length; i++) this.outcome.set((records[i] as (typeof records)[number]).origin.sequence, outcome);
    this.acknowledged += records.length;
    if (event.latencyUs > delayBound) this.noteDelays(event, timeUs, delayBound);
    this.longestDelay = Math.max(this.longestDelay, event.latencyUs);
    this.endStretch(timeUs);
    this.waitingSince = this.outstanding > 0 ? timeUs : -1;
  }

  onFailed(event: ProduceFailed, timeUs: Micros): void {
    for (const record of event.records) this.outcome.set(record.origin.sequence, OUTCOME.failed);
    this.failed += event.records.length;
    if (this.outstanding <= 0 && this.waitingSince >= 0) this.idleSince = timeUs;
  }

  /** Its process has ended. It waits for nothing any more; a new incarnation begins anew. */
  onEnded(timeUs: Micros): void {
    this.abandoned += this.outstanding;
    if (this.waitingSince >= 0) this.endStretch(this.idleSince >= 0 ? this.idleSince : timeUs);
    this.waitingSince = -1;
  }

  /** The longest stretch up to `timeUs`, the open one included. */
  longestOutage(timeUs: Micros): { readonly fromUs: Micros; readonly toUs: Micros } {
    const openEnd = this.idleSince >= 0 ? this.idleSince : timeUs;
    if (this.waitingSince >= 0 && openEnd - this.waitingSince > this.outageTo - this.outageFrom) {
      return { fromUs: this.waitingSince, toUs: openEnd };
    }
    return { fromUs: this.outageFrom, toUs: this.outageTo };
  }

  private endStretch(timeUs: Micros): void {
    const { waitingSince } = this;
    if (waitingSince >= 0 && timeUs - waitingSince > this.outageTo - this.outageFrom) {
      this.outageFrom = waitingSince;
      this.outageTo = timeUs;
    }
    this.idleSince = -1;
  }

  private noteDelays(event: ProduceAcknowledged, timeUs: Micros, delayBound: Micros): void {
    for (const { origin } of event.records) {
      // One that was never reported as sent is as late as the slowest.
      const sentAt = this.sentAt.at(origin.sequence);
      if (sentAt === 0 || timeUs - sentAt > delayBound) this.delayed++;
    }
  }
}
