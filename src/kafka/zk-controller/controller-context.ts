/**
 * What the active controller takes the cluster to be: read from the store when it is elected, changed by what it does and hears since.
 *
 * Partitions are named by frozen {@link TopicPartition}s; maps go by {@link partitionName}. What a broker's fate touches is indexed by
 * broker, so that nothing scans the cluster for it. Source: ControllerContext.
 */
import { assert } from "../../base/assert.ts";
import type { Host } from "../../sim/host.ts";
import { report } from "../events.ts";
import {
  type BrokerEpoch,
  type BrokerId,
  type LeaderEpoch,
  NONE,
  type PartitionEpoch,
  partitionName,
  type TopicId,
  type TopicPartition,
} from "../ids.ts";
import { EPOCH_DURING_DELETE } from "../messages/control.ts";
import type { PartitionStateZnode, ReplicaAssignment } from "../zk/znodes.ts";
import { PartitionsByBroker } from "./partitions-by-broker.ts";
import type { PartitionReplica, PartitionState, ReplicaState } from "./states.ts";

export interface LiveBroker {
  readonly id: BrokerId;
  readonly host: string;
  readonly rack: string | null;
  /** The czxid of its registration. */
  readonly epoch: BrokerEpoch;
}

/** A partition's state znode, with its version. Frozen. Source: LeaderIsrAndControllerEpoch. */
export interface Leadership extends PartitionStateZnode {
  readonly partitionEpoch: PartitionEpoch;
}

interface TopicEntry {
  /** Empty where topics have no id. */
  id: TopicId;
  /** By partition number. */
  readonly partitions: Map<number, PartitionEntry>;
}

interface PartitionEntry {
  readonly name: TopicPartition;
  assignment: ReplicaAssignment;
  leadership: Leadership | undefined;
  state: PartitionState;
  /** What a replica's state machine knows of replicas, assigned or on their way out. */
  readonly replicaStates: Map<BrokerId, ReplicaState>;
}

const NO_ASSIGNMENT: ReplicaAssignment = Object.freeze({
  replicas: Object.freeze([]),
  addingReplicas: Object.freeze([]),
  removingReplicas: Object.freeze([]),
});

export class ControllerContext {
  /** Of this controller's election; 0 when it is none. */
  epoch = 0;
  /** The version of `/controller_epoch` that the election left; what writes are fenced by. */
  epochZkVersion = 0;
  readonly shuttingDownBrokers = new Set<BrokerId>();
  readonly topicsToBeDeleted = new Set<string>();
  readonly topicsWithDeletionStarted = new Set<string>();
  readonly topicsIneligibleForDeletion = new Set<string>();
  /** By {@link partitionName}. */
  readonly partitionsBeingReassigned = new Map<string, TopicPartition>();
  /** {@link partitionName}s, by broker. */
  readonly replicasOnOfflineDirs = new Map<BrokerId, Set<string>>();
  private readonly host: Host;
  private readonly brokerId: BrokerId;
  private readonly brokers = new Map<BrokerId, LiveBroker>();
  private readonly topics = new Map<string, TopicEntry>();
  private readonly byReplica = new PartitionsByBroker();
  private readonly byLeader = new PartitionsByBroker();
  private readonly notOnline = new Map<string, TopicPartition>();

  constructor(host: Host, brokerId: BrokerId) {
    this.host = host;
    this.brokerId = brokerId;
  }

  /** As after construction. Source: ControllerContext.resetContext. */
  reset(): void {
    this.epoch = 0;
    this.epochZkVersion = 0;
    this.shuttingDownBrokers.clear();
    this.topicsToBeDeleted.clear();
    this.topicsWithDeletionStarted.clear();
    this.topicsIneligibleForDeletion.clear();
    this.partitionsBeingReassigned.clear();
    this.replicasOnOfflineDirs.clear();
    this.brokers.clear();
    this.topics.clear();
    this.byReplica.clear();
    this.byLeader.clear();
    this.notOnline.clear();
  }

  // ---- brokers ----

  setLiveBrokers(brokers: readonly LiveBroker[]): void {
    this.brokers.clear();
    this.addLiveBrokers(brokers);
  }

  addLiveBrokers(brokers: readonly LiveBroker[]): void {
    for (const broker of brokers) this.brokers.set(broker.id, broker);
  }

  removeLiveBrokers(brokers: readonly BrokerId[]): void {
    for (const broker of brokers) this.brokers.delete(broker);
  }

  liveOrShuttingDownBroker(broker: BrokerId): LiveBroker | undefined {
    return this.brokers.get(broker);
  }

  /** Ascending. */
  liveOrShuttingDownBrokers(): readonly LiveBroker[] {
    return [...this.brokers.values()].sort((a, b) => a.id - b.id);
  }

  /** Ascending. */
  liveOrShuttingDownBrokerIds(): readonly BrokerId[] {
    return [...this.brokers.keys()].sort((a, b) => a - b);
  }

  isLiveBroker(broker: BrokerId): boolean {
    return this.brokers.has(broker) && !this.shuttingDownBrokers.has(broker);
  }

  isReplicaOnline(broker: BrokerId, { topic, partition }: TopicPartition, includeShuttingDown = false): boolean {
    if (includeShuttingDown ? !this.brokers.has(broker) : !this.isLiveBroker(broker)) return false;
    const offline = this.replicasOnOfflineDirs.get(broker);
    return offline === undefined || !offline.has(partitionName(topic, partition));
  }

  // ---- topics and their assignment ----

  hasTopic(topic: string): boolean {
    return this.topics.has(topic);
  }

  allTopics(): IterableIterator<string> {
    return this.topics.keys();
  }

  topicId(topic: string): TopicId {
    return this.topics.get(topic)?.id ?? "";
  }

  addTopic(topic: string, id: TopicId): void {
    const known = this.topics.get(topic);
    if (known === undefined) this.topics.set(topic, { id, partitions: new Map() });
    else known.id = id;
  }

  /** Forgets the topic and its partitions. Source: ControllerContext.removeTopic. */
  removeTopic(topic: string): void {
    const entry = this.topics.get(topic);
    this.topicsToBeDeleted.delete(topic);
    this.topicsWithDeletionStarted.delete(topic);
    if (entry === undefined) return;
    for (const partition of entry.partitions.values()) {
      this.byReplica.move(partition.name, partition.assignment.replicas, []);
      this.notOnline.delete(partitionName(topic, partition.name.partition));
      this.dropLeadership(partition);
    }
    this.topics.delete(topic);
  }

  hasPartition(partition: TopicPartition): boolean {
    return this.entry(partition) !== undefined;
  }

  /** {@link NO_ASSIGNMENT} if it is not known. */
  assignment(partition: TopicPartition): ReplicaAssignment {
    return this.entry(partition)?.assignment ?? NO_ASSIGNMENT;
  }

  replicas(partition: TopicPartition): readonly BrokerId[] {
    return this.assignment(partition).replicas;
  }

  /** The topic must be known. `assignment` is frozen. */
  setAssignment({ topic, partition }: TopicPartition, assignment: ReplicaAssignment): void {
    const partitions = this.topics.get(topic)?.partitions;
    assert(partitions !== undefined, `an assignment of ${partitionName(topic, partition)}, whose topic is not known`);
    const entry = partitions.get(partition);
    if (entry !== undefined) {
      this.byReplica.move(entry.name, entry.assignment.replicas, assignment.replicas);
      entry.assignment = assignment;
      return;
    }
    const name = Object.freeze({ topic, partition });
    partitions.set(partition, {
      name,
      assignment,
      leadership: undefined,
      state: "NonExistentPartition",
      replicaStates: new Map(),
    });
    this.byReplica.move(name, [], assignment.replicas);
  }

  /** Topics in the order in which they became known. */
  allPartitions(): TopicPartition[] {
    const result: TopicPartition[] = [];
    for (const { partitions } of this.topics.values()) for (const { name } of partitions.values()) result.push(name);
    return result;
  }

  get partitionCount(): number {
    let count = 0;
    for (const { partitions } of this.topics.values()) count += partitions.size;
    return count;
  }

  partitionsOfTopic(topic: string): TopicPartition[] {
    return [...(this.topics.get(topic)?.partitions.values() ?? [])].map(({ name }) => name);
  }

  replicasOfTopic(topic: string): PartitionReplica[] {
    const partitions = [...(this.topics.get(topic)?.partitions.values() ?? [])];
    return partitions.flatMap(({ name, assignment }) => assignment.replicas.map((replica) => ({ ...name, replica })));
  }

  partitionsOnBroker(broker: BrokerId): TopicPartition[] {
    return this.byReplica.of(broker);
  }

  replicasOnBrokers(brokers: readonly BrokerId[]): PartitionReplica[] {
    return brokers.flatMap((replica) => this.byReplica.of(replica).map((partition) => ({ ...partition, replica })));
  }

  // ---- leaders and in-sync replicas ----

  leadership(partition: TopicPartition): Leadership | undefined {
    return this.entry(partition)?.leadership;
  }

  /** The partition must be known. `leadership` is frozen. */
  setLeadership(partition: TopicPartition, leadership: Leadership): void {
    const entry = this.knownEntry(partition);
    const before = entry.leadership;
    entry.leadership = leadership;
    if (before?.leader !== leadership.leader) this.byLeader.move(entry.name, leadersOf(before), [leadership.leader]);
    if (before === undefined || !isSameLeadership(before, leadership)) this.reportLeadership(entry.name, leadership);
  }

  /** As StopReplica needs it: -2 once the topic is queued for deletion, -1 while there is none. */
  leaderEpoch(partition: TopicPartition): LeaderEpoch {
    if (this.topicsToBeDeleted.has(partition.topic)) return EPOCH_DURING_DELETE;
    return this.leadership(partition)?.leaderEpoch ?? NONE;
  }

  partitionsLedBy(broker: BrokerId): TopicPartition[] {
    return this.byLeader.of(broker);
  }

  /** Except those of topics queued for deletion. */
  partitionsWithLeaders(): TopicPartition[] {
    const isWanted = ({ name, leadership }: PartitionEntry): boolean =>
      leadership !== undefined && !this.topicsToBeDeleted.has(name.topic);
    return [...this.topics.values()].flatMap(({ partitions }) =>
      [...partitions.values()].filter(isWanted).map(({ name }) => name),
    );
  }

  /** Except those of topics queued for deletion. */
  partitionsWithOfflineLeader(): TopicPartition[] {
    const result: TopicPartition[] = [];
    for (const leader of this.byLeader.brokers()) {
      if (this.isLiveBroker(leader) && !this.replicasOnOfflineDirs.has(leader)) continue;
      for (const partition of this.byLeader.of(leader)) {
        if (this.topicsToBeDeleted.has(partition.topic) || this.isReplicaOnline(leader, partition)) continue;
        result.push(partition);
      }
    }
    return result;
  }

  // ---- states ----

  partitionState(partition: TopicPartition): PartitionState {
    return this.entry(partition)?.state ?? "NonExistentPartition";
  }

  /** The partition must be known. */
  setPartitionState(partition: TopicPartition, state: PartitionState): void {
    const entry = this.knownEntry(partition);
    entry.state = state;
    const name = partitionName(partition.topic, partition.partition);
    if (state === "OfflinePartition" || state === "NewPartition") this.notOnline.set(name, entry.name);
    else this.notOnline.delete(name);
  }

  /** New or offline, and not of a topic queued for deletion. */
  partitionsToBringOnline(): TopicPartition[] {
    return [...this.notOnline.values()].filter(({ topic }) => !this.topicsToBeDeleted.has(topic));
  }

  replicaState(replica: PartitionReplica): ReplicaState {
    return this.entry(replica)?.replicaStates.get(replica.replica) ?? "NonExistentReplica";
  }

  /** The partition must be known. */
  setReplicaState(replica: PartitionReplica, state: ReplicaState): void {
    const { replicaStates } = this.knownEntry(replica);
    if (state === "NonExistentReplica") replicaStates.delete(replica.replica);
    else replicaStates.set(replica.replica, state);
  }

  replicasInState(topic: string, state: ReplicaState): PartitionReplica[] {
    return this.replicasOfTopic(topic).filter((replica) => this.replicaState(replica) === state);
  }

  areAllReplicasInState(topic: string, state: ReplicaState): boolean {
    return this.replicasOfTopic(topic).every((replica) => this.replicaState(replica) === state);
  }

  isAnyReplicaInState(topic: string, state: ReplicaState): boolean {
    return this.replicasOfTopic(topic).some((replica) => this.replicaState(replica) === state);
  }

  private entry({ topic, partition }: TopicPartition): PartitionEntry | undefined {
    return this.topics.get(topic)?.partitions.get(partition);
  }

  private knownEntry(partition: TopicPartition): PartitionEntry {
    const entry = this.entry(partition);
    assert(entry !== undefined, `${partitionName(partition.topic, partition.partition)} is not known`);
    return entry;
  }

  private dropLeadership(entry: PartitionEntry): void {
    const { leadership } = entry;
    if (leadership === undefined) return;
    entry.leadership = undefined;
    this.byLeader.move(entry.name, leadersOf(leadership), []);
    this.reportLeadership(entry.name, { leader: NONE, leaderEpoch: NONE, isr: [], partitionEpoch: NONE });
  }

  private reportLeadership(
    { topic, partition }: TopicPartition,
    { leader, leaderEpoch, isr, partitionEpoch }: Pick<Leadership, "leader" | "leaderEpoch" | "isr" | "partitionEpoch">,
  ): void {
    const { brokerId: controller, epoch } = this;
    const what = { topic, partition, leader, leaderEpoch, isr, partitionEpoch };
    report(this.host, { kind: "ControllerCacheUpdated", controller, epoch, ...what });
  }
}

function leadersOf(leadership: Leadership | undefined): readonly BrokerId[] {
  return leadership === undefined ? [] : [leadership.leader];
}

/** One version of the znode has one content. */
function isSameLeadership(a: Leadership, b: Leadership): boolean {
  return a.partitionEpoch === b.partitionEpoch && a.leaderEpoch === b.leaderEpoch && a.leader === b.leader;
}
