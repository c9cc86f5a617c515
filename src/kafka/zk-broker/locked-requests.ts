/** Requests that have to wait for the lock of a partition, which a change of its ISR holds while the store is asked. */
import type { AnyPendingRequest, RequestHandler } from "../net/request-channel.ts";

/** Source: Partition.leaderIsrUpdateLock. */
export interface PartitionLocks {
  readonly holdsLocks: boolean;
  isLocked(topic: string, partition: number): boolean;
}

export class LockedRequests {
  private readonly locks: PartitionLocks;
  private readonly handler: RequestHandler;
  /** In order of arrival. */
  private waiting: AnyPendingRequest[] = [];

  constructor(locks: PartitionLocks, handler: RequestHandler) {
    this.locks = locks;
    this.handler = handler;
  }

  /** Hands the request on, now or when nothing that it names is locked. */
  admit(request: AnyPendingRequest): void {
    if (this.locks.holdsLocks && touchesLocked(request, this.locks)) this.waiting.push(request);
    else this.handler.onRequest(request);
  }

  onUnlocked(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const request of waiting) this.admit(request);
  }
}

/** Whether a request touches a partition that is locked. */
export function touchesLocked(request: AnyPendingRequest, locks: PartitionLocks): boolean {
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
