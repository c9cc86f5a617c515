/** Metadata, CreateTopics, ElectLeaders: what clients and administrators ask about the cluster, and of it. */
import type { ErrorCode } from "../errors.ts";
import type { BrokerId, LeaderEpoch, TopicId } from "../ids.ts";

export interface MetadataRequest {
  /** Null asks for all topics. */
  readonly topics: readonly { readonly name: string }[] | null;
}

export interface MetadataResponse {
  /** The brokers that are registered and not fenced. */
  readonly brokers: readonly { readonly nodeId: BrokerId; readonly host: string; readonly rack: string | null }[];
  readonly controllerId: number;
  readonly topics: readonly {
    readonly errorCode: ErrorCode;
    readonly name: string;
    readonly topicId: TopicId;
    readonly partitions: readonly PartitionMetadata[];
  }[];
}

export interface PartitionMetadata {
  /** LEADER_NOT_AVAILABLE when there is none. */
  readonly errorCode: ErrorCode;
  readonly partitionIndex: number;
  readonly leaderId: BrokerId;
  readonly leaderEpoch: LeaderEpoch;
  readonly replicaNodes: readonly BrokerId[];
  readonly isrNodes: readonly BrokerId[];
  readonly offlineReplicas: readonly BrokerId[];
}

export interface CreateTopicsRequest {
  readonly timeoutMs: number;
  readonly topics: readonly {
    readonly name: string;
    /** -1 with `assignments`. */
    readonly numPartitions: number;
    readonly replicationFactor: number;
    /** By hand; empty lets the controller place. */
    readonly assignments: readonly { readonly partitionIndex: number; readonly brokerIds: readonly BrokerId[] }[];
    readonly configs: readonly { readonly name: string; readonly value: string }[];
  }[];
}

export interface CreateTopicsResponse {
  readonly topics: readonly {
    readonly name: string;
    readonly topicId: TopicId;
    readonly errorCode: ErrorCode;
    readonly errorMessage: string | null;
  }[];
}

export interface ElectLeadersRequest {
  readonly electionType: "PREFERRED" | "UNCLEAN";
  readonly timeoutMs: number;
  /** Null means all partitions. */
  readonly topicPartitions: readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null;
}

export interface ElectLeadersResponse {
  readonly errorCode: ErrorCode;
  readonly replicaElectionResults: readonly {
    readonly topic: string;
    readonly partitionResult: readonly { readonly partitionId: number; readonly errorCode: ErrorCode }[];
  }[];
}

export interface CreatePartitionsRequest {
  readonly topics: readonly {
    readonly name: string;
    /** How many the topic is to have in all. */
    readonly count: number;
    /** Replicas of each new partition, by hand; null lets the controller place them. */
    readonly assignments: readonly { readonly brokerIds: readonly BrokerId[] }[] | null;
  }[];
  readonly timeoutMs: number;
}

export interface CreatePartitionsResponse {
  readonly results: readonly { readonly name: string; readonly errorCode: ErrorCode; readonly errorMessage: string | null }[];
}
