/**
 * The offsets of the groups of one shard, twice: as they were last written, which is what decisions are made on, and as they are
 * committed, which is what readers see. Source: OffsetMetadataManager.Offsets, whose timeline has both.
 */
import type { Offset, TopicPartition } from "../ids.ts";
import { PartitionMap } from "../messages/partition-map.ts";
import type { OffsetCommitValue } from "./coordinator-records.ts";

export interface StoredOffset extends TopicPartition {
  readonly value: OffsetCommitValue;
  /** An expiry time of its own, in milliseconds. */
  readonly expireTimestamp: number | undefined;
}

/** Not committed yet: an offset, or that there is none any more. */
export interface PendingOffset<R> extends TopicPartition {
  readonly group: string;
  /** Where it stands in the log. */
  readonly at: Offset;
  readonly stored: StoredOffset | undefined;
  /** Of a removal that was decided here. */
  readonly removal: R;
}

interface OffsetsOfGroup {
  readonly latest: PartitionMap<StoredOffset>;
  readonly committed: PartitionMap<StoredOffset>;
}

export class GroupOffsets<R> {
  private readonly groups = new Map<string, OffsetsOfGroup>();
  /** In the order of the log. */
  private pending: PendingOffset<R>[] = [];

  /** That have offsets, in the order of their first one. */
  *groupIds(): Iterable<string> {
    for (const [group, { latest }] of this.groups) if (latest.size > 0) yield group;
  }

  latest(group: string): Iterable<StoredOffset> {
    return this.groups.get(group)?.latest.values() ?? [];
  }

  hasLatest(group: string, { topic, partition }: TopicPartition): boolean {
    return this.groups.get(group)?.latest.get(topic, partition) !== undefined;
  }

  committed(group: string): Iterable<StoredOffset> {
    return this.groups.get(group)?.committed.values() ?? [];
  }

  committedOf(group: string, topic: string, partition: number): StoredOffset | undefined {
    return this.groups.get(group)?.committed.get(topic, partition);
  }

  /** What was read from the log below the high watermark. */
  restore(change: PendingOffset<R>): void {
    this.apply(change);
    this.settle(change);
  }

  write(change: PendingOffset<R>): void {
    this.apply(change);
    this.pending.push(change);
  }

  private apply({ group, topic, partition, stored }: PendingOffset<R>): void {
    let offsets = this.groups.get(group);
    if (offsets === undefined) {
      offsets = { latest: new PartitionMap(), committed: new PartitionMap() };
      this.groups.set(group, offsets);
    }
    if (stored === undefined) offsets.latest.delete(topic, partition);
    else offsets.latest.set(topic, partition, stored);
  }

  /** Of what waits to be committed for the same partition, only the last counts: nobody has seen the others. */
  collapsePending(): void {
    const last = new Map<string, PendingOffset<R>>();
    for (const change of this.pending) last.set(`${change.group}/${change.topic}/${change.partition}`, change);
    this.pending = this.pending.filter((change) => last.get(`${change.group}/${change.topic}/${change.partition}`) === change);
  }

  /** The next change below `to`, which is committed now, and what was committed before it. */
  commitNext(to: Offset): { readonly change: PendingOffset<R>; readonly before: StoredOffset | undefined } | undefined {
    const change = this.pending[0];
    if (change === undefined || change.at >= to) return undefined;
    this.pending.shift();
    const before = this.committedOf(change.group, change.topic, change.partition);
    this.settle(change);
    return { change, before };
  }

  private settle({ group, topic, partition, stored }: PendingOffset<R>): void {
    const offsets = this.groups.get(group);
    if (offsets === undefined) return;
    if (stored === undefined) offsets.committed.delete(topic, partition);
    else offsets.committed.set(topic, partition, stored);
    if (offsets.latest.size === 0 && offsets.committed.size === 0) this.groups.delete(group);
  }
}
