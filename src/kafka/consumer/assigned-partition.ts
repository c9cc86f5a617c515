/** A partition that the consumer reads, with all it knows about it. Source: SubscriptionState.TopicPartitionState. */
import type { Micros } from "../../base/units.ts";
import type { LeaderAndEpoch } from "../client/metadata-cache.ts";
import type { ConsumerPositionReset } from "../events.ts";
import { NONE, type Offset } from "../ids.ts";
import { type FetchPosition, type FetchState, onLeaderKnown } from "./fetch-position.ts";

export type ResetReason = ConsumerPositionReset["reason"];

export class AssignedPartition {
  readonly topic: string;
  readonly partition: number;
  state: FetchState;
  /** Undefined until the first reset. */
  position: FetchPosition | undefined;
  resetReason: ResetReason = "initial";
  /** A ListOffsets or OffsetForLeaderEpoch about it is unanswered. */
  asked = false;
  /** A fetch answer for it waits to be polled: it is not fetched again before. */
  buffered = false;
  /** It is about to be given up: neither fetched nor handed over any more. */
  pendingRevocation = false;
  /** The last answer showed that the known leader is out of date: it is not fetched before metadata has been refreshed. */
  awaitsMetadata = false;
  /** Nothing is asked about it before. */
  retryAt: Micros = Number.NEGATIVE_INFINITY;
  /** Errors in a row that lead to `retryAt`. */
  failures = 0;

  constructor(topic: string, partition: number, state: "INITIALIZING" | "AWAIT_RESET" = "AWAIT_RESET") {
    this.topic = topic;
    this.partition = partition;
    this.state = state;
  }

  /** Where it would go on; -1 before the first position. */
  get offset(): Offset {
    return this.position?.offset ?? NONE;
  }

  requestReset(reason: ResetReason): void {
    this.state = "AWAIT_RESET";
    this.resetReason = reason;
    this.clearRetry();
  }

  /** Goes on at `position` without asking anybody. */
  seekValidated(position: FetchPosition): void {
    this.state = "FETCHING";
    this.position = position;
    this.awaitsMetadata = false;
    this.clearRetry();
  }

  completeValidation(): void {
    this.state = "FETCHING";
    this.clearRetry();
  }

  /** True if it is now to be fetched from elsewhere, or to be validated first. */
  onLeaderKnown(leader: LeaderAndEpoch): boolean {
    if ((this.state !== "FETCHING" && this.state !== "AWAIT_VALIDATION") || this.position === undefined) return false;
    const change = onLeaderKnown(this.position, leader);
    if (change === undefined) return false;
    this.state = change.state;
    this.position = change.position;
    this.clearRetry();
    return true;
  }

  clearRetry(): void {
    this.retryAt = Number.NEGATIVE_INFINITY;
    this.failures = 0;
  }
}
