/** How what consumers believe, are told and do changes the ghost. */
import type { ConsumerPositionReset, KafkaEvent } from "../../kafka/events.ts";
import type { ConsumerPositionSet, PartitionsAssigned, RecordGivenUp, RecordsProcessed } from "../../kafka/group-events.ts";
import type { TopicPartition } from "../../kafka/ids.ts";
import type { KafkaRecord } from "../../kafka/records.ts";
import type { Observation } from "../observation.ts";
import type { Ghost } from "./ghost.ts";
import type { GhostGroup, GroupClient } from "./ghost-group.ts";
import { type GhostGroupPartition, keyText, type Ownership } from "./ghost-group-partition.ts";

type MemberEvent = Extract<
  KafkaEvent,
  {
    kind:
      | "ConsumerJoined"
      | "ConsumerLeft"
      | "PartitionsAssigned"
      | "PartitionsRevoked"
      | "PartitionsLost"
      | "OffsetsCommitted"
      | "ConsumerPositionSet"
      | "RecordGivenUp";
  }
>;

export function applyMemberEvent(ghost: Ghost, event: MemberEvent, o: Observation): void {
  const { groups } = ghost;
  const group = groups.byId.get(event.group);
  groups.group = group;
  groups.partition = undefined;
  groups.client = group?.client(event.client);
  const { client } = groups;
  if (group === undefined || client === undefined) return;
  switch (event.kind) {
    case "ConsumerJoined":
      believe(ghost, client, event);
      client.hasJoined = true;
      client.left = undefined;
      groups.touch(group);
      return;
    case "ConsumerLeft":
      client.left = event.reason;
      client.departures.push(o.timeUs);
      groups.touch(group);
      return;
    case "PartitionsAssigned":
    case "PartitionsRevoked":
    case "PartitionsLost":
      believe(ghost, client, event);
      client.toldIn = event.generation;
      onOwned(ghost, client, event, event.kind === "PartitionsLost" ? "lost" : "revoked", o);
      groups.touch(group);
      return;
    case "ConsumerPositionSet":
      onPositionSet(ghost, group, event, o);
      return;
    case "RecordGivenUp":
      onGivenUp(ghost, group, event, o);
      return;
    default:
  }
}

/** Its member id and generation, as it says. */
function believe(ghost: Ghost, client: GroupClient, { member, generation }: { member: string; generation: number }): void {
  ghost.groups.epochBefore = client.member === member ? client.generation : -1;
  client.member = member;
  client.generation = generation;
}

/** `owned` is all that it owns from now on. */
function onOwned(
  ghost: Ghost,
  client: GroupClient,
  event: Pick<PartitionsAssigned, "generation" | "member" | "partitions" | "owned">,
  end: "revoked" | "lost",
  o: Observation,
): void {
  const { groups } = ghost;
  const { group } = client;
  const find = (each: TopicPartition): GhostGroupPartition =>
    groups.partitionOf(group, each.topic, each.partition, ghost, o.timeUs);
  const owned = new Set(event.owned.map(find));
  for (const partition of client.owned) if (!owned.has(partition)) groups.disown(client, partition, end, o.timeUs);
  for (const each of event.partitions) ghost.readers.forget(client.name, find(each).log);
  if (group.beganAt < 0 && owned.size > 0) begin(ghost, group, o);
  const { generation, member } = event;
  for (const partition of owned) {
    if (client.owned.has(partition)) continue;
    client.owned.add(partition);
    partition.own({
      client,
      member,
      generation,
      step: o.step,
      fromUs: o.timeUs,
      toUs: undefined,
      end: undefined,
      start: -1,
      readFrom: -1,
      cutFrom: Number.POSITIVE_INFINITY,
      cutTo: -1,
      processedTo: -1,
    });
    group.uncovered.delete(partition.name);
    if (partition.owners.length > 1) group.contested.add(partition);
  }
}

/** The first assignment: from here on every partition should have an owner. */
function begin(ghost: Ghost, group: GhostGroup, o: Observation): void {
  group.beganAt = o.timeUs;
  for (const topic of group.contract.topics) {
    for (let i = 0; i < ghost.topics.count(topic); i++) {
      const partition = ghost.groups.partitionOf(group, topic, i, ghost, o.timeUs);
      if (partition.owners.length === 0 && partition.ownerlessSince < 0) partition.ownerlessSince = o.timeUs;
    }
  }
}

/** It goes on at `to`: the run of its own that began when it last was told so has ended. */
function startAt(ownership: Ownership | undefined, to: number): void {
  if (ownership === undefined) return;
  ownership.start = ownership.start < 0 ? to : Math.min(ownership.start, to);
  ownership.readFrom = to;
  ownership.cutFrom = Number.POSITIVE_INFINITY;
  ownership.cutTo = -1;
  ownership.processedTo = -1;
}

function onPositionSet(ghost: Ghost, group: GhostGroup, event: ConsumerPositionSet, o: Observation): void {
  const { groups, readers } = ghost;
  const partition = groups.partitionOf(group, event.topic, event.partition, ghost, o.timeUs);
  groups.partition = partition;
  readers.onMoved(event, event.offset, partition.log, o);
  if (partition.start < 0) partition.begin(event.offset);
  else if (event.source === "seek") partition.pass(partition.frontier, event.offset);
  startAt(groups.client === undefined ? undefined : partition.ownedBy(groups.client), event.offset);
  goOnAt(partition, event, event.offset, o);
}

/** A reset, of a consumer in a group or of one without. */
export function onPositionReset(ghost: Ghost, event: ConsumerPositionReset, o: Observation): void {
  const { groups, readers } = ghost;
  const log = ghost.partitionOf(event.topic, event.partition);
  readers.onMoved(event, event.to, log, o);
  groups.partition = undefined;
  const client = groups.clientOf(event.client);
  groups.client = client;
  groups.group = client?.group;
  if (client === undefined) return;
  const partition = groups.partitionOf(client.group, event.topic, event.partition, ghost, o.timeUs);
  groups.partition = partition;
  const { group } = client;
  if (partition.start < 0) {
    // A partition that is younger than the group begins at its beginning.
    const isNew = group.beganAt >= 0 && log.bornTime > group.beganAt;
    partition.begin(isNew ? Math.min(log.legalStart, event.to) : event.to);
  }
  if (group.contract.resetPolicy === "latest" && event.reason !== "truncation") partition.pass(partition.frontier, event.to);
  startAt(partition.ownedBy(client), event.to);
  goOnAt(partition, event, event.to, o);
}

function goOnAt(partition: GhostGroupPartition, event: { readonly client: string }, to: number, o: Observation): void {
  if (to <= partition.passedTo) return;
  partition.progressAt = o.timeUs;
  partition.notePassed(to, {
    step: o.step,
    timeUs: o.timeUs,
    text: `${partition.name}: ${event.client} goes on at offset ${to}`,
  });
}

function onGivenUp(ghost: Ghost, group: GhostGroup, event: RecordGivenUp, o: Observation): void {
  const partition = ghost.groups.partitionOf(group, event.topic, event.partition, ghost, o.timeUs);
  ghost.groups.partition = partition;
  if (!partition.giveUp(event.offset)) return;
  group.givenUp++;
  partition.progressAt = o.timeUs;
}

/** The effects of a run of records, often of a single one: nothing is made anew here. */
export function onProcessed(ghost: Ghost, event: RecordsProcessed, o: Observation): void {
  const { groups } = ghost;
  const { effect } = groups;
  const group = groups.byId.get(event.group);
  groups.group = group;
  effect.first = 0;
  effect.again = 0;
  effect.againOffset = -1;
  effect.lateOffset = -1;
  if (group === undefined || !event.accepted) return;
  const client = groups.clientOf(event.client);
  const partition = groups.partitionOf(group, event.topic, event.partition, ghost, o.timeUs);
  groups.client = client;
  groups.partition = partition;
  effect.ownership = client === undefined ? undefined : partition.ownedBy(client);
  const isDense = event.records.length === event.nextOffset - event.baseOffset;
  let next = 0;
  for (let offset = event.baseOffset; offset < event.nextOffset; offset++) {
    if (!isDense) {
      // Between the records of a compacted log nothing is left.
      if (!isAt(event.records[next], partition, offset)) {
        partition.process(offset);
        continue;
      }
      next++;
    }
    const isLate = offset + 1 < partition.processedTo;
    if (!partition.process(offset)) {
      if (effect.again === 0) effect.againOffset = offset;
      effect.again++;
      continue;
    }
    effect.first++;
    if (isLate || partition.isDisordered) noteOrder(partition, offset, ghost);
    if (group.expanded.size > 0) noteExpanded(group, partition, offset, ghost, o);
  }
  group.processed += effect.first;
  group.processedAgain += effect.again;
  if (effect.first > 0) partition.progressAt = o.timeUs;
  if (partition.isDisordered && partition.frontier >= partition.processedTo) partition.forgetOrder();
  if (effect.ownership !== undefined) effect.ownership.processedTo = Math.max(effect.ownership.processedTo, event.nextOffset);
}

function isAt(record: KafkaRecord | undefined, { log }: GhostGroupPartition, offset: number): boolean {
  const stored = log.recordAt(offset)?.origin;
  return record?.origin.sequence === stored?.sequence && record?.origin.client === stored?.client;
}

/** The record at `offset` may have come after a later one of its key. */
function noteOrder(partition: GhostGroupPartition, offset: number, { groups: { effect } }: Ghost): void {
  const later = partition.laterOfKey(offset);
  if (later < 0) return;
  partition.group.outOfOrder++;
  if (effect.lateOffset >= 0) return;
  effect.lateOffset = offset;
  effect.laterText = `${partition.name} offset ${later}`;
  effect.sameRun = effect.ownership !== undefined && later < effect.ownership.processedTo;
}

/** A key may have moved from one partition to another: then the order in which its producer made the records counts. */
function noteExpanded(group: GhostGroup, partition: GhostGroupPartition, offset: number, ghost: Ghost, o: Observation): void {
  const latest = group.expanded.get(partition.log.topic);
  const record = partition.log.recordAt(offset);
  const key = keyText(record?.key);
  if (latest === undefined || record === undefined || key === undefined) return;
  const { client, sequence } = record.origin;
  const id = `${client}/${key}`;
  const last = latest.get(id);
  if (last === undefined) latest.set(id, { sequence, partition: partition.name, step: o.step, timeUs: o.timeUs });
  else if (last.sequence < sequence) {
    last.sequence = sequence;
    last.partition = partition.name;
    last.step = o.step;
    last.timeUs = o.timeUs;
  } else if (last.partition !== partition.name) {
    const { effect } = ghost.groups;
    group.outOfOrder++;
    if (effect.lateOffset >= 0) return;
    effect.lateOffset = offset;
    effect.laterText = `a record in ${last.partition}`;
    effect.sameRun = false;
  }
}
