/**
 * The ghost: what an observer outside of all processes knows of the cluster, from nothing but the stream of events.
 *
 * It is brought up to date with an event before any invariant sees that event, and it costs an event only what that event
 * touches. `partition` and `replica` name what the event was about, so that no invariant looks it up again.
 */
import type { Micros } from "../../base/units.ts";
import type { BecameLeader, HighWatermarkAdvanced, KafkaEvent, PartitionChanged } from "../../kafka/events.ts";
import type { BrokerId, LeaderEpoch, Offset } from "../../kafka/ids.ts";
import type { NodeName } from "../../sim/host.ts";
import type { NodeEvent } from "../../sim/node-events.ts";
import type { GroupContract } from "../group-contract.ts";
import type { Observation } from "../observation.ts";
import { applyBrokerEvent } from "./broker-events.ts";
import { applyClientEvent, forgetRecords, forgiveLoss } from "./client-events.ts";
import { applyEnsembleEvent } from "./ensemble-events.ts";
import type { GhostClient } from "./ghost-clients.ts";
import { GhostEnsemble } from "./ghost-ensemble.ts";
import { GhostGroups } from "./ghost-groups.ts";
import { type GhostPartition, GhostReplica } from "./ghost-partition.ts";
import { GhostQuorum, type GhostQuorumNode } from "./ghost-quorum.ts";
import { applyStoreEvent, GhostStore } from "./ghost-store.ts";
import { applyGroupEvent } from "./group-events.ts";
import { GhostLinks } from "./links.ts";
import { onLogCompacted, onLogLoaded, onLogStart, onLogTruncated } from "./log-events.ts";
import { onProcessed } from "./member-events.ts";
import { GhostBroker, GhostNode } from "./nodes.ts";
import { applyProcessChange } from "./process-changes.ts";
import { Quiet } from "./quiet.ts";
import { applyQuorumEvent } from "./quorum-events.ts";
import { GhostReaders } from "./readers.ts";
import { GhostTopics } from "./topics.ts";

export interface GhostOptions {
  readonly delayBoundUs: Micros;
  /** `controller.quorum.fetch.timeout.ms`. */
  readonly raftFetchTimeoutUs: Micros;
  /** Whether KIP-966 is on; undefined if nobody says. */
  readonly eligibleLeaderReplicas: boolean | undefined;
  /** Whether leaders write the ISR to ZooKeeper themselves, and ask no controller. */
  readonly leadersWriteIsr: boolean;
  readonly groups: readonly GroupContract[];
  /** Producers that no retry can make overtake themselves. */
  readonly orderedProducers: readonly NodeName[];
}

export class Ghost {
  readonly options: GhostOptions;
  readonly topics = new GhostTopics();
  readonly brokers = new Map<BrokerId, GhostBroker>();
  readonly nodes = new Map<NodeName, GhostNode>();
  readonly clients = new Map<NodeName, GhostClient>();
  readonly quorum: GhostQuorum;
  readonly links = new GhostLinks();
  readonly ensemble = new GhostEnsemble();
  readonly store = new GhostStore();
  readonly quiet = new Quiet();
  readonly readers = new GhostReaders();
  readonly groups: GhostGroups;
  /** What the event is about, where it is about one. */
  partition: GhostPartition | undefined;
  replica: GhostReplica | undefined;
  quorumNode: GhostQuorumNode | undefined;
  /** The replica's log end, and the epoch of its last batch, before the event. */
  endBefore: Offset = 0;
  lastEpochBefore: LeaderEpoch = -1;
  /** The committed state before this PartitionChanged; undefined too if the event was old news. */
  stateBefore: PartitionChanged | undefined;
  stateBeforeStep = 0;
  stateBeforeTime: Micros = 0;
  isNews = false;
  /** Partitions to judge when the step has ended. */
  readonly dirty: GhostPartition[] = [];
  /** The controller died while it was reporting a commit, so that half of a batch may be missing until the next one reports it. */
  commitTorn = false;
  /** Who last reported a committed decision, and when. */
  commitNode: NodeName | undefined;
  commitStep = -1;

  constructor(options: GhostOptions) {
    this.options = options;
    this.quorum = new GhostQuorum(options.raftFetchTimeoutUs);
    this.groups = new GhostGroups(options.groups);
  }

  get partitions(): ReadonlySet<GhostPartition> {
    return this.topics.partitions;
  }

  apply(o: Observation): void {
    const { event } = o;
    switch (event.kind) {
      case "RecordsAppended": {
        const replica = this.replicaOf(event.topic, event.partition, event.broker, o);
        this.endBefore = replica.log.endOffset;
        this.lastEpochBefore = replica.log.lastEpoch;
        replica.log.append(event.batch);
        if (replica.lostTo >= 0) replica.noteGain();
        if (!replica.log.agreesUpTo(replica.log.endOffset)) this.touch(replica.partition);
        return;
      }
      case "HighWatermarkAdvanced":
        this.onHighWatermark(event, o);
        return;
      case "RecordSent":
      case "ProduceAcknowledged":
      case "ProduceFailed":
      case "ProduceSatisfied":
      case "RecordsRead":
        applyClientEvent(this, event, o);
        return;
      case "RecordsProcessed":
        onProcessed(this, event, o);
        return;
      case "LogLoaded":
        onLogLoaded(this, event, o);
        return;
      case "LogTruncated":
        onLogTruncated(this, event, o);
        return;
      case "LogStartOffsetAdvanced":
        onLogStart(this, event, o);
        return;
      case "LogCompacted":
        onLogCompacted(this, event);
        return;
      case "LeaderEpochCacheChanged": {
        const replica = this.replicaOf(event.topic, event.partition, event.broker, o);
        replica.epochs = event.epochs;
        replica.epochsChanged = true;
        this.touch(replica.partition);
        return;
      }
      case "BecameLeader":
        this.onBecameLeader(event, o);
        return;
      case "BecameFollower": {
        const replica = this.replicaOf(event.topic, event.partition, event.broker, o);
        this.setRole(replica, "follower", event.leaderEpoch, o);
        return;
      }
      case "LeaderIsrUpdated": {
        const replica = this.replicaOf(event.topic, event.partition, event.broker, o);
        replica.isr = event.isr;
        replica.maximalIsr = event.maximalIsr;
        this.touch(replica.partition);
        return;
      }
      case "ReplicaStopped": {
        const replica = this.replicaOf(event.topic, event.partition, event.broker, o);
        replica.role = "none";
        this.touch(replica.partition);
        return;
      }
      default:
        this.applyRarer(event, o);
    }
  }

  partitionOf(topic: string, partition: number): GhostPartition {
    this.partition = this.topics.partition(topic, partition);
    return this.partition;
  }

  broker(id: BrokerId): GhostBroker {
    let broker = this.brokers.get(id);
    if (broker === undefined) {
      broker = new GhostBroker(id);
      this.brokers.set(id, broker);
    }
    return broker;
  }

  node(name: NodeName): GhostNode {
    let node = this.nodes.get(name);
    if (node === undefined) {
      node = new GhostNode(name);
      this.nodes.set(name, node);
    }
    return node;
  }

  /** Whether the node's process runs and is not standing still. */
  isAwake(name: NodeName | undefined): boolean {
    const node = name === undefined ? undefined : this.nodes.get(name);
    return node === undefined || (node.up && !node.paused);
  }

  /** Whether the node's process runs, be it that it stands still. */
  isUp(name: NodeName | undefined): boolean {
    return name === undefined || this.nodes.get(name)?.up !== false;
  }

  touch(partition: GhostPartition): void {
    if (partition.dirty) return;
    partition.dirty = true;
    this.dirty.push(partition);
  }

  replicaOf(topic: string, partition: number, broker: BrokerId, o: Observation): GhostReplica {
    const on = this.partitionOf(topic, partition);
    let replica = on.replica(broker);
    if (replica === undefined) {
      const owner = this.ownBroker(broker, o.node);
      replica = new GhostReplica(on, owner);
      on.replicas.push(replica);
      owner.replicas.add(replica);
    }
    this.replica = replica;
    return replica;
  }

  private applyRarer(event: KafkaEvent | NodeEvent, o: Observation): void {
    switch (event.kind) {
      case "PartitionChanged":
        this.onPartitionChanged(event, o);
        return;
      case "TopicCreated":
        this.noteCommit(o);
        forgetRecords(this, this.topics.onCreated(event));
        return;
      case "BrokerRegistered":
      case "BrokerUnregistered":
      case "BrokerFenced":
      case "BrokerUnfenced":
      case "BrokerInControlledShutdown":
      case "BrokerStateChanged":
        applyBrokerEvent(this, event, o);
        return;
      case "TopicDeleted":
        this.noteCommit(o);
        forgetRecords(this, this.topics.onDeleted(event.topic, event.metadataOffset));
        return;
      case "LinkCut":
      case "LinkHealed":
        this.links.apply(event);
        this.quiet.onDisturbed(o.timeUs);
        return;
      case "Paused":
      case "Resumed":
        this.node(event.node).paused = event.kind === "Paused";
        this.quiet.onDisturbed(o.timeUs);
        return;
      case "ProcessStarted":
      case "ProcessCrashed":
      case "ProcessExited":
      case "PowerLost":
      case "DiskWiped":
        applyProcessChange(this, event, o);
        this.quiet.onDisturbed(o.timeUs);
        return;
      default:
        applyQuorumEvent(this.quorum, event, o, this);
        applyEnsembleEvent(this.ensemble, event, o);
        applyStoreEvent(this, event, o);
        applyGroupEvent(this, event, o);
    }
  }

  private onHighWatermark(event: HighWatermarkAdvanced, o: Observation): void {
    const replica = this.replicaOf(event.topic, event.partition, event.broker, o);
    const { partition, log } = replica;
    const isVoid = event.leaderEpoch < partition.voidBelowEpoch;
    const leads = event.role === "leader";
    if (leads && !isVoid) partition.advance(replica, event.to, event.leaderEpoch, o.step, o.timeUs);
    replica.highWatermark = isVoid ? Math.min(event.to, log.agreedTo) : event.to;
    const { end } = partition.committed;
    const isOutside = replica.highWatermark < log.logStart || replica.highWatermark > log.endOffset;
    if (isOutside || !log.agreesUpTo(replica.highWatermark)) this.touch(partition);
    else if (leads && (replica.highWatermark > end || event.to < event.from || !partition.isSettled)) this.touch(partition);
  }

  private onBecameLeader(event: BecameLeader, o: Observation): void {
    const replica = this.replicaOf(event.topic, event.partition, event.broker, o);
    const { partition } = replica;
    this.setRole(replica, "leader", event.leaderEpoch, o);
    replica.isr = event.isr;
    replica.maximalIsr = event.isr;
    partition.legalStart = Math.max(partition.legalStart, replica.startMovedTo);
    const isVoid = event.leaderEpoch < partition.voidBelowEpoch;
    replica.highWatermark = isVoid ? Math.min(event.highWatermark, replica.log.agreedTo) : event.highWatermark;
    if (replica.broker.running) this.takeOffice(replica, o);
    this.touch(partition);
  }

  /**
   * The replica acts as leader, and its broker takes part. A starting broker may find itself named leader in metadata from
   * before the controller knew that it had stopped; it accepts no request before it is unfenced, so that decides nothing.
   * Source: BrokerServer.startup, which enables request processing last.
   */
  takeOffice(replica: GhostReplica, o: Observation): void {
    const { partition, leaderEpoch } = replica;
    if (!replica.known || !partition.isCurrentLeader(replica, leaderEpoch)) return;
    const loss = partition.takeOffice(replica, o.step, o.timeUs);
    if (loss?.excused) forgiveLoss(this, loss);
    if (loss !== undefined) this.groups.onLoss(partition, loss, this, o.timeUs);
    // What it takes for committed from an earlier office is so again.
    partition.advance(replica, replica.highWatermark, leaderEpoch, o.step, o.timeUs);
  }

  private setRole(replica: GhostReplica, role: "leader" | "follower", epoch: number, o: Observation): void {
    if (replica.role !== role || replica.leaderEpoch !== epoch) {
      replica.roleStep = o.step;
      replica.roleTime = o.timeUs;
    }
    replica.known = true;
    replica.role = role;
    replica.leaderEpoch = epoch;
    this.touch(replica.partition);
  }

  private onPartitionChanged(event: PartitionChanged, o: Observation): void {
    this.noteCommit(o);
    this.isNews = false;
    this.stateBefore = undefined;
    this.partition = undefined;
    if (this.topics.isPast(event.topic, event.metadataOffset)) return;
    const partition = this.partitionOf(event.topic, event.partition);
    const before = partition.state;
    this.isNews = before === undefined || event.metadataOffset > before.metadataOffset;
    if (!this.isNews) return;
    if (before === undefined) partition.bornTime = o.timeUs;
    this.stateBefore = before;
    this.stateBeforeStep = partition.stateStep;
    this.stateBeforeTime = partition.stateTime;
    partition.state = event;
    partition.stateStep = o.step;
    partition.stateTime = o.timeUs;
    if (before !== undefined && event.leaderEpoch !== before.leaderEpoch) {
      const { leader } = event;
      const unclean = leader >= 0 && !before.isr.includes(leader) && !before.elr.includes(leader);
      partition.uncleanPending = unclean;
      if (unclean) partition.uncleanEpoch = event.leaderEpoch;
    }
    this.touch(partition);
  }

  /** The broker that a committed decision is about; undefined if the decision is old news. */
  decided(id: BrokerId, metadataOffset: Offset, o: Observation): GhostBroker | undefined {
    this.noteCommit(o);
    const broker = this.broker(id);
    if (metadataOffset < broker.decidedAt) return undefined;
    broker.decidedAt = metadataOffset;
    broker.decidedStep = o.step;
    broker.decidedTime = o.timeUs;
    for (const partition of this.partitions) if (partition.state?.replicas.includes(id)) this.touch(partition);
    return broker;
  }

  private noteCommit(o: Observation): void {
    this.commitNode = o.node;
    this.commitStep = o.step;
    this.commitTorn = false;
  }

  /** The broker that reports from `node`. */
  ownBroker(id: BrokerId, node: NodeName | undefined): GhostBroker {
    const broker = this.broker(id);
    if (broker.node === undefined && node !== undefined) {
      broker.node = node;
      this.node(node).broker = broker;
    }
    return broker;
  }
}
