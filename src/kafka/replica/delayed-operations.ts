/**
 * Requests that wait: an acks=all produce for the high watermark, a fetch for data. Plain data; who completes them is named.
 * Source: DelayedProduce, DelayedFetch.
 */
import type { TimerId } from "../../sim/host.ts";
import type { ErrorCode } from "../errors.ts";
import type { BrokerId, LeaderEpoch, Offset } from "../ids.ts";
import type { PendingRequest } from "../net/request-channel.ts";
import type { FetchSession } from "./fetch-session.ts";
import type { Partition } from "./partition.ts";

export interface ProduceCompleter {
  completeProduce(operation: DelayedProduce): void;
}

export class DelayedProduce {
  readonly request: PendingRequest<"Produce">;
  /** One per partition of the request, in its order. */
  readonly appends: readonly PartitionAppend[];
  readonly completer: ProduceCompleter;
  /** Appends that still wait. */
  pending: number;
  timer: TimerId = 0;
  completed = false;

  constructor(request: PendingRequest<"Produce">, appends: readonly PartitionAppend[], completer: ProduceCompleter) {
    this.request = request;
    this.appends = appends;
    this.completer = completer;
    this.pending = 0;
  }

  /** One of the appends waits no longer. */
  onAppendSettled(): void {
    this.pending--;
    if (this.pending === 0 && !this.completed) this.completer.completeProduce(this);
  }
}

/** What became of one partition's records in a produce request. */
export class PartitionAppend {
  readonly topic: string;
  readonly index: number;
  /** Undefined when the partition is not here. */
  readonly partition: Partition | undefined;
  error: ErrorCode;
  baseOffset: Offset = -1;
  /** The high watermark that makes it committed: the offset after the last record. */
  requiredOffset: Offset = -1;
  logStartOffset: Offset = -1;
  /** The epoch that the records were appended in. */
  leaderEpoch: LeaderEpoch = -1;
  /** The maximal ISR when it was found committed. */
  isr: readonly BrokerId[] | undefined = undefined;
  /** Whether the append raised the high watermark. */
  highWatermarkAdvanced = false;
  operation: DelayedProduce | undefined = undefined;

  constructor(topic: string, index: number, partition: Partition | undefined, error: ErrorCode) {
    this.topic = topic;
    this.index = index;
    this.partition = partition;
    this.error = error;
  }

  settle(error: ErrorCode): void {
    this.error = error;
    this.operation?.onAppendSettled();
  }
}

export interface FetchCompleter {
  completeFetch(operation: DelayedFetch): void;
}

export class DelayedFetch {
  readonly request: PendingRequest<"Fetch">;
  readonly session: FetchSession;
  readonly completer: FetchCompleter;
  /** Counts up: of several that may be answered the one that has waited longest is the first. */
  readonly number: number;
  timer: TimerId = 0;
  completed = false;

  constructor(request: PendingRequest<"Fetch">, session: FetchSession, completer: FetchCompleter, number: number) {
    this.request = request;
    this.session = session;
    this.completer = completer;
    this.number = number;
  }

  complete(): void {
    if (!this.completed) this.completer.completeFetch(this);
  }
}
