/**
 * The round robin assignor: all partitions in order, each to the next member in a circle; who does not subscribe to the topic is
 * passed over. Source: RoundRobinAssignor.
 */
import { IMMUTABLE, markImmutable } from "../../../base/immutable.ts";
import type { Assignor, MemberSubscription, SubscribedTopic } from "./assignor.ts";
import { type Assignment, add, emptyAssignment, inAssignmentOrder, SubscribedPartitions } from "./subscribed-partitions.ts";

export class RoundRobinAssignor implements Assignor {
  declare readonly [IMMUTABLE]: true;
  readonly name = "roundrobin";
  readonly rebalanceProtocol = "EAGER";

  assign(members: readonly MemberSubscription[], topics: readonly SubscribedTopic[]): Assignment {
    const assignment = emptyAssignment(members);
    const circle = inAssignmentOrder(members);
    let next = 0;
    // Every topic here has a subscriber, so that the search ends.
    for (const partition of new SubscribedPartitions(members, topics).all()) {
      while (!circle[next]?.topics.includes(partition.topic)) next = (next + 1) % circle.length;
      add(assignment, (circle[next] as MemberSubscription).memberId, [partition]);
      next = (next + 1) % circle.length;
    }
    return assignment;
  }
}
markImmutable(RoundRobinAssignor);
