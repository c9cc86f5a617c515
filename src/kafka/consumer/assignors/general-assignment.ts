/**
 * The sticky assignment where subscriptions differ: everybody keeps what it holds, what is free goes to whom has least of those that
 * subscribe to it, and then partitions move from who has more to who has less, until no move makes it more even.
 *
 * If a partition could go to its holder of an older generation, it does. Every move makes it more even, so none is ever taken back.
 * Source: AbstractStickyAssignor.GeneralAssignmentBuilder.
 */
import { fail } from "../../../base/assert.ts";
import type { TopicPartition } from "../../ids.ts";
import type { MemberSubscription } from "./assignor.ts";
import type { Claims } from "./claims.ts";
import { PartitionMovements } from "./partition-movements.ts";
import type { Racks } from "./racks.ts";
import { type Assignment, byText, type SubscribedPartitions } from "./subscribed-partitions.ts";

/** `members` ascending by id, at least one. */
export function assignGeneral(options: {
  readonly members: readonly MemberSubscription[];
  readonly subscribed: SubscribedPartitions;
  readonly claims: Claims;
  readonly racks: Racks;
}): Assignment {
  const { members, subscribed, claims, racks } = options;
  const balance = new Balance(members, subscribed);
  let mustRevoke = false;
  for (const { memberId } of members) {
    for (const partition of claims.held.get(memberId) ?? []) {
      if (balance.maySubscribe(memberId, partition) && !racks.mismatch(memberId, partition)) balance.give(partition, memberId);
      else mustRevoke = true;
    }
  }
  const all = balance.inOrder();
  const free = all.filter((partition) => balance.ownerOf(partition) === undefined);
  if (racks.matter) for (const partition of free) balance.giveToLeast(partition, racks);
  for (const partition of free) balance.giveToLeast(partition, undefined);

  const movable = (partition: TopicPartition): boolean => balance.subscribers(partition.topic).length > 1;
  if (!mustRevoke) balance.even(free.filter(movable), claims.previous);
  balance.even(all.filter(movable), claims.previous);
  return balance.assignment();
}

class Balance {
  private readonly members: readonly MemberSubscription[];
  private readonly subscribed: SubscribedPartitions;
  private readonly subscribersByTopic: ReadonlyMap<string, readonly string[]>;
  private readonly owners = new Map<TopicPartition, string>();
  /** How many each has. */
  private readonly sizes: Map<string, number>;
  private readonly movements = new PartitionMovements();

  constructor(members: readonly MemberSubscription[], subscribed: SubscribedPartitions) {
    this.members = members;
    this.subscribed = subscribed;
    this.sizes = new Map(members.map(({ memberId }) => [memberId, 0]));
    this.subscribersByTopic = new Map(
      subscribed.topics.map((topic) => [
        topic,
        members.filter(({ topics }) => topics.includes(topic)).map(({ memberId }) => memberId),
      ]),
    );
  }

  /** Ids of them, ascending. */
  subscribers(topic: string): readonly string[] {
    return this.subscribersByTopic.get(topic) ?? [];
  }

  maySubscribe(memberId: string, { topic }: TopicPartition): boolean {
    return this.subscribers(topic).includes(memberId);
  }

  ownerOf(partition: TopicPartition): string | undefined {
    return this.owners.get(partition);
  }

  /** Topics that few subscribe to come first. */
  inOrder(): TopicPartition[] {
    const topics = [...this.subscribed.topics].sort(
      (a, b) => this.subscribers(a).length - this.subscribers(b).length || byText(a, b),
    );
    return topics.flatMap((topic) => this.subscribed.of(topic));
  }

  give(partition: TopicPartition, memberId: string): void {
    const owner = this.owners.get(partition);
    if (owner !== undefined) this.sizes.set(owner, this.sizeOf(owner) - 1);
    this.owners.set(partition, memberId);
    this.sizes.set(memberId, this.sizeOf(memberId) + 1);
  }

  /** If it is free, and somebody may have it: with racks, only somebody near it. */
  giveToLeast(partition: TopicPartition, racks: Racks | undefined): void {
    if (this.owners.has(partition)) return;
    const near = this.subscribers(partition.topic).filter((memberId) => !racks?.mismatch(memberId, partition));
    const least = this.leastOf(near);
    if (least !== undefined) this.give(partition, least);
  }

  /** Moves partitions, in their order and again, as long as that makes it more even. */
  even(partitions: readonly TopicPartition[], previous: ReadonlyMap<TopicPartition, string>): void {
    for (let moved = true; moved; ) {
      moved = false;
      for (const partition of partitions) {
        if (this.isBalanced()) return;
        if (this.improve(partition, previous.get(partition))) moved = true;
      }
    }
  }

  assignment(): Assignment {
    const assignment: Assignment = new Map(this.members.map(({ memberId }) => [memberId, []]));
    for (const [partition, owner] of this.owners) assignment.get(owner)?.push(partition);
    return assignment;
  }

  private improve(partition: TopicPartition, previous: string | undefined): boolean {
    const owner = this.owners.get(partition) ?? fail(`${partition.topic}-${partition.partition} is nobody's`);
    const pays = (to: string): boolean => this.sizeOf(owner) > this.sizeOf(to) + 1;
    if (previous !== undefined && this.maySubscribe(previous, partition) && pays(previous)) {
      this.move(partition, owner, previous);
      return true;
    }
    const least = this.leastOf(this.subscribers(partition.topic));
    if (least === undefined || !pays(least)) return false;
    this.move(partition, owner, least);
    return true;
  }

  private move(partition: TopicPartition, from: string, to: string): void {
    const homeward = this.movements.inStead(partition, from, to);
    const other = homeward === undefined ? undefined : this.owners.get(homeward);
    // Only where that, too, makes it more even: then the search comes to an end.
    const better = other !== undefined && this.sizeOf(other) > this.sizeOf(to) + 1;
    const moving = better && homeward !== undefined ? homeward : partition;
    this.movements.onMoved(moving, better ? other : from, to);
    this.give(moving, to);
  }

  /** Nobody could get one from somebody who has at least two more. */
  private isBalanced(): boolean {
    const sizes = [...this.sizes.values()];
    if (Math.min(...sizes) >= Math.max(...sizes) - 1) return true;
    for (const topic of this.subscribed.topics) {
      const least = Math.min(...this.subscribers(topic).map((memberId) => this.sizeOf(memberId)));
      for (const partition of this.subscribed.of(topic)) {
        const owner = this.owners.get(partition);
        if (owner !== undefined && this.sizeOf(owner) > least + 1) return false;
      }
    }
    return true;
  }

  private leastOf(memberIds: readonly string[]): string | undefined {
    let least: string | undefined;
    for (const memberId of memberIds) {
      if (least === undefined || this.sizeOf(memberId) < this.sizeOf(least)) least = memberId;
    }
    return least;
  }

  private sizeOf(memberId: string): number {
    return this.sizes.get(memberId) ?? fail(`${memberId} is no member`);
  }
}
