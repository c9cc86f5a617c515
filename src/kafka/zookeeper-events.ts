/**
 * Domain events of ZooKeeper mode: the ensemble, the sessions, and what the elected controller and its orders do.
 * Part of {@link KafkaEvent}. Where `metadataOffset` stands, it is the zxid.
 */
import type { NodeName } from "../sim/host.ts";
import type { BrokerEpoch, BrokerId, LeaderEpoch, Offset, PartitionEpoch, ZkServerId } from "./ids.ts";
import type { ZkTransaction } from "./zookeeper/transaction.ts";
import type { SessionId } from "./zookeeper/znode.ts";
import type { Zxid } from "./zookeeper/zxid.ts";

export type ZkServerState = "LOOKING" | "FOLLOWING" | "LEADING";

interface OfZkServer {
  readonly server: ZkServerId;
}

// ---- the ensemble ----

/** A server started, over what its disk kept: a snapshot, and the transactions after it. */
export interface ZkServerLoaded extends OfZkServer {
  readonly kind: "ZkServerLoaded";
  readonly currentEpoch: number;
  /** Everything up to here is in the snapshot; 0 without one. */
  readonly snapshotZxid: Zxid;
  readonly transactions: readonly ZkTransaction[];
}

export interface ZkServerStateChanged extends OfZkServer {
  readonly kind: "ZkServerStateChanged";
  readonly state: ZkServerState;
  /** Whom it follows, or itself; -1 while it looks. */
  readonly leader: ZkServerId;
  readonly epoch: number;
}

/** A quorum has acknowledged the new leader: it serves from now on, and what it had logged until then is committed. */
export interface ZkLeaderEstablished extends OfZkServer {
  readonly kind: "ZkLeaderEstablished";
  readonly epoch: number;
  /** The last transaction of its history. */
  readonly zxid: Zxid;
}

/** A proposal is in this server's log: in the page cache of its disk. */
export interface ZkTransactionLogged extends OfZkServer {
  readonly kind: "ZkTransactionLogged";
  readonly transaction: ZkTransaction;
}

/** The leader made this server forget what was never committed: `to` is the last transaction that stays. */
export interface ZkLogTruncated extends OfZkServer {
  readonly kind: "ZkLogTruncated";
  readonly to: Zxid;
}

/** This server took over the leader's whole state as of `zxid`, instead of its own. */
export interface ZkSnapshotInstalled extends OfZkServer {
  readonly kind: "ZkSnapshotInstalled";
  readonly zxid: Zxid;
}

/** This server has applied a transaction that it knows to be committed. */
export interface ZkTransactionCommitted extends OfZkServer {
  readonly kind: "ZkTransactionCommitted";
  readonly transaction: ZkTransaction;
  /** With their owners, 0 for persistent ones. */
  readonly created: readonly { readonly path: string; readonly owner: SessionId }[];
  readonly deleted: readonly string[];
}

// ---- sessions ----

/** Reported with the commit of the transaction, as each of the committed decisions below. */
export interface ZkSessionOpened {
  readonly kind: "ZkSessionOpened";
  readonly session: SessionId;
  readonly client: NodeName;
  readonly timeoutMs: number;
  readonly metadataOffset: Offset;
}

export interface ZkSessionClosed {
  readonly kind: "ZkSessionClosed";
  readonly session: SessionId;
  readonly client: NodeName;
  readonly reason: "expired" | "closed";
  readonly metadataOffset: Offset;
}

export type ZkClientState = "CONNECTED" | "DISCONNECTED" | "EXPIRED" | "CLOSED";

/** What a client knows of its own session: that it has expired it learns only when it is connected again. */
export interface ZkClientStateChanged {
  readonly kind: "ZkClientStateChanged";
  readonly client: NodeName;
  readonly session: SessionId;
  readonly state: ZkClientState;
}

/** A client's view has reached `zxid`: an answer said so. */
export interface ZkClientSaw {
  readonly kind: "ZkClientSaw";
  readonly client: NodeName;
  readonly session: SessionId;
  readonly zxid: Zxid;
}

// ---- what Kafka keeps in the store: committed decisions ----

/** `/brokers/ids/<broker>` is gone: its session ended, or the broker closed it. */
export interface BrokerUnregistered {
  readonly kind: "BrokerUnregistered";
  readonly broker: BrokerId;
  readonly brokerEpoch: BrokerEpoch;
  readonly metadataOffset: Offset;
}

/** `/controller` names another broker; -1 when it is gone. */
export interface ControllerChanged {
  readonly kind: "ControllerChanged";
  readonly controller: BrokerId;
  readonly metadataOffset: Offset;
}

export interface ControllerEpochChanged {
  readonly kind: "ControllerEpochChanged";
  readonly epoch: number;
  readonly metadataOffset: Offset;
}

/** A partition's state znode was written, by a controller, or by the leader itself where leaders write (before 2.7). */
export interface PartitionStateWritten {
  readonly kind: "PartitionStateWritten";
  readonly topic: string;
  readonly partition: number;
  readonly session: SessionId;
  readonly leader: BrokerId;
  readonly leaderEpoch: LeaderEpoch;
  readonly isr: readonly BrokerId[];
  /** What the writer takes for the controller epoch. */
  readonly controllerEpoch: number;
  readonly partitionEpoch: PartitionEpoch;
  readonly metadataOffset: Offset;
}

/** What a partition's topic node says of a reassignment of it: who comes, who goes; both empty when it is over. */
export interface PartitionReassigned {
  readonly kind: "PartitionReassigned";
  readonly topic: string;
  readonly partition: number;
  readonly replicas: readonly BrokerId[];
  readonly addingReplicas: readonly BrokerId[];
  readonly removingReplicas: readonly BrokerId[];
  readonly metadataOffset: Offset;
}

export interface TopicDeleted {
  readonly kind: "TopicDeleted";
  readonly topic: string;
  readonly metadataOffset: Offset;
}

// ---- the controller ----

/** A new controller has read the store, and told the brokers. */
export interface ControllerFailoverCompleted {
  readonly kind: "ControllerFailoverCompleted";
  readonly controller: BrokerId;
  readonly epoch: number;
  readonly partitions: number;
  /** Since it won the election. */
  readonly tookUs: number;
}

/** What the active controller takes for a partition's state. Leader epoch -1: it has dropped the partition. */
export interface ControllerCacheUpdated {
  readonly kind: "ControllerCacheUpdated";
  readonly controller: BrokerId;
  readonly epoch: number;
  readonly topic: string;
  readonly partition: number;
  readonly leader: BrokerId;
  readonly leaderEpoch: LeaderEpoch;
  readonly isr: readonly BrokerId[];
  readonly partitionEpoch: PartitionEpoch;
}

// ---- orders ----

export type ControlApi = "LeaderAndIsr" | "UpdateMetadata" | "StopReplica";

/** A broker has looked at an order as a whole. */
export interface ControlRequestHandled {
  readonly kind: "ControlRequestHandled";
  readonly broker: BrokerId;
  readonly api: ControlApi;
  readonly controller: BrokerId;
  readonly controllerEpoch: number;
  /** As in the request; -1 if it carries none. */
  readonly brokerEpoch: BrokerEpoch;
  /** NONE, STALE_CONTROLLER_EPOCH, STALE_BROKER_EPOCH. */
  readonly error: string;
}

/** An order changed a replica: it leads, follows, or stopped because of it. */
export interface ControlOrderObeyed {
  readonly kind: "ControlOrderObeyed";
  readonly broker: BrokerId;
  readonly api: "LeaderAndIsr" | "StopReplica";
  readonly topic: string;
  readonly partition: number;
  readonly controllerEpoch: number;
  readonly brokerEpoch: BrokerEpoch;
  /** As ordered; -1 where the order carries none, -2 while the topic is deleted. */
  readonly leaderEpoch: LeaderEpoch;
}

/** A broker's metadata cache took over what an UpdateMetadata said of a partition. */
export interface MetadataCacheUpdated {
  readonly kind: "MetadataCacheUpdated";
  readonly broker: BrokerId;
  readonly topic: string;
  readonly partition: number;
  readonly controllerEpoch: number;
  readonly leader: BrokerId;
  readonly leaderEpoch: LeaderEpoch;
}

export type ZooKeeperModeEvent =
  | ZkServerLoaded
  | ZkServerStateChanged
  | ZkLeaderEstablished
  | ZkTransactionLogged
  | ZkLogTruncated
  | ZkSnapshotInstalled
  | ZkTransactionCommitted
  | ZkSessionOpened
  | ZkSessionClosed
  | ZkClientStateChanged
  | ZkClientSaw
  | BrokerUnregistered
  | ControllerChanged
  | ControllerEpochChanged
  | PartitionStateWritten
  | PartitionReassigned
  | TopicDeleted
  | ControllerFailoverCompleted
  | ControllerCacheUpdated
  | ControlRequestHandled
  | ControlOrderObeyed
  | MetadataCacheUpdated;
