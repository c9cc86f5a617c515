/**
 * What is known of the cluster from the outside, from its own reports: who leads what, which ISRs are committed, which
 * controller is active, which ZooKeeper server leads. Selectors such as `leader(orders-0)` are answered from here.
 *
 * Events of the one mode never occur in the other, so that both are understood at once.
 */
import type { KafkaEvent, PartitionChanged } from "../../kafka/events.ts";
import { type BrokerId, NONE, type ReplicaId, type ZkServerId } from "../../kafka/ids.ts";
import type { ClusterMode } from "../../kafka/releases.ts";
import type { DomainEvent } from "../../sim/host.ts";
import { ObservedPartitions } from "./observed-partitions.ts";

export class ObservedCluster {
  private readonly mode: ClusterMode;
  private readonly partitions = new ObservedPartitions();
  /** Brokers that take part: unfenced ones, or (in ZooKeeper mode) registered ones. */
  private readonly live = new Set<BrokerId>();
  /** Whose newest incarnation has started, but has not been unfenced yet; or is on its way out. */
  private readonly outOfService = new Set<BrokerId>();
  /** Brokers that were registered and are no more. */
  private readonly unregistered = new Set<BrokerId>();
  /** ZooKeeper servers that neither lead nor follow. */
  private readonly looking = new Set<ZkServerId>();
  private controller: ReplicaId = NONE;
  private quorumEpoch = NONE;
  private zookeeperLeader: ZkServerId = NONE;
  private zookeeperEpoch = NONE;
  /** The controller that has taken over, and told the brokers. */
  private ready: BrokerId = NONE;

  constructor(mode: ClusterMode = "kraft") {
    this.mode = mode;
  }

  observe(event: DomainEvent): void {
    const known = event as KafkaEvent;
    switch (known.kind) {
      case "PartitionChanged":
      case "BecameLeader":
        this.partitions.observe(known);
        return;
      case "TopicDeleted":
        this.partitions.delete(known.topic);
        return;
      case "BrokerUnfenced":
        this.live.add(known.broker);
        return;
      case "BrokerFenced":
        this.live.delete(known.broker);
        return;
      case "BrokerRegistered":
        if (this.mode === "zookeeper") this.onRegistered(known.broker, true);
        return;
      case "BrokerUnregistered":
        this.onRegistered(known.broker, false);
        return;
      case "BrokerStateChanged":
        if (known.state === "RUNNING") this.outOfService.delete(known.broker);
        else this.outOfService.add(known.broker);
        return;
      default:
        this.observeDeciders(known);
    }
  }

  private observeDeciders(known: KafkaEvent): void {
    switch (known.kind) {
      case "RaftLeaderElected":
        if (known.epoch > this.quorumEpoch) {
          this.quorumEpoch = known.epoch;
          this.controller = known.replica;
        }
        return;
      case "ControllerChanged":
        this.controller = known.controller;
        return;
      case "ControllerFailoverCompleted":
        this.ready = known.controller;
        return;
      case "ZkServerStateChanged":
        if (known.state === "LOOKING") this.looking.add(known.server);
        else this.looking.delete(known.server);
        return;
      case "ZkLeaderEstablished":
        if (known.epoch > this.zookeeperEpoch) {
          this.zookeeperEpoch = known.epoch;
          this.zookeeperLeader = known.server;
        }
        return;
    }
  }

  /** The committed state of a partition; undefined before it exists. */
  partition(topic: string, partition: number): PartitionChanged | undefined {
    return this.partitions.state(topic, partition);
  }

  /** -1 while there is none. */
  get activeControllerId(): ReplicaId {
    return this.controller;
  }

  /** -1 before there is one. */
  get zookeeperLeaderId(): ZkServerId {
    return this.zookeeperLeader;
  }

  /** Whether the broker is unfenced, or (in ZooKeeper mode) registered. */
  isLive(broker: BrokerId): boolean {
    return this.live.has(broker);
  }

  /** Whether there is an active controller that has taken over from the one before. */
  get hasWorkingController(): boolean {
    return this.controller !== NONE && (this.mode === "kraft" || this.ready === this.controller);
  }

  /**
   * Whether every partition has a leader, and an ISR of all its replicas, and every server that was started again takes part. A
   * broker that comes back faster than its session ends is in its ISRs until it registers, whatever its disk has lost.
   */
  get isWhole(): boolean {
    return this.outOfService.size + this.unregistered.size + this.looking.size === 0 && this.partitions.areFull;
  }

  /** Whether `topic` has `partitions` partitions, each with a full ISR and a broker that acts as its leader. */
  isServing(topic: string, partitions: number): boolean {
    return this.partitions.areServing(topic, partitions);
  }

  private onRegistered(broker: BrokerId, isThere: boolean): void {
    if (isThere) {
      this.live.add(broker);
      this.unregistered.delete(broker);
    } else {
      this.live.delete(broker);
      this.unregistered.add(broker);
    }
  }
}
