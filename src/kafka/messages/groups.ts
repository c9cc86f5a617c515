/**
 * What consumers and their group's coordinator say to each other: finding it, the classic protocol, and that of KIP-848.
 * What a consumer subscribes to, and what it is given, travels as the embedded consumer protocol, here decoded.
 */

import type { NodeName } from "../../sim/host.ts";
import type { ErrorCode } from "../errors.ts";
import type { BrokerId, TopicId, TopicPartition } from "../ids.ts";

export interface FindCoordinatorRequest {
  /** The group's id. */
  readonly key: string;
  readonly keyType: "group";
}

export interface FindCoordinatorResponse {
  readonly errorCode: ErrorCode;
  /** -1 on an error. */
  readonly nodeId: BrokerId;
  /** Empty on an error. */
  readonly host: NodeName;
}

/** What a member tells the others when it joins. Source: ConsumerProtocolSubscription v3. */
export interface ConsumerSubscription {
  readonly topics: readonly string[];
  /** What it holds as it joins (KIP-429); what a sticky assignor keeps in its user data stands here, too. */
  readonly ownedPartitions: readonly TopicPartition[];
  /** Of the assignment that gave it those; -1 before the first (KIP-792). */
  readonly generationId: number;
  /** KIP-881. */
  readonly rackId: string | null;
}

/** Source: ConsumerProtocolAssignment. */
export interface ConsumerAssignment {
  readonly assignedPartitions: readonly TopicPartition[];
}

export interface JoinGroupRequest {
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  /** `max.poll.interval.ms` of the member. */
  readonly rebalanceTimeoutMs: number;
  /** Empty before the coordinator has given one. */
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly protocolType: string;
  /** Assignors that the member supports, the most wanted first, each with the member's subscription. */
  readonly protocols: readonly { readonly name: string; readonly metadata: ConsumerSubscription }[];
  readonly reason: string;
}

export interface JoinGroupResponse {
  readonly errorCode: ErrorCode;
  /** -1 on an error. */
  readonly generationId: number;
  readonly protocolName: string | null;
  /** Member id of the leader. */
  readonly leader: string;
  /** The leader is to keep the assignment as it is (KIP-814). */
  readonly skipAssignment: boolean;
  readonly memberId: string;
  /** For the leader only. */
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly metadata: ConsumerSubscription;
  }[];
}

export interface SyncGroupRequest {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly protocolType: string;
  readonly protocolName: string;
  /** From the leader only. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: ConsumerAssignment }[];
}

export interface SyncGroupResponse {
  readonly errorCode: ErrorCode;
  readonly protocolName: string | null;
  readonly assignment: ConsumerAssignment;
}

export interface HeartbeatRequest {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export interface HeartbeatResponse {
  readonly errorCode: ErrorCode;
}

export interface LeaveGroupRequest {
  readonly groupId: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly reason: string;
  }[];
}

export interface LeaveGroupResponse {
  readonly errorCode: ErrorCode;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly errorCode: ErrorCode;
  }[];
}

interface TopicPartitionsById {
  readonly topicId: TopicId;
  readonly partitions: readonly number[];
}

/** KIP-848. Null (or -1) in a field says that nothing has changed since the last heartbeat. */
export interface ConsumerGroupHeartbeatRequest {
  readonly groupId: string;
  /** Chosen by the member itself (since v1). */
  readonly memberId: string;
  /** 0 to join, -1 to leave, -2 for a static member that leaves for a while. */
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly rebalanceTimeoutMs: number;
  readonly subscribedTopicNames: readonly string[] | null;
  readonly serverAssignor: string | null;
  /** What the member owns now. */
  readonly topicPartitions: readonly TopicPartitionsById[] | null;
}

export interface ConsumerGroupHeartbeatResponse {
  readonly errorCode: ErrorCode;
  readonly memberId: string | null;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  /** Null when it is as it was. */
  readonly assignment: { readonly topicPartitions: readonly TopicPartitionsById[] } | null;
}
