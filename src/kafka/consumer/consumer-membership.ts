/**
 * A member of a group of KIP-848 (group.protocol=consumer).
 *
 * It chooses its own id, and says by heartbeats that it lives, what it subscribes to and what it owns. An assignment in an answer is
 * reconciled: auto-commit, onPartitionsRevoked, onPartitionsAssigned, and then an acknowledgement, which is a heartbeat that names
 * what is owned. Heartbeats go on meanwhile, as those of a thread of their own; callbacks, and a reconciliation that has to commit
 * first, wait for poll(). One that is told that it is no member any more gives up what it owns and joins anew with epoch 0.
 *
 * Holds here: a reconciliation ends with the membership that it began in.
 * Source: AbstractMembershipManager, ConsumerMembershipManager, AbstractHeartbeatRequestManager.
 */
import { assert, unreachable } from "../../base/assert.ts";
import { type Micros, ms } from "../../base/units.ts";
import type { Host, NodeName } from "../../sim/host.ts";
import type { ConsumerConfig } from "../config/client-config.ts";
import { randomTopicId } from "../controller/topic-id.ts";
import type { ErrorCode } from "../errors.ts";
import { report } from "../events.ts";
import type { ConsumerLeft } from "../group-events.ts";
import { NONE } from "../ids.ts";
import type { ConsumerGroupHeartbeatResponse } from "../messages/groups.ts";
import type { Completion, CompletionOf, NetworkClient } from "../net/network-client.ts";
import { Alarm, type AlarmListener } from "./alarm.ts";
import { AssignmentReconciler, type Reconciliation } from "./assignment-reconciler.ts";
import { exceptionFor } from "./classic-protocol.ts";
import { ConsumerHeartbeats } from "./consumer-heartbeats.ts";
import type { GroupMembership, MembershipOptions, MembershipOwner } from "./group-membership.ts";
import { type CallbackListener, type MemberCallback, MemberCallbacks } from "./member-callbacks.ts";
import { canTakeAssignment, isLeaving, isNotInGroup, type MemberState, mustHeartbeatNow, permits } from "./member-state.ts";

const JOIN_EPOCH = 0;
const LEAVE_EPOCH = -1;
const LEAVE_STATIC_EPOCH = -2;
const NEVER: Micros = Number.POSITIVE_INFINITY;

export class ConsumerMembership implements GroupMembership, CallbackListener, AlarmListener {
  readonly groupId: string;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** A commit is sent in any state, and the coordinator judges it. */
  readonly commitRefusal = "NONE";
  private readonly host: Host;
  private readonly name: NodeName;
  private readonly config: ConsumerConfig;
  private readonly network: NetworkClient;
  private readonly owner: MembershipOwner;
  private readonly heartbeats: ConsumerHeartbeats;
  private readonly reconciler: AssignmentReconciler;
  private readonly callbacks: MemberCallbacks;
  private state: MemberState = "UNSUBSCRIBED";
  private memberEpoch = JOIN_EPOCH;
  /** Until when the commit before a reconciliation is waited for; infinite if none is. */
  private commitDeadline = NEVER;
  /** The application is inside poll() or close(), or in a callback that was called there. */
  mayCall = false;
  /** Infinite while the application is inside poll(), and not in a callback. */
  pollTimeoutAt = NEVER;
  /** It has left for the application did not poll, and stays STALE until that has polled and given up all. */
  private pollExpired = false;
  private closing = false;
  /** Its goodbye is unanswered. */
  private leaves = false;
  /** Counts its goodbyes: what is answered to anything before is not heard. */
  private term = 0;
  private readonly alarm: Alarm;

  constructor(options: MembershipOptions) {
    this.groupId = options.groupId;
    this.groupInstanceId = options.groupInstanceId;
    this.host = options.host;
    this.name = options.name;
    this.config = options.config;
    this.network = options.network;
    this.owner = options.owner;
    this.memberId = `${options.groupInstanceId ?? options.name}-${randomTopicId(options.host.random("member-id"))}`;
    this.heartbeats = new ConsumerHeartbeats(options.host, options.config);
    this.reconciler = new AssignmentReconciler(options.owner);
    this.callbacks = new MemberCallbacks(options.owner, this);
    this.alarm = new Alarm(options.host, "group.heartbeat", this);
  }

  get generation(): number {
    return this.memberEpoch > 0 ? this.memberEpoch : NONE;
  }

  get memberState(): string {
    return this.state;
  }

  get isMember(): boolean {
    return this.generation !== NONE;
  }

  poll(): boolean {
    this.mayCall = true;
    this.pollTimeoutAt = NEVER;
    this.pollExpired = false;
    this.callbacks.goOn();
    if (this.state === "UNSUBSCRIBED" || (this.state === "STALE" && !this.callbacks.includes("stale"))) this.join();
    this.reconcile(true);
    this.run();
    return true;
  }

  onPollReturned(): void {
    this.mayCall = this.callbacks.isCalling;
    this.pollTimeoutAt = this.host.steadyNow() + ms(this.config["max.poll.interval.ms"]);
    this.run();
  }

  close(): void {
    this.closing = true;
    this.mayCall = true;
    this.abortReconciliation();
    this.callbacks.goOn();
    if (this.state === "FENCED") this.transitionTo("UNSUBSCRIBED");
    else if (!isNotInGroup(this.state)) this.transitionTo("PREPARE_LEAVING");
    this.callbacks.call({ kind: "leaving" });
    this.run();
  }

  onCallbackReturned(): void {
    this.callbacks.onReturned();
    this.run();
  }

  onCommitBeforeRebalanceEnded(): void {
    if (this.commitDeadline === NEVER) return;
    this.afterCommit();
    this.run();
  }

  /** A heartbeat will tell the member what is true. */
  onCommitRefused(error: ErrorCode): ErrorCode {
    return error;
  }

  onCoordinatorKnown(): void {
    this.heartbeats.tellAll();
    this.run();
  }

  onMetadataUpdated(): void {
    this.run();
  }

  onCompletion(completion: Completion): void {
    if (completion.api !== "ConsumerGroupHeartbeat" || completion.context !== this.term) return;
    if (this.leaves) {
      this.leaves = false;
      this.owner.onLeft();
      return;
    }
    this.onHeartbeat(completion);
    this.run();
  }

  private onHeartbeat({ response, error }: CompletionOf<"ConsumerGroupHeartbeat">): void {
    if (response?.errorCode === "NONE") {
      this.heartbeats.onSuccess(response.heartbeatIntervalMs);
      this.onSuccess(response);
      return;
    }
    this.heartbeats.onFailure();
    if (response === undefined) this.owner.coordinator.markUnknown(error ?? "NETWORK_EXCEPTION");
    else this.onError(response.errorCode);
  }

  private onSuccess({ memberEpoch, assignment }: ConsumerGroupHeartbeatResponse): void {
    if (isNotInGroup(this.state)) return;
    const joined = !this.isMember;
    this.memberEpoch = memberEpoch;
    if (joined) this.reportJoined();
    if (assignment === null || !canTakeAssignment(this.state)) return;
    this.reconciler.take(assignment);
    if (!this.reconciler.isDone) this.transitionTo("RECONCILING");
    else if (this.state === "RECONCILING" || this.state === "JOINING") this.transitionTo("STABLE");
  }

  private onError(error: ErrorCode): void {
    switch (error) {
      case "NOT_COORDINATOR":
      case "COORDINATOR_NOT_AVAILABLE":
        this.owner.coordinator.markUnknown(error);
        // As soon as another is known.
        this.heartbeats.reset();
        return;
      case "COORDINATOR_LOAD_IN_PROGRESS":
        return;
      case "FENCED_MEMBER_EPOCH":
      case "UNKNOWN_MEMBER_ID":
        this.heartbeats.reset();
        this.onFenced(error);
        return;
      default:
        this.onFatal(error);
    }
  }

  // ---- the end of a membership ----

  private onFenced(error: ErrorCode): void {
    this.reportLeft(error);
    this.abortReconciliation();
    if (isLeaving(this.state)) {
      this.memberEpoch = this.leaveEpoch;
      this.transitionTo("UNSUBSCRIBED");
      return;
    }
    this.memberEpoch = JOIN_EPOCH;
    this.transitionTo("FENCED");
    this.callbacks.call({ kind: "fenced" });
  }

  private onFatal(error: ErrorCode): void {
    this.reportLeft(error);
    this.abortReconciliation();
    this.memberEpoch = this.leaveEpoch;
    const wasLeaving = isLeaving(this.state);
    this.transitionTo("FATAL");
    this.owner.raise(exceptionFor(error));
    if (!wasLeaving) this.callbacks.call({ kind: "fatal" });
  }

  /** The application has not polled for too long: it leaves, and gives up what it owns when that gets to it. */
  private onPollTimeout(node: NodeName): void {
    this.pollExpired = true;
    this.abortReconciliation();
    this.transitionTo("PREPARE_LEAVING");
    this.sendLeave(node, "max.poll.interval.ms");
    this.transitionTo("STALE");
    // Whatever is answered, it is no member; it may join anew before.
    this.term++;
    this.heartbeats.reset();
    this.callbacks.call({ kind: "stale" });
  }

  private get leaveEpoch(): number {
    return this.groupInstanceId === null ? LEAVE_EPOCH : LEAVE_STATIC_EPOCH;
  }

  private sendLeave(node: NodeName, reason: ConsumerLeft["reason"]): void {
    this.reportLeft(reason);
    this.memberEpoch = this.leaveEpoch;
    this.reconciler.forget();
    this.transitionTo("LEAVING");
    this.term++;
    this.sendHeartbeat(node);
  }

  private join(): void {
    if (this.closing) return;
    this.memberEpoch = JOIN_EPOCH;
    this.reconciler.forget();
    this.transitionTo("JOINING");
  }

  // ---- reconciliation ----

  /** `inPoll`: all that poll() has returned before has been worked on, as far as a consumer can know, and may be committed. */
  private reconcile(inPoll: boolean): void {
    if (this.state !== "RECONCILING") return;
    const next = this.reconciler.next();
    if (next === "acknowledge") this.transitionTo("ACKNOWLEDGING");
    if (next !== "reconcile") return;
    if (this.config["enable.auto.commit"] && !inPoll) {
      this.owner.wakeUp();
      return;
    }
    const { revoked } = this.reconciler.begin();
    // First, so that what is committed is the end of what the application will have got.
    this.owner.stopFetching(revoked);
    if (this.owner.commitBeforeRebalance()) {
      this.commitDeadline = this.host.steadyNow() + ms(this.config["max.poll.interval.ms"]);
    } else this.afterCommit();
  }

  /** Whether it has succeeded or not. */
  private afterCommit(): void {
    const { inProgress } = this.reconciler;
    this.commitDeadline = NEVER;
    if (inProgress !== undefined) this.callbacks.call({ kind: "revoke", reconciliation: inProgress });
  }

  private abortReconciliation(): void {
    this.commitDeadline = NEVER;
    this.reconciler.abort();
  }

  isInProgress(reconciliation: Reconciliation): boolean {
    return this.reconciler.inProgress === reconciliation;
  }

  afterCallback(callback: MemberCallback): void {
    switch (callback.kind) {
      case "revoke":
        if (this.isInProgress(callback.reconciliation)) this.callbacks.call({ ...callback, kind: "assign" });
        return;
      case "assign":
        if (!this.isInProgress(callback.reconciliation)) return;
        this.reconciler.complete(callback.reconciliation);
        this.transitionTo("ACKNOWLEDGING");
        return;
      case "fenced":
      case "stale":
      case "fatal":
        this.reconciler.forget();
        if (this.state === "FENCED" || (this.state === "STALE" && !this.pollExpired)) this.join();
        return;
      case "leaving":
        this.onReleased();
        return;
      default:
        unreachable(callback);
    }
  }

  /** It closes, and nothing is owned any more. The goodbye is sent once; without a coordinator it is not sent at all. */
  private onReleased(): void {
    const { node } = this.owner.coordinator;
    if (this.state === "PREPARE_LEAVING" && node !== undefined) {
      this.sendLeave(node, "closed");
      this.transitionTo("UNSUBSCRIBED");
      this.leaves = true;
      return;
    }
    if (this.state === "PREPARE_LEAVING") {
      this.reportLeft("closed");
      this.memberEpoch = this.leaveEpoch;
      this.transitionTo("UNSUBSCRIBED");
    }
    this.owner.onLeft();
  }

  // ---- heartbeats ----

  onAlarm(): void {
    this.run();
  }

  /** Does what is due, and sets the alarm for what will be. */
  private run(): void {
    if (this.host.steadyNow() >= this.commitDeadline) this.afterCommit();
    if (!isNotInGroup(this.state)) {
      const { coordinator } = this.owner;
      if (coordinator.node === undefined) coordinator.lookUp();
      else this.runHeartbeats(coordinator.node);
    }
    this.reconcile(false);
    this.alarm.set(this.nextAt());
  }

  private runHeartbeats(node: NodeName): void {
    const now = this.host.steadyNow();
    if (now >= this.pollTimeoutAt && !isLeaving(this.state)) {
      this.onPollTimeout(node);
      return;
    }
    if (now < this.heartbeats.dueAt(mustHeartbeatNow(this.state))) return;
    this.sendHeartbeat(node);
    if (this.state !== "ACKNOWLEDGING") return;
    this.transitionTo(this.reconciler.isDone ? "STABLE" : "RECONCILING");
  }

  private sendHeartbeat(node: NodeName): void {
    const { groupId, memberId, memberEpoch, groupInstanceId: instanceId } = this;
    const { subscription } = this.owner;
    const { current } = this.reconciler;
    const member = { subscription, assignment: current, joins: this.state === "JOINING" };
    const request = this.heartbeats.next({ groupId, memberId, memberEpoch, instanceId }, member);
    this.network.send(node, "ConsumerGroupHeartbeat", request, this.term);
  }

  /** Without a coordinator nothing happens before it is known. */
  private nextAt(): Micros {
    const { state, commitDeadline } = this;
    if (isNotInGroup(state) || this.owner.coordinator.node === undefined) return commitDeadline;
    const pollTimeoutAt = isLeaving(state) ? NEVER : this.pollTimeoutAt;
    return Math.min(commitDeadline, pollTimeoutAt, this.heartbeats.dueAt(mustHeartbeatNow(state)));
  }

  private transitionTo(state: MemberState): void {
    assert(permits(this.state, state), `a member goes from ${this.state} to ${state}`);
    this.state = state;
  }

  private get who(): Pick<ConsumerLeft, "group" | "client" | "member" | "generation"> {
    const { groupId: group, name: client, memberId: member, generation } = this;
    return { group, client, member, generation };
  }

  private reportJoined(): void {
    const { groupInstanceId: instanceId } = this;
    report(this.host, { kind: "ConsumerJoined", ...this.who, protocol: "consumer", instanceId, leader: false });
  }

  private reportLeft(reason: ConsumerLeft["reason"]): void {
    if (this.isMember) report(this.host, { kind: "ConsumerLeft", ...this.who, reason });
  }
}
