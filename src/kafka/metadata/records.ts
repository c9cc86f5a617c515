/** The records of the metadata log. Source: metadata/src/main/resources/common/metadata, KIP-631, KIP-966. */
import type { BrokerEpoch, BrokerId, LeaderEpoch, PartitionEpoch, ReplicaId, TopicId } from "../ids.ts";
import type { LeaderRecoveryState } from "../messages/broker-lifecycle.ts";

/** A broker incarnation appears. Its epoch is this record's own offset. */
export interface RegisterBrokerRecord {
  readonly type: "RegisterBroker";
  readonly brokerId: BrokerId;
  readonly brokerEpoch: BrokerEpoch;
  readonly incarnationId: string;
  readonly host: string;
  readonly rack: string | null;
  readonly fenced: boolean;
  readonly inControlledShutdown: boolean;
}

export interface UnregisterBrokerRecord {
  readonly type: "UnregisterBroker";
  readonly brokerId: BrokerId;
  readonly brokerEpoch: BrokerEpoch;
}

/** Absent fields did not change. */
export interface BrokerRegistrationChangeRecord {
  readonly type: "BrokerRegistrationChange";
  readonly brokerId: BrokerId;
  readonly brokerEpoch: BrokerEpoch;
  readonly fenced?: boolean;
  readonly inControlledShutdown?: boolean;
}

export interface TopicRecord {
  readonly type: "Topic";
  readonly name: string;
  readonly topicId: TopicId;
}

export interface RemoveTopicRecord {
  readonly type: "RemoveTopic";
  readonly topicId: TopicId;
}

/** The full state of a new partition. */
export interface PartitionRecord {
  readonly type: "Partition";
  readonly topicId: TopicId;
  readonly partitionId: number;
  readonly replicas: readonly BrokerId[];
  readonly isr: readonly BrokerId[];
  readonly leader: BrokerId;
  readonly leaderEpoch: LeaderEpoch;
  readonly partitionEpoch: PartitionEpoch;
  readonly leaderRecoveryState: LeaderRecoveryState;
  readonly eligibleLeaderReplicas: readonly BrokerId[];
  readonly lastKnownElr: readonly BrokerId[];
}

/** Absent fields did not change. A `leader` field, even with the same leader, raises the leader epoch; every change raises the partition epoch. */
export interface PartitionChangeRecord {
  readonly type: "PartitionChange";
  readonly topicId: TopicId;
  readonly partitionId: number;
  readonly isr?: readonly BrokerId[];
  readonly leader?: BrokerId;
  readonly replicas?: readonly BrokerId[];
  readonly leaderRecoveryState?: LeaderRecoveryState;
  readonly eligibleLeaderReplicas?: readonly BrokerId[];
  readonly lastKnownElr?: readonly BrokerId[];
}

export interface ConfigRecord {
  readonly type: "Config";
  readonly resourceType: "TOPIC" | "BROKER";
  readonly resourceName: string;
  readonly name: string;
  /** Null removes it. */
  readonly value: string | null;
}

export interface FeatureLevelRecord {
  readonly type: "FeatureLevel";
  readonly name: string;
  readonly featureLevel: number;
}

/** Written when idle, so that brokers can tell how far behind they are. */
export interface NoOpRecord {
  readonly type: "NoOp";
}

/** The control record with which a Raft leader opens its epoch. */
export interface LeaderChangeMessage {
  readonly type: "LeaderChange";
  readonly leaderId: ReplicaId;
  readonly voters: readonly ReplicaId[];
}

export type MetadataRecord =
  | RegisterBrokerRecord
  | UnregisterBrokerRecord
  | BrokerRegistrationChangeRecord
  | TopicRecord
  | RemoveTopicRecord
  | PartitionRecord
  | PartitionChangeRecord
  | ConfigRecord
  | FeatureLevelRecord
  | NoOpRecord
  | LeaderChangeMessage;

/** Name of the metadata log's topic; its only partition is 0. */
export const METADATA_TOPIC = "__cluster_metadata";
