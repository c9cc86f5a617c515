/**
 * Which assignor a group uses: one that all members support, the one that most of them want most.
 *
 * Where two have as many votes, Kafka takes what its hash map yields; here it is the one that was voted for first, members
 * taken in the order in which they came. Source: ClassicGroup.supportsProtocols, selectProtocol, ClassicGroupMember.vote, matches.
 */
import type { ConsumerSubscription, JoinGroupRequest } from "../../messages/groups.ts";

/** Assignors that a member supports, the most wanted first, each with the member's subscription. */
export type MemberProtocols = JoinGroupRequest["protocols"];

/** Undefined when they have none in common, or there are no members. */
export function selectProtocol(members: readonly MemberProtocols[]): string | undefined {
  const candidates = (members[0] ?? []).filter(({ name }) => members.every((protocols) => supports(protocols, name)));
  const votes = new Map<string, number>();
  for (const protocols of members) {
    const choice = protocols.find(({ name }) => candidates.some((candidate) => candidate.name === name));
    if (choice !== undefined) votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1);
  }
  let winner: string | undefined;
  for (const [name, count] of votes) if (winner === undefined || count > (votes.get(winner) ?? 0)) winner = name;
  return winner;
}

/** Whether a member that supports `candidate` leaves the members that there are with something in common. */
export function sharesProtocol(candidate: MemberProtocols, members: readonly MemberProtocols[]): boolean {
  return candidate.some(({ name }) => members.every((other) => supports(other, name)));
}

function supports(protocols: MemberProtocols, name: string): boolean {
  return protocols.some((protocol) => protocol.name === name);
}

/** Whether a member that joins again says the very same: in Kafka, byte for byte. */
export function sameProtocols(left: MemberProtocols, right: MemberProtocols): boolean {
  return (
    left.length === right.length &&
    left.every(({ name, metadata }, i) => {
      const other = right[i];
      return other !== undefined && name === other.name && sameSubscription(metadata, other.metadata);
    })
  );
}

function sameSubscription(left: ConsumerSubscription, right: ConsumerSubscription): boolean {
  return (
    left.generationId === right.generationId &&
    left.rackId === right.rackId &&
    left.topics.length === right.topics.length &&
    left.topics.every((topic, i) => topic === right.topics[i]) &&
    left.ownedPartitions.length === right.ownedPartitions.length &&
    left.ownedPartitions.every(({ topic, partition }, i) => {
      const other = right.ownedPartitions[i];
      return topic === other?.topic && partition === other.partition;
    })
  );
}
