/** Every invariant, in the order in which they are listed and run. */
import type { Invariant } from "./invariant.ts";
import { MinIsrRespected } from "./invariants/acknowledgements.ts";
import { LeaderCandidateCompleteness, LeaderCompleteness, UncleanExclusion } from "./invariants/completeness.ts";
import { FencedNotInIsr, IsrSubsetOfReplicas, LeaderInIsr } from "./invariants/controller-state.ts";
import {
  AlterPartitionSettles,
  BrokerEventuallyRegistered,
  ControllerViewMatchesBrokers,
  ControllerViewMatchesStore,
} from "./invariants/convergence.ts";
import { ZkCommittedWritesKept, ZkElectionSafety, ZkTotalOrder } from "./invariants/ensemble.ts";
import {
  LegalTargetAssignment,
  MemberEpochMonotonic,
  ValidMemberEpoch,
  ValidPartitionEpoch,
  ValidStableGroupState,
} from "./invariants/group-assignment.ts";
import { GroupConverges, MemberCountBounded } from "./invariants/group-convergence.ts";
import { ExactlyOnceEffects, PerKeyOrder, ProcessedAtLeastOnce } from "./invariants/group-effects.ts";
import { CommittedNeverAheadOfProcessed, CommittedOffsetDurable, CommittedOffsetMonotonic } from "./invariants/group-offsets.ts";
import { GroupExclusiveOwnership, RebalancePause } from "./invariants/group-ownership.ts";
import { HighWatermarkBacked, HighWatermarkMonotonic, ReplicationQuorumSuperset } from "./invariants/high-watermark.ts";
import { LeaderEpochMonotonic, SingleLeaderPerEpoch } from "./invariants/leader-epochs.ts";
import { LogMatching, StrongIsr } from "./invariants/log-matching.ts";
import { EpochCacheConsistent, LogIntegrity, LogStartBelowHw } from "./invariants/log-shape.ts";
import { NoAckedLoss, NoCommittedRecordLostGlobally } from "./invariants/no-acked-loss.ts";
import { NoPollSkip, PositionMonotonic, ProducerOrder } from "./invariants/positions.ts";
import { LeaderStability, StaleLeaderBounded } from "./invariants/raft-leadership.ts";
import {
  ConsistentCommittedData,
  MetadataLogMatching,
  RaftLogMatching,
  RaftMajorityReachedHighWatermark,
  RaftMonotonicHighWatermark,
} from "./invariants/raft-log.ts";
import { RaftElectionSafety, RaftLeaderCompleteness, RaftMonotonicEpoch } from "./invariants/raft-safety.ts";
import { ConsistentRead, NoUncommittedRead } from "./invariants/reads.ts";
import { SingleActiveController, StaleControlRequestIgnored } from "./invariants/stale-orders.ts";
import { ZkEphemeralsGoWithSession, ZkSessionMonotonic } from "./invariants/zk-sessions.ts";

export function allInvariants(): Invariant[] {
  return [
    new NoAckedLoss(),
    new NoCommittedRecordLostGlobally(),
    new MinIsrRespected(),
    new LeaderCompleteness(),
    new LeaderCandidateCompleteness(),
    new StrongIsr(),
    new LeaderInIsr(),
    new LogMatching(),
    new HighWatermarkBacked(),
    new HighWatermarkMonotonic(),
    new IsrSubsetOfReplicas(),
    new FencedNotInIsr(),
    new SingleLeaderPerEpoch(),
    new LeaderEpochMonotonic(),
    new ConsistentRead(),
    new NoUncommittedRead(),
    new LogIntegrity(),
    new EpochCacheConsistent(),
    new LogStartBelowHw(),
    new ReplicationQuorumSuperset(),
    new UncleanExclusion(),
    new RaftElectionSafety(),
    new RaftMonotonicEpoch(),
    new RaftLogMatching(),
    new RaftLeaderCompleteness(),
    new RaftMajorityReachedHighWatermark(),
    new RaftMonotonicHighWatermark(),
    new ConsistentCommittedData(),
    new MetadataLogMatching(),
    new LeaderStability(),
    new StaleLeaderBounded(),
    new SingleActiveController(),
    new StaleControlRequestIgnored(),
    new ControllerViewMatchesStore(),
    new ControllerViewMatchesBrokers(),
    new BrokerEventuallyRegistered(),
    new AlterPartitionSettles(),
    new ZkElectionSafety(),
    new ZkCommittedWritesKept(),
    new ZkTotalOrder(),
    new ZkSessionMonotonic(),
    new ZkEphemeralsGoWithSession(),
    new PositionMonotonic(),
    new NoPollSkip(),
    new ProducerOrder(),
    new GroupExclusiveOwnership(),
    new LegalTargetAssignment(),
    new ValidMemberEpoch(),
    new ValidPartitionEpoch(),
    new ValidStableGroupState(),
    new MemberEpochMonotonic(),
    new GroupConverges(),
    new MemberCountBounded(),
    new CommittedOffsetMonotonic(),
    new CommittedOffsetDurable(),
    new CommittedNeverAheadOfProcessed(),
    new ProcessedAtLeastOnce(),
    new PerKeyOrder(),
    new RebalancePause(),
    new ExactlyOnceEffects(),
  ];
}

export interface CatalogueEntry {
  readonly name: string;
  readonly promise: string;
  readonly source: string;
}

/** For documentation, `--help`, and the words of a failure. */
export const INVARIANTS: readonly CatalogueEntry[] = allInvariants().map(({ name, promise, source }) => ({
  name,
  promise,
  source,
}));

export const INVARIANT_NAMES: readonly string[] = INVARIANTS.map(({ name }) => name);
