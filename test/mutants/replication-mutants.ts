/** Mutants of what brokers and consumers do with partitions: log, leader, follower. */
import type { Micros } from "../../src/base/units.ts";
import { type LeaderEpoch, NONE, type Offset } from "../../src/kafka/ids.ts";
import { LeaderEpochCache } from "../../src/kafka/log/leader-epoch-cache.ts";
import { Log } from "../../src/kafka/log/log.ts";
import type { LogOptions } from "../../src/kafka/log/log-options.ts";
import { METADATA_LOG_DIR } from "../../src/kafka/raft/metadata-log.ts";
import type { RecordBatch } from "../../src/kafka/records.ts";
import { FollowerState } from "../../src/kafka/replica/follower-state.ts";
import { type HighWatermarkView, highWatermarkCandidate } from "../../src/kafka/replica/high-watermark.ts";
import { committedIsr, expanded, type IsrState, type PendingIsr } from "../../src/kafka/replica/isr.ts";
import { LeaderReplica } from "../../src/kafka/replica/leader-replica.ts";
import type { LocalReplica } from "../../src/kafka/replica/local-replica.ts";
import { Partition } from "../../src/kafka/replica/partition.ts";
import { ReplicaConfig } from "../../src/kafka/replica/replica-config.ts";
import type { Host } from "../../src/sim/host.ts";
import { inside, type Mutant, SEEDS } from "./mutant.ts";
import { ALL_CRASH, EPOCH_OF_NOTHING, FAILOVER, ISOLATED_LEADER, LAST_ONE, REJOIN, SLOW_FOLLOWERS } from "./scenarios.ts";

/** The leader's side of a replica, private parts included. */
interface InsideLeader extends HighWatermarkView<FollowerState> {
  isrState: IsrState;
  readonly replica: LocalReplica;
  readonly context: { readonly host: Host };
  readonly proposer: Partition;
  become(state: IsrState): void;
  beginEpoch(registration: object, newLeader: boolean): void;
  propose(pending: PendingIsr): void;
  maybeExpandIsr(follower: FollowerState): void;
  maybeIncrementHighWatermark(): boolean;
}

const leaderReplica = inside<InsideLeader>(LeaderReplica);

/** Logs of partitions only: the metadata log is made of the same class. */
function isData(log: Log<unknown>): boolean {
  return log.dir !== METADATA_LOG_DIR;
}

export const REPLICATION_MUTANTS: readonly Mutant[] = [
  {
    name: "ack-on-append",
    breaks: "A leader answers acks=all when it has the records itself, and does not wait for the ISR.",
    invariant: "NoAckedLoss",
    scenario: SLOW_FOLLOWERS,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(Partition.prototype, "settleIfCommitted", () => (append) => {
        append.settle("NONE");
        return true;
      }),
  },
  {
    name: "min-isr-of-the-broker",
    breaks: "A broker does not hear of the topic's min.insync.replicas, and goes by its own.",
    invariant: "MinIsrRespected",
    scenario: LAST_ONE,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        ReplicaConfig.prototype,
        "update",
        (update) =>
          function (this: ReplicaConfig, topic) {
            update.call(this, new Map([...topic].filter(([key]) => key !== "min.insync.replicas")));
          },
      ),
  },
  {
    name: "recover-to-recovery-point",
    breaks: "A log that was not closed cleanly is cut to its recovery point, and not read on from there.",
    invariant: "NoCommittedRecordLostGlobally",
    scenario: ALL_CRASH,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(Log, "open", (open) => <R>(host: Host, options: LogOptions): Log<R> => {
        const log = open.call(Log, host, options) as Log<R>;
        if (isData(log) && log.shutdown === "unclean") log.truncateTo(options.recoveryPoint);
        return log;
      }),
  },
  {
    name: "join-before-caught-up",
    breaks: "A leader asks for a follower to join the ISR at its first fetch, however far behind it is.",
    invariant: "LeaderCandidateCompleteness",
    scenario: REJOIN,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        leaderReplica,
        "maybeExpandIsr",
        () =>
          function (this: InsideLeader, follower) {
            const { isrState } = this;
            if (isrState.kind !== "Committed" || isrState.isr.includes(follower.brokerId)) return;
            if (this.isEligible(follower)) this.propose(expanded(isrState, follower.brokerId));
          },
      ),
  },
  {
    name: "shrink-without-controller",
    breaks: "A leader counts a follower out as soon as it has asked the controller to, and does not wait for the answer.",
    invariant: "StrongIsr",
    scenario: ISOLATED_LEADER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        leaderReplica,
        "propose",
        (propose) =>
          function (this: InsideLeader, pending) {
            propose.call(this, pending);
            if (pending.kind !== "PendingShrink" || this.isrState !== pending) return;
            this.become(committedIsr(pending.proposed));
            this.proposer.raiseHighWatermark();
          },
      ),
  },
  {
    name: "truncate-by-offset",
    breaks: "A leader compares a follower's log by its end offset only, and not by the epochs of its records.",
    invariant: "LogMatching",
    scenario: ISOLATED_LEADER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        Log.prototype,
        "endOffsetForEpoch",
        (endOffsetForEpoch) =>
          function (this: Log<unknown>, epoch) {
            return isData(this) ? { epoch, endOffset: this.logEndOffset } : endOffsetForEpoch.call(this, epoch);
          },
      ),
  },
  {
    name: "sent-is-replicated",
    breaks: "A leader takes what it sends to a follower for what the follower has.",
    invariant: "HighWatermarkBacked",
    scenario: SLOW_FOLLOWERS,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        FollowerState.prototype,
        "onFetch",
        (onFetch) =>
          function (
            this: FollowerState,
            _fetchOffset: Offset,
            logStart: Offset,
            now: Micros,
            leaderEndOffset: Offset,
            brokerEpoch: number,
          ) {
            onFetch.call(this, leaderEndOffset, logStart, now, leaderEndOffset, brokerEpoch);
          },
      ),
  },
  {
    name: "high-watermark-follows-down",
    breaks: "A leader sets its high watermark to the smallest log end of its ISR even where that is lower, or not known yet.",
    invariant: "HighWatermarkMonotonic",
    scenario: FAILOVER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        leaderReplica,
        "maybeIncrementHighWatermark",
        () =>
          function (this: InsideLeader) {
            this.replica.log.updateHighWatermark(highWatermarkCandidate(this, this.context.host.now()));
            return this.replica.reportHighWatermark();
          },
      ),
  },
  {
    name: "new-leader-truncates",
    breaks: "A new leader begins by cutting its log to its own high watermark.",
    invariant: "ConsistentRead",
    scenario: FAILOVER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        leaderReplica,
        "beginEpoch",
        (beginEpoch) =>
          function (this: InsideLeader, registration, newLeader) {
            const { log } = this.replica;
            if (newLeader) log.truncateTo(log.highWatermark);
            beginEpoch.call(this, registration, newLeader);
          },
      ),
  },
  {
    name: "read-to-log-end",
    breaks: "A read does not stop where it was told to: consumers are served up to the end of the leader's log.",
    invariant: "NoUncommittedRead",
    scenario: SLOW_FOLLOWERS,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        Log.prototype,
        "read",
        (read) =>
          function (this: Log<unknown>, from, maxBytes, upTo) {
            return read.call(this, from, maxBytes, isData(this) ? this.logEndOffset : upTo) as readonly RecordBatch[];
          },
      ),
  },
  {
    name: "stamp-last-epoch",
    breaks: "A leader gives its records the epoch of the last batch in its log, and not its own.",
    invariant: "LogIntegrity",
    scenario: FAILOVER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        Log.prototype,
        "appendAsLeader",
        (appendAsLeader) =>
          function (this: Log<unknown>, batch, leaderEpoch: LeaderEpoch) {
            const epoch = isData(this) && this.lastBatchEpoch !== NONE ? this.lastBatchEpoch : leaderEpoch;
            return appendAsLeader.call(this, batch, epoch);
          },
      ),
  },
  {
    name: "epoch-from-high-watermark",
    breaks: "A new leader notes that its epoch starts at its high watermark, and not at the end of its log.",
    invariant: "EpochCacheConsistent",
    scenario: FAILOVER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        Log.prototype,
        "assignEpoch",
        (assignEpoch) =>
          function (this: Log<unknown>, epoch, startOffset) {
            assignEpoch.call(this, epoch, isData(this) ? this.highWatermark : startOffset);
          },
      ),
  },
  {
    name: "epochs-outlive-truncation",
    breaks: "A truncation cuts the log, but leaves the epochs in the cache that began in what was cut.",
    invariant: "EpochCacheConsistent",
    scenario: EPOCH_OF_NOTHING,
    seeds: SEEDS,
    patch: (patches) => patches.replace(LeaderEpochCache.prototype, "truncateFromEnd", () => () => false),
  },
  {
    name: "high-watermark-beyond-end",
    breaks: "A follower takes over the leader's high watermark even where its own log ends before.",
    invariant: "LogStartBelowHw",
    scenario: REJOIN,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<{ watermark: Offset; updateHighWatermark(to: Offset): Offset }>(Log),
        "updateHighWatermark",
        () =>
          function (this: { watermark: Offset }, to) {
            this.watermark = to;
            return to;
          },
      ),
  },
];
