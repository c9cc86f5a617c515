/**
 * The range assignor: topic by topic, the members that subscribe to it get consecutive partitions, the first ones one more.
 *
 * Where racks matter (KIP-881) partitions go to members in a rack of theirs first, within the same quotas; topics with equally many
 * partitions and the same subscribers stay co-partitioned, which counts for more than racks. What is left is dealt out as
 * without racks. Source: RangeAssignor.
 */
import { IMMUTABLE, markImmutable } from "../../../base/immutable.ts";
import type { TopicPartition } from "../../ids.ts";
import type { Assignor, MemberSubscription, SubscribedTopic } from "./assignor.ts";
import { memberRacks, racksMatter } from "./racks.ts";
import {
  type Assignment,
  add,
  byTopic,
  emptyAssignment,
  inAssignmentOrder,
  SubscribedPartitions,
} from "./subscribed-partitions.ts";

export class RangeAssignor implements Assignor {
  declare readonly [IMMUTABLE]: true;
  readonly name = "range";
  readonly rebalanceProtocol = "EAGER";

  assign(members: readonly MemberSubscription[], topics: readonly SubscribedTopic[]): Assignment {
    const subscribed = new SubscribedPartitions(members, topics);
    const inOrder = inAssignmentOrder(members);
    const shares = subscribed.topics.map((topic) => new TopicShare(topic, inOrder, subscribed));
    const assignment = emptyAssignment(members);
    if (shares.some(({ racksMatter }) => racksMatter)) {
      for (const alike of coPartitioned(shares)) assignWithinRacks(alike, assignment);
    }
    for (const share of shares) assignRanges(share, assignment, () => true);
    for (const given of assignment.values()) given.sort(byTopic);
    return assignment;
  }
}
markImmutable(RangeAssignor);

/** How far the division of one topic has come. */
class TopicShare {
  readonly partitions: readonly TopicPartition[];
  /** Ids of its subscribers, in order. */
  readonly members: readonly string[];
  readonly racks: ReadonlyMap<string, string>;
  readonly racksMatter: boolean;
  readonly unassigned: Set<TopicPartition>;
  private readonly subscribed: SubscribedPartitions;
  private readonly quota: number;
  private readonly given = new Map<string, number>();
  /** How many more members may get one more than the quota. */
  private extra: number;

  constructor(topic: string, inOrder: readonly MemberSubscription[], subscribed: SubscribedPartitions) {
    const members = inOrder.filter(({ topics }) => topics.includes(topic));
    this.subscribed = subscribed;
    this.partitions = subscribed.of(topic);
    this.members = members.map(({ memberId }) => memberId);
    this.racks = memberRacks(members);
    this.racksMatter = racksMatter(this.racks, this.partitions, subscribed);
    this.unassigned = new Set(this.partitions);
    this.quota = Math.floor(this.partitions.length / members.length);
    this.extra = this.partitions.length % members.length;
  }

  /** How many more the member may get. */
  mayTake(memberId: string): number {
    return Math.max(0, this.quota + (this.extra > 0 ? 1 : 0) - (this.given.get(memberId) ?? 0));
  }

  /** A member without a rack is near to everything. */
  racksMatch(memberId: string, partition: TopicPartition): boolean {
    const rack = this.racks.get(memberId);
    return rack === undefined || this.subscribed.racksOf(partition).has(rack);
  }

  onAssigned(memberId: string, partitions: readonly TopicPartition[]): void {
    const given = (this.given.get(memberId) ?? 0) + partitions.length;
    this.given.set(memberId, given);
    if (given > this.quota) this.extra--;
    for (const partition of partitions) this.unassigned.delete(partition);
  }
}

type MayAssign = (memberId: string, partition: TopicPartition) => boolean;

function assignRanges(share: TopicShare, assignment: Assignment, mayAssign: MayAssign): void {
  for (const memberId of share.members) {
    const free = [...share.unassigned].filter((partition) => mayAssign(memberId, partition));
    const partitions = free.slice(0, share.mayTake(memberId));
    if (partitions.length === 0) continue;
    add(assignment, memberId, partitions);
    share.onAssigned(memberId, partitions);
  }
}

/** Topics with the same subscribers and equally many partitions, together. */
function coPartitioned(shares: readonly TopicShare[]): TopicShare[][] {
  const groups = new Map<string, TopicShare[]>();
  for (const share of shares) {
    const key = JSON.stringify([share.partitions.length, share.members]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [share]);
    else group.push(share);
  }
  return [...groups.values()];
}

function assignWithinRacks(alike: readonly TopicShare[], assignment: Assignment): void {
  const [share] = alike;
  if (share === undefined || share.racks.size === 0) return;
  if (alike.length > 1) assignCoPartitioned(alike, share, assignment);
  else if (share.racksMatter) assignRanges(share, assignment, (memberId, partition) => share.racksMatch(memberId, partition));
}

/** The same number of all these topics goes to one member, if for all of them it is in the right rack. */
function assignCoPartitioned(alike: readonly TopicShare[], { partitions, members }: TopicShare, assignment: Assignment): void {
  const open = new Set(members);
  for (let number = 0; number < partitions.length; number++) {
    const takes = (memberId: string): boolean =>
      alike.every(
        (share) => share.mayTake(memberId) > 0 && share.racksMatch(memberId, share.partitions[number] as TopicPartition),
      );
    const memberId = [...open].find(takes);
    if (memberId === undefined) continue;
    for (const share of alike) {
      const partition = [share.partitions[number] as TopicPartition];
      add(assignment, memberId, partition);
      share.onAssigned(memberId, partition);
    }
    if (alike.every((share) => share.mayTake(memberId) === 0)) open.delete(memberId);
  }
}
