/**
 * Dials: every protocol change that mattered, as one named choice.
 *
 * A Kafka release is a preset of dials (releases.ts); a scenario may turn one by hand. The code that differs asks its
 * dial in one place. Names are those of the failure catalogue's protocol switches.
 */

export interface Dials {
  /** Whether AlterPartition names the broker epoch of each member and the controller rejects another one (KIP-903, 3.5). */
  readonly "isr.brokerEpochCheck": boolean;
  /** Whether fenced or shutting-down brokers are kept out of the ISR by leader and controller (KIP-841, 3.3). */
  readonly "isr.rejectIneligibleReplica": boolean;
  /** Which ISR holds the high watermark back: with the proposed members, or the committed one only (KIP-497). */
  readonly "isr.hwUses": "maximal" | "committed";
  /** Whether a follower must have reached the leader epoch's start offset to join the ISR (KAFKA-7128, 2.0.1). */
  readonly "isr.expandRequiresEpochStart": boolean;
  /** Whether the high watermark stands still while the ISR is below min.insync.replicas (KAFKA-15583, 3.7). */
  readonly "isr.hwRequiresMinIsr": boolean;
  /** Eligible leader replicas: members that left a too small ISR stay electable (KIP-966, on for new clusters from 4.1). */
  readonly "election.eligibleLeaderReplicas": boolean;
  /** Whether ListOffsets(latest) waits until the new leader's high watermark reaches its epoch start (KIP-207, 2.2). */
  readonly "replication.listOffsetsWaitsForEpochStart": boolean;
  /** Whether a replica fetches and lists with its leader epoch, and is fenced by it (KIP-320, 2.1). */
  readonly "replication.fetchEpochFencing": boolean;
  /** Whether a new leader notes its epoch's start even before it appends (KAFKA-7415, 2.0.1). */
  readonly "replication.persistEpochOnBecomeLeader": boolean;
  /** Whether a Raft leader without a majority's fetches steps down (KAFKA-15489, 3.7). */
  readonly "kraft.checkQuorum": boolean;
  /** Whether a voter asks before it raises the epoch (KIP-996, 4.0). */
  readonly "kraft.preVote": boolean;
  /** Whether a follower of a live leader refuses pre-votes (KIP-996). */
  readonly "kraft.followersRejectPreVote": boolean;
  /** Whether voters force their log to disk before they acknowledge by fetching on (KAFKA-10533, 2.8). */
  readonly "kraft.flushBeforeAck": boolean;
  /** Whether the leader's own first record must be on a majority before anything commits (KAFKA-12619, 2.8). */
  readonly "kraft.hwRequiresEpochStart": ">" | ">=";
  /** Whether a follower's fetch tells its high watermark, and is answered at once if that lags (KIP-1166, KAFKA-14145, 4.1). */
  readonly "kraft.fetchReportsHighWatermark": boolean;
  /** Whether a restarted leader gives up its epoch (KAFKA-10527, 2.7). */
  readonly "kraft.resignOnRestart": boolean;
}

export type DialName = keyof Dials;

/** The values each dial may take, and how the newest release has it: the first. */
export const DIAL_VALUES: { readonly [D in DialName]: readonly [Dials[D], ...Dials[D][]] } = {
  "isr.brokerEpochCheck": [true, false],
  "isr.rejectIneligibleReplica": [true, false],
  "isr.hwUses": ["maximal", "committed"],
  "isr.expandRequiresEpochStart": [true, false],
  "isr.hwRequiresMinIsr": [true, false],
  "election.eligibleLeaderReplicas": [true, false],
  "replication.listOffsetsWaitsForEpochStart": [true, false],
  "replication.fetchEpochFencing": [true, false],
  "replication.persistEpochOnBecomeLeader": [true, false],
  "kraft.checkQuorum": [true, false],
  "kraft.preVote": [true, false],
  "kraft.followersRejectPreVote": [true, false],
  "kraft.flushBeforeAck": [true, false],
  "kraft.hwRequiresEpochStart": [">", ">="],
  "kraft.fetchReportsHighWatermark": [true, false],
  "kraft.resignOnRestart": [true, false],
};

/** What each decides, for people. */
export const DIAL_DOCS: { readonly [D in DialName]: string } = {
  "isr.brokerEpochCheck": "Whether the controller rejects an ISR member whose broker epoch has changed meanwhile (KIP-903, 3.5).",
  "isr.rejectIneligibleReplica": "Whether fenced and shutting-down brokers are kept out of the ISR (KIP-841, 3.3).",
  "isr.hwUses": "Which ISR holds the high watermark back: with the members proposed, or as committed (KIP-497).",
  "isr.expandRequiresEpochStart":
    "Whether a follower must have reached the leader epoch's start to join the ISR (KAFKA-7128, 2.0.1).",
  "isr.hwRequiresMinIsr":
    "Whether the high watermark stands still while the ISR is below min.insync.replicas (KAFKA-15583, 3.7).",
  "election.eligibleLeaderReplicas": "Whether members that left a too small ISR stay electable (ELR, KIP-966, 4.1).",
  "replication.listOffsetsWaitsForEpochStart":
    "Whether a new leader answers `latest` only once its high watermark is sure (KIP-207, 2.2).",
  "replication.fetchEpochFencing": "Whether a fetch is fenced by its leader epoch (KIP-320, 2.1).",
  "replication.persistEpochOnBecomeLeader": "Whether a new leader notes its epoch's start before it appends (KAFKA-7415, 2.0.1).",
  "kraft.checkQuorum": "Whether a Raft leader that no majority fetches from steps down (KAFKA-15489, 3.7).",
  "kraft.preVote": "Whether a voter asks before it raises the epoch (KIP-996, 4.0).",
  "kraft.followersRejectPreVote": "Whether a follower of a live leader refuses pre-votes (KIP-996).",
  "kraft.flushBeforeAck": "Whether voters force their log to disk before they acknowledge it (KAFKA-10533, 2.8).",
  "kraft.hwRequiresEpochStart":
    "Whether the leader's own first record must be on a majority before anything commits (KAFKA-12619, 2.8).",
  "kraft.fetchReportsHighWatermark":
    "Whether a fetch of the metadata log is answered at once if its high watermark lags (KIP-1166, 4.1).",
  "kraft.resignOnRestart": "Whether a restarted leader gives up its epoch (KAFKA-10527, 2.7).",
};
