/** What the controller of ZooKeeper mode orders brokers to do, and what brokers ask of it. */
import type { ErrorCode } from "../errors.ts";
import type { BrokerEpoch, BrokerId, LeaderEpoch, PartitionEpoch, TopicId } from "../ids.ts";
import type { LeaderRecoveryState } from "./broker-lifecycle.ts";

interface ControlRequest {
  readonly controllerId: BrokerId;
  readonly controllerEpoch: number;
  /** Of the broker that is addressed, as the controller knows it; -1 where requests don't carry it (before 2.2). */
  readonly brokerEpoch: BrokerEpoch;
}

export interface LeaderAndIsrRequest extends ControlRequest {
  readonly liveLeaders: readonly { readonly brokerId: BrokerId; readonly host: string }[];
  readonly topicStates: readonly {
    readonly topicName: string;
    /** Empty where topics have no id. */
    readonly topicId: TopicId;
    readonly partitionStates: readonly LeaderAndIsrPartitionState[];
  }[];
}

export interface LeaderAndIsrPartitionState {
  readonly partitionIndex: number;
  readonly controllerEpoch: number;
  readonly leader: BrokerId;
  readonly leaderEpoch: LeaderEpoch;
  readonly isr: readonly BrokerId[];
  readonly partitionEpoch: PartitionEpoch;
  readonly replicas: readonly BrokerId[];
  readonly addingReplicas: readonly BrokerId[];
  readonly removingReplicas: readonly BrokerId[];
  readonly isNew: boolean;
  readonly leaderRecoveryState: LeaderRecoveryState;
}

export interface LeaderAndIsrResponse {
  readonly errorCode: ErrorCode;
  readonly topics: readonly {
    readonly topicId: TopicId;
    readonly topicName: string;
    readonly partitionErrors: readonly { readonly partitionIndex: number; readonly errorCode: ErrorCode }[];
  }[];
}

/** Leader -2 (`LEADER_DURING_DELETE`): the topic is being deleted. */
export interface UpdateMetadataRequest extends ControlRequest {
  readonly topicStates: readonly {
    readonly topicName: string;
    readonly topicId: TopicId;
    readonly partitionStates: readonly UpdateMetadataPartitionState[];
  }[];
  readonly liveBrokers: readonly { readonly id: BrokerId; readonly host: string; readonly rack: string | null }[];
}

export interface UpdateMetadataPartitionState {
  readonly partitionIndex: number;
  readonly controllerEpoch: number;
  readonly leader: BrokerId;
  readonly leaderEpoch: LeaderEpoch;
  readonly isr: readonly BrokerId[];
  readonly partitionEpoch: PartitionEpoch;
  readonly replicas: readonly BrokerId[];
  readonly offlineReplicas: readonly BrokerId[];
}

export interface UpdateMetadataResponse {
  readonly errorCode: ErrorCode;
}

/** Named as a leader while a topic is deleted: clients then see no leader, and brokers forget the partition. */
export const LEADER_DURING_DELETE = -2;
/** As a leader epoch in StopReplica: the topic is being deleted, whatever the epoch. Source: LeaderAndIsr.EPOCH_DURING_DELETE. */
export const EPOCH_DURING_DELETE = -2;

export interface StopReplicaRequest extends ControlRequest {
  readonly topicStates: readonly {
    readonly topicName: string;
    readonly partitionStates: readonly {
      readonly partitionIndex: number;
      /** -1 where requests don't carry it (before 2.6). */
      readonly leaderEpoch: LeaderEpoch;
      readonly deletePartition: boolean;
    }[];
  }[];
}

export interface StopReplicaResponse {
  readonly errorCode: ErrorCode;
  readonly partitionErrors: readonly {
    readonly topicName: string;
    readonly partitionIndex: number;
    readonly errorCode: ErrorCode;
  }[];
}

export interface ControlledShutdownRequest {
  readonly brokerId: BrokerId;
  readonly brokerEpoch: BrokerEpoch;
}

export interface ControlledShutdownResponse {
  readonly errorCode: ErrorCode;
  /** What it still leads. */
  readonly remainingPartitions: readonly { readonly topicName: string; readonly partitionIndex: number }[];
}

export interface DeleteTopicsRequest {
  readonly timeoutMs: number;
  readonly topicNames: readonly string[];
}

export interface DeleteTopicsResponse {
  readonly responses: readonly { readonly name: string; readonly errorCode: ErrorCode }[];
}

export interface AlterPartitionReassignmentsRequest {
  readonly timeoutMs: number;
  readonly topics: readonly {
    readonly name: string;
    /** Replicas null cancels what is under way. */
    readonly partitions: readonly { readonly partitionIndex: number; readonly replicas: readonly BrokerId[] | null }[];
  }[];
}

export interface AlterPartitionReassignmentsResponse {
  readonly errorCode: ErrorCode;
  readonly responses: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: ErrorCode }[];
  }[];
}
