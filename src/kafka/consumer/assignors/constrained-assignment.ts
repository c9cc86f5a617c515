/**
 * The sticky assignment where all members subscribe to the same topics: everybody ends up with the same number of partitions or
 * one more, and keeps as much of what it holds as that allows. What is free then goes round: within racks first, if they matter.
 * Source: AbstractStickyAssignor.ConstrainedAssignmentBuilder.
 */
import { fail } from "../../../base/assert.ts";
import type { TopicPartition } from "../../ids.ts";
import type { Claims } from "./claims.ts";
import type { Racks } from "./racks.ts";
import { type Assignment, byNumber, byText, type SubscribedPartitions } from "./subscribed-partitions.ts";

/** `memberIds` ascending, at least one. */
export function assignConstrained(options: {
  readonly memberIds: readonly string[];
  readonly subscribed: SubscribedPartitions;
  readonly claims: Claims;
  readonly racks: Racks;
}): Assignment {
  const { memberIds, subscribed, claims, racks } = options;
  const shares = new Shares(memberIds, shareCount(subscribed, claims));
  const kept = new Set<TopicPartition>();
  for (const memberId of memberIds) {
    const held = (claims.held.get(memberId) ?? []).filter((partition) => !racks.mismatch(memberId, partition));
    for (const partition of shares.keep(memberId, held.sort(byNumber))) kept.add(partition);
  }
  shares.sortOpen();
  let free = subscribed.all().filter((partition) => !kept.has(partition));
  if (racks.matter) {
    free = racks.fewestNeighboursFirst(free).filter((partition) => !shares.giveToNeighbour(partition, racks));
  }
  shares.dealOut(free);
  return shares.assignment;
}

/** How many shares there are to give: a partition that two members are believed to hold counts for both of them. */
function shareCount(subscribed: SubscribedPartitions, claims: Claims): number {
  const held = new Set<TopicPartition>();
  let twice = 0;
  for (const partitions of claims.held.values()) {
    for (const partition of partitions) {
      if (held.has(partition)) twice++;
      else held.add(partition);
    }
  }
  return subscribed.count + twice;
}

class Shares {
  readonly assignment: Assignment;
  private readonly least: number;
  private readonly most: number;
  /** How many members may still get more than the least. */
  private extra: number;
  /** Ids of those that have less than the least. */
  private below: string[] = [];
  /** Ids of those that have the least, and may get one more. */
  private atLeast: string[] = [];
  /** Whose turn it is among those below. */
  private next = 0;

  constructor(memberIds: readonly string[], count: number) {
    this.assignment = new Map(memberIds.map((memberId) => [memberId, []]));
    this.least = Math.floor(count / memberIds.length);
    this.most = Math.ceil(count / memberIds.length);
    this.extra = count % memberIds.length;
  }

  /** As much of what it holds as it may keep. */
  keep(memberId: string, held: readonly TopicPartition[]): readonly TopicPartition[] {
    const more = this.extra > 0 && held.length >= this.most;
    const kept = held.slice(0, more ? this.most : this.least);
    this.given(memberId).push(...kept);
    if (kept.length < this.least) this.below.push(memberId);
    else if (more) this.takeExtra();
    else if (this.extra > 0) this.atLeast.push(memberId);
    return kept;
  }

  sortOpen(): void {
    this.below.sort(byText);
    this.atLeast.sort(byText);
  }

  /** To the next member in the right rack that may get one; false if there is none. */
  giveToNeighbour(partition: TopicPartition, racks: Racks): boolean {
    const index = racks.nextNeighbour(partition, this.below, this.next);
    if (index >= 0) {
      this.giveToBelow(partition, index);
      return true;
    }
    const other = this.atLeast[racks.nextNeighbour(partition, this.atLeast, 0)];
    if (other === undefined) return false;
    this.giveExtra(partition, other);
    return true;
  }

  /** One after another: to those below the least, then to those that may get one more. */
  dealOut(partitions: readonly TopicPartition[]): void {
    this.next = 0;
    for (const partition of partitions) {
      if (this.below.length > 0) this.giveToBelow(partition, this.next % this.below.length);
      else this.giveExtra(partition, this.atLeast[0] ?? fail("a partition is left, and everybody has enough"));
    }
  }

  private giveToBelow(partition: TopicPartition, index: number): void {
    const memberId = this.below[index] as string;
    const given = this.given(memberId);
    given.push(partition);
    this.next = index + 1;
    if (given.length >= this.least) {
      this.below.splice(index, 1);
      this.next = index;
      if (this.extra > 0) this.atLeast.push(memberId);
    }
    if (this.next >= this.below.length) this.next = 0;
  }

  private giveExtra(partition: TopicPartition, memberId: string): void {
    this.given(memberId).push(partition);
    this.atLeast.splice(this.atLeast.indexOf(memberId), 1);
    this.takeExtra();
  }

  private takeExtra(): void {
    this.extra--;
    if (this.extra === 0) this.atLeast = [];
  }

  private given(memberId: string): TopicPartition[] {
    return this.assignment.get(memberId) ?? fail(`${memberId} is no member`);
  }
}
