/** What a run found out: plain data that travels between threads and is printed, in words or as JSON. */
import type { Micros } from "../base/units.ts";
import type { GroupResult } from "./group-result.ts";

/** `undecided`: a limit was reached, or the cluster never became ready, before the question was answered. */
export type Verdict = "as-expected" | "unexpected" | "undecided";

/** The four numbers, never mixed up. */
export interface RecordNumbers {
  /** Told to the application as written. */
  readonly acknowledged: number;
  /** Acknowledged, then lost, against the promise of their configuration. */
  readonly lost: number;
  /** Acknowledged, then lost, where the configuration promises nothing (acks=1, acks=0). */
  readonly legallyLost: number;
  /** Records that are in the log more than once, counted once per extra copy. */
  readonly duplicated: number;
  /** The application was told that they failed. */
  readonly failed: number;
  /** Acknowledged, but later than a second after they were sent. */
  readonly delayed: number;
}

/** A moment in a run, in words. Times are microseconds since the cluster was ready; before that they are negative. */
export interface Moment {
  readonly step: number;
  readonly timeUs: Micros;
  readonly text: string;
}

export interface ReportedViolation {
  readonly invariant: string;
  /** The broken promise, in words. */
  readonly promise: string;
  readonly step: number;
  readonly timeUs: Micros;
  readonly message: string;
  /** The facts that contradict each other. */
  readonly facts: readonly Moment[];
  /** What led there, by recorded causes, the latest first. */
  readonly cause: readonly Moment[];
}

/** One expectation of the scenario, and whether it was met. */
export interface ExpectationResult {
  /** In the scenario's words: `violates NoAckedLoss`, `records.lost = 0`. */
  readonly expectation: string;
  readonly met: boolean;
  /** What was found. */
  readonly found: string;
}

/** The longest stretch in which a producer had records to send and none was acknowledged. */
export interface Outage {
  readonly client: string;
  readonly fromUs: Micros;
  readonly toUs: Micros;
}

/** How the cluster itself fared. */
export interface Recovery {
  /** How often a broker came to lead a partition after time 0. */
  readonly elections: number;
  /**
   * From the first fault until every partition had a leader and its full ISR, for good: 0 if they never lost them, null if they
   * never had them again, undefined if there was no fault.
   */
  readonly fullIsrAfterUs: Micros | null | undefined;
}

/** `over`: all of the scenario's time has passed. `unready`: it never began. `out-of-events`: it was given up. */
export type Ending = "over" | "unready" | "out-of-events";

export interface RunResult {
  readonly file: string;
  readonly scenario: string;
  /** Which side of an exhibit ran: `old rule`, `new rule`. */
  readonly side?: string;
  readonly seed: string;
  readonly verdict: Verdict;
  readonly ending: Ending;
  readonly traceHash: string;
  readonly events: number;
  /** Virtual time that the run covered after the cluster was ready. */
  readonly virtualUs: Micros;
  readonly records: RecordNumbers;
  readonly longestDelayUs: Micros;
  readonly longestOutage: Outage | undefined;
  readonly recovery: Recovery;
  /** Of each consumer group, in the order of the scenario. */
  readonly groups: readonly GroupResult[];
  readonly violations: readonly ReportedViolation[];
  readonly expectations: readonly ExpectationResult[];
  /** What happened, for a reader. Empty unless asked for. */
  readonly timeline: readonly Moment[];
  /** Settings that are legal but dangerous, faults whose condition never came true, edits that never found their delivery: in words, with their place in the file. */
  readonly notes: readonly string[];
  /** How many invariants watched. */
  readonly invariants: number;
  /** The topology in a few words: `Kafka 4.1 · KRaft, 3 brokers, 3 controllers`. */
  readonly setting: string;
  /** Clients and topics in a few words. */
  readonly workload: string;
}
