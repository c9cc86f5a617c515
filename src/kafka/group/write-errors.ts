/**
 * What a client is told when the coordinator could not write, or not in time (5.1). Source: CoordinatorOperationExceptionHelper;
 * GroupMetadataManager.scala for the old coordinator.
 */
import type { ErrorCode } from "../errors.ts";

export function writeErrorForClient(error: ErrorCode): ErrorCode {
  switch (error) {
    case "UNKNOWN_TOPIC_OR_PARTITION":
    case "NOT_ENOUGH_REPLICAS":
    case "NOT_ENOUGH_REPLICAS_AFTER_APPEND":
    case "REQUEST_TIMED_OUT":
      return "COORDINATOR_NOT_AVAILABLE";
    case "NOT_LEADER_OR_FOLLOWER":
    case "KAFKA_STORAGE_ERROR":
      return "NOT_COORDINATOR";
    case "RECORD_LIST_TOO_LARGE":
    case "MESSAGE_TOO_LARGE":
      return "UNKNOWN_SERVER_ERROR";
    default:
      return error;
  }
}

/** The old coordinator says so itself of a commit; members of a group whose assignment was not stored in time it has join again. */
export function storeErrorForMember(error: ErrorCode): ErrorCode {
  return error === "REQUEST_TIMED_OUT" ? "REBALANCE_IN_PROGRESS" : error;
}
