/** A partition that the consumer reads, with all it knows about it. Source: SubscriptionState.TopicPartitionState. */
import type { Micros } from "../../base/units.ts";
import type { NodeName } from "../../sim/host.ts";
import type { LeaderAndEpoch } from "../client/metadata-cache.ts";
import type { ConsumerPositionReset } from "../events.ts";
import { type BrokerId, NONE, type Offset } from "../ids.ts";
import { type FetchPosition, type FetchState, onLeaderKnown, stateAt } from "./fetch-position.ts";

export type ResetReason = ConsumerPositionReset["reason"];

/** A replica to read from other than the leader, for a while. */
export interface ReadReplica {
  readonly brokerId: BrokerId;
  readonly node: NodeName;
  /** Then the leader is asked again. */
  readonly expiresAt: Micros;
}

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
  /** The application wants nothing of it for the moment. */
  paused = false;
  /** It is new, and the application's onPartitionsAssigned has not returned yet. */
  awaitsCallback = false;
  /** The nearest replica, as the leader has named it (KIP-392); undefined: the leader is read from. */
  preferredReadReplica: ReadReplica | undefined = undefined;
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

  /** Whether it may be fetched, and what was fetched be handed over. */
  get isFetchable(): boolean {
    return this.state === "FETCHING" && !this.paused && !this.pendingRevocation && !this.awaitsCallback;
  }

  /** Whom it is read from; undefined before the first position, and while nobody is known to lead. */
  get readFrom(): { readonly brokerId: BrokerId; readonly node: NodeName } | undefined {
    const { preferredReadReplica, position } = this;
    if (preferredReadReplica !== undefined) return preferredReadReplica;
    const node = position?.leader.node;
    return position === undefined || node === undefined ? undefined : { brokerId: position.leader.leaderId, node };
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

  /** Goes on at `position` when its leader has confirmed it, or at once if it cannot be asked. */
  seekUnvalidated(position: FetchPosition, validates: boolean): void {
    this.seekValidated(position);
    this.state = stateAt(position, validates);
  }

  completeValidation(): void {
    this.state = "FETCHING";
    this.clearRetry();
  }

  /** True if it is now to be fetched from elsewhere, or to be validated first. */
  onLeaderKnown(leader: LeaderAndEpoch, validates: boolean): boolean {
    if ((this.state !== "FETCHING" && this.state !== "AWAIT_VALIDATION") || this.position === undefined) return false;
    const change = onLeaderKnown(this.position, leader, validates);
    if (change === undefined) return false;
    this.state = change.state;
    this.position = change.position;
    this.preferredReadReplica = undefined;
    this.clearRetry();
    return true;
  }

  clearRetry(): void {
    this.retryAt = Number.NEGATIVE_INFINITY;
    this.failures = 0;
  }
}
