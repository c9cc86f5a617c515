/** What an administrator makes of the answers. Pure. Source: KafkaAdminClient, KIP-919. */
import { type ErrorCode, isRetriable } from "../errors.ts";

export type AdminOutcome = "done" | "retry" | "refused";

/**
 * `outcomeUnknown`: an earlier attempt may have been carried out, so that finding the topic there is success.
 * Brokers that have not registered yet may make up the number of replicas later.
 */
export function topicOutcome(error: ErrorCode, outcomeUnknown: boolean): AdminOutcome {
  if (error === "NONE") return "done";
  if (error === "TOPIC_ALREADY_EXISTS") return outcomeUnknown ? "done" : "refused";
  if (error === "INVALID_REPLICATION_FACTOR") return "retry";
  return isRetriable(error) ? "retry" : "refused";
}

/** `outcomeUnknown`: as above, so that finding the topic as large as it was to become is success. */
export function growthOutcome(error: ErrorCode, outcomeUnknown: boolean): AdminOutcome {
  if (error === "NONE") return "done";
  if (error === "INVALID_PARTITIONS") return outcomeUnknown ? "done" : "refused";
  return isRetriable(error) ? "retry" : "refused";
}

/** `outcomeUnknown`: as above, so that not finding the topic any more is success. */
export function deletionOutcome(error: ErrorCode, outcomeUnknown: boolean): AdminOutcome {
  if (error === "NONE") return "done";
  if (error === "UNKNOWN_TOPIC_OR_PARTITION") return outcomeUnknown ? "done" : "refused";
  return isRetriable(error) ? "retry" : "refused";
}

/** An election that is not needed is as good as one held; one that finds no leader is not tried again. */
export function electionOutcome(error: ErrorCode): AdminOutcome {
  if (error === "NONE" || error === "ELECTION_NOT_NEEDED") return "done";
  if (error === "PREFERRED_LEADER_NOT_AVAILABLE" || error === "ELIGIBLE_LEADERS_NOT_AVAILABLE") return "refused";
  return isRetriable(error) ? "retry" : "refused";
}

/** The same order may be given twice; what it was refused for is final, unless it went to the wrong broker. */
export function reassignmentOutcome(error: ErrorCode): AdminOutcome {
  if (error === "NONE") return "done";
  return error === "NOT_CONTROLLER" || error === "REQUEST_TIMED_OUT" ? "retry" : "refused";
}
