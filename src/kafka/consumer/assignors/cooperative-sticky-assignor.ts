/**
 * The sticky assignor of the cooperative protocol (KIP-429): its members keep what they own while they join, so nobody is given what
 * another may still be reading. That is dealt out in the next rebalance, when it has been given up. Source: CooperativeStickyAssignor.
 */
import { IMMUTABLE, markImmutable } from "../../../base/immutable.ts";
import type { TopicPartition } from "../../ids.ts";
import type { Assignor, AssignorOptions, MemberSubscription, SubscribedTopic } from "./assignor.ts";
import type { Claims } from "./claims.ts";
import { assignSticky } from "./sticky-assignment.ts";
import type { Assignment } from "./subscribed-partitions.ts";

export class CooperativeStickyAssignor implements Assignor {
  declare readonly [IMMUTABLE]: true;
  readonly name = "cooperative-sticky";
  readonly rebalanceProtocol = "COOPERATIVE";

  assign(members: readonly MemberSubscription[], topics: readonly SubscribedTopic[], options: AssignorOptions): Assignment {
    const { assignment, claims } = assignSticky(members, topics, options.usesGeneration);
    for (const [memberId, given] of assignment) {
      assignment.set(
        memberId,
        given.filter((partition) => mayHave(memberId, partition, claims)),
      );
    }
    return assignment;
  }
}
markImmutable(CooperativeStickyAssignor);

/** It holds the partition already, or nobody else says that it does. */
function mayHave(memberId: string, partition: TopicPartition, { held, claimants }: Claims): boolean {
  if (held.get(memberId)?.includes(partition)) return true;
  return (claimants.get(partition) ?? []).every((claimant) => claimant === memberId);
}
