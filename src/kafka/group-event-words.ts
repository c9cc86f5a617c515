/** Domain events of consumer groups in words. Part of event-words.ts. */
import type { GroupEvent } from "./group-events.ts";
import { type Offset, partitionName, type TopicPartition } from "./ids.ts";

/** What changes who reads what, or what is read twice or never. What each commit and each poll brings does not. */
export function isNotableInGroups(event: GroupEvent): boolean {
  switch (event.kind) {
    case "PartitionsLost":
    case "OffsetCommitFailed":
    case "GroupOffsetRemoved":
    case "RecordGivenUp":
      return true;
    case "PartitionsAssigned":
      return event.partitions.length > 0;
    case "CoordinatorLoaded":
      return event.groups.length > 0;
    case "GroupStateChanged":
      return event.from !== event.to && (event.from === "Stable" || event.to === "Stable" || event.to === "Empty");
    case "MemberAdded":
      return event.replaces !== null;
    case "MemberRemoved":
      return event.reason !== "left" && event.reason !== "replaced";
    case "ConsumerLeft":
      return event.reason !== "closed";
    case "RecordsProcessed":
      return !event.accepted;
    default:
      return false;
  }
}

/** One line; undefined where the kind says it all. */
export function describeGroupEvent(event: GroupEvent): string | undefined {
  return describeCoordinator(event) ?? describeMember(event) ?? describeApplication(event);
}

function describeCoordinator(event: GroupEvent): string | undefined {
  switch (event.kind) {
    case "CoordinatorLoaded": {
      const of = event.groups.length === 0 ? "no group yet" : event.groups.join(", ");
      return `broker-${event.broker} coordinates ${of} (__consumer_offsets-${event.partition}, epoch ${event.epoch})`;
    }
    case "CoordinatorUnloaded":
      return `broker-${event.broker} coordinates no more what is in __consumer_offsets-${event.partition}`;
    case "GroupStateChanged": {
      const { group, from, to, generation, reason, protocol } = event;
      const epoch = `${protocol === "classic" ? "generation" : "group epoch"} ${generation}`;
      return from === to
        ? `${group} is found ${to}, ${epoch}`
        : `${group}: ${from} → ${to}, ${epoch}${reason === "" ? "" : ` (${withoutIds(reason)})`}`;
    }
    case "MemberAdded":
      if (event.replaces === null) return `${event.client} is a member of ${event.group}`;
      // Kafka keeps the client id of the process that it was before.
      return `${event.group}: static member ${event.instanceId ?? memberName(event.replaces)} has a new member id`;
    case "MemberRemoved":
      return `${memberName(event.member)} is removed from ${event.group}: ${event.reason}`;
    case "TargetAssignmentChosen":
      return `${event.group}: ${event.assignor} divides the partitions among ${counted(event.members.length, "member")}, epoch ${event.epoch}`;
    case "MemberReconciled":
      return `${event.group}: ${memberName(event.member)} may own ${listed(event.assigned)}, member epoch ${event.memberEpoch} (${event.state})`;
    case "GroupOffsetChanged":
      return `${event.group}: offset ${event.offset} of ${name(event)} is committed`;
    case "GroupOffsetRemoved":
      return `${event.group}: committed offset ${event.offset} of ${name(event)} is forgotten (${event.reason}, group ${event.state})`;
    default:
      return undefined;
  }
}

function describeMember(event: GroupEvent): string | undefined {
  switch (event.kind) {
    case "ConsumerJoined":
      return `${event.client} has joined ${event.group}, ${era(event)}${event.leader ? ", and is its leader" : ""}`;
    case "ConsumerLeft":
      return `${event.client} is out of ${event.group}: ${event.reason}`;
    case "PartitionsAssigned":
      return `${event.client} now owns ${listed(event.partitions)}, ${era(event)}`;
    case "PartitionsRevoked":
      return `${event.client} gives up ${listed(event.partitions)}, ${era(event)}`;
    case "PartitionsLost":
      return `${event.client} has lost ${listed(event.partitions)}`;
    case "OffsetsCommitted":
      return `${event.client}: ${event.occasion} commit of ${listedOffsets(event.offsets)}`;
    case "OffsetCommitFailed":
      return `${event.client}: ${event.occasion} commit of ${listedOffsets(event.offsets)} failed: ${event.error}`;
    case "ConsumerPositionSet":
      return `${event.client} goes on at ${event.offset} in ${name(event)} (${event.source})`;
    default:
      return undefined;
  }
}

function describeApplication(event: GroupEvent): string | undefined {
  switch (event.kind) {
    case "RecordsProcessed": {
      const { client, baseOffset, nextOffset, accepted, generation } = event;
      const range = nextOffset - baseOffset === 1 ? `offset ${baseOffset}` : `offsets ${baseOffset} to ${nextOffset - 1}`;
      return accepted
        ? `${client} has processed ${range} of ${name(event)}`
        : `the store refuses what ${client} made of ${range} of ${name(event)}: generation ${generation} is too old`;
    }
    case "RecordGivenUp":
      return `${event.client} gives up offset ${event.offset} of ${name(event)} after ${counted(event.attempts, "attempt")}`;
    default:
      return undefined;
  }
}

function name({ topic, partition }: TopicPartition): string {
  return partitionName(topic, partition);
}

const LISTED_AT_MOST = 6;

function listed(partitions: readonly TopicPartition[]): string {
  if (partitions.length === 0) return "nothing";
  const left = partitions.length - LISTED_AT_MOST;
  const first = partitions.slice(0, LISTED_AT_MOST).map(name).join(", ");
  return left > 0 ? `${first} and ${left} more` : first;
}

function listedOffsets(offsets: readonly (TopicPartition & { readonly offset: Offset })[]): string {
  if (offsets.length === 0) return "nothing";
  const left = offsets.length - LISTED_AT_MOST;
  const first = offsets.slice(0, LISTED_AT_MOST).map((each) => `${name(each)} at ${each.offset}`);
  return left > 0 ? `${first.join(", ")} and ${left} more` : first.join(", ");
}

function era({ generation }: { readonly generation: number }): string {
  return `generation ${generation}`;
}

/** Ids of members are their client's name or instance id, and 22 characters drawn at random, which tell a person nothing. */
const MEMBER_ID = /\b([\w.-]+?)-[\w-]{22}(?![\w-])/g;

function memberName(member: string): string {
  return withoutIds(member);
}

function withoutIds(text: string): string {
  return text.replace(MEMBER_ID, "$1");
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
