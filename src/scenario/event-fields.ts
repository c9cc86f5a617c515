/**
 * Which domain events there are and which fields each has, so that a scenario can be told what it may name.
 *
 * The compiler checks the table against the events themselves: an event or a field that is added or renamed without it does
 * not compile.
 */
import type { ClusterMode } from "../kafka/releases.ts";
import type { EventKind, ScenarioEvent } from "./patterns.ts";

/**
 * What a field holds and so how a pattern may name it. `node`: the id of a broker or controller; `nodes`: a list of them;
 * `zookeeper`: the id of a ZooKeeper server; `name`: the name of a node; `group`: a group.id; `partitions`: a list of them. A list gives the words that may stand there. `opaque` fields can't be matched.
 */
export type FieldType =
  | "number"
  | "boolean"
  | "text"
  | "node"
  | "nodes"
  | "zookeeper"
  | "name"
  | "topic"
  | "partition"
  | "partitions"
  | "group"
  | "opaque"
  | readonly string[];

type FieldsOf<K extends EventKind> = Exclude<keyof Extract<ScenarioEvent, { readonly kind: K }>, "kind">;

const ON_PARTITION = { topic: "topic", partition: "partition" } as const;
const ON_REPLICA = { ...ON_PARTITION, broker: "node" } as const;
const COMMITTED = { metadataOffset: "number" } as const;
const OF_BROKER = { broker: "node", ...COMMITTED } as const;
const OF_NODE = { node: "name" } as const;
const OF_LINK = { a: "name", b: "name", direction: ["both", "from", "to"] } as const;
const OF_VOTER = { replica: "node", epoch: "number" } as const;
const OF_CLIENT = { client: "name" } as const;
const ROLE = ["leader", "follower"] as const;
const AT_COORDINATOR = { group: "group", broker: "node" } as const;
const OF_MEMBER = { group: "group", client: "name", member: "text", generation: "number" } as const;
const GROUP_STATES = [
  "Empty",
  "PreparingRebalance",
  "CompletingRebalance",
  "Assigning",
  "Reconciling",
  "Stable",
  "Dead",
] as const;
const COMMIT_OCCASIONS = ["auto", "sync", "async", "before-rebalance", "close"] as const;

export const EVENT_FIELDS: { readonly [K in EventKind]: { readonly [F in FieldsOf<K>]: FieldType } } = {
  LogLoaded: {
    ...ON_REPLICA,
    shutdown: ["clean", "unclean", "new"],
    logStartOffset: "number",
    logEndOffset: "number",
    highWatermark: "number",
    batches: "opaque",
    epochs: "opaque",
  },
  RecordsAppended: { ...ON_REPLICA, role: ROLE, leaderEpoch: "number", batch: "opaque" },
  LogTruncated: { ...ON_REPLICA, leaderEpoch: "number", from: "number", to: "number", fully: "boolean" },
  LogStartOffsetAdvanced: { ...ON_REPLICA, to: "number" },
  LogCompacted: { ...ON_REPLICA, cleanTo: "number", removedRecords: "number" },
  HighWatermarkAdvanced: { ...ON_REPLICA, role: ROLE, leaderEpoch: "number", from: "number", to: "number" },
  LeaderEpochCacheChanged: { ...ON_REPLICA, epochs: "opaque" },
  LogFlushed: { ...ON_REPLICA, to: "number" },
  LogDirFailed: { broker: "node" },
  BecameLeader: {
    ...ON_REPLICA,
    leaderEpoch: "number",
    partitionEpoch: "number",
    epochStartOffset: "number",
    highWatermark: "number",
    isr: "nodes",
  },
  BecameFollower: { ...ON_REPLICA, leader: "node", leaderEpoch: "number" },
  ReplicaStopped: ON_REPLICA,
  IsrChangeProposed: {
    ...ON_REPLICA,
    change: ["shrink", "expand"],
    leaderEpoch: "number",
    partitionEpoch: "number",
    isr: "nodes",
  },
  IsrChangeAnswered: { ...ON_REPLICA, error: "text" },
  LeaderIsrUpdated: { ...ON_REPLICA, leaderEpoch: "number", isr: "nodes", maximalIsr: "nodes" },
  TopicCreated: { topic: "topic", topicId: "text", ...COMMITTED },
  PartitionChanged: {
    ...ON_PARTITION,
    ...COMMITTED,
    replicas: "nodes",
    isr: "nodes",
    elr: "nodes",
    lastKnownElr: "nodes",
    leader: "node",
    leaderEpoch: "number",
    partitionEpoch: "number",
    leaderRecoveryState: ["RECOVERED", "RECOVERING"],
    minIsr: "number",
    uncleanElection: "boolean",
  },
  IsrChanged: { ...ON_PARTITION, ...COMMITTED, from: "nodes", isr: "nodes", leader: "node", partitionEpoch: "number" },
  LeaderElected: {
    ...ON_PARTITION,
    ...COMMITTED,
    from: "node",
    leader: "node",
    leaderEpoch: "number",
    isr: "nodes",
    unclean: "boolean",
  },
  BrokerRegistered: { ...OF_BROKER, brokerEpoch: "number" },
  BrokerFenced: OF_BROKER,
  BrokerUnfenced: OF_BROKER,
  BrokerInControlledShutdown: OF_BROKER,
  RaftStateChanged: {
    ...OF_VOTER,
    role: ["Unattached", "Prospective", "Candidate", "Leader", "Follower", "Resigned", "Observer"],
    leaderId: "node",
    votedFor: "node",
  },
  RaftLeaderElected: { ...OF_VOTER, epochStartOffset: "number" },
  RaftLeaderResigned: { ...OF_VOTER, reason: ["check-quorum", "shutdown", "restart"] },
  RaftLogLoaded: { ...OF_VOTER, voter: "boolean", batches: "opaque", highWatermark: "number" },
  RaftRecordsAppended: { ...OF_VOTER, batch: "opaque" },
  RaftLogTruncated: { ...OF_VOTER, to: "number" },
  RaftHighWatermarkAdvanced: { ...OF_VOTER, role: ROLE, to: "number" },
  MetadataApplied: { replica: "node", to: "number" },
  ControllerActivated: OF_VOTER,
  ControllerRenounced: OF_VOTER,
  BrokerStateChanged: {
    broker: "node",
    state: ["NOT_RUNNING", "STARTING", "RECOVERY", "RUNNING", "PENDING_CONTROLLED_SHUTDOWN", "SHUTTING_DOWN"],
  },
  ProduceSatisfied: {
    ...ON_REPLICA,
    leaderEpoch: "number",
    acks: "number",
    baseOffset: "number",
    nextOffset: "number",
    isr: "nodes",
    minIsr: "number",
  },
  RecordSent: { ...OF_CLIENT, record: "opaque", topic: "topic" },
  ProduceAcknowledged: {
    ...OF_CLIENT,
    ...ON_PARTITION,
    acks: "number",
    baseOffset: "number",
    records: "opaque",
    latencyUs: "number",
  },
  ProduceFailed: { ...OF_CLIENT, ...ON_PARTITION, error: "text", records: "opaque", latencyUs: "number" },
  ProduceRetried: { ...OF_CLIENT, ...ON_PARTITION, error: "text", attempts: "number" },
  RecordsRead: {
    ...OF_CLIENT,
    ...ON_PARTITION,
    from: "node",
    highWatermark: "number",
    position: "number",
    nextPosition: "number",
    batches: "opaque",
  },
  ConsumerPositionReset: {
    ...OF_CLIENT,
    ...ON_PARTITION,
    reason: ["initial", "out-of-range", "truncation"],
    from: "number",
    to: "number",
  },
  OffsetsListed: { ...OF_CLIENT, ...ON_PARTITION, timestamp: "number", offset: "number", leaderEpoch: "number" },
  CoordinatorLoaded: { broker: "node", partition: "number", epoch: "number", groups: "opaque" },
  CoordinatorUnloaded: { broker: "node", partition: "number", epoch: "number" },
  GroupStateChanged: {
    ...AT_COORDINATOR,
    protocol: ["classic", "consumer"],
    from: GROUP_STATES,
    to: GROUP_STATES,
    generation: "number",
    reason: "text",
    members: "opaque",
  },
  MemberAdded: { ...AT_COORDINATOR, member: "text", instanceId: "text", client: "name", replaces: "text" },
  MemberRemoved: { ...AT_COORDINATOR, member: "text", reason: "text" },
  TargetAssignmentChosen: {
    ...AT_COORDINATOR,
    protocol: ["classic", "consumer"],
    epoch: "number",
    assignor: "text",
    members: "opaque",
  },
  MemberReconciled: {
    ...AT_COORDINATOR,
    member: "text",
    memberEpoch: "number",
    state: ["STABLE", "UNREVOKED_PARTITIONS", "UNRELEASED_PARTITIONS"],
    assigned: "partitions",
    pendingRevocation: "partitions",
  },
  GroupOffsetChanged: {
    ...AT_COORDINATOR,
    ...ON_PARTITION,
    offset: "number",
    leaderEpoch: "number",
    member: "text",
    generation: "number",
  },
  GroupOffsetRemoved: {
    ...AT_COORDINATOR,
    ...ON_PARTITION,
    offset: "number",
    reason: ["expired", "topic-deleted"],
    state: GROUP_STATES,
  },
  ConsumerJoined: { ...OF_MEMBER, protocol: ["classic", "consumer"], instanceId: "text", leader: "boolean" },
  ConsumerLeft: { ...OF_MEMBER, reason: "text" },
  PartitionsAssigned: { ...OF_MEMBER, partitions: "partitions", owned: "partitions" },
  PartitionsRevoked: { ...OF_MEMBER, partitions: "partitions", owned: "partitions" },
  PartitionsLost: { ...OF_MEMBER, partitions: "partitions", owned: "partitions" },
  OffsetsCommitted: { ...OF_MEMBER, occasion: COMMIT_OCCASIONS, offsets: "opaque" },
  OffsetCommitFailed: { ...OF_MEMBER, occasion: COMMIT_OCCASIONS, error: "text", offsets: "opaque" },
  ConsumerPositionSet: {
    ...OF_MEMBER,
    ...ON_PARTITION,
    source: ["committed", "seek"],
    offset: "number",
    leaderEpoch: "number",
  },
  RecordsProcessed: {
    ...OF_MEMBER,
    ...ON_PARTITION,
    baseOffset: "number",
    nextOffset: "number",
    records: "opaque",
    accepted: "boolean",
  },
  RecordGivenUp: { ...OF_MEMBER, ...ON_PARTITION, offset: "number", attempts: "number" },
  ZkServerLoaded: { server: "zookeeper", currentEpoch: "number", snapshotZxid: "number", transactions: "opaque" },
  ZkServerStateChanged: {
    server: "zookeeper",
    state: ["LOOKING", "FOLLOWING", "LEADING"],
    leader: "zookeeper",
    epoch: "number",
  },
  ZkLeaderEstablished: { server: "zookeeper", epoch: "number", zxid: "number" },
  ZkTransactionLogged: { server: "zookeeper", transaction: "opaque" },
  ZkLogTruncated: { server: "zookeeper", to: "number" },
  ZkSnapshotInstalled: { server: "zookeeper", zxid: "number" },
  ZkTransactionCommitted: { server: "zookeeper", transaction: "opaque", created: "opaque", deleted: "opaque" },
  ZkSessionOpened: { session: "number", client: "name", timeoutMs: "number", ...COMMITTED },
  ZkSessionClosed: { session: "number", client: "name", reason: ["expired", "closed"], ...COMMITTED },
  ZkClientStateChanged: {
    client: "name",
    session: "number",
    state: ["CONNECTED", "DISCONNECTED", "EXPIRED", "CLOSED"],
  },
  ZkClientSaw: { client: "name", session: "number", zxid: "number" },
  BrokerUnregistered: { ...OF_BROKER, brokerEpoch: "number" },
  ControllerChanged: { controller: "node", ...COMMITTED },
  ControllerEpochChanged: { epoch: "number", ...COMMITTED },
  PartitionStateWritten: {
    ...ON_PARTITION,
    ...COMMITTED,
    session: "number",
    leader: "node",
    leaderEpoch: "number",
    isr: "nodes",
    controllerEpoch: "number",
    partitionEpoch: "number",
  },
  PartitionReassigned: {
    ...ON_PARTITION,
    ...COMMITTED,
    replicas: "nodes",
    addingReplicas: "nodes",
    removingReplicas: "nodes",
  },
  TopicDeleted: { topic: "topic", ...COMMITTED },
  ControllerFailoverCompleted: { controller: "node", epoch: "number", partitions: "number", tookUs: "number" },
  ControllerCacheUpdated: {
    controller: "node",
    epoch: "number",
    ...ON_PARTITION,
    leader: "node",
    leaderEpoch: "number",
    isr: "nodes",
    partitionEpoch: "number",
  },
  ControlRequestHandled: {
    broker: "node",
    api: ["LeaderAndIsr", "UpdateMetadata", "StopReplica"],
    controller: "node",
    controllerEpoch: "number",
    brokerEpoch: "number",
    error: "text",
  },
  ControlOrderObeyed: {
    ...ON_REPLICA,
    api: ["LeaderAndIsr", "StopReplica"],
    controllerEpoch: "number",
    brokerEpoch: "number",
    leaderEpoch: "number",
  },
  MetadataCacheUpdated: { ...ON_REPLICA, controllerEpoch: "number", leader: "node", leaderEpoch: "number" },
  AdminRequestFailed: {
    ...OF_CLIENT,
    api: [
      ...["CreateTopics", "CreatePartitions", "ElectLeaders"],
      ...["DeleteTopics", "AlterPartitionReassignments", "zookeeper-shell"],
    ],
    error: "text",
    message: "text",
  },
  ProcessStarted: { ...OF_NODE, incarnation: "number" },
  ProcessCrashed: OF_NODE,
  ProcessExited: { ...OF_NODE, reason: "text" },
  PowerLost: OF_NODE,
  DiskWiped: OF_NODE,
  Paused: OF_NODE,
  Resumed: OF_NODE,
  LinkCut: OF_LINK,
  LinkHealed: OF_LINK,
};

export const EVENT_KINDS = Object.keys(EVENT_FIELDS) as readonly EventKind[];

/** The fields of an event by name. */
export function fieldsOf(kind: EventKind): Readonly<Record<string, FieldType>> {
  return EVENT_FIELDS[kind];
}

/** Events of one mode, with what comes nearest to them in the other; undefined where nothing does. */
const EVENTS_OF_MODE: { readonly [M in ClusterMode]: Readonly<Partial<Record<EventKind, EventKind | undefined>>> } = {
  kraft: {
    BrokerFenced: "BrokerUnregistered",
    BrokerUnfenced: "BrokerRegistered",
    BrokerInControlledShutdown: undefined,
    RaftStateChanged: "ZkServerStateChanged",
    RaftLeaderElected: "ControllerChanged",
    RaftLeaderResigned: undefined,
    RaftLogLoaded: "ZkServerLoaded",
    RaftRecordsAppended: "ZkTransactionLogged",
    RaftLogTruncated: "ZkLogTruncated",
    RaftHighWatermarkAdvanced: "ZkTransactionCommitted",
    MetadataApplied: "MetadataCacheUpdated",
    // Of KIP-848, which the coordinators of ZooKeeper mode do not speak.
    MemberReconciled: "TargetAssignmentChosen",
  },
  zookeeper: {
    ZkServerLoaded: "RaftLogLoaded",
    ZkServerStateChanged: "RaftStateChanged",
    ZkLeaderEstablished: "RaftLeaderElected",
    ZkTransactionLogged: "RaftRecordsAppended",
    ZkLogTruncated: "RaftLogTruncated",
    ZkSnapshotInstalled: undefined,
    ZkTransactionCommitted: "RaftHighWatermarkAdvanced",
    ZkSessionOpened: undefined,
    ZkSessionClosed: "BrokerFenced",
    ZkClientStateChanged: undefined,
    ZkClientSaw: undefined,
    BrokerUnregistered: "BrokerFenced",
    ControllerChanged: "RaftLeaderElected",
    ControllerEpochChanged: "RaftLeaderElected",
    PartitionStateWritten: "PartitionChanged",
    TopicDeleted: undefined,
    ControllerFailoverCompleted: "ControllerActivated",
    ControllerCacheUpdated: undefined,
    ControlRequestHandled: undefined,
    ControlOrderObeyed: undefined,
    MetadataCacheUpdated: "MetadataApplied",
  },
};

/** Undefined for an event that is reported in `mode`; else what comes nearest to it there, if anything does. */
export function isForeign(kind: EventKind, mode: ClusterMode): { readonly nearest: EventKind | undefined } | undefined {
  const others = EVENTS_OF_MODE[mode === "kraft" ? "zookeeper" : "kraft"];
  return Object.hasOwn(others, kind) ? { nearest: others[kind] } : undefined;
}
