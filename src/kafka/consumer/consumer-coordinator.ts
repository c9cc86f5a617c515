/**
 * The consumer's side of its group: membership, commits, where the group has got to, and the callbacks that tell the application.
 *
 * Answers are taken in when they arrive, but joining, callbacks, commits by itself and new positions wait for poll(). While a
 * callback, or a commit that the application waits for, has not ended, poll() does nothing. Source: ConsumerCoordinator,
 * ConsumerRebalanceListenerInvoker.
 */
import { assert } from "../../base/assert.ts";
import { type Micros, ms } from "../../base/units.ts";
import type { Host, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { MetadataUpdater } from "../client/metadata-updater.ts";
import type { ConsumerConfig } from "../config/client-config.ts";
import type { Dials } from "../dials.ts";
import type { ErrorCode } from "../errors.ts";
import type { CommittedOffset, PartitionsAssigned, PartitionsLost, PartitionsRevoked } from "../group-events.ts";
import { NONE, partitionName, type TopicPartition } from "../ids.ts";
import { type Completion, type CompletionHandler, NetworkClient } from "../net/network-client.ts";
import type { ConsumerApplication, RebalanceCallback } from "./application.ts";
import { ClassicMembership } from "./classic-membership.ts";
import { exceptionFor } from "./classic-protocol.ts";
import { CommittedOffsets } from "./committed-offsets.ts";
import { ConsumerMembership } from "./consumer-membership.ts";
import { type CoordinatorListener, CoordinatorLookup } from "./coordinator-lookup.ts";
import { epochToCommit } from "./fetch-position.ts";
import type { GroupMembership, MembershipOwner } from "./group-membership.ts";
import { type Commit, type CommitListener, OffsetCommits } from "./offset-commits.ts";
import type { OffsetFetcher } from "./offset-fetcher.ts";
import type { GroupSubscription, SubscriptionState } from "./subscription-state.ts";

/** The consumer around it. */
export interface GroupConsumer {
  /** poll() would do something now. */
  wakeUp(): void;
}

interface Callback {
  readonly name: RebalanceCallback;
  readonly partitions: readonly TopicPartition[];
}

/** An exception. */
interface PollFailure {
  readonly name: string;
  readonly detail: string;
}

/** What the application waits for when it closes: a last commit, then the goodbye. */
type Closing = "no" | "committing" | "leaving" | "closed";

export class ConsumerCoordinator implements MembershipOwner, CommitListener, CoordinatorListener, CompletionHandler, TimerTarget {
  readonly subscription: readonly string[];
  readonly metadata: MetadataUpdater;
  readonly coordinator: CoordinatorLookup;
  readonly membership: GroupMembership;
  private readonly host: Host;
  private readonly name: NodeName;
  private readonly config: ConsumerConfig;
  private readonly dials: Dials;
  private readonly subscriptions: SubscriptionState;
  private readonly application: ConsumerApplication;
  private readonly consumer: GroupConsumer;
  private readonly commits: OffsetCommits;
  private readonly committedOffsets: CommittedOffsets;
  private callback: Callback | undefined = undefined;
  /** What the next poll() throws. */
  private failure: PollFailure | undefined = undefined;
  /** The application is inside poll(), or inside close(). */
  private inside = false;
  /** Answers that Kafka takes in within poll() only. */
  private deferred: Completion[] = [];
  private closing: Closing = "no";
  private closeBy: Micros = 0;
  private closeTimer: TimerId = 0;

  constructor(options: {
    readonly host: Host;
    readonly name: NodeName;
    readonly config: ConsumerConfig;
    readonly dials: Dials;
    readonly group: GroupSubscription;
    readonly network: NetworkClient;
    readonly metadata: MetadataUpdater;
    readonly subscriptions: SubscriptionState;
    readonly offsetFetcher: OffsetFetcher;
    readonly application: ConsumerApplication;
    readonly consumer: GroupConsumer;
  }) {
    const { host, name, config, dials, group, metadata, offsetFetcher } = options;
    const { groupId, groupInstanceId } = group;
    this.subscription = group.topics;
    this.metadata = metadata;
    this.host = host;
    this.name = name;
    this.config = config;
    this.dials = dials;
    this.subscriptions = options.subscriptions;
    this.application = options.application;
    this.consumer = options.consumer;
    const network = new NetworkClient(host, config, config["request.timeout.ms"], this);
    const lookup = { host, config, groupId, network: options.network, coordinatorNetwork: network, metadata };
    const coordinator = new CoordinatorLookup({ ...lookup, listener: this });
    this.coordinator = coordinator;
    const parts = { host, name, config, dials, groupId, groupInstanceId, network, owner: this };
    const isConsumerProtocol = config["group.protocol"] === "consumer";
    const membership = isConsumerProtocol ? new ConsumerMembership(parts) : new ClassicMembership(parts);
    this.membership = membership;
    const shared = { host, name, config, network, coordinator, membership };
    this.commits = new OffsetCommits({ ...shared, listener: this });
    this.committedOffsets = new CommittedOffsets({ ...shared, offsetFetcher, listener: this });
  }

  /** A callback, or a commit that the application waits for, has not ended. */
  get isBlocked(): boolean {
    return this.callback !== undefined || this.commits.syncPending;
  }

  /** How long until poll() has something to do even if nothing arrives. */
  get dueIn(): Micros {
    return this.commits.autoCommitDueIn;
  }

  /** Within poll(). False: positions are neither validated nor looked for now. */
  poll(): boolean {
    this.inside = true;
    const { deferred } = this;
    this.deferred = [];
    for (const completion of deferred) this.onCompletion(completion);
    this.commits.tellEnded();
    this.commits.retryBeforeRebalanceIfDue();
    if (this.failure !== undefined || !this.membership.poll() || this.isBlocked) return false;
    this.commits.autoCommitIfDue();
    return true;
  }

  /** Asks for what the group has committed where that is needed. False: it is not known yet, and no position is reset before. */
  initWithCommittedOffsetsIfNeeded(): boolean {
    return this.committedOffsets.askIfNeeded(this.subscriptions.unsettled);
  }

  /** What poll() throws, if it throws. */
  takeFailure(): PollFailure | undefined {
    const { failure } = this;
    this.failure = undefined;
    return failure;
  }

  /** With records, or by throwing. */
  onPollReturned(): void {
    this.inside = false;
    this.membership.onPollReturned();
  }

  onMetadataUpdated(): void {
    this.membership.onMetadataUpdated();
  }

  commitSync(offsets: readonly CommittedOffset[] | null): void {
    this.commits.tellEnded();
    const timeout = ms(this.config["default.api.timeout.ms"]);
    this.commits.commitSync({ occasion: "sync", offsets: offsets ?? this.positions() }, timeout);
  }

  commitAsync(offsets: readonly CommittedOffset[] | null): void {
    this.commits.tellEnded();
    this.commits.commitAsync({ occasion: "async", offsets: offsets ?? this.positions() });
  }

  callbackReturned(): void {
    const { callback } = this;
    assert(callback !== undefined, "a callback that was never called has returned");
    const { name, partitions } = callback;
    this.callback = undefined;
    if (name === "onPartitionsAssigned") this.subscriptions.onAssignedCallbackReturned(partitions);
    else for (const partition of partitions) this.subscriptions.unassign(partition);
    if (name === "onPartitionsRevoked") this.report("PartitionsRevoked", partitions, this.ownedPartitions());
    this.membership.onCallbackReturned();
    this.consumer.wakeUp();
  }

  /** Waits for `request.timeout.ms` at most. */
  close(): void {
    this.inside = true;
    this.closing = "committing";
    const timeout = ms(this.config["request.timeout.ms"]);
    this.closeBy = this.host.steadyNow() + timeout;
    const offsets = this.commits.autoCommits ? this.positions() : [];
    this.commits.commitSync({ occasion: "close", offsets }, timeout);
  }

  onTimer(_timer: Timer): void {
    this.finishClose();
  }

  // ---- what arrives ----

  onCompletion(completion: Completion): void {
    switch (completion.api) {
      case "FindCoordinator":
        this.coordinator.onFindCoordinator(completion);
        break;
      case "OffsetCommit":
        this.commits.onOffsetCommit(completion);
        break;
      case "JoinGroup":
      case "OffsetFetch":
        if (this.inside && !this.isBlocked) this.takeIn(completion);
        else this.deferred.push(completion);
        break;
      default:
        this.membership.onCompletion(completion);
    }
    this.consumer.wakeUp();
  }

  onConnectivity(peer: NodeName, change: "ready" | "lost" | "available"): void {
    if (change === "lost") {
      this.coordinator.onDisconnected(peer);
      // The heartbeat thread looks for it even while the application works.
      if (this.membership.generation !== NONE) this.coordinator.lookUp();
    }
    this.metadata.onConnectivity(change);
    if (change !== "ready") this.consumer.wakeUp();
  }

  onCoordinatorKnown(): void {
    this.membership.onCoordinatorKnown();
    this.commits.onCoordinatorKnown();
  }

  onLookupFailed(error: ErrorCode, fatal: boolean): void {
    if (fatal) this.raise(exceptionFor(error));
    this.commits.onLookupFailed(error);
  }

  // ---- how commits end ----

  positions(): readonly CommittedOffset[] {
    const positions: CommittedOffset[] = [];
    for (const { topic, partition, state, position } of this.subscriptions.assigned()) {
      if (state !== "FETCHING" || position === undefined) continue;
      positions.push({ topic, partition, offset: position.offset, leaderEpoch: epochToCommit(position, this.dials) });
    }
    return positions;
  }

  onSyncEnded({ occasion, offsets }: Commit, error: ErrorCode | "TIMEOUT"): void {
    if (occasion !== "close") this.application.onCommitEnded(occasion, offsets, error);
    else if (this.closing === "committing") this.leave();
    this.consumer.wakeUp();
  }

  onAsyncEnded({ occasion, offsets }: Commit, error: ErrorCode | "TIMEOUT"): void {
    this.application.onCommitEnded(occasion, offsets, error);
  }

  onCommitBeforeRebalanceEnded(): void {
    this.membership.onCommitBeforeRebalanceEnded();
    this.consumer.wakeUp();
  }

  onFenced(): void {
    this.raise(exceptionFor("FENCED_INSTANCE_ID"));
  }

  // ---- what the membership asks for ----

  ownedPartitions(): readonly TopicPartition[] {
    return this.subscriptions.owned();
  }

  revoke(partitions: readonly TopicPartition[]): void {
    this.giveUp("onPartitionsRevoked", partitions);
  }

  lose(partitions: readonly TopicPartition[]): void {
    const lost = new Set(partitions.map(({ topic, partition }) => partitionName(topic, partition)));
    const kept = this.ownedPartitions().filter(({ topic, partition }) => !lost.has(partitionName(topic, partition)));
    this.report("PartitionsLost", partitions, kept);
    this.giveUp("onPartitionsLost", partitions);
  }

  assign(partitions: readonly TopicPartition[]): void {
    this.commits.abandonBeforeRebalance();
    this.commits.resetAutoCommitTimer();
    this.subscriptions.assignFromGroup(partitions);
    this.report("PartitionsAssigned", partitions, this.ownedPartitions());
    this.call("onPartitionsAssigned", partitions);
  }

  stopFetching(partitions: readonly TopicPartition[]): void {
    this.subscriptions.markPendingRevocation(partitions);
  }

  commitBeforeRebalance(): boolean {
    return this.commits.beginBeforeRebalance();
  }

  raise(name: string, detail = `group ${this.membership.groupId}`): void {
    this.failure ??= { name, detail };
    this.consumer.wakeUp();
  }

  wakeUp(): void {
    this.consumer.wakeUp();
  }

  onLeft(): void {
    this.finishClose();
  }

  private takeIn(completion: Completion): void {
    if (completion.api === "OffsetFetch") this.committedOffsets.onOffsetFetch(completion);
    else this.membership.onCompletion(completion);
  }

  private giveUp(callback: RebalanceCallback, partitions: readonly TopicPartition[]): void {
    this.commits.abandonBeforeRebalance();
    this.subscriptions.markPendingRevocation(partitions);
    this.call(callback, partitions);
  }

  private call(name: RebalanceCallback, partitions: readonly TopicPartition[]): void {
    const callback = { name, partitions };
    this.callback = callback;
    this.application.onRebalance(name, partitions);
    // It takes time: `max.poll.interval.ms` runs meanwhile.
    if (this.callback === callback) this.membership.onPollReturned();
  }

  private leave(): void {
    this.closing = "leaving";
    const timer: Timer = { kind: "consumer.close", target: this };
    this.closeTimer = this.host.setTimer(Math.max(0, this.closeBy - this.host.steadyNow()), timer);
    this.membership.close();
  }

  private finishClose(): void {
    if (this.callback !== undefined) return;
    if (this.closing === "no" || this.closing === "closed") return;
    this.closing = "closed";
    this.host.cancelTimer(this.closeTimer);
    this.application.onClosed();
  }

  private report(
    kind: (PartitionsAssigned | PartitionsRevoked | PartitionsLost)["kind"],
    partitions: readonly TopicPartition[],
    owned: readonly TopicPartition[],
  ): void {
    const { groupId: group, memberId: member, generation } = this.membership;
    const event: PartitionsAssigned | PartitionsRevoked | PartitionsLost = {
      kind,
      group,
      client: this.name,
      member,
      generation,
      partitions,
      owned,
    };
    this.host.emit(event);
  }
}
