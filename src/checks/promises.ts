/**
 * What a Kafka release promises.
 *
 * An invariant that a later change of the protocol brought is not held against releases before it; but where a scenario turns
 * that change off by hand, in a release that has it, the promise stands, and is seen to break.
 */
import type { DialName } from "../kafka/dials.ts";
import { type ClusterMode, releaseOf } from "../kafka/releases.ts";
import { INVARIANT_NAMES } from "./catalogue.ts";

/** Invariants that no release keeps without the change that a dial stands for. */
const PROMISED_WITH: ReadonlyMap<string, DialName> = new Map([
  ["LeaderStability", "kraft.preVote"],
  ["StaleLeaderBounded", "kraft.checkQuorum"],
  ["MemberCountBounded", "group.requireMemberId"],
]);

/** Invariants about what only one mode has. ZooKeeper mode knows no fencing: a broker is there, or it is gone. */
const PROMISED_IN: ReadonlyMap<string, ClusterMode> = new Map([["FencedNotInIsr", "kraft"]]);

/** The names of the invariants that hold in `release`. */
export function promisesOf(release: string, mode: ClusterMode = "kraft"): readonly string[] {
  const dials = releaseOf(release, mode)?.dials;
  return INVARIANT_NAMES.filter((name) => {
    if ((PROMISED_IN.get(name) ?? mode) !== mode) return false;
    const dial = PROMISED_WITH.get(name);
    return dial === undefined || dials === undefined || dials[dial] === true;
  });
}
