/**
 * The application around a member's consumer: it polls, works on the records or has workers do so, and commits.
 *
 * One thread polls, commits and is called back. What takes it time is a phase, in which it waits for an event; all that does not is done in
 * steps, one after another. Workers only handle records: the consumer is not for them (it is not safe for several threads).
 * What each commit policy does: handler-spec.ts. Source: the Javadoc of KafkaConsumer and ConsumerRebalanceListener.
 */
import { assert } from "../../base/assert.ts";
import { type Micros, ms } from "../../base/units.ts";
import type { Host, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import { type ErrorCode, isRetriable } from "../errors.ts";
import type { CommitOccasion, CommittedOffset } from "../group-events.ts";
import { type LeaderEpoch, type Offset, partitionName, type TopicPartition } from "../ids.ts";
import type { ConsumerApi, ConsumerApplication, PolledRecords, RebalanceCallback } from "./application.ts";
import type { EffectClient } from "./effect-client.ts";
import type { CommitPolicy, HandlerSpec } from "./handler-spec.ts";
import { type HandedRecords, type HandlerOwner, HandlerThread } from "./handler-thread.ts";
import { NO_TENURE, ProcessedOffsets } from "./processed-offsets.ts";

/**
 * `ready`: it may go on. `polling`: inside poll(); `woken`: there, poll() may have something by now. `handling`: it works on records itself. `committing`: inside commitSync, and then it
 * goes on with `next`. `closing`: inside close().
 */
type Phase =
  | { readonly kind: "ready" | "polling" | "woken" | "handling" | "closing" }
  | { readonly kind: "committing"; readonly next: "ready" | "handling" }
  | { readonly kind: "committing"; readonly next: "hand over"; readonly polled: readonly HandedRecords[] };

const READY: Phase = Object.freeze({ kind: "ready" });
const POLLING: Phase = Object.freeze({ kind: "polling" });
const WOKEN: Phase = Object.freeze({ kind: "woken" });
const HANDLING: Phase = Object.freeze({ kind: "handling" });
const CLOSING: Phase = Object.freeze({ kind: "closing" });
const COMMITTING: Phase = Object.freeze({ kind: "committing", next: "ready" });
const COMMITTING_RECORD: Phase = Object.freeze({ kind: "committing", next: "handling" });

/** onPartitionsRevoked, which takes its time. */
interface Revocation {
  readonly partitions: readonly TopicPartition[];
  committing: boolean;
}

/** What an application gives to poll() while it has something to commit. */
const POLL_TIMEOUT: Micros = ms(100);

/** Those that commit what has been processed. */
const COMMITS_PROCESSED: readonly CommitPolicy[] = ["after-poll", "per-record", "async"];
/** Errors of a commit that say that others own the partitions by now. */
const NO_MEMBER: readonly string[] = ["UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "FENCED_MEMBER_EPOCH"];
/** Errors of a commit that a poll() puts right, or that may pass. */
const PASSING: readonly string[] = ["NONE", "TIMEOUT", "REBALANCE_IN_PROGRESS", "STALE_MEMBER_EPOCH"];

export class MemberApplication implements ConsumerApplication, HandlerOwner, TimerTarget {
  private readonly host: Host;
  private readonly client: NodeName;
  private readonly spec: HandlerSpec;
  private readonly threads: readonly HandlerThread[];
  /** Which thread works on a partition, by its name. */
  private readonly threadOf = new Map<string, HandlerThread>();
  private readonly processed = new ProcessedOffsets();
  private readonly commitsProcessed: boolean;
  private consumer: ConsumerApi | undefined;
  private phase: Phase = READY;
  private revocation: Revocation | undefined;
  private stopping = false;
  private pollTimer: TimerId = 0;
  private stepping = false;

  constructor(options: {
    readonly host: Host;
    readonly client: NodeName;
    readonly spec: HandlerSpec;
    readonly effects: EffectClient | undefined;
  }) {
    const { host, client, spec, effects } = options;
    this.host = host;
    this.client = client;
    this.spec = spec;
    this.commitsProcessed = COMMITS_PROCESSED.includes(spec.commit);
    const count = Math.max(1, spec.workers);
    this.threads = Array.from({ length: count }, () => new HandlerThread({ host, spec, owner: this, effects }));
  }

  get identity(): HandlerOwner["identity"] {
    const { groupId, memberId, generation } = this.api.groupMetadata;
    return { group: groupId, client: this.client, member: memberId, generation };
  }

  /** What the thread that polls is at. */
  get activity(): Phase["kind"] | "revoking" {
    return this.revocation === undefined ? this.phase.kind : "revoking";
  }

  start(consumer: ConsumerApi): void {
    this.consumer = consumer;
    this.proceed();
  }

  /** Finishes what it is just doing, commits as it does, and closes the consumer. */
  stop(): void {
    if (this.stopping) return;
    this.stopping = true;
    // Where a commit covers all that a poll() returned, the rest of it would be lost.
    if (this.commitsProcessed || this.spec.commit === "none") for (const thread of this.threads) thread.finishRecordInHand();
    this.proceed();
  }

  // ---- the consumer calls ----

  onWakeup(): void {
    if (this.phase.kind === "polling") this.phase = WOKEN;
    this.proceed();
  }

  onException(name: string, detail: string): void {
    this.host.exit(`${name}: ${detail}`);
  }

  onRebalance(callback: RebalanceCallback, partitions: readonly TopicPartition[]): void {
    if (callback === "onPartitionsAssigned") {
      this.processed.onAssigned(partitions);
      this.api.callbackReturned();
      return;
    }
    if (!this.spec.finishesLostWork) this.drop(partitions);
    if (callback === "onPartitionsLost") {
      this.processed.onGivenUp(partitions);
      this.api.callbackReturned();
      return;
    }
    const revocation: Revocation = { partitions, committing: false };
    this.revocation = revocation;
    const timer: Timer = { kind: "application.revoke", target: this };
    if (this.spec.onRevokeTakes > 0) this.host.setTimer(this.spec.onRevokeTakes, timer);
    else this.commitOnRevoke(revocation);
  }

  onCommitEnded(occasion: CommitOccasion, offsets: readonly CommittedOffset[], error: ErrorCode | "TIMEOUT"): void {
    if (occasion !== "sync" && occasion !== "async") return;
    if (error === "NONE") this.processed.onCommitted(offsets);
    if (occasion === "async") return;
    if (error !== "NONE" && !NO_MEMBER.includes(error)) this.processed.onNotCommitted(offsets);
    if (this.revocation?.committing) this.returnFromRevoked(this.revocation);
    else if (this.phase.kind === "committing") this.onCommitReturned(this.phase, error);
    this.proceed();
  }

  onClosed(): void {
    this.host.exit("consumer closed");
  }

  // ---- its threads call ----

  onDone({ polled, tenure }: HandedRecords, offset: Offset, leaderEpoch: LeaderEpoch): boolean {
    const { topic, partition } = polled;
    if (this.commitsProcessed) this.processed.advance(tenure, { topic, partition, offset, leaderEpoch });
    return this.spec.commit === "per-record" && this.spec.workers === 0;
  }

  onThreadRan(): void {
    this.armPollTimer();
    this.proceed();
  }

  onTimer(timer: Timer): void {
    if (timer.kind === "application.revoke") {
      if (this.revocation !== undefined) this.commitOnRevoke(this.revocation);
    } else {
      this.pollTimer = 0;
      if (this.phase.kind === "polling" && this.revocation === undefined) this.phase = READY;
    }
    this.proceed();
  }

  // ---- the thread that polls ----

  private get api(): ConsumerApi {
    return this.consumer as ConsumerApi;
  }

  /** Until it has to wait. Called from within a step it does nothing: the step goes on. */
  private proceed(): void {
    if (this.stepping) return;
    this.stepping = true;
    while (this.host.alive && this.revocation === undefined && this.step());
    this.stepping = false;
  }

  /** False: it has to wait. */
  private step(): boolean {
    switch (this.phase.kind) {
      case "ready":
        if (this.stopping) return this.wind();
        return this.commitNew() || this.poll();
      case "woken":
        return this.stopping ? this.wind() : this.poll();
      case "polling":
        if (this.stopping) this.phase = READY;
        return this.stopping;
      case "handling":
        return this.handle();
      case "committing":
      case "closing":
        return false;
    }
  }

  private poll(): boolean {
    this.phase = POLLING;
    const polled = this.api.poll();
    if (polled.length === 0) {
      this.armPollTimer();
      return this.host.alive;
    }
    this.host.cancelTimer(this.pollTimer);
    this.pollTimer = 0;
    const handed = polled.map((each) => this.handed(each));
    if (this.spec.commit === "before") {
      this.phase = { kind: "committing", next: "hand over", polled: handed };
      this.api.commitSync(null);
    } else this.handOver(handed);
    return true;
  }

  private handed(polled: PolledRecords): HandedRecords {
    const { generation } = this.api.groupMetadata;
    const tenure = this.processed.tenureOf(polled);
    assert(tenure !== NO_TENURE, `${this.client} polled ${partitionName(polled.topic, polled.partition)}, which is not its own`);
    return { polled, tenure, token: generation, next: 0, end: polled.records.length };
  }

  private handOver(handed: readonly HandedRecords[]): void {
    this.phase = this.spec.workers === 0 ? HANDLING : READY;
    for (const each of handed) this.threadFor(each.polled).hand(each);
  }

  /** In its own thread. */
  private handle(): boolean {
    const [thread] = this.threads;
    if (thread?.waits) {
      const offsets = this.processed.unsent();
      if (offsets.length === 0) thread.goOn();
      else this.commitSync(offsets, COMMITTING_RECORD);
      return true;
    }
    if (!thread?.idle) return false;
    this.phase = READY;
    return true;
  }

  /** What has been processed since the last commit, as the policy says. */
  private commitNew(): boolean {
    const offsets = this.commitsProcessed ? this.processed.unsent() : [];
    if (offsets.length === 0) return false;
    if (this.spec.commit === "async") {
      this.processed.onSent(offsets);
      this.api.commitAsync(offsets);
    } else this.commitSync(offsets, COMMITTING);
    return true;
  }

  private commitSync(offsets: readonly CommittedOffset[], phase: Phase): void {
    this.phase = phase;
    this.processed.onSent(offsets);
    this.api.commitSync(offsets);
  }

  private onCommitReturned(phase: Phase & { readonly kind: "committing" }, error: ErrorCode | "TIMEOUT"): void {
    // What has failed is tried again, but poll() comes first: it may have to join.
    this.phase = error === "NONE" ? READY : WOKEN;
    if (NO_MEMBER.includes(error)) this.onExpelled();
    else if (!PASSING.includes(error) && !isRetriable(error as ErrorCode)) this.host.exit(`commitSync failed: ${error}`);
    if (phase.next === "handling") {
      this.phase = HANDLING;
      this.threads[0]?.goOn();
    } else if (phase.next === "hand over") {
      if (error === "NONE") this.handOver(phase.polled);
      else if (!NO_MEMBER.includes(error)) this.putBack(phase.polled);
    }
  }

  /** Not committed, so not to be worked on: what is still its own is polled again. */
  private putBack(handed: readonly HandedRecords[]): void {
    for (const { polled, tenure } of handed) {
      const first = polled.offsets[0];
      if (first === undefined || this.processed.tenureOf(polled) !== tenure) continue;
      this.api.seek({ topic: polled.topic, partition: polled.partition }, first);
    }
  }

  /** Others own its partitions by now. Its consumer will say so in the next poll(). */
  private onExpelled(): void {
    const tenures = new Set(this.processed.numbers());
    if (!this.spec.finishesLostWork) for (const thread of this.threads) thread.drop(tenures);
  }

  /** Towards the end: what is in hand, a last commit, and out. */
  private wind(): boolean {
    if (this.threads.some((thread) => !thread.idle)) return false;
    const offsets = this.commitsProcessed ? this.processed.uncommitted() : [];
    // Once: what fails now is left to whoever comes next.
    if (offsets.length > 0) {
      this.commitSync(offsets, COMMITTING);
      this.processed.onCommitted(offsets);
      return true;
    }
    this.phase = CLOSING;
    this.api.close();
    return false;
  }

  // ---- onPartitionsRevoked ----

  private commitOnRevoke(revocation: Revocation): void {
    const offsets = this.spec.commitOnRevoke && this.commitsProcessed ? this.processed.uncommitted() : [];
    if (offsets.length === 0) {
      this.returnFromRevoked(revocation);
      return;
    }
    revocation.committing = true;
    this.processed.onSent(offsets);
    this.api.commitSync(offsets);
  }

  private returnFromRevoked({ partitions }: Revocation): void {
    this.processed.onGivenUp(partitions);
    this.revocation = undefined;
    this.api.callbackReturned();
  }

  private drop(partitions: readonly TopicPartition[]): void {
    const tenures = new Set(partitions.map((partition) => this.processed.tenureOf(partition)));
    for (const thread of this.threads) thread.drop(tenures);
  }

  /** Always the same one. */
  private threadFor({ topic, partition }: TopicPartition): HandlerThread {
    const name = partitionName(topic, partition);
    const thread = this.threadOf.get(name) ?? (this.threads[this.threadOf.size % this.threads.length] as HandlerThread);
    this.threadOf.set(name, thread);
    return thread;
  }

  /** There is something to commit, from workers or from a commit that failed, and nobody knows when poll() will return. */
  private armPollTimer(): void {
    if (this.phase.kind !== "polling" || !this.commitsProcessed || this.pollTimer !== 0) return;
    if (this.processed.unsent().length === 0) return;
    const timer: Timer = { kind: "application.poll-timeout", target: this };
    this.pollTimer = this.host.setTimer(POLL_TIMEOUT, timer);
  }
}
