/**
 * A replica while it leads: it tracks its followers, keeps the in-sync set, and moves the high watermark.
 *
 * Holds here always:
 *   - the leader is a member of its own ISR
 *   - within one leader epoch the high watermark only rises
 *   - what the controller may have committed as ISR is a subset of the maximal ISR
 *
 * Source: Partition (leader side), Replica.
 */
import { type Micros, ms } from "../../base/units.ts";
import type { Dials } from "../dials.ts";
import type { ErrorCode } from "../errors.ts";
import { report } from "../events.ts";
import { type BrokerEpoch, type BrokerId, NONE, type Offset } from "../ids.ts";
import { FollowerState } from "./follower-state.ts";
import { type HighWatermarkView, highWatermarkCandidate } from "./high-watermark.ts";
import {
  committedIsr,
  expanded,
  hasCommittedRecords,
  type IsrState,
  isEligibleForIsr,
  outOfSyncReplicas,
  type PendingIsr,
  shrunk,
} from "./isr.ts";
import type { AlteredPartition, IsrManager, IsrProposer } from "./isr-manager.ts";
import type { LocalReplica } from "./local-replica.ts";
import type { PartitionState } from "./partition-state.ts";
import type { ReplicaContext } from "./replica-context.ts";

export class LeaderReplica implements HighWatermarkView<FollowerState> {
  /** By ascending id. */
  followers: readonly FollowerState[] = [];
  isrState: IsrState = committedIsr([]);
  /** The log end offset when this leader epoch began. */
  epochStartOffset: Offset = NONE;
  readonly lagMax: Micros;
  readonly dials: Dials;
  private readonly replica: LocalReplica;
  private readonly context: ReplicaContext;
  private readonly proposals: IsrManager;
  private readonly proposer: IsrProposer;

  constructor(replica: LocalReplica, proposals: IsrManager, proposer: IsrProposer) {
    this.replica = replica;
    this.context = replica.context;
    this.dials = this.context.dials;
    this.lagMax = ms(this.context.config["replica.lag.time.max.ms"]);
    this.proposals = proposals;
    this.proposer = proposer;
  }

  get leaderEndOffset(): Offset {
    return this.replica.log.logEndOffset;
  }

  get highWatermark(): Offset {
    return this.replica.log.highWatermark;
  }

  /** On the clock that it measures its followers by. */
  get now(): Micros {
    return this.context.host.now();
  }

  /** A topic can't demand more in-sync replicas than it has replicas. Source: Partition.effectiveMinIsr (3.7). */
  get minIsr(): number {
    return Math.min(this.replica.config.minInsyncReplicas, this.followers.length + 1);
  }

  follower(id: BrokerId): FollowerState | undefined {
    for (const follower of this.followers) if (follower.brokerId === id) return follower;
    return undefined;
  }

  isEligible(follower: FollowerState): boolean {
    return isEligibleForIsr(this.context.metadata.broker(follower.brokerId), follower.brokerEpoch, this.dials);
  }

  // ---- taking over ----

  /** This broker leads, with this assignment and ISR. */
  lead(decided: PartitionState, newLeader: boolean): void {
    const { replica } = this;
    const { brokerId, host } = this.context;
    const others = decided.replicas.filter((id) => id !== brokerId).sort((a, b) => a - b);
    this.followers = others.map((id) => this.follower(id) ?? new FollowerState(id));
    const newEpoch = decided.leaderEpoch > replica.leaderEpoch;
    replica.partitionEpoch = decided.partitionEpoch;
    replica.leader = brokerId;
    if (newEpoch) this.beginEpoch(decided, newLeader);
    const state = committedIsr(decided.isr);
    if (!newEpoch) {
      this.become(state);
      return;
    }
    this.isrState = state;
    const { topic, partition, leaderEpoch, partitionEpoch } = replica;
    report(host, {
      kind: "BecameLeader",
      topic,
      partition,
      broker: brokerId,
      leaderEpoch,
      partitionEpoch,
      epochStartOffset: this.epochStartOffset,
      highWatermark: this.highWatermark,
      isr: state.isr,
    });
    this.reportIsr();
  }

  private beginEpoch({ leaderEpoch, isr }: PartitionState, newLeader: boolean): void {
    const { replica, dials } = this;
    const epochStartOffset = this.leaderEndOffset;
    replica.leaderEpoch = leaderEpoch;
    this.epochStartOffset = epochStartOffset;
    // Also when nothing is ever written in this epoch: else a follower could be told of an older one (KAFKA-7415).
    if (dials["replication.persistEpochOnBecomeLeader"]) replica.log.assignEpoch(leaderEpoch, epochStartOffset);
    const now = this.context.host.now();
    for (const follower of this.followers) {
      follower.onNewLeaderEpoch({ now, epochStartOffset, newLeader, inIsr: isr.includes(follower.brokerId) });
    }
  }

  // ---- followers ----

  /** A follower's valid fetch. False if it comes from an incarnation of the broker that is no more (KIP-903). */
  onFollowerFetch(
    follower: FollowerState,
    fetch: { readonly fetchOffset: Offset; readonly logStartOffset: Offset },
    leaderEndOffset: Offset,
    brokerEpoch: BrokerEpoch,
  ): boolean {
    if (this.context.isOfOlderIncarnation({ replicaId: follower.brokerId, replicaEpoch: brokerEpoch })) return false;
    follower.onFetch(fetch.fetchOffset, fetch.logStartOffset, this.context.host.now(), leaderEndOffset, brokerEpoch);
    this.maybeExpandIsr(follower);
    return true;
  }

  /** True if the high watermark rose. */
  maybeIncrementHighWatermark(): boolean {
    const candidate = highWatermarkCandidate(this, this.context.host.now());
    if (candidate <= this.highWatermark) return false;
    this.replica.log.maybeIncrementHighWatermark(candidate);
    return this.replica.reportHighWatermark();
  }

  // ---- the ISR ----

  /** Whether the follower is one that would be added to the ISR as soon as it has earned it. */
  mayExpandIsr({ brokerId }: FollowerState): boolean {
    return this.isrState.kind === "Committed" && !this.isrState.isr.includes(brokerId);
  }

  private maybeExpandIsr(follower: FollowerState): void {
    const { isrState } = this;
    if (isrState.kind !== "Committed" || isrState.isr.includes(follower.brokerId)) return;
    if (!this.isEligible(follower)) return;
    if (!hasCommittedRecords(follower.logEndOffset, this, this.dials["isr.expandRequiresEpochStart"])) return;
    this.propose(expanded(isrState, follower.brokerId));
  }

  /** Drops who has not kept up. Asked every half `replica.lag.time.max.ms`. */
  maybeShrinkIsr(): void {
    const { isrState, followers, leaderEndOffset, lagMax } = this;
    if (isrState.kind !== "Committed") return;
    const { host, brokerId } = this.context;
    const removed = outOfSyncReplicas({
      leader: brokerId,
      state: isrState,
      followers,
      leaderEndOffset,
      now: host.now(),
      lagMax,
    });
    if (removed.length > 0) this.propose(shrunk(isrState, removed));
  }

  /** Unless an older proposal of this partition, which new metadata has overtaken, still waits for its answer. */
  private propose(pending: PendingIsr): void {
    if (this.proposals.hasProposalOf(this.proposer)) return;
    const { topic, partition, leaderEpoch, partitionEpoch } = this.replica;
    const { host, brokerId } = this.context;
    report(host, {
      kind: "IsrChangeProposed",
      topic,
      partition,
      broker: brokerId,
      change: pending.kind === "PendingExpand" ? "expand" : "shrink",
      leaderEpoch,
      partitionEpoch,
      isr: pending.proposed,
    });
    this.become(pending);
    this.submit(pending);
  }

  private submit(pending: PendingIsr): void {
    const { topic, topicId, partition, leaderEpoch, partitionEpoch, controllerEpoch } = this.replica;
    const members = pending.proposed.map((id) => ({ brokerId: id, brokerEpoch: this.brokerEpochOf(id) }));
    const { proposer } = this;
    const proposal = { topic, topicId, partition, leaderEpoch, partitionEpoch, controllerEpoch, members, pending, proposer };
    this.proposals.submit(proposal);
  }

  /** As of its last fetch. -1 for a member that has not fetched yet: if it died, the partition epoch will have changed. */
  private brokerEpochOf(id: BrokerId): BrokerEpoch {
    if (!this.dials["isr.brokerEpochCheck"]) return -1;
    if (id === this.context.brokerId) return this.context.controller.brokerEpoch();
    return this.follower(id)?.brokerEpoch ?? -1;
  }

  /** A proposal was answered. What an older proposal, or an older epoch, is told is of no interest any more. */
  onIsrAnswer(proposal: PendingIsr, error: ErrorCode, altered: AlteredPartition | undefined): void {
    const { replica } = this;
    const { topic, partition } = replica;
    const { host, brokerId } = this.context;
    report(host, { kind: "IsrChangeAnswered", topic, partition, broker: brokerId, error });
    if (this.isrState !== proposal) return;
    if (altered !== undefined) {
      if (altered.leaderEpoch !== replica.leaderEpoch || altered.partitionEpoch < replica.partitionEpoch) return;
      replica.partitionEpoch = altered.partitionEpoch;
      this.become(committedIsr(altered.isr));
      return;
    }
    const reaction = this.proposals.afterRefusal(error);
    if (reaction === "take-back") this.become(proposal.lastCommitted);
    else if (reaction === "propose-again") this.submit(proposal);
  }

  private become(state: IsrState): void {
    const before = this.isrState;
    this.isrState = state;
    this.replica.changed();
    if (!sameMembers(before.isr, state.isr) || !sameMembers(before.maximalIsr, state.maximalIsr)) this.reportIsr();
  }

  private reportIsr(): void {
    const { topic, partition, leaderEpoch } = this.replica;
    const { isr, maximalIsr } = this.isrState;
    const { host, brokerId } = this.context;
    report(host, { kind: "LeaderIsrUpdated", topic, partition, broker: brokerId, leaderEpoch, isr, maximalIsr });
  }
}

function sameMembers(a: readonly BrokerId[], b: readonly BrokerId[]): boolean {
  return a === b || (a.length === b.length && a.every((id, i) => id === b[i]));
}
