/** How what coordinators decide about groups changes the ghost. A coordinator that has been replaced changes next to nothing. */
import type { KafkaEvent } from "../../kafka/events.ts";
import type { GroupOffsetChanged, GroupOffsetRemoved, MemberReconciled } from "../../kafka/group-events.ts";
import { partitionName, type TopicPartition } from "../../kafka/ids.ts";
import type { Observation, ObservedEvent } from "../observation.ts";
import type { Ghost } from "./ghost.ts";
import { type GhostGroup, GroupMember } from "./ghost-group.ts";
import { applyMemberEvent, onPositionReset } from "./member-events.ts";

/** Everything about groups but what is processed. */
export function applyGroupEvent(ghost: Ghost, event: ObservedEvent, o: Observation): void {
  switch (event.kind) {
    case "CoordinatorLoaded":
    case "CoordinatorUnloaded":
    case "GroupStateChanged":
    case "MemberAdded":
    case "MemberRemoved":
    case "TargetAssignmentChosen":
    case "MemberReconciled":
    case "GroupOffsetChanged":
    case "GroupOffsetRemoved":
      applyCoordinatorEvent(ghost, event, o);
      return;
    case "ConsumerJoined":
    case "ConsumerLeft":
    case "PartitionsAssigned":
    case "PartitionsRevoked":
    case "PartitionsLost":
    case "OffsetsCommitted":
    case "ConsumerPositionSet":
    case "RecordGivenUp":
      applyMemberEvent(ghost, event, o);
      return;
    case "ConsumerPositionReset":
      onPositionReset(ghost, event, o);
      return;
    default:
  }
}

type CoordinatorEvent = Extract<
  KafkaEvent,
  {
    kind:
      | "CoordinatorLoaded"
      | "CoordinatorUnloaded"
      | "GroupStateChanged"
      | "MemberAdded"
      | "MemberRemoved"
      | "TargetAssignmentChosen"
      | "MemberReconciled"
      | "GroupOffsetChanged"
      | "GroupOffsetRemoved";
  }
>;

function applyCoordinatorEvent(ghost: Ghost, event: CoordinatorEvent, o: Observation): void {
  const { groups } = ghost;
  if (event.kind === "CoordinatorLoaded") groups.onCoordinatorLoaded(event, ghost, o);
  else if (event.kind === "CoordinatorUnloaded") groups.onCoordinatorUnloaded(event, ghost, o);
  else {
    const group = groups.byId.get(event.group);
    groups.group = group;
    groups.partition = undefined;
    groups.client = undefined;
    if (group === undefined) return;
    groups.isCurrentCoordinator = groups.coordinates(event.broker, group, ghost);
    if (event.kind === "GroupOffsetChanged") onOffsetChanged(ghost, group, event, o);
    else if (groups.isCurrentCoordinator) {
      groups.touch(group);
      applyDecision(ghost, group, event, o);
    }
  }
}

function applyDecision(
  ghost: Ghost,
  group: GhostGroup,
  event: Exclude<CoordinatorEvent, { kind: "CoordinatorLoaded" | "CoordinatorUnloaded" | "GroupOffsetChanged" }>,
  o: Observation,
): void {
  switch (event.kind) {
    case "GroupStateChanged":
      if (group.protocol !== event.protocol && event.to === "Dead" && group.state !== undefined) return;
      // What members hold by their epochs is of no account in the classic protocol.
      if (group.protocol !== event.protocol) group.forgetHolders();
      group.protocol = event.protocol;
      if (event.members !== undefined) group.setMembers(event.members, o.step, o.timeUs);
      group.noteGeneration(event.generation);
      group.setState(event.to, o.step, o.timeUs);
      return;
    case "MemberAdded": {
      if (event.replaces !== null) {
        group.removeMember(event.replaces, { step: o.step, timeUs: o.timeUs, reason: "replaced" });
        group.renameInTarget(event.replaces, event.member);
      }
      group.gone.delete(event.member);
      group.release(event.member);
      group.members.set(event.member, new GroupMember(event.member, event.client, o.step, o.timeUs));
      return;
    }
    case "MemberRemoved":
      group.removeMember(event.member, { step: o.step, timeUs: o.timeUs, reason: event.reason });
      return;
    case "TargetAssignmentChosen":
      if (event.protocol === "consumer") group.noteGeneration(Math.max(group.generation, event.epoch));
      group.setTarget(event, o.step, o.timeUs);
      return;
    case "MemberReconciled":
      onReconciled(ghost, group, event, o);
      return;
    case "GroupOffsetRemoved":
      onOffsetRemoved(ghost, group, event, o);
  }
}

/** What a member has, or has yet to revoke, is held by it. */
function onReconciled(ghost: Ghost, group: GhostGroup, event: MemberReconciled, o: Observation): void {
  const { groups } = ghost;
  groups.conflict = undefined;
  const member = group.members.get(event.member);
  groups.epochBefore = member?.reconciled?.memberEpoch ?? -1;
  if (member === undefined) return;
  group.release(event.member);
  const hold = (held: TopicPartition): void => {
    const partition = groups.partitionOf(group, held.topic, held.partition, ghost, o.timeUs);
    if (partition.holder !== undefined && partition.holder !== event.member)
      groups.conflict ??= { partition, holder: partition.holder };
    partition.holder = event.member;
    partition.holderStep = o.step;
    partition.holderTime = o.timeUs;
  };
  for (const held of event.assigned) hold(held);
  for (const held of event.pendingRevocation) hold(held);
  member.reconciled = event;
  member.reconciledStep = o.step;
  member.reconciledTime = o.timeUs;
}

function onOffsetChanged(ghost: Ghost, group: GhostGroup, event: GroupOffsetChanged, o: Observation): void {
  const { groups } = ghost;
  const partition = groups.partitionOf(group, event.topic, event.partition, ghost, o.timeUs);
  const { committed } = partition;
  groups.partition = partition;
  groups.committedBefore.copy(committed);
  const { offset, member, generation } = event;
  if (offset > partition.highestCommitted) {
    partition.highestCommitted = offset;
    partition.progressAt = o.timeUs;
  }
  if (!groups.isCurrentCoordinator) return;
  if (committed.offset === offset && committed.member === member && committed.generation === generation) return;
  committed.offset = offset;
  committed.member = member;
  committed.generation = generation;
  committed.step = o.step;
  committed.timeUs = o.timeUs;
  // Somebody who is no member says where the group shall go on.
  if (generation < 0 && member === "" && partition.start >= 0) partition.pass(partition.frontier, offset);
  if (offset > partition.passedTo) {
    const name = partitionName(event.topic, event.partition);
    partition.notePassed(offset, {
      step: o.step,
      timeUs: o.timeUs,
      text: `${name}: group ${group.id} committed offset ${offset}`,
    });
  }
}

function onOffsetRemoved(ghost: Ghost, group: GhostGroup, event: GroupOffsetRemoved, o: Observation): void {
  const { groups } = ghost;
  const partition = groups.partitionOf(group, event.topic, event.partition, ghost, o.timeUs);
  groups.partition = partition;
  groups.committedBefore.copy(partition.committed);
  partition.committed.forget();
}
