/** What a broker says to the active controller: who it is, that it lives, which replicas are in sync. */
import type { ErrorCode } from "../errors.ts";
import type { BrokerEpoch, BrokerId, LeaderEpoch, Offset, PartitionEpoch, TopicId } from "../ids.ts";

export interface BrokerRegistrationRequest {
  readonly brokerId: BrokerId;
  readonly clusterId: string;
  /** Drawn anew by each process. */
  readonly incarnationId: string;
  readonly host: string;
  readonly rack: string | null;
  /** From the clean-shutdown marker; -1 if there was none. */
  readonly previousBrokerEpoch: BrokerEpoch;
}

export interface BrokerRegistrationResponse {
  readonly errorCode: ErrorCode;
  readonly brokerEpoch: BrokerEpoch;
}

export interface BrokerHeartbeatRequest {
  readonly brokerId: BrokerId;
  readonly brokerEpoch: BrokerEpoch;
  readonly currentMetadataOffset: Offset;
  readonly wantFence: boolean;
  readonly wantShutDown: boolean;
}

export interface BrokerHeartbeatResponse {
  readonly errorCode: ErrorCode;
  readonly isCaughtUp: boolean;
  readonly isFenced: boolean;
  readonly shouldShutDown: boolean;
}

export type LeaderRecoveryState = "RECOVERED" | "RECOVERING";

export interface AlterPartitionRequest {
  readonly brokerId: BrokerId;
  readonly brokerEpoch: BrokerEpoch;
  readonly topics: readonly {
    readonly topicId: TopicId;
    readonly topic: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly leaderEpoch: LeaderEpoch;
      /** Each member with the broker epoch that the leader last saw of it; -1 if unknown, which skips the check. */
      readonly newIsrWithEpochs: readonly { readonly brokerId: BrokerId; readonly brokerEpoch: BrokerEpoch }[];
      readonly leaderRecoveryState: LeaderRecoveryState;
      readonly partitionEpoch: PartitionEpoch;
    }[];
  }[];
}

export interface AlterPartitionResponse {
  readonly errorCode: ErrorCode;
  readonly topics: readonly {
    readonly topicId: TopicId;
    readonly topic: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly errorCode: ErrorCode;
      readonly leaderId: BrokerId;
      readonly leaderEpoch: LeaderEpoch;
      readonly isr: readonly BrokerId[];
      readonly leaderRecoveryState: LeaderRecoveryState;
      readonly partitionEpoch: PartitionEpoch;
    }[];
  }[];
}
