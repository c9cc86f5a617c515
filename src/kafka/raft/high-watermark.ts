/**
 * What the metadata quorum has committed, from how far each voter has got.
 *
 * The high watermark is the largest end offset that a majority of the voters has reached, the leader counted. A new leader
 * must not commit records of earlier epochs by counting replicas alone (figure 8 of the Raft paper): only when a record of
 * its own epoch, the LeaderChange at the epoch's start, is on a majority, everything below is committed with it.
 *
 * Source: LeaderState.maybeUpdateHighWatermark, nonLeaderVotersByDescendingFetchOffset; KAFKA-12619.
 */
import type { Dials } from "../dials.ts";
import { NONE, type Offset, type ReplicaId } from "../ids.ts";

/** How far a voter's log is known to reach, durably. */
export interface VoterEnd {
  readonly id: ReplicaId;
  /** -1 if it has not fetched in this epoch. */
  readonly endOffset: Offset;
}

/** Descending by end offset; voters that are level by ascending id, so that nothing depends on who fetched first. */
function byDescendingEndOffset(voters: readonly VoterEnd[]): readonly VoterEnd[] {
  return [...voters].sort((a, b) => b.endOffset - a.endOffset || a.id - b.id);
}

/** The high watermark that `voters` allow, or `current` (-1: not known yet in this epoch) where they allow no more than that. */
export function highWatermarkOf(options: {
  readonly voters: readonly VoterEnd[];
  readonly epochStartOffset: Offset;
  readonly current: Offset;
  readonly requiresEpochStart: Dials["kraft.hwRequiresEpochStart"];
}): Offset {
  const { voters, epochStartOffset, current, requiresEpochStart } = options;
  const onMajority = byDescendingEndOffset(voters)[Math.floor(voters.length / 2)]?.endOffset ?? NONE;
  const ofThisEpoch = requiresEpochStart === ">" ? onMajority > epochStartOffset : onMajority >= epochStartOffset;
  return ofThisEpoch && onMajority > current ? onMajority : current;
}

/** Whom a resigning leader recommends: the other voters, the most advanced first. */
export function preferredSuccessors(voters: readonly VoterEnd[], leader: ReplicaId): readonly ReplicaId[] {
  return byDescendingEndOffset(voters)
    .filter((voter) => voter.id !== leader)
    .map((voter) => voter.id);
}
