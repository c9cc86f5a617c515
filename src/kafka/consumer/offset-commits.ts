/**
 * The commits of a member: by itself every `auto.commit.interval.ms`, before a rebalance and at the end, or when the application says.
 *
 * What is committed is the offset of the next record. A commit that the application waits for is made again until
 * `default.api.timeout.ms`; any other is sent once. The coordinator does not order commits of one generation: the last
 * one written wins. Source: ConsumerCoordinator (commitOffsetsSync, commitOffsetsAsync, OffsetCommitResponseHandler).
 */
import { assert } from "../../base/assert.ts";
import { type Micros, ms } from "../../base/units.ts";
import type { Host, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { RandomStream } from "../../sim/random.ts";
import { retryBackoff } from "../client/retry-backoff.ts";
import type { ConsumerConfig } from "../config/client-config.ts";
import { type ErrorCode, isRetriable } from "../errors.ts";
import type { CommitOccasion, CommittedOffset, OffsetCommitFailed, OffsetsCommitted } from "../group-events.ts";
import { NONE } from "../ids.ts";
import type { OffsetCommitRequest } from "../messages/group-offsets.ts";
import type { CompletionOf, NetworkClient } from "../net/network-client.ts";
import type { CoordinatorLocator } from "./coordinator-locator.ts";
import type { Committer, GroupMembership } from "./group-membership.ts";

type CommitError = ErrorCode | "TIMEOUT";

/** Known by its identity. */
export interface Commit {
  readonly occasion: CommitOccasion;
  readonly offsets: readonly CommittedOffset[];
}

/** What a request has along: which commit it is for, and whose that was. */
interface CommitContext {
  readonly commit: Commit;
  readonly sent: Committer;
}

interface EndedCommit extends CommitContext {
  readonly error: CommitError;
}

/** The commit that the application waits for. */
interface SyncCommit {
  readonly commit: Commit;
  failures: number;
  state: "waits for the coordinator" | "sent" | "rests";
  retryTimer: TimerId;
  readonly deadlineTimer: TimerId;
}

interface CommitTimer extends Timer {
  readonly kind: "commit.retry" | "commit.timeout" | "commit.before-rebalance";
}

/** Is told how commits end. */
export interface CommitListener {
  /** Of all partitions with a valid position: what poll() has returned lies before. */
  positions(): readonly CommittedOffset[];
  /** The commit of {@link OffsetCommits.commitSync}. */
  onSyncEnded(commit: Commit, error: CommitError): void;
  /** The callback of a commit that the application does not wait for; only where it does not mind being called. */
  onAsyncEnded(commit: Commit, error: CommitError): void;
  /** That of {@link OffsetCommits.beginBeforeRebalance}. */
  onCommitBeforeRebalanceEnded(): void;
  /** poll() has something to do. */
  wakeUp(): void;
  /** The next poll() throws. */
  onFenced(): void;
}

export class OffsetCommits implements TimerTarget {
  private readonly host: Host;
  private readonly name: NodeName;
  private readonly config: ConsumerConfig;
  private readonly network: NetworkClient;
  private readonly coordinator: CoordinatorLocator;
  private readonly membership: GroupMembership;
  private readonly listener: CommitListener;
  private readonly random: RandomStream;
  private sync: SyncCommit | undefined = undefined;
  /** They wait for a coordinator, and fail if it is not found at once. */
  private unsent: Commit[] = [];
  private ended: EndedCommit[] = [];
  private beforeRebalance: Commit | undefined = undefined;
  private beforeRebalanceTimer: TimerId = 0;
  /** It has failed for a passing reason, and rested. */
  private beforeRebalanceDue = false;
  private nextAutoCommit: Micros;
  /** The last one that it has made by itself, as long as it is unanswered. */
  private autoCommit: Commit | undefined = undefined;

  constructor(options: {
    readonly host: Host;
    readonly name: NodeName;
    readonly config: ConsumerConfig;
    readonly network: NetworkClient;
    readonly coordinator: CoordinatorLocator;
    readonly membership: GroupMembership;
    readonly listener: CommitListener;
  }) {
    this.host = options.host;
    this.name = options.name;
    this.config = options.config;
    this.network = options.network;
    this.coordinator = options.coordinator;
    this.membership = options.membership;
    this.listener = options.listener;
    this.random = options.host.random("commit-retry");
    this.nextAutoCommit = options.host.steadyNow() + ms(options.config["auto.commit.interval.ms"]);
  }

  get autoCommits(): boolean {
    return this.config["enable.auto.commit"];
  }

  /** The application waits for a commit. */
  get syncPending(): boolean {
    return this.sync !== undefined;
  }

  /** How long until the consumer has to commit by itself; infinite if it never does. */
  get autoCommitDueIn(): Micros {
    return this.autoCommits ? this.nextAutoCommit - this.host.steadyNow() : Number.POSITIVE_INFINITY;
  }

  /** A new assignment: the interval begins anew. */
  resetAutoCommitTimer(): void {
    this.nextAutoCommit = this.host.steadyNow() + ms(this.config["auto.commit.interval.ms"]);
  }

  /** Within poll(). A member of KIP-848 waits until the one before is answered. Source: CommitRequestManager.AutoCommitState. */
  autoCommitIfDue(): void {
    if (this.autoCommitDueIn > 0) return;
    if (this.autoCommit !== undefined && this.config["group.protocol"] === "consumer") return;
    this.resetAutoCommitTimer();
    const commit: Commit = { occasion: "auto", offsets: this.listener.positions() };
    this.autoCommit = commit;
    this.commitAsync(commit);
  }

  commitSync(commit: Commit, timeout: Micros): void {
    assert(this.sync === undefined, `${this.name} commits while it waits for a commit`);
    if (commit.offsets.length === 0) {
      this.listener.onSyncEnded(commit, "NONE");
      return;
    }
    const timer: CommitTimer = { kind: "commit.timeout", target: this };
    const deadlineTimer = this.host.setTimer(timeout, timer);
    this.sync = { commit, failures: 0, state: "rests", retryTimer: 0, deadlineTimer };
    this.trySync(this.sync);
  }

  commitAsync(commit: Commit): void {
    if (commit.offsets.length === 0) this.end({ commit, sent: this.committer(), error: "NONE" });
    else if (this.coordinator.node !== undefined) this.send(this.coordinator.node, commit);
    else {
      this.unsent.push(commit);
      this.coordinator.lookUp();
    }
  }

  /** False if there is nothing to wait for. An earlier one that has not ended is waited for no longer. */
  beginBeforeRebalance(): boolean {
    this.abandonBeforeRebalance();
    const offsets = this.autoCommits ? this.listener.positions() : [];
    if (offsets.length === 0) return false;
    const commit: Commit = { occasion: "before-rebalance", offsets };
    this.beforeRebalance = commit;
    this.commitAsync(commit);
    return this.beforeRebalance === commit;
  }

  /** The rebalance goes on without it. */
  abandonBeforeRebalance(): void {
    this.beforeRebalance = undefined;
    this.beforeRebalanceDue = false;
    this.host.cancelTimer(this.beforeRebalanceTimer);
    this.beforeRebalanceTimer = 0;
  }

  /** Within poll(), since the positions go as far as what was returned: between two of them that is still being worked on (KAFKA-18641). */
  retryBeforeRebalanceIfDue(): void {
    if (this.beforeRebalanceDue && !this.beginBeforeRebalance()) this.listener.onCommitBeforeRebalanceEnded();
  }

  /** Calls the callbacks of commits that have ended meanwhile. */
  tellEnded(): void {
    const { ended } = this;
    if (ended.length === 0) return;
    this.ended = [];
    for (const { commit, sent, error } of ended) {
      this.report(commit, sent, error);
      this.listener.onAsyncEnded(commit, error);
    }
  }

  onCoordinatorKnown(): void {
    const node = this.coordinator.node;
    if (node === undefined) return;
    const { unsent } = this;
    this.unsent = [];
    for (const commit of unsent) this.send(node, commit);
    if (this.sync?.state === "waits for the coordinator") this.trySync(this.sync);
  }

  onLookupFailed(error: ErrorCode): void {
    const { unsent } = this;
    this.unsent = [];
    for (const commit of unsent) this.end({ commit, sent: this.committer(), error });
  }

  onOffsetCommit({ context, response, error }: CompletionOf<"OffsetCommit">): void {
    const { commit, sent } = context as CommitContext;
    const refusal = response?.topics
      .flatMap(({ partitions }) => partitions)
      .find(({ errorCode }) => errorCode !== "NONE")?.errorCode;
    const outcome = response === undefined ? (error ?? "NETWORK_EXCEPTION") : (refusal ?? "NONE");
    this.end({ commit, sent, error: this.judge(outcome, sent) });
  }

  onTimer(timer: Timer): void {
    const { kind } = timer as CommitTimer;
    if (kind === "commit.before-rebalance") {
      this.beforeRebalanceDue = true;
      this.listener.wakeUp();
      return;
    }
    const { sync } = this;
    if (sync === undefined) return;
    if (kind === "commit.timeout") this.endSync(sync, this.committer(), "TIMEOUT");
    else {
      sync.retryTimer = 0;
      this.trySync(sync);
    }
  }

  private trySync(sync: SyncCommit): void {
    const { node } = this.coordinator;
    if (node === undefined) {
      sync.state = "waits for the coordinator";
      this.coordinator.lookUp();
    } else {
      sync.state = "sent";
      this.send(node, sync.commit);
    }
  }

  private committer(): Committer {
    const { memberId, generation } = this.membership;
    return { memberId, generation };
  }

  private send(node: NodeName, commit: Commit): void {
    const sent = this.committer();
    const refusal = this.membership.commitRefusal;
    if (refusal !== "NONE") {
      this.end({ commit, sent, error: refusal });
      return;
    }
    const byTopic = new Map<string, OffsetCommitRequest["topics"][number]["partitions"][number][]>();
    for (const { topic, partition, offset, leaderEpoch } of commit.offsets) {
      const partitions = byTopic.get(topic) ?? [];
      byTopic.set(topic, partitions);
      partitions.push({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch,
        committedMetadata: "",
      });
    }
    const { groupId, groupInstanceId } = this.membership;
    const topics = [...byTopic].map(([name, partitions]) => ({ name, partitions }));
    const { memberId, generation: generationIdOrMemberEpoch } = sent;
    const body: OffsetCommitRequest = { groupId, memberId, generationIdOrMemberEpoch, groupInstanceId, topics };
    const context: CommitContext = { commit, sent };
    this.network.send(node, "OffsetCommit", body, context);
  }

  /** What an answer means for the commit, and what else follows from it. */
  private judge(error: ErrorCode, sent: Committer): ErrorCode {
    switch (error) {
      case "COORDINATOR_NOT_AVAILABLE":
      case "NOT_COORDINATOR":
      case "REQUEST_TIMED_OUT":
        this.coordinator.markUnknown(error);
        return error;
      case "FENCED_INSTANCE_ID":
      case "REBALANCE_IN_PROGRESS":
      case "UNKNOWN_MEMBER_ID":
      case "ILLEGAL_GENERATION":
      case "STALE_MEMBER_EPOCH":
      case "FENCED_MEMBER_EPOCH":
        return this.membership.onCommitRefused(error, sent);
      default:
        return error;
    }
  }

  private end(ended: EndedCommit): void {
    const { commit, sent, error } = ended;
    if (commit === this.autoCommit) this.autoCommit = undefined;
    const retriable = error !== "TIMEOUT" && isRetriable(error);
    switch (commit.occasion) {
      case "sync":
      case "close":
        this.onSyncAnswer(commit, sent, error, retriable);
        return;
      case "async":
        this.ended.push(ended);
        if (error === "FENCED_INSTANCE_ID") this.listener.onFenced();
        return;
      default:
        this.report(commit, sent, error);
        if (error === "FENCED_INSTANCE_ID") this.listener.onFenced();
        if (commit.occasion === "before-rebalance") this.onBeforeRebalanceAnswer(commit, this.mayPass(error, retriable));
        else if (retriable) this.nextAutoCommit = this.host.steadyNow() + ms(this.config["retry.backoff.ms"]);
    }
  }

  /**
   * KIP-848: a member whose epoch was out of date has a newer one by now, or soon; and a topic that is gone would keep the revocation waiting
   * until the member is thrown out. Source: CommitRequestManager.autoCommitSyncBeforeRebalanceWithRetries.
   */
  private mayPass(error: CommitError, retriable: boolean): boolean {
    if (error === "STALE_MEMBER_EPOCH") return this.membership.generation !== NONE;
    return retriable && (error !== "UNKNOWN_TOPIC_OR_PARTITION" || this.config["group.protocol"] !== "consumer");
  }

  private onSyncAnswer(commit: Commit, sent: Committer, error: CommitError, retriable: boolean): void {
    const { sync } = this;
    if (sync === undefined || sync.commit !== commit) return;
    if (!retriable) {
      this.endSync(sync, sent, error);
      return;
    }
    sync.state = "rests";
    const timer: CommitTimer = { kind: "commit.retry", target: this };
    sync.retryTimer = this.host.setTimer(retryBackoff(this.config, sync.failures++, this.random), timer);
  }

  private endSync(sync: SyncCommit, sent: Committer, error: CommitError): void {
    this.sync = undefined;
    this.host.cancelTimer(sync.retryTimer);
    this.host.cancelTimer(sync.deadlineTimer);
    // Callbacks come in the order in which commits were made.
    this.tellEnded();
    this.report(sync.commit, sent, error);
    this.listener.onSyncEnded(sync.commit, error);
  }

  private onBeforeRebalanceAnswer(commit: Commit, retriable: boolean): void {
    if (this.beforeRebalance !== commit) return;
    if (retriable) {
      const timer: CommitTimer = { kind: "commit.before-rebalance", target: this };
      this.beforeRebalanceTimer = this.host.setTimer(ms(this.config["retry.backoff.ms"]), timer);
      return;
    }
    this.beforeRebalance = undefined;
    this.listener.onCommitBeforeRebalanceEnded();
  }

  private report({ occasion, offsets }: Commit, { memberId, generation }: Committer, error: CommitError): void {
    if (offsets.length === 0) return;
    const who = { group: this.membership.groupId, client: this.name, member: memberId, generation, occasion };
    const event: OffsetsCommitted | OffsetCommitFailed =
      error === "NONE" ? { kind: "OffsetsCommitted", ...who, offsets } : { kind: "OffsetCommitFailed", ...who, error, offsets };
    this.host.emit(event);
  }
}
