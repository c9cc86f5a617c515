/**
 * A consumer's part in its group, whichever protocol the group speaks, and what it asks of the consumer that it belongs to.
 * Source: ConsumerCoordinator and AbstractCoordinator (classic), ConsumerMembershipManager and its request managers (KIP-848).
 */
import type { Micros } from "../../base/units.ts";
import type { Host, NodeName } from "../../sim/host.ts";
import type { MetadataUpdater } from "../client/metadata-updater.ts";
import type { ConsumerConfig } from "../config/client-config.ts";
import type { Dials } from "../dials.ts";
import type { ErrorCode } from "../errors.ts";
import type { TopicPartition } from "../ids.ts";
import type { Completion, NetworkClient } from "../net/network-client.ts";
import type { CoordinatorLocator } from "./coordinator-locator.ts";

/** What a membership of either protocol is made of. */
export interface MembershipOptions {
  readonly host: Host;
  /** The client's node. */
  readonly name: NodeName;
  readonly config: ConsumerConfig;
  readonly dials: Dials;
  readonly groupId: string;
  readonly groupInstanceId: string | null;
  /** For the coordinator alone: a request that waits there keeps no fetch waiting. */
  readonly network: NetworkClient;
  readonly owner: MembershipOwner;
}

/** Whose a commit was. */
export interface Committer {
  readonly memberId: string;
  readonly generation: number;
}

export interface GroupMembership {
  readonly groupId: string;
  /** Empty before it has one. */
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** The generation or member epoch to commit with; -1 while it is no member. */
  readonly generation: number;
  /** On the node's steady clock: by then the application must poll; infinite while it is inside poll(). */
  readonly pollTimeoutAt: Micros;
  /** Where it stands, as it sees it: `STABLE`, `PREPARING_REBALANCE`, `RECONCILING`. */
  readonly memberState: string;
  /** Why a commit would fail before it is sent; NONE if it may be sent. */
  readonly commitRefusal: "NONE" | "REBALANCE_IN_PROGRESS" | "UNKNOWN_MEMBER_ID";
  /**
   * The application is inside poll(), and it is not inside a callback. False: there is still joining to do, so that the consumer
   * neither commits by itself nor looks for missing positions for now.
   */
  poll(): boolean;
  /** poll() has returned records, or a callback has begun: from now until the next {@link poll} `max.poll.interval.ms` runs. */
  onPollReturned(): void;
  /** Answers to JoinGroup, SyncGroup, Heartbeat, LeaveGroup, ConsumerGroupHeartbeat. */
  onCompletion(completion: Completion): void;
  onCoordinatorKnown(): void;
  onMetadataUpdated(): void;
  /**
   * A commit was answered with an error that is about the membership (UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, …). Returns what the
   * application is to be told: another error, if the member has long had a generation other than that of `sent`.
   */
  onCommitRefused(error: ErrorCode, sent: Committer): ErrorCode;
  /** The application's callback has returned, whichever it was. */
  onCallbackReturned(): void;
  /** The commit that {@link MembershipOwner.commitBeforeRebalance} began has ended, one way or another. */
  onCommitBeforeRebalanceEnded(): void;
  /** The application closes the consumer: give up what is owned, say goodbye (unless it is static), then {@link MembershipOwner.onLeft}. */
  close(): void;
}

/** The consumer, as its membership sees it. */
export interface MembershipOwner {
  /** The application's topics. */
  readonly subscription: readonly string[];
  readonly metadata: MetadataUpdater;
  readonly coordinator: CoordinatorLocator;
  /** What this member owns now, by topic in the order of the subscription, then by number. */
  ownedPartitions(): readonly TopicPartition[];
  /**
   * These are given up. From now on they are not fetched; the application's onPartitionsRevoked is called (now or in its next poll()),
   * and they are gone when it returns: then {@link GroupMembership.onCallbackReturned}.
   */
  revoke(partitions: readonly TopicPartition[]): void;
  /** As {@link revoke}, by onPartitionsLost: somebody else may own them already. */
  lose(partitions: readonly TopicPartition[]): void;
  /** These are owned from now on, too; positions come from what the group has committed. Then onPartitionsAssigned. */
  assign(partitions: readonly TopicPartition[]): void;
  /** These will be given up before long. From now on they are neither fetched nor handed over. */
  stopFetching(partitions: readonly TopicPartition[]): void;
  /**
   * Auto-commit of positions, made again while it fails for a passing reason. False: there is nothing to wait for. Called anew, it
   * begins anew; revoke, lose and assign end the waiting.
   */
  commitBeforeRebalance(): boolean;
  /** poll() throws: FencedInstanceIdException, GroupMaxSizeReachedException, … */
  raise(exception: string): void;
  /** poll() has something to do. */
  wakeUp(): void;
  onLeft(): void;
}
