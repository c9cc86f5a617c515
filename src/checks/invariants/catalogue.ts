/** Every invariant, in the order in which they are listed and run. */
import type { Invariant } from "../invariant.ts";
import { LeaderCandidateCompleteness, LeaderCompleteness, UncleanExclusion } from "./completeness.ts";
import { FencedNotInIsr, IsrSubsetOfReplicas, LeaderInIsr } from "./controller-state.ts";
import { HighWatermarkBacked, HighWatermarkMonotonic, ReplicationQuorumSuperset } from "./high-watermark.ts";
import { LeaderEpochMonotonic, SingleLeaderPerEpoch } from "./leader-epochs.ts";
import { LogMatching, StrongIsr } from "./log-matching.ts";
import { EpochCacheConsistent, LogIntegrity, LogStartBelowHw } from "./log-shape.ts";
import { NoAckedLoss, NoCommittedRecordLostGlobally } from "./no-acked-loss.ts";
import { LeaderStability, StaleLeaderBounded } from "./raft-leadership.ts";
import {
  ConsistentCommittedData,
  MetadataLogMatching,
  RaftLogMatching,
  RaftMajorityReachedHighWatermark,
  RaftMonotonicHighWatermark,
} from "./raft-log.ts";
import { RaftElectionSafety, RaftLeaderCompleteness, RaftMonotonicEpoch } from "./raft-safety.ts";
import { ConsistentRead, NoUncommittedRead } from "./reads.ts";

export function allInvariants(): Invariant[] {
  return [
    new NoAckedLoss(),
    new NoCommittedRecordLostGlobally(),
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
  ];
}

export interface CatalogueEntry {
  readonly name: string;
  readonly promise: string;
  readonly source: string;
}

/** For documentation, `--help`, and the words of a failure. */
export const INVARIANT_CATALOGUE: readonly CatalogueEntry[] = allInvariants().map(({ name, promise, source }) => ({
  name,
  promise,
  source,
}));

export const INVARIANT_NAMES: readonly string[] = INVARIANT_CATALOGUE.map(({ name }) => name);
