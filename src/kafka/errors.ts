/** Kafka's protocol error codes. Values of the protocol, never thrown. Source: org.apache.kafka.common.protocol.Errors. */

interface ErrorTraits {
  readonly code: number;
  /** The client library retries it (RetriableException). */
  readonly retriable?: true;
  /** It also makes a client refresh its metadata (InvalidMetadataException). */
  readonly invalidMetadata?: true;
}

const R = { retriable: true } as const;
const RM = { retriable: true, invalidMetadata: true } as const;

const ERRORS = {
  UNKNOWN_SERVER_ERROR: { code: -1 },
  NONE: { code: 0 },
  OFFSET_OUT_OF_RANGE: { code: 1 },
  CORRUPT_MESSAGE: { code: 2, ...R },
  UNKNOWN_TOPIC_OR_PARTITION: { code: 3, ...RM },
  LEADER_NOT_AVAILABLE: { code: 5, ...RM },
  NOT_LEADER_OR_FOLLOWER: { code: 6, ...RM },
  REQUEST_TIMED_OUT: { code: 7, ...R },
  BROKER_NOT_AVAILABLE: { code: 8 },
  REPLICA_NOT_AVAILABLE: { code: 9, ...RM },
  MESSAGE_TOO_LARGE: { code: 10 },
  STALE_CONTROLLER_EPOCH: { code: 11 },
  OFFSET_METADATA_TOO_LARGE: { code: 12 },
  NETWORK_EXCEPTION: { code: 13, ...RM },
  COORDINATOR_LOAD_IN_PROGRESS: { code: 14, ...R },
  COORDINATOR_NOT_AVAILABLE: { code: 15, ...R },
  NOT_COORDINATOR: { code: 16, ...R },
  INVALID_TOPIC_EXCEPTION: { code: 17 },
  RECORD_LIST_TOO_LARGE: { code: 18 },
  NOT_ENOUGH_REPLICAS: { code: 19, ...R },
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: { code: 20, ...R },
  INVALID_REQUIRED_ACKS: { code: 21 },
  ILLEGAL_GENERATION: { code: 22 },
  INCONSISTENT_GROUP_PROTOCOL: { code: 23 },
  INVALID_GROUP_ID: { code: 24 },
  UNKNOWN_MEMBER_ID: { code: 25 },
  INVALID_SESSION_TIMEOUT: { code: 26 },
  REBALANCE_IN_PROGRESS: { code: 27 },
  INVALID_COMMIT_OFFSET_SIZE: { code: 28 },
  UNSUPPORTED_VERSION: { code: 35 },
  TOPIC_ALREADY_EXISTS: { code: 36 },
  INVALID_PARTITIONS: { code: 37 },
  INVALID_REPLICATION_FACTOR: { code: 38 },
  INVALID_REPLICA_ASSIGNMENT: { code: 39 },
  INVALID_CONFIG: { code: 40 },
  NOT_CONTROLLER: { code: 41, ...R },
  INVALID_REQUEST: { code: 42 },
  OPERATION_NOT_ATTEMPTED: { code: 55 },
  KAFKA_STORAGE_ERROR: { code: 56, ...RM },
  REASSIGNMENT_IN_PROGRESS: { code: 60 },
  NON_EMPTY_GROUP: { code: 68 },
  GROUP_ID_NOT_FOUND: { code: 69 },
  FETCH_SESSION_ID_NOT_FOUND: { code: 70, ...R },
  INVALID_FETCH_SESSION_EPOCH: { code: 71, ...R },
  TOPIC_DELETION_DISABLED: { code: 73 },
  FENCED_LEADER_EPOCH: { code: 74, ...RM },
  UNKNOWN_LEADER_EPOCH: { code: 75, ...R },
  STALE_BROKER_EPOCH: { code: 77 },
  OFFSET_NOT_AVAILABLE: { code: 78, ...R },
  MEMBER_ID_REQUIRED: { code: 79 },
  PREFERRED_LEADER_NOT_AVAILABLE: { code: 80, ...RM },
  GROUP_MAX_SIZE_REACHED: { code: 81 },
  FENCED_INSTANCE_ID: { code: 82 },
  ELIGIBLE_LEADERS_NOT_AVAILABLE: { code: 83, ...RM },
  ELECTION_NOT_NEEDED: { code: 84, ...RM },
  NO_REASSIGNMENT_IN_PROGRESS: { code: 85 },
  INVALID_RECORD: { code: 87 },
  UNSTABLE_OFFSET_COMMIT: { code: 88, ...R },
  INVALID_UPDATE_VERSION: { code: 95 },
  UNKNOWN_TOPIC_ID: { code: 100, ...RM },
  DUPLICATE_BROKER_REGISTRATION: { code: 101 },
  BROKER_ID_NOT_REGISTERED: { code: 102 },
  INCONSISTENT_TOPIC_ID: { code: 103, ...RM },
  INCONSISTENT_CLUSTER_ID: { code: 104 },
  INELIGIBLE_REPLICA: { code: 107 },
  NEW_LEADER_ELECTED: { code: 108 },
  FENCED_MEMBER_EPOCH: { code: 110 },
  UNRELEASED_INSTANCE_ID: { code: 111 },
  UNSUPPORTED_ASSIGNOR: { code: 112 },
  STALE_MEMBER_EPOCH: { code: 113 },
  UNKNOWN_CONTROLLER_ID: { code: 116 },
  INVALID_REGISTRATION: { code: 119 },
  INVALID_VOTER_KEY: { code: 125 },
} as const satisfies Record<string, ErrorTraits>;

/** An error by its Kafka name. `NONE` is success. */
export type ErrorCode = keyof typeof ERRORS;

export function isRetriable(error: ErrorCode): boolean {
  const traits: ErrorTraits = ERRORS[error];
  return traits.retriable === true;
}

/** Whether a client that gets `error` must refresh its metadata. */
export function isInvalidMetadata(error: ErrorCode): boolean {
  const traits: ErrorTraits = ERRORS[error];
  return traits.invalidMetadata === true;
}
