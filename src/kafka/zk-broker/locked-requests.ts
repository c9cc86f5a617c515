/** Requests that have to wait for the lock of a partition, which a change of its ISR holds while the store is asked. */
import { type BrokerId, NONE, type TopicPartition } from "../ids.ts";
import type { AnyPendingRequest, RequestHandler } from "../net/request-channel.ts";
import type { ReplicaManager } from "../replica/replica-manager.ts";

/** Source: Partition.leaderIsrUpdateLock. */
export interface PartitionLocks {
  readonly holdsLocks: boolean;
  isLocked(topic: string, partition: number): boolean;
  lockedPartitions(): Iterable<TopicPartition>;
}

export class LockedRequests {
  private readonly locks: PartitionLocks;
  private readonly replicas: ReplicaManager;
  private readonly handler: RequestHandler;
  /** In order of arrival. */
  private waiting: AnyPendingRequest[] = [];

  constructor(locks: PartitionLocks, replicas: ReplicaManager, handler: RequestHandler) {
    this.locks = locks;
    this.replicas = replicas;
    this.handler = handler;
  }

  /** Hands the request on, now or when nothing that it names is locked. */
  admit(request: AnyPendingRequest): void {
    if (this.touchesLocked(request)) this.waiting.push(request);
    else this.handler.onRequest(request);
  }

  touchesLocked(request: AnyPendingRequest): boolean {
    if (!this.locks.holdsLocks) return false;
    if (request.api !== "Fetch") return namesLocked(request, this.locks);
    const { replicaId } = request.body.replicaState;
    return replicaId === NONE ? namesLocked(request, this.locks) : this.isLockedFor(replicaId);
  }

  /** A follower's fetch is about all that it follows, whatever it names (KIP-227). */
  private isLockedFor(follower: BrokerId): boolean {
    for (const { topic, partition } of this.locks.lockedPartitions()) {
      if (this.replicas.partition(topic, partition)?.leading?.follower(follower) !== undefined) return true;
    }
    return false;
  }

  onUnlocked(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const request of waiting) this.admit(request);
  }
}

function namesLocked(request: AnyPendingRequest, locks: PartitionLocks): boolean {
  switch (request.api) {
    case "Produce":
      return request.body.topicData.some(({ name, partitionData }) =>
        partitionData.some(({ index }) => locks.isLocked(name, index)),
      );
    case "Fetch":
      return request.body.topics.some(({ topic, partitions }) =>
        partitions.some(({ partition }) => locks.isLocked(topic, partition)),
      );
    case "ListOffsets":
      return request.body.topics.some(({ name, partitions }) =>
        partitions.some(({ partitionIndex }) => locks.isLocked(name, partitionIndex)),
      );
    case "OffsetForLeaderEpoch":
      return request.body.topics.some(({ topic, partitions }) =>
        partitions.some(({ partition }) => locks.isLocked(topic, partition)),
      );
    case "LeaderAndIsr":
    case "StopReplica":
      return request.body.topicStates.some(({ topicName, partitionStates }) =>
        (partitionStates as readonly { readonly partitionIndex: number }[]).some(({ partitionIndex }) =>
          locks.isLocked(topicName, partitionIndex),
        ),
      );
    default:
      return false;
  }
}
