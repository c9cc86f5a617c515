/**
 * A member of a classic group: it joins within poll(), gives up and takes over partitions, and assigns if it is the leader.
 *
 * With an eager assignor everything is given up before the member joins. With cooperative ones only (KIP-429) it keeps what it has,
 * gives up what a new assignment takes from it, and then joins again at once, so that others can be given it. Who has lost its
 * membership has lost its partitions, and hears so in its next poll(). Source: ConsumerCoordinator, AbstractCoordinator.joinGroupIfNeeded.
 */
import { type Micros, ms } from "../../base/units.ts";
import type { Host, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import { type ErrorCode, isRetriable } from "../errors.ts";
import { NONE, partitionName, type TopicPartition } from "../ids.ts";
import type { ConsumerAssignment, ConsumerSubscription, JoinGroupRequest, JoinGroupResponse } from "../messages/groups.ts";
import type { Completion } from "../net/network-client.ts";
import { ClassicProtocol, exceptionFor, type ProtocolOwner } from "./classic-protocol.ts";
import { assignorOf, GroupLeader } from "./group-leader.ts";
import type { Committer, GroupMembership, MembershipOptions, MembershipOwner } from "./group-membership.ts";

/** What a rebalance waits for: a commit, or one of the application's callbacks. */
type Step =
  | { readonly kind: "none" }
  | { readonly kind: "commit" }
  /** Before joining. */
  | { readonly kind: "give-up" }
  /** A cooperative assignment has taken something away; `added` comes after. */
  | { readonly kind: "give-up-moved"; readonly added: readonly TopicPartition[] }
  | { readonly kind: "take" }
  | { readonly kind: "close" };

const NO_STEP: Step = Object.freeze({ kind: "none" });
const COMMIT: Step = Object.freeze({ kind: "commit" });
const GIVE_UP: Step = Object.freeze({ kind: "give-up" });
const TAKE: Step = Object.freeze({ kind: "take" });
const CLOSE: Step = Object.freeze({ kind: "close" });

/** The errors of JoinGroup and SyncGroup after which a member joins again at once. */
const REJOIN_AT_ONCE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "UNKNOWN_MEMBER_ID",
  "ILLEGAL_GENERATION",
  "REBALANCE_IN_PROGRESS",
  "MEMBER_ID_REQUIRED",
]);

interface RebalanceTimer extends Timer {
  readonly kind: "group.rejoin" | "group.join-prepare";
}

export class ClassicMembership implements GroupMembership, ProtocolOwner, TimerTarget {
  readonly groupId: string;
  readonly groupInstanceId: string | null;
  private readonly host: Host;
  private readonly options: MembershipOptions;
  private readonly owner: MembershipOwner;
  private readonly protocol: ClassicProtocol;
  private readonly leader: GroupLeader;
  private readonly assignorNames: readonly string[];
  private readonly isCooperative: boolean;
  private step: Step = NO_STEP;
  private commitEnded = false;
  /** Running while the member prepares to join: then it joins even if its commit has not ended. */
  private joinPrepareTimer: TimerId = 0;
  private joinPrepareExpired = false;
  /** Running: the last attempt has failed, and the next one has to wait. */
  private rejoinTimer: TimerId = 0;
  /** What a sticky assignor remembers: the last assignment, even if it was lost since. */
  private lastAssignment: Pick<ConsumerSubscription, "ownedPartitions" | "generationId"> = {
    ownedPartitions: [],
    generationId: NONE,
  };

  constructor(options: MembershipOptions) {
    this.host = options.host;
    this.options = options;
    this.owner = options.owner;
    this.groupId = options.groupId;
    this.groupInstanceId = options.groupInstanceId;
    this.assignorNames = options.config["partition.assignment.strategy"].split(",").map((name) => name.trim());
    this.isCooperative = this.assignorNames.every((name) => assignorOf(name).rebalanceProtocol === "COOPERATIVE");
    this.protocol = new ClassicProtocol(options, this);
    this.leader = new GroupLeader(options, this.protocol);
  }

  get memberId(): string {
    return this.protocol.generation.memberId;
  }

  get generation(): number {
    return this.protocol.generation.generation;
  }

  get pollTimeoutAt(): Micros {
    return this.protocol.heartbeat.pollTimeoutAt;
  }

  get memberState(): string {
    return this.protocol.state;
  }

  get commitRefusal(): "NONE" | "REBALANCE_IN_PROGRESS" | "UNKNOWN_MEMBER_ID" {
    if (this.protocol.state === "STABLE") return "NONE";
    return this.protocol.rebalanceInProgress ? "REBALANCE_IN_PROGRESS" : "UNKNOWN_MEMBER_ID";
  }

  poll(): boolean {
    this.protocol.heartbeat.onPoll();
    if (!this.coordinatorKnown()) return false;
    while (this.rejoinNeededOrPending()) {
      if (!this.coordinatorKnown() || this.rejoinTimer !== 0) return false;
      if (!this.prepared() || !this.joined()) return false;
    }
    return true;
  }

  onPollReturned(): void {
    this.protocol.heartbeat.onPollReturned();
  }

  onCompletion(completion: Completion): void {
    switch (completion.api) {
      case "JoinGroup":
        this.protocol.onJoinGroup(completion);
        return;
      case "SyncGroup":
        this.protocol.onSyncGroup(completion);
        return;
      case "Heartbeat":
        this.protocol.onHeartbeat(completion);
        return;
      case "LeaveGroup":
        if (completion.context === "closed") this.owner.onLeft();
        return;
      default:
    }
  }

  onCoordinatorKnown(): void {
    this.protocol.heartbeat.onCoordinatorKnown();
  }

  onMetadataUpdated(): void {
    this.leader.onMetadataUpdated();
  }

  onCommitRefused(error: ErrorCode, sent: Committer): ErrorCode {
    return this.protocol.onCommitRefused(error, sent);
  }

  onCommitBeforeRebalanceEnded(): void {
    this.commitEnded = true;
  }

  onCallbackReturned(): void {
    const { step } = this;
    this.step = NO_STEP;
    switch (step.kind) {
      case "give-up":
        this.endPreparation();
        return;
      case "give-up-moved":
        this.take(step.added);
        return;
      case "take":
        this.endJoining();
        return;
      case "close":
        this.leave();
        return;
      case "none":
      case "commit":
    }
  }

  /** Source: AbstractCoordinator.close, ConsumerCoordinator.onLeavePrepare. */
  close(): void {
    this.protocol.heartbeat.disable();
    this.host.cancelTimer(this.rejoinTimer);
    this.host.cancelTimer(this.joinPrepareTimer);
    const owned = this.owner.ownedPartitions();
    this.step = CLOSE;
    if (owned.length === 0) this.leave();
    else if (this.generation === NONE || this.protocol.rebalanceInProgress) this.owner.lose(owned);
    else this.owner.revoke(owned);
  }

  subscriptions(): JoinGroupRequest["protocols"] {
    const topics = this.owner.subscription;
    const rack = this.options.config["client.rack"];
    const claims = { ownedPartitions: this.owner.ownedPartitions(), generationId: this.generation };
    return this.assignorNames.map((name) => {
      // An eager member owns nothing when it joins; what the sticky assignor knows of before, it remembers itself.
      const owned = name === "sticky" ? this.lastAssignment : claims;
      return { name, metadata: { topics, ...owned, rackId: rack === "" ? null : rack } };
    });
  }

  onElected(response: JoinGroupResponse): void {
    this.leader.onElected(response);
  }

  raise(exception: string): void {
    this.owner.raise(exception);
  }

  onTimer(timer: Timer): void {
    if ((timer as RebalanceTimer).kind === "group.rejoin") this.rejoinTimer = 0;
    else {
      this.joinPrepareTimer = 0;
      this.joinPrepareExpired = true;
    }
    this.owner.wakeUp();
  }

  private coordinatorKnown(): boolean {
    if (this.owner.coordinator.node !== undefined) return true;
    this.owner.coordinator.lookUp();
    return false;
  }

  private rejoinNeededOrPending(): boolean {
    const { protocol } = this;
    if (protocol.joining.kind !== "none") return true;
    if (!protocol.rejoinNeeded && this.leader.topicsHaveChanged()) protocol.requestRejoin("cached metadata has changed");
    return protocol.rejoinNeeded;
  }

  // ---- before joining ----

  /** Whether all that has to be done before joining has been done. Source: ConsumerCoordinator.onJoinPrepare. */
  private prepared(): boolean {
    const { protocol } = this;
    if (this.step.kind === "none") {
      if (!protocol.needsJoinPrepare) return true;
      protocol.needsJoinPrepare = false;
      this.startJoinPrepareTimer();
      return this.beginCommit() ? false : this.giveUp();
    }
    if (this.commitEnded || this.joinPrepareExpired) return this.giveUp();
    if (this.options.dials["client.trackInflightPreJoinCommit"]) return false;
    // KAFKA-14024: whatever poll() has begun before is forgotten, and it begins anew.
    return this.beginCommit() ? false : this.giveUp();
  }

  /** A commit that takes longer than a rebalance may is not waited for. */
  private startJoinPrepareTimer(): void {
    if (this.joinPrepareTimer !== 0 || this.joinPrepareExpired) return;
    const timer: RebalanceTimer = { kind: "group.join-prepare", target: this };
    this.joinPrepareTimer = this.host.setTimer(ms(this.options.config["max.poll.interval.ms"]), timer);
  }

  /** True if there is a commit to wait for. */
  private beginCommit(): boolean {
    const { config, dials } = this.options;
    // KAFKA-14196: else the application is given records while the commit is under way that it does not cover.
    if (config["enable.auto.commit"] && !this.isCooperative && dials["client.stopFetchingBeforeRevoke"]) {
      this.owner.stopFetching(this.owner.ownedPartitions());
    }
    this.commitEnded = false;
    this.step = COMMIT;
    return this.owner.commitBeforeRebalance();
  }

  /** False as long as the application's callback has not returned. */
  private giveUp(): boolean {
    const owned = this.owner.ownedPartitions();
    const lost = this.generation === NONE || this.memberId === "";
    this.step = NO_STEP;
    if (owned.length === 0 || (this.isCooperative && !lost)) {
      this.endPreparation();
      return true;
    }
    this.step = GIVE_UP;
    if (lost) this.owner.lose(owned);
    else this.owner.revoke(owned);
    return this.callbackHasReturned();
  }

  private callbackHasReturned(): boolean {
    return this.step.kind === "none";
  }

  private endPreparation(): void {
    this.host.cancelTimer(this.joinPrepareTimer);
    this.joinPrepareTimer = 0;
    this.joinPrepareExpired = false;
    this.leader.resign();
  }

  // ---- joining ----

  /** False as long as an answer, or a callback, is waited for. */
  private joined(): boolean {
    const { protocol } = this;
    switch (protocol.joining.kind) {
      case "none":
        protocol.sendJoin();
        return false;
      case "pending":
        return false;
      case "failed":
        return this.onJoinFailed(protocol.joining.error);
      case "assigned":
        return this.complete(protocol.joining.assignment);
    }
  }

  private onJoinFailed(error: ErrorCode): boolean {
    this.protocol.endJoining();
    if (error !== "MEMBER_ID_REQUIRED") this.protocol.requestRejoin(`rebalance failed due to ${error}`);
    if (REJOIN_AT_ONCE.has(error)) return true;
    if (isRetriable(error)) {
      const timer: RebalanceTimer = { kind: "group.rejoin", target: this };
      this.rejoinTimer = this.host.setTimer(ms(this.options.config["retry.backoff.ms"]), timer);
    } else this.owner.raise(exceptionFor(error));
    return false;
  }

  /** Source: ConsumerCoordinator.onJoinComplete. */
  private complete({ assignedPartitions }: ConsumerAssignment): boolean {
    const { protocol, owner } = this;
    if (protocol.state !== "STABLE") {
      protocol.endJoining();
      protocol.reset("UNKNOWN_MEMBER_ID");
      return true;
    }
    this.leader.onJoined();
    if (assignedPartitions.some(({ topic }) => !owner.subscription.includes(topic))) {
      protocol.requestRejoin("received assignment does not match the current subscription");
      this.endJoining();
      return true;
    }
    this.lastAssignment = { ownedPartitions: assignedPartitions, generationId: this.generation };
    const owned = owner.ownedPartitions();
    const added = without(assignedPartitions, owned).sort(byTopicThenNumber);
    const moved = without(owned, assignedPartitions);
    if (moved.length === 0) return this.take(added);
    protocol.requestRejoin("need to revoke partitions and re-join");
    this.step = { kind: "give-up-moved", added };
    owner.revoke(moved);
    return this.callbackHasReturned();
  }

  private take(added: readonly TopicPartition[]): boolean {
    this.step = TAKE;
    this.owner.assign(added);
    return this.callbackHasReturned();
  }

  private endJoining(): void {
    this.protocol.endJoining();
    this.protocol.needsJoinPrepare = true;
  }

  private leave(): void {
    this.step = CLOSE;
    if (!this.protocol.leave("closed")) this.owner.onLeft();
  }
}

function without(partitions: readonly TopicPartition[], others: readonly TopicPartition[]): TopicPartition[] {
  const names = new Set(others.map(({ topic, partition }) => partitionName(topic, partition)));
  return partitions.filter(({ topic, partition }) => !names.has(partitionName(topic, partition)));
}

function byTopicThenNumber(one: TopicPartition, other: TopicPartition): number {
  if (one.topic !== other.topic) return one.topic < other.topic ? -1 : 1;
  return one.partition - other.partition;
}
