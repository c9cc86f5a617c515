/**
 * What a consumer group may count on, by the way its applications are made: what the checks hold it to.
 *
 * Kafka promises little of what applications do: a member that stood still too long finishes its old batch, and Kafka can refuse its
 * commits but not its effects. Where the contract promises nothing, a deviation is counted and excused. What a scenario
 * declares that the application relies on is judged all the same.
 */
import type { Micros } from "../base/units.ts";

export interface GroupContract {
  readonly group: string;
  /** The nodes that are its members. */
  readonly members: readonly string[];
  readonly topics: readonly string[];
  readonly protocol: "classic" | "consumer";
  /**
   * `at-least-once`: nothing is committed before it is processed. `at-most-once`: nothing is processed after it was committed.
   * Undefined: neither, as with auto-commit while worker threads have the records.
   */
  readonly delivery: "at-least-once" | "at-most-once" | undefined;
  readonly resetPolicy: "earliest" | "latest" | "none";
  readonly sessionTimeoutUs: Micros;
  /** max.poll.interval.ms. */
  readonly rebalanceTimeoutUs: Micros;
  readonly offsetsRetentionUs: Micros;
  /**
   * Whether a member may go on with records in hand after it has given their partition up: it has worker threads, or finishes what it
   * has begun. Unless that is ruled out, such an effect is excused.
   */
  readonly finishesOldWork?: boolean;
  /** Names of invariants that this application relies on: no deviation from them is excused. */
  readonly reliesOn: readonly string[];
}
