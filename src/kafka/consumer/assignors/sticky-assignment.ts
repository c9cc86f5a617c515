/**
 * What the two sticky assignors have in common: as even as possible, and then as much as possible stays where it is.
 * Source: AbstractStickyAssignor.
 */

import type { MemberSubscription, SubscribedTopic } from "./assignor.ts";
import { type Claims, weighClaims } from "./claims.ts";
import { assignConstrained } from "./constrained-assignment.ts";
import { assignGeneral } from "./general-assignment.ts";
import { Racks } from "./racks.ts";
import { type Assignment, byText, byTopic, SubscribedPartitions } from "./subscribed-partitions.ts";

export interface StickyAssignment {
  readonly assignment: Assignment;
  readonly claims: Claims;
}

export function assignSticky(
  members: readonly MemberSubscription[],
  topics: readonly SubscribedTopic[],
  usesGeneration: boolean,
): StickyAssignment {
  const subscribed = new SubscribedPartitions(members, topics);
  const inOrder = [...members].sort((a, b) => byText(a.memberId, b.memberId));
  const racks = new Racks(inOrder, subscribed);
  const equal = subscriptionsEqual(inOrder);
  const claims = weighClaims(inOrder, subscribed, usesGeneration ? "latest-generation" : equal ? "all" : "last");
  const memberIds = inOrder.map(({ memberId }) => memberId);
  const assignment = equal
    ? assignConstrained({ memberIds, subscribed, claims, racks })
    : assignGeneral({ members: inOrder, subscribed, claims, racks });
  for (const given of assignment.values()) given.sort(byTopic);
  return { assignment, claims };
}

function subscriptionsEqual(members: readonly MemberSubscription[]): boolean {
  const wanted = new Set(members[0]?.topics);
  return members.every(({ topics }) => topics.length === wanted.size && topics.every((topic) => wanted.has(topic)));
}
