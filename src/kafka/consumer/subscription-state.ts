/**
 * Which partitions a consumer reads, and where it stands in each: assigned by hand, or by its group.
 *
 * A partition of a group begins with what the group has committed; one assigned by hand with auto.offset.reset.
 * Source: SubscriptionState, PartitionStates.
 */
import type { NodeName } from "../../sim/host.ts";
import type { MetadataCache } from "../client/metadata-cache.ts";
import type { MetadataUpdater } from "../client/metadata-updater.ts";
import type { TopicPartition } from "../ids.ts";
import { AssignedPartition } from "./assigned-partition.ts";

/** Partitions that the application has chosen itself. */
export interface Assignment {
  readonly topic: string;
  readonly partitions: "all" | readonly number[];
}

/** Topics that the application wants its part of, as a member of a group. */
export interface GroupSubscription {
  readonly groupId: string;
  /** Of a static member (KIP-345). */
  readonly groupInstanceId: string | null;
  readonly topics: readonly string[];
}

export class SubscriptionState {
  /** Those that are not fetched: they wait for a position, or for its validation. */
  readonly unsettled = new Set<AssignedPartition>();
  private readonly assignments: readonly Assignment[];
  private readonly initialState: "INITIALIZING" | "AWAIT_RESET";
  /** By topic, in the order of assignment or subscription; each by partition, with holes. */
  private readonly byTopic = new Map<string, (AssignedPartition | undefined)[]>();
  private byNode = new Map<NodeName, AssignedPartition[]>();
  private leadersChanged = false;

  /** `group` is undefined for a consumer with nothing but `assignments`. */
  constructor(assignments: readonly Assignment[], group: GroupSubscription | undefined) {
    this.assignments = assignments;
    this.initialState = group === undefined ? "AWAIT_RESET" : "INITIALIZING";
    for (const topic of group?.topics ?? []) this.byTopic.set(topic, []);
    for (const { topic, partitions } of assignments) {
      if (partitions !== "all") for (const partition of partitions) this.assign(topic, partition);
    }
  }

  /** Nothing changes for one that is assigned already. */
  assign(topic: string, partition: number): void {
    let assigned = this.byTopic.get(topic);
    if (assigned === undefined) {
      assigned = [];
      this.byTopic.set(topic, assigned);
    }
    if (assigned[partition] !== undefined) return;
    const added = new AssignedPartition(topic, partition, this.initialState);
    assigned[partition] = added;
    this.unsettled.add(added);
  }

  /** The group gives these, too. They rest until the application's onPartitionsAssigned has returned. */
  assignFromGroup(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      this.assign(topic, partition);
      const assigned = this.get({ topic, partition });
      if (assigned !== undefined) assigned.awaitsCallback = true;
    }
  }

  onAssignedCallbackReturned(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const assigned = this.get(partition);
      if (assigned !== undefined) assigned.awaitsCallback = false;
    }
  }

  markPendingRevocation(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const assigned = this.get(partition);
      if (assigned !== undefined) assigned.pendingRevocation = true;
    }
  }

  /** What is still under way for it is thrown away when it comes. */
  unassign({ topic, partition }: TopicPartition): void {
    const assigned = this.byTopic.get(topic);
    const removed = assigned?.[partition];
    if (assigned === undefined || removed === undefined) return;
    assigned[partition] = undefined;
    removed.state = "UNASSIGNED";
    this.unsettled.delete(removed);
    this.leadersChanged = true;
  }

  get({ topic, partition }: TopicPartition): AssignedPartition | undefined {
    return this.byTopic.get(topic)?.[partition];
  }

  /** By topic in the order of assignment or subscription, then by number. */
  assigned(): AssignedPartition[] {
    const all: AssignedPartition[] = [];
    for (const assigned of this.byTopic.values())
      for (const partition of assigned) if (partition !== undefined) all.push(partition);
    return all;
  }

  /** The same, by name. */
  owned(): TopicPartition[] {
    return this.assigned().map(({ topic, partition }) => ({ topic, partition }));
  }

  onMetadataUpdated(cache: MetadataCache): void {
    for (const { topic, partitions } of this.assignments) {
      if (partitions !== "all") continue;
      for (let partition = 0; partition < cache.partitionCount(topic); partition++) this.assign(topic, partition);
    }
    for (const partition of this.assigned()) partition.awaitsMetadata = false;
    this.leadersChanged = true;
  }

  /** A partition is to be fetched from elsewhere, or not for now. */
  onMoved(): void {
    this.leadersChanged = true;
  }

  /** Those with a valid position, by the node that they are fetched from. */
  fetchedFrom(metadata: MetadataUpdater): ReadonlyMap<NodeName, readonly AssignedPartition[]> {
    if (this.leadersChanged) this.sortByNode(metadata);
    return this.byNode;
  }

  /** Behind the others that are read from the same broker, so that a response filled by some leaves none out for ever. */
  moveToEnd(partition: AssignedPartition): void {
    const node = partition.readFrom?.node;
    const group = node === undefined ? undefined : this.byNode.get(node);
    if (group === undefined || group.length < 2) return;
    const index = group.indexOf(partition);
    if (index < 0) return;
    group.splice(index, 1);
    group.push(partition);
  }

  private sortByNode(metadata: MetadataUpdater): void {
    this.leadersChanged = false;
    this.byNode = new Map();
    for (const assigned of this.byTopic.values()) {
      for (const partition of assigned) {
        if (partition === undefined) continue;
        if (partition.state !== "FETCHING") {
          this.unsettled.add(partition);
          continue;
        }
        this.unsettled.delete(partition);
        const node = partition.readFrom?.node;
        const group = node === undefined ? undefined : this.byNode.get(node);
        if (node === undefined) metadata.requestUpdate();
        else if (group === undefined) this.byNode.set(node, [partition]);
        else group.push(partition);
      }
    }
  }
}
