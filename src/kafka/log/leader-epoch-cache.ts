/**
 * Which leader epoch starts where in one replica's log.
 *
 * Kafka's rule: an ordered list of (epoch, start offset), strictly increasing in both columns. An epoch ends where the
 * next one starts, the latest at the log end offset. Followers and leaders compare these ends to find where their logs
 * part (KIP-101, KIP-279), so that nothing is ever truncated by a guess.
 *
 * This file only answers and changes the list; the log writes it to `leader-epoch-checkpoint`.
 * The list handed out is frozen and replaced as a whole by a change, so it may be kept, stored and put in an event.
 * Source: LeaderEpochFileCache.
 */
import type { EpochEntry } from "../events.ts";
import { type LeaderEpoch, NONE, type Offset } from "../ids.ts";

/** The end (exclusive) of the records of `epoch`; both -1 when undefined. */
export interface EpochEndOffset {
  readonly epoch: LeaderEpoch;
  readonly endOffset: Offset;
}

const UNDEFINED_EPOCH_OFFSET: EpochEndOffset = Object.freeze({ epoch: NONE, endOffset: NONE });
const NO_ENTRIES: readonly EpochEntry[] = Object.freeze([]);

export class LeaderEpochCache {
  private list: readonly EpochEntry[] = NO_ENTRIES;
  /** Epoch and start of the last entry, -1 if there is none. Fields, since every append looks at them. */
  private lastEpoch: LeaderEpoch = NONE;
  private lastStart: Offset = NONE;

  constructor(entries: readonly EpochEntry[] = NO_ENTRIES) {
    this.replace(entries);
  }

  /** Ascending, frozen. */
  entries(): readonly EpochEntry[] {
    return this.list;
  }

  /** -1 if there is none. */
  get latestEpoch(): LeaderEpoch {
    return this.lastEpoch;
  }

  /** Below it nothing is known; infinite if nothing is known at all. */
  get startOffset(): Offset {
    return this.list[0]?.startOffset ?? Number.POSITIVE_INFINITY;
  }

  /** Notes that `epoch` starts at `startOffset`. Entries that contradict it (same or higher epoch, same or later start) go. True if the list changed. */
  assign(epoch: LeaderEpoch, startOffset: Offset): boolean {
    if (epoch < 0 || startOffset < 0) return false;
    if (epoch === this.lastEpoch && startOffset >= this.lastStart) return false;
    const kept = this.list.filter((entry) => entry.epoch < epoch && entry.startOffset < startOffset);
    this.replace([...kept, { epoch, startOffset }]);
    return true;
  }

  /** Where `requested` ends in this log, or else where the largest epoch below it does. */
  endOffsetFor(requested: LeaderEpoch, logEndOffset: Offset): EpochEndOffset {
    if (requested === NONE) return UNDEFINED_EPOCH_OFFSET;
    if (requested === this.lastEpoch) return { epoch: requested, endOffset: logEndOffset };
    const higher = this.list.findIndex((entry) => entry.epoch > requested);
    // An epoch that this log has never heard of: it cannot know where it ends.
    if (higher === -1) return UNDEFINED_EPOCH_OFFSET;
    const endOffset = (this.list[higher] as EpochEntry).startOffset;
    // Nothing at or below it is known any more: the log starts above it, and nothing of it can be left here.
    const floor = this.list[higher - 1];
    return { epoch: floor === undefined ? requested : floor.epoch, endOffset };
  }

  /** The epoch that a record at `offset` was written in, as far as the list knows; -1 below its start. */
  epochAt(offset: Offset): LeaderEpoch {
    return this.list.findLast((entry) => entry.startOffset <= offset)?.epoch ?? NONE;
  }

  /** Drops what starts at or after `offset`. True if the list changed. */
  truncateFromEnd(offset: Offset): boolean {
    if (this.lastStart < offset || this.list.length === 0) return false;
    this.replace(this.list.filter((entry) => entry.startOffset < offset));
    return true;
  }

  /** Drops what lies wholly below `offset`; the epoch that `offset` is in then starts there. True if the list changed. */
  truncateFromStart(offset: Offset): boolean {
    const first = this.list[0];
    if (first === undefined || first.startOffset >= offset) return false;
    let floor = first;
    const kept: EpochEntry[] = [];
    for (const entry of this.list) {
      if (entry.startOffset <= offset) floor = entry;
      else kept.push(entry);
    }
    this.replace([{ epoch: floor.epoch, startOffset: offset }, ...kept]);
    return true;
  }

  /** True if there was anything to forget. */
  clear(): boolean {
    if (this.list.length === 0) return false;
    this.replace(NO_ENTRIES);
    return true;
  }

  private replace(entries: readonly EpochEntry[]): void {
    this.list = Object.freeze([...entries]);
    const last = this.list.at(-1);
    this.lastEpoch = last?.epoch ?? NONE;
    this.lastStart = last?.startOffset ?? NONE;
  }
}
