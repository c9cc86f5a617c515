/**
 * One partition in one group: who believes to own it, what is committed, and what became of its records.
 *
 * `frontier` is the first record that the group still owes, and moves up as records are processed, so that nothing is searched
 * while they are processed in their order.
 */
import { NumberVector } from "../../base/number-vector.ts";
import type { Micros } from "../../base/units.ts";
import type { Offset } from "../../kafka/ids.ts";
import type { Fact } from "../invariant.ts";
import type { GhostGroup, GroupClient } from "./ghost-group.ts";
import type { GhostPartition } from "./ghost-partition.ts";
import { FATE } from "./offset-fates.ts";

/** From when to when a member believed that a partition was its own. */
export interface Ownership {
  readonly client: GroupClient;
  readonly member: string;
  /** In which it was told so. */
  readonly generation: number;
  readonly step: number;
  readonly fromUs: Micros;
  toUs: Micros | undefined;
  end: "revoked" | "lost" | "stopped" | undefined;
  /** The lowest offset that it was told to go on at; -1 before it was. */
  start: Offset;
  /** Where it was last told to go on: what it has been given since then it may be working on. */
  readFrom: Offset;
  /** What it had been given from here on, below {@link cutTo}, was cut from the log: what is there now it has not been given. */
  cutFrom: Offset;
  cutTo: Offset;
  /** Since it was last told where to go on, it has processed nothing at or above this; -1 for nothing at all. */
  processedTo: Offset;
}

/** An offset that the group has committed; -1 for none that is known. */
export class CommittedFact {
  offset: Offset = -1;
  member = "";
  generation = -1;
  step = 0;
  timeUs: Micros = 0;

  copy(other: CommittedFact): void {
    this.offset = other.offset;
    this.member = other.member;
    this.generation = other.generation;
    this.step = other.step;
    this.timeUs = other.timeUs;
  }

  forget(): void {
    this.offset = -1;
  }
}

export class GhostGroupPartition {
  readonly group: GhostGroup;
  readonly log: GhostPartition;
  /** The group owes nothing below; -1 before it has begun here. */
  start: Offset = -1;
  /** By offset: a {@link FATE}. */
  readonly fates = new NumberVector("byte");
  /** Everything below is done, or not owed. */
  frontier: Offset = 0;
  /** One past the highest record that was processed. */
  processedTo: Offset = 0;
  readonly committed = new CommittedFact();
  /** The highest offset that was ever committed, also by a coordinator that had been replaced by then. */
  highestCommitted: Offset = -1;
  /** One past what the group has gone behind: by commits, and by where members were told to go on. */
  passedTo: Offset = 0;
  passedStep = 0;
  passedTime: Micros = 0;
  passedText = "";
  /** The group last came forward here. */
  progressAt: Micros = 0;
  /** Since when something waits for it here. */
  behindSince: Micros = 0;
  /** The smallest offset at which the log was cut and has begun anew; infinite if it never was. */
  lossFrom: Offset = Number.POSITIVE_INFINITY;
  /** Those who believe that it is their own now. */
  readonly owners: Ownership[] = [];
  /** All of the past and the present, in the order in which they began. */
  readonly spans: Ownership[] = [];
  /** Nobody has owned it since; -1 while somebody does, and before the group's first assignment. */
  ownerlessSince: Micros = -1;
  ownerlessUs: Micros = 0;
  /** KIP-848: the member that has it assigned, or has yet to revoke it. */
  holder: string | undefined;
  holderStep = 0;
  holderTime: Micros = 0;
  /** Once something was processed out of its order: by key, the highest offset that was processed. */
  private latestOfKey: Map<string, Offset> | undefined;

  constructor(group: GhostGroup, log: GhostPartition) {
    this.group = group;
    this.log = log;
  }

  get name(): string {
    return this.log.name;
  }

  // ---- records ----

  /** Returns whether it is the record's first effect. */
  process(offset: Offset): boolean {
    const { fates } = this;
    const isFirst = fates.at(offset) !== FATE.processed;
    if (isFirst) fates.set(offset, FATE.processed);
    if (offset >= this.processedTo) this.processedTo = offset + 1;
    if (offset === this.frontier) this.advance();
    return isFirst;
  }

  giveUp(offset: Offset): boolean {
    if (this.fates.at(offset) !== FATE.open) return false;
    this.fates.set(offset, FATE.givenUp);
    if (offset === this.frontier) this.advance();
    return true;
  }

  /** The group goes on behind [from, to), and was told to. */
  pass(from: Offset, to: Offset): void {
    for (let offset = from; offset < to; offset++) {
      if (this.fates.at(offset) === FATE.open) this.fates.set(offset, FATE.passed);
    }
    this.advance();
  }

  begin(start: Offset): void {
    this.start = start;
    this.frontier = Math.max(this.frontier, start);
    this.advance();
  }

  /** The first record below `to` that is owed and not done; -1 if there is none. */
  firstOwed(to: Offset): Offset {
    const { log, fates } = this;
    let offset = Math.max(this.frontier, this.start, log.legalStart, log.compactedTo);
    while (offset < to) {
      if (fates.at(offset) !== FATE.open) offset++;
      else {
        const record = log.firstRecordIn(offset, to);
        if (record < 0) break;
        if (record === offset) {
          this.frontier = offset;
          return offset;
        }
        offset = record;
      }
    }
    this.frontier = Math.max(this.frontier, Math.min(offset, log.committed.end));
    return -1;
  }

  /** Whether a record of the same key lies behind `offset` and was processed already; its offset, or -1. Asked once for each. */
  laterOfKey(offset: Offset): Offset {
    const { log } = this;
    if (this.latestOfKey === undefined) this.latestOfKey = this.latestByKey(offset);
    const key = keyText(log.recordAt(offset)?.key);
    if (key === undefined) return -1;
    const latest = this.latestOfKey.get(key) ?? -1;
    if (latest <= offset) this.latestOfKey.set(key, offset);
    return latest > offset ? latest : -1;
  }

  /** Whether order by key has to be looked up: something was processed out of its order before. */
  get isDisordered(): boolean {
    return this.latestOfKey !== undefined;
  }

  /** Nothing is left that could come too late. */
  forgetOrder(): void {
    this.latestOfKey = undefined;
  }

  private latestByKey(except: Offset): Map<string, Offset> {
    const latest = new Map<string, Offset>();
    for (let offset = 0; offset < this.processedTo; offset++) {
      if (offset === except || this.fates.at(offset) !== FATE.processed) continue;
      const key = keyText(this.log.recordAt(offset)?.key);
      if (key !== undefined) latest.set(key, offset);
    }
    return latest;
  }

  /** The log was cut at `from`: what comes there now are other records. */
  onLoss(from: Offset): void {
    this.fates.truncate(from);
    this.frontier = Math.min(this.frontier, from);
    this.processedTo = Math.min(this.processedTo, from);
    this.lossFrom = Math.min(this.lossFrom, from);
    this.latestOfKey = undefined;
    if (this.start > from) this.start = from;
  }

  notePassed(to: Offset, now: Fact): void {
    if (to <= this.passedTo) return;
    this.passedTo = to;
    this.passedStep = now.step;
    this.passedTime = now.timeUs;
    this.passedText = now.text;
  }

  private advance(): void {
    const { fates } = this;
    while (this.frontier < fates.length && fates.at(this.frontier) !== FATE.open) this.frontier++;
  }

  // ---- owners ----

  ownedBy(client: GroupClient): Ownership | undefined {
    for (let i = 0; i < this.owners.length; i++) if (this.owners[i]?.client === client) return this.owners[i];
    return undefined;
  }

  /** The last time that this member owned it. */
  spanOf(member: string): Ownership | undefined {
    for (let i = this.spans.length - 1; i >= 0; i--) if (this.spans[i]?.member === member) return this.spans[i];
    return undefined;
  }

  own(ownership: Ownership): void {
    if (this.ownerlessSince >= 0) {
      this.ownerlessUs += ownership.fromUs - this.ownerlessSince;
      this.ownerlessSince = -1;
    }
    this.owners.push(ownership);
    this.spans.push(ownership);
  }

  disown(ownership: Ownership, end: "revoked" | "lost" | "stopped", timeUs: Micros): void {
    ownership.toUs = timeUs;
    ownership.end = end;
    this.owners.splice(this.owners.indexOf(ownership), 1);
    if (this.owners.length === 0) this.ownerlessSince = timeUs;
  }
}

/** Undefined for a record without a key. */
export function keyText(key: Uint8Array | null | undefined): string | undefined {
  return key === null || key === undefined ? undefined : String.fromCharCode(...key);
}

/** The group's lag, once a second. */
export class LagSamples {
  private readonly times = new NumberVector();
  private readonly lags = new NumberVector();
  highest = 0;

  add(timeUs: Micros, records: number): void {
    this.times.set(this.times.length, timeUs);
    this.lags.set(this.lags.length, records);
    this.highest = Math.max(this.highest, records);
  }

  list(): { readonly timeUs: Micros; readonly records: number }[] {
    return Array.from({ length: this.times.length }, (_, i) => ({ timeUs: this.times.at(i), records: this.lags.at(i) }));
  }
}
