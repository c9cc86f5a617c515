/**
 * What becomes of a batch when its attempt has ended: the retry rules of a producer without idempotence.
 *
 * It is tried again if the error is retriable, `retries` are left, and `delivery.timeout.ms` is not over. A batch that
 * the broker found too large is split, at no cost in retries, unless it is a single record. Source: Sender.completeBatch,
 * Sender.canRetry, KIP-91.
 */
import { type ErrorCode, isRetriable } from "../errors.ts";

export type ProduceOutcome = "acknowledged" | "retry" | "split" | "fail";

export function produceOutcome(attempt: {
  readonly error: ErrorCode;
  readonly recordCount: number;
  /** Failed attempts before this one. */
  readonly attempts: number;
  readonly retries: number;
  readonly reachedDeliveryTimeout: boolean;
}): ProduceOutcome {
  const { error, recordCount, attempts, retries, reachedDeliveryTimeout } = attempt;
  if (error === "NONE") return "acknowledged";
  if (error === "MESSAGE_TOO_LARGE" && recordCount > 1) return "split";
  return isRetriable(error) && attempts < retries && !reachedDeliveryTimeout ? "retry" : "fail";
}
