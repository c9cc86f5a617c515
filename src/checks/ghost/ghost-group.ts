/**
 * One consumer group: what its coordinator has decided, what each of its clients believes, and each partition in it.
 *
 * A coordinator that has been replaced may go on deciding for a while; its successor knows what was committed. So when the
 * coordinator moves, what only the old one knew (epochs of members, holders of partitions) is forgotten, and what must have been
 * committed before anybody acted on it (members, targets) is kept until the new one says otherwise.
 */
import type { Micros } from "../../base/units.ts";
import type { GroupProtocol, GroupState, MemberReconciled, TargetAssignmentChosen } from "../../kafka/group-events.ts";
import { partitionName } from "../../kafka/ids.ts";
import type { NodeName } from "../../sim/host.ts";
import type { GroupContract } from "../group-contract.ts";
import { type GhostGroupPartition, LagSamples } from "./ghost-group-partition.ts";

/** A node that is one of the group's consumers, as it sees itself. */
export class GroupClient {
  readonly name: NodeName;
  readonly group: GhostGroup;
  member = "";
  generation = -1;
  /** The generation, or epoch, in which it last heard what it has; -1 if it has lost all. */
  toldIn = -1;
  /** Whether its process runs; false before it was first started. */
  up = false;
  /** When that last changed. */
  changedAt: Micros = 0;
  /** It has joined in this incarnation. */
  hasJoined = false;
  /** Why it takes itself for a member no longer. */
  left: string | undefined;
  /** When the coordinator last had it as a member, looked at once a second. */
  memberAt: Micros = 0;
  /** What may have left a member behind: starts of the process, and its departures. */
  readonly departures: Micros[] = [];
  readonly owned = new Set<GhostGroupPartition>();

  constructor(name: NodeName, group: GhostGroup) {
    this.name = name;
    this.group = group;
  }
}

/** A member as the coordinator knows it. */
export class GroupMember {
  readonly id: string;
  readonly client: NodeName;
  readonly step: number;
  readonly timeUs: Micros;
  /** KIP-848: what this coordinator has last decided about it; undefined before it did. */
  reconciled: MemberReconciled | undefined;
  reconciledStep = 0;
  reconciledTime: Micros = 0;

  constructor(id: string, client: NodeName, step: number, timeUs: Micros) {
    this.id = id;
    this.client = client;
    this.step = step;
    this.timeUs = timeUs;
  }
}

export interface MemberGone {
  readonly step: number;
  readonly timeUs: Micros;
  readonly reason: string;
}

export class GhostGroup {
  readonly contract: GroupContract;
  readonly clients = new Map<NodeName, GroupClient>();
  /** Undefined before anything was heard of it. */
  state: GroupState | undefined;
  protocol: GroupProtocol | undefined;
  stateStep = 0;
  stateTime: Micros = 0;
  /** Since when it has had no members, and until when it had none; -1 if it never was so. */
  emptyFrom: Micros = -1;
  emptyTo: Micros = -1;
  /** The generation, or the group epoch, as the coordinator has it; -1 before it is known. */
  generation = -1;
  highestGeneration = -1;
  rebalances = 0;
  readonly members = new Map<string, GroupMember>();
  readonly gone = new Map<string, MemberGone>();
  target: TargetAssignmentChosen | undefined;
  targetStep = 0;
  targetTime: Micros = 0;
  /** By name of the partition, who is to own it: of the newest target. */
  readonly targetOwner = new Map<string, string>();
  /** What the target before that one left without an owner, and nobody has owned since. */
  readonly uncovered = new Set<string>();
  /** When a partition was first assigned to anybody; -1 before. */
  beganAt: Micros = -1;
  /** Its coordinator moved, or lost what it knew. */
  disturbedAt: Micros = 0;
  /** The log of its coordinator has lost committed records. */
  lostMemory = false;
  /** Partitions that more than one believes to own. */
  readonly contested = new Set<GhostGroupPartition>();
  processed = 0;
  processedAgain = 0;
  outOfOrder = 0;
  givenUp = 0;
  readonly lag = new LagSamples();
  /** Waits for the end of the step. */
  dirty = false;
  private readonly byTopic = new Map<string, GhostGroupPartition[]>();
  /** Topics that have got more partitions since the group began: by producer and key, the latest record that was processed. */
  readonly expanded = new Map<string, Map<string, LatestOfKey>>();

  constructor(contract: GroupContract) {
    this.contract = contract;
    for (const name of contract.members) this.clients.set(name, new GroupClient(name, this));
  }

  get id(): string {
    return this.contract.group;
  }

  reliesOn(invariant: string): boolean {
    return this.contract.reliesOn.includes(invariant);
  }

  known(topic: string, partition: number): GhostGroupPartition | undefined {
    return this.byTopic.get(topic)?.[partition];
  }

  add(found: GhostGroupPartition): void {
    const { topic, partition } = found.log;
    const partitions = this.byTopic.get(topic);
    if (partitions === undefined) {
      const first: GhostGroupPartition[] = [];
      first[partition] = found;
      this.byTopic.set(topic, first);
    } else partitions[partition] = found;
  }

  /** In order of topics as they appeared, then by number. */
  *partitions(): Iterable<GhostGroupPartition> {
    for (const partitions of this.byTopic.values()) for (const each of partitions) if (each !== undefined) yield each;
  }

  client(name: NodeName): GroupClient {
    let client = this.clients.get(name);
    if (client === undefined) {
      client = new GroupClient(name, this);
      this.clients.set(name, client);
    }
    return client;
  }

  /** The coordinator has it as a member, and in the generation that it believes in. KIP-848: each member has an epoch of its own. */
  isCurrent(client: GroupClient): boolean {
    if (!client.up && client.changedAt > 0) return false;
    if (!this.members.has(client.member)) return false;
    return this.protocol === "consumer" || client.generation === this.generation;
  }

  noteGeneration(generation: number): void {
    this.generation = generation;
    if (generation <= this.highestGeneration) return;
    if (this.highestGeneration > 0) this.rebalances++;
    this.highestGeneration = generation;
  }

  setState(state: GroupState, step: number, timeUs: Micros): void {
    const isEmpty = state === "Empty" || state === "Dead";
    if (isEmpty && this.emptyTo !== Number.POSITIVE_INFINITY) this.emptyFrom = timeUs;
    if (isEmpty) this.emptyTo = Number.POSITIVE_INFINITY;
    else if (this.emptyTo === Number.POSITIVE_INFINITY) this.emptyTo = timeUs;
    if (state !== this.state) {
      this.stateStep = step;
      this.stateTime = timeUs;
    }
    this.state = state;
  }

  setTarget(target: TargetAssignmentChosen, step: number, timeUs: Micros): void {
    this.target = target;
    this.targetStep = step;
    this.targetTime = timeUs;
    this.targetOwner.clear();
    for (const { member, partitions } of target.members) {
      for (const { topic, partition } of partitions) this.targetOwner.set(partitionName(topic, partition), member);
    }
  }

  /** A static member has come back under another id, and gets what the old one had. */
  renameInTarget(from: string, to: string): void {
    for (const [partition, owner] of this.targetOwner) if (owner === from) this.targetOwner.set(partition, to);
    if (this.target === undefined) return;
    const members = this.target.members.map((each) => (each.member === from ? { ...each, member: to } : each));
    this.target = { ...this.target, members };
  }

  removeMember(id: string, gone: MemberGone): void {
    this.release(id);
    this.members.delete(id);
    this.gone.set(id, gone);
  }

  /** A new coordinator has found these, and nobody else. */
  setMembers(found: readonly { readonly member: string; readonly client: NodeName }[], step: number, timeUs: Micros): void {
    for (const id of this.members.keys()) {
      if (found.every(({ member }) => member !== id))
        this.removeMember(id, { step, timeUs, reason: "unknown to the new coordinator" });
    }
    for (const { member, client } of found) {
      if (this.members.has(member)) continue;
      this.gone.delete(member);
      this.members.set(member, new GroupMember(member, client, step, timeUs));
    }
  }

  /** Nobody is known to hold anything by its member epoch. */
  forgetHolders(): void {
    for (const each of this.partitions()) each.holder = undefined;
    for (const member of this.members.values()) member.reconciled = undefined;
  }

  /** What the coordinator had given to the member is free. */
  release(id: string): void {
    for (const each of this.partitions()) if (each.holder === id) each.holder = undefined;
  }

  /** Another coordinator, or the same one anew. */
  onCoordinatorMoved(timeUs: Micros): void {
    this.disturbedAt = timeUs;
    this.forgetHolders();
  }

  /** The coordinator's log has lost committed records: it may know less than it told. */
  onCoordinatorLoss(timeUs: Micros): void {
    this.onCoordinatorMoved(timeUs);
    this.members.clear();
    this.generation = -1;
    this.target = undefined;
    this.targetOwner.clear();
    this.uncovered.clear();
    if (this.reliesOn("CommittedOffsetDurable")) return;
    this.lostMemory = true;
    for (const each of this.partitions()) {
      each.committed.forget();
      each.highestCommitted = -1;
    }
  }
}

export interface LatestOfKey {
  sequence: number;
  partition: string;
  step: number;
  timeUs: Micros;
}
