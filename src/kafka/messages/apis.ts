/** Which requests there are, and what answers them. */
import type {
  AlterPartitionRequest,
  AlterPartitionResponse,
  BrokerHeartbeatRequest,
  BrokerHeartbeatResponse,
  BrokerRegistrationRequest,
  BrokerRegistrationResponse,
} from "./broker-lifecycle.ts";
import type {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
  ControlledShutdownRequest,
  ControlledShutdownResponse,
  DeleteTopicsRequest,
  DeleteTopicsResponse,
  LeaderAndIsrRequest,
  LeaderAndIsrResponse,
  StopReplicaRequest,
  StopReplicaResponse,
  UpdateMetadataRequest,
  UpdateMetadataResponse,
} from "./control.ts";
import type { FetchRequest, FetchResponse } from "./fetch.ts";
import type { OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse } from "./group-offsets.ts";
import type {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
  FindCoordinatorRequest,
  FindCoordinatorResponse,
  HeartbeatRequest,
  HeartbeatResponse,
  JoinGroupRequest,
  JoinGroupResponse,
  LeaveGroupRequest,
  LeaveGroupResponse,
  SyncGroupRequest,
  SyncGroupResponse,
} from "./groups.ts";
import type {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
  CreateTopicsRequest,
  CreateTopicsResponse,
  ElectLeadersRequest,
  ElectLeadersResponse,
  MetadataRequest,
  MetadataResponse,
} from "./metadata.ts";
import type {
  ListOffsetsRequest,
  ListOffsetsResponse,
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from "./offsets.ts";
import type { ProduceRequest, ProduceResponse } from "./produce.ts";
import type { BeginQuorumEpochRequest, EndQuorumEpochRequest, QuorumEpochResponse, VoteRequest, VoteResponse } from "./quorum.ts";

interface Apis {
  Produce: [ProduceRequest, ProduceResponse];
  Fetch: [FetchRequest, FetchResponse];
  ListOffsets: [ListOffsetsRequest, ListOffsetsResponse];
  Metadata: [MetadataRequest, MetadataResponse];
  OffsetForLeaderEpoch: [OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse];
  CreateTopics: [CreateTopicsRequest, CreateTopicsResponse];
  ElectLeaders: [ElectLeadersRequest, ElectLeadersResponse];
  Vote: [VoteRequest, VoteResponse];
  BeginQuorumEpoch: [BeginQuorumEpochRequest, QuorumEpochResponse];
  EndQuorumEpoch: [EndQuorumEpochRequest, QuorumEpochResponse];
  AlterPartition: [AlterPartitionRequest, AlterPartitionResponse];
  BrokerRegistration: [BrokerRegistrationRequest, BrokerRegistrationResponse];
  BrokerHeartbeat: [BrokerHeartbeatRequest, BrokerHeartbeatResponse];
  LeaderAndIsr: [LeaderAndIsrRequest, LeaderAndIsrResponse];
  UpdateMetadata: [UpdateMetadataRequest, UpdateMetadataResponse];
  StopReplica: [StopReplicaRequest, StopReplicaResponse];
  ControlledShutdown: [ControlledShutdownRequest, ControlledShutdownResponse];
  DeleteTopics: [DeleteTopicsRequest, DeleteTopicsResponse];
  AlterPartitionReassignments: [AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse];
  FindCoordinator: [FindCoordinatorRequest, FindCoordinatorResponse];
  JoinGroup: [JoinGroupRequest, JoinGroupResponse];
  SyncGroup: [SyncGroupRequest, SyncGroupResponse];
  Heartbeat: [HeartbeatRequest, HeartbeatResponse];
  LeaveGroup: [LeaveGroupRequest, LeaveGroupResponse];
  OffsetCommit: [OffsetCommitRequest, OffsetCommitResponse];
  OffsetFetch: [OffsetFetchRequest, OffsetFetchResponse];
  ConsumerGroupHeartbeat: [ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse];
  CreatePartitions: [CreatePartitionsRequest, CreatePartitionsResponse];
}

export type ApiName = keyof Apis;
export type RequestOf<A extends ApiName> = Apis[A][0];
export type ResponseOf<A extends ApiName> = Apis[A][1];

/** Every API, so that a scenario can be told which names there are. */
export const API_NAMES = [
  "Produce",
  "Fetch",
  "ListOffsets",
  "Metadata",
  "OffsetForLeaderEpoch",
  "CreateTopics",
  "ElectLeaders",
  "Vote",
  "BeginQuorumEpoch",
  "EndQuorumEpoch",
  "AlterPartition",
  "BrokerRegistration",
  "BrokerHeartbeat",
  "LeaderAndIsr",
  "UpdateMetadata",
  "StopReplica",
  "ControlledShutdown",
  "DeleteTopics",
  "AlterPartitionReassignments",
  "FindCoordinator",
  "JoinGroup",
  "SyncGroup",
  "Heartbeat",
  "LeaveGroup",
  "OffsetCommit",
  "OffsetFetch",
  "ConsumerGroupHeartbeat",
  "CreatePartitions",
] as const satisfies readonly ApiName[];
