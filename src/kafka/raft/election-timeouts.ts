/**
 * How long a voter waits before it stands for election, so that rarely two stand at once.
 *
 * Source: QuorumState.randomElectionTimeoutMs, KafkaRaftClient.binaryExponentialElectionBackoffMs and
 * strictExponentialElectionBackoffMs.
 */
import { type Micros, ms } from "../../base/units.ts";
import type { RandomStream } from "../../sim/random.ts";
import type { ReplicaId } from "../ids.ts";

const RETRY_BACKOFF_BASE_MS = 100;
/** Keeps the doubling below what an integer holds. */
const MAX_DOUBLINGS = 20;

/** `electionTimeoutMs` plus a random part of it: between once and twice as long, in whole milliseconds. */
export function randomElectionTimeout(electionTimeoutMs: number, random: RandomStream): Micros {
  return ms(electionTimeoutMs + random.below(electionTimeoutMs));
}

/** The rest after the `retries`-th lost election in a row (before KIP-996): a random multiple of 100 ms, the range doubling each time. */
export function lostElectionBackoff(options: {
  readonly retries: number;
  readonly maxMs: number;
  readonly random: RandomStream;
}): Micros {
  const { retries, maxMs, random } = options;
  const range = 2 ** (1 + Math.min(MAX_DOUBLINGS, retries - 1));
  return ms(Math.min(RETRY_BACKOFF_BASE_MS * random.below(range), maxMs));
}

/**
 * How long a voter waits after its leader resigned: the first of the successors that the leader named not at all, the
 * next ones twice as long each, who is not named the longest. A leader that names nobody (it resigned on restart and
 * knows nothing) keeps nobody waiting.
 */
export function successorBackoff(options: {
  readonly self: ReplicaId;
  readonly preferredSuccessors: readonly ReplicaId[];
  readonly maxMs: number;
}): Micros {
  const { self, preferredSuccessors, maxMs } = options;
  const position = preferredSuccessors.indexOf(self);
  if (position === 0 || preferredSuccessors.length === 0) return 0;
  if (position < 0) return ms(maxMs);
  // Integer division, as Kafka's shift is.
  const base = Math.floor(maxMs / 2 ** (preferredSuccessors.length - 1));
  return ms(Math.min(maxMs, base * 2 ** (position - 1)));
}
