/**
 * What passes between a consumer and the application around it: poll(), commits, callbacks.
 *
 * The application is one thread. It may take virtual time anywhere outside a call: while it handles records, within a callback, while
 * it waits for commitSync. It then goes on in a later event. Source: Consumer, ConsumerRebalanceListener, OffsetCommitCallback.
 */
import type { ErrorCode } from "../errors.ts";
import type { CommitOccasion, CommittedOffset } from "../group-events.ts";
import type { LeaderEpoch, Offset, TopicPartition } from "../ids.ts";
import type { KafkaRecord } from "../records.ts";

/** Records of one partition, one after another, as one poll() returns them. */
export interface PolledRecords extends TopicPartition {
  /** With their offsets, which have gaps where the log has them. */
  readonly records: readonly KafkaRecord[];
  readonly offsets: readonly Offset[];
  /** Of their batches: what an application commits along with an offset. */
  readonly leaderEpochs: readonly LeaderEpoch[];
  /** How many batches they come from. */
  readonly batches: number;
  /** Where the consumer goes on. */
  readonly nextOffset: Offset;
  /** Of the last of them. */
  readonly leaderEpoch: LeaderEpoch;
}

export type RebalanceCallback = "onPartitionsAssigned" | "onPartitionsRevoked" | "onPartitionsLost";

/** The application's side. */
export interface ConsumerApplication {
  /** A poll() that returned nothing would return something now, perhaps. */
  onWakeup(): void;
  /** poll() throws. */
  onException(name: string, detail: string): void;
  /** Within poll() or close(). The application answers by {@link ConsumerApi.callbackReturned}, before this returns or later. */
  onRebalance(callback: RebalanceCallback, partitions: readonly TopicPartition[]): void;
  /** commitSync has returned or thrown, or the callback of commitAsync is called; NONE is success. */
  onCommitEnded(occasion: CommitOccasion, offsets: readonly CommittedOffset[], error: ErrorCode | "TIMEOUT"): void;
  /** close() has returned. */
  onClosed(): void;
}

/** The consumer's side. */
export interface ConsumerApi {
  /** Empty: nothing yet; wait for {@link ConsumerApplication.onWakeup}, and do not call it again before. */
  poll(): readonly PolledRecords[];
  /** Ends in onCommitEnded. The application does nothing meanwhile. Null: the positions, that is all that poll() has returned. */
  commitSync(offsets: readonly CommittedOffset[] | null): void;
  commitAsync(offsets: readonly CommittedOffset[] | null): void;
  callbackReturned(): void;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  seek(partition: TopicPartition, offset: Offset): void;
  /** Of the next record that poll() would return; -1 if not known. */
  position(partition: TopicPartition): Offset;
  /** Commits by itself if auto-commit is on, leaves the group, and ends in onClosed. */
  close(): void;
  /** For a token that goes with effects: what KIP-447 calls the group metadata. */
  readonly groupMetadata: { readonly groupId: string; readonly memberId: string; readonly generation: number };
}
