/**
 * The sticky assignor of the eager protocol: its members give up everything before they join, and say what they had.
 * They always said in which generation (KIP-341), so that the dial group.assignorUsesGeneration is not about it. Source: StickyAssignor.
 */
import { IMMUTABLE, markImmutable } from "../../../base/immutable.ts";
import type { Assignor, MemberSubscription, SubscribedTopic } from "./assignor.ts";
import { assignSticky } from "./sticky-assignment.ts";
import type { Assignment } from "./subscribed-partitions.ts";

export class StickyAssignor implements Assignor {
  declare readonly [IMMUTABLE]: true;
  readonly name = "sticky";
  readonly rebalanceProtocol = "EAGER";

  assign(members: readonly MemberSubscription[], topics: readonly SubscribedTopic[]): Assignment {
    return assignSticky(members, topics, true).assignment;
  }
}
markImmutable(StickyAssignor);
