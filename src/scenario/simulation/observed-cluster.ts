/**
 * What is known of the cluster from the outside, from its own reports: who leads what, which ISRs are committed, which
 * controller is active. Selectors such as `leader(orders-0)` are answered from here.
 */
import type { KafkaEvent, PartitionChanged } from "../../kafka/events.ts";
import { type BrokerId, NONE, type ReplicaId } from "../../kafka/ids.ts";
import type { DomainEvent } from "../../sim/host.ts";

export class ObservedCluster {
  private readonly partitions = new Map<string, PartitionChanged[]>();
  private readonly unfenced = new Set<BrokerId>();
  /** Whose newest incarnation has started, but has not been unfenced yet; or is on its way out. */
  private readonly outOfService = new Set<BrokerId>();
  /** By topic and partition: brokers that act as leader, with their epoch. */
  private readonly acting = new Map<string, number[]>();
  private quorumLeader: ReplicaId = NONE;
  private quorumEpoch = NONE;

  observe(event: DomainEvent): void {
    const known = event as KafkaEvent;
    switch (known.kind) {
      case "PartitionChanged":
        put(this.partitions, known.topic, known.partition, known);
        return;
      case "BecameLeader":
        put(this.acting, known.topic, known.partition, known.leaderEpoch);
        return;
      case "BrokerUnfenced":
        this.unfenced.add(known.broker);
        return;
      case "BrokerFenced":
        this.unfenced.delete(known.broker);
        return;
      case "BrokerStateChanged":
        if (known.state === "RUNNING") this.outOfService.delete(known.broker);
        else this.outOfService.add(known.broker);
        return;
      case "RaftLeaderElected":
        if (known.epoch > this.quorumEpoch) {
          this.quorumEpoch = known.epoch;
          this.quorumLeader = known.replica;
        }
        return;
    }
  }

  /** The committed state of a partition; undefined before it exists. */
  partition(topic: string, partition: number): PartitionChanged | undefined {
    return this.partitions.get(topic)?.[partition];
  }

  /** -1 while there is none. */
  get activeControllerId(): ReplicaId {
    return this.quorumLeader;
  }

  isUnfenced(broker: BrokerId): boolean {
    return this.unfenced.has(broker);
  }

  /**
   * Whether every partition has a leader, and an ISR of all its replicas, and every broker that was started again takes part. A
   * broker that comes back faster than its session ends is in its ISRs until it registers, whatever its disk has lost.
   */
  get isWhole(): boolean {
    if (this.outOfService.size > 0) return false;
    for (const topic of this.partitions.values()) {
      for (const partition of topic) {
        if (partition.leader === NONE || partition.isr.length < partition.replicas.length) return false;
      }
    }
    return true;
  }

  /** Whether `topic` has `partitions` partitions, each with a full ISR and a broker that acts as its leader. */
  isServing(topic: string, partitions: number): boolean {
    for (let i = 0; i < partitions; i++) {
      const state = this.partition(topic, i);
      if (state === undefined || state.leader === NONE || state.isr.length < state.replicas.length) return false;
      if (this.acting.get(topic)?.[i] !== state.leaderEpoch) return false;
    }
    return true;
  }
}

function put<T>(byTopic: Map<string, T[]>, topic: string, partition: number, value: T): void {
  let row = byTopic.get(topic);
  if (row === undefined) {
    row = [];
    byTopic.set(topic, row);
  }
  row[partition] = value;
}
