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
  /** Whether leaders change the ISR through the controller, or write it to ZooKeeper themselves (KIP-497, 2.7). KRaft: always. */
  readonly "isr.alterPartition": boolean;
  /** Whether the controller knows a broker's new registration from its old one by its czxid (KIP-380, 2.2). */
  readonly "zk.detectBouncedBroker": boolean;
  /** Whether every write of a controller checks the version of /controller_epoch (KAFKA-6082, 2.1). */
  readonly "zk.fenceWritesWithControllerEpoch": boolean;
  /** Whether a broker deletes and makes anew a registration that its own earlier session has left behind (KAFKA-7165, 2.2). */
  readonly "zk.reclaimOwnEphemeral": boolean;
  /** Whether brokers refuse orders of a controller with an older epoch than they have seen. Always so: a negative control. */
  readonly "broker.checkControllerEpoch": boolean;
  /** Whether brokers refuse orders that were meant for an earlier registration of theirs (KIP-380, 2.2). */
  readonly "broker.checkBrokerEpoch": boolean;
  /** Whether brokers refuse a StopReplica of an older leader epoch than the replica's (KIP-570, 2.6). */
  readonly "broker.stopReplicaCheckLeaderEpoch": boolean;
  /** Whether a controller that is asked about an epoch beyond its own takes itself for deposed (KAFKA-14154, 3.3). */
  readonly "controller.notControllerIfRequestAhead": boolean;
  /** Whether the controller sends its requests to ZooKeeper in batches, or one by one (KAFKA-5642, 1.1). */
  readonly "controller.pipelineZkRequests": boolean;
  /** Whether replicas, requests and clients tell a topic from a later one of the same name by its id (KIP-516, 2.8). */
  readonly "topic.identifyById": boolean;
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
  /** Whether a commit of a member must name the group's current generation (always so in Kafka; a negative control). */
  readonly "group.checkGenerationOnCommit": boolean;
  /** Whether a new member is given an id and sent away before it is taken in (KIP-394, 2.2). */
  readonly "group.requireMemberId": boolean;
  /** Whether a static member whose id is in use by another process is refused (KIP-345; a negative control). */
  readonly "group.fenceStaticInstance": boolean;
  /** Whether members that have joined and never sync are removed (KAFKA-12890, 2.8.1). */
  readonly "group.expireMissingSync": boolean;
  /** Whether a group's offsets outlive offsets.retention.minutes as long as it has members (KIP-211, 2.1). */
  readonly "group.expireOffsetsOnlyWhenEmpty": boolean;
  /** Whether offsets of topics that nobody subscribes to expire only while the group is Stable (KAFKA-13636, 3.0.1). */
  readonly "group.expireOnlyWhenStable": boolean;
  /** Whether an expiry time of -1 in a stored offset means none, or a moment long ago (KAFKA-8069, 2.2). */
  readonly "group.loadDefaultExpireAsNone": boolean;
  /** KIP-848: whether a partition goes to its new owner only when the old one has let go (a negative control). */
  readonly "group.waitForRevocationAck": boolean;
  /** Whether sticky assignors weigh what members claim to own by its generation (KAFKA-13419, 3.2). */
  readonly "group.assignorUsesGeneration": boolean;
  /** Whether partitions that wait to be revoked are read no further (KAFKA-14196, 3.2.3). */
  readonly "client.stopFetchingBeforeRevoke": boolean;
  /** Whether one commit before a rejoin is waited for over several polls, or begun anew in each (KAFKA-14024, 3.2.1). */
  readonly "client.trackInflightPreJoinCommit": boolean;
  /** Whether clients ignore metadata with an older leader epoch than they know (KIP-320, 2.2). */
  readonly "client.rejectOlderLeaderEpoch": boolean;
  /** Where auto.offset.reset=latest begins in a partition that is newer than the group (KIP-1327, not released). */
  readonly "client.resetForNewPartitions": "latest" | "earliest";
  /** Whether a consumer checks its position when the leader has changed (KIP-320, 2.3). */
  readonly "consumer.validateOffsetEpoch": boolean;
  /** Which leader epoch is committed with an offset: that of the last record, or the newest known (KAFKA-19902, open). */
  readonly "consumer.commitEpoch": "last-consumed" | "newest";
  /** Whether a position whose epoch is older than all that a leader still knows is valid wherever it lies in the log (KAFKA-19902, open). */
  readonly "broker.epochBelowCacheStartIsValid": boolean;
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
  "isr.alterPartition": [true, false],
  "zk.detectBouncedBroker": [true, false],
  "zk.fenceWritesWithControllerEpoch": [true, false],
  "zk.reclaimOwnEphemeral": [true, false],
  "broker.checkControllerEpoch": [true, false],
  "broker.checkBrokerEpoch": [true, false],
  "broker.stopReplicaCheckLeaderEpoch": [true, false],
  "controller.notControllerIfRequestAhead": [true, false],
  "controller.pipelineZkRequests": [true, false],
  "topic.identifyById": [true, false],
  "kraft.checkQuorum": [true, false],
  "kraft.preVote": [true, false],
  "kraft.followersRejectPreVote": [true, false],
  "kraft.flushBeforeAck": [true, false],
  "kraft.hwRequiresEpochStart": [">", ">="],
  "kraft.fetchReportsHighWatermark": [true, false],
  "kraft.resignOnRestart": [true, false],
  "group.checkGenerationOnCommit": [true, false],
  "group.requireMemberId": [true, false],
  "group.fenceStaticInstance": [true, false],
  "group.expireMissingSync": [true, false],
  "group.expireOffsetsOnlyWhenEmpty": [true, false],
  "group.expireOnlyWhenStable": [true, false],
  "group.loadDefaultExpireAsNone": [true, false],
  "group.waitForRevocationAck": [true, false],
  "group.assignorUsesGeneration": [true, false],
  "client.stopFetchingBeforeRevoke": [true, false],
  "client.trackInflightPreJoinCommit": [true, false],
  "client.rejectOlderLeaderEpoch": [true, false],
  "client.resetForNewPartitions": ["latest", "earliest"],
  "consumer.validateOffsetEpoch": [true, false],
  "consumer.commitEpoch": ["last-consumed", "newest"],
  "broker.epochBelowCacheStartIsValid": [false, true],
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
  "isr.alterPartition":
    "ZooKeeper mode: whether leaders change the ISR through the controller, or write it to the store themselves (KIP-497, 2.7).",
  "zk.detectBouncedBroker":
    "ZooKeeper mode: whether the controller knows a broker's new registration from its old one (KIP-380, 2.2).",
  "zk.fenceWritesWithControllerEpoch":
    "ZooKeeper mode: whether every write of a controller checks that nobody has taken its place (KAFKA-6082, 2.1).",
  "zk.reclaimOwnEphemeral":
    "ZooKeeper mode: whether a broker replaces a registration that its own earlier session left behind (KAFKA-7165, 2.2).",
  "broker.checkControllerEpoch":
    "ZooKeeper mode: whether brokers refuse orders of an older controller (always so in Kafka; a negative control).",
  "broker.checkBrokerEpoch":
    "ZooKeeper mode: whether brokers refuse orders meant for an earlier registration of theirs (KIP-380, 2.2).",
  "broker.stopReplicaCheckLeaderEpoch":
    "ZooKeeper mode: whether brokers refuse a StopReplica of an older leader epoch (KIP-570, 2.6).",
  "controller.notControllerIfRequestAhead":
    "ZooKeeper mode: whether a controller that is asked about an epoch beyond its own says that it is none (KAFKA-14154, 3.3).",
  "controller.pipelineZkRequests":
    "ZooKeeper mode: whether the controller sends its requests to ZooKeeper in batches, or one by one (KAFKA-5642, 1.1).",
  "topic.identifyById":
    "Whether replicas and requests tell a topic from an earlier one of the same name by its id (KIP-516, 2.8). KRaft: always.",
  "kraft.checkQuorum": "Whether a Raft leader that no majority fetches from steps down (KAFKA-15489, 3.7).",
  "kraft.preVote": "Whether a voter asks before it raises the epoch (KIP-996, 4.0).",
  "kraft.followersRejectPreVote": "Whether a follower of a live leader refuses pre-votes (KIP-996).",
  "kraft.flushBeforeAck": "Whether voters force their log to disk before they acknowledge it (KAFKA-10533, 2.8).",
  "kraft.hwRequiresEpochStart":
    "Whether the leader's own first record must be on a majority before anything commits (KAFKA-12619, 2.8).",
  "kraft.fetchReportsHighWatermark":
    "Whether a fetch of the metadata log is answered at once if its high watermark lags (KIP-1166, 4.1).",
  "kraft.resignOnRestart": "Whether a restarted leader gives up its epoch (KAFKA-10527, 2.7).",
  "group.checkGenerationOnCommit":
    "Whether a commit of a member must name the group's current generation (always so in Kafka; a negative control).",
  "group.requireMemberId": "Whether a new member is given an id and sent away before it is taken in (KIP-394, 2.2).",
  "group.fenceStaticInstance":
    "Whether a static member whose id is in use by another process is refused (KIP-345; a negative control).",
  "group.expireMissingSync": "Whether members that have joined and never sync are removed (KAFKA-12890, 2.8.1).",
  "group.expireOffsetsOnlyWhenEmpty":
    "Whether a group's offsets outlive offsets.retention.minutes as long as it has members (KIP-211, 2.1).",
  "group.expireOnlyWhenStable":
    "Whether offsets of topics that nobody subscribes to expire only while the group is Stable (KAFKA-13636, 3.0.1).",
  "group.loadDefaultExpireAsNone":
    "Whether an expiry time of -1 in a stored offset means none, or a moment long ago (KAFKA-8069, 2.2).",
  "group.waitForRevocationAck":
    "KIP-848: whether a partition goes to its new owner only when the old one has let go (a negative control).",
  "group.assignorUsesGeneration":
    "Whether sticky assignors weigh what members claim to own by its generation (KAFKA-13419, 3.2).",
  "client.stopFetchingBeforeRevoke": "Whether partitions that wait to be revoked are read no further (KAFKA-14196, 3.2.3).",
  "client.trackInflightPreJoinCommit":
    "Whether one commit before a rejoin is waited for over several polls, or begun anew in each (KAFKA-14024, 3.2.1).",
  "client.rejectOlderLeaderEpoch": "Whether clients ignore metadata with an older leader epoch than they know (KIP-320, 2.2).",
  "client.resetForNewPartitions":
    "Where auto.offset.reset=latest begins in a partition that is newer than the group (KIP-1327, not released).",
  "consumer.validateOffsetEpoch": "Whether a consumer checks its position when the leader has changed (KIP-320, 2.3).",
  "consumer.commitEpoch":
    "Which leader epoch is committed with an offset: that of the last record, or the newest known (KAFKA-19902, open).",
  "broker.epochBelowCacheStartIsValid":
    "Whether a position whose epoch is older than all that a leader still knows is valid anywhere in the log (KAFKA-19902, open).",
};

const KRAFT_DIALS: ReadonlySet<DialName> = new Set<DialName>([
  "isr.brokerEpochCheck",
  "election.eligibleLeaderReplicas",
  "group.waitForRevocationAck",
]);
const ZOOKEEPER_DIALS: ReadonlySet<DialName> = new Set<DialName>(["isr.alterPartition", "topic.identifyById"]);

/** The mode that a dial belongs to, where it decides nothing in the other; undefined for a dial of both. */
export function modeOfDial(dial: DialName): "kraft" | "zookeeper" | undefined {
  if (dial.startsWith("kraft.") || KRAFT_DIALS.has(dial)) return "kraft";
  // The others of its name are about orders of a controller.
  if (dial === "broker.epochBelowCacheStartIsValid") return undefined;
  return /^(zk|broker|controller)\./.test(dial) || ZOOKEEPER_DIALS.has(dial) ? "zookeeper" : undefined;
}
