/**
 * What an application does with the records that it polls: how long it takes, when it commits, what can go wrong.
 * Plain and frozen; a scenario says it, the application carries it out.
 */
import type { Micros } from "../../base/units.ts";
import type { Distribution } from "../../sim/distribution.ts";

export interface HandlerSpec {
  /** For one record. */
  readonly takes: Distribution;
  /** A record that takes longer or fails, wherever it turns up; undefined: none. */
  readonly poison: PoisonSpec | undefined;
  /**
   * Where the records are worked on: in the thread that polls, so that poll() waits for them; or handed to so many worker threads
   * (one partition is always worked on by the same), while poll() goes on at once.
   */
  readonly workers: number;
  readonly commit: CommitPolicy;
  /** What onPartitionsRevoked takes, besides the commit that belongs to the policy. */
  readonly onRevokeTakes: Micros;
  /** Whether onPartitionsRevoked commits what has been processed (with a manual policy). */
  readonly commitOnRevoke: boolean;
  /** Whether the store outside refuses effects that come with an older generation than it has seen for the partition. */
  readonly fencingToken: boolean;
  /** Whether it finishes the records in hand even after it has learnt that their partition is not its own any more. */
  readonly finishesLostWork: boolean;
}

/** The `nth` record of a producer. */
export interface PoisonSpec {
  readonly producer: string;
  readonly sequence: number;
  /** It takes so long, each time. */
  readonly takes: Micros;
  /** It fails each time; after so many attempts it is given up. Undefined: it does not fail. */
  readonly attempts: number | undefined;
}

/**
 * `auto`: the consumer does (enable.auto.commit). `before`: commitSync after each poll(), before the records are worked on.
 * `after-poll`: commitSync when all that a poll() returned is processed. `per-record`: commitSync after each record. `async`:
 * commitAsync after each poll()'s records. `none`: never.
 */
export const COMMIT_POLICIES = ["auto", "before", "after-poll", "per-record", "async", "none"] as const;
export type CommitPolicy = (typeof COMMIT_POLICIES)[number];
