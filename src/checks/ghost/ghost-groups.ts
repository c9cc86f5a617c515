/**
 * All consumer groups of a run, their coordinators, and what the last event about one of them changed.
 *
 * A group that nobody has given a contract for is not followed.
 */
import type { Micros } from "../../base/units.ts";
import { partitionForGroup } from "../../kafka/group/java-hash.ts";
import { OFFSETS_TOPIC } from "../../kafka/group/offsets-topic.ts";
import type { CoordinatorLoaded, CoordinatorUnloaded } from "../../kafka/group-events.ts";
import type { BrokerId, LeaderEpoch, Offset } from "../../kafka/ids.ts";
import type { NodeName } from "../../sim/host.ts";
import type { GroupContract } from "../group-contract.ts";
import type { Observation } from "../observation.ts";
import type { Ghost } from "./ghost.ts";
import { GhostGroup, type GroupClient } from "./ghost-group.ts";
import { CommittedFact, GhostGroupPartition, type Ownership } from "./ghost-group-partition.ts";
import type { GhostPartition, Loss } from "./ghost-partition.ts";

/** Who coordinates the groups of one partition of __consumer_offsets. */
interface GhostCoordinator {
  readonly broker: BrokerId;
  readonly epoch: LeaderEpoch;
  active: boolean;
}

/** What the last RecordsProcessed did. */
export interface Effect {
  /** Who had been told that the partition is its own, if it was the one who processed; undefined if it was somebody else. */
  ownership: Ownership | undefined;
  first: number;
  again: number;
  /** The first record that had an effect before; -1 if there is none. */
  againOffset: Offset;
  /** The first record that was processed after a later one of its key; -1 if there is none. */
  lateOffset: Offset;
  /** The later one: where it is, and whether the same member processed it, in one go. */
  laterText: string;
  sameRun: boolean;
}

export class GhostGroups {
  readonly byId = new Map<string, GhostGroup>();
  private readonly clients = new Map<NodeName, GroupClient>();
  private readonly coordinators = new Map<number, GhostCoordinator>();
  /** Groups to judge when the step has ended. */
  readonly dirty: GhostGroup[] = [];
  /** What the event was about, where it was about one that is followed. */
  group: GhostGroup | undefined;
  partition: GhostGroupPartition | undefined;
  client: GroupClient | undefined;
  /** What was committed before a GroupOffsetChanged or a GroupOffsetRemoved that counts; offset -1 for nothing. */
  readonly committedBefore = new CommittedFact();
  /** Whether the coordinator that reports is the newest one. */
  isCurrentCoordinator = false;
  /** KIP-848: who else has one of the partitions that a member has just been given. */
  conflict: { readonly partition: GhostGroupPartition; readonly holder: string } | undefined;
  /** A member epoch, or a client's, before the event; -1 for none. */
  epochBefore = -1;
  readonly effect: Effect = {
    ownership: undefined,
    first: 0,
    again: 0,
    againOffset: -1,
    lateOffset: -1,
    laterText: "",
    sameRun: false,
  };

  constructor(contracts: readonly GroupContract[]) {
    for (const contract of contracts) {
      const group = new GhostGroup(contract);
      this.byId.set(contract.group, group);
      for (const client of group.clients.values()) this.clients.set(client.name, client);
    }
  }

  clientOf(name: NodeName): GroupClient | undefined {
    return this.clients.get(name);
  }

  touch(group: GhostGroup): void {
    if (group.dirty) return;
    group.dirty = true;
    this.dirty.push(group);
  }

  /** The partition in the group; the topic may have been made anew since it was last looked at. */
  partitionOf(group: GhostGroup, topic: string, partition: number, ghost: Ghost, timeUs: Micros): GhostGroupPartition {
    const known = group.known(topic, partition);
    if (known !== undefined && !known.log.forgotten) return known;
    const log = ghost.topics.partition(topic, partition);
    const found = new GhostGroupPartition(group, log);
    found.progressAt = timeUs;
    found.behindSince = timeUs;
    if (known !== undefined) {
      for (const span of known.spans) found.spans.push(span);
      for (const owner of known.owners) {
        found.owners.push(owner);
        owner.client.owned.delete(known);
        owner.client.owned.add(found);
      }
      found.ownerlessUs = known.ownerlessUs;
      found.ownerlessSince = known.ownerlessSince;
      group.contested.delete(known);
    } else if (group.beganAt >= 0) {
      found.ownerlessSince = Math.max(group.beganAt, log.bornTime);
      if (log.bornTime > group.beganAt && !group.expanded.has(topic)) group.expanded.set(topic, new Map());
    }
    group.add(found);
    return found;
  }

  // ---- coordinators ----

  onCoordinatorLoaded(event: CoordinatorLoaded, ghost: Ghost, o: Observation): void {
    const known = this.coordinators.get(event.partition);
    if (known !== undefined && known.epoch > event.epoch) return;
    this.coordinators.set(event.partition, { broker: event.broker, epoch: event.epoch, active: true });
    for (const group of this.groupsOf(event.partition, ghost)) {
      group.onCoordinatorMoved(o.timeUs);
      this.touch(group);
    }
  }

  onCoordinatorUnloaded(event: CoordinatorUnloaded, ghost: Ghost, o: Observation): void {
    const known = this.coordinators.get(event.partition);
    if (known === undefined || known.broker !== event.broker) return;
    known.active = false;
    for (const group of this.groupsOf(event.partition, ghost)) group.disturbedAt = o.timeUs;
  }

  /** Whether what `broker` says of the group counts: nobody has become its coordinator since. */
  coordinates(broker: BrokerId, group: GhostGroup, ghost: Ghost): boolean {
    const known = this.coordinators.get(coordinatorPartition(group.id, ghost));
    return known === undefined || known.broker === broker;
  }

  /** Whether a coordinator serves the group. */
  isCoordinated(group: GhostGroup, ghost: Ghost): boolean {
    return this.coordinators.get(coordinatorPartition(group.id, ghost))?.active === true;
  }

  private groupsOf(partition: number, ghost: Ghost): GhostGroup[] {
    return [...this.byId.values()].filter(({ id }) => coordinatorPartition(id, ghost) === partition);
  }

  /** Committed records of `partition` are lost. */
  onLoss(partition: GhostPartition, loss: Loss, ghost: Ghost, timeUs: Micros): void {
    for (const group of this.byId.values()) {
      const known = group.known(partition.topic, partition.partition);
      if (known?.log !== partition) continue;
      known.onLoss(loss.from);
      for (const owner of known.owners) {
        const position = ghost.readers.offsetOf(owner.client.name, partition);
        if (position <= loss.from) continue;
        owner.cutFrom = Math.min(owner.cutFrom, loss.from);
        owner.cutTo = Math.max(owner.cutTo, position);
      }
    }
    if (partition.topic !== OFFSETS_TOPIC) return;
    for (const group of this.groupsOf(partition.partition, ghost)) group.onCoordinatorLoss(timeUs);
  }

  // ---- processes and time ----

  /** The client's process has started, or has ended. */
  onProcessChanged(name: NodeName, up: boolean, timeUs: Micros): void {
    const client = this.clients.get(name);
    if (client === undefined) return;
    // Its first start leaves nothing behind.
    if (up && client.changedAt > 0) client.departures.push(timeUs);
    client.up = up;
    client.changedAt = timeUs;
    client.hasJoined = false;
    client.left = undefined;
    for (const partition of client.owned) this.disown(client, partition, "stopped", timeUs);
    this.touch(client.group);
  }

  disown(client: GroupClient, partition: GhostGroupPartition, end: "revoked" | "lost" | "stopped", timeUs: Micros): void {
    const ownership = partition.ownedBy(client);
    client.owned.delete(partition);
    if (ownership === undefined) return;
    partition.disown(ownership, end, timeUs);
    if (partition.owners.length < 2) client.group.contested.delete(partition);
  }

  /** Once a second. */
  sample(timeUs: Micros): void {
    for (const group of this.byId.values()) {
      if (group.beganAt < 0) continue;
      group.lag.add(timeUs, lagOf(group));
      for (const client of group.clients.values()) if (group.members.has(client.member)) client.memberAt = timeUs;
      for (const partition of group.partitions()) if (owedIn(partition) === 0) partition.behindSince = timeUs;
    }
  }
}

/** The partition of __consumer_offsets that holds the group. */
export function coordinatorPartition(group: string, { topics }: Ghost): number {
  const count = topics.count(OFFSETS_TOPIC);
  return count === 0 ? 0 : partitionForGroup(group, count);
}

/** Records between the group's committed offsets and the ends of the partitions; where it has begun without committing, from its start. */
export function lagOf(group: GhostGroup): number {
  let lag = 0;
  for (const partition of group.partitions()) {
    const { committed, start, log } = partition;
    const from = committed.offset >= 0 ? committed.offset : start;
    if (from >= 0) lag += Math.max(0, log.committed.end - from);
  }
  return lag;
}

/** How many offsets the group has yet to commit, or, where nothing is committed, to process. */
export function owedIn({ committed, frontier, log }: GhostGroupPartition): number {
  return Math.max(0, log.committed.end - (committed.offset >= 0 ? committed.offset : frontier));
}
