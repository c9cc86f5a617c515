/** All mutants: at least one for every invariant of the catalogue. A check without one is not done. */
import { CONTROLLER_MUTANTS } from "./controller-mutants.ts";
import type { Mutant } from "./mutant.ts";
import { QUORUM_MUTANTS } from "./quorum-mutants.ts";
import { REPLICATION_MUTANTS } from "./replication-mutants.ts";
import { ZOOKEEPER_MUTANTS } from "./zookeeper-mutants.ts";

/** Invariants of groups and clients: their mutants come when groups run whole. Histories by hand break each of them (test/checks). */
export const AWAITING_MUTANTS: readonly string[] = [
  "PositionMonotonic",
  "NoPollSkip",
  "ProducerOrder",
  "GroupExclusiveOwnership",
  "LegalTargetAssignment",
  "ValidMemberEpoch",
  "ValidPartitionEpoch",
  "ValidStableGroupState",
  "MemberEpochMonotonic",
  "GroupConverges",
  "MemberCountBounded",
  "CommittedOffsetMonotonic",
  "CommittedOffsetDurable",
  "CommittedNeverAheadOfProcessed",
  "ProcessedAtLeastOnce",
  "PerKeyOrder",
  "RebalancePause",
  "ExactlyOnceEffects",
];

export const MUTANTS: readonly Mutant[] = [
  ...REPLICATION_MUTANTS,
  ...CONTROLLER_MUTANTS,
  ...QUORUM_MUTANTS,
  ...ZOOKEEPER_MUTANTS,
];
