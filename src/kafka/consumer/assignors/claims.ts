/**
 * Who holds what, by what the members say as they join. They may contradict each other: a member that missed a generation does not
 * know what became of its partitions.
 *
 * The claim of the latest generation counts; if several claim a partition in the same one, none of them does (KAFKA-12984,
 * KAFKA-13419). Before that cooperative members named no generation, and every claim was believed: with equal subscriptions all
 * claimants keep the partition, else the last of them that is looked at. Source: AbstractStickyAssignor.allSubscriptionsEqual,
 * prepopulateCurrentAssignments.
 */
import type { TopicPartition } from "../../ids.ts";
import type { MemberSubscription } from "./assignor.ts";
import type { SubscribedPartitions } from "./subscribed-partitions.ts";

interface Claim {
  readonly memberId: string;
  readonly generation: number;
}

export interface Claims {
  /** By member id, in the order of the claims: what it holds, as far as the claims go. */
  readonly held: ReadonlyMap<string, readonly TopicPartition[]>;
  /** Ids of all that say that they hold it, rightly or not. */
  readonly claimants: ReadonlyMap<TopicPartition, readonly string[]>;
  /** Who held it last among those that missed the latest generation. */
  readonly previous: ReadonlyMap<TopicPartition, string>;
}

/** `latest-generation`: as since the fixes. `all`: everybody is believed. `last`: the last claim is. */
export type Belief = "latest-generation" | "all" | "last";

export function weighClaims(members: readonly MemberSubscription[], subscribed: SubscribedPartitions, belief: Belief): Claims {
  const claims = claimsByPartition(members, subscribed);
  const held = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]));
  for (const { memberId, ownedPartitions } of members) {
    for (const owned of ownedPartitions) {
      const partition = subscribed.find(owned);
      if (partition === undefined || !holds(memberId, claims.get(partition) ?? [], belief)) continue;
      held.get(memberId)?.push(partition);
    }
  }
  const claimants = new Map([...claims].map(([partition, of]) => [partition, of.map(({ memberId }) => memberId)]));
  return { held, claimants, previous: previousHolders(members, claims) };
}

function claimsByPartition(
  members: readonly MemberSubscription[],
  subscribed: SubscribedPartitions,
): Map<TopicPartition, Claim[]> {
  const claims = new Map<TopicPartition, Claim[]>();
  for (const { memberId, ownedPartitions, generationId: generation } of members) {
    for (const owned of ownedPartitions) {
      const partition = subscribed.find(owned);
      if (partition === undefined) continue;
      const others = claims.get(partition);
      if (others === undefined) claims.set(partition, [{ memberId, generation }]);
      else others.push({ memberId, generation });
    }
  }
  return claims;
}

function holds(memberId: string, claims: readonly Claim[], belief: Belief): boolean {
  switch (belief) {
    case "all":
      return true;
    case "last":
      return claims.at(-1)?.memberId === memberId;
    case "latest-generation": {
      const latest = Math.max(...claims.map(({ generation }) => generation));
      const winners = claims.filter(({ generation }) => generation === latest);
      return winners.length === 1 && winners[0]?.memberId === memberId;
    }
  }
}

function previousHolders(
  members: readonly MemberSubscription[],
  claims: ReadonlyMap<TopicPartition, readonly Claim[]>,
): Map<TopicPartition, string> {
  const current = Math.max(...members.map(({ generationId }) => generationId));
  const previous = new Map<TopicPartition, string>();
  for (const [partition, of] of claims) {
    let last: Claim | undefined;
    for (const claim of of) {
      if (claim.generation < current && (last === undefined || claim.generation > last.generation)) last = claim;
    }
    if (last !== undefined) previous.set(partition, last.memberId);
  }
  return previous;
}
